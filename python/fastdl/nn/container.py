"""Containers of modules: Sequential, ModuleList, ModuleDict; what those of parameters share."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Generic, TypeVar, overload

from ..check import integer
from ..tensor import Tensor
from .module import MODULE, Module

T = TypeVar("T")
C = TypeVar("C", bound="_Held[Any]")
M = TypeVar("M", bound="_Modules")


class _Held(Module, Generic[T]):
    """Members of one kind, each with a name."""

    _kind = MODULE

    def _by_name(self) -> dict[str, T]:
        return dict(self._own(self._kind))

    def _checked(self, where: str, value: Any) -> Any:
        """`value` as a member; TypeError if it cannot be one."""
        if not isinstance(value, Module):
            raise TypeError(
                f"{type(self).__name__}: {where}: expected a Module, got {type(value).__name__}"
            )
        return value

    def _add(self, name: str, where: str, value: Any) -> None:
        self._register(name, self._kind, self._checked(where, value))

    def __len__(self) -> int:
        return len(self._own(self._kind))


class _Numbered(_Held[T]):
    """Members in an order, named "0", "1", … unless a mapping named them."""

    def _name_at(self, index: int) -> str:
        names = list(self._by_name())
        try:
            return names[operator.index(index)]
        except IndexError:
            raise IndexError(
                f"{type(self).__name__}: index: expected an int in "
                f"[{-len(names)}, {len(names) - 1}], got {index}"
            ) from None

    def __iter__(self) -> Iterator[T]:
        return iter(self._by_name().values())

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self: C, index: slice) -> C: ...
    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            return self._slice(index)
        return self._by_name()[self._name_at(index)]

    def _slice(self, index: slice) -> Any:
        cls: Any = type(self)
        return cls(list(self)[index])

    def __setitem__(self, index: int, value: T) -> None:
        self._add(self._name_at(index), f"[{index}]", value)

    def __delitem__(self, index: int | slice) -> None:
        """Take members out; numbered ones after them move up."""
        members = self._by_name()
        gone = list(members)[index] if isinstance(index, slice) else [self._name_at(index)]
        for name in members:
            if name.isdecimal() or name in gone:
                delattr(self, name)
        kept = [(name, member) for name, member in members.items() if name not in gone]
        for position, (name, member) in enumerate(kept):
            self._register(str(position) if name.isdecimal() else name, self._kind, member)

    def _append(self, where: str, value: Any) -> None:
        self._add(str(len(self)), where, value)

    def _extend(self, where: str, values: Any) -> None:
        """All of them, once every one is known to fit."""
        if not isinstance(values, Iterable) or isinstance(values, Tensor):
            raise TypeError(
                f"{type(self).__name__}: {where}: expected an iterable, got {type(values).__name__}"
            )
        for value in [self._checked(f"{where}[{i}]", v) for i, v in enumerate(values)]:
            self._append(where, value)


class _Modules(_Numbered[Module]):
    def append(self: M, module: Module) -> M:
        """Add `module` at the end; returns the container.

        Raises:
            TypeError: `module` is not a `Module`.
        """
        self._append("module", module)
        return self

    def extend(self: M, modules: Iterable[Module]) -> M:
        """Add all of `modules` at the end; returns the container.

        Raises:
            TypeError: `modules` is no iterable, or one of them no `Module`.
        """
        self._extend("modules", modules)
        return self


class Sequential(_Modules):
    """Applies its modules one after the other.

    ``Sequential(a, b)`` names them "0", "1"; ``Sequential({"first": a, "second": b})`` by the
    keys.  Slices are new containers of the same modules under the same names.

    Raises:
        TypeError: an argument is not a `Module`.
    """

    def __init__(self, *modules: Module | Mapping[str, Module]) -> None:
        super().__init__()
        if len(modules) == 1 and isinstance(modules[0], Mapping):
            for name, module in modules[0].items():
                self._add(name, name, module)
        else:
            self._extend("modules", modules)

    def forward(self, input: Any) -> Any:
        attributes = self.__dict__  # this is `for module in self`, without building a list
        for name, kind in self._kinds.items():
            if kind == MODULE:
                input = attributes[name](input)
        return input

    def _slice(self, index: slice) -> Any:
        return type(self)(dict(list(self._by_name().items())[index]))


class ModuleList(_Modules):
    """A list of modules; a forward loops over it.

    Raises:
        TypeError: an element is not a `Module`.
    """

    def __init__(self, modules: Iterable[Module] = ()) -> None:
        super().__init__()
        self.extend(modules)

    def insert(self, index: int, module: Module) -> None:
        """Put `module` before `index`, as list.insert does."""
        modules = list(self)
        modules.insert(integer("insert: index", index), module)
        self.append(module)  # checks it, and makes the last name
        for position, each in enumerate(modules):
            self.register_module(str(position), each)


class _Named(_Held[T]):
    """Members by name, in the order they were added."""

    def __getitem__(self, key: str) -> T:
        return self._by_name()[key]

    def __setitem__(self, key: str, value: T) -> None:
        self._add(key, str(key), value)

    def __delitem__(self, key: str) -> None:
        self[key]  # KeyError where it is not one of ours
        delattr(self, key)

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_name())

    def __reversed__(self) -> Iterator[str]:
        return reversed(self._by_name())

    def __contains__(self, key: object) -> bool:
        return key in self._by_name()

    def keys(self) -> Iterable[str]:
        """The names."""
        return self._by_name().keys()

    def values(self) -> Iterable[T]:
        """The members."""
        return self._by_name().values()

    def items(self) -> Iterable[tuple[str, T]]:
        """Pairs of name and member."""
        return self._by_name().items()

    def pop(self, key: str) -> T:
        """The member of that name, which is taken out; KeyError if there is none."""
        value = self[key]
        delattr(self, key)
        return value

    def clear(self) -> None:
        """Take all members out."""
        for key in list(self):
            delattr(self, key)

    def _update(self, where: str, members: Any) -> None:
        """Add those of a mapping, or of pairs of name and member, once every one is known to
        fit."""
        try:
            if isinstance(members, Tensor):  # of rows of two: pairs
                raise TypeError
            pairs = dict(members.items() if isinstance(members, Mapping | _Named) else members)
        except (TypeError, ValueError):
            raise TypeError(
                f"{type(self).__name__}: {where}: expected a mapping of names to {where}, "
                f"got {type(members).__name__}"
            ) from None
        for name, value in [(n, self._checked(str(n), v)) for n, v in pairs.items()]:
            self._add(name, str(name), value)


class ModuleDict(_Named[Module]):
    """A dictionary of modules, in the order they were added.

    Raises:
        TypeError: a value is not a `Module`.
        ValueError: a key is empty, holds a dot, or is an attribute of the class.
    """

    def __init__(self, modules: Mapping[str, Module] | None = None) -> None:
        super().__init__()
        self.update({} if modules is None else modules)

    def update(self, modules: Mapping[str, Module]) -> None:
        """Add `modules`, a mapping or pairs of name and module; equal names are replaced."""
        self._update("modules", modules)
