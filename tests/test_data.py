"""Datasets, loaders, folds, and the digits with their bad files."""

from __future__ import annotations

import gzip
import sys

import numpy as np
import pytest

import fastdl
from fastdl.data import (
    DataLoader,
    Dataset,
    Subset,
    TensorDataset,
    default_collate,
    load_digits,
    random_split,
    stratified_folds,
)
from fastdl.data.shuffle import random_keys, random_permutation


def numbers(n: int) -> TensorDataset:
    """Samples (row of 3 floats, label) whose values name their index."""
    rows = np.arange(3 * n, dtype=np.float32).reshape(n, 3)
    return TensorDataset(rows, np.arange(n))


def labels_of(loader) -> list[list[int]]:
    return [labels.numpy().tolist() for _, labels in loader]


class Squares(Dataset):
    """A plain map-style dataset: no `take`, a sample at a time."""

    def __len__(self) -> int:
        return 5

    def __getitem__(self, index: int):
        return np.full(2, index, np.float32), index * index


# Datasets


def test_tensor_dataset_gives_rows_of_each_tensor():
    data = TensorDataset(fastdl.tensor([[1.0, 2.0], [3.0, 4.0]]), np.array([7, 8]))
    row, label = data[1]
    assert len(data) == 2
    assert row.numpy().tolist() == [3.0, 4.0]
    assert label.item() == 8


@pytest.mark.parametrize(
    ("tensors", "error", "message"),
    [
        ((), ValueError, "TensorDataset: tensors: expected at least one, got none"),
        ((np.zeros(3), np.zeros(4)), ValueError, r"expected one length, got lengths \[3, 4\]"),
        ((np.zeros(3), [1, 2, 3]), TypeError, r"tensors\[1\]: expected a Tensor .* got list"),
        ((np.array(1.0),), ValueError, r"tensors\[0\]: expected at least 1 dimension"),
    ],
)
def test_tensor_dataset_bad_input(tensors, error, message):
    with pytest.raises(error, match=message):
        TensorDataset(*tensors)


def test_subset_of_a_subset_and_bad_indices():
    inner = Subset(numbers(10), [9, 7, 5, 3])
    outer = Subset(inner, [2, 0])
    assert [outer[i][1].item() for i in range(len(outer))] == [5, 9]
    assert labels_of(DataLoader(outer, 2)) == [[5, 9]]
    with pytest.raises(IndexError, match=r"indices: expected ints in \[-4, 3\], got 4"):
        Subset(inner, [0, 4])


def test_random_split_shares_no_sample_and_repeats():
    fastdl.manual_seed(3)
    first = [part.indices.tolist() for part in random_split(numbers(10), [7, 3])]
    assert sorted(first[0] + first[1]) == list(range(10))
    assert [len(part) for part in first] == [7, 3]
    fastdl.manual_seed(3)
    assert [part.indices.tolist() for part in random_split(numbers(10), [7, 3])] == first


def test_random_split_fractions_as_pytorch_rounds_them():
    sizes = [len(part) for part in random_split(numbers(11), [0.5, 0.3, 0.2])]
    assert sizes == [6, 3, 2]  # floors 5, 3, 2, and the one left over to the first


@pytest.mark.parametrize("lengths", [[7, 2], [11, -1], [0.5, 0.4]])
def test_random_split_bad_lengths(lengths):
    with pytest.raises(ValueError, match="random_split: lengths: expected"):
        random_split(numbers(10), lengths)


# DataLoader


def test_loader_in_order_with_a_short_last_batch():
    loader = DataLoader(numbers(7), batch_size=3)
    assert len(loader) == 3
    assert labels_of(loader) == [[0, 1, 2], [3, 4, 5], [6]]
    rows, _ = next(iter(loader))
    assert rows.shape == (3, 3)
    assert rows.numpy()[2].tolist() == [6.0, 7.0, 8.0]
    assert (str(rows.dtype), rows.numpy().dtype) == (str(fastdl.float32), np.float32)


def test_loader_drop_last():
    loader = DataLoader(numbers(7), batch_size=3, drop_last=True)
    assert (len(loader), labels_of(loader)) == (2, [[0, 1, 2], [3, 4, 5]])


def test_shuffle_takes_every_sample_once_in_a_new_order_each_epoch():
    fastdl.manual_seed(0)
    loader = DataLoader(numbers(50), batch_size=8, shuffle=True)
    first, second = ([i for batch in labels_of(loader) for i in batch] for _ in range(2))
    assert sorted(first) == sorted(second) == list(range(50))
    assert first != second
    assert first != list(range(50))


def test_manual_seed_repeats_the_order():
    loader = DataLoader(numbers(50), batch_size=8, shuffle=True)
    orders = []
    for seed in (1, 1, 2):
        fastdl.manual_seed(seed)
        orders.append(labels_of(loader))
    assert orders[0] == orders[1] != orders[2]


def test_order_depends_on_the_draw_index_alone():
    """Two draws of one seed differ; the same draw gives the same order, whatever came before."""
    generator = fastdl.random.default_generator
    fastdl.manual_seed(5)
    state = generator.get_state()
    expected = labels_of(DataLoader(numbers(20), 20, shuffle=True))
    labels_of(DataLoader(numbers(33), 4, shuffle=True))
    generator.set_state(state)
    assert labels_of(DataLoader(numbers(20), 20, shuffle=True)) == expected


@pytest.mark.parametrize("n", [0, 1, 2, 3, 7, 64, 1797, 70_001])
def test_an_order_is_that_of_its_random_keys(n):
    """So says NumPy's Philox: orders are the same in every version."""

    class Drawn:
        def __init__(self, seed):
            self.seed, self.draw = seed, 2**64 - 1

        def next_draw(self):
            self.draw += 1
            return self.draw - 1

    for seed in (0, 5, 2**63 + 1, 3 << 70):
        orders = [random_permutation(n, generator) for generator in [Drawn(seed)] * 2]
        keys = [random_keys(n, generator) for generator in [Drawn(seed)] * 2]
        for order, key in zip(orders, keys, strict=True):
            assert order.tolist() == np.argsort(key, kind="stable").tolist()


def test_shuffled_order_is_uniform():
    """Each sample stands in each place about equally often (χ², 9 × 9 degrees of freedom)."""
    fastdl.manual_seed(0)
    loader, rounds = DataLoader(numbers(10), 10, shuffle=True), 2000
    counts = np.zeros((10, 10))
    for _ in range(rounds):
        counts[labels_of(loader)[0], np.arange(10)] += 1
    chi2 = ((counts - rounds / 10) ** 2 / (rounds / 10)).sum()
    assert 40 < chi2 < 142  # 99.99 % of the distribution on each side


def test_sampler_gives_the_order():
    loader = DataLoader(numbers(5), 2, sampler=[4, 0, 2])
    assert (len(loader), labels_of(loader)) == (2, [[4, 0], [2]])


def test_plain_dataset_is_collated_sample_by_sample():
    rows, squares = next(iter(DataLoader(Squares(), batch_size=4)))
    assert rows.numpy().tolist() == [[0, 0], [1, 1], [2, 2], [3, 3]]
    assert squares.numpy().tolist() == [0, 1, 4, 9]
    assert squares.numpy().dtype == np.int64


def test_arrays_and_tensors_are_datasets_too():
    array = np.arange(5.0)
    for data in (array, fastdl.tensor(array)):
        batches = [batch.numpy().tolist() for batch in DataLoader(data, 2)]
        assert batches == [[0.0, 1.0], [2.0, 3.0], [4.0]]


def test_collate_fn_gets_the_samples():
    loader = DataLoader(Squares(), 2, collate_fn=lambda samples: [label for _, label in samples])
    assert list(loader) == [[0, 1], [4, 9], [16]]


def test_a_batch_does_not_share_memory_with_the_data():
    rows = np.zeros((4, 2), np.float32)
    batch = next(iter(DataLoader(TensorDataset(rows), 4)))[0]
    batch.numpy()[:] = 1
    assert rows.sum() == 0


def test_strided_data():
    rows = np.arange(12.0).reshape(3, 4).T  # Fortran order
    assert next(iter(DataLoader(rows, 2))).numpy().tolist() == rows[:2].tolist()


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"dataset": []}, ValueError, "dataset: expected at least one sample, got none"),
        ({"dataset": iter([1])}, TypeError, "dataset: expected something with __len__"),
        ({"batch_size": 0}, ValueError, "batch_size: expected at least 1, got 0"),
        ({"batch_size": 2.0}, TypeError, "batch_size: expected an int, got float"),
        ({"batch_size": True}, TypeError, "batch_size: expected an int, got bool"),
        ({"num_workers": 2}, ValueError, "num_workers: expected 0 .* got 2"),
        ({"shuffle": True, "sampler": [0]}, ValueError, "sampler: expected None together"),
    ],
)
def test_loader_bad_input(options, error, message):
    with pytest.raises(error, match=f"DataLoader: {message}"):
        DataLoader(**{"dataset": [1, 2, 3], **options})


def test_collate_keeps_structure():
    batch = default_collate([{"x": (1, 2.5), "name": "a"}, {"x": (2, 3.5), "name": "b"}])
    ints, floats = batch["x"]
    assert (ints.numpy().dtype, ints.numpy().tolist()) == (np.int64, [1, 2])
    assert (floats.numpy().dtype, floats.numpy().tolist()) == (np.float64, [2.5, 3.5])
    assert batch["name"] == ["a", "b"]


@pytest.mark.parametrize(
    ("samples", "error", "message"),
    [
        ([], ValueError, "expected at least one, got none"),
        ([np.zeros(2), np.zeros(3)], ValueError, r"expected one shape, got \[\(2,\), \(3,\)\]"),
        ([(1, 2), (1,)], ValueError, r"the same number of fields in each, got \[1, 2\]"),
        ([object(), object()], TypeError, "expected tensors, .* got object"),
    ],
)
def test_collate_bad_input(samples, error, message):
    with pytest.raises(error, match=f"default_collate: samples: .*{message}"):
        default_collate(samples)


# Folds


def test_folds_are_stratified_balanced_and_cover_everything():
    labels = np.repeat(np.arange(10), [178, 182, 177, 183, 181, 182, 181, 179, 174, 180])
    splits = list(stratified_folds(labels, 5))
    assert sorted(np.concatenate([test for _, test in splits])) == list(range(1797))
    for train, test in splits:
        assert len(np.intersect1d(train, test)) == 0
        assert len(train) + len(test) == 1797
        assert len(test) in (359, 360)
        share = np.bincount(labels[test]) - np.bincount(labels) / 5
        assert np.abs(share).max() < 1


def test_folds_repeat_with_the_seed_and_are_shuffled():
    labels = np.repeat([0, 1], 50)
    tests = []
    for seed in (1, 1, 2):
        fastdl.manual_seed(seed)
        tests.append([test.tolist() for _, test in stratified_folds(labels, 5)])
    assert tests[0] == tests[1] != tests[2]


@pytest.mark.parametrize(
    ("labels", "folds", "message"),
    [
        ([0, 0, 1, 1], 1, "folds: expected at least 2, got 1"),
        ([0, 0, 0, 1, 1], 3, r"folds: expected at most 2 \(the samples of class 1\), got 3"),
        ([], 2, r"labels: expected shape \[N\] with N > 0, got \[0\]"),
        ([[0], [1]], 2, r"labels: expected shape \[N\] with N > 0, got \[2, 1\]"),
    ],
)
def test_folds_bad_input(labels, folds, message):
    with pytest.raises(ValueError, match=f"stratified_folds: {message}"):
        stratified_folds(np.array(labels), folds)


# The digits


def test_digits_of_scikit_learn():
    datasets = pytest.importorskip("sklearn.datasets")
    images, labels = load_digits()
    assert (images.shape, images.dtype) == ((1797, 64), np.float32)
    assert (labels.shape, labels.dtype) == ((1797,), np.int64)
    expected, targets = datasets.load_digits(return_X_y=True)
    np.testing.assert_array_equal(images * 16, expected)
    np.testing.assert_array_equal(labels, targets)


def test_digits_without_scikit_learn(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(ImportError, match=r"fastdl-nn\[data\]"):
        load_digits()


def test_digits_from_a_folder(tmp_path):
    images = np.arange(3 * 64).reshape(3, 8, 8) % 17
    table = np.column_stack([images.reshape(3, 64), [3, 1, 4]])
    with gzip.open(tmp_path / "digits.csv.gz", "wt") as file:
        np.savetxt(file, table, fmt="%d", delimiter=",")
    from_csv = load_digits(tmp_path)
    np.savez(tmp_path / "digits.npz", images=images, labels=np.array([3, 1, 4]))
    from_npz = load_digits(tmp_path)
    for found in (from_csv, from_npz):
        np.testing.assert_array_equal(found[0], images.reshape(3, 64) / np.float32(16))
        np.testing.assert_array_equal(found[1], [3, 1, 4])


def test_digits_missing(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere: no such folder"):
        load_digits(tmp_path / "nowhere")
    with pytest.raises(FileNotFoundError, match=r"expected a file digits.npz or digits.csv.gz"):
        load_digits(tmp_path)


@pytest.mark.parametrize("name", ["digits.npz", "digits.csv.gz"])
@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_digits_truncated(tmp_path, name, share):
    images = np.random.default_rng(0).integers(0, 17, (50, 64))
    labels = np.arange(50) % 10
    path = tmp_path / name
    if name.endswith("npz"):
        np.savez_compressed(path, images=images, labels=labels)
    else:
        with gzip.open(path, "wt") as file:
            np.savetxt(file, np.column_stack([images, labels]), fmt="%d", delimiter=",")
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    with pytest.raises(ValueError, match=f"{name}: "):
        load_digits(tmp_path)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"labels": np.zeros(2)}, "expected arrays 'images' and 'labels'"),
        ({"images": np.zeros((2, 63)), "labels": np.zeros(2)}, r"images: expected shape \[N, 64\]"),
        ({"images": np.zeros((0, 64)), "labels": np.zeros(0)}, r"images: expected shape \[N, 64\]"),
        ({"images": np.zeros((2, 64)), "labels": np.zeros(3)}, r"labels: expected shape \[2\]"),
        ({"images": np.full((2, 64), 17), "labels": np.zeros(2)}, "images: .* from 0 to 16"),
        ({"images": np.full((2, 64), np.nan), "labels": np.zeros(2)}, "images: .* from 0 to 16"),
        ({"images": np.zeros((2, 64)), "labels": np.array([0, 10])}, "labels: .* from 0 to 9"),
        ({"images": np.zeros((2, 64)), "labels": np.array([0, 1.5])}, "labels: .* whole numbers"),
        ({"images": np.zeros((2, 64)), "labels": np.array(["a", "b"])}, "labels: .* numbers"),
    ],
)
def test_digits_of_the_wrong_kind(tmp_path, arrays, message):
    np.savez(tmp_path / "digits.npz", **arrays)
    with pytest.raises(ValueError, match=message):
        load_digits(tmp_path)


def test_digits_never_unpickle(tmp_path):
    labels = np.array([print, print], dtype=object)
    np.savez(tmp_path / "digits.npz", images=np.zeros((2, 64)), labels=labels)
    with pytest.raises(ValueError, match=r"digits.npz: .*allow_pickle=False"):
        load_digits(tmp_path)


def test_digits_that_are_no_archive(tmp_path):
    (tmp_path / "digits.npz").write_bytes(b"garbage")
    with pytest.raises(ValueError, match=r"digits.npz: .*\(not a zip archive\)$"):
        load_digits(tmp_path)


@pytest.mark.parametrize("value", [17, -1, np.nan, np.inf])
def test_digits_out_of_range_name_the_value(tmp_path, value):
    images = np.zeros((3, 64))
    images[1, 5] = value
    np.savez(tmp_path / "digits.npz", images=images, labels=np.zeros(3))
    with pytest.raises(ValueError, match=rf"images: expected values from 0 to 16, got {value}"):
        load_digits(tmp_path)
