"""The functions behind the layers, by PyTorch's names: ``import fastdl.nn.functional as F``.

Each is defined, with its derivative, in `fastdl.ops`.
"""

from __future__ import annotations

from ..ops.batchnorm import batch_norm
from ..ops.cross_entropy import cross_entropy
from ..ops.dropout import dropout
from ..ops.matmul import linear
from ..ops.mse_loss import mse_loss
from ..ops.softmax import log_softmax, logsumexp, softmax
from ..ops.unary import gelu, logsigmoid, relu, sigmoid, softplus, tanh

__all__ = [
    "batch_norm",
    "cross_entropy",
    "dropout",
    "gelu",
    "linear",
    "log_softmax",
    "logsigmoid",
    "logsumexp",
    "mse_loss",
    "relu",
    "sigmoid",
    "softmax",
    "softplus",
    "tanh",
]
