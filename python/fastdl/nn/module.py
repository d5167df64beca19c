"""Module: the base class of every layer and model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, TypeVar

from .. import check
from ..capture import refuse_if_capturing
from ..device import device as device_class
from ..dtypes import as_dtype, float32, float64
from ..explain import describe
from ..grad_mode import no_grad
from ..tensor import Tensor
from . import structure
from .hooks import ModuleHookHandle
from .parameter import Buffer, Parameter
from .summary import summary

M = TypeVar("M", bound="Module")

# Parameters, buffers and submodules are ordinary instance attributes, so reading ``self.weight``
# costs what it costs in any Python object.  `_kinds` says which attributes they are, in the order
# of registration, and every listing is derived from it: there is no second copy to keep in step.
PARAMETER, BUFFER, TRANSIENT, MODULE = "parameter", "buffer", "transient buffer", "module"
# A change of another attribute counts as one of structure if it is a switch or a rate, such as
# Dropout's p, but not if it is a counter or a note.
_SETTINGS = (bool, float)


class StateDictError(ValueError, RuntimeError):
    """A state_dict does not fit; PyTorch raises RuntimeError for what is a wrong value."""


class LoadResult(NamedTuple):
    """What `Module.load_state_dict` found; both are empty after a strict load."""

    missing_keys: list[str]
    unexpected_keys: list[str]


class Module:
    """Base class of layers and models, used as `torch.nn.Module` is.

    A subclass calls ``super().__init__()`` first, then assigns `Parameter`, `Buffer` and `Module`
    objects to attributes, which registers them, and defines ``forward``.

    Attributes:
        training: True in training mode, False in evaluation mode; set by `train` and `eval`.
    """

    training: bool
    _kinds: dict[str, str]
    _forward_pre_hooks: dict[object, Callable[..., Any]]
    _forward_hooks: dict[object, Callable[..., Any]]

    def __init__(self) -> None:
        attributes = self.__dict__
        attributes["_kinds"] = {}
        attributes["_forward_pre_hooks"] = {}
        attributes["_forward_hooks"] = {}
        attributes["training"] = True

    # ---- calling ----

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Compute the output; every subclass defines it.  Call the module, not this method."""
        raise NotImplementedError(f"{type(self).__name__}: forward is not defined")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if not (self._forward_pre_hooks or self._forward_hooks):
            return self.forward(*args, **kwargs)
        for hook in list(self._forward_pre_hooks.values()):
            changed = hook(self, args)
            if changed is not None:
                args = changed if isinstance(changed, tuple) else (changed,)
        output = self.forward(*args, **kwargs)
        for hook in list(self._forward_hooks.values()):
            changed = hook(self, args, output)
            if changed is not None:
                output = changed
        return output

    def register_forward_pre_hook(self, hook: Callable[..., Any]) -> ModuleHookHandle:
        """Call ``hook(module, args)`` before every forward; what it returns replaces the arguments.

        Args:
            hook: gets the positional arguments as a tuple; returns None to leave them as they
                are, a tuple of new ones, or the one new argument.

        Raises:
            TypeError: `hook` is not callable.
        """
        return ModuleHookHandle(self._forward_pre_hooks, hook)

    def register_forward_hook(self, hook: Callable[..., Any]) -> ModuleHookHandle:
        """Call ``hook(module, args, output)`` after every forward; a result replaces the output.

        Raises:
            TypeError: `hook` is not callable.
        """
        return ModuleHookHandle(self._forward_hooks, hook)

    # ---- registration ----

    def __setattr__(self, name: str, value: Any) -> None:
        attributes = self.__dict__
        kinds = attributes.get("_kinds")
        if isinstance(value, (Parameter, Module, Buffer)):
            if kinds is None:
                raise AttributeError(
                    f"{type(self).__name__}: {name}: assigned before super().__init__()"
                )
            kind = _kind_of(value)
            if kinds.get(name) != kind:
                self._check_name(name)
                kinds.pop(name, None)
                kinds[name] = kind
        elif kinds and name in kinds:
            _check_kind(type(self).__name__, name, kinds[name], value)
        elif name == "training":
            if bool(attributes.get(name)) is not bool(value):
                structure.mode_changed(self)
            attributes[name] = value
            return
        else:
            if isinstance(value, _SETTINGS) and attributes.get(name, value) != value:
                structure.changed()  # `dropout.p = 0.1`: a compiled step has read it
            object.__setattr__(self, name, value)
            return
        if attributes.get(name) is not value:  # `self.count += 1` assigns the same tensor again
            if isinstance(attributes.get(name), Tensor):
                refuse_if_capturing(
                    "a parameter or buffer is replaced", "change it in place (copy_)"
                )
            structure.changed()
        attributes[name] = value

    def __delattr__(self, name: str) -> None:
        object.__delattr__(self, name)
        if self._kinds.pop(name, None) is not None:
            structure.changed()

    def _check_name(self, name: str) -> None:
        """Refuse a name that state_dict keys cannot hold or that a class attribute hides."""
        owner = type(self).__name__
        if not isinstance(name, str):
            raise TypeError(f"{owner}: name: expected a str, got {type(name).__name__}")
        if not name or "." in name:
            raise ValueError(f"{owner}: name: expected a non-empty str without a dot, got {name!r}")
        if getattr(type(self), name, None) is not None:  # a class-level default of None is fine
            raise ValueError(f"{owner}: name: {name!r} is already an attribute of the class")

    def _register(self, name: str, kind: str, value: Any) -> None:
        owner = type(self).__name__
        if "_kinds" not in self.__dict__:
            raise AttributeError(f"{owner}: {name}: registered before super().__init__()")
        self._check_name(name)
        if name in self.__dict__ and self._kinds.get(name) != kind:
            raise ValueError(f"{owner}: name: the module already has an attribute {name!r}")
        _check_kind(owner, name, kind, value)
        self._kinds[name] = kind
        self.__dict__[name] = value
        structure.changed()

    def register_parameter(self, name: str, parameter: Parameter | None) -> None:
        """Make `parameter` the module's parameter `name`; None keeps the name for "no parameter".

        Raises:
            TypeError: `parameter` is neither a `Parameter` nor None.
            ValueError: the name is empty, holds a dot or is taken.
        """
        self._register(name, PARAMETER, parameter)

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Make `tensor` part of the module's state without being trained, as running means are.

        Args:
            name: the attribute's name.
            tensor: the buffer, or None to keep the name for "no buffer".
            persistent: whether `state_dict` holds it.

        Raises:
            TypeError: `tensor` is neither a `Tensor` nor None.
            ValueError: the name is empty, holds a dot or is taken.
        """
        if tensor is not None:
            check.tensor("register_buffer: tensor", tensor)
        kind = BUFFER if check.switch("register_buffer: persistent", persistent) else TRANSIENT
        kinds = self.__dict__.get("_kinds", {})
        if isinstance(name, str) and kinds.get(name) in (BUFFER, TRANSIENT):
            self._kinds[name] = kind  # registering again may change whether it is saved
        self._register(name, kind, tensor)

    def register_module(self, name: str, module: Module | None) -> None:
        """Make `module` the submodule `name`, as assigning it to an attribute does.

        Raises:
            TypeError: `module` is neither a `Module` nor None.
            ValueError: the name is empty, holds a dot or is taken.
        """
        self._register(name, MODULE, module)

    add_module = register_module

    # ---- listing ----

    def _own(self, *kinds: str) -> list[tuple[str, Any]]:
        """This module's own attributes of these kinds, without those that are None."""
        attributes = self.__dict__
        return [
            (name, attributes[name])
            for name, kind in self._kinds.items()
            if kind in kinds and attributes[name] is not None
        ]

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """The direct submodules with their names, a shared one once."""
        return _once(self._own(MODULE))

    def children(self) -> Iterator[Module]:
        """The direct submodules, a shared one once."""
        return (module for _, module in self.named_children())

    def named_modules(
        self, prefix: str = "", remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Module]]:
        """This module and all below it, parents first, with dotted names; its own name is `prefix`.

        Args:
            prefix: what the names begin with.
            remove_duplicate: list a shared module once, under its first name.
        """
        remove_duplicate = check.switch("named_modules: remove_duplicate", remove_duplicate)
        everything = self._walk(prefix)
        return _once(everything) if remove_duplicate else everything

    def _walk(self, prefix: str) -> Iterator[tuple[str, Module]]:
        yield prefix, self
        for name, module in self._own(MODULE):
            yield from module._walk(f"{prefix}.{name}" if prefix else name)

    def modules(self) -> Iterator[Module]:
        """This module and all below it, a shared one once."""
        return (module for _, module in self.named_modules())

    def _named_tensors(
        self, kinds: tuple[str, ...], prefix: str, recurse: bool
    ) -> Iterator[tuple[str, Any]]:
        for path, module in self._walk(prefix) if recurse else [(prefix, self)]:
            for name, tensor in module._own(*kinds):
                yield f"{path}.{name}" if path else name, tensor

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Parameter]]:
        """The parameters with dotted names.

        Args:
            prefix: what the names begin with.
            recurse: whether those of the submodules are listed too.
            remove_duplicate: list a shared parameter once, under its first name.
        """
        remove_duplicate = check.switch("named_parameters: remove_duplicate", remove_duplicate)
        everything = self._named_tensors((PARAMETER,), prefix, recurse)
        return _once(everything) if remove_duplicate else everything

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """The parameters, a shared one once."""
        return (parameter for _, parameter in self.named_parameters(recurse=recurse))

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Tensor]]:
        """The buffers with dotted names; arguments as for `named_parameters`."""
        remove_duplicate = check.switch("named_buffers: remove_duplicate", remove_duplicate)
        everything = self._named_tensors((BUFFER, TRANSIENT), prefix, recurse)
        return _once(everything) if remove_duplicate else everything

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """The buffers, a shared one once."""
        return (buffer for _, buffer in self.named_buffers(recurse=recurse))

    def get_submodule(self, target: str) -> Module:
        """The submodule with this dotted name; the module itself for the empty name.

        Raises:
            AttributeError: there is none.
        """
        if not isinstance(target, str):
            raise TypeError(f"get_submodule: target: expected a str, got {describe(target)}")
        module: Module = self
        for name in target.split(".") if target else []:
            child = module.__dict__.get(name)
            if not isinstance(child, Module):
                raise AttributeError(f"{type(module).__name__}: no submodule {name!r} ({target!r})")
            module = child
        return module

    # ---- state ----

    def state_dict(self, prefix: str = "") -> dict[str, Tensor]:
        """Parameters and persistent buffers by dotted name, detached but sharing memory.

        A shared parameter stands under each of its names, as in PyTorch.
        """
        if not isinstance(prefix, str):
            raise TypeError(f"state_dict: prefix: expected a str, got {describe(prefix)}")
        kinds = (PARAMETER, BUFFER)
        return {
            prefix + name: tensor.detach()
            for name, tensor in self._named_tensors(kinds, "", recurse=True)
        }

    def load_state_dict(self, state_dict: Mapping[str, Tensor], strict: bool = True) -> LoadResult:
        """Copy values into the parameters and persistent buffers, in place.

        Everything is checked before anything is written.  A value of another dtype is cast.

        Args:
            state_dict: tensors by name, as `state_dict` returns them.
            strict: whether missing and unexpected names are errors; wrong shapes always are.

        Returns:
            The missing and the unexpected names.

        Raises:
            TypeError: `state_dict` is not a mapping.
            ValueError: names or shapes do not fit, or a value is not a tensor; lists them all.
        """
        if not isinstance(state_dict, Mapping):
            raise TypeError(
                f"load_state_dict: state_dict: expected a mapping of names to tensors, "
                f"got {type(state_dict).__name__}"
            )
        strict = check.switch("load_state_dict: strict", strict)
        own = self.state_dict()
        missing = [name for name in own if name not in state_dict]
        unexpected = [name for name in state_dict if name not in own]
        shared = {name: state_dict[name] for name in own if name in state_dict}
        misfits = []
        for name, value in shared.items():
            if not isinstance(value, Tensor):
                misfits.append(f"{name} (expected a Tensor, got {type(value).__name__})")
            elif tuple(value.shape) != tuple(own[name].shape):
                misfits.append(
                    f"{name} (expected {tuple(own[name].shape)}, got {tuple(value.shape)})"
                )
        problems = [("wrong shape or type", misfits)]
        if strict:
            problems = [("missing", missing), ("unexpected", unexpected), *problems]
        lines = [f"  {what}: {', '.join(names)}" for what, names in problems if names]
        if lines:
            raise StateDictError(
                f"load_state_dict: state_dict does not fit {type(self).__name__}; "
                "nothing was loaded\n" + "\n".join(lines)
            )
        with no_grad():
            for name, value in shared.items():
                own[name].copy_(value)
        return LoadResult(missing, unexpected)

    # ---- modes and conversions ----

    def train(self: M, mode: bool = True) -> M:
        """Set training mode here and in all submodules; returns the module.

        Raises:
            TypeError: `mode` is not a bool.
        """
        if not isinstance(mode, bool):
            raise TypeError(f"train: mode: expected a bool, got {type(mode).__name__}")
        for module in self.modules():
            module.training = mode
        return self

    def eval(self: M) -> M:
        """Set evaluation mode here and in all submodules; returns the module."""
        return self.train(False)

    def requires_grad_(self: M, requires_grad: bool = True) -> M:
        """Set ``requires_grad`` of every parameter; returns the module."""
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Drop every parameter's gradient, or fill it with zeros where `set_to_none` is False."""
        set_to_none = check.switch("zero_grad: set_to_none", set_to_none)
        for parameter in self.parameters():
            if set_to_none or parameter.grad is None:
                parameter.grad = None
            else:
                parameter.grad = parameter.grad.detach().zero_()

    def apply(self: M, fn: Callable[[Module], Any]) -> M:
        """Call ``fn(module)`` on every submodule, children first, then here; returns the module."""
        if not callable(fn):
            raise TypeError(f"apply: fn: expected a function, got {describe(fn)}")
        for child in self.children():
            child.apply(fn)
        fn(self)
        return self

    def to(self: M, *args: Any, device: Any = None, dtype: Any = None) -> M:
        """Convert every floating-point parameter and buffer in place; returns the module.

        Called as ``to(dtype)``, ``to(device)`` or ``to(device, dtype)``.  Parameters stay the same
        objects and their gradients are converted too; an optimizer made before keeps state of
        the old dtype, so make it afterwards.

        Raises:
            TypeError: the dtype is not float32 or float64, or an argument is neither.
            ValueError: a device that this build does not have.
        """
        for arg in args:
            if isinstance(arg, (str, device_class)):
                device = arg
            else:
                dtype = arg
        if device is not None:
            device_class(device)  # raises unless it is the CPU
        if dtype is None:
            return self
        dtype = as_dtype(dtype)
        if dtype not in (float32, float64):
            raise TypeError(f"to: dtype: expected float32 or float64, got {dtype.name}")
        tensors = [p for _, p in self.named_parameters()] + [b for _, b in self.named_buffers()]
        for tensor in tensors:
            if tensor.is_floating_point() and tensor.dtype != dtype:
                grad, tensor.grad = tensor.grad, None
                tensor._set_data(tensor.detach().to(dtype))
                tensor._bump_version()  # a graph that saved the old values must not go on
                tensor.grad = grad if grad is None else grad.detach().to(dtype)
                structure.changed()
        return self

    def float(self: M) -> M:
        """Convert floating-point parameters and buffers to float32; see `to`."""
        return self.to(float32)

    def double(self: M) -> M:
        """Convert floating-point parameters and buffers to float64; see `to`."""
        return self.to(float64)

    # ---- showing ----

    def extra_repr(self) -> str:
        """What `repr` shows between the module's own parentheses; subclasses override it."""
        return ""

    def __repr__(self) -> str:
        extra = self.extra_repr()
        lines = extra.split("\n") if extra else []
        children = self._own(MODULE)
        if len(lines) < 2 and not children:
            return f"{type(self).__name__}({extra})"
        for name, child in children:
            lines.append(f"({name}): {child!r}")
        body = "\n".join(lines).replace("\n", "\n  ")
        return f"{type(self).__name__}(\n  {body}\n)"

    def summary(self, input_shape: tuple[int, ...] | None = None) -> str:
        """A table of the layers: output shape, parameters, and the totals with their bytes.

        Args:
            input_shape: shape of one input, its batch dimension included; without it the
                column of output shapes is left out and nothing is run.

        Raises:
            ValueError, TypeError: whatever the model says of an input of this shape.
        """
        return summary(self, input_shape)


def _kind_of(value: Parameter | Module | Buffer) -> str:
    if isinstance(value, Buffer):
        return BUFFER if value.persistent else TRANSIENT
    return PARAMETER if isinstance(value, Parameter) else MODULE


def _check_kind(owner: str, name: str, kind: str, value: Any) -> None:
    expected = {PARAMETER: Parameter, MODULE: Module}.get(kind, Tensor)
    if value is not None and not isinstance(value, expected):
        raise TypeError(
            f"{owner}: {name}: it is a {kind}: expected a {expected.__name__} or None, "
            f"got {type(value).__name__}"
        )


def _once(pairs: Any) -> Iterator[tuple[str, Any]]:
    """The pairs whose object did not come before."""
    seen: set[int] = set()
    for name, item in pairs:
        if id(item) not in seen:
            seen.add(id(item))
            yield name, item
