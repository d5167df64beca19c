"""Predictions, the confusion matrix and the worst mistakes."""

from __future__ import annotations

import sys

import numpy as np
import pytest

import fastdl
from fastdl import models
from fastdl.data import DataLoader, TensorDataset
from fastdl.train import (
    Predictions,
    confusion_matrix,
    plot_confusion,
    plot_mistakes,
    predict,
    worst_mistakes,
)

NAMES = ("cat", "dog", "a long name")


def guesses(n: int = 40, seed: int = 0) -> Predictions:
    random = np.random.default_rng(seed)
    labels, predicted = random.integers(0, 3, (2, n))
    return Predictions(labels, predicted, random.uniform(0.4, 1, n))


def png_size(path) -> tuple[int, int]:
    data = path.read_bytes()
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    assert [p.name for p in path.parent.iterdir()] == [path.name]  # no temporary file is left
    return int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")


def test_predict_in_order_and_in_evaluation_mode():
    fastdl.manual_seed(0)
    model = models.MLP(4, [8], 3, batchnorm=True, dropout=0.5)
    points = np.random.default_rng(0).standard_normal((10, 4)).astype(np.float32)
    found = predict(model, DataLoader(TensorDataset(points, np.arange(10) % 3), 4))
    assert model.training
    logits = model.eval()(fastdl.from_numpy(points)).detach().numpy().astype(np.float64)
    shares = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    np.testing.assert_array_equal(found.labels, np.arange(10) % 3)
    np.testing.assert_array_equal(found.predicted, shares.argmax(1))
    np.testing.assert_allclose(found.confidence, shares.max(1), rtol=1e-5)
    with pytest.raises(ValueError, match="predict: loader: expected at least one batch"):
        predict(model, [])


def test_confusion_by_hand():
    counts = confusion_matrix(np.array([0, 0, 0, 1, 2]), np.array([0, 2, 2, 1, 0]), 3)
    assert counts.tolist() == [[1, 0, 2], [0, 1, 0], [1, 0, 0]]
    assert confusion_matrix(np.array([], np.int64), np.array([], np.int64), 2).sum() == 0


def test_confusion_as_scikit_learn_counts():
    metrics = pytest.importorskip("sklearn.metrics")
    found = guesses(500)
    expected = metrics.confusion_matrix(found.labels, found.predicted, labels=range(4))
    np.testing.assert_array_equal(confusion_matrix(found.labels, found.predicted, 4), expected)


@pytest.mark.parametrize(
    ("labels", "predicted", "message"),
    [
        ([0, 1], [0], r"predicted: expected shape \[N\] as that of labels, got \[1\] and \[2\]"),
        ([0, 3], [0, 1], "labels: expected classes from 0 to 2, got 3"),
        ([0, 1], [0, -1], "predicted: expected classes from 0 to 2, got -1"),
    ],
)
def test_confusion_bad_input(labels, predicted, message):
    with pytest.raises(ValueError, match=f"confusion_matrix: {message}"):
        confusion_matrix(np.array(labels), np.array(predicted), 3)


def test_worst_mistakes_are_the_confident_ones():
    labels = np.array([0, 1, 2, 0, 1, 2])
    predicted = np.array([0, 2, 1, 1, 0, 2])
    confidence = np.array([0.99, 0.5, 0.9, 0.7, 0.9, 0.95])
    found = Predictions(labels, predicted, confidence)
    assert worst_mistakes(found, 10).tolist() == [2, 4, 3, 1]
    assert worst_mistakes(found, 2).tolist() == [2, 4]


@pytest.mark.parametrize("counts", [np.diag([5, 0, 2]), np.arange(9).reshape(3, 3), np.zeros(9)])
def test_confusion_picture(tmp_path, counts):
    pytest.importorskip("matplotlib")
    plot_confusion(tmp_path / "c.png", counts.reshape(3, -1).astype(np.int64), NAMES, "a title")
    width, height = png_size(tmp_path / "c.png")
    assert 500 <= width <= 2000
    assert 500 <= height <= 2000


@pytest.mark.parametrize("n", [0, 1, 300])
def test_picture_of_mistakes(tmp_path, n):
    """None, one, and more than there is room for."""
    pytest.importorskip("matplotlib")
    found = guesses(max(n, 5))
    if n < 2:
        found.predicted[:] = found.labels
        found.predicted[:n] = (found.labels[:n] + 1) % 3
    images = np.random.default_rng(0).uniform(0, 1, (len(found.labels), 7, 9))
    plot_mistakes(tmp_path / "m.png", images, found, NAMES, "a title")
    width, height = png_size(tmp_path / "m.png")
    assert 1000 <= width <= 2000
    assert 300 <= height <= 2000


def test_pictures_bad_input(tmp_path, monkeypatch):
    counts, found, images = np.eye(3), guesses(5), np.zeros((5, 2, 2))
    with pytest.raises(ValueError, match=r"counts: expected shape \[3, 3\] .* got \[2, 2\]"):
        plot_confusion(tmp_path / "c.png", np.eye(2), NAMES)
    with pytest.raises(ValueError, match=r"images: expected shape \[5, height, width\], got"):
        plot_mistakes(tmp_path / "m.png", images[:4], found, NAMES)
    with pytest.raises(FileNotFoundError, match="nowhere"):
        plot_mistakes(tmp_path / "nowhere" / "m.png", images, found, NAMES)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ImportError, match=r"fastdl-nn\[plot\]"):
        plot_confusion(tmp_path / "c.png", counts, NAMES)
    with pytest.raises(ImportError, match=r"fastdl-nn\[plot\]"):
        plot_mistakes(tmp_path / "m.png", images, found, NAMES)
    assert list(tmp_path.iterdir()) == []


def test_confusion_matrix_of_narrow_integers():
    labels = np.arange(20, dtype=np.uint8)
    counts = confusion_matrix(labels, labels[::-1].copy(), 20)
    assert (counts == np.eye(20, dtype=int)[:, ::-1]).all()
    with pytest.raises(TypeError, match="confusion_matrix: labels: expected integers, got float64"):
        confusion_matrix(labels.astype(float), labels, 20)
