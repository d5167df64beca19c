"""Probability distributions, as torch.distributions: parameters of any shape broadcast to the batch
shape; `sample` draws without a gradient, `rsample` with one through the draw (reparameterization).

Draws come from fastdl's generator, so they are the same for a seed on any number of threads.
"""

from ..explain import explain_errors
from .bernoulli import Bernoulli
from .beta import Beta
from .categorical import Categorical, OneHotCategorical
from .distribution import Distribution
from .gamma import Exponential, Gamma
from .kl import kl_divergence, register_kl
from .laplace import Laplace
from .multivariate_normal import MultivariateNormal
from .normal import Normal
from .relaxed_categorical import RelaxedOneHotCategorical
from .uniform import Uniform

__all__ = [
    "Bernoulli", "Beta", "Categorical", "Distribution", "Exponential", "Gamma", "Laplace",
    "MultivariateNormal", "Normal", "OneHotCategorical", "RelaxedOneHotCategorical", "Uniform",
    "kl_divergence", "register_kl",
]  # fmt: skip

explain_errors(globals(), [name for name in __all__ if name != "register_kl"],
               methods=("log_prob", "cdf", "icdf"))  # fmt: skip
