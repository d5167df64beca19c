"""BatchNorm1d, BatchNorm2d, BatchNorm3d."""

from __future__ import annotations

from typing import Any

from ..check import number, positive_int, tensor as tensor_of
from ..dtypes import float32, int64
from ..ops.create import ones, tensor, zeros
from ..tensor import Tensor
from . import functional as F, init
from .module import Module
from .parameter import Parameter


class _BatchNorm(Module):
    """What the layers share; they differ in the inputs that they take: `shapes`."""

    shapes: tuple[tuple[str, ...], ...]

    weight: Parameter | None
    bias: Parameter | None
    running_mean: Tensor | None
    running_var: Tensor | None
    num_batches_tracked: Tensor | None

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = float32,
        *,
        bias: bool = True,
        relu: bool = False,
    ) -> None:
        super().__init__()
        layer = type(self).__name__
        self.num_features = positive_int(f"{layer}: num_features", num_features)
        self.eps = number(f"{layer}: eps", eps, 0.0, float("inf"))
        if momentum is not None:
            number(f"{layer}: momentum", momentum, 0.0, 1.0)
        self.momentum = momentum
        self.affine = affine
        self.track_running_stats = track_running_stats
        self.relu = relu
        shape = (num_features,)
        self.register_parameter(
            "weight", Parameter(ones(shape, device=device, dtype=dtype)) if affine else None
        )
        shift = Parameter(zeros(shape, device=device, dtype=dtype)) if affine and bias else None
        self.register_parameter("bias", shift)
        track = track_running_stats
        self.register_buffer("running_mean", zeros(shape, dtype=dtype) if track else None)
        self.register_buffer("running_var", ones(shape, dtype=dtype) if track else None)
        self.register_buffer("num_batches_tracked", tensor(0, dtype=int64) if track else None)

    def reset_running_stats(self) -> None:
        """Set the running statistics to mean 0, variance 1 and no batches."""
        for buffer, value in (
            (self.running_mean, 0.0),
            (self.running_var, 1.0),
            (self.num_batches_tracked, 0),
        ):
            if buffer is not None:
                buffer.fill_(value)

    def reset_parameters(self) -> None:
        """Reset the running statistics, and set weight to 1 and bias to 0."""
        self.reset_running_stats()
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def forward(self, input: Tensor) -> Tensor:
        tensor_of("batch_norm: input", input)
        ranks = [2 + len(rest) for rest in self.shapes]
        if input.ndim not in ranks or input.shape[1] != self.num_features:
            expected = " or ".join(
                [f"({', '.join(['batch', str(self.num_features), *rest])})" for rest in self.shapes]
            )
            raise ValueError(
                f"{type(self).__name__}: input: expected shape {expected}, got {input.shape}"
            )
        batches = self.num_batches_tracked if self.training else None
        momentum = self.momentum
        if momentum is None:
            momentum = 0.0 if batches is None else 1.0 / (1 + batches.item())
        output = F.batch_norm(
            input,
            self.running_mean,
            self.running_var,
            self.weight,
            self.bias,
            self.training or self.running_mean is None,
            momentum,
            self.eps,
            relu=self.relu,
        )
        if batches is not None:
            batches.add_(1)
        return output

    def extra_repr(self) -> str:
        relu = ", relu=True" if self.relu else ""
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, "
            f"affine={self.affine}, bias={self.bias is not None}, "
            f"track_running_stats={self.track_running_stats}{relu}"
        )


class BatchNorm1d(_BatchNorm):
    """Normalizes each feature by the batch's mean and variance, then scales and shifts it.

    y = (x − mean) / √(var + eps) · weight + bias; Ioffe & Szegedy, "Batch Normalization", ICML
    2015.  Training uses the batch's biased variance and moves the running statistics (with the
    unbiased one); evaluation uses the running statistics.

    Args:
        num_features: number of columns (channels) of the input, at least 1.
        eps: added to the variance, above or equal 0.
        momentum: weight of the batch in the running statistics; None: the plain average of all
            batches so far.
        affine: whether weight and bias are there.
        track_running_stats: whether running statistics are kept; without them evaluation uses
            the batch's, too.
        device: "cpu", or None for it.
        dtype: float32 or float64.
        bias: whether the bias is there.
        relu: whether max(y, 0) is returned, computed in the same pass.

    Shape: (batch, num_features) or (batch, num_features, length) → the same.

    Attributes:
        weight, bias: (num_features,) parameters, or None.
        running_mean, running_var: (num_features,) buffers, or None.
        num_batches_tracked: number of batches seen in training, a 0-d int64 buffer, or None.

    Raises (when called):
        ValueError: the input is not of that shape, or has one value of a feature in training.
    """

    shapes = ((), ("length",))


class BatchNorm2d(_BatchNorm):
    """`BatchNorm1d` of images: each channel by its mean and variance over batch and places.

    An input whose channels lie last in memory is not copied, and its result lies likewise.

    Args, attributes and errors: `BatchNorm1d`.

    Shape: (batch, num_features, height, width) → the same.
    """

    shapes = (("height", "width"),)


class BatchNorm3d(_BatchNorm):
    """`BatchNorm2d` of volumes.

    Args, attributes and errors: `BatchNorm1d`.

    Shape: (batch, num_features, depth, height, width) → the same.
    """

    shapes = (("depth", "height", "width"),)
