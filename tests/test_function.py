"""Custom functions; gradcheck and gradgradcheck."""

from __future__ import annotations

import pytest

import fastdl as fd
from fastdl.autograd import Function, gradcheck, gradgradcheck

ONES = fd.ones(3, dtype=fd.float64)


def leaf(*values, dtype=fd.float64):
    """A leaf of those values, or of shape () for one."""
    return fd.tensor(values[0] if len(values) == 1 else values, dtype=dtype, requires_grad=True)


# ---- custom functions --------------------------------------------------------------------------


class Cube(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x * x

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * 3 * x * x


class ScaledSum(Function):
    """Several inputs, some not tensors; several outputs."""

    @staticmethod
    def forward(ctx, x, y, scale):
        ctx.scale = scale
        ctx.save_for_backward(x, y)
        return x + y * scale, x * y, fd.tensor(3)

    @staticmethod
    def backward(ctx, g_sum, g_product, g_constant):
        x, y = ctx.saved_tensors
        assert ctx.needs_input_grad[2] is False
        gx = g_sum + g_product * y if ctx.needs_input_grad[0] else None
        gy = g_sum * ctx.scale + g_product * x if ctx.needs_input_grad[1] else None
        return gx, gy, None


def test_custom_function():
    x = leaf(2.0)
    y = Cube.apply(x)
    y.backward()
    assert y.item() == 8 and x.grad.item() == 12
    assert gradcheck(Cube.apply, [leaf(1.0, -2.0)])
    assert gradgradcheck(Cube.apply, [leaf(1.0, -2.0)])


def test_custom_function_of_several():
    x, y = leaf(2.0, 3.0), leaf(5.0, 7.0)
    assert gradcheck(lambda a, b: ScaledSum.apply(a, b, 4.0), [x, y])
    assert gradgradcheck(lambda a, b: ScaledSum.apply(a, b, 4.0), [x, y])
    _, product, constant = ScaledSum.apply(x, fd.tensor([5.0, 7.0]).double(), 4.0)
    product.backward(fd.ones(2, dtype=fd.float64))
    assert x.grad.tolist() == [5, 7] and not constant.requires_grad


def test_custom_function_that_saves_its_result():
    class Exp(Function):
        @staticmethod
        def forward(ctx, x):
            y = x.exp()
            ctx.save_for_backward(y)
            return y

        @staticmethod
        def backward(ctx, g):
            return g * ctx.saved_tensors[0]

    assert gradcheck(Exp.apply, [leaf(0.5, 1.0)]) and gradgradcheck(Exp.apply, [leaf(0.5, 1.0)])
    y = Exp.apply(leaf(1.0, 2.0))
    y.mul_(2)
    with pytest.raises(RuntimeError, match="changed in place"):
        y.backward(fd.ones(2, dtype=fd.float64))


def test_custom_function_that_returns_its_input():
    class Same(Function):
        @staticmethod
        def forward(ctx, x):
            return x

        @staticmethod
        def backward(ctx, g):
            return g * 10

    x = leaf(1.0)
    y = Same.apply(x)
    y.backward()
    assert x.grad.item() == 10 and x.is_leaf


def test_custom_function_without_gradients():
    y = Cube.apply(fd.tensor(2.0))
    assert y.item() == 8 and not y.requires_grad
    with fd.no_grad():
        assert not Cube.apply(leaf(2.0)).requires_grad


def test_custom_function_in_place():
    class Double(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.mark_dirty(x)
            return x.mul_(2)

        @staticmethod
        def backward(ctx, g):
            return g * 2

    x = leaf(1.0, 3.0)
    y = x * 1
    part = y[1:]
    assert Double.apply(part) is part
    y.backward(fd.ones(2, dtype=fd.float64))
    assert y.tolist() == [1, 6] and x.grad.tolist() == [1, 2]
    with pytest.raises(RuntimeError, match=r"mark_dirty: a leaf that requires grad"):
        Double.apply(x)
    with pytest.raises(RuntimeError, match=r"changed in place"):
        z = x.exp()
        Double.apply(z)
        z.sum().backward()


def test_custom_function_in_place_that_saves_its_result():
    class Exp(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.mark_dirty(x)
            ctx.save_for_backward(x.copy_(x.exp()))
            return x

        @staticmethod
        def backward(ctx, g):
            return g * ctx.saved_tensors[0]

    assert gradcheck(lambda x: Exp.apply(x * 1), [leaf(0.5, 1.0)])
    assert gradgradcheck(lambda x: Exp.apply(x * 1), [leaf(0.5, 1.0)])


def test_custom_function_with_an_output_that_has_no_gradient():
    class Rounded(Function):
        @staticmethod
        def forward(ctx, x):
            whole = x.long().double()
            ctx.mark_non_differentiable(whole)
            return x * 2, whole, "a note"

        @staticmethod
        def backward(ctx, g, g_whole, g_note):
            assert g_whole.tolist() == [0, 0] and g_note is None
            return g * 2

    x = leaf(1.5, 2.5)
    y, whole, note = Rounded.apply(x)
    y.backward(fd.ones(2, dtype=fd.float64))
    assert not whole.requires_grad and note == "a note" and x.grad.tolist() == [2, 2]


def test_custom_function_with_setup_context():
    class Square(Function):
        @staticmethod
        def forward(x, k):
            return x * x * k

        @staticmethod
        def setup_context(ctx, inputs, output):
            x, ctx.k = inputs
            ctx.save_for_backward(x)

        @staticmethod
        def backward(ctx, g):
            return g * 2 * ctx.saved_tensors[0] * ctx.k, None

    assert gradcheck(lambda x: Square.apply(x, 3.0), [leaf(1.0, -2.0)])
    assert gradgradcheck(lambda x: Square.apply(x, 3.0), [leaf(1.0, -2.0)])


@pytest.mark.parametrize(
    ("gradient", "error", "message"),
    [
        (fd.ones(1).double(), RuntimeError, r"gradient 0: expected shape \(2,\), got \(1,\)"),
        (fd.tensor(1.0).double(), RuntimeError, r"Wrong.backward: gradient 0: .*got \(\)"),
        (fd.ones(2, 2).double(), RuntimeError, r"expected shape \(2,\), got \(2, 2\)"),
        (3.0, TypeError, r"gradient 0: expected a Tensor or None, got float"),
    ],
)
def test_a_gradient_that_does_not_fit(gradient, error, message):
    class Wrong(Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1

        @staticmethod
        def backward(ctx, g):
            return gradient

    for x in (leaf(1.0, 2.0), leaf(1.0, 2.0).relu()):  # relu would broadcast it
        with pytest.raises(error, match=message):
            Wrong.apply(x).backward(fd.ones(2, dtype=fd.float64))


def test_a_gradient_of_another_dtype_is_converted():
    class Single(Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1

        @staticmethod
        def backward(ctx, g):
            return g.float()

    x = leaf(1.0, 2.0)
    Single.apply(x).backward(fd.ones(2, dtype=fd.float64))
    assert x.grad.dtype is fd.float64


def test_custom_function_errors():
    class Two(Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return g, g

    with pytest.raises(RuntimeError, match=r"expected 1 gradients.*got 2"):
        Two.apply(leaf(1.0)).backward()

    class Wrong(Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return fd.ones(7, dtype=fd.float64)

    with pytest.raises((RuntimeError, ValueError), match=r"\(7,\)"):
        Wrong.apply(leaf(1.0)).backward()
    with pytest.raises(NotImplementedError, match=r"forward"):
        Function.apply(leaf(1.0))


# ---- gradcheck ---------------------------------------------------------------------------------


class WrongFactor(Function):
    """A planted error: element [1] of the gradient is off."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * x * fd.tensor([2.0, 2.5]).double()


class WrongSecond(Function):
    """A planted error: right, but its derivative is lost."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx, g):
        return g * 2 * ctx.saved_tensors[0].detach()


def test_gradcheck_finds_a_wrong_vjp():
    x = leaf(1.0, 2.0)
    with pytest.raises(RuntimeError) as error:
        gradcheck(lambda c, x: (c, WrongFactor.apply(x)), [leaf(0.0), x])
    message = str(error.value)
    for part in ("output 1 at (1,)", "input 1 at (1,)", "numeric 4", "analytic 5", "1 of 4"):
        assert part in message
    assert not gradcheck(WrongFactor.apply, [x], raise_exception=False)
    assert gradcheck(lambda x: x * x, [x])
    assert x.tolist() == [1, 2] and x.grad is None


def test_gradgradcheck_finds_a_lost_second_derivative():
    x = leaf(1.0, 2.0)
    assert gradcheck(WrongSecond.apply, [x])
    with pytest.raises(RuntimeError, match=r"numeric .*analytic 0"):
        gradgradcheck(WrongSecond.apply, [x])
    assert not gradgradcheck(WrongSecond.apply, [x], raise_exception=False)
    assert gradgradcheck(lambda x: x * x, [x], [fd.ones(2, dtype=fd.float64)])


def test_gradcheck_wants_float64():
    with pytest.raises(TypeError, match=r"gradcheck: inputs\[1\]: expected dtype float64.*float32"):
        gradcheck(fd.add, [leaf(1.0), leaf(1.0, dtype=fd.float32)])
    with pytest.raises(ValueError, match=r"gradcheck: inputs: .*requires grad"):
        gradcheck(fd.exp, [fd.ones(2, dtype=fd.float64)])
    with pytest.raises(TypeError, match=r"gradgradcheck: inputs\[0\]"):
        gradgradcheck(fd.exp, [leaf(1.0, dtype=fd.float32)])
    with pytest.raises(ValueError, match=r"gradgradcheck: grad_outputs: expected 1 .*got 2"):
        gradgradcheck(fd.exp, [leaf(1.0)], [ONES, ONES])


def test_gradcheck_takes_other_arguments_and_scalars():
    assert gradcheck(fd.where, [fd.tensor([True, False]), leaf(1.0, 2.0), leaf(3.0)])
    assert gradcheck(lambda x, n: x**n, [leaf(2.0), 3])
    assert gradcheck(lambda x: x.T[:, 1:], [fd.ones(3, 2, dtype=fd.float64, requires_grad=True)])
