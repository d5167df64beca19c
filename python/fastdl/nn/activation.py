"""Activations as modules; the functions are in `fastdl.nn.functional`."""

from __future__ import annotations

from ..check import number, switch
from ..tensor import Tensor
from . import functional as F
from .module import Module


class InPlace(Module):
    """An activation that may write its result into its input.

    Args:
        inplace: whether the input's memory takes the result.
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = switch(f"{type(self).__name__}: inplace", inplace)

    def extra_repr(self) -> str:
        return "inplace=True" if self.inplace else ""


class ReLU(InPlace):
    """max(x, 0), element by element; NaN stays NaN.  Args: `InPlace`."""

    def forward(self, input: Tensor) -> Tensor:
        return F.relu(input, self.inplace)


class Sigmoid(Module):
    """1 / (1 + exp(−x)), element by element."""

    def forward(self, input: Tensor) -> Tensor:
        return F.sigmoid(input)


class Tanh(Module):
    """tanh(x), element by element."""

    def forward(self, input: Tensor) -> Tensor:
        return F.tanh(input)


class GELU(Module):
    """x Φ(x), element by element, Φ the normal distribution function.

    Args:
        approximate: "none", or "tanh" for PyTorch's approximation of Φ by a tanh.
    """

    def __init__(self, approximate: str = "none") -> None:
        super().__init__()
        if approximate not in ("none", "tanh"):
            raise ValueError(f"GELU: approximate: expected 'none' or 'tanh', got {approximate!r}")
        self.approximate = approximate

    def forward(self, input: Tensor) -> Tensor:
        return F.gelu(input, self.approximate)

    def extra_repr(self) -> str:
        return f"approximate={self.approximate!r}"


class Softplus(Module):
    """log(1 + exp(beta·x)) / beta, element by element.

    Args:
        beta: sharpness of the bend, above 0.
        threshold: taken for PyTorch's sake and not needed: the function is exact everywhere, where
            PyTorch returns x itself above it.
    """

    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None:
        super().__init__()
        self.beta = number("Softplus: beta", beta, 5e-324, float("inf"))
        self.threshold = number("Softplus: threshold", threshold, -float("inf"), float("inf"))

    def forward(self, input: Tensor) -> Tensor:
        return F.softplus(input, self.beta, self.threshold)

    def extra_repr(self) -> str:
        return f"beta={self.beta}, threshold={self.threshold}"


class Softmax(Module):
    """exp(x) / Σ exp(x) along `dim`; the output has the input's shape.

    Args:
        dim: the dimension that sums to one.
    """

    def __init__(self, dim: int = -1) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        return F.softmax(input, self.dim)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"


class LogSoftmax(Module):
    """x − log Σ exp(x) along `dim`; the output has the input's shape.

    Args:
        dim: the dimension whose exponentials sum to one.
    """

    def __init__(self, dim: int = -1) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        return F.log_softmax(input, self.dim)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"


class Softmin(Module):
    """exp(−x) / Σ exp(−x) along `dim`; the output has the input's shape.

    Args:
        dim: the dimension that sums to one.
    """

    def __init__(self, dim: int = -1) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        return F.softmin(input, self.dim)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"


class LogSigmoid(Module):
    """log(sigmoid(x)), element by element."""

    def forward(self, input: Tensor) -> Tensor:
        return F.logsigmoid(input)


class Softsign(Module):
    """x / (1 + |x|), element by element."""

    def forward(self, input: Tensor) -> Tensor:
        return F.softsign(input)


class Tanhshrink(Module):
    """x − tanh(x), element by element."""

    def forward(self, input: Tensor) -> Tensor:
        return F.tanhshrink(input)


class SiLU(InPlace):
    """x sigmoid(x), element by element.  Args: `InPlace`."""

    def forward(self, input: Tensor) -> Tensor:
        return F.silu(input, self.inplace)


class Mish(InPlace):
    """x tanh(log(1 + exp(x))), element by element.  Args: `InPlace`."""

    def forward(self, input: Tensor) -> Tensor:
        return F.mish(input, self.inplace)


class ReLU6(InPlace):
    """min(max(x, 0), 6), element by element.  Args: `InPlace`."""

    def forward(self, input: Tensor) -> Tensor:
        return F.relu6(input, self.inplace)


class SELU(InPlace):
    """1.0507 x above 0, 1.7581 (exp(x) − 1) elsewhere.  Args: `InPlace`."""

    def forward(self, input: Tensor) -> Tensor:
        return F.selu(input, self.inplace)


class Hardsigmoid(InPlace):
    """min(max(x + 3, 0), 6) / 6, element by element.  Args: `InPlace`."""

    def forward(self, input: Tensor) -> Tensor:
        return F.hardsigmoid(input, self.inplace)

    def extra_repr(self) -> str:
        return ""


class Hardswish(InPlace):
    """x min(max(x + 3, 0), 6) / 6, element by element.  Args: `InPlace`."""

    def forward(self, input: Tensor) -> Tensor:
        return F.hardswish(input, self.inplace)

    def extra_repr(self) -> str:
        return ""
