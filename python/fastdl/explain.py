"""What is wrong with the arguments of a call that has failed, in one sentence: of the compiled
module's functions by their signatures, of ours by their annotations."""

from __future__ import annotations

import functools
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from types import FunctionType, NoneType
from typing import Any, TypeVar, cast

F = TypeVar("F", bound=Callable[..., Any])

_PARAMETER = re.compile(r"(\w+): ((?:[^,\[\]()]|\[[^\]]*\])+?)(?: = ([^,)]+))?(?=, \w+:|\) ->)")

_OURS = re.compile(r"(?!item:|shape:)[\w.]+: ")  # how messages begin that name the function


def explain(
    error: Exception, name: str, doc: str, args: Sequence[Any], kwargs: dict[str, Any]
) -> Exception | None:
    """The error to raise for one of a function of the compiled module; None if it says enough.
    `doc` begins with the signature, as in `softmax(input: Tensor, dim: int) -> Tensor`."""
    text = str(error)
    refused = "incompatible function arguments" in text  # by pybind11
    says_enough = type(error) not in _RAISED or _OURS.match(text) or re.match(rf"{name}\b", text)
    if says_enough and not refused:
        return None
    misfit = _misfit_of_binding(name, doc, args, kwargs, refused)
    return TypeError(f"{name}: {misfit}") if misfit else _RAISED[type(error)](f"{name}: {text}")


def _misfit_of_binding(
    name: str, doc: str, args: Sequence[Any], kwargs: dict[str, Any], refused: bool
) -> str:
    signature = next(line for line in doc.splitlines() if line.startswith(f"{name}("))
    parameters = _PARAMETER.findall(signature)
    given = dict(zip([p for p, _, _ in parameters], args, strict=False)) | kwargs
    if len(args) > len(parameters):
        return f"expected at most {len(parameters)} arguments, got {len(args)}"
    for unknown in kwargs.keys() - {p for p, _, _ in parameters}:
        return f"there is no argument {unknown!r}"
    for parameter, kind, default in parameters:
        if parameter not in given and not default:
            return f"{parameter}: expected {_article(kind)}, got nothing"
    wrong = [
        (parameter, kind)
        for parameter, kind, default in parameters
        if parameter in given and not _fits(given[parameter], kind, default)
    ]
    # Some tensors may be None, which no signature tells: another argument is blamed first.
    for parameter, kind in sorted(wrong, key=lambda w: w[1] == "Tensor" and given[w[0]] is None):
        return f"{parameter}: expected {_article(kind)}, got {describe(given[parameter])}"
    return f"expected {', '.join(f'{p}: {k}' for p, k, _ in parameters)}" if refused else ""


_ALIASES = {
    "Number": "float | int",
    "Bound": "Tensor | float | None",
    "Dim": "int | Sequence[int] | None",
}
# The error that the caller gets for one that Python raised in our code.
_RAISED: dict[type[Exception], type[Exception]] = {
    AssertionError: ValueError,
    AttributeError: TypeError,
    BufferError: BufferError,
    IndexError: IndexError,
    KeyError: ValueError,
    NotImplementedError: NotImplementedError,
    OverflowError: OverflowError,
    RuntimeError: RuntimeError,
    TypeError: TypeError,
    ValueError: ValueError,
    ZeroDivisionError: ValueError,
}


def explain_errors(
    namespace: dict[str, Any], names: Iterable[str], methods: Iterable[str] = ()
) -> None:
    """Puts `explained` before the functions of these names, in `namespace` and where they are
    defined, and before the constructors and these methods of classes."""
    for name in names:
        value = namespace[name]
        if _is_bare(value):
            home = vars(sys.modules[value.__module__])
            home[name] = namespace[name] = explained(value)
        for cls in value.__mro__ if isinstance(value, type) else ():
            for method in ("__init__", *methods):
                if _is_bare(vars(cls).get(method)):
                    setattr(cls, method, explained(vars(cls)[method]))


def _is_bare(value: Any) -> bool:
    return isinstance(value, FunctionType) and not hasattr(value, "__wrapped__")


def explained(function: F) -> F:
    """`function`, whose errors begin with its name (a constructor's with its class's) and name the
    first argument that does not fit its annotation."""

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except tuple(_RAISED) as error:
            kind, text, blamed = _better(error, function, args, kwargs)
            if kind is type(error) and not blamed:
                if text != str(error):
                    error.args = (text,)
                raise
            raise kind(text) from (None if blamed else error)

    return cast(F, call)


def _better(
    error: Exception, function: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any]
) -> tuple[type[Exception], str, bool]:
    """The class and the text of the error to raise for one of `function(*args, **kwargs)`, and
    whether an argument is blamed."""
    kind, name, text = _RAISED.get(type(error)), function.__name__, str(error)
    if kind is None:
        return type(error), text, False
    if name in ("__init__", "__new__"):
        name = (args[0] if name == "__new__" else type(args[0])).__name__
        text = re.sub(r"^[\w.]+\.__(init|new)__\(\)", f"{name}()", text)
    if re.match(rf"(\w+\.)?{name}\b", text):
        return kind, text, False
    misfit = _misfit(function, args, kwargs)
    return (TypeError, f"{name}: {misfit}", True) if misfit else (kind, f"{name}: {text}", False)


def _misfit(function: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any]) -> str:
    """The first argument that is not of its annotation's kind, tensors before all, switches last;
    "" if all are."""
    import inspect

    signature = inspect.signature(function)
    try:
        given = signature.bind_partial(*args, **kwargs).arguments
    except TypeError:  # another number of arguments
        return ""
    wrong = []
    for name, value in given.items():
        parameter = signature.parameters[name]
        kind = str(parameter.annotation)
        several = parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
        if not several and not _fits(value, kind, ""):
            text = f"{name}: expected {_article(kind)}, got {describe(value)}"
            wrong.append(("bool" in kind, "Tensor" not in kind, text))
    return min(wrong, key=lambda w: w[:2])[2] if wrong else ""


def _kinds(kinds: str) -> list[str]:
    """The names in a signature's type, as users would say them."""
    words = {
        "tuple[int, ...]": "tuple of ints",
        "Sequence[int]": "tuple of ints",
        "typing.SupportsFloat": "float",
        "typing.SupportsInt": "int",
        "typing.SupportsIndex": "int",
        "fastdl._C.DType": "dtype",
    }
    for alias, meaning in _ALIASES.items():
        kinds = re.sub(rf"\b{alias}\b", meaning, kinds)
    return list(dict.fromkeys([words.get(k, k) for k in kinds.split(" | ")]))


def _fits(value: Any, kinds: str, default: str) -> bool:
    from .dtypes import DType
    from .tensor import Tensor

    types = {"Tensor": Tensor, "bool": bool, "str": str, "dtype": DType, "None": NoneType}
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
    """A number, a str or None as it is written; anything else by its class, a Tensor with its
    shape."""
    from .tensor import Tensor

    if isinstance(value, Tensor):
        return f"a Tensor of shape {value.shape}"
    if value is None or isinstance(value, int | float | str):
        return f"{value!r}"
    kind = type(value)
    known = kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"
    return f"{known} (fastdl.as_tensor makes a Tensor of it)" if known == "numpy.ndarray" else known
