"""The structure counter: tells a compiled step that what it captured may no longer be the model.

`version` grows whenever a module gains, loses or replaces a parameter, buffer or submodule, a
parameter's ``requires_grad`` changes, a module switches between training and evaluation, or a
hook comes or goes.  A compiled step compares it with the value it saw and captures again.
"""

from __future__ import annotations

version: int = 0


def changed() -> None:
    """Count one change of structure."""
    global version
    version += 1
