"""Activations with parameters, and those that combine several units, as modules."""

from __future__ import annotations

import math
from typing import Any

from ..check import number, positive_int
from ..dtypes import float32
from ..ops.create import full
from ..tensor import Tensor
from . import functional as F, init
from .activation import InPlace
from .linear import Linear
from .module import Module
from .parameter import Parameter


class LeakyReLU(InPlace):
    """x above 0, negative_slope · x elsewhere.

    Args:
        negative_slope: the slope below 0.
        inplace: whether the input's memory takes the result.
    """

    def __init__(self, negative_slope: float = 0.01, inplace: bool = False) -> None:
        super().__init__(inplace)
        self.negative_slope = number(
            "LeakyReLU: negative_slope", negative_slope, -math.inf, math.inf
        )

    def forward(self, input: Tensor) -> Tensor:
        return F.leaky_relu(input, self.negative_slope, self.inplace)

    def extra_repr(self) -> str:
        return f"negative_slope={self.negative_slope}{_in_place(self)}"


def _in_place(layer: InPlace) -> str:
    return ", inplace=True" if layer.inplace else ""


class PReLU(Module):
    """x above 0, weight · x elsewhere; He et al., "Delving Deep into Rectifiers", ICCV 2015.

    Args:
        num_parameters: 1, or a slope for each channel (dimension 1 of the input).
        init: the slopes at first.
        device: "cpu", or None for it.
        dtype: float32 or float64.

    Attributes:
        weight: (num_parameters,), the slopes, a parameter.

    Raises (when called):
        ValueError: the number of channels does not fit.
    """

    weight: Parameter

    def __init__(
        self,
        num_parameters: int = 1,
        init: float = 0.25,
        device: Any = None,
        dtype: Any = float32,
    ) -> None:
        super().__init__()
        self.num_parameters = positive_int("PReLU: num_parameters", num_parameters)
        self.init = number("PReLU: init", init, -math.inf, math.inf)
        self.weight = Parameter(full((num_parameters,), init, device=device, dtype=dtype))

    def reset_parameters(self) -> None:
        """Set the slopes to `init`."""
        init.constant_(self.weight, self.init)

    def forward(self, input: Tensor) -> Tensor:
        return F.prelu(input, self.weight)

    def extra_repr(self) -> str:
        return f"num_parameters={self.num_parameters}"


class RReLU(InPlace):
    """x above 0, a · x elsewhere: a is drawn from [lower, upper) in training, else their mean.

    Args:
        lower, upper: where slopes are drawn from.
        inplace: whether the input's memory takes the result.
    """

    def __init__(self, lower: float = 1 / 8, upper: float = 1 / 3, inplace: bool = False) -> None:
        super().__init__(inplace)
        self.upper = number("RReLU: upper", upper, -math.inf, math.inf)
        self.lower = number("RReLU: lower", lower, -math.inf, upper)

    def forward(self, input: Tensor) -> Tensor:
        return F.rrelu(input, self.lower, self.upper, self.training, self.inplace)

    def extra_repr(self) -> str:
        return f"lower={self.lower}, upper={self.upper}{_in_place(self)}"


class ELU(InPlace):
    """x above 0, alpha (exp(x) − 1) elsewhere.

    Args:
        alpha: minus the limit at −∞.
        inplace: whether the input's memory takes the result.
    """

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__(inplace)
        self.alpha = number("ELU: alpha", alpha, -math.inf, math.inf)

    def forward(self, input: Tensor) -> Tensor:
        return F.elu(input, self.alpha, self.inplace)

    def extra_repr(self) -> str:
        return f"alpha={self.alpha}{_in_place(self)}"


class CELU(InPlace):
    """x above 0, alpha (exp(x / alpha) − 1) elsewhere.

    Args:
        alpha: minus the limit at −∞, above 0.
        inplace: whether the input's memory takes the result.
    """

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__(inplace)
        self.alpha = number("CELU: alpha", alpha, 5e-324, math.inf)

    def forward(self, input: Tensor) -> Tensor:
        return F.celu(input, self.alpha, self.inplace)

    def extra_repr(self) -> str:
        return f"alpha={self.alpha}{_in_place(self)}"


class Hardtanh(InPlace):
    """x between min_val and max_val, the nearer of them elsewhere.

    Args:
        min_val, max_val: the limits.
        inplace: whether the input's memory takes the result.
    """

    def __init__(self, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> None:
        super().__init__(inplace)
        self.max_val = number("Hardtanh: max_val", max_val, -math.inf, math.inf)
        self.min_val = number("Hardtanh: min_val", min_val, -math.inf, max_val)

    def forward(self, input: Tensor) -> Tensor:
        return F.hardtanh(input, self.min_val, self.max_val, self.inplace)

    def extra_repr(self) -> str:
        return f"min_val={self.min_val}, max_val={self.max_val}{_in_place(self)}"


class Threshold(InPlace):
    """x above `threshold`, `value` elsewhere.

    Args:
        threshold: where x begins.
        value: what stands below.
        inplace: whether the input's memory takes the result.
    """

    def __init__(self, threshold: float, value: float, inplace: bool = False) -> None:
        super().__init__(inplace)
        self.threshold = number("Threshold: threshold", threshold, -math.inf, math.inf)
        self.value = number("Threshold: value", value, -math.inf, math.inf)

    def forward(self, input: Tensor) -> Tensor:
        return F.threshold(input, self.threshold, self.value, self.inplace)

    def extra_repr(self) -> str:
        return f"threshold={self.threshold}, value={self.value}{_in_place(self)}"


class Hardshrink(Module):
    """0 where |x| is at most lambd, x elsewhere.

    Args:
        lambd: at least 0.
    """

    def __init__(self, lambd: float = 0.5) -> None:
        super().__init__()
        self.lambd = number(f"{type(self).__name__}: lambd", lambd, 0.0, math.inf)

    def forward(self, input: Tensor) -> Tensor:
        return F.hardshrink(input, self.lambd)

    def extra_repr(self) -> str:
        return str(self.lambd)


class Softshrink(Hardshrink):
    """0 where |x| is at most lambd, x moved towards 0 by lambd elsewhere.

    Args:
        lambd: at least 0.
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.softshrink(input, self.lambd)


class GLU(Module):
    """a · sigmoid(b) for the halves a, b of the input along `dim`.

    Args:
        dim: the dimension that is halved.
    """

    def __init__(self, dim: int = -1) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        return F.glu(input, self.dim)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"


class Maxout(Linear):
    """Each output is the largest of `pieces` affine maps of the input.

    Goodfellow et al., "Maxout Networks", ICML 2013.

    Args:
        in_features: size of the input, at least 1.
        out_features: size of the output, at least 1.
        pieces: number of maps for each output, at least 1.
        bias: whether there is an additive term.
        device: "cpu", or None for it.
        dtype: float32 or float64.

    Shape: (..., in_features) → (..., out_features).

    Attributes:
        weight: (out_features · pieces, in_features), those of one output side by side.
        bias: (out_features · pieces,), or None.
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        pieces: int = 2,
        bias: bool = True,
        device: Any = None,
        dtype: Any = float32,
    ) -> None:
        positive_int("Maxout: in_features", in_features)
        positive_int("Maxout: out_features", out_features)
        positive_int("Maxout: pieces", pieces)
        super().__init__(in_features, out_features * pieces, bias, device, dtype)
        self.out_features, self.pieces = out_features, pieces

    def forward(self, input: Tensor) -> Tensor:
        return F.maxout(super().forward(input), self.pieces)

    def extra_repr(self) -> str:
        return (
            f"in_features={self.in_features}, out_features={self.out_features}, "
            f"pieces={self.pieces}, bias={self.bias is not None}"
        )
