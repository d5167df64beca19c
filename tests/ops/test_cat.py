"""Tensors joined."""

from __future__ import annotations

import numpy as np
import pytest

import fastdl as fd
from fastdl.testing import OpCase, integers, parametrize, randn


def joined(fn, dim):
    return lambda *tensors: fn(tensors, dim)


def listed(fn):
    return lambda *tensors: fn(tensors)


INTEGERS = [integers(3, 2, low=0, high=9), integers(3, 2, low=0, high=9)]
CASES = [
    OpCase("cat_first", joined(fd.cat, 0), [randn(3, 5), randn(2, 5)], joined(np.concatenate, 0)),
    OpCase("cat_last", joined(fd.cat, -1), [randn(7, 2), randn(7, 1), randn(7, 3)],
           joined(np.concatenate, -1)),
    OpCase("cat_one", joined(fd.cat, 1), [randn(2, 3, 4)], joined(np.concatenate, 1)),
    OpCase("cat_ints", joined(fd.cat, 0), INTEGERS, joined(np.concatenate, 0)),
    OpCase("stack_first", joined(fd.stack, 0), [randn(3, 5), randn(3, 5)], joined(np.stack, 0)),
    OpCase("stack_middle", joined(fd.stack, 1), [randn(3, 5)] * 3, joined(np.stack, 1)),
    OpCase("stack_last", joined(fd.stack, -1), [randn(3, 5)] * 2, joined(np.stack, -1)),
    OpCase("hstack", listed(fd.hstack), [randn(3, 5), randn(3, 2)], listed(np.hstack)),
    OpCase("hstack_vectors", listed(fd.hstack), [randn(3), randn(2)], listed(np.hstack)),
    OpCase("vstack", listed(fd.vstack), [randn(3), randn(2, 3)], listed(np.vstack)),
    OpCase("dstack", listed(fd.dstack), [randn(3, 5)] * 2, listed(np.dstack)),
    OpCase("dstack_vectors", listed(fd.dstack), [randn(3)] * 2, listed(np.dstack)),
    OpCase("column_stack", listed(fd.column_stack), [randn(3), randn(3, 2)],
           listed(np.column_stack)),
    OpCase("stack_scalars", joined(fd.stack, 0), [randn(), randn()], joined(np.stack, 0)),
]  # fmt: skip


@parametrize(CASES)
def test_op(case, mode, device):
    case.check(mode, device)


def test_cat_by_other_names():
    x, y = fd.ones(2, 1), fd.zeros(2, 2)
    for f in (fd.concat, fd.concatenate):
        assert f([x, y], dim=1).tolist() == fd.cat([x, y], 1).tolist()
        with pytest.raises(ValueError, match=f"{f.__name__}: "):
            f([x, y])


def test_dtypes_are_promoted():
    whole, real, true = fd.tensor([1, 2]), fd.tensor([0.5]), fd.tensor([True])
    assert fd.cat([whole, real]).dtype is fd.float32
    assert fd.cat([true, whole]).dtype is fd.int64
    assert fd.cat([real, real.double()]).dtype is fd.float64
    assert fd.stack([fd.tensor(1), fd.tensor(0.5)]).tolist() == [1, 0.5]
    x, y = fd.ones(2, requires_grad=True), fd.ones(1, dtype=fd.float64, requires_grad=True)
    fd.cat([x, y]).sum().backward()
    assert x.grad.dtype is fd.float32 and y.grad.dtype is fd.float64


def test_tensors_of_nothing_are_left_out():
    nothing, x = fd.zeros(0, requires_grad=True), fd.ones(2, 3, requires_grad=True)
    y = fd.cat([nothing, x, x[:0]], 1 - 1)
    assert y.tolist() == [[1] * 3] * 2
    y.sum().backward()
    assert nothing.grad.shape == (0,)
    assert fd.cat([nothing, nothing]).shape == (0,)
    assert fd.cat([fd.zeros(2, 0), fd.zeros(2, 0)], 1).shape == (2, 0)


def test_gradient_of_one_among_constants():
    x = fd.ones(2, requires_grad=True)
    (fd.cat([fd.ones(1), x, x]) * fd.tensor([9.0, 1.0, 2.0, 3.0, 4.0])).sum().backward()
    assert x.grad.tolist() == [4, 6]


z = fd.zeros
ERRORS = [
    (lambda: fd.cat([]), ValueError, "cat: tensors: expected at least one"),
    (lambda: fd.cat(z(2)), TypeError, "cat: tensors: expected a list or a tuple, got Tensor"),
    (lambda: fd.cat([z(2), 1]), TypeError, r"cat: tensors\[1\]: expected a Tensor, got int"),
    (lambda: fd.cat([z(0), z(2, 3), z(2, 4)]), ValueError,
     r"cat: tensors\[2\]: expected shape \(2, 3\) as of tensors\[1\], except in dimension 0, got"),
    (lambda: fd.cat([z(2, 3), z(2)]), ValueError, r"cat: tensors\[1\]: .* got \(2,\)"),
    (lambda: fd.cat([z(2, 3)], 2), IndexError, r"cat: dim: expected an int in \[-2, 1\], got 2"),
    (lambda: fd.cat([z(())]), ValueError, "cat: tensors.0.: expected at least one dimension"),
    (lambda: fd.stack([]), ValueError, "stack: tensors: expected at least one"),
    (lambda: fd.stack([z(2), z(3)]), ValueError,
     r"stack: tensors\[1\]: expected shape \(2,\) as of tensors\[0\], got \(3,\)"),
    (lambda: fd.stack([z(2)], 2), IndexError, r"stack: dim: expected an int in \[-2, 1\], got 2"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "error", "message"), ERRORS)
def test_errors(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_stacks_of_scalars():
    one = fd.tensor(1.0)
    assert fd.hstack([one, one]).shape == (2,)
    assert fd.vstack((one, one)).shape == (2, 1)
    assert fd.dstack([one, one]).shape == (1, 1, 2)
    assert fd.column_stack([one, one]).shape == (1, 2)


@pytest.mark.parametrize("name", ["hstack", "vstack", "dstack", "column_stack"])
def test_bad_stacks(name):
    stack = getattr(fd, name)
    with pytest.raises(TypeError, match=rf"{name}: tensors: expected a list"):
        stack(fd.ones(2))
    with pytest.raises(TypeError, match=rf"{name}: tensors\[1\]: expected a Tensor, got 2"):
        stack([fd.ones(2), 2])
    with pytest.raises(ValueError, match="at least one"):
        stack([])
