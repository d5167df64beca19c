"""Containers of parameters: ParameterList, ParameterDict."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from ..check import float_tensor
from ..tensor import Tensor
from .container import _Held, _Named, _Numbered
from .module import PARAMETER
from .parameter import Parameter

L = TypeVar("L", bound="ParameterList")


class _Parameters(_Held[Parameter]):
    """A Tensor that is put in becomes a `Parameter`."""

    _kind = PARAMETER

    def _checked(self, where: str, value: Any) -> Any:
        if not isinstance(value, Tensor):
            raise TypeError(
                f"{type(self).__name__}: {where}: expected a Tensor, got {type(value).__name__}"
            )
        if isinstance(value, Parameter):
            return value
        return Parameter(float_tensor(f"{type(self).__name__}: {where}", value))

    def extra_repr(self) -> str:
        return "\n".join(
            [f"({name}): {p.dtype.name} of shape {p.shape}" for name, p in self._by_name().items()]
        )


class ParameterList(_Parameters, _Numbered[Parameter]):
    """A list of parameters, registered as "0", "1", …; a forward indexes it or loops over it.

    Args:
        values: parameters, or tensors, of which parameters are made over the same memory.  (Values
            of other kinds, which PyTorch keeps, are refused.)

    Raises:
        TypeError: a value is no `Tensor`, or not of floats.
    """

    def __init__(self, values: Iterable[Tensor] | None = None) -> None:
        super().__init__()
        self.extend(() if values is None else values)

    def append(self: L, value: Tensor) -> L:
        """Add `value` at the end; returns the list."""
        self._append("value", value)
        return self

    def extend(self: L, values: Iterable[Tensor]) -> L:
        """Add all of `values` at the end; returns the list."""
        self._extend("values", values)
        return self

    def __iadd__(self: L, values: Iterable[Tensor]) -> L:
        return self.extend(values)


class ParameterDict(_Parameters, _Named[Parameter]):
    """A dictionary of parameters, in the order they were added.

    Args:
        parameters: a mapping of names to parameters, or to tensors, of which parameters are made
            over the same memory; or pairs of them.  (Values of other kinds, which PyTorch keeps,
            are refused.)

    Raises:
        TypeError: a value is no `Tensor`, or not of floats.
        ValueError: a key is empty, holds a dot, or is an attribute of the class.
    """

    def __init__(self, parameters: Mapping[str, Tensor] | None = None) -> None:
        super().__init__()
        self.update({} if parameters is None else parameters)

    def update(self, parameters: Mapping[str, Tensor]) -> None:
        """Add `parameters`, a mapping or pairs of name and parameter; equal names are replaced."""
        self._update("parameters", parameters)

    def get(self, key: str, default: Any = None) -> Any:
        """The parameter of that name, or `default`."""
        return self._by_name().get(key, default)

    def setdefault(self, key: str, default: Tensor) -> Parameter:
        """The parameter of that name, which is `default` if there was none."""
        if key not in self:
            self._add(key, "default", default)
        return self[key]
