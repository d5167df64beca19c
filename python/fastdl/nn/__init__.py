"""Layers, losses and initialization, by PyTorch's names."""

from __future__ import annotations

from ..explain import explain_errors
from . import functional, init, utils
from .activation import (
    GELU,
    SELU,
    Hardsigmoid,
    Hardswish,
    LogSigmoid,
    LogSoftmax,
    Mish,
    ReLU,
    ReLU6,
    Sigmoid,
    SiLU,
    Softmax,
    Softmin,
    Softplus,
    Softsign,
    Tanh,
    Tanhshrink,
)
from .batchnorm import BatchNorm1d, BatchNorm2d, BatchNorm3d
from .binary_loss import (
    BCELoss,
    BCEWithLogitsLoss,
    HingeLoss,
    ModifiedHuberLoss,
    MultiLabelSoftMarginLoss,
    SoftMarginLoss,
    SquaredHingeLoss,
)
from .container import ModuleDict, ModuleList, Sequential
from .distance import CosineSimilarity, PairwiseDistance
from .dropout import (
    AlphaDropout,
    Dropout,
    Dropout1d,
    Dropout2d,
    Dropout3d,
    FeatureAlphaDropout,
    GaussianDropout,
)
from .flatten import Flatten, Unflatten
from .layernorm import LayerNorm, RMSNorm
from .likelihood_loss import GaussianNLLLoss, KLDivLoss, NLLLoss, PoissonNLLLoss
from .linear import Identity, Linear
from .loss import CrossEntropyLoss, MSELoss
from .margin_loss import (
    CosineEmbeddingLoss,
    HingeEmbeddingLoss,
    MarginRankingLoss,
    MultiLabelMarginLoss,
    MultiMarginLoss,
    TripletMarginLoss,
)
from .module import Module
from .parameter import Buffer, Parameter
from .parameter_container import ParameterDict, ParameterList
from .parametric_activation import (
    CELU,
    ELU,
    GLU,
    Hardshrink,
    Hardtanh,
    LeakyReLU,
    Maxout,
    PReLU,
    RReLU,
    Softshrink,
    Threshold,
)
from .regression_loss import HuberLoss, L1Loss, SmoothL1Loss

__all__ = [
    "CELU",
    "ELU",
    "GELU",
    "GLU",
    "SELU",
    "AlphaDropout",
    "BCELoss",
    "BCEWithLogitsLoss",
    "BatchNorm1d",
    "BatchNorm2d",
    "BatchNorm3d",
    "Buffer",
    "CosineEmbeddingLoss",
    "CosineSimilarity",
    "CrossEntropyLoss",
    "Dropout",
    "Dropout1d",
    "Dropout2d",
    "Dropout3d",
    "FeatureAlphaDropout",
    "Flatten",
    "GaussianDropout",
    "GaussianNLLLoss",
    "Hardshrink",
    "Hardsigmoid",
    "Hardswish",
    "Hardtanh",
    "HingeEmbeddingLoss",
    "HingeLoss",
    "HuberLoss",
    "Identity",
    "KLDivLoss",
    "L1Loss",
    "LayerNorm",
    "LeakyReLU",
    "Linear",
    "LogSigmoid",
    "LogSoftmax",
    "MSELoss",
    "MarginRankingLoss",
    "Maxout",
    "Mish",
    "ModifiedHuberLoss",
    "Module",
    "ModuleDict",
    "ModuleList",
    "MultiLabelMarginLoss",
    "MultiLabelSoftMarginLoss",
    "MultiMarginLoss",
    "NLLLoss",
    "PReLU",
    "PairwiseDistance",
    "Parameter",
    "ParameterDict",
    "ParameterList",
    "PoissonNLLLoss",
    "RMSNorm",
    "RReLU",
    "ReLU",
    "ReLU6",
    "Sequential",
    "SiLU",
    "Sigmoid",
    "SmoothL1Loss",
    "SoftMarginLoss",
    "Softmax",
    "Softmin",
    "Softplus",
    "Softshrink",
    "Softsign",
    "SquaredHingeLoss",
    "Tanh",
    "Tanhshrink",
    "Threshold",
    "TripletMarginLoss",
    "Unflatten",
    "functional",
    "init",
    "utils",
]

explain_errors(globals(), __all__)
