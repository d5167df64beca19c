"""Parameter: a tensor that a module trains; Buffer: one that it only keeps."""

from __future__ import annotations

from typing import Any

from .._C import TensorBase
from ..check import switch
from ..tensor import Tensor
from . import structure

_requires_grad: Any = vars(TensorBase)["requires_grad"]
_get_requires_grad, _set_requires_grad = _requires_grad.__get__, _requires_grad.__set__


class Parameter(Tensor):
    """A leaf tensor that registers itself when assigned to a `Module`'s attribute.

    Args:
        data: the initial value; its memory is shared, its history is not.
        requires_grad: whether gradients are computed for it.

    Raises:
        TypeError: `data` is not a `Tensor`, or is to require gradients and is not floating point.
    """

    def __new__(cls, data: Tensor, requires_grad: bool = True) -> Parameter:
        if not isinstance(data, Tensor):
            raise TypeError(f"Parameter: data: expected a Tensor, got {type(data).__name__}")
        self: Any = super().__new__(cls, data)
        if requires_grad is not False and switch("Parameter: requires_grad", requires_grad):
            _set_requires_grad(self, True)
        return self

    def __init__(self, data: Tensor, requires_grad: bool = True) -> None:
        pass

    def _change_requires_grad(self, requires_grad: bool) -> None:
        if requires_grad != _get_requires_grad(self):
            _set_requires_grad(self, requires_grad)
            structure.changed()

    requires_grad = property(  # reading it stays C code
        _get_requires_grad, _change_requires_grad, doc="Whether gradients flow to this parameter."
    )

    def __repr__(self) -> str:
        return f"Parameter containing:\n{super().__repr__()}"


class Buffer(Tensor):
    """A tensor that registers itself as a buffer when assigned to a `Module`'s attribute, as
    `Module.register_buffer` does.

    Args:
        data: the value; its memory is shared, its history is not.
        persistent: whether `state_dict` holds it.

    Raises:
        TypeError: `data` is not a `Tensor`, or persistent is not a bool.
    """

    persistent: bool

    def __new__(cls, data: Tensor, *, persistent: bool = True) -> Buffer:
        if not isinstance(data, Tensor):
            raise TypeError(f"Buffer: data: expected a Tensor, got {type(data).__name__}")
        self: Any = super().__new__(cls, data)
        self.persistent = switch("Buffer: persistent", persistent)
        return self

    def __init__(self, data: Tensor, *, persistent: bool = True) -> None:
        pass

    def __deepcopy__(self, memo: dict[Any, Any]) -> Buffer:
        copy: Any = super().__deepcopy__(memo)
        copy.persistent = self.persistent
        return copy

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored_buffer, (self.detach(), self.persistent)

    def __repr__(self) -> str:
        return f"Buffer containing:\n{super().__repr__()}"


def _restored_buffer(data: Tensor, persistent: bool) -> Buffer:
    return Buffer(data, persistent=persistent)
