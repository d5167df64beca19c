"""The functions behind the layers, by PyTorch's names: ``import fastdl.nn.functional as F``.

Each is defined, with its derivative, in `fastdl.ops`.
"""

from __future__ import annotations

from .. import ops
from ..ops.activation import (
    celu,
    elu,
    glu,
    hardshrink,
    hardtanh,
    leaky_relu,
    maxout,
    mish,
    prelu,
    rrelu,
    selu,
    softshrink,
    tanhshrink,
    threshold,
)
from ..ops.batchnorm import batch_norm
from ..ops.binary import logaddexp
from ..ops.binary_loss import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    hinge_loss,
    modified_huber_loss,
    multilabel_soft_margin_loss,
    soft_margin_loss,
    squared_hinge_loss,
)
from ..ops.cross_entropy import cross_entropy
from ..ops.distance import cosine_similarity, normalize, pairwise_distance
from ..ops.dropout import (
    alpha_dropout,
    dropout,
    dropout1d,
    dropout2d,
    dropout3d,
    feature_alpha_dropout,
    gaussian_dropout,
)
from ..ops.layernorm import layer_norm, rms_norm
from ..ops.likelihood_loss import gaussian_nll_loss, kl_div, nll_loss, poisson_nll_loss
from ..ops.margin_loss import (
    cosine_embedding_loss,
    hinge_embedding_loss,
    margin_ranking_loss,
    multi_margin_loss,
    multilabel_margin_loss,
    triplet_margin_loss,
)
from ..ops.matmul import linear
from ..ops.mse_loss import mse_loss
from ..ops.one_hot import one_hot
from ..ops.pad import pad
from ..ops.regression_loss import huber_loss, l1_loss, smooth_l1_loss
from ..ops.soft_choice import gumbel_softmax, soft_argmax, softmin
from ..ops.softmax import log_softmax, logsumexp, softmax
from ..ops.unary import (
    gelu,
    hardsigmoid,
    hardswish,
    log1mexp,
    logsigmoid,
    relu,
    relu6,
    sigmoid,
    silu,
    softplus,
    softplus_inverse,
    softsign,
    tanh,
)

__all__ = [
    "alpha_dropout",
    "batch_norm",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "celu",
    "cosine_embedding_loss",
    "cosine_similarity",
    "cross_entropy",
    "dropout",
    "dropout1d",
    "dropout2d",
    "dropout3d",
    "elu",
    "feature_alpha_dropout",
    "gaussian_dropout",
    "gaussian_nll_loss",
    "gelu",
    "glu",
    "gumbel_softmax",
    "hardshrink",
    "hardsigmoid",
    "hardswish",
    "hardtanh",
    "hinge_embedding_loss",
    "hinge_loss",
    "huber_loss",
    "kl_div",
    "l1_loss",
    "layer_norm",
    "leaky_relu",
    "linear",
    "log1mexp",
    "log_softmax",
    "logaddexp",
    "logsigmoid",
    "logsumexp",
    "margin_ranking_loss",
    "maxout",
    "mish",
    "modified_huber_loss",
    "mse_loss",
    "multi_margin_loss",
    "multilabel_margin_loss",
    "multilabel_soft_margin_loss",
    "nll_loss",
    "normalize",
    "one_hot",
    "pad",
    "pairwise_distance",
    "poisson_nll_loss",
    "prelu",
    "relu",
    "relu6",
    "rms_norm",
    "rrelu",
    "selu",
    "sigmoid",
    "silu",
    "smooth_l1_loss",
    "soft_argmax",
    "soft_margin_loss",
    "softmax",
    "softmin",
    "softplus",
    "softplus_inverse",
    "softshrink",
    "softsign",
    "squared_hinge_loss",
    "tanh",
    "tanhshrink",
    "threshold",
    "triplet_margin_loss",
]

ops.explain_composed(globals(), __all__)
