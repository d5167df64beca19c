"""`step.epoch(...)`: a compiled step over the minibatches of a dataset, no Python between them."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from . import _C, autograd, capture
from .check import integer, switch
from .containers import arguments_apart, put_together, take_apart
from .data import DataLoader, Subset, TensorDataset
from .data.loader import _fetch
from .data.shuffle import DrawSource, random_permutation
from .explain import describe
from .grad_mode import is_grad_enabled
from .ops.create import from_numpy
from .tensor import Tensor

if TYPE_CHECKING:
    from .compile import Captured, CompiledFunction
    from .optim.optimizer import Optimizer

_SLICE = 0.03  # seconds in C++, then Python sees to signals, the bar, what other threads changed


def run_epoch(
    function: CompiledFunction,
    first: tuple[Any, ...],
    data: Any,
    batch_size: int,
    shuffle: bool,
    drop_last: bool,
    generator: DrawSource | None,
    lr: Any,
    args: Sequence[Any],
    kwargs: Mapping[str, Any] | None,
    progress: bool,
) -> Any:
    """See `CompiledFunction.epoch`; `first` comes before the batch."""
    capture.refuse_if_capturing("an epoch is run", "run it outside, or call the step itself")
    batch_size = integer("epoch: batch_size", batch_size, 1)
    shuffle, drop_last = switch("epoch: shuffle", shuffle), switch("epoch: drop_last", drop_last)
    progress = switch("epoch: progress", progress)
    kwargs = {} if kwargs is None else dict(kwargs)
    hash(arguments_apart((first, tuple(args), kwargs), []))  # TypeError now, not later
    data, order = _resolve(data)
    rows = len(data) if order is None else len(order)
    used = rows - rows % batch_size if drop_last else rows
    if used == 0:
        least = batch_size if drop_last else 1
        raise ValueError(f"epoch: data: expected at least {least} samples, got {rows}")
    steps = -(-used // batch_size)
    rates = None if lr is None else _Rates(lr, steps)
    if shuffle:
        drawn = random_permutation(rows, generator)
        order = drawn if order is None else order[drawn]
    if not isinstance(data, _Arrays):
        data, order = _arrays(_fetch(data, np.arange(rows) if order is None else order)), None

    arguments = _Arguments(first, data, args, kwargs)
    epoch = _C.Epoch(
        arguments.sources, None if order is None else from_numpy(order), used, batch_size
    )
    results = _Results(steps)
    key = (arguments.form, is_grad_enabled())
    bar = _bar(steps) if progress else None
    tensors: tuple[Tensor, ...] = ()
    size = 0
    try:
        while epoch.done < steps:
            begun = epoch.done
            # Batches of one size, from here on.
            now = min(batch_size, used - begun * batch_size)
            until = used // batch_size if now == batch_size else steps
            if autograd._watch is None:
                if now != size:
                    size, tensors = now, arguments.tensors(now)
                for captured in list(function.captures(key)):
                    _run(captured, epoch, until, tensors, rates, results)
                    if epoch.done > begun:
                        break
            if epoch.done == begun:
                _call(function, epoch, arguments.tensors(now), arguments.form, rates, results)
            if bar is not None:
                bar.update(epoch.done - begun)
    finally:
        if bar is not None:
            bar.close()
    return results.finish()


def _run(
    captured: Captured,
    epoch: Any,
    until: int,
    tensors: tuple[Tensor, ...],
    rates: _Rates | None,
    results: _Results,
) -> None:
    """Steps in C++: none if they do not fit, not beyond `until`, and not for long."""
    first = epoch.done
    optimizers = [optimizer for optimizer, _ in captured.optimizers]
    if rates is not None:
        rates.set(optimizers, first)
    if not captured.prepare():
        return
    places = [] if rates is None else rates.set(optimizers, first)
    count = 1 if captured.seconds is None else int(_SLICE / captured.seconds)
    count = min(max(count, 1), until - first)
    block = results.block(captured.form, captured.step.outputs(), first)
    begun = time.perf_counter()
    try:
        captured.step.run(
            epoch, count, tensors, list(captured.draws.items()), places, block.stacks, block.first
        )
    finally:
        done = epoch.done - first
        if done:
            for generator, state in captured.reseeded:
                generator.set_state(state)
        if rates is not None and epoch.begun > first:
            rates.set(optimizers, epoch.begun - 1)
    if done:
        captured.seconds = (time.perf_counter() - begun) / done
        results.add(block)


def _call(
    function: CompiledFunction,
    epoch: Any,
    tensors: tuple[Tensor, ...],
    form: Any,
    rates: _Rates | None,
    results: _Results,
) -> None:
    """A step as any call, with tensors of its own: it may be captured."""
    epoch.gather(tensors)
    step = epoch.done
    args, kwargs = put_together(form, iter(tensors))
    schedule = None if rates is None else lambda optimizer: rates.set([optimizer], step)
    with capture.scheduled(schedule):
        result = function(*args, **kwargs)
    outputs: list[Tensor] = []
    form = take_apart(result, outputs)
    block = results.block(form, [(t.shape, t.dtype) for t in outputs], step)
    for stack, output in zip(block.stacks, outputs, strict=True):
        _C.copy_(_C.index(stack, (step - block.first,)), output)
    results.add(block)
    epoch.advance()


# ---- data ------------------------------------------------------------------------------------


class _Arrays:
    """Tensors of one length in a structure: a batch is a step's arguments if that is a list."""

    def __init__(self, structure: Any, tensors: Sequence[Tensor]) -> None:
        self.structure, self.rows = structure, len(tensors[0])

    def __len__(self) -> int:
        return self.rows


def _resolve(data: Any) -> tuple[Any, np.ndarray | None]:
    """Arrays, or a dataset; and which samples of them in which order, if that is given."""
    order = None
    if isinstance(data, DataLoader):
        raise TypeError(
            "epoch: data: expected tensors, arrays or a dataset, got DataLoader: give its dataset"
        )
    if isinstance(data, Tensor | np.ndarray | tuple | dict):
        return _arrays(data), None
    if not hasattr(data, "__len__") or not hasattr(data, "__getitem__"):
        raise TypeError(f"epoch: data: expected tensors, arrays or a dataset, got {describe(data)}")
    if isinstance(data, list) and data and all(isinstance(x, Tensor | np.ndarray) for x in data):
        raise TypeError("epoch: data: expected a tuple of arrays, or a dataset, got a list of them")
    inner = data
    while type(inner) is Subset:
        order = inner.indices if order is None else inner.indices[order]
        inner = inner.dataset
        order = order % max(len(inner), 1)
    if type(inner) is TensorDataset:
        return _arrays(list(inner.tensors)), order
    return data, None


def _arrays(data: Any) -> _Arrays:
    tensors: list[Tensor] = []

    def rows_of(value: Any, where: str) -> Any:
        if isinstance(value, tuple | list):
            return [rows_of(item, f"{where}[{i}]") for i, item in enumerate(value)]
        if isinstance(value, dict):
            return {key: rows_of(item, f"{where}[{key!r}]") for key, item in value.items()}
        if not isinstance(value, Tensor | np.ndarray):
            raise TypeError(
                f"epoch: {where}: expected a Tensor or a NumPy array, got {describe(value)}"
            )
        if value.ndim == 0:
            raise ValueError(f"epoch: {where}: expected at least 1 dimension, got a scalar")
        tensor = value.detach() if isinstance(value, Tensor) else from_numpy(value)
        if not _C.is_contiguous(tensor) and not _C.is_contiguous(tensor[:1]):
            tensor = tensor.contiguous()
        tensors.append(tensor)
        return tensor

    structure = rows_of(data, "data")
    if not tensors:
        raise ValueError("epoch: data: expected at least one tensor or array, got none")
    lengths = [len(tensor) for tensor in tensors]
    if len(set(lengths)) > 1:
        raise ValueError(f"epoch: data: expected one length, got lengths {lengths}")
    return _Arrays(structure, tensors)


class _Arguments:
    """Of each call: tensors that get rows of the data, and those that are the same in all calls."""

    def __init__(
        self,
        first: tuple[Any, ...],
        data: _Arrays,
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
    ) -> None:
        batch = data.structure
        given = (*batch,) if isinstance(batch, list) else (batch,)
        before: list[Tensor] = []
        arguments_apart(first, before)
        upto = list(before)
        arguments_apart(given, upto)
        self._all: list[Tensor] = []
        self.form = arguments_apart(((*first, *given, *args), kwargs), self._all)
        self.sources = [
            tensor if len(before) <= i < len(upto) else None for i, tensor in enumerate(self._all)
        ]

    def tensors(self, rows: int) -> tuple[Tensor, ...]:
        """New ones for batches of so many rows."""
        return tuple(
            [
                same if source is None else _C.empty((rows, *source.shape[1:]), source.dtype)
                for same, source in zip(self._all, self.sources, strict=True)
            ]
        )


class _Rates:
    """Learning rates: a row for each step, of one for all groups of parameters or one for each."""

    def __init__(self, lr: Any, steps: int) -> None:
        values = lr.detach().numpy() if isinstance(lr, Tensor) else lr
        try:
            table = np.array(values, np.float64)
        except (TypeError, ValueError):
            raise TypeError(f"epoch: lr: expected numbers, got {describe(lr)}") from None
        if table.ndim not in (1, 2) or len(table) != steps:
            raise ValueError(
                f"epoch: lr: expected {steps} rates, one for each step, or a row for each, "
                f"got shape {table.shape}"
            )
        wrong = ~((table >= 0) & (table < np.inf))
        if wrong.any():
            raise ValueError(
                f"epoch: lr: expected finite numbers of at least 0, got {table[wrong][0]}"
            )
        self.table = table.reshape(steps, -1)
        self._tensor = from_numpy(self.table)

    def set(self, optimizers: Sequence[Optimizer], step: int) -> list[tuple[Tensor, Tensor, int]]:
        """Sets those of a step; returns where kernels read them and which column that is."""
        rates, places = self.table[step].tolist(), []
        for optimizer in optimizers:
            groups = optimizer.param_groups
            if len(rates) not in (1, len(groups)):
                raise ValueError(
                    f"epoch: lr: expected one rate for each step, or one for each of {len(groups)} "
                    f"groups of {type(optimizer).__name__}, got {len(rates)}"
                )
            for g, (group, arenas) in enumerate(zip(groups, optimizer._arenas, strict=True)):
                column = min(g, len(rates) - 1)
                group["lr"] = rates[column]
                for arena in arenas:
                    arena.hyper_values = ()  # C++ writes there, and the next `prepare` again
                    places.append((arena.hyper, self._tensor, column))
            optimizer._settled = None
        return places


# ---- results ---------------------------------------------------------------------------------


class _Block:
    """The results of steps from `first` on that return the same shapes, by output."""

    def __init__(self, form: Any, outputs: list[Any], first: int, steps: int) -> None:
        self.form, self.outputs, self.first = form, outputs, first
        self.stacks = [_C.empty((steps - first, *shape), dtype) for shape, dtype in outputs]


class _Results:
    """What the steps returned."""

    def __init__(self, steps: int) -> None:
        self.steps = steps
        self._blocks: list[_Block] = []

    def block(self, form: Any, outputs: list[Any], step: int) -> _Block:
        """Where results of this form go: that of the step before if they are alike."""
        if self._blocks:
            last = self._blocks[-1]
            if last.form == form and last.outputs == outputs:
                return last
        return _Block(form, outputs, step, self.steps)

    def add(self, block: _Block) -> None:
        if not self._blocks or self._blocks[-1] is not block:
            self._blocks.append(block)

    def finish(self) -> Any:
        form, *forms = [block.form for block in self._blocks]
        if not forms:
            return put_together(form, iter(self._blocks[0].stacks))
        ends = [block.first for block in self._blocks[1:]] + [self.steps]
        stacks = [
            [stack[: end - block.first] for stack in block.stacks]
            for block, end in zip(self._blocks, ends, strict=True)
        ]
        if any(other != form for other in forms):  # a list of what each step returned
            return [
                put_together(block.form, iter([part[i] for part in parts]))
                for block, parts, end in zip(self._blocks, stacks, ends, strict=True)
                for i in range(end - block.first)
            ]
        joined: list[Any] = [
            _C.cat(list(parts), 0)
            if len({(p.shape[1:], p.dtype) for p in parts}) == 1
            else [row for part in parts for row in part]
            for parts in zip(*stacks, strict=True)
        ]
        return put_together(form, iter(joined))


def _bar(steps: int) -> Any:
    from tqdm import tqdm

    return tqdm(total=steps, unit=" steps")
