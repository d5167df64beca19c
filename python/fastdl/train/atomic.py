"""Files that are there whole or not at all."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path


def write_atomic(path: str | Path, data: bytes) -> None:
    """Write `data` to `path`; a crash at any moment leaves the old file or the new one.

    The bytes go to a temporary file in the same folder, which is flushed, synced to the disk
    and renamed; then the folder is synced, so that the new name lasts as well.

    Raises:
        OSError: the folder is missing or not writable, or the disk is full; the old file, if
            there was one, is untouched.
    """
    target = Path(os.path.realpath(path))  # a link stays a link
    if target.is_dir():
        raise IsADirectoryError(f"{target}: expected a file name, got a folder")
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(6)}.tmp")
    try:
        with open(temporary, "xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    except BaseException as error:  # KeyboardInterrupt too
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        if isinstance(error, OSError):  # name the file asked for, not the temporary one
            raise OSError(error.errno, error.strerror or str(error), str(target)) from error
        raise
    _sync_folder(target.parent)


def check_writable(folder: str | Path) -> Path:
    """Make `folder` where it is missing, and try a file in it.

    Raises:
        OSError: the folder cannot be made or written to; the message says why.
    """
    folder = Path(folder)
    probe = folder / f".{secrets.token_hex(6)}.tmp"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"")  # access rights alone miss a read-only or full disk
        probe.unlink()
    except OSError as error:
        raise type(error)(
            f"{folder}: not a folder that can be written to ({error.strerror})"
        ) from error
    return folder


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
