"""The epoch loop, histories, pictures, and the command `fastdl`."""

from __future__ import annotations

import csv
import importlib.util
import os
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

import fastdl
import fastdl.nn.functional as F
from fastdl import cli, models, optim
from fastdl.data import DataLoader, TensorDataset
from fastdl.train import (
    EpochRecord,
    constant,
    cosine,
    evaluate,
    fit,
    linear,
    load_checkpoint,
    plot_history,
    save_history,
)

PNG = b"\x89PNG\r\n\x1a\n"


def blobs(n: int = 64, seed: int = 0) -> TensorDataset:
    """Three well separated clouds in the plane."""
    random = np.random.default_rng(seed)
    labels = np.arange(n) % 3
    centers = np.array([[0, 2], [2, -1], [-2, -1]], np.float32)
    points = centers[labels] + 0.3 * random.standard_normal((n, 2))
    return TensorDataset(points.astype(np.float32), labels)


def records(folds: int = 2, epochs: int = 3) -> list[EpochRecord]:
    return [
        EpochRecord(fold, epoch, 1 / epoch, 0.5, 0.9 / epoch, 0.5 + 0.1 * epoch, 0.25)
        for fold in range(1, folds + 1)
        for epoch in range(1, epochs + 1)
    ]


# The loop


def test_fit_learns_and_records():
    fastdl.manual_seed(0)
    model = models.MLP(2, [16], 3)
    train, test = DataLoader(blobs(), 8, shuffle=True), DataLoader(blobs(seed=1), 64)
    seen = []
    batches = []
    found = fit(
        model,
        train,
        test,
        optim.Adam(model.parameters(), lr=0.02),
        epochs=5,
        fold=3,
        on_batch=lambda: batches.append(1),
        on_epoch=seen.append,
    )
    assert seen == found
    assert len(batches) == 5 * 8
    assert [r.epoch for r in found] == [1, 2, 3, 4, 5]
    assert {r.fold for r in found} == {3}
    assert found[-1].train_loss < found[0].train_loss / 2
    assert found[-1].test_accuracy == 1.0
    assert (found[-1].test_loss, found[-1].test_accuracy) == evaluate(model, test)


def test_fit_repeats_bit_for_bit():
    histories = []
    for seed in (4, 4, 5):
        fastdl.manual_seed(seed)
        model = models.MLP(2, [8], 3, batchnorm=True, dropout=0.3)
        found = fit(
            model,
            DataLoader(blobs(), 8, shuffle=True),
            DataLoader(blobs(), 64),
            optim.AdamW(model.parameters(), lr=0.02),
            epochs=2,
            loss=lambda logits, labels: F.cross_entropy(logits, labels, label_smoothing=0.1),
            schedule=cosine,
        )
        histories.append([(r.train_loss, r.test_loss) for r in found])
    assert histories[0] == histories[1] != histories[2]


def test_schedule_multiplies_the_rates_and_leaves_them():
    model = models.MLP(2, [], 3)
    optimizer = optim.SGD(
        [
            {"params": [p for p in model.parameters() if p.ndim == 2], "lr": 0.4},
            {"params": [p for p in model.parameters() if p.ndim == 1], "lr": 0.2},
        ],
        lr=0.1,
    )
    rates = []
    fit(
        model,
        DataLoader(blobs(16), 8),
        DataLoader(blobs(16), 16),
        optimizer,
        epochs=2,
        schedule=linear,
        on_batch=lambda: rates.append([group["lr"] for group in optimizer.param_groups]),
    )
    np.testing.assert_allclose(rates, np.outer([1, 0.75, 0.5, 0.25], [0.4, 0.2]), rtol=1e-12)
    assert [group["lr"] for group in optimizer.param_groups] == [0.4, 0.2]


def test_schedules_at_their_ends():
    assert (constant(0.0), constant(1.0)) == (1, 1)
    assert (linear(0.0), linear(0.25), linear(1.0)) == (1, 0.75, 0)
    assert (cosine(0.0), cosine(1.0)) == (1, 0)
    assert cosine(0.5) == pytest.approx(0.5)


def test_a_loss_that_is_no_number_is_reported():
    model = models.MLP(2, [], 3)
    optimizer = optim.SGD(model.parameters(), lr=0.5)
    points = np.zeros((8, 2), np.float32)
    points[5, 0] = np.nan
    bad = DataLoader(TensorDataset(points, np.arange(8) % 3), 4)
    with pytest.raises(FloatingPointError, match="fit: the training loss became nan in epoch 1"):
        fit(model, bad, bad, optimizer, epochs=2, schedule=cosine)
    assert optimizer.param_groups[0]["lr"] == 0.5


def test_fit_bad_input():
    model = models.MLP(2, [], 3)
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    loader = DataLoader(blobs(4), 4)
    with pytest.raises(ValueError, match="fit: epochs: expected at least 1, got 0"):
        fit(model, loader, loader, optimizer, epochs=0)
    empty = DataLoader(blobs(4), 8, drop_last=True)
    with pytest.raises(ValueError, match="fit: train_loader: expected at least one batch"):
        fit(model, empty, loader, optimizer, epochs=1)
    with pytest.raises(ValueError, match="evaluate: loader: expected at least one batch"):
        evaluate(model, empty)


def test_evaluate_weighs_batches_by_size_and_changes_nothing():
    fastdl.manual_seed(0)
    model = models.MLP(2, [8], 3, batchnorm=True, dropout=0.5)
    before = {name: t.numpy().tobytes() for name, t in model.state_dict().items()}
    whole = evaluate(model, DataLoader(blobs(10), 10))
    parts = evaluate(model, DataLoader(blobs(10), 4))
    assert parts == pytest.approx(whole, rel=1e-6)
    assert model.training
    assert before == {name: t.numpy().tobytes() for name, t in model.state_dict().items()}
    assert evaluate(model.eval(), DataLoader(blobs(10), 4)) == parts
    assert not model.training


# History and picture


def test_history_as_csv(tmp_path):
    save_history(tmp_path / "history.csv", records())
    rows = list(csv.DictReader((tmp_path / "history.csv").open()))
    assert len(rows) == 6
    assert list(rows[0]) == [
        "fold",
        "epoch",
        "train_loss",
        "train_accuracy",
        "test_loss",
        "test_accuracy",
        "seconds",
    ]
    assert float(rows[4]["test_loss"]) == 0.9 / 2  # digits enough to come back exactly


@pytest.mark.parametrize("folds", [1, 5])
def test_picture_is_a_png(tmp_path, folds):
    pytest.importorskip("matplotlib")
    plot_history(tmp_path / "curves.png", records(folds), "a title")
    data = (tmp_path / "curves.png").read_bytes()
    assert data.startswith(PNG)
    assert int.from_bytes(data[16:20], "big") >= 1000  # pixels wide


def test_picture_without_records_or_matplotlib(tmp_path, monkeypatch):
    with pytest.raises(ValueError, match="plot_history: records: expected at least one"):
        plot_history(tmp_path / "curves.png", [])
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ImportError, match=r"fastdl-nn\[plot\]"):
        plot_history(tmp_path / "curves.png", records())


# The command


@pytest.fixture
def digits(tmp_path):
    """A small data folder: 60 images whose pixels show their label."""
    random = np.random.default_rng(0)
    labels = np.arange(60) % 10
    images = random.integers(0, 5, (60, 64))
    images[np.arange(60), 6 * labels] = 16
    folder = tmp_path / "data"
    folder.mkdir()
    np.savez(folder / "digits.npz", images=images, labels=labels)
    return folder


def command(*words: object) -> int:
    """Run `fastdl` in this process; the exit code, also where argparse leaves by SystemExit."""
    try:
        return cli.main([str(word) for word in words])
    except SystemExit as end:
        return int(end.code or 0)


def small(digits, out, *more: object) -> list[object]:
    words = ["train", "--data-dir", digits, "--out", out, "--hidden", 16, "--batch-size", 8]
    return [*words, *more]


def test_train_with_folds(digits, tmp_path, capsys):
    out = tmp_path / "deep" / "out"
    assert command(*small(digits, out, "--folds", 3, "--epochs", 2)) == 0
    written = sorted(path.name for path in out.iterdir())
    checkpoints = [f"fold-{fold}.safetensors" for fold in (1, 2, 3)]
    assert written == ["confusion.png", "curves.png", *checkpoints, "history.csv", "mistakes.png"]
    assert (out / "curves.png").read_bytes().startswith(PNG)

    rows = list(csv.DictReader((out / "history.csv").open()))
    assert [(r["fold"], r["epoch"]) for r in rows] == [(f, e) for f in "123" for e in "12"]

    shown = capsys.readouterr()
    assert shown.err == ""  # no progress bar where there is no terminal
    assert len(re.findall(r"^ +\d/3 +\d/2 .* s$", shown.out, re.MULTILINE)) == 6
    last = [float(row["test_accuracy"]) for row in rows if row["epoch"] == "2"]
    line = f"test accuracy  {100 * np.mean(last):.2f} % ± {100 * np.std(last, ddof=1):.2f} %"
    assert line in shown.out
    for name in ("curves.png", "confusion.png", "mistakes.png", "history.csv", checkpoints[0]):
        assert str(out / name) in shown.out


def test_train_without_folds_tests_on_a_fifth(digits, tmp_path, capsys):
    assert command(*small(digits, tmp_path / "out", "--epochs", 2, "--quiet")) == 0
    shown = capsys.readouterr().out.splitlines()
    assert len(shown) == 6
    accuracy = float(shown[0].split()[2]) / 100
    assert accuracy * 12 == pytest.approx(round(accuracy * 12), abs=1e-2)  # 12 test images
    assert (tmp_path / "out" / "model.safetensors").is_file()


def test_the_checkpoint_gives_the_accuracy_reported(digits, tmp_path):
    out = tmp_path / "out"
    assert command(*small(digits, out, "--epochs", 2, "--dropout", 0.1, "--quiet")) == 0
    model = models.MLP(64, [16], 10, batchnorm=True, dropout=0.1)
    notes = load_checkpoint(out / "model.safetensors", model)
    assert notes["options"]["hidden"] == [16]
    assert notes["options"]["dropout"] == 0.1
    last = list(csv.DictReader((out / "history.csv").open()))[-1]
    assert notes["result"]["epoch"] == 2
    assert notes["result"]["test_loss"] == float(last["test_loss"])


def test_the_same_seed_gives_the_same_bits(digits, tmp_path):
    weights = []
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        out = tmp_path / name
        assert command(*small(digits, out, "--epochs", 2, "--seed", seed, "--quiet")) == 0
        model = models.MLP(64, [16], 10, batchnorm=True, dropout=0.3)
        load_checkpoint(out / "model.safetensors", model)
        weights.append([t.numpy().tobytes() for t in model.state_dict().values()])
    assert weights[0] == weights[1] != weights[2]


@pytest.mark.parametrize("optimizer", ["adamw", "adam", "sgd"])
def test_train_with_each_optimizer(digits, tmp_path, optimizer):
    words = small(digits, tmp_path / "out", "--epochs", 8, "--optimizer", optimizer, "--quiet")
    assert command(*words) == 0
    rows = list(csv.DictReader((tmp_path / "out" / "history.csv").open()))
    assert float(rows[-1]["train_loss"]) < 0.8 * float(rows[0]["train_loss"])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--epochs", "0"], "--epochs: expected a whole number of at least 1, got '0'"),
        (["--epochs", "1.5"], "--epochs: expected a whole number of at least 1, got '1.5'"),
        (["--folds", "1"], "--folds: expected a whole number of at least 2, got '1'"),
        (["--folds", "7"], "folds: expected at most 6 (the samples of class 0), got 7"),
        (["--batch-size", "1"], "--batch-size: expected a whole number of at least 2, got '1'"),
        (["--batch-size", "49"], "batch_size: expected at most 48 (the images in a training set)"),
        (["--lr", "0"], "--lr: expected a number above 0, got '0'"),
        (["--lr", "nan"], "--lr: expected a number above 0, got 'nan'"),
        (["--lr", "inf"], "--lr: expected a number above 0, got 'inf'"),
        (["--dropout", "1"], "--dropout: expected a number of at least 0 and below 1, got '1'"),
        (["--hidden", "0"], "--hidden: expected a whole number of at least 1"),
        (["--hidden"], "--hidden: expected at least one argument"),
        (["--seed", "-1"], "--seed: expected a whole number of at least 0"),
        (["--optimizer", "lion"], "--optimizer: invalid choice: 'lion'"),
        (["--data", "cats"], "--data: invalid choice: 'cats'"),
        (["--data-dir", "/nowhere"], "/nowhere: no such folder"),
        (["--nonsense"], "unrecognized arguments: --nonsense"),
    ],
)
def test_bad_values(digits, tmp_path, capsys, words, message):
    out = tmp_path / "out"
    assert command(*small(digits, out), *words) == 2
    shown = capsys.readouterr()
    assert message in shown.err
    assert shown.err.startswith("fastdl")
    assert shown.err.count("\n") == 1
    assert shown.out == ""
    assert not out.exists()  # nothing was made before the input was checked


def test_truncated_data_file(digits, tmp_path, capsys):
    path = digits / "digits.npz"
    path.write_bytes(path.read_bytes()[:500])
    assert command(*small(digits, tmp_path / "out")) == 2
    message = capsys.readouterr().err
    assert re.fullmatch(r"fastdl train: .*digits.npz: the file is truncated or .*\n", message)


def test_unwritable_folder_is_found_before_the_training(digits, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    started = time.perf_counter()
    assert command(*small(digits, tmp_path / "file" / "out", "--epochs", 10**9)) == 2
    assert time.perf_counter() - started < 10
    shown = capsys.readouterr()
    assert re.fullmatch(
        r"fastdl train: .*file/out: not a folder that can be written to \(.*\)\n", shown.err
    )
    assert shown.out == ""


def test_disk_full_during_the_training(digits, tmp_path, capsys, monkeypatch):
    def full(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert command(*small(digits, tmp_path / "out", "--epochs", 1)) == 2
    message = capsys.readouterr().err
    assert re.fullmatch(r"fastdl train: .*model.safetensors: No space left on device\n", message)
    assert list((tmp_path / "out").iterdir()) == []


def test_without_scikit_learn(capsys, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    assert command("train", "--out", tmp_path / "out") == 2
    assert "pip install 'fastdl-nn[data]'" in capsys.readouterr().err


def test_without_matplotlib(digits, tmp_path, capsys, monkeypatch):
    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "matplotlib" else real(name)
    )
    assert command(*small(digits, tmp_path / "out", "--epochs", 1, "--quiet")) == 0
    assert "pictures       none: matplotlib is not installed" in capsys.readouterr().out
    written = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert written == ["history.csv", "model.safetensors"]


def test_ctrl_c_keeps_the_epochs_done(digits, tmp_path):
    """A real interrupt of a real process, in the middle of the training."""
    out = tmp_path / "out"
    words = [str(w) for w in small(digits, out, "--folds", 2, "--epochs", 10**6)]
    process = subprocess.Popen(
        [sys.executable, "-m", "fastdl", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # a shell's background job ignores Ctrl-C, and so would what it starts
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    shown = [process.stdout.readline() for _ in range(6)]  # the header and five epochs
    process.send_signal(signal.SIGINT)
    rest, errors = process.communicate(timeout=30)
    assert process.returncode == 130, errors
    assert errors == f"fastdl train: stopped; the epochs done are in {out}\n"
    assert sorted(path.name for path in out.iterdir()) == ["fold-1.safetensors", "history.csv"]

    printed = len(shown) - 1 + len(rest.splitlines())
    rows = list(csv.DictReader((out / "history.csv").open()))
    notes = load_checkpoint(
        out / "fold-1.safetensors", models.MLP(64, [16], 10, batchnorm=True, dropout=0.3)
    )
    assert printed <= len(rows) <= printed + 1  # the interrupt may come before the line
    assert len(rows) <= notes["result"]["epoch"] <= len(rows) + 1


def test_env(capsys):
    assert command("env") == 0
    shown = capsys.readouterr().out
    for text in (fastdl.__version__, fastdl._C.isa(), "OpenBLAS", np.__version__):
        assert text in shown


@pytest.mark.parametrize("words", [["--help"], ["train", "--help"], ["env", "--help"]])
def test_help(capsys, words):
    assert command(*words) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("usage: fastdl")
    assert "None" not in shown


@pytest.mark.parametrize("words", [[], ["fly"]])
def test_no_such_command(capsys, words):
    assert command(*words) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_progress_bar_on_a_terminal(digits, tmp_path):
    """On a pseudo-terminal there is a bar on standard error, and --quiet takes it away."""
    import fcntl
    import pty
    import struct
    import termios

    for extra, expected in (([], True), (["--quiet"], False)):
        try:
            leader, follower = pty.openpty()
        except OSError:
            pytest.skip("this system has no pseudo-terminals")
        fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("4H", 24, 100, 0, 0))
        words = [str(w) for w in small(digits, tmp_path / "out", "--epochs", 3, *extra)]
        subprocess.run(
            [sys.executable, "-m", "fastdl", *words],
            stdout=subprocess.DEVNULL,
            stderr=follower,
            check=True,
        )
        os.set_blocking(leader, False)
        try:
            shown = os.read(leader, 65536)
        except BlockingIOError:  # nothing there
            shown = b""
        os.close(leader)
        os.close(follower)
        assert (b"training" in shown) == expected


# The main job


def test_main_job_reaches_98_percent_on_the_digits(tmp_path, capsys):
    """`fastdl train --folds 5`: the mean of a stratified 5-fold over all 1,797 images."""
    pytest.importorskip("sklearn")
    assert command("train", "--folds", 5, "--out", tmp_path, "--quiet") == 0
    accuracy = float(re.search(r"test accuracy +([\d.]+) %", capsys.readouterr().out)[1])
    assert accuracy >= 98.0
    rows = list(csv.DictReader((tmp_path / "history.csv").open()))
    assert sorted({row["fold"] for row in rows}) == list("12345")
