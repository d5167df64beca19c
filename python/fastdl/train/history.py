"""What was measured in each epoch, as a CSV file."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from .atomic import write_atomic


@dataclass(frozen=True)
class EpochRecord:
    """One epoch of one fold.  Accuracies are from 0 to 1.

    Training figures are means over the epoch's batches, taken while the weights change and
    with dropout at work; test figures are of the weights at the epoch's end.
    """

    fold: int
    epoch: int
    train_loss: float
    train_accuracy: float
    test_loss: float
    test_accuracy: float
    seconds: float


def save_history(path: str | Path, records: Sequence[EpochRecord]) -> None:
    """Write the records as CSV, atomically; one line per epoch, under a line of names."""
    text = io.StringIO()
    writer = csv.DictWriter(text, [f.name for f in fields(EpochRecord)], lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(record) for record in records)
    write_atomic(path, text.getvalue().encode())
