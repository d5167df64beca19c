"""Where in the user's own code we are."""

from __future__ import annotations

import os
import sys

PACKAGE = os.path.dirname(__file__) + os.sep


def users_line() -> str:
    """File and line of the innermost frame outside of this package."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(PACKAGE):
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"
