"""What is wrong with the arguments of a call into the compiled module, in one sentence."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

_PARAMETER = re.compile(r"(\w+): ((?:[^,\[\]()]|\[[^\]]*\])+?)(?: = ([^,)]+))?(?=, \w+:|\) ->)")


def explain(name: str, doc: str, args: Sequence[Any], kwargs: dict[str, Any]) -> str:
    """`doc` begins with the signature, as in `softmax(input: Tensor, dim: int) -> Tensor`."""
    signature = next(line for line in doc.splitlines() if line.startswith(f"{name}("))
    parameters = _PARAMETER.findall(signature)
    given = dict(zip([p for p, _, _ in parameters], args, strict=False)) | kwargs
    if len(args) > len(parameters):
        return f"{name}: expected at most {len(parameters)} arguments, got {len(args)}"
    for unknown in kwargs.keys() - {p for p, _, _ in parameters}:
        return f"{name}: there is no argument {unknown!r}"
    for parameter, kind, default in parameters:
        if parameter not in given and not default:
            return f"{name}: {parameter}: expected {_article(kind)}, got nothing"
    wrong = [
        (parameter, kind)
        for parameter, kind, default in parameters
        if parameter in given and not _fits(given[parameter], kind, default)
    ]
    # Some tensors may be None, which no signature tells: another argument is blamed first.
    for parameter, kind in sorted(wrong, key=lambda w: w[1] == "Tensor" and given[w[0]] is None):
        got = describe(given[parameter])
        return f"{name}: {parameter}: expected {_article(kind)}, got {got}"
    return f"{name}: expected {', '.join(f'{p}: {k}' for p, k, _ in parameters)}"


def _kinds(kinds: str) -> list[str]:
    """The names in a signature's type, as users would say them."""
    words = {
        "tuple[int, ...]": "tuple of ints",
        "typing.SupportsFloat": "float",
        "typing.SupportsInt": "int",
        "typing.SupportsIndex": "int",
        "fastdl._C.DType": "dtype",
    }
    return list(dict.fromkeys([words.get(k, k) for k in kinds.split(" | ")]))


def _fits(value: Any, kinds: str, default: str) -> bool:
    from .dtypes import DType
    from .tensor import Tensor

    types = {"Tensor": Tensor, "bool": bool, "str": str, "dtype": DType, "object": object}
    for kind in _kinds(kinds):
        if kind == "tuple of ints":
            fits = isinstance(value, tuple | list) and all(hasattr(v, "__index__") for v in value)
        elif kind in ("float", "int"):
            fits = hasattr(value, f"__{kind}__") and not isinstance(value, Tensor)
            fits &= kind == "float" or not isinstance(value, float)
        else:
            fits = isinstance(value, types.get(kind, object))
        if fits:
            return True
    return value is None and default == "None"


def _article(kinds: str) -> str:
    listed = " or ".join(_kinds(kinds))
    return ("an " if listed[0] in "aeiou" else "a ") + listed


def describe(value: Any) -> str:
    """A number, a str or None as it is written; anything else by its class."""
    if value is None or isinstance(value, int | float | str):
        return f"{value!r}"
    kind = type(value)
    known = kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"
    return f"{known} (fastdl.as_tensor makes a Tensor of it)" if known == "numpy.ndarray" else known
