"""BatchNorm1d."""

from __future__ import annotations

from typing import Any

from ..check import number, positive_int
from ..dtypes import float32, int64
from ..ops.create import ones, tensor, zeros
from ..tensor import Tensor
from . import functional as F
from . import init
from .module import Module
from .parameter import Parameter


class BatchNorm1d(Module):
    """Normalizes each feature by the batch's mean and variance, then scales and shifts it.

    y = (x − mean) / √(var + eps) · weight + bias; Ioffe & Szegedy, "Batch Normalization", ICML
    2015.  Training uses the batch's biased variance and moves the running statistics (with the
    unbiased one); evaluation uses the running statistics.

    Args:
        num_features: number of columns of the input, at least 1.
        eps: added to the variance, above or equal 0.
        momentum: weight of the batch in the running statistics; None: the plain average of all
            batches so far.
        affine: whether weight and bias are there.
        track_running_stats: whether running statistics are kept; without them evaluation uses
            the batch's, too.
        device: "cpu", or None for it.
        dtype: float32 or float64.
        relu: whether max(y, 0) is returned, computed in the same pass.

    Shape: (batch, num_features) → the same.

    Attributes:
        weight, bias: (num_features,) parameters, or None.
        running_mean, running_var: (num_features,) buffers, or None.
        num_batches_tracked: number of batches seen in training, a 0-d int64 buffer, or None.

    Raises (when called):
        ValueError: the input is not of that shape, or is a batch of one in training.
    """

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
        relu: bool = False,
    ) -> None:
        super().__init__()
        self.num_features = positive_int("BatchNorm1d: num_features", num_features)
        self.eps = number("BatchNorm1d: eps", eps, 0.0, float("inf"))
        if momentum is not None:
            number("BatchNorm1d: momentum", momentum, 0.0, 1.0)
        self.momentum = momentum
        self.affine = affine
        self.track_running_stats = track_running_stats
        self.relu = relu
        shape = (num_features,)
        self.register_parameter(
            "weight", Parameter(ones(shape, device=device, dtype=dtype)) if affine else None
        )
        self.register_parameter("bias", Parameter(zeros(shape, dtype=dtype)) if affine else None)
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
        if input.ndim != 2 or input.shape[1] != self.num_features:
            raise ValueError(
                f"BatchNorm1d: input: expected shape (batch, {self.num_features}), "
                f"got {input.shape}"
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
            f"affine={self.affine}, track_running_stats={self.track_running_stats}{relu}"
        )
