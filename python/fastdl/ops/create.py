"""New tensors: from shapes and values, and from NumPy."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

from .. import _C, check
from ..device import device as _device
from ..dtypes import DType, as_dtype
from ..explain import describe
from ..lazy import numpy as np
from ..tensor import Tensor


def _shape(op: str, sizes: tuple[Any, ...]) -> Sequence[int]:
    """The shape in `zeros(2, 3)` or `zeros((2, 3))`."""
    shape = sizes[0] if len(sizes) == 1 and isinstance(sizes[0], tuple | list) else sizes
    try:
        return tuple(map(operator.index, shape))
    except (TypeError, ValueError):
        got = ", ".join(map(describe, shape))
        raise TypeError(f"{op}: shape: expected ints, got {got}") from None


def _finish(out: Tensor, requires_grad: bool, device: Any) -> Tensor:
    if device is not None:
        _device(device)
    if requires_grad is not False and check.switch("requires_grad", requires_grad):
        out.requires_grad = True
    return out


def empty(
    *size: int | Sequence[int], dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """A tensor of undefined values (float32 unless `dtype` says otherwise)."""
    wanted = _C.DType.float32 if dtype is None else as_dtype(dtype)
    return _finish(_C.empty(_shape("empty", size), wanted), requires_grad, device)


def full(
    size: Sequence[int],
    fill_value: float,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """A tensor of one value, whose Python type gives the dtype unless `dtype` does."""
    if not isinstance(size, tuple | list):
        raise TypeError(f"full: size: expected a tuple of ints, got {type(size).__name__}")
    kind = {bool: _C.DType.bool, int: _C.DType.int64}.get(type(fill_value), _C.DType.float32)
    wanted = kind if dtype is None else as_dtype(dtype)
    out = _C.full(_shape("full", (tuple(size),)), fill_value, wanted)
    return _finish(out, requires_grad, device)


def zeros(
    *size: int | Sequence[int], dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """A tensor of zeros: `zeros(2, 3)` or `zeros((2, 3))`."""
    shape = _shape("zeros", size)
    return full(shape, 0.0, dtype=dtype, device=device, requires_grad=requires_grad)


def ones(
    *size: int | Sequence[int], dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """A tensor of ones."""
    shape = _shape("ones", size)
    return full(shape, 1.0, dtype=dtype, device=device, requires_grad=requires_grad)


def empty_like(
    input: Tensor, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """`empty` with the shape, and unless given the dtype, of `input`."""
    return empty(
        input.shape, dtype=dtype or input.dtype, device=device, requires_grad=requires_grad
    )


def full_like(
    input: Tensor,
    fill_value: float,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """`full` with the shape, and unless given the dtype, of `input`."""
    wanted = input.dtype if dtype is None else dtype
    return full(input.shape, fill_value, dtype=wanted, device=device, requires_grad=requires_grad)


def zeros_like(
    input: Tensor, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """`zeros` with the shape, and unless given the dtype, of `input`."""
    return full_like(input, 0.0, dtype=dtype, device=device, requires_grad=requires_grad)


def ones_like(
    input: Tensor, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """`ones` with the shape, and unless given the dtype, of `input`."""
    return full_like(input, 1.0, dtype=dtype, device=device, requires_grad=requires_grad)


def arange(
    start: float,
    end: float | None = None,
    step: float = 1,
    *,
    dtype: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """start, start + step, ... up to and without end: int64 for ints, else float32."""
    if end is None:
        start, end = 0, start
    whole = all(isinstance(x, int) for x in (start, end, step))
    wanted = (_C.DType.int64 if whole else _C.DType.float32) if dtype is None else as_dtype(dtype)
    if step == 0:
        raise ValueError("arange: step: expected a number other than 0, got 0")
    values = np.arange(start, end, step).astype(_numpy_name(wanted))
    return _finish(_C.from_numpy(values), requires_grad, device)


def _numpy_name(dtype: DType) -> str:
    return dtype.name


def tensor(
    data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """A copy of `data` (numbers, nested sequences, arrays, tensors) as a tensor.

    Without `dtype`, Python floats give float32, ints int64, bools bool; arrays keep theirs.

    Raises:
        TypeError: data has no dtype of ours. ValueError: it is ragged, or ints do not fit `dtype`.
    """
    if isinstance(data, Tensor):
        out = _C.clone(data)
        return _finish(out if dtype is None else out.to(dtype), requires_grad, device)
    keeps = isinstance(data, np.ndarray | np.generic)
    try:
        array = np.array(_without_tensors(data), order="C")
    except ValueError as error:
        raise ValueError(f"tensor: data: expected a regular shape; {error}") from None
    if dtype is not None:
        given, array = array, _astype(array, as_dtype(dtype))
        if not keeps and given.dtype.kind in "iu" and array.dtype.kind in "iu":
            wrong = given[given != array]
            if wrong.size:
                raise ValueError(
                    f"tensor: data: expected numbers that {array.dtype} holds, got {wrong[0]}"
                )
    elif not keeps and (array.dtype == np.float64 or array.size == 0):
        array = array.astype(np.float32)
    return _finish(_C.from_numpy(_known("tensor", array)), requires_grad, device)


def _without_tensors(data: Any) -> Any:
    if isinstance(data, list | tuple):
        return [_without_tensors(x) for x in data]
    return data.detach().numpy() if isinstance(data, Tensor) else data


def _astype(array: np.ndarray, dtype: DType) -> np.ndarray:
    return array.astype(_numpy_name(dtype), copy=False)


def _known(op: str, array: np.ndarray) -> np.ndarray:
    if array.dtype.name in DType.__members__ and array.dtype.isnative:
        return array
    if array.dtype.name in DType.__members__:
        return array.astype(array.dtype.newbyteorder("="))
    known = ", ".join(DType.__members__)
    raise TypeError(f"{op}: data: expected one of {known}, got {array.dtype}")


def as_tensor(data: Any, dtype: Any = None, device: Any = None) -> Tensor:
    """`data` as a tensor, sharing the memory of tensors and of arrays that `from_numpy` takes."""
    if isinstance(data, Tensor):
        return _finish(data if dtype is None else data.to(dtype), False, device)
    if isinstance(data, np.ndarray):
        try:
            out = from_numpy(data)
        except (TypeError, ValueError):  # its memory cannot be shared
            out = tensor(data)
        return _finish(out if dtype is None else out.to(dtype), False, device)
    return tensor(data, dtype=dtype, device=device)


def from_dlpack(ext_tensor: Any, *, device: Any = None, copy: bool | None = None) -> Tensor:
    """A tensor over the memory of another library's array (`__dlpack__`), by NumPy.

    Args:
        copy: True: always a copy; False: never; None: only of memory that is read-only, such as
            JAX's.

    Raises:
        TypeError: ext_tensor has no `__dlpack__`, or a dtype not known here.
        ValueError: its memory is read-only and must not be copied.
    """
    if not hasattr(ext_tensor, "__dlpack__"):
        kind = type(ext_tensor).__name__
        raise TypeError(f"from_dlpack: ext_tensor: expected an object with __dlpack__, got {kind}")
    array = np.from_dlpack(ext_tensor)
    if copy or (copy is None and not array.flags.writeable):
        array = array.copy()
    if not array.flags.writeable:
        raise ValueError("from_dlpack: copy: expected True or None for read-only memory, got False")
    return _finish(_C.from_numpy(array), False, device)


def from_numpy(array: np.ndarray) -> Tensor:
    """A tensor over the memory of `array`: changes of one are seen in the other.

    Raises:
        TypeError: array is no NumPy array or of a dtype not known here.
        ValueError: its memory is read-only, misaligned or strided backwards.
    """
    if not isinstance(array, np.ndarray):
        raise TypeError(f"from_numpy: array: expected a numpy.ndarray, got {type(array).__name__}")
    return _C.from_numpy(array)
