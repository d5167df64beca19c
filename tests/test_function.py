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


def test_a_gradient_of_the_wrong_shape_is_an_error():
    class Sum(Function):
        @staticmethod
        def forward(ctx, x):
            return x.sum()

        @staticmethod
        def backward(ctx, g):
            return g

    x = fd.ones(3, requires_grad=True)
    with pytest.raises(RuntimeError, match=r"Sum.backward: gradient 0: expected shape \(3,\)"):
        fd.autograd.grad(Sum.apply(x), x)
