"""softmax, log_softmax and logsumexp over the last dimension."""

from __future__ import annotations

from typing import Any

from ..op import passes
from .forward import forward


def _numpy_softmax(np: Any) -> Any:
    def softmax(x: Any) -> Any:
        y = np.exp(x - x.max(-1, keepdims=True))
        y /= y.sum(-1, keepdims=True)
        return y

    return softmax


def _numpy_log_softmax(np: Any) -> Any:
    def log_softmax(x: Any) -> Any:
        y = x - x.max(-1, keepdims=True)
        y -= np.log(np.exp(y).sum(-1, keepdims=True))
        return y

    return log_softmax


def _numpy_logsumexp(np: Any) -> Any:
    def logsumexp(x: Any) -> Any:
        top = x.max(-1)
        return np.log(np.exp(x - top[..., None]).sum(-1)) + top

    return logsumexp


OPS = [
    forward(
        "softmax",
        {
            "fastdl": lambda fd: lambda x: fd.softmax(x, -1),
            "numpy": _numpy_softmax,
            "scipy": lambda scipy: lambda x: scipy.special.softmax(x, -1),
            "torch": lambda torch: lambda x: torch.softmax(x, -1),
            "jax": lambda jax: lambda x: jax.nn.softmax(x, -1),
            "mlx": lambda mlx: lambda x: mlx.core.softmax(x, -1),
        },
    ),
    forward(
        "log_softmax",
        {
            "fastdl": lambda fd: lambda x: fd.log_softmax(x, -1),
            "numpy": _numpy_log_softmax,
            "scipy": lambda scipy: lambda x: scipy.special.log_softmax(x, -1),
            "torch": lambda torch: lambda x: torch.log_softmax(x, -1),
            "jax": lambda jax: lambda x: jax.nn.log_softmax(x, -1),
            "mlx": lambda mlx: lambda x: mlx.nn.log_softmax(x, -1),
        },
    ),
    forward(
        "logsumexp",
        {
            "fastdl": lambda fd: lambda x: fd.logsumexp(x, -1),
            "numpy": _numpy_logsumexp,
            "scipy": lambda scipy: lambda x: scipy.special.logsumexp(x, -1),
            "torch": lambda torch: lambda x: torch.logsumexp(x, -1),
            "jax": lambda jax: lambda x: jax.nn.logsumexp(x, -1),
            "mlx": lambda mlx: lambda x: mlx.core.logsumexp(x, -1),
        },
        work=passes(1, 1),  # what is written is one number per row
    ),
]
