"""Where the files of data sets are looked for.

A folder named in the call is the only place.  Without one, the folder in the environment variable
`FASTDL_DATA` comes first, then whatever the data set has of its own (an installed package).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

VARIABLE = "FASTDL_DATA"


def folders(data_dir: str | Path | None, subfolders: Sequence[str]) -> list[Path]:
    """The folders to look in: for each place its `subfolders`, then the place itself.

    Raises:
        FileNotFoundError: the folder named, here or in the environment, does not exist.
    """
    place = os.environ.get(VARIABLE) if data_dir is None else data_dir
    if not place:
        return []
    root = Path(place)
    if not root.is_dir():
        source = f" (the environment variable {VARIABLE})" if data_dir is None else ""
        raise FileNotFoundError(f"{root}: no such folder{source}")
    return [*(root / name for name in subfolders), root]


def find(folder: Path, names: Sequence[str]) -> Path | None:
    """The first of the files `names` that is in `folder`."""
    return next((folder / name for name in names if (folder / name).is_file()), None)
