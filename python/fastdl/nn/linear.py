"""Linear and Identity."""

from __future__ import annotations

import math
from typing import Any

from ..check import positive_int
from ..dtypes import float32
from ..ops.create import empty
from ..tensor import Tensor
from . import functional as F, init
from .module import Module
from .parameter import Parameter


class Linear(Module):
    """The affine map y = x Wᵀ + b.

    Both start uniform on ±1/√in_features, as in PyTorch.

    Args:
        in_features: size of each input row, at least 1.
        out_features: size of each output row, at least 1.
        bias: whether b is there.
        device: "cpu", or None for it.
        dtype: float32 or float64.

    Shape: (..., in_features) → (..., out_features).

    Attributes:
        weight: (out_features, in_features).
        bias: (out_features,), or None.
    """

    bias: Parameter | None

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        device: Any = None,
        dtype: Any = float32,
    ) -> None:
        super().__init__()
        self.in_features = positive_int("Linear: in_features", in_features)
        self.out_features = positive_int("Linear: out_features", out_features)
        self.weight = Parameter(empty((out_features, in_features), device=device, dtype=dtype))
        self.register_parameter(
            "bias", Parameter(empty((out_features,), device=device, dtype=dtype)) if bias else None
        )
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw weight and bias anew."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))  # bound 1/√in_features
        if self.bias is not None:
            bound = 1 / math.sqrt(self.in_features)
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input: Tensor) -> Tensor:
        return F.linear(input, self.weight, self.bias)

    def extra_repr(self) -> str:
        return (
            f"in_features={self.in_features}, out_features={self.out_features}, "
            f"bias={self.bias is not None}"
        )


class Identity(Module):
    """Returns its input; arguments to the constructor are ignored, as in PyTorch."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()

    def forward(self, input: Tensor) -> Tensor:
        return input
