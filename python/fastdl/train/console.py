"""What `fastdl train` shows while it works: a progress bar and a line per epoch."""

from __future__ import annotations

import sys
from typing import Any

from .history import EpochRecord

HEADER = " fold   epoch   train loss   accuracy   test loss   accuracy      time"


class Console:
    """A line per epoch on standard output; on a terminal, a bar on standard error below them.

    Args:
        folds, epochs: how many there will be.
        quiet: show nothing.
    """

    def __init__(self, folds: int, epochs: int, quiet: bool = False) -> None:
        self.folds, self.epochs, self.quiet = folds, epochs, quiet
        self._bar: Any = None

    def start_fold(self, fold: int, batches: int) -> None:
        """A fold begins; it will go through `batches` batches in all its epochs."""
        if self.quiet:
            return
        self._print(HEADER)
        if sys.stderr.isatty():
            from tqdm import tqdm

            description = f"fold {fold}/{self.folds}" if self.folds > 1 else "training"
            self._bar = tqdm(
                total=batches, desc=description, unit=" batches", leave=False, file=sys.stderr
            )

    def batch(self) -> None:
        """A batch is done."""
        if self._bar is not None:
            self._bar.update()

    def epoch(self, record: EpochRecord) -> None:
        """An epoch is done."""
        if not self.quiet:
            self._print(
                f"{record.fold:>3}/{self.folds:<2} {record.epoch:>4}/{self.epochs:<4}"
                f"{record.train_loss:>10.4f} {record.train_accuracy:>9.2%}"
                f"{record.test_loss:>12.4f} {record.test_accuracy:>9.2%}"
                f"{record.seconds:>8.2f} s"
            )

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def _print(self, line: str) -> None:
        if self._bar is None:
            print(line, flush=True)
        else:
            self._bar.write(line, file=sys.stdout)
