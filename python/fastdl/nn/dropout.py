"""Dropout."""

from __future__ import annotations

from ..check import number
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
        self.inplace = inplace
        self.p = number("Dropout: p", p, 0.0, 1.0)

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout(input, self.p, self.training, self.inplace)

    def extra_repr(self) -> str:
        return f"p={self.p}, inplace={self.inplace}"
