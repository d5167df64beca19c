"""The libraries that are compared: loaded when first asked for, each used as its users do."""

from __future__ import annotations

import importlib.metadata
import os
from collections.abc import Callable
from typing import Any

import numpy as np


class Library:
    """A library under its name; its module is `lib.module`."""

    name = "numpy"
    distribution = "numpy"

    def __init__(self, threads: int) -> None:
        self.threads = threads
        self.module = self._load()

    def _load(self) -> Any:
        return np

    def array(self, x: np.ndarray) -> Any:
        """An array of the library's own with these values."""
        return x.copy()

    def function(self, f: Callable[..., Any]) -> Callable[..., Any]:
        """`f` in the form that users run it in, returning when the result is there."""
        return f

    def version(self) -> str:
        return importlib.metadata.version(self.distribution)


class SciPy(Library):
    name = distribution = "scipy"

    def _load(self) -> Any:
        import scipy.special

        return scipy


class Fastdl(Library):
    name = "fastdl"

    def _load(self) -> Any:
        import fastdl

        return fastdl

    def array(self, x: np.ndarray) -> Any:
        return self.module.tensor(x)

    def version(self) -> str:
        return self.module.__version__


class Torch(Library):
    name = distribution = "torch"

    def _load(self) -> Any:
        import torch

        torch.set_num_threads(self.threads)
        torch.set_num_interop_threads(1)
        return torch

    def array(self, x: np.ndarray) -> Any:
        return self.module.tensor(x)

    def compiled(self, f: Callable[..., Any]) -> Callable[..., Any]:
        """`f` by torch.compile, for its shapes alone."""
        return self.module.compile(f, dynamic=False)

    def version(self) -> str:
        return self.module.__version__


class Jax(Library):
    """Functions are compiled by jax.jit; a call blocks until the result is ready."""

    name = distribution = "jax"

    def _load(self) -> Any:
        import jax

        return jax

    def array(self, x: np.ndarray) -> Any:
        return self.module.numpy.array(x)

    def function(self, f: Callable[..., Any], **options: Any) -> Callable[..., Any]:
        compiled, block = self.module.jit(f, **options), self.module.block_until_ready
        return lambda *arguments: block(compiled(*arguments))


class Mlx(Library):
    """On the CPU; a call evaluates its result."""

    name = distribution = "mlx"

    def _load(self) -> Any:
        import mlx.core
        import mlx.nn
        import mlx.optimizers

        mlx.core.set_default_device(mlx.core.cpu)
        return mlx

    def array(self, x: np.ndarray) -> Any:
        return self.module.core.array(x)

    def function(self, f: Callable[..., Any]) -> Callable[..., Any]:
        evaluate = self.module.core.eval

        def call(*arguments: Any) -> Any:
            result = f(*arguments)
            evaluate(result)
            return result

        return call


LIBRARIES: dict[str, type[Library]] = {
    kind.name: kind for kind in (Fastdl, Library, SciPy, Torch, Jax, Mlx)
}


def child_environment(threads: int, huge_pages: bool) -> dict[str, str]:
    """The environment of a measuring process: nothing that steers a library but what is set here.

    The process is also tied to `threads` cores before it starts, which every library respects.
    """
    steering = ("OPENBLAS_", "OMP_", "GOMP_", "MKL_", "KMP_", "THP_", "XLA_")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(steering)}
    one = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    return {
        **kept,
        "FASTDL_NUM_THREADS": str(threads),
        "OMP_NUM_THREADS": str(threads),
        "JAX_PLATFORMS": "cpu",
        **({"XLA_FLAGS": one} if threads == 1 else {}),
        **({"THP_MEM_ALLOC_ENABLE": "1"} if huge_pages else {}),
    }


def as_numpy(result: Any) -> list[np.ndarray]:
    """The arrays of a result of any library."""
    if isinstance(result, tuple | list):
        return [x for part in result for x in as_numpy(part)]
    return [np.asarray(result.detach() if hasattr(result, "detach") else result)]
