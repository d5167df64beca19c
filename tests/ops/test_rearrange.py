"""Elements in another order, or several times."""

from __future__ import annotations

import numpy as np
import pytest

import fastdl as fd
from fastdl.testing import OpCase, parametrize, randn

A = (2, 3, 5)


def case(name, fn, reference, *shape):
    return OpCase(name, fn, [randn(*(shape or A))], reference, ulp=0)


def sums(name, fn, reference, *shape):  # the gradient is a sum, whose order may differ by layout
    return OpCase(name, fn, [randn(*(shape or A))], reference, ulp=0, exact=False)


CASES = [
    case("flip", lambda x: fd.flip(x, (0, 2)), lambda x: np.flip(x, (0, 2))),
    case("flip_last", lambda x: x.flip(-1), lambda x: x[..., ::-1]),
    case("flip_nothing", lambda x: x.flip(()), lambda x: x),
    case("fliplr", fd.fliplr, np.fliplr),
    case("flipud", fd.flipud, np.flipud),
    *[case(f"rot90_{k}", lambda x, k=k: fd.rot90(x, k, (2, 0)),
           lambda x, k=k: np.rot90(x, k, (2, 0))) for k in (-1, 0, 1, 2, 7)],
    case("roll", lambda x: fd.roll(x, 2, 2), lambda x: np.roll(x, 2, 2)),
    case("roll_two", lambda x: x.roll((-1, 12), (1, -1)), lambda x: np.roll(x, (-1, 12), (1, -1))),
    case("roll_flat", lambda x: x.roll(7), lambda x: np.roll(x, 7)),
    case("roll_by_nothing", lambda x: x.roll(0, 0), lambda x: x),
    sums("repeat", lambda x: fd.repeat(x, 2, 3, 1, 4), lambda x: np.tile(x, (2, 3, 1, 4))),
    sums("repeat_none", lambda x: x.repeat(1, 0, 1), lambda x: np.tile(x, (1, 0, 1))),
    case("repeat_once", lambda x: x.repeat((1, 1, 1, 1)), lambda x: x[None]),
    sums("tile", lambda x: fd.tile(x, (2, 3)), lambda x: np.tile(x, (2, 3))),
    sums("tile_more", lambda x: x.tile(2, 1, 3), lambda x: np.tile(x, (2, 1, 3)), 2, 3),
    sums("repeat_interleave", lambda x: fd.repeat_interleave(x, 3, 1),
         lambda x: np.repeat(x, 3, 1)),
    sums("repeat_interleave_flat", lambda x: x.repeat_interleave(2), lambda x: np.repeat(x, 2)),
    OpCase("repeat_interleave_each",
           lambda x: x.repeat_interleave(fd.tensor([0, 3, 1]), 1, output_size=4), [randn(*A)],
           lambda x: np.repeat(x, [0, 3, 1], 1), ulp=0, empty=False, exact=False),
]  # fmt: skip


@parametrize(CASES)
def test_op(case, mode, device):
    case.check(mode, device)


def test_eight_dimensions():
    x = fd.arange(256).reshape([2] * 8)
    np.testing.assert_array_equal(x.repeat([2] * 8).numpy(), np.tile(x.numpy(), [2] * 8))
    np.testing.assert_array_equal(x.repeat_interleave(3, 7).numpy(), np.repeat(x.numpy(), 3, 7))


@pytest.mark.parametrize(
    "f",
    [lambda x: x.repeat(1), lambda x: x.repeat(3), lambda x: x.repeat_interleave(1),
     lambda x: x.repeat_interleave(3), lambda x: x.flip(()), lambda x: x.roll(0),
     lambda x: x.tile(1), lambda x: x.unsqueeze(0).rot90(0)],
)  # fmt: skip
def test_results_are_copies(f):
    x = fd.ones(1)
    f(x).fill_(7)
    assert x.item() == 1


def test_integers_scalars_and_nothing():
    assert fd.tensor([1, 2]).repeat(2).dtype is fd.int64
    assert fd.tensor(3).repeat(2, 2).tolist() == [[3, 3], [3, 3]]
    assert fd.tensor(3).repeat_interleave(2).tolist() == [3, 3]
    assert fd.tensor(3).roll(5).item() == 3 and fd.tensor(3).flip(()).item() == 3
    assert fd.zeros(0, 3).roll(2, 0).shape == (0, 3) and fd.zeros(0).flip(0).shape == (0,)
    assert fd.ones(3).repeat_interleave(0).shape == (0,)
    assert fd.ones(2, 3).repeat_interleave(fd.tensor([2]), 0).shape == (4, 3)
    assert fd.tensor([True, False]).flip(0).tolist() == [False, True]


def test_arguments_by_name():
    x = fd.tensor([[1, 2], [3, 4]])
    assert x.flip(dims=(0,)).tolist() == fd.flip(x, dims=[0]).tolist() == [[3, 4], [1, 2]]
    assert fd.tile(x[0], dims=(2,)).tolist() == x[0].tile(dims=(2,)).tolist() == [1, 2, 1, 2]
    assert x.repeat(repeats=(1, 2)).tolist() == x.repeat(1, 2).tolist()
    assert fd.permute(x, dims=(1, 0)).tolist() == x.permute(dims=(1, 0)).tolist() == x.T.tolist()


X = fd.zeros(2, 3)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: X.flip(0, dims=(1,)),
            TypeError,
            r"flip: expected ints once, got \(0,\) and by name",
        ),
        (lambda: X.flip(2), IndexError, r"flip: dims: .*got 2"),
        (lambda: X.flip(1, -1), ValueError, r"flip: dims: .*once, got \(1, -1\)"),
        (lambda: X.rot90(1, (0, 0)), ValueError, r"rot90: dims: expected each dimension once"),
        (lambda: X.rot90(1, 1), ValueError, r"rot90: dims: expected two dimensions, got 1"),
        (lambda: X.rot90(0.5), TypeError, r"rot90: k: expected an int, got 0.5"),
        (lambda: fd.flip([1], 0), TypeError, r"flip: input: expected a Tensor"),
        (lambda: X.rot90(1, (0, 2)), IndexError, r"rot90: dims: .*got 2"),
        (lambda: X.roll((1, 2)), ValueError, r"roll: shifts: expected one int"),
        (lambda: X.roll((1, 2), 0), ValueError, r"roll: dims: expected 2"),
        (lambda: X.roll(1, 2), IndexError, r"roll: dims: .*got 2"),
        (lambda: X.roll(0.5, 1), TypeError, r"roll: expected ints, got 0.5"),
        (lambda: X.repeat(2), ValueError, r"repeat: repeats: expected at least 2"),
        (lambda: X.repeat(2, -1), ValueError, r"repeat: repeats: .*got \(2, -1\)"),
        (lambda: X.tile(-1), ValueError, r"repeat: repeats"),
        (lambda: X.repeat_interleave(-1), ValueError, r"repeat_interleave: repeats: .*got -1"),
        (lambda: X.repeat_interleave(1.5), TypeError, r"repeat_interleave: repeats: .*got 1.5"),
        (lambda: X.repeat_interleave(fd.tensor([1, 2, 3]), 0), ValueError, r"expected 2 numbers"),
        (lambda: X.repeat_interleave(fd.tensor([1, -2]), 0), ValueError, r"got \[1, -2\]"),
        (lambda: X.repeat_interleave(fd.tensor([0.5, 1]), 0), TypeError, r"got float32 of shape"),
        (lambda: X.repeat_interleave(2, 0, output_size=5), ValueError, r"output_size: expected 4"),
    ],
)
def test_errors(call, error, message):
    with pytest.raises(error, match=message):
        call()
