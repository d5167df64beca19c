"""Parts of a tensor along a dimension."""

from __future__ import annotations

import numpy as np
import pytest

import fastdl as fd
from fastdl.testing import OpCase, parametrize, randn

A = (2, 3, 7)


def numpy_parts(dim, sizes):
    return lambda x: tuple(np.split(x, np.cumsum(sizes)[:-1], dim))


def case(name, fn, reference, **more):
    return OpCase(name, fn, [randn(*A)], reference, ulp=0, **more)


CASES = [
    case("narrow", lambda x: fd.narrow(x, 2, 1, 4), lambda x: x[..., 1:5],
         empty=False, fixed=True),
    case("narrow_from_the_end", lambda x: x.narrow(-1, -3, 2), lambda x: x[..., -3:-1],
         empty=False, fixed=True),
    case("select", lambda x: fd.select(x, 1, -1), lambda x: x[:, -1], empty=False),
    case("split_equal", lambda x: fd.split(x, 3, -1), numpy_parts(2, [3, 3, 1]),
         empty=False, fixed=True),
    case("split_sizes", lambda x: x.split([4, 0, 3], 2), numpy_parts(2, [4, 0, 3]),
         empty=False, fixed=True),
    case("split_whole", lambda x: x.split(9), lambda x: (x,)),
    case("chunk", lambda x: fd.chunk(x, 3, 2), numpy_parts(2, [3, 3, 1]),
         empty=False, fixed=True),
    case("chunk_fewer", lambda x: x.chunk(5, 2), numpy_parts(2, [2, 2, 2, 1]),
         empty=False, fixed=True),
    case("tensor_split", lambda x: fd.tensor_split(x, 3, 2),
         lambda x: tuple(np.array_split(x, 3, 2))),
    case("tensor_split_more", lambda x: x.tensor_split(9, 2),
         lambda x: tuple(np.array_split(x, 9, 2))),
    case("tensor_split_at", lambda x: x.tensor_split([1, -2, 5, 9], 2),
         lambda x: tuple(np.array_split(x, [1, -2, 5, 9], 2))),
    case("unbind", fd.unbind, lambda x: tuple(x), empty=False),
    case("unbind_last", lambda x: x.unbind(-1), lambda x: tuple(np.moveaxis(x, -1, 0)),
         empty=False),
]  # fmt: skip


@parametrize(CASES)
def test_op(case, mode, device):
    case.check(mode, device)


def test_parts_are_views():
    x = fd.zeros(6, 2)
    for parts in (x.split(2), x.split([1, 2, 3]), x.chunk(3), x.tensor_split(2), x.unbind(1)):
        x.zero_()
        for i, part in enumerate(parts):
            part.fill_(i + 1)
        assert x.amin().item() == 1 and x.amax().item() == len(parts)


def test_unused_parts_have_no_gradient():
    x = fd.ones(2, 6, requires_grad=True)
    _, b, _ = x.chunk(3, 1)
    (b * 5).sum().backward()
    assert x.grad.tolist() == [[0, 0, 5, 5, 0, 0]] * 2


def test_changes_in_place_go_through_the_base():
    w = fd.tensor([1.0, 2.0, 3.0, 4.0], requires_grad=True)
    x = w * 1
    a, b = x.split(2)
    a.mul_(3)
    assert x.tolist() == [3, 6, 3, 4]
    (x * fd.tensor([1.0, 10.0, 100.0, 1000.0])).sum().backward(retain_graph=True)
    assert w.grad.tolist() == [3, 30, 100, 1000]
    w.grad = None
    x.mul_(2)
    (a.sum() + b.sum() * 10).backward()
    assert w.grad.tolist() == [6, 6, 20, 20]


def test_nothing_to_split():
    x = fd.zeros(0, 3)
    assert [p.shape for p in x.split(2)] == [(0, 3)] == [p.shape for p in x.split(0)]
    assert [p.shape for p in x.chunk(2)] == [(0, 3)] * 2 == [p.shape for p in x.tensor_split(2)]
    assert x.split([]) == () and x.unbind() == ()
    assert x.narrow(0, 0, 0).shape == (0, 3) and fd.ones(3).narrow(0, 3, 0).shape == (0,)


X = fd.zeros(4, 6)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: X.narrow(0, 5, 0), IndexError, r"narrow: start: .*\[-4, 4\], got 5"),
        (lambda: X.narrow(0, 2, 3), ValueError, r"narrow: length: .*\[0, 2\].* got 3"),
        (lambda: X.narrow(0, 2, -1), ValueError, r"narrow: length: .*got -1"),
        (lambda: X.narrow(2, 0, 1), IndexError, r"narrow: dim: .*got 2"),
        (lambda: X.narrow(0, 0.5, 1), TypeError, r"narrow: start: expected an int, got 0.5"),
        (lambda: X.select(0, 4), IndexError, r"select: index: .*\[-4, 3\], got 4"),
        (lambda: X[0, 0].select(0, 0), ValueError, r"select: input: .*got shape \(\)"),
        (lambda: X.split([1, 2]), ValueError, r"split: .*sum to 4.*got \[1, 2\]"),
        (lambda: X.split([5, -1]), ValueError, r"split: .*got \[5, -1\]"),
        (lambda: X.split(0), ValueError, r"split: .*at least 1, got 0"),
        (lambda: X.split(-1), ValueError, r"split: .*at least 1, got -1"),
        (lambda: X.split(1.5), TypeError, r"split: .*expected an int, got 1.5"),
        (lambda: X.split(1, 2), IndexError, r"split: dim: .*got 2"),
        (lambda: X.chunk(0), ValueError, r"chunk: chunks: expected at least 1"),
        (lambda: X.chunk("a"), TypeError, r"chunk: chunks: expected an int, got str"),
        (lambda: X.tensor_split(0), ValueError, r"tensor_split: .*at least 1"),
        (lambda: X.unbind(-3), IndexError, r"unbind: dim: .*got -3"),
        (lambda: fd.unbind(3), TypeError, r"unbind: input: expected a Tensor, got 3"),
        (lambda: X[0, 0].unbind(), ValueError, r"unbind: input: .*at least one dimension"),
    ],
)
def test_errors(call, error, message):
    with pytest.raises(error, match=message):
        call()
