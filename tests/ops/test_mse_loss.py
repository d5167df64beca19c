"""mse_loss."""

from __future__ import annotations

import numpy as np
import pytest

import fastdl as fd
from fastdl.ops.mse_loss import mse_loss
from fastdl.testing import OpCase, parametrize, randn


def reference(x, t, reduction="mean"):
    squares = (x - t) ** 2
    return {"none": lambda: squares, "sum": squares.sum, "mean": squares.mean}[reduction]()


CASES = [
    OpCase(
        f"mse_loss_{reduction}",
        mse_loss,
        [randn(3, 37), randn(3, 37)],
        reference,
        kwargs={"reduction": reduction},
    )
    for reduction in ("none", "mean", "sum")
]


@parametrize(CASES)
@pytest.mark.filterwarnings("ignore:Mean of empty slice", "ignore:invalid value")
def test_op(case, mode, device):
    case.check(mode, device)


def test_known_answer():
    x, t = fd.tensor([1.0, 2.0, 4.0], requires_grad=True), fd.tensor([1.0, 0.0, 1.0])
    loss = mse_loss(x, t)
    assert loss.item() == pytest.approx(13 / 3)
    loss.backward()
    np.testing.assert_allclose(x.grad.numpy(), [0, 4 / 3, 2])


def test_nothing_is_broadcast():
    for shape in ((3, 1), (3,), (1, 3), ()):
        with pytest.raises(
            ValueError, match=r"mse_loss: target: expected the shape \(2, 3\) .* got"
        ):
            mse_loss(fd.zeros(2, 3), fd.zeros(shape))


def test_bad_input():
    x = fd.zeros(2)
    with pytest.raises(ValueError, match=r"mse_loss: reduction: expected .* got 'average'"):
        mse_loss(x, x, reduction="average")
    with pytest.raises(TypeError, match=r"mse_loss: target: expected dtype .* got bool"):
        mse_loss(x, fd.zeros(2, dtype="bool"))


def test_of_nothing():
    x = fd.zeros(0)
    assert np.isnan(mse_loss(x, x).item())
    assert mse_loss(x, x, reduction="sum").item() == 0
