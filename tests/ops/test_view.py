"""Views: the same memory under another shape."""

from __future__ import annotations

import numpy as np
import pytest

import fastdl as fd
from fastdl import _C
from fastdl.testing import OpCase, parametrize, randn

A = (2, 3, 5)


def case(name, fn, reference, *shape, **more):
    return OpCase(name, fn, [randn(*(shape or A))], reference, ulp=0, **more)


CASES = [
    case("transpose", lambda x: x.transpose(0, 2), lambda x: np.swapaxes(x, 0, 2)),
    case("transpose_negative", lambda x: x.transpose(-1, 1), lambda x: np.swapaxes(x, -1, 1)),
    case("permute", lambda x: x.permute(2, 0, 1), lambda x: np.transpose(x, (2, 0, 1))),
    case("T", lambda x: x.T, lambda x: x.T),
    case("mT", lambda x: x.mT, lambda x: np.swapaxes(x, -1, -2)),
    case("reshape", lambda x: x.reshape(6, 5), lambda x: x.reshape(6, 5)),
    case("reshape_open", lambda x: x.reshape((3, -1)), lambda x: x.reshape(3, -1)),
    case("reshape_of_transpose", lambda x: x.T.reshape(15, 2), lambda x: x.T.reshape(15, 2)),
    case("flatten", fd.flatten, np.ravel),
    case("flatten_some", lambda x: x.flatten(1),
         lambda x: x.reshape(len(x), x.shape[1] * x.shape[2])),
    case("expand", lambda x: x.expand(4, 3, 5), lambda x: np.broadcast_to(x, (4, 3, 5)), 3, 1),
    case("expand_keep", lambda x: x.expand(7, -1),
         lambda x: np.broadcast_to(x, (7, x.shape[1])), 1, 3),
    case("expand_scalar", lambda x: x.expand(2, 2), lambda x: np.broadcast_to(x, (2, 2)), 1),
    case("squeeze", fd.squeeze, np.squeeze, 1, 3, 1),
    case("squeeze_one", lambda x: x.squeeze(-1), lambda x: x[..., 0], 1, 3, 1),
    case("squeeze_none", lambda x: x.squeeze(1), lambda x: x, 1, 3, 1),
    case("unsqueeze", lambda x: x.unsqueeze(1), lambda x: x[:, None]),
    case("unsqueeze_last", lambda x: x.unsqueeze(-1), lambda x: x[..., None]),
    case("index_row", lambda x: x[..., -1], lambda x: x[..., -1]),
    case("index_slice", lambda x: x[:, 1:3, ::2], lambda x: x[:, 1:3, ::2]),
    case("index_new_axis", lambda x: x[None, ..., 1:], lambda x: x[None, ..., 1:]),
    case("unflatten", lambda x: x.unflatten(1, (-1, 3)), lambda x: x.reshape(len(x), 1, 3, -1)
         if x.size else np.zeros((len(x), x.shape[1] // 3, 3, x.shape[2])), fixed=True),
    case("movedim", lambda x: fd.movedim(x, 0, -1), lambda x: np.moveaxis(x, 0, -1)),
    case("movedim_two", lambda x: x.movedim((2, 0), (0, 1)),
         lambda x: np.moveaxis(x, (2, 0), (0, 1))),
    case("swapaxes", lambda x: x.swapaxes(0, -1), lambda x: np.swapaxes(x, 0, -1)),
    case("t", fd.t, lambda x: x.T, 2, 3),
    case("t_of_vector", fd.t, lambda x: x, 3),
    case("broadcast_to", lambda x: fd.broadcast_to(x, (4, 3, 5)),
         lambda x: np.broadcast_to(x, (4, 3, 5)), 3, 1),
    OpCase("broadcast_tensors", fd.broadcast_tensors, [randn(3, 1), randn(2, 1, 4), randn()],
           lambda *x: tuple(np.broadcast_arrays(*x)), ulp=0),
    case("view_of_view", lambda x: x[:, 1:].transpose(0, 1)[1:, :, None, ::3],
         lambda x: x[:, 1:].swapaxes(0, 1)[1:, :, None, ::3]),
]  # fmt: skip


@parametrize(CASES)
def test_op(case, mode, device):
    case.check(mode, device)


KEYS = [
    0, -1, slice(None), slice(1, None), slice(None, None, 2), slice(-2, None), slice(5, 2),
    slice(100), None, Ellipsis, (), (0, 1, 2), (Ellipsis, 0), (0, Ellipsis), (None, 0, None),
    (slice(None), 1), (slice(None), slice(None, None, 3), None, -1), (Ellipsis, slice(0, 0)),
    (np.int64(1), slice(np.int64(1), 2)), (0, Ellipsis, 1, 2), (1, 1, 1, None, None),
]  # fmt: skip


@pytest.mark.parametrize("key", KEYS, ids=repr)
def test_basic_indexing_is_numpys(key):
    array = np.arange(60.0).reshape(3, 4, 5)
    x = fd.tensor(array)
    view = x[key]
    np.testing.assert_array_equal(view.numpy(), array[key])
    np.testing.assert_array_equal(x.transpose(0, 2)[key].numpy(), array.T.swapaxes(0, 0)[key])
    view.fill_(-1)
    array[key] = -1
    np.testing.assert_array_equal(x.numpy(), array)


@pytest.mark.parametrize("key", KEYS, ids=repr)
def test_assignment_is_numpys(key):
    array = np.arange(60.0).reshape(3, 4, 5)
    x, value = fd.tensor(array), array[key][..., :1] * -1 if array[key].ndim else 7.0
    x[key] = fd.tensor(value) if isinstance(value, np.ndarray) else value
    array[key] = value
    np.testing.assert_array_equal(x.numpy(), array)


@pytest.mark.parametrize(
    ("key", "error", "message"),
    [
        (3, IndexError, r"3 is out of range for dimension 0 of size 3"),
        (-4, IndexError, r"-4 is out of range"),
        ((0, 4), IndexError, r"4 is out of range for dimension 1 of size 4"),
        ((0, 0, 0, 0), IndexError, r"at most 3 indices.*\(3, 4, 5\).*got 4"),
        ((Ellipsis, Ellipsis), IndexError, r"at most one Ellipsis"),
        (slice(None, None, -1), ValueError, r"step above 0, got -1"),
        (slice(None, None, 0), ValueError, r"step"),
        (2**70, IndexError, r"index-sized"),
        (1.5, (TypeError, IndexError), r"float"),
        ("a", (TypeError, IndexError), r"str"),
    ],
)
def test_bad_indices(key, error, message):
    with pytest.raises(error, match=message):
        fd.zeros(3, 4, 5)[key]


def test_indices_of_scalars():
    x = fd.tensor(2.0)
    assert x[()].item() == 2 and x[None].shape == (1,) and x[...].shape == ()
    with pytest.raises(IndexError, match="at most 0 indices"):
        x[0]


def test_views_share_memory():
    x = fd.zeros(2, 3)
    views = [x.T, x.reshape(6), x[1:], x.expand(4, 2, 3), x.unsqueeze(0), x.flatten(), x.detach()]
    x[1, 2] = 7.0
    for view in views:
        assert (view.numpy() == 7).any()
    assert x[1].data_ptr() == x.data_ptr() + 12


def test_steps_beyond_the_end():
    x = fd.arange(6).reshape(3, 2)[:: 2**62]
    assert x.tolist() == [[0, 1]] and x.stride() == (2, 1)


@pytest.mark.parametrize("function", [_C.numel, _C.is_contiguous, _C.strides, _C.numpy, _C.item])
def test_none_is_no_tensor(function):
    with pytest.raises(TypeError, match="None"):
        function(None)


def test_reshape_copies_only_where_it_must():
    x = fd.zeros(4, 6)
    assert x.reshape(2, 12).data_ptr() == x.data_ptr()
    assert x[:, ::2].reshape(4, 3, 1).data_ptr() == x.data_ptr()
    assert x[::2].reshape(2, 2, 3).data_ptr() == x.data_ptr()
    assert x.T.reshape(24).data_ptr() != x.data_ptr()


def test_shapes_by_name():
    x = fd.zeros(4, 6)
    assert x.reshape(shape=(3, 8)).shape == fd.reshape(x, shape=[3, -1]).shape == (3, 8)
    assert x.view(size=(24,)).shape == x.view(size=24).shape == (24,)
    assert x.expand(size=(2, 4, 6)).shape == x.expand(size=(2, -1, -1)).shape == (2, 4, 6)
    with pytest.raises(ValueError, match="view: size: expected 24 elements"):
        x.view(5)
    for call, op in ((x.reshape, "reshape"), (x.expand, "expand")):
        name = "shape" if op == "reshape" else "size"
        with pytest.raises(TypeError, match=f"{op}: expected ints once"):
            call(4, 6, **{name: (4, 6)})
        with pytest.raises(TypeError, match=f"{op}: expected ints, got 'wide'"):
            call(**{name: "wide"})


def test_every_reshape_of_strided_memory():
    """Every pair of a strided view of 24 elements and a shape for it."""
    base = np.arange(48.0).reshape(4, 2, 6)
    x = fd.tensor(base)
    views = [
        lambda t: t[:, :, ::2], lambda t: t[:, 0], lambda t: t[::2], lambda t: t[:, :, :3],
        lambda t: t.transpose(2, 0, 1)[::2], lambda t: t[:, ::2, None],
        lambda t: t.swapaxes(0, 1)[0] if isinstance(t, np.ndarray) else t.transpose(0, 1)[0],
    ]  # fmt: skip
    shapes = [(24,), (2, 12), (12, 2), (4, 6), (6, 4), (2, 2, 6), (4, 3, 2), (1, 24), (2, 1, 12, 1)]
    for view in views:
        array = view(base)
        tensor = view(x) if array.ndim and array.shape != (3, 4, 2) else x.permute(2, 0, 1)[::2]
        for shape in shapes:
            np.testing.assert_array_equal(tensor.reshape(shape).numpy(), array.reshape(shape))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda x: x.reshape(5, 5), ValueError, r"reshape: .*6 elements.*\(2, 3\).*\(5, 5\)"),
        (lambda x: x.reshape(-1, -1), ValueError, r"reshape: .*at most one -1"),
        (lambda x: x.reshape(4, -1), ValueError, r"reshape: .*\(2, 3\).*\(4, -1\)"),
        (lambda x: x.reshape(-2, 3), ValueError, r"reshape"),
        (lambda x: x.reshape(2.0, 3), TypeError, r"reshape: expected ints, got 2.0, 3"),
        (lambda x: x.reshape(2**40, 2**40), ValueError, r"reshape"),
        (lambda x: x.T.view(6), ValueError, r"view: .*use reshape"),
        (lambda x: x.transpose(0, 2), IndexError, r"transpose: dim: .*\[-2, 1\], got 2"),
        (lambda x: x.permute(0, 0), ValueError, r"permute: .*once.*\(0, 0\)"),
        (lambda x: x.permute(0), ValueError, r"permute: .*2 dimensions.*\(0,\)"),
        (lambda x: x.permute(0, 5), IndexError, r"permute: dim: .*got 5"),
        (lambda x: x.expand(2, 4), ValueError, r"expand: .*\(2, 3\).*\(2, 4\)"),
        (lambda x: x.expand(3), ValueError, r"expand"),
        (lambda x: x.expand(-1, 2, 3), ValueError, r"expand"),
        (lambda x: x[0, 0].expand(2**32, 2**32), ValueError, r"expand: .*more elements"),
        (lambda x: x[:0].reshape(0, 2**62, 2**62), ValueError, r"reshape: .*expected 0 elements"),
        (lambda x: x.unsqueeze(3), IndexError, r"unsqueeze: dim: .*\[-3, 2\], got 3"),
        (lambda x: x.squeeze(2), IndexError, r"squeeze: dim: .*got 2"),
        (lambda x: x.flatten(1, 0), ValueError, r"flatten: start_dim 1 comes after"),
        (lambda x: x.flatten(2), IndexError, r"flatten: start_dim: .*got 2"),
        (lambda x: x[None, None].t(), ValueError, r"t: .*at most 2 dimensions"),
        (lambda x: x.unflatten(1, (2, 2)), ValueError, r"unflatten: sizes: .*multiply to 3.*2, 2"),
        (lambda x: x.unflatten(1, (-1, 2)), ValueError, r"unflatten: sizes: .*multiply to 3"),
        (lambda x: x.unflatten(1, (-1, -1)), ValueError, r"unflatten: sizes"),
        (lambda x: x.unflatten(1, ()), ValueError, r"unflatten: sizes"),
        (lambda x: x.unflatten(1, 3), TypeError, r"unflatten: sizes: expected a tuple of ints"),
        (lambda x: x.unflatten(2, (1, 3)), IndexError, r"unflatten: dim: .*got 2"),
        (lambda x: x.movedim(0, 2), IndexError, r"movedim: destination: .*got 2"),
        (lambda x: x.movedim((0, 0), (0, 1)), ValueError, r"movedim: source: .*once"),
        (lambda x: x.movedim((0, 1), 0), ValueError, r"movedim: destination: expected 2"),
        (
            lambda x: fd.broadcast_tensors(x, x[:, :2]),
            ValueError,
            r"broadcast_tensors: tensors\[1\]: shape \(2, 2\) does not broadcast with \(2, 3\)",
        ),
        (lambda x: fd.broadcast_tensors(x, 1), TypeError, r"broadcast_tensors: tensors\[1\]"),
    ],
)
def test_bad_views(call, error, message):
    with pytest.raises(error, match=message):
        call(fd.zeros(2, 3))


def test_nine_dimensions_are_too_many():
    x = fd.zeros(1, 1, 1, 1, 1, 1, 1, 1)
    for call in (lambda: x.unsqueeze(0), lambda: x[None], lambda: fd.zeros([1] * 9),
                 lambda: x.reshape([1] * 9), lambda: x.expand([1] * 9)):  # fmt: skip
        with pytest.raises(ValueError, match=r"at most 8"):
            call()


def test_empty_and_scalar_views():
    assert fd.zeros(0, 3).reshape(3, 0).shape == (3, 0)
    assert fd.zeros(0).reshape(0, 4).shape == (0, 4)
    assert fd.zeros(0, 3).T.flatten().shape == (0,)
    assert fd.zeros(()).reshape(1, 1).shape == (1, 1)
    assert fd.zeros(()).flatten().shape == (1,)
    assert fd.zeros(()).T.shape == ()
    assert fd.zeros(1, 1).squeeze().shape == ()
    assert fd.zeros(1).expand(0).shape == (0,)
    with pytest.raises(ValueError, match="reshape"):
        fd.zeros(0, 3).reshape(-1, 0)


def test_broadcasts_of_nothing():
    assert fd.broadcast_tensors() == ()
    a, b = fd.broadcast_tensors(fd.zeros(0, 1), fd.zeros(1))
    assert a.shape == b.shape == (0, 1)
    assert fd.zeros(0, 3).unflatten(0, (2, 0)).shape == (2, 0, 3)


def test_iteration_and_length():
    x = fd.tensor([[1.0, 2.0], [3.0, 4.0]])
    assert len(x) == 2
    assert [row.tolist() for row in x] == [[1, 2], [3, 4]]
    with pytest.raises(TypeError, match="0-d"):
        len(fd.tensor(1.0))
    with pytest.raises(TypeError, match="0-d"):
        iter(fd.tensor(1.0))
    assert 4.0 in x and 5.0 not in x
