"""The tensor: a C-level array with its place in the recorded computation.

Methods that are plain ops (`x.exp()`, `x.add(y)`, ...) are attached by `fastdl.ops` from the list
of ops that the kernels are built from (csrc/ops.def), and known to type checkers from _public.pyi;
what stands here is the rest.
"""

from __future__ import annotations

import builtins
import weakref
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, overload

from . import _C, autograd
from .device import cpu as _cpu, device as _device
from .dtypes import as_dtype
from .hooks import RemovableHandle
from .lazy import numpy as np

if TYPE_CHECKING:
    from ._public import _Methods

    class _Base(_C.TensorBase, _Methods): ...
else:
    _Base = _C.TensorBase


class Tensor(_Base):
    """An n-dimensional array of one dtype, as in PyTorch.

    `Tensor(data)` is float32 (PyTorch's legacy constructor); `fastdl.tensor(data)` infers it.
    """

    __slots__ = ("__dict__",)
    grad: Tensor | None

    def __new__(cls, data: Any = ()) -> Tensor:
        if not isinstance(data, Tensor):
            from .ops.create import tensor

            data = tensor(data, dtype=_C.DType.float32)
        return super().__new__(cls, data)

    # ---- what it is ----------------------------------------------------------------------------

    @property
    def device(self) -> _device:
        return _cpu

    @property
    def data(self) -> Tensor:
        """The same memory without history; in-place changes of it are still counted."""
        return self._alias()

    @data.setter
    def data(self, other: Tensor) -> None:
        self._set_data(other)

    @property
    def T(self) -> Tensor:
        """The dimensions in reverse order."""
        return self.permute(tuple(range(self.ndim))[::-1])

    @property
    def mT(self) -> Tensor:
        """The last two dimensions exchanged."""
        return self.transpose(-2, -1)

    @property
    def grad_fn(self) -> autograd.Node | None:
        edge = autograd._edge(self)
        return edge[0] if type(edge) is tuple else None

    @overload
    def size(self, dim: None = None) -> tuple[builtins.int, ...]: ...
    @overload
    def size(self, dim: builtins.int) -> builtins.int: ...
    def size(self, dim: int | None = None) -> Any:
        return self.shape if dim is None else _at("size", self.shape, dim)

    @overload
    def stride(self, dim: None = None) -> tuple[builtins.int, ...]: ...
    @overload
    def stride(self, dim: builtins.int) -> builtins.int: ...
    def stride(self, dim: int | None = None) -> Any:
        """Steps between neighbours, in elements."""
        strides = _C.strides(self)
        return strides if dim is None else _at("stride", strides, dim)

    def dim(self) -> int:
        return self.ndim

    def numel(self) -> int:
        return _C.numel(self)

    def element_size(self) -> int:
        return self.dtype.itemsize

    def is_contiguous(self) -> bool:
        return _C.is_contiguous(self)

    def is_floating_point(self) -> bool:
        return self.dtype.is_floating_point

    def data_ptr(self) -> int:
        return _C.data_ptr(self)

    # ---- to other types and to Python ----------------------------------------------------------

    def to(self, *args: Any, dtype: Any = None, device: Any = None, copy: bool = False) -> Tensor:
        """`to(dtype)`, `to(device)`, `to(device, dtype)`, `to(other_tensor)`."""
        for arg in args:
            if isinstance(arg, Tensor):
                dtype = arg.dtype
            elif isinstance(arg, str | _device) and not _names_dtype(arg):
                device = arg
            elif arg is not None:
                dtype = arg
        if device is not None:
            _device(device)
        out = self if dtype is None else self.cast(as_dtype(dtype))
        if copy is False:
            return out
        from .check import switch

        return out.clone() if switch("to: copy", copy) and out is self else out

    def type(self, dtype: Any) -> Tensor:
        return self.cast(dtype)

    def type_as(self, other: Tensor) -> Tensor:
        from .check import tensor

        return self.cast(tensor("type_as: other", other).dtype)

    def cpu(self) -> Tensor:
        return self

    def float(self) -> Tensor:
        return self.to(_C.DType.float32)

    def double(self) -> Tensor:
        return self.to(_C.DType.float64)

    def long(self) -> Tensor:
        return self.to(_C.DType.int64)

    def int(self) -> Tensor:
        return self.to(_C.DType.int32)

    def bool(self) -> Tensor:
        return self.to(_C.DType.bool)

    def numpy(self) -> np.ndarray:
        """A NumPy array over the same memory.

        Raises:
            RuntimeError: the tensor requires grad; use `detach().numpy()`.
        """
        if self.requires_grad:
            raise RuntimeError("numpy: the tensor requires grad; use detach().numpy()")
        return _C.numpy(self)

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        array = self.numpy()
        if dtype is not None and array.dtype != dtype:
            return array.astype(dtype)
        return array.copy() if copy else array

    @property
    def __array_interface__(self) -> dict[str, Any]:
        return self.numpy().__array_interface__

    def __dlpack__(self, **options: Any) -> Any:
        """A DLPack capsule over the same memory, by NumPy.

        Raises:
            BufferError: the tensor requires grad; use `detach()`.
        """
        if self.requires_grad:
            raise BufferError("__dlpack__: the tensor requires grad; use detach()")
        return self.numpy().__dlpack__(**options)

    def __dlpack_device__(self) -> tuple[Any, Any]:
        return 1, 0  # kDLCPU

    def item(self) -> Any:
        """The one element, as a Python number."""
        return _C.item(self)

    def tolist(self) -> Any:
        return _C.numpy(self).tolist()

    def __float__(self) -> builtins.float:
        return float(_C.item(self))

    def __int__(self) -> builtins.int:
        return int(_C.item(self))

    def __bool__(self) -> builtins.bool:
        return bool(_C.item(self))

    def __index__(self) -> builtins.int:
        value = _C.item(self)
        if isinstance(value, float):
            raise TypeError(f"__index__: expected an integer tensor, got {self.dtype.name}")
        return int(value)

    def __iter__(self) -> Iterator[Tensor]:
        if self.ndim == 0:
            raise TypeError("iteration over a 0-d tensor")
        return (self[i] for i in range(self.shape[0]))

    def __contains__(self, value: Any) -> builtins.bool:
        return bool(_C.numpy(_C.eq(self, value)).any())

    def __repr__(self) -> str:
        values = np.array2string(_C.numpy(self), separator=", ", prefix="tensor(", precision=4)
        inferred = (_C.DType.float32, _C.DType.int64, _C.DType.bool)
        dtype = "" if self.dtype in inferred else f", dtype={self.dtype.name}"
        if self.numel() == 0:
            dtype = f", shape={self.shape}" + dtype
        history = f", grad_fn={self.grad_fn}" if self.grad_fn else ", requires_grad=True"
        return f"tensor({values}{dtype}{history if self.requires_grad else ''})"

    def __format__(self, spec: str) -> str:
        return format(self.item(), spec) if spec and self.ndim == 0 else str(self)

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (type(self), _C.numpy(self), self.requires_grad)

    def __deepcopy__(self, memo: dict[Any, Any]) -> Tensor:
        if not self.is_leaf:
            raise RuntimeError("deepcopy: only leaf tensors can be copied; use detach()")
        copy = type(self)(self._alias().clone())
        copy.requires_grad = self.requires_grad
        if self.grad is not None:
            copy.grad = self.grad._alias().clone()
        memo[id(self)] = copy
        return copy

    # ---- gradients -----------------------------------------------------------------------------

    def backward(
        self,
        gradient: Tensor | None = None,
        retain_graph: Any = None,
        create_graph: Any = False,
    ) -> None:
        """`fastdl.autograd.backward` of this tensor."""
        if create_graph is not False:
            from .check import switch

            create_graph = switch("backward: create_graph", create_graph)
        autograd.backward(self, gradient, retain_graph, create_graph)

    def detach(self) -> Tensor:
        """The same memory without history."""
        return self._alias()

    def detach_(self) -> Tensor:
        self._set_history(None, 0)
        self._base = self._view = None
        return self

    def requires_grad_(self, requires_grad: Any = True) -> Tensor:
        from .check import switch

        self.requires_grad = switch("requires_grad_: requires_grad", requires_grad)
        return self

    def retain_grad(self) -> None:
        """Keeps `.grad` of a tensor that is no leaf."""
        if self.grad_fn is None:
            return

        this = weakref.ref(self)  # the graph holds the hook: a reference would be a cycle

        def keep(g: Tensor) -> None:
            x = this()
            if x is not None:
                x.grad = g._alias().clone() if x.grad is None else x.grad + g

        self.register_hook(keep)

    def register_hook(self, hook: Callable[[Tensor], Tensor | None]) -> RemovableHandle:
        """Calls `hook` with the gradient of this tensor; what it returns, if anything, replaces it.

        Raises:
            RuntimeError: the tensor does not require grad.
        """
        if not self.requires_grad:
            raise RuntimeError("register_hook: the tensor does not require grad")
        node = self.grad_fn
        if node is None:
            _C.structure_changed()
            if self._hooks is None:
                self._hooks = {}
            return RemovableHandle(self._hooks, hook)
        if node.hooks is None:
            node.hooks = {}
        return RemovableHandle(node.hooks.setdefault(self._index, {}), hook)

    # ---- indexing ------------------------------------------------------------------------------

    def __getitem__(self, key: Any) -> Tensor:
        from .ops.index import getitem

        return getitem(self, key)

    def __setitem__(self, key: Any, value: Any) -> None:
        from .ops.index import setitem

        setitem(self, key, value)

    def where(self, condition: Tensor, other: Any) -> Tensor:
        """`fastdl.where(condition, self, other)`."""
        from .ops.where import where

        return where(condition, self, other)

    # ---- operators -----------------------------------------------------------------------------

    __hash__ = object.__hash__
    __array_priority__ = 1000  # NumPy leaves `array * tensor` to us

    def __pos__(self) -> Tensor:
        return self


def is_tensor(obj: Any) -> builtins.bool:
    """Whether `obj` is a Tensor."""
    return isinstance(obj, Tensor)


def numel(input: Tensor) -> builtins.int:
    """How many elements `input` has."""
    from .check import tensor

    return tensor("numel: input", input).numel()


def _at(op: str, values: tuple[builtins.int, ...], dim: Any) -> builtins.int:
    try:
        return values[dim]
    except (TypeError, ValueError, IndexError) as error:
        from .explain import describe

        kind = IndexError if isinstance(error, IndexError) else TypeError
        n = len(values)
        raise kind(f"{op}: dim: expected one of {n} dimensions, got {describe(dim)}") from None


def _names_dtype(name: Any) -> bool:
    return isinstance(name, str) and name in _C.DType.__members__


def _restore(cls: type[Tensor], array: np.ndarray, requires_grad: bool) -> Tensor:
    from .ops.create import from_numpy

    out = super(Tensor, cls).__new__(cls, from_numpy(array))
    out.requires_grad = requires_grad
    return out


_C.set_tensor_class(Tensor)
