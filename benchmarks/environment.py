"""What the figures depend on: the stamp of a results file.  It names no host and no path."""

from __future__ import annotations

import datetime
import os
import platform
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_CPU = Path("/sys/devices/system/cpu/cpu0/cache")
_HUGE_PAGES = Path("/sys/kernel/mm/transparent_hugepage/enabled")


def stamp(libraries: Mapping[str, Any]) -> dict[str, str]:
    """The machine and the libraries, as this process finds them."""
    found = {
        "cpu": _cpu_model(),
        "cores": str(os.cpu_count()),
        "caches": ", ".join(f"{name} {size >> 10} KiB" for name, size in caches().items()),
        "last-level cache": str(last_level_cache()),
        "huge pages": _huge_pages(),
        "python": platform.python_version(),
    }
    for name, library in libraries.items():
        found[name] = library.version()
    if "fastdl" in libraries:
        inner = libraries["fastdl"].module._C
        found["fastdl instruction set"] = inner.isa()
        found["fastdl BLAS core"] = inner.blas_core()
    found.update(_blas_of_others())
    return found


def stamp_of_run(commit_of: Path) -> dict[str, str]:
    """The date and the state of the sources."""
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "commit": _commit(commit_of),
    }


def caches() -> dict[str, int]:
    """The sizes of the first core's data caches in bytes, smallest first: {"L1": 32768, ...}."""
    found: dict[str, int] = {}
    for folder in sorted(_CPU.glob("index*")):
        if _read(folder / "type") != "Instruction":
            size = _read(folder / "size")
            unit = {"K": 1 << 10, "M": 1 << 20}.get(size[-1:], 1)
            found[f"L{_read(folder / 'level')}"] = int(size.rstrip("KM") or 0) * unit
    return found


def last_level_cache() -> int:
    """Bytes of the largest cache; 0 where the system does not tell."""
    return max(caches().values(), default=0)


def _cpu_model() -> str:
    for line in _read(Path("/proc/cpuinfo")).splitlines():
        key, _, value = line.partition(":")
        if key.strip() == "model name":
            return value.strip()
    return platform.machine()


def _huge_pages() -> str:
    """The word in brackets of "always [madvise] never"."""
    text = _read(_HUGE_PAGES)
    return text.partition("[")[2].partition("]")[0] or "unknown"


def _blas_of_others() -> dict[str, str]:
    """The OpenBLAS cores that other libraries chose, as threadpoolctl finds them."""
    try:
        from threadpoolctl import threadpool_info
    except ImportError:
        return {"BLAS cores": "unknown (threadpoolctl is not installed)"}
    blas = [x for x in threadpool_info() if x.get("user_api") == "blas"]
    cores = sorted(
        f"{x['internal_api']} {x.get('version', '')} {x.get('architecture', '')}" for x in blas
    )
    return {"BLAS cores": "; ".join(cores)} if cores else {}


def _commit(folder: Path) -> str:
    if not (folder.parent / ".git").exists():  # an installed package: another project's commit
        return "unknown"
    try:
        done = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"],
            cwd=folder, capture_output=True, text=True, check=True,
        )  # fmt: skip
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return done.stdout.strip()


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
