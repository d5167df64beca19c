"""Initialization of parameters, in place and outside of the autograd history.

All draws come from fastdl's generator, so `fastdl.manual_seed` repeats them.  Each function
returns the tensor it filled.
"""

from __future__ import annotations

import math

from ..check import one_of
from ..grad_mode import no_grad
from ..tensor import Tensor

_PLAIN_GAINS = {"linear": 1.0, "sigmoid": 1.0, "tanh": 5 / 3, "relu": math.sqrt(2), "selu": 0.75}


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """The factor that keeps the variance through `nonlinearity`, with PyTorch's values.

    Args:
        nonlinearity: "linear", "sigmoid", "tanh", "relu", "leaky_relu" or "selu".
        param: the negative slope of leaky_relu, 0.01 where None.

    Raises:
        ValueError: another nonlinearity.
    """
    one_of("calculate_gain: nonlinearity", nonlinearity, (*_PLAIN_GAINS, "leaky_relu"))
    if nonlinearity == "leaky_relu":
        return math.sqrt(2 / (1 + (0.01 if param is None else param) ** 2))
    return _PLAIN_GAINS[nonlinearity]


def _calculate_fan_in_and_fan_out(tensor: Tensor, name: str = "fan") -> tuple[int, int]:
    """Inputs and outputs of one unit of a weight (out, in, *window).

    Raises:
        ValueError: fewer than two dimensions.
    """
    shape = tuple(tensor.shape)
    if len(shape) < 2:
        raise ValueError(f"{name}: tensor: expected at least 2 dimensions, got shape {shape}")
    window = math.prod(shape[2:])
    return shape[1] * window, shape[0] * window


def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0) -> Tensor:
    """Fill with draws uniform on [a, b)."""
    with no_grad():
        return tensor.uniform_(a, b)


def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0) -> Tensor:
    """Fill with normal draws."""
    with no_grad():
        return tensor.normal_(mean, std)


def constant_(tensor: Tensor, val: float) -> Tensor:
    """Fill with `val`."""
    with no_grad():
        return tensor.fill_(val)


def zeros_(tensor: Tensor) -> Tensor:
    """Fill with zeros."""
    return constant_(tensor, 0.0)


def ones_(tensor: Tensor) -> Tensor:
    """Fill with ones."""
    return constant_(tensor, 1.0)


def xavier_uniform_(tensor: Tensor, gain: float = 1.0) -> Tensor:
    """Normalized initialization: uniform on ±gain·√(6 / (fan_in + fan_out)).

    Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural
    networks", AISTATS 2010, equation 16.

    Raises:
        ValueError: the tensor has fewer than two dimensions.
    """
    fan_in, fan_out = _calculate_fan_in_and_fan_out(tensor, "xavier_uniform_")
    bound = gain * math.sqrt(6 / max(1, fan_in + fan_out))
    return uniform_(tensor, -bound, bound)


def xavier_normal_(tensor: Tensor, gain: float = 1.0) -> Tensor:
    """Normalized initialization with a normal of standard deviation gain·√(2 / (fan_in + fan_out)).

    Source and errors as for `xavier_uniform_`.
    """
    fan_in, fan_out = _calculate_fan_in_and_fan_out(tensor, "xavier_normal_")
    return normal_(tensor, 0.0, gain * math.sqrt(2 / max(1, fan_in + fan_out)))


def _kaiming_std(tensor: Tensor, a: float, mode: str, nonlinearity: str, name: str) -> float:
    one_of(f"{name}: mode", mode, ("fan_in", "fan_out"))
    fans = _calculate_fan_in_and_fan_out(tensor, name)
    return calculate_gain(nonlinearity, a) / math.sqrt(max(1, fans[mode == "fan_out"]))


def kaiming_uniform_(
    tensor: Tensor, a: float = 0.0, mode: str = "fan_in", nonlinearity: str = "leaky_relu"
) -> Tensor:
    """He initialization: uniform on ±gain·√(3 / fan).

    He et al., "Delving deep into rectifiers", ICCV 2015, equations 10 and 14.

    Args:
        tensor: the weight, (out, in, ...).
        a: negative slope of leaky_relu; 0 is relu.
        mode: "fan_in" keeps the variance forward, "fan_out" backward.
        nonlinearity: see `calculate_gain`.

    Raises:
        ValueError: fewer than two dimensions, or another mode or nonlinearity.
    """
    std = _kaiming_std(tensor, a, mode, nonlinearity, "kaiming_uniform_")
    bound = math.sqrt(3) * std
    return uniform_(tensor, -bound, bound)


def kaiming_normal_(
    tensor: Tensor, a: float = 0.0, mode: str = "fan_in", nonlinearity: str = "leaky_relu"
) -> Tensor:
    """He initialization with a normal of standard deviation gain / √fan.

    Source, arguments and errors as for `kaiming_uniform_`.
    """
    return normal_(tensor, 0.0, _kaiming_std(tensor, a, mode, nonlinearity, "kaiming_normal_"))
