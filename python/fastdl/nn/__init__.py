"""Layers, losses and initialization, by PyTorch's names."""

from __future__ import annotations

from . import functional, init
from .activation import GELU, LogSoftmax, ReLU, Sigmoid, Softmax, Softplus, Tanh
from .batchnorm import BatchNorm1d
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
from .dropout import Dropout
from .flatten import Flatten
from .layernorm import LayerNorm, RMSNorm
from .likelihood_loss import GaussianNLLLoss, KLDivLoss, NLLLoss, PoissonNLLLoss
from .linear import Identity, Linear
from .loss import CrossEntropyLoss, MSELoss
from .margin_loss import (
    CosineEmbeddingLoss,
    HingeEmbeddingLoss,
    MarginRankingLoss,
    MultiMarginLoss,
    TripletMarginLoss,
)
from .module import Module
from .parameter import Parameter
from .regression_loss import HuberLoss, L1Loss, SmoothL1Loss

__all__ = [
    "GELU",
    "BCELoss",
    "BCEWithLogitsLoss",
    "BatchNorm1d",
    "CosineEmbeddingLoss",
    "CosineSimilarity",
    "CrossEntropyLoss",
    "Dropout",
    "Flatten",
    "GaussianNLLLoss",
    "HingeEmbeddingLoss",
    "HingeLoss",
    "HuberLoss",
    "Identity",
    "KLDivLoss",
    "L1Loss",
    "LayerNorm",
    "Linear",
    "LogSoftmax",
    "MSELoss",
    "MarginRankingLoss",
    "ModifiedHuberLoss",
    "Module",
    "ModuleDict",
    "ModuleList",
    "MultiLabelSoftMarginLoss",
    "MultiMarginLoss",
    "NLLLoss",
    "PairwiseDistance",
    "Parameter",
    "PoissonNLLLoss",
    "RMSNorm",
    "ReLU",
    "Sequential",
    "Sigmoid",
    "SmoothL1Loss",
    "SoftMarginLoss",
    "Softmax",
    "Softplus",
    "SquaredHingeLoss",
    "Tanh",
    "TripletMarginLoss",
    "functional",
    "init",
]
