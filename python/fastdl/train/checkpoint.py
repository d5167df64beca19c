"""Checkpoints: a model, its optimizer and some notes in one safetensors file.

The file is written whole or not at all, carries a SHA-256 digest of all it holds, and is
checked in full before anything is loaded.  Names in it: `model.<name in state_dict()>` and
`optimizer.<parameter index>.<name>` (with `.<place>` in a list); numbers and notes are JSON in the
file's metadata.  Any safetensors reader can open it.  Pickles are never read.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np

from ..ops.create import from_numpy
from ..tensor import Tensor
from .atomic import write_atomic

FORMAT = "fastdl-checkpoint-1"


class CheckpointError(ValueError):
    """The file is no checkpoint, is damaged, or belongs to another model or optimizer."""


def save_checkpoint(path: str | Path, model: Any, optimizer: Any = None, **metadata: Any) -> None:
    """Write a checkpoint, atomically.

    Args:
        path: the file; `.safetensors` is the usual ending.
        model: anything with a `state_dict()` of tensors.
        optimizer: anything with PyTorch's `state_dict()`, or None.
        **metadata: notes that come back from `load_checkpoint`: whatever JSON can hold.

    Raises:
        TypeError: a note, or an entry of the optimizer's state, that JSON cannot hold.
        OSError: the file cannot be written; an older one stays as it was.
    """
    from safetensors.numpy import save

    arrays = {f"model.{name}": _array(t) for name, t in model.state_dict().items()}
    texts = {"format": FORMAT, "metadata": _json(metadata, "metadata")}
    if optimizer is not None:
        state = optimizer.state_dict()
        numbers: dict[str, dict[str, Any]] = {}
        for index, entries in state["state"].items():
            numbers[str(index)] = {}
            for name, value in entries.items():
                if isinstance(value, (Tensor, np.ndarray)):
                    arrays[f"optimizer.{index}.{name}"] = _array(value)
                elif isinstance(value, list) and value and isinstance(value[0], Tensor):
                    numbers[str(index)][name] = [None] * len(value)  # the places of tensors
                    for k, x in enumerate(value):
                        arrays[f"optimizer.{index}.{name}.{k}"] = _array(x)
                else:
                    numbers[str(index)][name] = value
        described = {
            "class": type(optimizer).__name__,
            "param_groups": state["param_groups"],
            "numbers": numbers,
        }
        texts["optimizer"] = _json(described, "optimizer")
    texts["sha256"] = _digest(arrays, texts)
    write_atomic(path, save(arrays, metadata=texts))


def load_checkpoint(path: str | Path, model: Any = None, optimizer: Any = None) -> dict[str, Any]:
    """Load a checkpoint into a model and, where given, its optimizer.

    Everything is checked first; if anything does not fit, nothing is changed.

    Args:
        path: a file that `save_checkpoint` wrote.
        model: takes the parameters and buffers; None reads the notes alone.
        optimizer: takes the optimizer's state; over the same parameters, in the same order.

    Returns:
        The notes given to `save_checkpoint`.

    Raises:
        FileNotFoundError: no such file.
        CheckpointError: not a safetensors file (a pickle, say), truncated, changed since it was
            written, or the checkpoint of another model or optimizer; names what does not fit.
    """
    arrays, texts = _read(Path(path))
    if model is not None:
        prefix = "model."
        found = {k.removeprefix(prefix): a for k, a in arrays.items() if k.startswith(prefix)}
        _check_model(path, model, found)
    if optimizer is not None:
        state = _optimizer_state(path, optimizer, arrays, texts)
        try:
            optimizer.load_state_dict(state)
        except (TypeError, ValueError) as error:
            raise CheckpointError(f"{path}: the state of another optimizer: {error}") from error
    if model is not None:  # checked in full above; the optimizer checks for itself, so it is first
        model.load_state_dict({name: from_numpy(array) for name, array in found.items()})
    return dict(json.loads(texts["metadata"]))


def _array(tensor: Any) -> np.ndarray:
    """A C-contiguous copy: safetensors 0.8.0 writes a transposed array's memory as it lies."""
    array = tensor.detach().numpy() if isinstance(tensor, Tensor) else tensor
    return np.array(array, order="C", copy=True)


def _json(value: Any, argument: str) -> str:
    def number(item: Any) -> Any:
        if isinstance(item, np.generic):
            return item.item()
        raise TypeError(
            f"save_checkpoint: {argument}: expected values that JSON can hold, "
            f"got {type(item).__name__}"
        )

    return json.dumps(value, default=number, sort_keys=True)


def _digest(arrays: dict[str, np.ndarray], texts: dict[str, str]) -> str:
    """SHA-256 over names, dtypes, shapes and bytes of all tensors, and over the texts."""
    sha = hashlib.sha256()
    for name in sorted(texts):
        if name != "sha256":
            sha.update(json.dumps([name, texts[name]]).encode())
    for name in sorted(arrays):
        array = arrays[name]
        sha.update(json.dumps([name, array.dtype.str, list(array.shape)]).encode())
        sha.update(array.tobytes())
    return sha.hexdigest()


def _read(path: Path) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    from safetensors import SafetensorError
    from safetensors.numpy import load

    if path.is_dir():
        raise CheckpointError(f"{path}: expected a file, got a folder")
    data = path.read_bytes()
    header = _header(path, data)
    try:
        # np.array: what safetensors returns may be read-only
        arrays = {name: np.array(array) for name, array in load(data).items()}
    except (SafetensorError, KeyError, ValueError) as error:
        raise CheckpointError(f"{path}: the safetensors file is damaged ({error})") from error
    texts = header.get("__metadata__", {})
    if texts.get("format") != FORMAT:
        raise CheckpointError(
            f"{path}: expected a checkpoint of fastdl ({FORMAT}), got a safetensors file "
            f"with format {texts.get('format')!r}"
        )
    if texts.get("sha256") != _digest(arrays, texts):
        raise CheckpointError(
            f"{path}: the SHA-256 digest does not match: the file was changed after it was written"
        )
    return arrays, texts


def _header(path: Path, data: bytes) -> dict[str, Any]:
    """The JSON header of a safetensors file (8 bytes of length, then the text)."""
    if data[:1] == b"\x80" or data[:4] == b"PK\x03\x04":
        raise CheckpointError(
            f"{path}: expected a safetensors file, got what looks like a pickle (torch.save?); "
            "fastdl never unpickles, since a pickle can run any code"
        )
    size = int.from_bytes(data[:8], "little")
    if len(data) > 8 and data[8:9] != b"{":
        raise CheckpointError(f"{path}: expected a safetensors file, got something else")
    if len(data) < 9 or len(data) < 8 + size:
        raise CheckpointError(f"{path}: the file is truncated ({len(data)} bytes)")
    try:
        header = json.loads(data[8 : 8 + size])
        ends = [e["data_offsets"][1] for name, e in header.items() if name != "__metadata__"]
        expected = 8 + size + max(ends, default=0)
    except (ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
        raise CheckpointError(f"{path}: the safetensors header is damaged") from error
    if len(data) < expected:
        raise CheckpointError(
            f"{path}: the file is truncated (expected {expected} bytes, got {len(data)})"
        )
    return dict(header)


def _check_model(path: str | Path, model: Any, found: dict[str, np.ndarray]) -> None:
    wanted = {name: t.detach().numpy() for name, t in model.state_dict().items()}
    problems = []
    if missing := sorted(wanted.keys() - found.keys()):
        problems.append(f"missing in the file: {_listed(missing)}")
    if unexpected := sorted(found.keys() - wanted.keys()):
        problems.append(f"not in the model: {_listed(unexpected)}")
    differing = [
        f"{name} (expected {_kind(wanted[name])}, got {_kind(found[name])})"
        for name in sorted(wanted.keys() & found.keys())
        if _kind(wanted[name]) != _kind(found[name])
    ]
    if differing:
        problems.append(f"of another shape or dtype: {_listed(differing)}")
    if problems:
        raise CheckpointError(f"{path}: the checkpoint of another model: {'; '.join(problems)}")


def _optimizer_state(
    path: str | Path, optimizer: Any, arrays: dict[str, np.ndarray], texts: dict[str, str]
) -> dict[str, Any]:
    """The optimizer's state_dict out of the file; whether it fits is the optimizer's check."""
    if "optimizer" not in texts:
        raise CheckpointError(f"{path}: expected an optimizer's state, the file holds none")
    described = json.loads(texts["optimizer"])
    if described["class"] != type(optimizer).__name__:
        raise CheckpointError(
            f"{path}: expected the state of {type(optimizer).__name__}, got {described['class']}"
        )
    groups = described["param_groups"]
    for group, saved in zip(optimizer.param_groups, groups, strict=False):
        for name, value in group.items():  # JSON knows no tuples (betas)
            if isinstance(value, tuple) and isinstance(saved.get(name), list):
                saved[name] = tuple(saved[name])
    state: dict[int, dict[str, Any]] = {
        int(index): dict(numbers) for index, numbers in described["numbers"].items()
    }
    for key, array in arrays.items():
        if key.startswith("optimizer."):
            _, index, name, *place = key.split(".")
            entries = state.setdefault(int(index), {})
            if place:
                entries[name][int(place[0])] = from_numpy(array)
            else:
                entries[name] = from_numpy(array)
    return {"state": state, "param_groups": groups}


def _kind(array: np.ndarray) -> str:
    return f"{array.dtype}{list(array.shape)}"


def _listed(names: list[str], most: int = 8) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
