"""The handle of a module's hook."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..hooks import RemovableHandle
from . import structure


class ModuleHookHandle(RemovableHandle):
    """A `RemovableHandle` whose coming and going counts as a change of structure."""

    def __init__(self, hooks: dict[Any, Any], hook: Callable[..., Any]) -> None:
        super().__init__(hooks, hook)
        structure.changed()

    def remove(self) -> None:
        """Take the hook away; a second time does nothing."""
        if self._key in self._hooks:
            super().remove()
            structure.changed()
