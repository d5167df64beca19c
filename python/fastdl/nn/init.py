"""Initialization of parameters, in place and outside of the autograd history.

All draws come from fastdl's generator, so `fastdl.manual_seed` repeats them.  Each function
returns the tensor it filled.
"""

from __future__ import annotations

import math

from ..check import number, one_of, positive_int, tensor as a_tensor
from ..dtypes import float64
from ..explain import explain_errors
from ..grad_mode import no_grad
from ..lazy import numpy as np
from ..ops.create import from_numpy
from ..ops.random import rand, randn
from ..random import Generator
from ..tensor import Tensor

__all__ = [
    "calculate_gain", "constant_", "dirac_", "eye_", "kaiming_normal_", "kaiming_uniform_",
    "normal_", "ones_", "orthogonal_", "sparse_", "trunc_normal_", "uniform_", "xavier_normal_",
    "xavier_uniform_", "zeros_",
]  # fmt: skip

_PLAIN_GAINS = {
    "linear": 1.0,
    **{f"conv{kind}{d}d": 1.0 for kind in ("", "_transpose") for d in (1, 2, 3)},
    "sigmoid": 1.0,
    "tanh": 5 / 3,
    "relu": math.sqrt(2),
    "selu": 0.75,
}


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """The factor that keeps the variance through `nonlinearity`, with PyTorch's values.

    Args:
        nonlinearity: "linear", "conv1d" ... "conv_transpose3d" (linear too), "sigmoid", "tanh",
            "relu", "leaky_relu" or "selu".
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


def uniform_(
    tensor: Tensor, a: float = 0.0, b: float = 1.0, generator: Generator | None = None
) -> Tensor:
    """Fill with draws uniform on [a, b)."""
    with no_grad():
        return tensor.uniform_(a, b, generator=generator)


def normal_(
    tensor: Tensor, mean: float = 0.0, std: float = 1.0, generator: Generator | None = None
) -> Tensor:
    """Fill with normal draws."""
    with no_grad():
        return tensor.normal_(mean, std, generator=generator)


def trunc_normal_(
    tensor: Tensor,
    mean: float = 0.0,
    std: float = 1.0,
    a: float = -2.0,
    b: float = 2.0,
    generator: Generator | None = None,
) -> Tensor:
    """Fill with normal draws of which only those in [a, b] are taken.

    Raises:
        ValueError: mean or std is not finite, std not above 0, or a not below b.
    """
    a_tensor("trunc_normal_: tensor", tensor)
    for name, value in (("mean", mean), ("std", std), ("a", a), ("b", b)):
        number(f"trunc_normal_: {name}", value, -math.inf, math.inf)
    if not math.isfinite(mean):
        raise ValueError(f"trunc_normal_: mean: expected a finite number, got {mean}")
    if not 0 < std < math.inf:
        raise ValueError(f"trunc_normal_: std: expected a finite number above 0, got {std}")
    if not a < b:
        raise ValueError(f"trunc_normal_: a, b: expected a < b, got {a} and {b}")
    low, high = ((min(max((x - mean) / std, -1e150), 1e150)) for x in (a, b))
    top = min(max(low, 0.0), high)  # where the density is largest
    away = _truncated_normal(tensor.numel(), low, high, top, generator)
    return _filled_with(tensor, np.clip(min(max(mean, a), b) + std * away, a, b))


def _truncated_normal(
    n: int, low: float, high: float, top: float, generator: Generator | None
) -> np.ndarray:
    """n standard normal draws from [low, high] less `top`, by rejection: from the normal, or (where
    few of its draws are in there) from the uniform on that part of the interval that has all but
    e⁻⁴⁰ of the probability."""
    inside = (math.erf(high / math.sqrt(2)) - math.erf(low / math.sqrt(2))) / 2
    width = 80 / (math.hypot(top, math.sqrt(80)) + abs(top))
    left, right = max(low - top, -width), min(high - top, width)
    found, missing = np.empty(n), np.arange(n)
    while missing.size:
        if inside > 0.25:
            away = randn(missing.size, generator=generator, dtype=float64).numpy() - top
            good = (away >= low - top) & (away <= high - top)
        else:
            u, v = rand(2, missing.size, generator=generator, dtype=float64).numpy()
            away = left + (right - left) * u
            good = v < np.exp(-away * (2 * top + away) / 2)
        found[missing[good]] = away[good]
        missing = missing[~good]
    return found


def _filled_with(tensor: Tensor, values: np.ndarray) -> Tensor:
    with no_grad():
        return tensor.copy_(from_numpy(np.ascontiguousarray(values).reshape(tensor.shape)))


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


def xavier_uniform_(
    tensor: Tensor, gain: float = 1.0, generator: Generator | None = None
) -> Tensor:
    """Normalized initialization: uniform on ±gain·√(6 / (fan_in + fan_out)).

    Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural
    networks", AISTATS 2010, equation 16.

    Raises:
        ValueError: the tensor has fewer than two dimensions.
    """
    fan_in, fan_out = _calculate_fan_in_and_fan_out(tensor, "xavier_uniform_")
    bound = gain * math.sqrt(6 / max(1, fan_in + fan_out))
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Normalized initialization with a normal of standard deviation gain·√(2 / (fan_in + fan_out)).

    Source and errors as for `xavier_uniform_`.
    """
    fan_in, fan_out = _calculate_fan_in_and_fan_out(tensor, "xavier_normal_")
    return normal_(tensor, 0.0, gain * math.sqrt(2 / max(1, fan_in + fan_out)), generator)


def _kaiming_std(tensor: Tensor, a: float, mode: str, nonlinearity: str, name: str) -> float:
    one_of(f"{name}: mode", mode, ("fan_in", "fan_out"))
    fans = _calculate_fan_in_and_fan_out(tensor, name)
    return calculate_gain(nonlinearity, a) / math.sqrt(max(1, fans[mode == "fan_out"]))


def kaiming_uniform_(
    tensor: Tensor,
    a: float = 0.0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
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
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(
    tensor: Tensor,
    a: float = 0.0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:
    """He initialization with a normal of standard deviation gain / √fan.

    Source, arguments and errors as for `kaiming_uniform_`.
    """
    std = _kaiming_std(tensor, a, mode, nonlinearity, "kaiming_normal_")
    return normal_(tensor, 0.0, std, generator)


def eye_(tensor: Tensor) -> Tensor:
    """Fill a matrix with ones on the diagonal and zeros elsewhere.

    Raises:
        ValueError: the tensor has not two dimensions.
    """
    _require_matrix("eye_", tensor)
    return _filled_with(tensor, np.eye(tensor.shape[0], tensor.shape[1]))


def dirac_(tensor: Tensor, groups: int = 1) -> Tensor:
    """Fill a convolution's weight (out, in, *window) so that it hands its input on: in each group
    output i is input i, as far as there are inputs; outputs without input are 0.

    Raises:
        ValueError: the tensor has not 3 to 5 dimensions, or outputs that `groups` does not divide.
    """
    a_tensor("dirac_: tensor", tensor)
    shape = tensor.shape
    if not 3 <= len(shape) <= 5:
        raise ValueError(f"dirac_: tensor: expected 3 to 5 dimensions, got shape {shape}")
    if shape[0] % positive_int("dirac_: groups", groups):
        raise ValueError(f"dirac_: groups: expected a divisor of {shape[0]}, got {groups}")
    values, outputs = np.zeros((*shape[:2], math.prod(shape[2:]))), shape[0] // groups
    centre = np.ravel_multi_index([size // 2 for size in shape[2:]], shape[2:])
    for i in range(min(outputs, shape[1])):
        values[i::outputs, i, centre] = 1
    return _filled_with(tensor, values)


def orthogonal_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Fill with `gain` times a random matrix of orthonormal rows, or columns where there are fewer
    of these; more than two dimensions are taken as (out, the others).

    Saxe, McClelland & Ganguli, "Exact solutions to the nonlinear dynamics of learning in deep
    linear neural networks", ICLR 2014.  Uniform among all such matrices (Mezzadri, 2007).

    Raises:
        ValueError: the tensor has fewer than two dimensions.
    """
    a_tensor("orthogonal_: tensor", tensor)
    number("orthogonal_: gain", gain, -math.inf, math.inf)
    if len(tensor.shape) < 2:
        raise ValueError(
            f"orthogonal_: tensor: expected at least 2 dimensions, got shape {tensor.shape}"
        )
    if tensor.numel() == 0:
        return tensor
    rows = tensor.shape[0]
    columns = tensor.numel() // rows
    draws = randn(
        max(rows, columns), min(rows, columns), generator=generator, dtype=float64
    ).numpy()
    q, r = np.linalg.qr(draws)
    q = q * np.where(np.diag(r) < 0, -gain, gain)  # without the signs it would not be uniform
    return _filled_with(tensor, q if rows >= columns else q.T)


def sparse_(
    tensor: Tensor, sparsity: float, std: float = 0.01, generator: Generator | None = None
) -> Tensor:
    """Fill a matrix with normal draws, and in each column a share `sparsity` (rounded up) of the
    rows, at random, with zeros.

    Martens, "Deep learning via Hessian-free optimization", ICML 2010, section 5.

    Raises:
        ValueError: the tensor has not two dimensions, sparsity is outside of [0, 1], std below 0.
    """
    _require_matrix("sparse_", tensor)
    rows, columns = tensor.shape
    zeros = math.ceil(rows * number("sparse_: sparsity", sparsity, 0, 1))
    normal_(tensor, 0.0, std, generator)
    order = rand(rows, columns, generator=generator, dtype=float64).numpy().argsort(0)
    values = tensor.detach().numpy().copy()
    np.put_along_axis(values, order[:zeros], 0.0, 0)
    return _filled_with(tensor, values)


def _require_matrix(name: str, tensor: Tensor) -> None:
    if len(a_tensor(f"{name}: tensor", tensor).shape) != 2:
        raise ValueError(f"{name}: tensor: expected 2 dimensions, got shape {tensor.shape}")


explain_errors(globals(), __all__)
