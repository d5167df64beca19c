"""Tests of ops: state an op once as an `OpCase`, check it in every mode.

    CASES = [
        OpCase("exp", fd.exp, [randn(3, 4)], np.exp, ulp=2),
        OpCase("pow", fd.pow, [positive(3, 4), randn(4)], np.power),
    ]

    @parametrize(CASES)
    def test_op(case, mode, device):
        case.check(mode, device)

A reference is a NumPy function of the same arguments.  It is evaluated in a wider type (float64 for
float32, long double for float64); the result may differ from that by a stated number of ULP, or by
twice what the same NumPy function errs by in the dtype itself (at least 4 ULP of the largest).

Use different sizes for dimensions of different meaning: the mode `empty` makes all dimensions of
one size empty together.  A function that draws random numbers must seed the generator itself.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import fastdl as fd

from . import drawn
from .check_gradients import gradcheck, gradgradcheck

__all__ = [
    "Input", "OpCase", "assert_close", "booleans", "distinct", "given", "gradcheck",
    "gradgradcheck", "integers", "largest_ulp_error", "parametrize", "positive", "randn", "uniform",
]  # fmt: skip

Array = np.ndarray[Any, Any]


# ---- inputs ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Input:
    """How one argument is made: `make(rng, shape)`.  Floats take the dtype of the check."""

    shape: tuple[int, ...]
    make: Callable[[np.random.Generator, tuple[int, ...]], Array]
    differentiable: bool = True

    def constant(self) -> Input:
        """The same input, of which no gradient is taken."""
        return Input(self.shape, self.make, False)


def randn(*shape: int) -> Input:
    """Standard normal values."""
    return Input(shape, lambda rng, shape: np.asarray(rng.standard_normal(shape)))


def uniform(*shape: int, low: float, high: float) -> Input:
    """Values between low and high."""
    return Input(shape, lambda rng, shape: np.asarray(rng.uniform(low, high, shape)))


def positive(*shape: int) -> Input:
    """Values between 0.5 and 3."""
    return uniform(*shape, low=0.5, high=3)


def distinct(*shape: int) -> Input:
    """Values that differ from each other and from 0 by at least 0.1: for ops with kinks."""

    def make(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
        n = int(np.prod(shape))
        return (rng.permutation(n) - n // 2 + 0.5).reshape(shape) * 0.2

    return Input(shape, make)


def integers(*shape: int, low: int, high: int, dtype: str = "int64") -> Input:
    """Integers in [low, high)."""
    return Input(shape, lambda rng, shape: rng.integers(low, high, shape).astype(dtype), False)


def booleans(*shape: int) -> Input:
    """False and True."""
    return Input(shape, lambda rng, shape: np.asarray(rng.integers(0, 2, shape), bool), False)


def given(values: Any) -> Input:
    """These values."""
    array = np.asarray(values)
    return Input(array.shape, lambda _, shape: array[tuple(map(slice, shape))])


# ---- comparisons -----------------------------------------------------------------------------


def largest_ulp_error(got: Array, wide: Array) -> float:
    """The largest error of `got` against `wide` (of a wider type), in ULP of got's type.

    Infinite where one is NaN and the other not, or where infinities do not agree.
    """
    with np.errstate(over="ignore"):
        expected = wide.astype(got.dtype)
    same = (got == expected) | (np.isnan(got) & np.isnan(expected))
    finite = np.isfinite(got) & np.isfinite(wide)
    with np.errstate(invalid="ignore"):
        errors = np.abs(got.astype(wide.dtype) - wide) / np.spacing(np.abs(expected))
    errors = np.where(finite, errors, np.where(same, 0, np.inf))
    return float(errors.max(initial=0))


def assert_close(what: str, got: Array, wide: Array, tolerance: Any) -> None:
    """|got - wide| <= tolerance, with NaN and infinities at the same places."""
    assert got.shape == wide.shape, f"{what}: expected shape {wide.shape}, got {got.shape}"
    with np.errstate(invalid="ignore"):
        number = np.longdouble if wide.dtype == np.longdouble else np.float64
        error = np.abs(got.astype(number) - wide.astype(number))
        good = (error <= tolerance) | (got == wide) | (np.isnan(got) & np.isnan(wide))
    if not good.all():
        at = tuple(int(i) for i in np.argwhere(~good)[0])
        limit = np.broadcast_to(tolerance, wide.shape)[at]
        raise AssertionError(
            f"{what}: {int((~good).sum())} of {good.size} values are wrong; at {at} expected "
            f"{wide[at]!r}, got {got[at]!r}: error {error[at]:.3g}, allowed {limit:.3g}"
        )


def _assert_same_bits(what: str, got: Sequence[Array], expected: Sequence[Array]) -> None:
    """Any NaN is the same NaN: which one comes out of NaN + NaN is up to the compiler."""
    for i, (a, b) in enumerate(zip(got, expected, strict=True)):
        assert (a.shape, a.dtype) == (b.shape, b.dtype), f"{what}: {i}: {a.shape}, {b.shape}"
        wrong = (a != b) & ~((a != a) & (b != b))
        if a.dtype.kind == "f":
            wrong |= (np.signbit(a) != np.signbit(b)) & (a == 0)
        assert not wrong.any(), f"{what}: result {i} differs at {np.argwhere(wrong)[:4].tolist()}"


# ---- memory layouts --------------------------------------------------------------------------


def _junk(array: Array, shape: tuple[int, ...]) -> Array:
    """What must not be read: NaN, or an integer that is no index."""
    kinds = {"f": np.nan, "i": -99, "u": 255, "b": True}
    return np.full(shape, kinds[array.dtype.kind], array.dtype)


def _plain(array: Array) -> fd.Tensor:
    """In memory of ours: aligned, and framed by guard bands where these are on."""
    return fd.from_numpy(np.array(array, order="C")).clone()


def _transposed(array: Array) -> fd.Tensor:
    return _plain(array.T).permute(tuple(range(array.ndim))[::-1])


def _stepped(array: Array) -> fd.Tensor:
    memory = _junk(array, (*array.shape, 2))
    memory[..., 0] = array
    return _plain(memory)[..., 0]


def _offset(array: Array) -> fd.Tensor:
    memory = _junk(array, (array.size + 1,))
    memory[1:] = array.reshape(-1)
    return _plain(memory)[1:].reshape(array.shape)


def _expanded(array: Array) -> fd.Tensor:
    return _plain(array[:1]).expand(array.shape) if array.ndim else _plain(array)


# ---- the case --------------------------------------------------------------------------------


@dataclass(frozen=True)
class OpCase:
    """One op with arguments, and what is known about it.

    `fn(*tensors, **kwargs)` returns a tensor or a tuple of them, and every float one among them has
    a gradient; `reference(*arrays, **kwargs)` is the same in NumPy, `fallback` in plain ops.  `ulp`
    bounds the error of every element of the result; without it see the module's text.
    `differentiable=False`: has no gradient.  `second=False`: no second derivative.  `exact=False`:
    results may depend on the memory layout, within a tolerance (matrix products).  `empty=False`:
    no sense in empty arguments.  `fixed=True`: of these sizes and values only (others may lie at a
    kink); or the sizes that must stay.  The mode `drawn` varies all else, by `seed`, `layouts`."""

    name: str
    fn: Callable[..., Any]
    inputs: Sequence[Input]
    reference: Callable[..., Any] | None = None
    fallback: Callable[..., Any] | None = None
    kwargs: dict[str, Any] = field(default_factory=dict)
    dtypes: Sequence[str] = ("float32", "float64")
    ulp: float | None = None
    differentiable: bool = True
    second: bool = True
    exact: bool = True
    empty: bool = True
    fixed: bool | Sequence[int] = False
    seed: int = 0
    layouts: Sequence[Callable[[Array], fd.Tensor]] = ()

    def modes(self) -> list[str]:
        """The checks that make sense for this case."""
        gradient = self.differentiable and any(x.differentiable for x in self.inputs)
        applies = {
            "forward": self.reference is not None,
            "fallback": self.fallback is not None,
            "gradient": gradient,
            "gradient_float32": gradient and "float32" in self.dtypes,
            "second": gradient and self.second,
            "strided": True,
            "misaligned": True,
            "guards": True,
            "unchanged": True,
            "empty": self.empty,
            "drawn": drawn.examples() > 0,
        }
        return [mode for mode, does in applies.items() if does]

    def check(self, mode: str, device: str = "cpu") -> None:
        """Runs one of `modes()`; raises AssertionError where the op is wrong."""
        check = getattr(self, f"_check_{mode}", None)
        if check is None:
            raise ValueError(f"check: mode: expected one of {self.modes()}, got {mode!r}")
        check(device)

    # ---- running it --------------------------------------------------------------------------

    def _rng(self, stream: int) -> np.random.Generator:
        seeds = [zlib.crc32(self.name.encode()), stream]
        fixed = not self.seed or (self.fixed is True and stream == 0)
        return np.random.default_rng(seeds if fixed else [*seeds, self.seed])

    def _arrays(self, dtype: str, resize: dict[int, int] | None = None) -> list[Array]:
        rng = self._rng(0)
        arrays = []
        for x in self.inputs:
            array = x.make(rng, tuple([(resize or {}).get(n, n) for n in x.shape]))
            arrays.append(array.astype(dtype) if array.dtype.kind == "f" else array)
        return arrays

    def _tensors(self, arrays: Sequence[Array], device: str, layout: Any = None) -> list[fd.Tensor]:
        layouts = [layout] * len(arrays) if layout else self.layouts or [_plain] * len(arrays)
        with fd.no_grad():
            tensors = [f(array).to(device) for f, array in zip(layouts, arrays, strict=True)]
        for x, tensor in zip(self.inputs, tensors, strict=True):
            if self.differentiable and x.differentiable and tensor.is_floating_point():
                tensor.requires_grad_()
        return tensors

    def _outputs(self, fn: Callable[..., Any], args: Sequence[Any]) -> list[Any]:
        out = fn(*args, **self.kwargs)
        return list(out) if isinstance(out, tuple) else [out]

    def _cotangents(self, outputs: Sequence[fd.Tensor], stream: int = 1) -> list[fd.Tensor | None]:
        """Random weights of all that can have a gradient (whether it has one is to be seen)."""
        rng = self._rng(stream)
        layout = _transposed if self.seed % 2 else _plain
        return [
            layout(np.asarray(rng.standard_normal(y.shape, "float32"))).to(y.device, y.dtype)
            if y.is_floating_point()
            else None
            for y in outputs
        ]

    def _gradients(
        self,
        outputs: Sequence[fd.Tensor],
        tensors: Sequence[fd.Tensor],
        cotangents: Any,
        **more: Any,
    ) -> list[fd.Tensor]:
        """The gradients of the outputs at every tensor that wants one."""
        wanted = [x for x in tensors if x.requires_grad]
        chosen = [(y, g) for y, g in zip(outputs, cotangents, strict=True) if y.requires_grad]
        if not chosen or not wanted:
            return [fd.zeros_like(x) for x in wanted]
        roots, weights = zip(*chosen, strict=True)
        found = fd.autograd.grad(roots, wanted, weights, allow_unused=True, **more)
        for x, g in zip(wanted, found, strict=True):
            assert g is None or (g.shape, g.dtype) == (x.shape, x.dtype), (
                f"{self.name}: gradient of shape {g.shape} and {g.dtype} for {x.shape}, {x.dtype}"
            )
        return [fd.zeros_like(x) if g is None else g for x, g in zip(wanted, found, strict=True)]

    def _all(self, arrays: Sequence[Array], device: str, layout: Any = None) -> list[Array]:
        """Outputs and gradients."""
        tensors = self._tensors(arrays, device, layout)
        outputs = self._outputs(self.fn, tensors)
        gradients = self._gradients(outputs, tensors, self._cotangents(outputs))
        return [_numpy(t) for t in (*outputs, *gradients)]

    # ---- the modes ---------------------------------------------------------------------------

    def _check_drawn(self, device: str) -> None:
        drawn.check(self, device)

    def _check_forward(self, device: str) -> None:
        for dtype in self.dtypes:
            arrays = self._arrays(dtype)
            wide = "float64" if dtype == "float32" else "longdouble"
            floats = [x.dtype.kind == "f" for x in arrays]
            widened = [x.astype(wide) if f else x for x, f in zip(arrays, floats, strict=True)]
            got = self._outputs(self.fn, self._tensors(arrays, device))
            expected = self._outputs(self.reference, widened)  # type: ignore[arg-type]
            numpys = self._outputs(self.reference, arrays)  # type: ignore[arg-type]
            for i, (y, e, n) in enumerate(zip(got, expected, numpys, strict=True)):
                what, out, exact = f"{self.name}, {dtype}, output {i}", _numpy(y), np.asarray(e)
                assert out.dtype == (exact.dtype if exact.dtype.kind != "f" else dtype), (
                    f"{what}: expected a dtype as {exact.dtype}, got {out.dtype}"
                )
                assert_close(what, out, exact, self._tolerance(dtype, exact, np.asarray(n)))

    def _tolerance(self, dtype: str, exact: Array, numpys: Array) -> Any:
        if exact.dtype.kind != "f":
            return 0
        finite = np.where(np.isfinite(exact), exact, 0)
        if self.ulp is not None:
            return self.ulp * np.spacing(np.abs(finite).astype(dtype)).astype(exact.dtype)
        with np.errstate(invalid="ignore"):
            error = np.abs(numpys.astype(exact.dtype) - exact)
        error = np.where(np.isfinite(error), error, 0)
        floor = 4 * np.finfo(dtype).eps * np.abs(finite).max(initial=0)
        drawn = 8 if self.seed else 1  # few values of NumPy's may be right by luck
        return drawn * max(2 * error.max(initial=0), floor)

    def _check_fallback(self, device: str) -> None:
        results = []
        for fn in (self.fn, self.fallback):
            tensors = self._tensors(self._arrays("float64"), device)
            outputs = self._outputs(fn, tensors)  # type: ignore[arg-type]
            results.append(
                [*outputs, *self._gradients(outputs, tensors, self._cotangents(outputs))]
            )
        for i, (got, expected) in enumerate(zip(*results, strict=True)):
            wide = _numpy(expected)
            tolerance = 256 * np.finfo(np.float64).eps * np.abs(wide).max(initial=0)
            assert_close(f"{self.name}, result {i}", _numpy(got), wide, tolerance)

    def _check_gradient(self, device: str) -> None:
        def value(arrays: Sequence[Array]) -> float:
            outputs = self._outputs(self.fn, self._tensors(arrays, device))
            return _dot(outputs, self._cotangents(outputs))

        arrays = self._arrays("float64")
        tensors = self._tensors(arrays, device)
        outputs = self._outputs(self.fn, tensors)
        gradients = self._gradients(outputs, tensors, self._cotangents(outputs))
        wanted = [x.requires_grad for x in tensors]
        self._compare_directions(value, arrays, wanted, gradients)

    def _check_second(self, device: str) -> None:
        """The gradient's gradient: at the inputs, and at the cotangents."""
        tensors = self._tensors(self._arrays("float64"), device)
        outputs = self._outputs(self.fn, tensors)
        cotangents = [c for c in self._cotangents(outputs) if c is not None]
        n = len(tensors)

        def first(arrays: Sequence[Array]) -> tuple[list[fd.Tensor], list[fd.Tensor]]:
            leaves = self._tensors(arrays[:n], device)
            weights = [_plain(a).to(device).requires_grad_() for a in arrays[n:]]
            outputs, left = self._outputs(self.fn, leaves), iter(weights)
            given = [next(left) if y.is_floating_point() else None for y in outputs]
            return self._gradients(outputs, leaves, given, create_graph=True), leaves + weights

        def value(arrays: Sequence[Array]) -> float:
            gradients, _ = first(arrays)
            return _dot(gradients, self._cotangents(gradients, 2))

        arrays = [_numpy(t) for t in (*tensors, *cotangents)]
        gradients, leaves = first(arrays)
        found = self._gradients(gradients, leaves, self._cotangents(gradients, 2))
        self._compare_directions(value, arrays, [x.requires_grad for x in leaves], found)

    def _compare_directions(
        self,
        value: Callable[[Sequence[Array]], float],
        arrays: Sequence[Array],
        wanted: Sequence[bool],
        gradients: Sequence[fd.Tensor],
    ) -> None:
        """Gradients against numeric derivatives in three random directions for each argument."""
        rng, step = np.random.default_rng(1), 2e-4
        found = iter(gradients)
        for i, w in enumerate(wanted):
            if not w:
                continue
            gradient = _numpy(next(found))
            if not gradient.size:
                continue
            for _ in range(3):
                v = np.asarray(rng.uniform(-1, 1, arrays[i].shape))
                at = [
                    value([a + k * step * v if j == i else a for j, a in enumerate(arrays)])
                    for k in (-2, -1, 1, 2)
                ]
                numeric = (8 * (at[2] - at[1]) - (at[3] - at[0])) / (12 * step)  # error: step^4
                analytic = float((gradient * v).sum())
                tolerance = 1e-8 * (1 + abs(numeric) + max(map(abs, at)))
                assert abs(numeric - analytic) <= tolerance, (
                    f"{self.name}: derivative at argument {i} in a random direction: expected "
                    f"{numeric:.12g} (numeric), got {analytic:.12g}, tolerance {tolerance:.3g}"
                )

    def _check_gradient_float32(self, device: str) -> None:
        arrays = self._arrays("float32")
        wide = [x.astype("float64") if x.dtype.kind == "f" else x for x in arrays]
        rows = zip(self._all(arrays, device), self._all(wide, device), strict=True)
        for i, (got, expected) in enumerate(rows):
            scale = np.abs(expected).max(initial=0) if expected.dtype.kind == "f" else 0
            tolerance = 32 * np.finfo(np.float32).eps * scale
            assert_close(f"{self.name}, float32, result {i}", got, expected, tolerance)

    def _check_layout(self, device: str, name: str, layout: Any, arrays: Sequence[Array]) -> None:
        what = f"{self.name}, {name}, {[str(a.dtype) for a in arrays]}"
        got, expected = self._all(arrays, device, layout), self._all(arrays, device)
        if self.exact:
            _assert_same_bits(what, got, expected)
            return
        for y, e in zip(got, expected, strict=True):
            scale = np.abs(e).max(initial=0) if e.dtype.kind == "f" else 0
            assert_close(what, y, e, 8 * scale * np.finfo(y.dtype).eps if scale else 0)

    def _check_strided(self, device: str) -> None:
        for dtype in self.dtypes:
            arrays = self._arrays(dtype)
            self._check_layout(device, "transposed", _transposed, arrays)
            self._check_layout(device, "stepped", _stepped, arrays)
            rows = [np.repeat(a[:1], len(a), axis=0) if a.ndim else a for a in arrays]
            self._check_layout(device, "expanded", _expanded, rows)

    def _check_misaligned(self, device: str) -> None:
        for dtype in self.dtypes:
            self._check_layout(device, "offset by one element", _offset, self._arrays(dtype))

    def _check_guards(self, device: str) -> None:
        fd._C.check_guards()
        fd._C.set_guards(True)
        try:
            for dtype in self.dtypes:
                for layout in (_plain, _offset, _transposed):
                    self._all(self._arrays(dtype), device, layout)
                    fd._C.check_guards()
        finally:
            fd._C.set_guards(False)

    def _check_unchanged(self, device: str) -> None:
        for dtype in self.dtypes:
            arrays = self._arrays(dtype)
            tensors = self._tensors(arrays, device)
            outputs = self._outputs(self.fn, tensors)
            self._gradients(outputs, tensors, self._cotangents(outputs))
            _assert_same_bits(f"{self.name}: inputs", [_numpy(t) for t in tensors], arrays)

    def _check_empty(self, device: str) -> None:
        """As the reference: a result of the same shape, or an error."""
        for size in sorted({n for x in self.inputs for n in x.shape if n > 1}):
            for dtype in self.dtypes:
                arrays = self._arrays(dtype, {size: 0})
                try:
                    with np.errstate(all="ignore"):
                        expected = self._outputs(
                            self.reference or self.fn,
                            arrays if self.reference else self._tensors(arrays, device),
                        )
                except (ValueError, IndexError):
                    expected = None
                try:
                    got = self._all(arrays, device)
                except (ValueError, IndexError):
                    assert expected is None, f"{self.name}: raises where size {size} is 0"
                    continue
                assert expected is not None, f"{self.name}: expected an error where {size} is 0"
                for y, e in zip(got, expected, strict=False):
                    assert y.shape == tuple(e.shape), f"{self.name}: {y.shape} for {e.shape}"


def _numpy(t: fd.Tensor) -> Array:
    return t.detach().cpu().numpy()


def _dot(tensors: Sequence[fd.Tensor], weights: Sequence[fd.Tensor | None]) -> float:
    pairs = zip(tensors, weights, strict=True)
    return float(sum((_numpy(t) * _numpy(w)).sum() for t, w in pairs if w is not None))


def parametrize(cases: Sequence[OpCase]) -> Any:
    """A pytest mark that runs `test(case, mode, device)` for every mode of every case."""
    import pytest

    pairs = [(case, mode) for case in cases for mode in case.modes()]
    names = [f"{case.name}-{mode}" for case, mode in pairs]
    assert len(set(names)) == len(names), "parametrize: cases: expected a name of its own for each"
    return pytest.mark.parametrize(("case", "mode"), pairs, ids=names)
