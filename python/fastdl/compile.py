"""`fastdl.compile`: a function's kernel calls, recorded once and replayed without Python."""

from __future__ import annotations

import functools
import gc
import inspect
import types
from collections.abc import Callable, Iterator
from typing import Any

from . import _C, autograd, capture
from .capture import CaptureError
from .grad_mode import is_grad_enabled
from .listing import listing
from .tensor import Tensor

__all__ = ["CaptureError", "CompiledFunction", "compile"]

_KEPT = 16  # so many captures of one function, and as many signatures


def compile(fn: Callable[..., Any] | None = None) -> Any:
    """Compiles a function of tensors, such as a whole training step; also a decorator.

    The first call runs `fn` and records its kernel calls; later ones with tensors of the same
    shapes, strides and dtypes, and equal other arguments, replay them in C++ without the GIL, bit
    for bit what `fn` would do.  Another signature, or a change of a model's structure (parameters,
    training or evaluation, hooks) or of what requires gradients, records again.

    ```python
    @fastdl.compile
    def step(x, y):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        return loss
    ```

    What of Python counts is what it did while recording: numbers and tensors that `fn` reads from
    outside are those of that moment, except that hyperparameters of optimizers and random draws go
    on as in `fn` itself (a scheduler's `step()` stays outside).  An argument that requires
    gradients counts as the one tensor that it is: another one records again.  Results are detached,
    and new tensors whenever the caller still holds earlier ones; `.grad` holds the gradients of the
    latest call.

    Raises:
        TypeError: `fn` is no function, or a generator or coroutine; (when called) an argument is
            neither tensor nor hashable.
        CaptureError: (when called) `fn` does what cannot be repeated without Python, such as
            reading a tensor's value; says where, and what to write instead.
    """
    if fn is None:
        return compile
    if not callable(fn):
        raise TypeError(f"compile: fn: expected a function, got {type(fn).__name__}")
    if inspect.isgeneratorfunction(fn) or inspect.iscoroutinefunction(fn):
        raise TypeError("compile: fn: expected a plain function, got a generator or coroutine")
    return CompiledFunction(fn)


class CompiledFunction:
    """What `fastdl.compile` returns; call it as the function."""

    def __init__(self, fn: Callable[..., Any]) -> None:
        self.fn = fn
        self._captured: dict[Any, list[_Captured]] = {}
        self._latest: _Captured | None = None  # the one tried first
        functools.update_wrapper(self, fn, updated=())

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        latest = self._latest
        if (
            latest is not None
            and not kwargs
            and latest.plain
            and latest.grad_enabled is is_grad_enabled()
            and autograd._watch is None
        ):
            results = latest.replay(args)  # None while recording, and of anything but tensors
            if results is not None:
                if latest.form is _PLACE:
                    return results[0]
                return _put_together(latest.form, iter(results))
        # Part of another step, or watched by detect_anomaly.
        if capture.notes() is not None or autograd._watch is not None:
            return self.fn(*args, **kwargs)
        tensors: list[Tensor] = []
        form = _arguments_apart((args, kwargs), tensors)
        key, arguments = (form, is_grad_enabled()), tuple(tensors)
        for captured in self._captured.get(key, ()):
            results = captured.replay(arguments)
            if results is not None:
                self._latest = captured
                return _put_together(captured.form, iter(results))
        captured, outputs = _capture(self.fn, form, arguments)
        self._latest = captured
        same_key = [c for c in self._captured.pop(key, ()) if c.step.is_current()]
        self._captured[key] = [captured, *same_key][:_KEPT]
        while len(self._captured) > _KEPT:
            self._captured.pop(next(iter(self._captured)))
        return _put_together(captured.form, iter(outputs))

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else types.MethodType(self, instance)

    def __reduce__(self) -> tuple[Any, ...]:  # copies and pickles start without captures
        return CompiledFunction, (self.fn,)

    def __repr__(self) -> str:
        calls = [str(len(step.calls)) for step in self._steps()]
        state = f"kernel calls captured: {', '.join(calls)}" if calls else "not captured yet"
        return f"<fastdl.compile of {self._name()}, {state}>"

    def __str__(self) -> str:
        return listing(self._name(), self._steps())

    def _name(self) -> str:
        return str(getattr(self.fn, "__qualname__", type(self.fn).__name__))

    def _steps(self) -> list[Any]:
        """The captures, the latest first."""
        kept = [c for same_key in reversed(self._captured.values()) for c in same_key]
        return [c.step for c in kept]


def _capture(
    fn: Callable[..., Any], called: Any, arguments: tuple[Tensor, ...]
) -> tuple[_Captured, tuple[Tensor, ...]]:
    """Runs fn and records it; gives the capture and the results' tensors."""
    notes = capture.Notes(arguments)
    collects = gc.isenabled()
    gc.disable()  # no finalizer of something else may be recorded
    try:
        args, kwargs = _put_together(called, iter(notes.recording.arguments))
        result = notes.recording.run(fn, args, kwargs, notes)
        tensors: list[Tensor] = []
        form = _take_apart(result, tensors)
        outputs = tuple([t.detach() for t in tensors])
        del args, kwargs, result, tensors
    finally:
        if collects:
            gc.enable()
    if notes.recording.is_held_elsewhere(outputs):
        gc.collect()  # what is only in cycles is held by nobody
        if notes.recording.is_held_elsewhere(outputs):
            raise CaptureError(
                "compile: an argument, or a tensor computed in the step, is kept outside of it (in "
                "an attribute, a list or a hook), which a replay cannot do: return it instead"
            )
    for optimizer, (_, hyper) in notes.optimizers.items():
        if optimizer.hyperparameters() != hyper:
            raise CaptureError(
                "compile: hyperparameters of an optimizer change after its step, which a replay "
                "cannot do: change them outside (a scheduler's step() stays outside)"
            )
    return _Captured(notes, called, arguments, outputs, form), outputs


class _Captured:
    """A captured step with what Python does around its replays."""

    def __init__(
        self,
        notes: capture.Notes,
        called: Any,
        arguments: tuple[Tensor, ...],
        outputs: Any,
        form: Any,
    ) -> None:
        # Called with tensors alone, none of which requires gradients: no form to compare.
        self.plain = called == (tuple, (tuple, *[_PLACE] * len(arguments)), (dict, ()))
        self.grad_enabled = is_grad_enabled()
        self.form = form
        self.draws = notes.draws
        self.reseeded = [(g, g.get_state()) for g in notes.reseeded]
        self.optimizers = [(o, kept) for o, (kept, _) in notes.optimizers.items()]
        self.step = _C.Step(notes.recording, arguments, outputs)

    def replay(self, arguments: tuple[Tensor, ...]) -> Any:
        """The results, or None (and nothing has happened) if this call does not fit."""
        for optimizer, kept in self.optimizers:
            if optimizer.prepare() != kept:
                return None
        if not self.draws and not self.reseeded:
            return self.step.replay(arguments, ())
        states = [(g.seed, g.draw) for g in self.draws]
        for generator, count in self.draws.items():  # before another thread may run
            generator.draw += count
        results = self.step.replay(arguments, states)
        if results is None:
            for generator, count in self.draws.items():
                generator.draw -= count
            return None
        for generator, state in self.reseeded:
            generator.set_state(state)
        return results


# ---- containers of tensors -------------------------------------------------------------------


class _Place:
    """Where a tensor stood."""

    def __repr__(self) -> str:
        return "tensor"


_PLACE = _Place()


class _Constant:
    """What is no tensor, or one that counts by identity; equal only if it is the same down to the
    sign of a zero."""

    def __init__(self, value: Any) -> None:
        self.value = value
        key = value.hex() if isinstance(value, float) else value
        self.key = (type(value), id(value) if isinstance(value, Tensor) else key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Constant) and self.key == other.key

    def __hash__(self) -> int:
        try:
            return hash(self.key)
        except TypeError:
            raise TypeError(
                "compile: expected tensors and hashable arguments, in tuples, lists and dicts, "
                f"got {type(self.value).__name__}"
            ) from None


def _arguments_apart(value: Any, tensors: list[Tensor]) -> Any:
    """`_take_apart`, where a tensor that requires gradients stays itself."""
    return _take_apart(value, tensors, identity=True)


def _take_apart(value: Any, tensors: list[Tensor], identity: bool = False) -> Any:
    """Appends the tensors in (nested) tuples, lists and dicts to `tensors`; the rest is returned,
    hashable and with marks where they stood."""
    if isinstance(value, Tensor):
        if identity and value.requires_grad:
            if not value.is_leaf:
                raise CaptureError(
                    "compile: an argument was computed by recorded operations, and a compiled step "
                    "cannot pass gradients on to them: detach() it"
                )
            return _Constant(value)
        tensors.append(value)
        return _PLACE
    if isinstance(value, tuple | list):
        return (type(value), *[_take_apart(item, tensors, identity) for item in value])
    if isinstance(value, dict):
        keys = tuple([_Constant(key) for key in value])
        return (type(value), keys, *[_take_apart(v, tensors, identity) for v in value.values()])
    return _Constant(value)


def _put_together(form: Any, tensors: Iterator[Tensor]) -> Any:
    if form is _PLACE:
        return next(tensors)
    if isinstance(form, _Constant):
        return form.value
    kind, *rest = form
    if issubclass(kind, dict):
        values = [_put_together(f, tensors) for f in rest[1:]]
        return kind(zip([key.value for key in rest[0]], values, strict=True))
    items = [_put_together(f, tensors) for f in rest]
    return kind(*items) if hasattr(kind, "_fields") else kind(items)
