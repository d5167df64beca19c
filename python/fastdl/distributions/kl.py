"""The Kullback-Leibler divergence of two distributions."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from .. import linalg
from ..ops.create import ones_like
from ..ops.unary import digamma, erf, lgamma
from ..ops.where import where
from ..tensor import Tensor
from .bernoulli import Bernoulli
from .beta import Beta, log_beta
from .categorical import Categorical
from .distribution import Distribution
from .gamma import Exponential, Gamma
from .laplace import Laplace
from .multivariate_normal import MultivariateNormal
from .normal import Normal
from .uniform import Uniform

Divergence = Callable[[Any, Any], Tensor]
_REGISTERED: dict[tuple[type, type], Divergence] = {}


def register_kl(type_p: type, type_q: type) -> Callable[[Divergence], Divergence]:
    """A decorator: the function computes `kl_divergence(p, q)` for these classes and those derived
    from them."""

    def register(function: Divergence) -> Divergence:
        _REGISTERED[type_p, type_q] = function
        return function

    return register


def kl_divergence(p: Distribution, q: Distribution) -> Tensor:
    """E_p[log p - log q] in nats, of the batch shape; 0 log 0 is 0, and infinite where q is 0 and p
    is not.

    Raises:
        NotImplementedError: the pair has no closed form here (see `register_kl`).
    """
    for a in type(p).__mro__:
        for b in type(q).__mro__:
            if (a, b) in _REGISTERED:
                return _REGISTERED[a, b](p, q)
    raise NotImplementedError(
        f"kl_divergence: no closed form for {type(p).__name__} and {type(q).__name__}"
    )


@register_kl(Bernoulli, Bernoulli)
def _bernoulli(p: Bernoulli, q: Bernoulli) -> Tensor:
    cross = q._weighted_logs(p.probs, 1 - p.probs)
    return -p.entropy() - (cross[0] + cross[1])


@register_kl(Categorical, Categorical)
def _categorical(p: Categorical, q: Categorical) -> Tensor:
    none = p.probs == 0
    return (p.probs * (where(none, 0.0, p.logits) - where(none, 0.0, q.logits))).sum(-1)


@register_kl(Normal, Normal)
def _normal(p: Normal, q: Normal) -> Tensor:
    ratio, shift = p.scale / q.scale, (p.loc - q.loc) / q.scale
    return (ratio * ratio + shift * shift - 1) * 0.5 - ratio.log()


@register_kl(MultivariateNormal, MultivariateNormal)
def _multivariate_normal(p: MultivariateNormal, q: MultivariateNormal) -> Tensor:
    turned = linalg.solve_triangular(q.scale_tril, p.scale_tril, upper=False)
    shift = linalg.solve_triangular(q.scale_tril, (p.loc - q.loc).unsqueeze(-1), upper=False)
    squares = (turned * turned).sum((-2, -1)) + (shift * shift).sum((-2, -1))
    return (squares - p.event_shape[0]) * 0.5 + q._half_log_det() - p._half_log_det()


@register_kl(Uniform, Uniform)
def _uniform(p: Uniform, q: Uniform) -> Tensor:
    inside = (q.low <= p.low).logical_and(q.high >= p.high)
    return where(inside, ((q.high - q.low) / (p.high - p.low)).log(), float("inf"))


@register_kl(Beta, Beta)
def _beta(p: Beta, q: Beta) -> Tensor:
    a, b, c, d = p.concentration1, p.concentration0, q.concentration1, q.concentration0
    logs = (a - c) * digamma(a) + (b - d) * digamma(b) + (c + d - a - b) * digamma(a + b)
    return log_beta(c, d) - log_beta(a, b) + logs


@register_kl(Gamma, Gamma)
def _gamma(p: Gamma, q: Gamma) -> Tensor:
    a, b = p.concentration, q.concentration
    ratio = q.rate / p.rate
    return (a - b) * digamma(a) - lgamma(a) + lgamma(b) - b * ratio.log() + a * (ratio - 1)


@register_kl(Exponential, Exponential)
def _exponential(p: Exponential, q: Exponential) -> Tensor:
    ratio = q.rate / p.rate
    return ratio - 1 - ratio.log()


@register_kl(Laplace, Laplace)
def _laplace(p: Laplace, q: Laplace) -> Tensor:
    distance, ratio = (p.loc - q.loc).abs() / q.scale, p.scale / q.scale
    return ratio * (-distance / ratio).exp() + distance - 1 - ratio.log()


# ---- of two families -------------------------------------------------------------------------


def _as_gamma(d: Gamma | Exponential) -> Gamma:
    return d if isinstance(d, Gamma) else Gamma(ones_like(d.rate), d.rate)


@register_kl(Exponential, Gamma)
@register_kl(Gamma, Exponential)
def _gamma_and_exponential(p: Gamma | Exponential, q: Gamma | Exponential) -> Tensor:
    return _gamma(_as_gamma(p), _as_gamma(q))


@register_kl(Normal, Laplace)
def _normal_laplace(p: Normal, q: Laplace) -> Tensor:
    shift = (p.loc - q.loc) / p.scale
    distance = math.sqrt(2 / math.pi) * (-0.5 * shift * shift).exp()
    distance = distance + shift * erf(shift * math.sqrt(0.5))  # E|x - q.loc| / p.scale
    return distance * p.scale / q.scale + (2 * q.scale).log() - p.entropy()


@register_kl(Uniform, Normal)
def _uniform_normal(p: Uniform, q: Normal) -> Tensor:
    shift = p.mean - q.loc
    squares = (p.variance + shift * shift) / (q.scale * q.scale)
    return 0.5 * (squares + math.log(2 * math.pi)) + q.scale.log() - p.entropy()


@register_kl(Beta, Uniform)
def _beta_uniform(p: Beta, q: Uniform) -> Tensor:
    inside = (q.low <= 0).logical_and(q.high >= 1)
    return where(inside, (q.high - q.low).log() - p.entropy(), float("inf"))
