"""Sums of products over named dimensions: two operands at a time, from the left, each pair as one
(batched) matrix product."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from .. import check
from ..tensor import Tensor
from .diag import diagonal
from .matmul import matmul
from .view import movedim, permute, reshape, squeeze, unsqueeze

# A label is a letter, or a negative int for a dimension of the ellipsis, counted from its end.
Label = str | int
Labels = list[Label]


def einsum(equation: str, *operands: Any) -> Tensor:
    """Einstein's summation: `einsum("bij,bjk->bik", x, y)` multiplies matrices.

    A letter names a dimension of every operand in which it stands; those that stand not behind the
    arrow are summed.  Without an arrow the result has the letters that stand once, in the order of
    their codes.  A letter that stands twice in an operand means its diagonal; "..." the dimensions
    that no letter names, broadcast against each other.  Sizes of 1 are broadcast.

    Raises:
        TypeError: equation is no str, or an operand no Tensor; the dtypes differ.
        ValueError: the equation cannot be read, or an operand does not fit it.
    """
    if not isinstance(equation, str):
        raise TypeError(f"einsum: equation: expected a str, got {type(equation).__name__}")
    if len(operands) == 1 and isinstance(operands[0], tuple | list):
        operands = tuple(operands[0])
    inputs, output = _parse(equation, operands)
    sizes = _sizes(inputs, operands)
    for label in output:
        if label not in sizes:
            raise ValueError(f"einsum: equation: {label!r} behind the arrow names no dimension")
    terms = [_term(x, names, sizes) for x, names in zip(operands, inputs, strict=True)]
    out, names = terms[0]
    for i, (x, other) in enumerate(terms[1:], 1):
        later = {label for _, labels in terms[i + 1 :] for label in labels}
        kept = later.union(output)
        out, names = _contract(out, names, x, other, kept)
    out, names = _summed(out, names, set(output))
    return permute(out, [names.index(label) for label in output])


def _parse(equation: str, operands: Sequence[Any]) -> tuple[list[Labels], Labels]:
    """The labels of each operand's dimensions, and of the result's."""
    left, arrow, right = equation.replace(" ", "").partition("->")
    words = left.split(",")
    if len(words) != len(operands):
        raise ValueError(
            f"einsum: operands: expected {len(words)} for {equation!r}, got {len(operands)}"
        )
    inputs = []
    for i, (word, x) in enumerate(zip(words, operands, strict=True)):
        check.tensor(f"einsum: operands[{i}]", x)
        if x.dtype is not operands[0].dtype:
            raise TypeError(
                f"einsum: operands[{i}]: expected dtype {operands[0].dtype.name} as of operands[0],"
                f" got {x.dtype.name}"
            )
        named = _letters(equation, word)
        dots = x.ndim - len(named) + 1 if "." in named else 0
        if dots < 0 or ("." not in named and len(named) != x.ndim):
            least = "at least " if "." in named else ""
            count = len(named) - ("." in named)
            raise ValueError(
                f"einsum: operands[{i}]: expected {least}{count} dimensions for {word!r}, got "
                f"shape {x.shape}"
            )
        inputs.append(_spread(named, dots))
    most = max((sum(isinstance(n, int) for n in names) for names in inputs), default=0)
    if arrow:
        named = _letters(equation, right)
        if len(set(named)) < len(named):
            raise ValueError(f"einsum: equation: a letter stands twice behind the arrow: {right!r}")
        if most and "." not in named:
            return inputs, list(named)  # the ellipsis is summed
        return inputs, _spread(named, most)
    once = [c for c in sorted(set(left) - set(".,")) if left.count(c) == 1]
    return inputs, [*range(-most, 0), *once]


def _letters(equation: str, word: str) -> list[str]:
    """The letters of a word, with "." for its ellipsis."""
    letters = list(word.replace("...", ".", 1))
    if letters.count(".") > 1 or any(
        not (c.isascii() and c.isalpha()) and c != "." for c in letters
    ):
        raise ValueError(
            f"einsum: equation: expected letters, commas, '->' and '...', got {equation!r}"
        )
    if word.count(".") not in (0, 3):
        raise ValueError(f"einsum: equation: an ellipsis has three points, got {equation!r}")
    return letters


def _spread(named: list[str], dots: int) -> Labels:
    labels: Labels = []
    for c in named:
        labels += list(range(-dots, 0)) if c == "." else [c]
    return labels


def _sizes(inputs: list[Labels], operands: Sequence[Tensor]) -> dict[Label, int]:
    """The size of each label: all agree, but for sizes of 1."""
    sizes: dict[Label, int] = {}
    origin: dict[Label, int] = {}
    for i, (labels, x) in enumerate(zip(inputs, operands, strict=True)):
        own: dict[Label, int] = {}
        for label, n in zip(labels, x.shape, strict=True):
            if own.setdefault(label, n) != n:
                raise ValueError(
                    f"einsum: operands[{i}]: expected one size for {label!r}, got {own[label]} and "
                    f"{n} of shape {x.shape}"
                )
            if sizes.get(label, 1) == 1:
                sizes[label], origin[label] = n, i
            elif n not in (1, sizes[label]):
                name = f"{label!r}" if isinstance(label, str) else "a dimension of '...'"
                raise ValueError(
                    f"einsum: operands[{i}]: expected size {sizes[label]} for {name} as in "
                    f"operands[{origin[label]}], got {n} of shape {x.shape}"
                )
    return sizes


def _term(x: Tensor, names: Labels, sizes: dict[Label, int]) -> tuple[Tensor, Labels]:
    """The operand with each label once, without dimensions of size 1 that are broadcast."""
    names = list(names)
    for label in dict.fromkeys(names):
        while names.count(label) > 1:
            first = names.index(label)
            second = names.index(label, first + 1)
            x = diagonal(x, 0, first, second)
            del names[second], names[first]
            names.append(label)
    for d in reversed(range(len(names))):
        if x.shape[d] == 1 and sizes[names[d]] != 1:
            x = squeeze(x, d)
            del names[d]
    return x, names


def _summed(x: Tensor, names: Labels, kept: set[Label]) -> tuple[Tensor, Labels]:
    """x summed over the labels that are not kept."""
    gone = [d for d, label in enumerate(names) if label not in kept]
    return (x.sum(gone), [n for n in names if n in kept]) if gone else (x, names)


def _contract(
    a: Tensor, names_a: Labels, b: Tensor, names_b: Labels, kept: set[Label]
) -> tuple[Tensor, Labels]:
    """The product of two operands, summed over what they share and nobody keeps."""
    a, names_a = _summed(a, names_a, kept.union(names_b))
    b, names_b = _summed(b, names_b, kept.union(names_a))
    shared = [n for n in names_a if n in names_b]
    batch = [n for n in shared if n in kept]
    over = [n for n in shared if n not in kept]
    rows = [n for n in names_a if n not in shared]
    columns = [n for n in names_b if n not in shared]
    size = dict(zip(names_a + names_b, a.shape + b.shape, strict=True))
    size_of = [size[n] for n in batch]
    left = permute(a, [names_a.index(n) for n in batch + rows + over])
    right = permute(b, [names_b.index(n) for n in batch + over + columns])
    shape = [size[n] for n in batch + rows + columns]
    if not over:
        spread = reshape(left, [*left.shape, *[1] * len(columns)])
        product = spread * reshape(right, [*size_of, *[1] * len(rows), *right.shape[len(batch) :]])
        return product, batch + rows + columns
    m, k, n = [math.prod(size[x] for x in labels) for labels in (rows, over, columns)]
    left, right = reshape(left, (*size_of, m, k)), reshape(right, (*size_of, k, n))
    if not a.dtype.is_floating_point:
        product = (unsqueeze(left, -1) * unsqueeze(right, -3)).sum(-2)
    else:
        product = matmul(left, right)
    return reshape(product, shape), batch + rows + columns


def tensordot(a: Tensor, b: Tensor, dims: Any = 2) -> Tensor:
    """The product of two tensors, summed over the last `dims` dimensions of a and the first of b,
    or over the pairs in (dimensions of a, dimensions of b).

    Raises:
        TypeError: not both are float32 or both float64. IndexError: there is no such dimension.
        ValueError: there are not as many in the one as in the other, or their sizes differ.
    """
    check.tensor("tensordot: a", a)
    check.tensor("tensordot: b", b)
    if hasattr(dims, "__index__"):
        if not 0 <= dims <= min(a.ndim, b.ndim):
            raise ValueError(
                f"tensordot: dims: expected an int in [0, {min(a.ndim, b.ndim)}], got {dims}"
            )
        dims = list(range(a.ndim - dims, a.ndim)), list(range(dims))
    if not isinstance(dims, tuple | list) or len(dims) != 2:
        raise TypeError(f"tensordot: dims: expected an int or a pair, got {dims!r}")
    of_a = check.dimensions("tensordot: dims[0]", dims[0], a.ndim)
    of_b = check.dimensions("tensordot: dims[1]", dims[1], b.ndim)
    sizes = [[x.shape[d] for d in at] for x, at in ((a, of_a), (b, of_b))]
    if sizes[0] != sizes[1]:
        raise ValueError(
            f"tensordot: dims: expected dimensions of equal sizes, got {of_a} of shape {a.shape} "
            f"and {of_b} of shape {b.shape}"
        )
    n, k = len(of_a), math.prod(sizes[0])
    left = movedim(a, of_a, list(range(a.ndim - n, a.ndim))) if n else a
    right = movedim(b, of_b, list(range(n))) if n else b
    rows, columns = left.shape[: a.ndim - n], right.shape[n:]
    product = matmul(reshape(left, (math.prod(rows), k)), reshape(right, (k, math.prod(columns))))
    return reshape(product, (*rows, *columns))
