"""LayerNorm and RMSNorm."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..check import number, positive_int
from ..dtypes import float32
from ..ops.create import ones, zeros
from ..tensor import Tensor
from . import functional as F, init
from .module import Module
from .parameter import Parameter


def _sizes(layer: str, shape: int | Sequence[int]) -> tuple[int, ...]:
    sizes = tuple(shape) if isinstance(shape, tuple | list) else (shape,)
    if not sizes:
        raise ValueError(f"{layer}: normalized_shape: expected at least one size, got {shape}")
    return tuple([positive_int(f"{layer}: normalized_shape", n) for n in sizes])


class LayerNorm(Module):
    """Normalizes each sample over its last dimensions, then scales and shifts it.

    y = (x − mean) / √(var + eps) · weight + bias; Ba, Kiros & Hinton, "Layer Normalization", 2016.

    Args:
        normalized_shape: the size of the last dimension, or the sizes of several.
        eps: added to the variance, above or equal 0.
        elementwise_affine: whether weight and bias are there.
        bias: whether the bias is there.
        device: "cpu", or None for it.
        dtype: float32 or float64.

    Shape: (..., *normalized_shape) → the same.

    Attributes:
        weight, bias: parameters of normalized_shape, or None.

    Raises (when called):
        ValueError: the input is not of that shape.
    """

    weight: Parameter | None
    bias: Parameter | None

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        device: Any = None,
        dtype: Any = float32,
    ) -> None:
        super().__init__()
        self.normalized_shape = shape = _sizes("LayerNorm", normalized_shape)
        self.eps = number("LayerNorm: eps", eps, 0.0, float("inf"))
        self.elementwise_affine = affine = elementwise_affine
        weight = Parameter(ones(shape, device=device, dtype=dtype)) if affine else None
        self.register_parameter("weight", weight)
        shift = Parameter(zeros(shape, device=device, dtype=dtype)) if affine and bias else None
        self.register_parameter("bias", shift)

    def reset_parameters(self) -> None:
        """Set weight to 1 and bias to 0."""
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def forward(self, input: Tensor) -> Tensor:
        return F.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.normalized_shape}, eps={self.eps}, "
            f"elementwise_affine={self.elementwise_affine}, bias={self.bias is not None}"
        )


class RMSNorm(Module):
    """Divides each sample by the root of its mean square over the last dimensions, then scales it.

    y = x / √(mean of x² + eps) · weight; Zhang & Sennrich, NeurIPS 2019.

    Args:
        normalized_shape: the size of the last dimension, or the sizes of several.
        eps: added to the mean square; None for the dtype's distance from 1 to the next number.
        elementwise_affine: whether the weight is there.
        device: "cpu", or None for it.
        dtype: float32 or float64.

    Shape: (..., *normalized_shape) → the same.

    Raises (when called):
        ValueError: the input is not of that shape.
    """

    weight: Parameter | None

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float | None = None,
        elementwise_affine: bool = True,
        device: Any = None,
        dtype: Any = float32,
    ) -> None:
        super().__init__()
        self.normalized_shape = shape = _sizes("RMSNorm", normalized_shape)
        self.eps = None if eps is None else number("RMSNorm: eps", eps, 0.0, float("inf"))
        self.elementwise_affine = elementwise_affine
        weight = ones(shape, device=device, dtype=dtype)
        self.register_parameter("weight", Parameter(weight) if elementwise_affine else None)

    def reset_parameters(self) -> None:
        """Set weight to 1."""
        if self.weight is not None:
            init.ones_(self.weight)

    def forward(self, input: Tensor) -> Tensor:
        return F.rms_norm(input, self.normalized_shape, self.weight, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"
        )
