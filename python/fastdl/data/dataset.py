"""Map-style datasets: things with a length and an index."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..ops.create import from_numpy
from ..tensor import Tensor
from .shuffle import DrawSource, random_permutation


class Dataset:
    """Base class: define `__getitem__(index)` and `__len__()`.

    A dataset that can fetch many samples at once may also define
    `take(indices) -> batch`, with `indices` an int64 array; `DataLoader` then calls it once
    per batch in place of `__getitem__` per sample and collation.
    """

    def __getitem__(self, index: int) -> Any:
        raise NotImplementedError(f"{type(self).__name__}: a Dataset defines __getitem__")

    def __len__(self) -> int:
        raise NotImplementedError(f"{type(self).__name__}: a Dataset defines __len__")


class TensorDataset(Dataset):
    """Samples are the rows (first dimension) of some tensors of one length.

    Args:
        *tensors: `Tensor`s, or NumPy arrays (shared, not copied), each `[N, ...]`.

    Raises:
        TypeError: an argument is neither a Tensor nor a NumPy array.
        ValueError: no argument, one without dimensions, or lengths that differ.
    """

    tensors: tuple[Tensor, ...]

    def __init__(self, *tensors: Tensor | np.ndarray) -> None:
        if not tensors:
            raise ValueError("TensorDataset: tensors: expected at least one, got none")
        for i, tensor in enumerate(tensors):
            if not isinstance(tensor, (Tensor, np.ndarray)):
                raise TypeError(
                    f"TensorDataset: tensors[{i}]: expected a Tensor or a NumPy array, "
                    f"got {type(tensor).__name__}"
                )
            if tensor.ndim == 0:
                raise ValueError(
                    f"TensorDataset: tensors[{i}]: expected at least 1 dimension, got a scalar"
                )
        lengths = [tensor.shape[0] for tensor in tensors]
        if len(set(lengths)) > 1:
            raise ValueError(f"TensorDataset: tensors: expected one length, got lengths {lengths}")
        self.tensors = tuple(t if isinstance(t, Tensor) else from_numpy(t) for t in tensors)

    def __getitem__(self, index: int) -> tuple[Tensor, ...]:
        return tuple(tensor[index] for tensor in self.tensors)

    def __len__(self) -> int:
        return int(self.tensors[0].shape[0])

    def take(self, indices: np.ndarray) -> list[Tensor]:
        """The samples at `indices` as one batch: a list of tensors `[len(indices), ...]`."""
        return [take_rows(tensor, indices) for tensor in self.tensors]


class Subset(Dataset):
    """The samples of `dataset` at `indices`, in that order.

    Raises:
        IndexError: an index outside of the dataset.
    """

    def __init__(self, dataset: Any, indices: Sequence[int] | np.ndarray) -> None:
        self.dataset = dataset
        self.indices = np.asarray(indices, dtype=np.int64).reshape(-1)
        size = len(dataset)
        outside = self.indices[(self.indices < -size) | (self.indices >= size)]
        if outside.size:
            raise IndexError(
                f"Subset: indices: expected ints in [{-size}, {size - 1}], got {outside[0]}"
            )

    def __getitem__(self, index: int) -> Any:
        return self.dataset[int(self.indices[index])]

    def __len__(self) -> int:
        return len(self.indices)


def take_rows(data: Tensor | np.ndarray, indices: np.ndarray) -> Tensor:
    """Rows of `data` by one index operation: a new row-major Tensor `[len(indices), ...]`."""
    array = data.detach().numpy() if isinstance(data, Tensor) else data
    return from_numpy(np.take(array, indices, axis=0))


def random_split(
    dataset: Any, lengths: Sequence[int | float], generator: DrawSource | None = None
) -> list[Subset]:
    """Cut a dataset at random into parts that share no sample.

    Args:
        dataset: anything with a length and an index.
        lengths: ints that add up to `len(dataset)`, or fractions that add up to 1 (rounded
            down; what is left over goes to the parts in turn, as in PyTorch).
        generator: where the order comes from; fastdl's own by default.

    Raises:
        ValueError: lengths that are negative or do not add up.
    """
    size = len(dataset)
    if any(length < 0 for length in lengths):
        raise ValueError(f"random_split: lengths: expected none below 0, got {list(lengths)}")
    if any(isinstance(length, float) for length in lengths):
        if not math.isclose(sum(lengths), 1.0):
            raise ValueError(
                f"random_split: lengths: expected fractions that add up to 1, got {list(lengths)}"
            )
        counts = [math.floor(size * fraction) for fraction in lengths]
        for i in range(size - sum(counts)):
            counts[i % len(counts)] += 1
    else:
        counts = [int(length) for length in lengths]
    if sum(counts) != size:
        raise ValueError(
            f"random_split: lengths: expected ints that add up to {size} (the dataset's length), "
            f"got {list(lengths)}"
        )
    order = random_permutation(size, generator)
    return [Subset(dataset, part) for part in np.split(order, np.cumsum(counts)[:-1])]
