"""Functions of each element: exp, tanh, sigmoid, gelu (the exact one, by erf)."""

from __future__ import annotations

from typing import Any

from .forward import forward


def _numpy_sigmoid(np: Any) -> Any:
    return lambda x: 1 / (1 + np.exp(-x))


def _scipy_gelu(scipy: Any) -> Any:
    return lambda x: x * scipy.special.ndtr(x)


OPS = [
    forward(
        "exp",
        {
            "fastdl": lambda fd: fd.exp,
            "numpy": lambda np: np.exp,
            "torch": lambda torch: torch.exp,
            "jax": lambda jax: jax.numpy.exp,
            "mlx": lambda mlx: mlx.core.exp,
        },
    ),
    forward(
        "tanh",
        {
            "fastdl": lambda fd: fd.tanh,
            "numpy": lambda np: np.tanh,
            "torch": lambda torch: torch.tanh,
            "jax": lambda jax: jax.numpy.tanh,
            "mlx": lambda mlx: mlx.core.tanh,
        },
    ),
    forward(
        "sigmoid",
        {
            "fastdl": lambda fd: fd.sigmoid,
            "numpy": _numpy_sigmoid,
            "scipy": lambda scipy: scipy.special.expit,
            "torch": lambda torch: torch.sigmoid,
            "jax": lambda jax: jax.nn.sigmoid,
            "mlx": lambda mlx: mlx.core.sigmoid,
        },
    ),
    forward(
        "gelu",
        {
            "fastdl": lambda fd: fd.nn.functional.gelu,
            "scipy": _scipy_gelu,
            "torch": lambda torch: torch.nn.functional.gelu,
            "jax": lambda jax: lambda x: jax.nn.gelu(x, approximate=False),
            "mlx": lambda mlx: mlx.nn.gelu,
        },
    ),
]
