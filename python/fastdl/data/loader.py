"""DataLoader: an iterable over the minibatches of a dataset."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Sized
from typing import Any, cast

import numpy as np

from ..ops.create import from_numpy
from ..tensor import Tensor
from .dataset import Subset, take_rows
from .shuffle import DrawSource, random_permutation


class DataLoader:
    """Iterates over a dataset in minibatches, as PyTorch's `DataLoader` in one process.

    Each `iter(loader)` is one epoch.  The order of a shuffled epoch depends on the generator's
    seed and draw index alone, so `fastdl.manual_seed` makes it repeat.  A dataset of tensors or
    arrays is gathered batch by batch, one index operation for each.

    Args:
        dataset: anything with a length and an index: a `Dataset`, a list, an array.
        batch_size: samples in a batch (the last one may be smaller).
        shuffle: a new random order in each epoch.
        sampler: an iterable of indices, in place of `shuffle`.
        pin_memory: taken for PyTorch's sake; on the CPU there is nothing to pin.
        num_workers: 0, the only value so far: batches are made in this process.
        collate_fn: makes a batch out of a list of samples; `default_collate` unless given.
        drop_last: leave out the last batch where it is smaller than the others.
        generator: where the random order comes from; fastdl's own by default.

    Raises:
        ValueError: an empty dataset, a batch size below 1, `shuffle` together with `sampler`,
            or `num_workers` other than 0.
        TypeError: a dataset without length, a batch size that is no int.
    """

    def __init__(
        self,
        dataset: Any,
        batch_size: int = 1,
        shuffle: bool = False,
        sampler: Iterable[int] | None = None,
        *,
        num_workers: int = 0,
        pin_memory: bool = False,
        collate_fn: Callable[[list[Any]], Any] | None = None,
        drop_last: bool = False,
        generator: DrawSource | None = None,
    ) -> None:
        if not hasattr(dataset, "__len__") or not hasattr(dataset, "__getitem__"):
            raise TypeError(
                "DataLoader: dataset: expected something with __len__ and __getitem__, "
                f"got {type(dataset).__name__}"
            )
        if isinstance(batch_size, bool) or not isinstance(batch_size, (int, np.integer)):
            raise TypeError(
                f"DataLoader: batch_size: expected an int, got {type(batch_size).__name__}"
            )
        if batch_size < 1:
            raise ValueError(f"DataLoader: batch_size: expected at least 1, got {batch_size}")
        if num_workers != 0:
            raise ValueError(
                "DataLoader: num_workers: expected 0 (batches are made in this process; "
                f"worker processes do not exist yet), got {num_workers}"
            )
        if shuffle and sampler is not None:
            raise ValueError("DataLoader: sampler: expected None together with shuffle=True")
        if len(dataset) == 0:
            raise ValueError("DataLoader: dataset: expected at least one sample, got none")
        self.dataset = dataset
        self.batch_size = int(batch_size)
        self.shuffle = bool(shuffle)
        self.sampler = sampler
        self.num_workers = 0
        self.pin_memory = bool(pin_memory)
        self.collate_fn = collate_fn
        self.drop_last = bool(drop_last)
        self.generator = generator

    def __len__(self) -> int:
        """Batches in an epoch."""
        source = self.dataset if self.sampler is None else self.sampler
        samples = len(cast(Sized, source))
        return samples // self.batch_size if self.drop_last else -(-samples // self.batch_size)

    def __iter__(self) -> Iterator[Any]:
        order = self._order()  # drawn now, not at the first batch: as in PyTorch
        return self._batches(order)

    def _order(self) -> np.ndarray:
        if self.sampler is not None:
            return np.fromiter(self.sampler, dtype=np.int64)
        if self.shuffle:
            return random_permutation(len(self.dataset), self.generator)
        return np.arange(len(self.dataset), dtype=np.int64)

    def _batches(self, order: np.ndarray) -> Iterator[Any]:
        for start in range(0, len(order), self.batch_size):
            indices = order[start : start + self.batch_size]
            if self.drop_last and len(indices) < self.batch_size:
                return
            if self.collate_fn is None:
                yield _fetch(self.dataset, indices)
            else:
                yield self.collate_fn([self.dataset[int(i)] for i in indices])


def _fetch(dataset: Any, indices: np.ndarray) -> Any:
    """One batch, by one index operation per tensor where the dataset allows it."""
    if isinstance(dataset, (Tensor, np.ndarray)):
        return take_rows(dataset, indices)
    if isinstance(dataset, Subset):
        return _fetch(dataset.dataset, dataset.indices[indices])
    if hasattr(dataset, "take"):
        return dataset.take(indices)
    return default_collate([dataset[int(i)] for i in indices])


def default_collate(samples: Sequence[Any]) -> Any:
    """Stack a list of samples into a batch, as PyTorch does.

    Tensors and arrays are stacked along a new first dimension; floats become a float64 tensor,
    ints an int64 one; tuples, lists and dicts are collated field by field (a tuple becomes a
    list); strings stay a list.

    Raises:
        ValueError: no sample, samples of differing shapes or numbers of fields.
        TypeError: samples of a type that is none of these.
    """
    if len(samples) == 0:
        raise ValueError("default_collate: samples: expected at least one, got none")
    first = samples[0]
    if isinstance(first, (Tensor, np.ndarray)):
        shapes = {tuple(sample.shape) for sample in samples}
        if len(shapes) > 1:
            raise ValueError(
                f"default_collate: samples: expected one shape, got {sorted(shapes)[:4]}"
            )
        arrays = [s.detach().numpy() if isinstance(s, Tensor) else s for s in samples]
        return from_numpy(np.stack(arrays))
    if isinstance(first, np.generic):
        return from_numpy(np.asarray(samples))
    if isinstance(first, bool):
        return from_numpy(np.asarray(samples, dtype=np.bool_))
    if isinstance(first, (int, float)):
        mixed = any(isinstance(sample, float) for sample in samples)
        return from_numpy(np.asarray(samples, dtype=np.float64 if mixed else np.int64))
    if isinstance(first, (str, bytes)):
        return list(samples)
    if isinstance(first, Mapping):
        return {key: default_collate([sample[key] for sample in samples]) for key in first}
    if isinstance(first, (tuple, list)):
        lengths = {len(sample) for sample in samples}
        if len(lengths) > 1:
            raise ValueError(
                "default_collate: samples: expected the same number of fields in each, "
                f"got {sorted(lengths)}"
            )
        fields = [default_collate(field) for field in zip(*samples, strict=True)]
        return type(first)(*fields) if hasattr(first, "_fields") else fields
    raise TypeError(
        "default_collate: samples: expected tensors, arrays, numbers, strings, tuples, lists or "
        f"dicts, got {type(first).__name__}"
    )
