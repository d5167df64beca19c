"""The structure counter: tells a compiled step that what it captured may no longer be the model.

`version()` grows whenever a module gains, loses or replaces a parameter, buffer or submodule, a
parameter's ``requires_grad`` changes, a hook comes or goes, or a tensor takes over other memory.  A
compiled step compares it with the value it saw and captures again.  `modes()` stands for which
modules train and which evaluate: it is another after `model.eval()`, and the same as before after
`model.train()`, when the step captured in training fits again.
"""

from __future__ import annotations

import itertools
import weakref
from typing import Any

from .. import _C
from .._C import (
    structure_changed as changed,
    structure_modes as modes,
    structure_version as version,
)

__all__ = ["changed", "mode_changed", "modes", "version"]

# Not in the modules themselves: copies would have the number of the original.
_numbers: weakref.WeakKeyDictionary[Any, int] = weakref.WeakKeyDictionary()
_next_number = itertools.count()


def mode_changed(module: Any) -> None:
    """The module goes over between training and evaluation."""
    if type(module).__hash__ is not object.__hash__:  # equal ones would share a number
        changed()
        return
    number = _numbers.get(module)
    if number is None:
        number = _numbers.setdefault(module, next(_next_number))
    _C.mode_changed(number)
