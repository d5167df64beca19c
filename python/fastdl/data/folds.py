"""Cuts of a labelled data set that keep the share of every class."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .shuffle import DrawSource, random_keys


def stratified_folds(
    labels: np.ndarray, folds: int, generator: DrawSource | None = None
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Cut a data set into `folds` parts; each serves once as the test set.

    In random order the samples of each class are dealt to the folds like cards, the next class
    going on where the last one ended: the folds' sizes, and their shares of each class, differ
    by one sample at most.

    Args:
        labels: `[N]`, the class of each sample.
        folds: 2 or more.
        generator: where the order comes from (one draw); fastdl's own by default.

    Returns:
        An iterator over `folds` pairs (train indices, test indices), int64, ascending.

    Raises:
        ValueError: `labels` not one-dimensional, fewer than 2 folds, or a class with fewer
            samples than folds.
    """
    labels = np.asarray(labels)
    if labels.ndim != 1 or labels.size == 0:
        raise ValueError(
            f"stratified_folds: labels: expected shape [N] with N > 0, got {list(labels.shape)}"
        )
    if folds < 2:
        raise ValueError(f"stratified_folds: folds: expected at least 2, got {folds}")
    classes, counts = np.unique(labels, return_counts=True)
    rarest = int(np.argmin(counts))
    if counts[rarest] < folds:
        raise ValueError(
            f"stratified_folds: folds: expected at most {counts[rarest]} (the samples of class "
            f"{classes[rarest]}), got {folds}"
        )
    order = np.lexsort((random_keys(len(labels), generator), labels))
    fold_of = np.empty(len(labels), dtype=np.int64)
    fold_of[order] = np.arange(len(labels)) % folds
    return ((np.flatnonzero(fold_of != f), np.flatnonzero(fold_of == f)) for f in range(folds))
