"""Functions of two tensors (or a tensor and a number), broadcast against each other.  The dtype is
PyTorch's: the wider category of bool < int < float wins, dimensions before 0-d before numbers."""

from __future__ import annotations

import math
from typing import Any

from .. import _C
from ..autograd import Node, needs_grad, record
from ..dtypes import DType
from ..explain import describe
from ..inplace import changed_in_place, check_in_place, replaced_by
from ..tensor import Tensor
from .copy import cast, clone
from .slope import zero_vjp
from .unary import log, sigmoid
from .view import sum_to_shape
from .where import where

Number = float | int | bool
_Like = tuple[tuple[int, ...], DType]
_ONE = 1  # Python has one object for it


def _like(x: Any) -> _Like | None:
    return (x.shape, x.dtype) if isinstance(x, Tensor) else None


def _back(g: Tensor, like: _Like | None) -> Tensor:
    """The cotangent of an operand: summed over broadcast dimensions, in the operand's dtype."""
    assert like is not None
    shape, dtype = like
    return cast(sum_to_shape(g, shape), dtype)


def _scaled(op: str, other: Any, alpha: Any) -> Any:
    """alpha * other."""
    for name, value in (("other", other), ("alpha", alpha)):
        try:
            _C.result_type(value, 1)
        except TypeError:
            kind = describe(value)
            raise TypeError(f"{op}: {name}: expected a Tensor or a number, got {kind}") from None
    if isinstance(alpha, Tensor) and alpha.numel() != 1:
        raise ValueError(f"{op}: alpha: expected one number, got shape {alpha.shape}")
    return other * alpha


def add(input: Tensor | Number, other: Tensor | Number, *, alpha: Number = 1) -> Tensor:
    """input + alpha * other."""
    if alpha is not _ONE:
        other = _scaled("add", other, alpha)
    out = _C.add(input, other)
    if not needs_grad(input, other):
        return out
    return record(out, _add_vjp, (input, other), (), _like(input), _like(other))


def _add_vjp(node: Node, g: Tensor, a: _Like, b: _Like) -> tuple[Tensor | None, ...]:
    need_a, need_b = node.needs_input_grad
    return (_back(g, a) if need_a else None, _back(g, b) if need_b else None)


def sub(input: Tensor | Number, other: Tensor | Number, *, alpha: Number = 1) -> Tensor:
    """input - alpha * other."""
    if alpha is not _ONE:
        other = _scaled("sub", other, alpha)
    out = _C.sub(input, other)
    if not needs_grad(input, other):
        return out
    return record(out, _sub_vjp, (input, other), (), _like(input), _like(other))


def _sub_vjp(node: Node, g: Tensor, a: _Like, b: _Like) -> tuple[Tensor | None, ...]:
    need_a, need_b = node.needs_input_grad
    return (_back(g, a) if need_a else None, -_back(g, b) if need_b else None)


def mul(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """input * other."""
    out = _C.mul(input, other)
    if not needs_grad(input, other):
        return out
    saved, numbers = _keep(input, other, needs_grad(other), needs_grad(input))
    return record(out, _mul_vjp, (input, other), saved, _like(input), _like(other), numbers)


def _keep(a: Any, b: Any, keep_a: bool, keep_b: bool) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """What a vjp needs of the operands: tensors to save, and numbers."""
    tensors = (
        a if keep_a and isinstance(a, Tensor) else None,
        b if keep_b and isinstance(b, Tensor) else None,
    )
    return tensors, (None if isinstance(a, Tensor) else a, None if isinstance(b, Tensor) else b)


def _operands(node: Node, numbers: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple([n if t is None else t for t, n in zip(node.saved_tensors, numbers, strict=True)])


def _mul_vjp(
    node: Node, g: Tensor, like_a: _Like, like_b: _Like, numbers: tuple[Any, ...]
) -> tuple[Tensor | None, ...]:
    a, b = _operands(node, numbers)
    need_a, need_b = node.needs_input_grad
    return (
        _back(g * b, like_a) if need_a else None,
        _back(g * a, like_b) if need_b else None,
    )


def div(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """input / other; of ints in float32."""
    out = _C.div(input, other)
    if not needs_grad(input, other):
        return out
    saved, numbers = _keep(input, other, needs_grad(other), True)
    return record(out, _div_vjp, (input, other), saved, _like(input), _like(other), numbers)


def _div_vjp(
    node: Node, g: Tensor, like_a: _Like, like_b: _Like, numbers: tuple[Any, ...]
) -> tuple[Tensor | None, ...]:
    a, b = _operands(node, numbers)
    need_a, need_b = node.needs_input_grad
    return (
        _back(g / b, like_a) if need_a else None,
        _back(-g * (a / b) / b, like_b) if need_b else None,
    )


def pow(input: Tensor | Number, exponent: Tensor | Number) -> Tensor:
    """input to the power of exponent.

    The gradient is 0 where the exponent is 0, and of the exponent 0 where input is 0 and the
    exponent is not negative (not NaN).
    """
    out = _C.pow(input, exponent)
    if not needs_grad(input, exponent):
        return out
    saved, numbers = _keep(input, exponent, True, True)
    return record(
        out, _pow_vjp, (input, exponent), (*saved, out), _like(input), _like(exponent),
        (*numbers, None),
    )  # fmt: skip


def _pow_vjp(
    node: Node, g: Tensor, like_a: _Like, like_b: _Like, numbers: tuple[Any, ...]
) -> tuple[Tensor | None, ...]:
    a, b, y = _operands(node, numbers)
    need_a, need_b = node.needs_input_grad
    grad_a = grad_b = None
    if need_a:
        if isinstance(b, Tensor):
            none = _C.eq(b, 0)
            grad_a = where(none, 0.0, g * (b * pow(a, where(none, 1.0, b) - 1)))
        elif b == 0:
            grad_a = zero_vjp(node, g)
        else:
            grad_a = g * (b * a if b == 2 else b * pow(a, b - 1))
        grad_a = _back(grad_a, like_a)
    if need_b:
        base = a if isinstance(a, Tensor) else _C.full((), a, b.dtype)
        at_zero = _C.logical_and(_C.eq(base, 0), _C.ge(b, 0))
        grad_b = _back(g * y * log(where(at_zero, 1.0, base)), like_b)
    return grad_a, grad_b


def maximum(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """The larger of the two, NaN if either is; at ties each gets half of the gradient."""
    return _extremum(_C.maximum, _C.gt, input, other)


def minimum(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """The smaller of the two, NaN if either is; at ties each gets half of the gradient."""
    return _extremum(_C.minimum, _C.lt, input, other)


def _extremum(kernel: Any, wins: Any, input: Any, other: Any) -> Tensor:
    out = kernel(input, other)
    if not needs_grad(input, other):
        return out
    saved, numbers = _keep(input, other, True, True)
    return record(
        out, _extremum_vjp, (input, other), saved, _like(input), _like(other), numbers, wins
    )


def _extremum_vjp(
    node: Node, g: Tensor, like_a: _Like, like_b: _Like, numbers: tuple[Any, ...], wins: Any
) -> tuple[Tensor | None, ...]:
    a, b = _operands(node, numbers)
    need_a, need_b = node.needs_input_grad
    half = where(_C.eq(a, b), 0.5, 0.0)
    share_a, share_b = (where(w, 1.0, half) for w in (wins(a, b), wins(b, a)))
    return (
        _back(g * share_a, like_a) if need_a else None,
        _back(g * share_b, like_b) if need_b else None,
    )


def _in_place(
    op: str, compute: Any, kernel: Any, input: Tensor, other: Tensor | Number, saves: bool = False
) -> Tensor:
    """input = compute(input, other); `saves`: the vjp of compute needs the input of before."""
    check_in_place(op, input)
    if not needs_grad(input, other):
        kernel(input, other)
        return changed_in_place(input, None)
    before = clone(input) if saves else input
    out = cast(compute(before, before if other is input else other), input.dtype)
    if out.shape != input.shape:
        raise ValueError(
            f"{op}: the result of shape {out.shape} does not fit into a tensor of "
            f"shape {input.shape}"
        )
    return replaced_by(input, out)


def add_(input: Tensor, other: Tensor | Number, *, alpha: Number = 1) -> Tensor:
    """input += alpha * other."""
    if alpha is not _ONE:
        other = _scaled("add_", other, alpha)
    return _in_place("add_", add, _C.add_, input, other)


def sub_(input: Tensor, other: Tensor | Number, *, alpha: Number = 1) -> Tensor:
    """input -= alpha * other."""
    if alpha is not _ONE:
        other = _scaled("sub_", other, alpha)
    return _in_place("sub_", sub, _C.sub_, input, other)


def mul_(input: Tensor, other: Tensor | Number) -> Tensor:
    """input *= other."""
    return _in_place("mul_", mul, _C.mul_, input, other, needs_grad(other))


def div_(input: Tensor, other: Tensor | Number) -> Tensor:
    """input /= other."""
    return _in_place("div_", div, _C.div_, input, other, needs_grad(other))


def pow_(input: Tensor, exponent: Tensor | Number) -> Tensor:
    """input = input to the power of exponent."""
    return _in_place("pow_", pow, _C.pow_, input, exponent, True)


def fmod(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """What is left of input after the whole multiples of other, with the sign of input; exact.  A
    divisor 0 gives NaN; among integers ValueError."""
    return _remainder("fmod", _C.fmod, _trunc_quotient, input, other)


def remainder(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """input modulo other, with the sign of other (Python's %).  A divisor 0 gives NaN; among
    integers ValueError."""
    return _remainder("remainder", _C.remainder, _C.floor_divide, input, other)


def _trunc_quotient(a: Any, b: Any) -> Tensor:
    return _C.trunc(_C.div(a, b))


def _remainder(op: str, kernel: Any, quotient: Any, input: Any, other: Any) -> Tensor:
    _check_divisor(op, input, other)
    out = kernel(input, other)
    if not needs_grad(input, other):
        return out
    q = quotient(input, other) if needs_grad(other) else None
    return record(out, _remainder_vjp, (input, other), (q,), _like(input), _like(other))


def _remainder_vjp(node: Node, g: Tensor, a: _Like, b: _Like) -> tuple[Tensor | None, ...]:
    (q,) = node.saved_tensors
    need_a, need_b = node.needs_input_grad
    return (_back(g, a) if need_a else None, _back(-g * q, b) if need_b else None)


def floor_divide(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """The largest integer up to input / other (Python's //), without a gradient.  A divisor 0 gives
    ±inf or NaN; among integers ValueError."""
    _check_divisor("floor_divide", input, other)
    return _C.floor_divide(input, other)


def floor_divide_(input: Tensor, other: Tensor | Number) -> Tensor:
    """`floor_divide`, into `input`: with the dtype of input, whose gradient ends here.

    Raises:
        ValueError: the result does not fit into input's shape; among integers, a divisor is 0.
        TypeError: other is of floats and input is not.
    """
    _check_divisor("floor_divide_", input, other)
    return _in_place("floor_divide_", floor_divide, _C.floor_divide_, input, other)


def _check_divisor(op: str, input: Any, other: Any) -> None:
    if _C.result_type(input, other).is_floating_point:
        return
    if isinstance(other, Tensor):
        nonzero = _C.cast(_C.ne(other, 0), _C.DType.float32)
        _C.check_values(f"{op}: other != 0", nonzero, 1.0, 1.0, False)
    elif other == 0:
        raise ValueError(f"{op}: other: expected a divisor that is not 0")


def atan2(input: Tensor, other: Tensor) -> Tensor:
    """The angle of the point (other, input) to the first axis, in [−π, π]; with the C library's
    signs at zeros and infinities.  Its gradient at (0, 0) is 0."""
    return _smooth(_C.atan2, _atan2_vjp, input, other)


def _atan2_vjp(
    node: Node, g: Tensor, like_a: _Like, like_b: _Like, numbers: tuple[Any, ...]
) -> tuple[Tensor | None, ...]:
    y, x = _operands(node, numbers)
    need_y, need_x = node.needs_input_grad
    r = hypot(y, x)
    zero = _C.eq(r, 0)
    r = where(zero, 1.0, r)
    return (
        _back(g * where(zero, 0.0, x / r / r), like_a) if need_y else None,
        _back(-g * where(zero, 0.0, y / r / r), like_b) if need_x else None,
    )


def hypot(input: Tensor, other: Tensor) -> Tensor:
    """√(input² + other²), without overflow; inf if either is infinite, else NaN if either is.  Its
    gradient at (0, 0) is 0, as that of `norm`."""
    return _smooth(_C.hypot, _hypot_vjp, input, other)


def _hypot_vjp(
    node: Node, g: Tensor, like_a: _Like, like_b: _Like, numbers: tuple[Any, ...]
) -> tuple[Tensor | None, ...]:
    a, b = _operands(node, numbers)
    need_a, need_b = node.needs_input_grad
    r = hypot(a, b)
    zero = _C.eq(r, 0)
    r = where(zero, 1.0, r)
    return (
        _back(g * where(zero, 0.0, a / r), like_a) if need_a else None,
        _back(g * where(zero, 0.0, b / r), like_b) if need_b else None,
    )


def copysign(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """|input| with the sign of other (−0 and NaN have one, too).  The gradient of input is ±1 and 0
    at 0, that of other 0."""
    return _smooth(_C.copysign, _copysign_vjp, input, other)


def _copysign_vjp(
    node: Node, g: Tensor, like_a: _Like, like_b: _Like, numbers: tuple[Any, ...]
) -> tuple[Tensor | None, ...]:
    a, b = _operands(node, numbers)
    need_a, need_b = node.needs_input_grad
    return (
        _back(g * _C.mul(_C.sign(a), _C.copysign(1.0, b)), like_a) if need_a else None,
        _back(zero_vjp(node, g), like_b) if need_b else None,
    )


def logaddexp(input: Tensor, other: Tensor) -> Tensor:
    """log(exp(input) + exp(other)), without overflow, also of equal infinities."""
    return _smooth(_C.logaddexp, _logaddexp_vjp, input, other, 1.0)


def logaddexp2(input: Tensor, other: Tensor) -> Tensor:
    """log₂(2^input + 2^other), without overflow, also of equal infinities."""
    return _smooth(_C.logaddexp2, _logaddexp_vjp, input, other, math.log(2))


def _logaddexp_vjp(
    node: Node,
    g: Tensor,
    like_a: _Like,
    like_b: _Like,
    numbers: tuple[Any, ...],
    unit: float,
) -> tuple[Tensor | None, ...]:
    a, b = _operands(node, numbers)
    need_a, need_b = node.needs_input_grad
    difference = a - b
    difference = where(_C.logical_and(_C.eq(a, b), _C.isnan(difference)), 0.0, difference)
    return (
        _back(g * sigmoid(difference * unit), like_a) if need_a else None,
        _back(g * sigmoid(difference * -unit), like_b) if need_b else None,
    )


def xlogy(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """input · log(other): 0 where input is 0, unless other is NaN.  There the gradient is finite,
    too: log(other) for a finite one, else 0, and 0 for other."""
    return _smooth(_C.xlogy, _xlogy_vjp, input, other)


def _xlogy_vjp(
    node: Node, g: Tensor, like_a: _Like, like_b: _Like, numbers: tuple[Any, ...]
) -> tuple[Tensor | None, ...]:
    a, b = _operands(node, numbers)
    need_a, need_b = node.needs_input_grad
    grad_a = grad_b = None
    if need_a:
        base = b if isinstance(b, Tensor) else _C.full((), b, a.dtype)
        at_zero = _C.logical_and(_C.eq(a, 0), _C.logical_or(_C.le(base, 0), _C.isinf(base)))
        grad_a = _back(g * log(where(at_zero, 1.0, base)), like_a)
    if need_b:
        at_zero = _C.logical_and(_C.eq(a, 0), _C.eq(b, b))
        grad_b = _back(g * (where(at_zero, 0.0, a) / where(at_zero, 1.0, b)), like_b)
    return grad_a, grad_b


def _smooth(kernel: Any, vjp: Any, input: Any, other: Any, *more: Any) -> Tensor:
    """kernel(input, other), whose vjp takes the operands again."""
    out = kernel(input, other)
    if not needs_grad(input, other):
        return out
    saved, numbers = _keep(input, other, True, True)
    return record(out, vjp, (input, other), saved, _like(input), _like(other), numbers, *more)


bitwise_and, bitwise_or, bitwise_xor = _C.bitwise_and, _C.bitwise_or, _C.bitwise_xor
bitwise_left_shift, bitwise_right_shift = _C.bitwise_left_shift, _C.bitwise_right_shift


eq, ne, lt, le, gt, ge = _C.eq, _C.ne, _C.lt, _C.le, _C.gt, _C.ge
logical_and, logical_or, logical_xor = _C.logical_and, _C.logical_or, _C.logical_xor
