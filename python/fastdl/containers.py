"""Tensors in (nested) tuples, lists and dicts: what a compiled step takes and returns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .capture import CaptureError
from .tensor import Tensor


class _Place:
    """Where a tensor stood."""

    def __repr__(self) -> str:
        return "tensor"


PLACE = _Place()


class Constant:
    """What is no tensor, or one that counts by identity; equal only if it is the same down to the
    sign of a zero."""

    def __init__(self, value: Any) -> None:
        self.value = value
        key = value.hex() if isinstance(value, float) else value
        self.key = (type(value), id(value) if isinstance(value, Tensor) else key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Constant) and self.key == other.key

    def __hash__(self) -> int:
        try:
            return hash(self.key)
        except TypeError:
            raise TypeError(
                "compile: expected tensors and hashable arguments, in tuples, lists and dicts, "
                f"got {type(self.value).__name__}"
            ) from None


def arguments_apart(value: Any, tensors: list[Tensor]) -> Any:
    """`take_apart`, where a tensor that requires gradients stays itself."""
    return take_apart(value, tensors, identity=True)


def take_apart(value: Any, tensors: list[Tensor], identity: bool = False) -> Any:
    """Appends the tensors in (nested) tuples, lists and dicts to `tensors`; the rest is returned,
    hashable and with marks where they stood."""
    if isinstance(value, Tensor):
        if identity and value.requires_grad:
            if not value.is_leaf:
                raise CaptureError(
                    "compile: an argument was computed by recorded operations, and a compiled step "
                    "cannot pass gradients on to them: detach() it"
                )
            return Constant(value)
        tensors.append(value)
        return PLACE
    if isinstance(value, tuple | list):
        return (type(value), *[take_apart(item, tensors, identity) for item in value])
    if isinstance(value, dict):
        keys = tuple([Constant(key) for key in value])
        return (type(value), keys, *[take_apart(v, tensors, identity) for v in value.values()])
    return Constant(value)


def put_together(form: Any, tensors: Iterator[Tensor]) -> Any:
    if form is PLACE:
        return next(tensors)
    if isinstance(form, Constant):
        return form.value
    kind, *rest = form
    if issubclass(kind, dict):
        values = [put_together(f, tensors) for f in rest[1:]]
        return kind(zip([key.value for key in rest[0]], values, strict=True))
    items = [put_together(f, tensors) for f in rest]
    return kind(*items) if hasattr(kind, "_fields") else kind(items)
