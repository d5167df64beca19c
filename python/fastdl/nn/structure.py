"""The structure counter: tells a compiled step that what it captured may no longer be the model.

`version()` grows whenever a module gains, loses or replaces a parameter, buffer or submodule, a
parameter's ``requires_grad`` changes, a module switches between training and evaluation, a hook
comes or goes, or a tensor takes over other memory.  A compiled step compares it with the value it
saw and captures again.
"""

from __future__ import annotations

from .._C import structure_changed as changed, structure_version as version

__all__ = ["changed", "version"]
