"""What the libraries give in cases known to go wrong, into docs/edge_cases.csv:
`python tools/edge_cases.py`.

A case is a function of tensors in PyTorch's words, which are ours, and in JAX's and NumPy's; the
gradient is that of the sum of the results at the first argument that is named.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import numpy as np
import scipy.special
import torch

import fastdl
import ulp_errors
from ulp_errors import ROOT, ulp, write

jax.config.update("jax_enable_x64", True)
jnp, jss = jax.numpy, jax.scipy.special

OUT = ROOT / "docs" / "edge_cases.csv"
COLUMNS = ["case", "call", "quantity", "right", "fastdl", "torch", "jax", "numpy"]
inf, nan = math.inf, math.nan
Function = Callable[..., Any] | None


class Case(NamedTuple):
    """`ours(lib, x)` is run with fastdl and with torch; `value` and `gradient` are right."""

    name: str
    call: str
    x: Any
    ours: Callable[..., Any]
    jax: Function
    numpy: Function
    value: Any = None
    gradient: Any = None
    dtype: str = "float64"
    show: Callable[..., Any] = lambda values: values


def _functional(lib: Any) -> Any:
    return lib.nn.functional


def _log1mexp(lib: Any, x: Any) -> Any:
    return lib.log1mexp(x) if lib is fastdl else lib.log(-lib.expm1(-x))


def _kl(lib: Any, q: Any, p: Any) -> Any:
    return _functional(lib).kl_div(q.log(), p, reduction="sum")


def _normalized(x: Any) -> Any:
    return (x - x.mean(0)) / np.sqrt(x.var(0) + np.float32(1e-5))


# ---- batch norm of a column whose mean is 10^6 standard deviations -----------------------------

_COLUMN = (1e6 + np.random.default_rng(0).standard_normal((1000, 1))).astype(np.float32)
_WEIGHTS = np.random.default_rng(1).standard_normal((1000, 1)).astype(np.float32)


def _exact_norm() -> tuple[Any, Any]:
    """The result, and the gradient of its product with the weights."""
    x, w = _COLUMN.astype(np.float64), _WEIGHTS.astype(np.float64)
    scale = 1 / np.sqrt(x.var() + 1e-5)
    y = (x - x.mean()) * scale
    return y, scale * (w - w.mean() - y * (w * y).mean())


def _error_of_norm(values: Any, gradient: bool) -> float:
    right = _exact_norm()[gradient]
    return float(
        np.abs(np.asarray(values).reshape(right.shape) - right).max() / np.abs(right).max()
    )


# ---- the cases ---------------------------------------------------------------------------------

LN2 = math.log(2)
CASES = [
    Case("log-sum-exp of nothing but −∞", "logsumexp([−∞, −∞])", [-inf, -inf],
         lambda lib, x: lib.logsumexp(x, -1), lambda x: jss.logsumexp(x),
         lambda x: scipy.special.logsumexp(x), -inf, [0, 0]),
    Case("log-sum-exp with +∞", "logsumexp([∞, 0])", [inf, 0.0],
         lambda lib, x: lib.logsumexp(x, -1), lambda x: jss.logsumexp(x),
         lambda x: scipy.special.logsumexp(x), inf),
    Case("softmax of nothing but −∞", "softmax([−∞, −∞])", [-inf, -inf],
         lambda lib, x: lib.softmax(x, -1), lambda x: jax.nn.softmax(x),
         lambda x: scipy.special.softmax(x), [nan, nan]),
    Case("the same, masked", "softmax([−∞, −∞], masked=True)", [-inf, -inf],
         lambda lib, x: lib.softmax(x, -1, masked=True) if lib is fastdl else None,
         lambda x: jax.nn.softmax(x, where=x > -inf), None, [0, 0], [0, 0]),
    Case("softmax with +∞", "softmax([∞, 0])", [inf, 0.0],
         lambda lib, x: lib.softmax(x, -1), lambda x: jax.nn.softmax(x),
         lambda x: scipy.special.softmax(x), [nan, nan]),
    Case("softplus past PyTorch's threshold", "softplus(21) − 21", [21.0],
         lambda lib, x: _functional(lib).softplus(x) - x, lambda x: jax.nn.softplus(x) - x,
         lambda x: np.logaddexp(0, x) - x, [math.log1p(math.exp(-21))],
         [-1 / (1 + math.exp(21))]),
    Case("KL divergence at a probability of 0", "kl_div(log q, p): q = [½, ½], p = [0, 1]",
         [0.5, 0.5], lambda lib, q: _kl(lib, q, lib.tensor([0.0, 1.0], dtype=lib.float64)),
         lambda q: jss.rel_entr(jnp.array([0.0, 1.0]), q).sum(),
         lambda q: scipy.special.rel_entr([0.0, 1.0], q).sum(), LN2, [0, -2]),
    Case("its gradient by the probability", "kl_div(log q, p), by p", [0.0, 1.0],
         lambda lib, p: _kl(lib, lib.tensor([0.5, 0.5], dtype=lib.float64), p),
         lambda p: jss.rel_entr(p, jnp.array([0.5, 0.5])).sum(),
         lambda p: scipy.special.rel_entr(p, [0.5, 0.5]).sum(), LN2),
    Case("KL divergence where both are 0", "kl_div(log q, p): q = p = [0, 1]", [0.0, 1.0],
         lambda lib, q: _kl(lib, q, lib.tensor([0.0, 1.0], dtype=lib.float64)),
         lambda q: jss.rel_entr(jnp.array([0.0, 1.0]), q).sum(),
         lambda q: scipy.special.rel_entr([0.0, 1.0], q).sum(), 0),
    *[
        Case(f"log(1 − exp(−x)) {where}", f"log1mexp({x:.6g}), float32", [x], _log1mexp,
             lambda x: jax.nn.log1mexp(x), lambda x: np.log(-np.expm1(-x)),
             [math.log(-math.expm1(-x))], [math.exp(-x) / -math.expm1(-x)], dtype="float32")
        for where, x in (("near 0", float(np.float32(1e-30))), ("at ln 2", float(np.float32(LN2))),
                         ("far out", 20.0))
    ],
    Case("variance of a constant far from 0", "var(1000 times 10⁷ + 1), float32", [1e7 + 1] * 1000,
         lambda lib, x: lib.var(x), lambda x: jnp.var(x, ddof=1), lambda x: x.var(ddof=1),
         0, 0, dtype="float32", show=lambda v: float(np.abs(v).max())),
    Case("batch norm, mean 10⁶ σ", "largest relative error, float32", _COLUMN,
         lambda lib, x: _functional(lib).batch_norm(x, None, None, training=True),
         lambda x: jax.nn.standardize(x, axis=0, epsilon=1e-5), _normalized, 0, 0,
         dtype="float32", show=_error_of_norm),
    Case("cross-entropy, all targets ignored", "cross_entropy([[1, 2]], [−100])", [[1.0, 2.0]],
         lambda lib, x: _functional(lib).cross_entropy(x, lib.tensor([-100])), None, None),
    Case("maximum of equal elements", "max([1, 1])", [1.0, 1.0], lambda lib, x: lib.max(x),
         lambda x: jnp.max(x), lambda x: np.max(x), 1),
    Case("powers at 0", "[0⁰, 0¹, 0²]", [0.0, 0.0, 0.0],
         lambda lib, x: x ** lib.tensor([0.0, 1.0, 2.0], dtype=lib.float64),
         lambda x: x ** jnp.array([0.0, 1.0, 2.0]), lambda x: x ** np.array([0.0, 1.0, 2.0]),
         [1, 0, 0], [0, 1, 0]),
    Case("powers of 0, by the exponent", "0 ** [0, 1, 2]", [0.0, 1.0, 2.0],
         lambda lib, y: lib.zeros(3, dtype=lib.float64) ** y,
         lambda y: jnp.zeros(3) ** y, lambda y: np.zeros(3) ** y, [1, 0, 0]),
    Case("norm at 0", "norm([0, 0])", [0.0, 0.0], lambda lib, x: lib.norm(x),
         lambda x: jnp.linalg.norm(x), lambda x: np.linalg.norm(x), 0, [0, 0]),
    Case("a result below the normal numbers", "exp(−100), float32", [-100.0],
         lambda lib, x: lib.exp(x), lambda x: jnp.exp(x), lambda x: np.exp(x),
         [float(np.float32(math.exp(-100)))], dtype="float32"),
]  # fmt: skip


# ---- running them ------------------------------------------------------------------------------


def _ours(lib: Any, case: Case) -> tuple[Any, Any]:
    x = lib.tensor(np.asarray(case.x, case.dtype), requires_grad=True)
    y = case.ours(lib, x)
    if y is None:
        return None, None
    norm = case.show is _error_of_norm
    y.backward(lib.tensor(_WEIGHTS) if norm else lib.ones_like(y))
    return y.detach().numpy(), x.grad.numpy()


def _jax(case: Case) -> tuple[Any, Any]:
    if case.jax is None:
        return None, None
    y, back = jax.vjp(case.jax, jnp.asarray(np.asarray(case.x, case.dtype)))
    norm = case.show is _error_of_norm
    return np.asarray(y), np.asarray(back(jnp.asarray(_WEIGHTS) if norm else jnp.ones_like(y))[0])


def _numpy(case: Case) -> tuple[Any, Any]:
    return (case.numpy(np.asarray(case.x, case.dtype)) if case.numpy else None), None


def _word(values: Any, case: Case, gradient: bool = False) -> str:
    if values is None:
        return ""
    if case.show is _error_of_norm and np.size(values) > 1:
        values = _error_of_norm(values, gradient)
    elif case.show is not _error_of_norm:
        values = case.show(values)
    words = [f"{v:.6g}" if abs(v) != inf else f"{v}" for v in np.ravel(values).tolist()]
    text = words[0] if len(words) == 1 else f"[{', '.join(words)}]"
    return text.replace("nan", "NaN").replace("inf", "∞").replace("-", "−")


def _uneven(f: Callable[[Any], Any]) -> bool:
    """Whether an element's bits depend on where it stands in vectors of 1, 13 or 67 elements."""
    x = np.random.default_rng(0).uniform(0.01, 0.99, 67).astype(np.float32)
    bits = {n: np.asarray(f(x[-n:].copy())).view(np.uint32) for n in (1, 13, 67)}
    return any((bits[n] != bits[67][-n:]).any() for n in bits)


def main() -> None:
    lines: list[tuple[str, ...]] = []
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        for case in CASES:
            found = [_ours(fastdl, case), _ours(torch, case), _jax(case), _numpy(case)]
            for gradient, right in enumerate((case.value, case.gradient)):
                words = [_word(pair[gradient], case, bool(gradient)) for pair in found]
                what = ("value", "gradient")[gradient]
                lines.append((case.name, case.call, what, _word(right, case), *words))
        uneven = []
        for make in (ulp_errors.LIBRARIES[name] for name in COLUMNS[4:]):
            made = {name: make(name) for name in ulp.REFERENCES}
            uneven.append(", ".join(n for n, f in made.items() if f and _uneven(f)) or "none")
        call = "functions whose float32 bits depend on the element's place in a short vector"
        lines.append(("vector body against tail", call, "value", "none", *uneven))
    write(OUT, COLUMNS, lines)


if __name__ == "__main__":
    main()
