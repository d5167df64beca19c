"""`fastdl.compile`: a function's kernel calls, recorded once and replayed without Python."""

from __future__ import annotations

import functools
import gc
import inspect
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from . import _C, autograd, capture
from .capture import CaptureError
from .containers import PLACE, arguments_apart, put_together, take_apart
from .grad_mode import is_grad_enabled
from .listing import listing
from .tensor import Tensor

if TYPE_CHECKING:
    from os import PathLike

    from .data.shuffle import DrawSource
    from .profile import Profile

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
        self._captured: dict[Any, list[Captured]] = {}
        self._latest: Captured | None = None  # the one tried first
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
                if latest.form is PLACE:
                    return results[0]
                return put_together(latest.form, iter(results))
        # Part of another step, or watched by detect_anomaly.
        if capture.notes() is not None or autograd._watch is not None:
            return self.fn(*args, **kwargs)
        tensors: list[Tensor] = []
        form = arguments_apart((args, kwargs), tensors)
        key, arguments = (form, is_grad_enabled()), tuple(tensors)
        for captured in self.captures(key):
            results = captured.replay(arguments)
            if results is not None:
                self._latest = captured
                return put_together(captured.form, iter(results))
        captured, outputs = _capture(self.fn, form, arguments)
        self._latest = captured
        same_key = [c for c in self._captured.pop(key, ()) if c.step.is_current()]
        self._captured[key] = [captured, *same_key][:_KEPT]
        while len(self._captured) > _KEPT:
            self._captured.pop(next(iter(self._captured)))
        return put_together(captured.form, iter(outputs))

    def epoch(
        self,
        data: Any,
        batch_size: int = 1,
        shuffle: bool = True,
        *,
        drop_last: bool = False,
        generator: DrawSource | None = None,
        lr: Any = None,
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
        progress: bool = False,
    ) -> Any:
        """Calls the function with each minibatch of `data`, without Python between the calls.

        As this loop, bit for bit, draws and the state of optimizers included:

        ```python
        for batch in DataLoader(data, batch_size, shuffle, ...):
            step(*batch, *args, **kwargs)
        ```

        Ctrl-C, and what other threads change, count after some hundredths of a second, between two
        steps.

        Args:
            data: a tuple (or dict) of tensors or NumPy arrays of one length, whose rows are the
                samples; one such array; or a dataset.  A dataset other than `TensorDataset`, or a
                `Subset` of one, is asked for all samples before the first step.
            batch_size: samples in a batch; the last one has what is left.
            shuffle: a new random order, the one that `DataLoader` would draw.
            drop_last: leaves the last batch out if it is smaller.
            generator: where the order comes from; fastdl's own by default.
            lr: learning rates, one for each step, or a row for each step with one for each group of
                parameters: what the optimizers in the function step with.  They keep the last one.
            args, kwargs: further arguments of each call.
            progress: shows a bar.

        Returns:
            What the function returns, each tensor of it with a first dimension more: the steps.
            Where a tensor's shape changes (predictions for a smaller last batch), a list of the
            steps' tensors; where what is no tensor changes, a list of the steps' results.

        Raises:
            TypeError, ValueError: before the first step, where data are of no such kind or their
                lengths differ, there is no batch, or rates are not one for each step.
            CaptureError: as when called; in a step that is being captured.
        """
        return self._epoch(
            (), data, batch_size, shuffle, drop_last, generator, lr, args, kwargs, progress
        )

    def _epoch(self, *arguments: Any) -> Any:
        from .epoch import run_epoch  # which loads NumPy

        return run_epoch(self, *arguments)

    def profile(self, *args: Any, **kwargs: Any) -> Profile:
        """Where the time of a call with these arguments goes: `print` shows a table.

        Runs the captured step some dozens of times, and puts parameters, states, gradients and
        arguments back as they were: nothing is trained, no draw taken.

        Returns:
            A line for each kernel call, with its median time beside its floor: see `Profile`.

        Raises:
            ValueError: no call like this one was captured: make one first.
        """
        from .profile import measured

        tensors: list[Tensor] = []
        key = (arguments_apart((args, kwargs), tensors), is_grad_enabled())
        for captured in self.captures(key):
            runs = captured.measure(tuple(tensors))
            if runs:
                return measured(self._name(), captured.step, runs)
        raise ValueError("profile: expected arguments as of a captured call: call the step first")

    def draw(self, path: str | PathLike[str]) -> None:
        """Writes a picture of the latest capture, an SVG: its kernel calls and what they hand on.

        Raises:
            ValueError: nothing is captured yet, or another kind of file. OSError: as of `open`.
        """
        from .picture import draw

        if not str(path).endswith(".svg"):
            raise ValueError(f"draw: path: expected a name that ends in .svg, got {path}")
        if not self._captured:
            raise ValueError("draw: expected a captured step: call it first")
        draw(str(path), self._name(), self._steps()[0])

    def captures(self, key: Any) -> Sequence[Captured]:
        """Those of a signature: (form of the arguments, whether gradients are recorded)."""
        return self._captured.get(key, ())

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else _Method(self, instance)

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
) -> tuple[Captured, tuple[Tensor, ...]]:
    """Runs fn and records it; gives the capture and the results' tensors."""
    from .foreign_draws import ForeignDraws  # which loads Python's random

    notes = capture.Notes(arguments)
    collects = gc.isenabled()
    gc.disable()  # no finalizer of something else may be recorded
    try:
        args, kwargs = put_together(called, iter(notes.recording.arguments))
        with ForeignDraws(fn):
            result = notes.recording.run(fn, args, kwargs, notes)
        tensors: list[Tensor] = []
        form = take_apart(result, tensors)
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
    return Captured(notes, called, arguments, outputs, form), outputs


class _Method:
    """A compiled function of an instance."""

    def __init__(self, function: CompiledFunction, instance: Any) -> None:
        self.__func__, self.__self__ = function, instance
        functools.update_wrapper(self, function, updated=())

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.__func__(self.__self__, *args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__func__, name)

    @functools.wraps(CompiledFunction.epoch)
    def epoch(self, *args: Any, **options: Any) -> Any:
        given = inspect.signature(CompiledFunction.epoch).bind(self.__func__, *args, **options)
        given.apply_defaults()
        function, *arguments = given.arguments.values()
        return function._epoch((self.__self__,), *arguments)

    def profile(self, *args: Any, **kwargs: Any) -> Profile:
        return self.__func__.profile(self.__self__, *args, **kwargs)


class Captured:
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
        self.plain = called == (tuple, (tuple, *[PLACE] * len(arguments)), (dict, ()))
        self.grad_enabled = is_grad_enabled()
        self.form = form
        self.draws = notes.draws
        self.reseeded = [(g, g.get_state()) for g in notes.reseeded]
        self.optimizers = [(o, kept) for o, (kept, _) in notes.optimizers.items()]
        self.step = _C.Step(notes.recording, arguments, outputs)
        self.seconds: float | None = None  # that it took in an epoch, once it was in one

    def prepare(self) -> bool:
        """Makes the optimizers ready; whether a replay may then do what they would."""
        return all(optimizer.prepare() == kept for optimizer, kept in self.optimizers)

    def measure(self, arguments: tuple[Tensor, ...]) -> list[list[float]]:
        """The seconds of each kernel call in each of some runs; none if the call does not fit."""
        if not self.prepare():
            return []
        states = [(g.seed, g.draw) for g in self.draws]
        begun = time.perf_counter()
        runs: list[list[float]] = self.step.measure(arguments, states, 3)
        seconds = (time.perf_counter() - begun) / 3
        return runs and self.step.measure(arguments, states, min(300, max(10, int(0.3 / seconds))))

    def replay(self, arguments: tuple[Tensor, ...]) -> Any:
        """The results, or None (and nothing has happened) if this call does not fit."""
        if not self.prepare():
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
