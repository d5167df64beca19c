"""scatter_reduce: what several elements sent to one place make of it."""

from __future__ import annotations

import numpy as np
import pytest

import fastdl as fd
from fastdl.testing import OpCase, distinct, given, integers, parametrize, randn

nan, inf = np.nan, np.inf
REDUCE = {"sum": np.sum, "prod": np.prod, "mean": np.mean, "amax": np.max, "amin": np.min}
PLACES = integers(2, 6, 3, low=0, high=4)


def reduced(reduce, include_self=True, dim=1):
    """The op as a function of tensors, and one place after another in NumPy."""

    def op(x, index, src):
        return fd.scatter_reduce(x, dim, index, src, reduce, include_self=include_self)

    def reference(x, index, src):
        sent = {place: [x[place]] if include_self else [] for place in np.ndindex(x.shape)}
        for at in np.ndindex(index.shape):
            place = list(at)
            place[dim] = index[at]
            sent[tuple(place)].append(src[at])
        out = x.copy()
        for place, values in sent.items():
            if values:
                value = REDUCE[reduce](np.array(values, x.dtype))
                out[place] = np.floor(value) if x.dtype.kind in "iu" else value
        return out

    return op, reference


def case(name, reduce, x, index, src, *options, **more):
    op, reference = reduced(reduce, *options)
    return OpCase(name, op, [x, index, src], reference, empty=False, **more)


INTEGERS = [integers(2, 5, 3, low=-9, high=9), PLACES, integers(2, 7, 3, low=-9, high=9)]
# Numbers in which no two are equal, nor become so.
HALVES = [given(np.arange(30).reshape(2, 5, 3) % 7 + 0.05), PLACES, distinct(2, 7, 3)]
CASES = [
    *[case(f"{reduce}_{own}", reduce, randn(2, 5, 3), PLACES, randn(2, 7, 3), own)
      for reduce in ("sum", "prod", "mean") for own in (True, False)],
    *[case(f"{reduce}_{own}", reduce, *HALVES, own)
      for reduce in ("amax", "amin") for own in (True, False)],
    *[case(f"{reduce}_integer_{own}", reduce, *INTEGERS, own)
      for reduce in REDUCE for own in (True, False)],
    case("prod_first", "prod", randn(4, 5), integers(9, 3, low=0, high=4), randn(9, 3), True, 0),
    *[case(f"{reduce}_uint8", reduce, integers(4, low=0, high=255, dtype="uint8"),
           integers(9, low=0, high=4), integers(9, low=0, high=255, dtype="uint8"), True, 0)
      for reduce in ("amax", "amin")],
]  # fmt: skip


@parametrize(CASES)
def test_op(case, mode, device):
    case.check(mode, device)


def sent(reduce, values, src=(1.0, nan, 3.0, 2.0, 2.0), index=(0, 0, 1, 1, 1), **more):
    x = fd.tensor(values, requires_grad=True)
    s = fd.tensor(src, requires_grad=True)
    y = fd.scatter_reduce(x, 0, fd.tensor(index), s, reduce, **more)
    y.sum().backward()
    return y.tolist(), x.grad.tolist(), s.grad.tolist()


@pytest.mark.parametrize("reduce", REDUCE)
def test_nan_reaches_its_place_only(reduce):
    y, x_grad, _ = sent(reduce, [0.5, 4.0, -7.0])
    assert np.isnan(y).tolist() == [True, False, False]
    assert y[2] == -7 and x_grad[2] == 1


def test_infinities_stay_in_their_place():
    assert sent("prod", [1.0, 2.0, 3.0], [inf, 0.0, inf], [0, 1, 2])[0] == [inf, 0, inf]
    assert sent("prod", [1.0, 2.0], [0.0, inf], [0, 1])[0] == [0, inf]


def test_equal_ones_share_the_gradient():
    src, index = [3.0, 3.0, 1.0, 5.0], [0, 0, 0, 1]
    assert sent("amax", [3.0, 4.0, 2.0], src, index) == (
        [3, 5, 2], pytest.approx([1 / 3, 0, 1]), pytest.approx([1 / 3, 1 / 3, 0, 1]),
    )  # fmt: skip
    y, x_grad, s_grad = sent("amax", [3.0, 4.0, 2.0], src, index, include_self=False)
    assert (y, x_grad, s_grad) == ([3, 5, 2], [0, 0, 1], [0.5, 0.5, 0, 1])


@pytest.mark.parametrize("zeros", [[], [0], [0, 2], [0, 1, 2]])
def test_gradient_of_products_with_zeros(zeros):
    """The product of the others, also where that is 0; and its derivatives."""
    src = np.array([2.0, 3.0, 5.0])
    src[zeros] = 0
    x, s = fd.tensor([7.0]).double().requires_grad_(), fd.tensor(src, requires_grad=True)
    y = fd.scatter_reduce(x, 0, fd.tensor([0, 0, 0]), s, "prod")
    gx, gs = fd.autograd.grad(y.sum(), (x, s), create_graph=True)
    others = np.array([np.delete(src, i).prod() * 7 for i in range(3)])
    assert gx.item() == src.prod() and gs.tolist() == others.tolist()
    (second,) = fd.autograd.grad(gs[0], s)
    assert second.tolist() == [0, 7 * src[2], 7 * src[1]]


def test_in_place_and_as_a_method():
    x, index, src = fd.ones(3), fd.tensor([0, 0, 2]), fd.tensor([2.0, 3.0, 4.0])
    assert x.scatter_reduce(0, index, src, "prod").tolist() == [6, 1, 4]
    s = src.clone().requires_grad_()
    for reduce in REDUCE:
        y = fd.tensor([1.0, 1.0, 5.0])
        expected = y.clone().scatter_reduce(0, index, s, reduce)
        assert y.scatter_reduce_(0, index, s, reduce) is y
        assert y.tolist() == expected.tolist()
        (g,) = fd.autograd.grad(y.sum(), s)
        assert g.tolist() == fd.autograd.grad(expected.sum(), s)[0].tolist()


@pytest.mark.parametrize("own", [True, False])
@pytest.mark.parametrize("reduce", REDUCE)
def test_nothing_sent(reduce, own):
    x = fd.ones(2, 3, requires_grad=True)
    for index in (fd.zeros(2, 0).long(), fd.zeros(0, 3).long()):
        y = fd.scatter_reduce(x, 1, index, fd.zeros(index.shape), reduce, include_self=own)
        assert y.tolist() == x.tolist() and y is not x
        assert fd.autograd.grad(y.sum(), x)[0].tolist() == [[1] * 3] * 2
    assert fd.scatter_reduce(fd.ones(0), 0, fd.zeros(0).long(), fd.ones(4), reduce).shape == (0,)


@pytest.mark.parametrize("own", [True, False])
@pytest.mark.parametrize("reduce", REDUCE)
def test_compiled(reduce, own):
    rng = np.random.default_rng(0)
    x, s = [fd.tensor(rng.standard_normal(n), requires_grad=True) for n in (4, 9)]

    def f(index):
        y = fd.scatter_reduce(x, 0, index, s, reduce, include_self=own)
        return (y, *fd.autograd.grad((y * y).sum(), (x, s)))

    step = fd.compile(f)
    for _ in range(3):
        index = fd.tensor(rng.integers(0, 4, 9))
        assert [t.tolist() for t in step(index)] == [t.tolist() for t in f(index)]


X, AT, S = fd.ones(2, 3), fd.zeros(2, 3).long(), fd.ones(2, 3)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: X.scatter_reduce(1, AT, S, "max"), ValueError, "reduce: expected one of 'sum'"),
        (lambda: X.scatter_reduce(1, AT + 3, S, "sum"), IndexError, r"index: expected ints in \[0"),
        (lambda: X.scatter_reduce(2, AT, S, "sum"), IndexError, "dim: expected"),
        (lambda: X.scatter_reduce(1, AT.float(), S, "sum"), TypeError, "index: expected dtype"),
        (lambda: X.scatter_reduce(1, AT, S.double(), "sum"), TypeError, "src: expected dtype"),
        (lambda: X.scatter_reduce(1, AT, S[:, :2], "sum"), ValueError, "src: expected the index's"),
        (lambda: X.scatter_reduce(1, fd.zeros(3, 3).long(), fd.ones(3, 3), "sum"), ValueError,
         "index: expected 2 dimensions"),
        (lambda: (X > 0).scatter_reduce(1, AT, S > 0, "sum"), TypeError, "input: expected numbers"),
        (lambda: X.scatter_reduce(1, AT, 2.0, "sum"), TypeError, "src: expected a Tensor"),
    ],
)  # fmt: skip
def test_errors(call, error, message):
    with pytest.raises(error, match=f"scatter_reduce: {message}"):
        call()
