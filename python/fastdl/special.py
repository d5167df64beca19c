"""Special functions by the names of `torch.special`; each is defined in `fastdl.ops`."""

from __future__ import annotations

from .ops.binary import xlogy
from .ops.softmax import log_softmax, logsumexp, softmax
from .ops.special import digamma, erf, erfc, erfinv, lgamma as gammaln, logit, polygamma
from .ops.unary import exp2, expm1, log1mexp, log1p, round, sigmoid as expit, softplus_inverse

psi = digamma

__all__ = [
    "digamma", "erf", "erfc", "erfinv", "exp2", "expit", "expm1", "gammaln", "log1mexp", "log1p",
    "log_softmax", "logit", "logsumexp", "polygamma", "psi", "round", "softmax", "softplus_inverse",
    "xlogy",
]  # fmt: skip
