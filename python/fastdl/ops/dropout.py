"""Dropout: of elements, of whole channels, by noise.  Every call takes one draw of a generator."""

from __future__ import annotations

import math

from .. import _C, check
from ..autograd import Node, record
from ..inplace import check_in_place, replaced_by
from ..random import Generator, next_draw
from ..tensor import Tensor
from .where import where

_FLOATS = (_C.DType.float32, _C.DType.float64)


def dropout(
    input: Tensor,
    p: float = 0.5,
    training: bool = True,
    inplace: bool = False,
    *,
    generator: Generator | None = None,
) -> Tensor:
    """Zeroes each element with probability p and divides the others by 1 − p.

    Element i is dropped as a function of (seed, draw index, i in row-major order) alone; the draw
    is the generator's next.  A dropped element is 0 whatever it was.  With `training=False` returns
    `input` and takes no draw.  With `inplace` the result is written into `input`.

    Srivastava et al., "Dropout", JMLR 15 (2014).

    Raises:
        ValueError: p outside [0, 1]. TypeError: input is not float32 or float64.
    """
    if not _is_active("dropout", input, p, training, inplace):
        return input
    out = _dropout(input, p, *next_draw(generator))
    return replaced_by(input, out) if inplace else out


def _is_active(op: str, input: Tensor, p: float, training: bool, inplace: bool) -> bool:
    """Whether anything is to be dropped; raises where an argument does not fit."""
    check.number(f"{op}: p", p, 0, 1)
    check.tensor(f"{op}: input", input)
    if training is not True and not check.switch(f"{op}: training", training):
        return False
    if input.dtype not in _FLOATS:
        raise TypeError(f"{op}: input: expected float32 or float64, got {input.dtype.name}")
    if inplace is not False and check.switch(f"{op}: inplace", inplace):
        check_in_place(op, input)
    return True


def _dropout(input: Tensor, p: float, seed: int, draw: int) -> Tensor:
    return record(_C.dropout(input, p, seed, draw), _dropout_vjp, (input,), (), p, seed, draw)


def _dropout_vjp(_: Node, g: Tensor, p: float, seed: int, draw: int) -> Tensor:
    return _dropout(g, p, seed, draw)  # linear: the same mask and scale


def _kept(x: Tensor, shape: tuple[int, ...], p: float, generator: Generator | None) -> Tensor:
    """For every element of a shape that fits x whether it stays, as bools."""
    ones = _C.full(shape, 1.0, x.dtype)
    return _C.ne(_C.dropout(ones, p, *next_draw(generator)), 0.0)


# ---- whole channels --------------------------------------------------------------------------


def dropout1d(
    input: Tensor,
    p: float = 0.5,
    training: bool = True,
    inplace: bool = False,
    *,
    generator: Generator | None = None,
) -> Tensor:
    """`dropout` of whole channels: input (batch, channels, length) or (channels, length).

    Tompson et al., "Efficient Object Localization Using Convolutional Networks", CVPR 2015.
    A dropped channel is 0 whatever it was.

    Raises:
        ValueError: p outside [0, 1], or another number of dimensions.
        TypeError: input is not float32 or float64.
    """
    return _of_channels("dropout1d", (3, 2), input, p, training, inplace, generator)


def dropout2d(
    input: Tensor,
    p: float = 0.5,
    training: bool = True,
    inplace: bool = False,
    *,
    generator: Generator | None = None,
) -> Tensor:
    """`dropout1d` for input (batch, channels, height, width) or, as in PyTorch, (batch, channels,
    length)."""
    return _of_channels("dropout2d", (4, 0, 3), input, p, training, inplace, generator)


def dropout3d(
    input: Tensor,
    p: float = 0.5,
    training: bool = True,
    inplace: bool = False,
    *,
    generator: Generator | None = None,
) -> Tensor:
    """`dropout1d` for input (batch, channels, depth, height, width) or without the batch."""
    return _of_channels("dropout3d", (5, 4), input, p, training, inplace, generator)


def _of_channels(
    op: str,
    ranks: tuple[int, ...],
    input: Tensor,
    p: float,
    training: bool,
    inplace: bool,
    generator: Generator | None,
) -> Tensor:
    """ranks: the numbers of dimensions with a batch, without, and another one with a batch."""
    active = _is_active(op, input, p, training, inplace)
    if input.ndim not in ranks:
        expected = " or ".join([str(n) for n in sorted(ranks) if n])
        raise ValueError(f"{op}: input: expected {expected} dimensions, got shape {input.shape}")
    if not active:
        return input
    leading = 1 if input.ndim == ranks[1] else 2
    shape = (*input.shape[:leading], *[1] * (input.ndim - leading))
    scale = 1 / (1 - p) if p < 1 else 0.0
    out = where(_kept(input, shape, p, generator), input * scale, 0.0)
    return replaced_by(input, out) if inplace else out


# ---- noise -----------------------------------------------------------------------------------


def gaussian_dropout(
    input: Tensor,
    p: float = 0.5,
    training: bool = True,
    inplace: bool = False,
    *,
    generator: Generator | None = None,
) -> Tensor:
    """Multiplies each element by a normal draw of mean 1 and standard deviation √(p / (1 − p)): as
    much noise as `dropout` makes.

    Srivastava et al., "Dropout", JMLR 15 (2014), section 10.

    Raises:
        ValueError: p outside [0, 1). TypeError: input is not float32 or float64.
    """
    if p == 1:
        raise ValueError("gaussian_dropout: p: expected a number in [0, 1), got 1")
    if not _is_active("gaussian_dropout", input, p, training, inplace):
        return input
    out = _noisy(input, math.sqrt(p / (1 - p)), *next_draw(generator))
    return replaced_by(input, out) if inplace else out


def _noisy(x: Tensor, std: float, seed: int, draw: int) -> Tensor:
    noise = _C.empty(x.shape, x.dtype)
    _C.normal_(noise, 1.0, std, seed, draw)
    return record(_C.mul(x, noise), _noisy_vjp, (x,), (), std, seed, draw)


def _noisy_vjp(_: Node, g: Tensor, std: float, seed: int, draw: int) -> Tensor:
    return _noisy(g, std, seed, draw)  # linear: the noise is not kept, but drawn again


_SELU_LIMIT = -1.7580993408473766  # of selu at −∞


def alpha_dropout(
    input: Tensor,
    p: float = 0.5,
    training: bool = False,
    inplace: bool = False,
    *,
    generator: Generator | None = None,
) -> Tensor:
    """Sets each element with probability p to the limit of `selu` at −∞, then scales and shifts
    all: mean 0 and variance 1 stay what they are.

    Klambauer et al., "Self-Normalizing Neural Networks", NeurIPS 2017.  With p = 1 all is 0.

    Raises:
        ValueError: p outside [0, 1]. TypeError: input is not float32 or float64.
    """
    if not _is_active("alpha_dropout", input, p, training, inplace):
        return input
    out = _alpha(input, input.shape, p, generator)
    return replaced_by(input, out) if inplace else out


def feature_alpha_dropout(
    input: Tensor,
    p: float = 0.5,
    training: bool = False,
    inplace: bool = False,
    *,
    generator: Generator | None = None,
) -> Tensor:
    """`alpha_dropout` of whole channels: input (batch, channels, ...).

    Raises:
        ValueError: p outside [0, 1], or fewer than 2 dimensions.
        TypeError: input is not float32 or float64.
    """
    op = "feature_alpha_dropout"
    active = _is_active(op, input, p, training, inplace)
    if input.ndim < 2:
        raise ValueError(f"{op}: input: expected at least 2 dimensions, got shape {input.shape}")
    if not active:
        return input
    out = _alpha(input, (*input.shape[:2], *[1] * (input.ndim - 2)), p, generator)
    return replaced_by(input, out) if inplace else out


def _alpha(x: Tensor, shape: tuple[int, ...], p: float, generator: Generator | None) -> Tensor:
    scale = 0.0 if p == 1 else 1 / math.sqrt((1 - p) * (1 + p * _SELU_LIMIT * _SELU_LIMIT))
    shift = -scale * p * _SELU_LIMIT
    return where(_kept(x, shape, p, generator), x, _SELU_LIMIT) * scale + shift
