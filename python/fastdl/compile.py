"""`fastdl.compile`: a function's kernel calls, recorded once and replayed without Python."""

from __future__ import annotations

import functools
import gc
from collections.abc import Callable
from typing import Any

from . import _C, capture
from .capture import CaptureError
from .grad_mode import is_grad_enabled
from .tensor import Tensor

__all__ = ["CaptureError", "Step", "compile"]

_KEPT = 16  # so many captures of one function, and as many signatures


def compile(fn: Callable[..., Any] | None = None) -> Any:
    """Compiles a function of tensors, such as a whole training step; also a decorator.

    The first call runs `fn` and records its kernel calls; later ones with tensors of the same
    shapes, strides and dtypes, and equal other arguments, replay them in C++ without the GIL, bit
    for bit what `fn` would do.  Another signature, or a change of a model's structure (parameters,
    `requires_grad`, training or evaluation, hooks), records again.

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
    outside are constants, except that hyperparameters of optimizers and random draws go on as in
    `fn` itself (a scheduler's `step()` stays outside).  Results are detached, and new tensors
    whenever the caller still holds earlier ones; `.grad` holds the step's gradients.

    Raises (when called):
        CaptureError: `fn` does what cannot be repeated without Python, such as reading a tensor's
            value; says where, and what to write instead.
    """
    if fn is None:
        return compile
    if not callable(fn):
        raise TypeError(f"compile: fn: expected a function, got {type(fn).__name__}")
    return Step(fn)


class Step:
    """What `fastdl.compile` returns; call it as the function."""

    def __init__(self, fn: Callable[..., Any]) -> None:
        self.fn = fn
        self._captured: dict[Any, list[_Captured]] = {}
        functools.update_wrapper(self, fn, updated=())

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if capture.is_capturing():  # part of another step
            return self.fn(*args, **kwargs)
        tensors: list[Tensor] = []
        key = (_take_apart((args, kwargs), tensors), is_grad_enabled())
        arguments = tuple(tensors)
        for captured in self._captured.get(key, ()):
            results = captured.replay(arguments)
            if results is not None:
                return _put_together(captured.form, iter(results))
        return self._capture(key, arguments, args, kwargs)

    def _capture(
        self, key: Any, arguments: tuple[Tensor, ...], args: Any, kwargs: dict[str, Any]
    ) -> Any:
        notes = capture.begin(arguments)
        try:
            result = self.fn(*args, **kwargs)
            tensors: list[Tensor] = []
            form = _take_apart(result, tensors)
            outputs = tuple([t.detach() for t in tensors])
            del result, tensors
        finally:
            capture.end(notes)
        captured = _Captured(notes, arguments, outputs, form)
        same_key = [c for c in self._captured.pop(key, ()) if c.is_current()]
        self._captured[key] = [captured, *same_key][:_KEPT]
        while len(self._captured) > _KEPT:
            self._captured.pop(next(iter(self._captured)))
        return _put_together(form, iter(outputs))

    def __repr__(self) -> str:
        name = getattr(self.fn, "__qualname__", type(self.fn).__name__)
        calls = [str(len(c.step.calls)) for each in self._captured.values() for c in each]
        state = f"kernel calls captured: {', '.join(calls)}" if calls else "not captured yet"
        return f"<fastdl.compile of {name}, {state}>"


class _Captured:
    """A captured step with what Python does around its replays."""

    def __init__(
        self, notes: capture.Notes, arguments: tuple[Tensor, ...], outputs: Any, form: Any
    ) -> None:
        recording = notes.recording
        if recording.held_elsewhere(outputs):
            gc.collect()  # what is only in cycles is held by nobody
            if recording.held_elsewhere(outputs):
                raise CaptureError(
                    "compile: a tensor computed in the step is kept outside of it (in an "
                    "attribute, a list or a hook), which a replay cannot do: return it instead"
                )
        self.form = form
        self.structure = _C.structure_version()
        self.draws = {g: n for g, n in notes.draws.items() if g not in notes.reseeded}
        self.generators = list(notes.draws)
        self.reseeded = [(g, g.get_state()) for g in notes.reseeded]
        self.optimizers = notes.optimizers
        self.step = _C.Step(recording, arguments, outputs)

    def is_current(self) -> bool:
        return bool(self.structure == _C.structure_version())

    def replay(self, arguments: tuple[Tensor, ...]) -> Any:
        """The results, or None (and nothing has happened) if this call does not fit."""
        for optimizer, kept in self.optimizers.items():
            if optimizer.prepare() != kept:
                return None
        results = self.step.replay(arguments, [(g.seed, g.draw) for g in self.generators])
        if results is not None:
            for generator, count in self.draws.items():
                generator.draw += count
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
    """What is no tensor; equal only if it is the same down to the sign of a zero."""

    def __init__(self, value: Any) -> None:
        self.value = value
        self.key = (type(value), value.hex() if isinstance(value, float) else value)

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


def _take_apart(value: Any, tensors: list[Tensor]) -> Any:
    """Appends the tensors in (nested) tuples, lists and dicts to `tensors`; the rest is returned,
    hashable and with marks where they stood."""
    if isinstance(value, Tensor):
        tensors.append(value)
        return _PLACE
    if isinstance(value, tuple | list):
        return (type(value), *[_take_apart(item, tensors) for item in value])
    if isinstance(value, dict):
        return (dict, tuple(value), *[_take_apart(item, tensors) for item in value.values()])
    return _Constant(value)


def _put_together(form: Any, tensors: Any) -> Any:
    if form is _PLACE:
        return next(tensors)
    if isinstance(form, _Constant):
        return form.value
    kind, *rest = form
    if kind is dict:
        return dict(zip(rest[0], [_put_together(f, tensors) for f in rest[1:]], strict=True))
    items = [_put_together(f, tensors) for f in rest]
    return kind(*items) if hasattr(kind, "_fields") else kind(items)
