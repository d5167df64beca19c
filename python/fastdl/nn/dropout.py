"""Dropout."""

from __future__ import annotations

from ..check import number, switch
from ..tensor import Tensor
from . import functional as F
from .module import Module


class Dropout(Module):
    """Zeroes each element with probability p and scales the others by 1/(1−p), in training only.

    Srivastava et al., "Dropout", JMLR 15 (2014), in the inverted form.  The draws are fastdl's
    generator's: `fastdl.manual_seed` repeats them.

    Args:
        p: probability of a zero, in [0, 1].
        inplace: whether the input's memory takes the result.
    """

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = switch(f"{type(self).__name__}: inplace", inplace)
        self.p = number(f"{type(self).__name__}: p", p, 0.0, 1.0)

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout(input, self.p, self.training, self.inplace)

    def extra_repr(self) -> str:
        return f"p={self.p}, inplace={self.inplace}"


class Dropout1d(Dropout):
    """`Dropout` of whole channels of (batch, channels, length) or (channels, length).

    Args: `Dropout`.
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout1d(input, self.p, self.training, self.inplace)


class Dropout2d(Dropout):
    """`Dropout` of whole channels of (batch, channels, height, width) or (batch, channels, length).

    Args: `Dropout`.
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout2d(input, self.p, self.training, self.inplace)


class Dropout3d(Dropout):
    """`Dropout` of whole channels of (batch, channels, depth, height, width), or without the batch.

    Args: `Dropout`.
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout3d(input, self.p, self.training, self.inplace)


class GaussianDropout(Dropout):
    """Multiplies by normal draws of mean 1 and deviation √(p / (1 − p)), in training only.

    Srivastava et al., "Dropout", JMLR 15 (2014), section 10.

    Args:
        p: as much noise as `Dropout` makes with that probability, in [0, 1).
        inplace: whether the input's memory takes the result.
    """

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__(p, inplace)
        if p == 1:
            raise ValueError("GaussianDropout: p: expected a number in [0, 1), got 1")

    def forward(self, input: Tensor) -> Tensor:
        return F.gaussian_dropout(input, self.p, self.training, self.inplace)


class AlphaDropout(Dropout):
    """Dropout for `SELU` networks: mean 0 and variance 1 stay what they are.

    Klambauer et al., "Self-Normalizing Neural Networks", NeurIPS 2017.

    Args: `Dropout`.
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.alpha_dropout(input, self.p, self.training, self.inplace)


class FeatureAlphaDropout(Dropout):
    """`AlphaDropout` of whole channels of (batch, channels, ...).

    Args: `Dropout`.
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.feature_alpha_dropout(input, self.p, self.training, self.inplace)
