"""Optimizers, as in PyTorch; each step is one pass over all parameters of a group."""

from __future__ import annotations

from ..explain import explain_errors
from . import lr_scheduler
from .adadelta import Adadelta
from .adagrad import Adagrad
from .adam import Adam, AdamW
from .adamax import Adamax
from .lbfgs import LBFGS
from .nadam import NAdam
from .optimizer import Optimizer
from .polyak import PolyakAverage
from .proximal import ProximalSGD
from .radam import RAdam
from .rmsprop import RMSprop
from .rprop import Rprop
from .sgd import SGD
from .sgld import SGLD

__all__ = [
    "LBFGS",
    "SGD",
    "SGLD",
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "NAdam",
    "Optimizer",
    "PolyakAverage",
    "ProximalSGD",
    "RAdam",
    "RMSprop",
    "Rprop",
    "lr_scheduler",
]

explain_errors(globals(), __all__)
