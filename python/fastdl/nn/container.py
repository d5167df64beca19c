"""Containers: Sequential, ModuleList, ModuleDict."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar, overload

from ..check import integer
from ..tensor import Tensor
from .module import MODULE, Module

C = TypeVar("C", bound="_Numbered")


class _Numbered(Module):
    """Submodules in an order, named "0", "1", … unless a mapping named them."""

    def _modules_by_name(self) -> dict[str, Module]:
        return dict(self._own(MODULE))

    def _name_at(self, index: int) -> str:
        names = list(self._modules_by_name())
        try:
            return names[operator.index(index)]
        except IndexError:
            raise IndexError(
                f"{type(self).__name__}: index: expected an int in "
                f"[{-len(names)}, {len(names) - 1}], got {index}"
            ) from None

    def __len__(self) -> int:
        return len(self._modules_by_name())

    def __iter__(self) -> Iterator[Module]:
        return iter(self._modules_by_name().values())

    @overload
    def __getitem__(self, index: int) -> Module: ...
    @overload
    def __getitem__(self: C, index: slice) -> C: ...
    def __getitem__(self, index: int | slice) -> Module:
        if isinstance(index, slice):
            return self._slice(index)
        return self._modules_by_name()[self._name_at(index)]

    def _slice(self, index: slice) -> Module:
        raise NotImplementedError

    def __setitem__(self, index: int, module: Module) -> None:
        self.register_module(self._name_at(index), module)

    def __delitem__(self, index: int | slice) -> None:
        """Take modules out; numbered ones after them move up."""
        modules = self._modules_by_name()
        gone = list(modules)[index] if isinstance(index, slice) else [self._name_at(index)]
        for name in modules:
            if name.isdecimal() or name in gone:
                delattr(self, name)
        kept = [(name, module) for name, module in modules.items() if name not in gone]
        for position, (name, module) in enumerate(kept):
            self.register_module(str(position) if name.isdecimal() else name, module)

    def append(self: C, module: Module) -> C:
        """Add `module` at the end; returns the container.

        Raises:
            TypeError: `module` is not a `Module`.
        """
        if not isinstance(module, Module):
            raise TypeError(
                f"{type(self).__name__}: module: expected a Module, got {type(module).__name__}"
            )
        self.register_module(str(len(self)), module)
        return self

    def extend(self: C, modules: Iterable[Module]) -> C:
        """Add all of `modules` at the end; returns the container.

        Raises:
            TypeError: `modules` is no iterable, or one of them no `Module`.
        """
        if not isinstance(modules, Iterable) or isinstance(modules, Tensor):
            raise TypeError(
                f"{type(self).__name__}: modules: expected an iterable of modules, "
                f"got {type(modules).__name__}"
            )
        listed = list(modules)
        for i, module in enumerate(listed):
            if not isinstance(module, Module):
                raise TypeError(
                    f"{type(self).__name__}: modules[{i}]: expected a Module, "
                    f"got {type(module).__name__}"
                )
        for module in listed:
            self.append(module)
        return self


class Sequential(_Numbered):
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
                if not isinstance(module, Module):
                    raise TypeError(
                        f"Sequential: {name}: expected a Module, got {type(module).__name__}"
                    )
                self.register_module(name, module)
        else:
            self.extend(modules)  # type: ignore[arg-type]  # append checks each

    def forward(self, input: Any) -> Any:
        attributes = self.__dict__  # this is `for module in self`, without building a list
        for name, kind in self._kinds.items():
            if kind == MODULE:
                input = attributes[name](input)
        return input

    def _slice(self, index: slice) -> Module:
        return type(self)(dict(list(self._modules_by_name().items())[index]))


class ModuleList(_Numbered):
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

    def _slice(self, index: slice) -> Module:
        return type(self)(list(self)[index])


class ModuleDict(Module):
    """A dictionary of modules, in the order they were added.

    Raises:
        TypeError: a value is not a `Module`.
        ValueError: a key is empty, holds a dot, or is an attribute of the class.
    """

    def __init__(self, modules: Mapping[str, Module] | None = None) -> None:
        super().__init__()
        modules = {} if modules is None else modules
        if not isinstance(modules, Mapping | ModuleDict):
            raise TypeError(
                f"ModuleDict: modules: expected a mapping of names to modules, "
                f"got {type(modules).__name__}"
            )
        for name, module in modules.items():
            self[name] = module

    def __getitem__(self, key: str) -> Module:
        return dict(self._own(MODULE))[key]

    def __setitem__(self, key: str, module: Module) -> None:
        if not isinstance(module, Module):
            raise TypeError(f"ModuleDict: {key}: expected a Module, got {type(module).__name__}")
        self.register_module(key, module)

    def __delitem__(self, key: str) -> None:
        self[key]  # KeyError where it is not one of ours
        delattr(self, key)

    def __len__(self) -> int:
        return len(self._own(MODULE))

    def __iter__(self) -> Iterator[str]:
        return iter(dict(self._own(MODULE)))

    def __contains__(self, key: object) -> bool:
        return key in dict(self._own(MODULE))

    def keys(self) -> Iterable[str]:
        """The names."""
        return dict(self._own(MODULE)).keys()

    def values(self) -> Iterable[Module]:
        """The modules."""
        return dict(self._own(MODULE)).values()

    def items(self) -> Iterable[tuple[str, Module]]:
        """Pairs of name and module."""
        return dict(self._own(MODULE)).items()
