"""The training run behind `fastdl train`: images in; accuracies, pictures and checkpoints out."""

from __future__ import annotations

import importlib.util
import statistics
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from .. import __version__, manual_seed, models, optim
from ..data import DataLoader, Subset, TensorDataset, stratified_folds
from ..nn import functional as F
from .atomic import check_writable
from .checkpoint import save_checkpoint
from .confusion import confusion_matrix, plot_confusion
from .console import Console
from .datasets import DATA_SETS, DataSet, Recipe
from .history import EpochRecord, save_history
from .loop import fit
from .mistakes import plot_mistakes
from .plots import plot_history
from .predictions import Predictions, join, predict
from .schedule import cosine

LABEL_SMOOTHING = 0.1
MOMENTUM = 0.9
OPTIMIZERS: dict[str, tuple[float, Callable[..., Any]]] = {  # default learning rate, maker
    "adamw": (0.01, lambda parameters, lr: optim.AdamW(parameters, lr=lr)),
    "adam": (0.01, lambda parameters, lr: optim.Adam(parameters, lr=lr)),
    "sgd": (0.1, lambda parameters, lr: optim.SGD(parameters, lr, momentum=MOMENTUM)),
}


@dataclass(frozen=True)
class TrainOptions(Recipe):
    """What `fastdl train` can be told."""

    data: str
    out: str
    data_dir: str | None = None
    folds: int | None = None  # None: the published test set; else a fifth, stratified
    lr: float | None = None  # None: the optimizer's entry in OPTIMIZERS
    optimizer: str = "adamw"
    seed: int = 0
    quiet: bool = False

    @classmethod
    def of(cls, data: str = "digits", **given: Any) -> TrainOptions:
        """The options given, and those of the data set's recipe for the rest."""
        return cls(**{**asdict(DATA_SETS[data].recipe), "out": f"runs/{data}", **given}, data=data)


@dataclass
class Task:
    """A training run that can start: data loaded, cut and checked, output folder tried.

    `records`, `predictions` (of each test set) and `checkpoints` grow while it runs.
    """

    options: TrainOptions
    data: DataSet
    images: np.ndarray
    labels: np.ndarray
    splits: list[tuple[np.ndarray, np.ndarray]]
    out: Path
    records: list[EpochRecord] = field(default_factory=list)
    predictions: list[Predictions] = field(default_factory=list)
    checkpoints: list[Path] = field(default_factory=list)

    @property
    def history(self) -> Path:
        return self.out / "history.csv"


@dataclass(frozen=True)
class TrainResult:
    """Test accuracies (0 to 1) of the last epoch's weights, one per fold, and the pictures.

    The pictures are named by their files; there are none without matplotlib.
    """

    accuracies: list[float]
    pictures: dict[str, Path]

    @property
    def mean(self) -> float:
        return statistics.fmean(self.accuracies)

    @property
    def std(self) -> float:
        """Sample standard deviation over the folds; 0 for one fold."""
        return statistics.stdev(self.accuracies) if len(self.accuracies) > 1 else 0.0


def prepare(options: TrainOptions) -> Task:
    """Seed the generator, load and cut the data, and try the output folder.

    Raises:
        ImportError, FileNotFoundError, ValueError: the data cannot be read, or do not fit the
            options.
        OSError: the output folder cannot be made or written to.
    """
    data = DATA_SETS[options.data]
    images, labels = data.load(options.data_dir)
    manual_seed(options.seed)
    cut = len(labels)
    if data.load_test is not None:
        test_images, test_labels = data.load_test(options.data_dir)
        images = np.concatenate([images, test_images])
        labels = np.concatenate([labels, test_labels])
    if options.folds is not None:  # over all images, those of a published test set too
        splits = list(stratified_folds(labels, options.folds))
    elif cut < len(labels):
        splits = [(np.arange(cut), np.arange(cut, len(labels)))]
    else:
        splits = list(stratified_folds(labels, 5))[:1]
    fewest = min(len(train) for train, _ in splits)
    if options.batch_size > fewest:
        raise ValueError(
            f"batch_size: expected at most {fewest} (the images in a training set), "
            f"got {options.batch_size}"
        )
    return Task(options, data, images, labels, splits, check_writable(options.out))


def run(task: Task) -> TrainResult:
    """Train and test, once for each fold.

    After every epoch the fold's checkpoint (`fold-1.safetensors`, …; `model.safetensors`
    without folds) and the history (`history.csv`) are written whole, so an interruption at any
    moment leaves those of the last full epoch.  The pictures come last: `curves.png`, and of the
    test sets of all folds `confusion.png` and `mistakes.png`.

    Raises:
        OSError: a file cannot be written.
        FloatingPointError: the loss became infinite or NaN.
    """
    console = Console(len(task.splits), task.options.epochs, task.options.quiet)
    try:
        accuracies = [_train_fold(task, fold, console) for fold in range(1, len(task.splits) + 1)]
    finally:
        console.close()
    if importlib.util.find_spec("matplotlib") is None:
        return TrainResult(accuracies, pictures={})
    pictures = {name: task.out / f"{name}.png" for name in ("curves", "confusion", "mistakes")}
    result = TrainResult(accuracies, pictures)
    _draw(task, result)
    return result


def _draw(task: Task, result: TrainResult) -> None:
    name, classes = task.options.data, task.data.classes
    several = len(task.splits) > 1
    folds = f", mean of {len(task.splits)} folds" if several else ""
    title = f"{name}: {100 * result.mean:.2f} % test accuracy{folds}"
    plot_history(result.pictures["curves"], task.records, title)

    found = join(task.predictions)
    counts = confusion_matrix(found.labels, found.predicted, len(classes))
    tested = f"{len(found.labels):,} test images{' of all folds' if several else ''}"
    plot_confusion(result.pictures["confusion"], counts, classes, f"{name}: {tested}")

    images = task.images[np.concatenate([test for _, test in task.splits])]
    wrong = len(found.labels) - int(counts.trace())
    title = f"{name}: {wrong:,} of {tested} wrong, the most confident first"
    plot_mistakes(
        result.pictures["mistakes"], images.reshape(-1, *task.data.shape), found, classes, title
    )


def _train_fold(task: Task, fold: int, console: Console) -> float:
    """Train on one fold; returns the test accuracy of the last epoch's weights."""
    options = task.options
    train, test = task.splits[fold - 1]
    checkpoint = task.out / (f"fold-{fold}.safetensors" if options.folds else "model.safetensors")
    task.checkpoints.append(checkpoint)
    # Batch normalization cannot take a batch of one, so the rest of an epoch is left out; each
    # epoch's order is another, so every image is trained on.
    data = TensorDataset(task.images, task.labels)
    train_loader = DataLoader(Subset(data, train), options.batch_size, shuffle=True, drop_last=True)
    test_loader = DataLoader(Subset(data, test), 1024)
    pixels, classes = task.images.shape[1], len(task.data.classes)
    model = models.MLP(pixels, options.hidden, classes, batchnorm=True, dropout=options.dropout)
    default_rate, make_optimizer = OPTIMIZERS[options.optimizer]
    rate = default_rate if options.lr is None else options.lr
    optimizer = make_optimizer(model.parameters(), rate)

    def on_epoch(record: EpochRecord) -> None:
        task.records.append(record)
        notes = {"version": __version__, "options": asdict(options), "result": asdict(record)}
        save_checkpoint(checkpoint, model, optimizer, **notes)
        save_history(task.history, task.records)
        console.epoch(record)

    console.start_fold(fold, options.epochs * len(train_loader))
    fit(
        model,
        train_loader,
        test_loader,
        optimizer,
        epochs=options.epochs,
        loss=partial(F.cross_entropy, label_smoothing=LABEL_SMOOTHING),
        schedule=cosine,
        fold=fold,
        on_batch=console.batch,
        on_epoch=on_epoch,
    )
    console.close()
    task.predictions.append(predict(model, test_loader))
    return task.records[-1].test_accuracy
