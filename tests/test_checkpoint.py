"""Checkpoints: what goes in comes out, bit for bit; bad files change nothing; writes are atomic."""

from __future__ import annotations

import io
import json
import os
import pickle

import numpy as np
import pytest
from safetensors.numpy import save as save_safetensors

import fastdl
import fastdl.nn.functional as F
from fastdl import models, nn, optim
from fastdl.train import CheckpointError, atomic, load_checkpoint, save_checkpoint

OPTIMIZERS = {
    "sgd": lambda parameters: optim.SGD(parameters, lr=0.1, momentum=0.9, nesterov=True),
    "adam": lambda parameters: optim.Adam(parameters, lr=0.01),
    "adamw": lambda parameters: optim.AdamW(parameters, lr=0.01, weight_decay=0.1),
    "nadam": lambda parameters: optim.NAdam(parameters, lr=0.01),
    "rprop": lambda parameters: optim.Rprop(parameters, lr=0.01),
    "rmsprop": lambda parameters: optim.RMSprop(parameters, momentum=0.9, centered=True),
    "sgld": lambda parameters: optim.SGLD(parameters, temperature=0.1),
    "lbfgs": lambda parameters: optim.LBFGS(parameters, lr=0.1, max_iter=3),
}


def network(seed: int = 0, hidden: int = 6) -> nn.Module:
    fastdl.manual_seed(seed)
    return models.MLP(4, [hidden], 3, batchnorm=True, dropout=0.25)


def train(model, optimizer, steps: int) -> list[float]:
    """Some steps on random batches from fastdl's own generator, dropout at work."""
    losses = []
    for _ in range(steps):
        inputs, labels = fastdl.randn(8, 4), fastdl.from_numpy(np.arange(8) % 3)

        def closure(inputs=inputs, labels=labels):
            optimizer.zero_grad()
            loss = F.cross_entropy(model(inputs), labels)
            loss.backward()
            return loss

        losses.append(optimizer.step(closure).item())
    return losses


def bits(model, optimizer=None) -> dict[str, bytes]:
    """Every bit of a model and its optimizer."""
    found = {name: t.numpy().tobytes() for name, t in model.state_dict().items()}
    if optimizer is not None:
        for index, entries in optimizer.state_dict()["state"].items():
            for name, value in entries.items():
                for k, x in enumerate(value if isinstance(value, list) else [value]):
                    tensor = isinstance(x, fastdl.Tensor)
                    raw = x.numpy().tobytes() if tensor else repr(x).encode()
                    found[f"{index}.{name}.{k}"] = raw
        for group in optimizer.state_dict()["param_groups"]:
            found[f"group {group['params']}"] = repr(sorted(group.items())).encode()
    return found


@pytest.fixture
def saved(tmp_path):
    """A trained model, its optimizer, and their checkpoint."""
    model = network()
    optimizer = OPTIMIZERS["adamw"](model.parameters())
    train(model, optimizer, 3)
    path = tmp_path / "model.safetensors"
    save_checkpoint(path, model, optimizer, epoch=3)
    return model, optimizer, path


# Round trips


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_round_trip_is_bit_equal(tmp_path, name):
    model = network(seed=0)
    optimizer = OPTIMIZERS[name](model.parameters())
    train(model, optimizer, 3)
    notes = {"epoch": 3, "loss": 0.1 + 0.2, "options": {"hidden": [6]}, "mean": np.float32(0.5)}
    save_checkpoint(tmp_path / "a.safetensors", model, optimizer, **notes)

    other = network(seed=1)
    fresh = OPTIMIZERS[name](other.parameters())
    assert bits(other) != bits(model)
    assert load_checkpoint(tmp_path / "a.safetensors", other, fresh) == notes
    assert bits(other, fresh) == bits(model, optimizer)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_resumed_equals_uninterrupted(tmp_path, name):
    model = network()
    optimizer = OPTIMIZERS[name](model.parameters())
    train(model, optimizer, 3)
    state = fastdl.random.default_generator.get_state()
    save_checkpoint(tmp_path / "a.safetensors", model, optimizer)
    expected = train(model, optimizer, 3)

    resumed = network(seed=7)
    other = OPTIMIZERS[name](resumed.parameters())
    load_checkpoint(tmp_path / "a.safetensors", resumed, other)
    fastdl.random.default_generator.set_state(state)
    assert train(resumed, other, 3) == expected
    assert bits(resumed, other) == bits(model, optimizer)


def test_before_the_first_step_there_is_no_state_and_that_loads_too(tmp_path):
    model = network()
    save_checkpoint(tmp_path / "a.safetensors", model, OPTIMIZERS["adam"](model.parameters()))
    other = network(seed=1)
    fresh = OPTIMIZERS["adam"](other.parameters())
    load_checkpoint(tmp_path / "a.safetensors", other, fresh)
    assert bits(other) == bits(model)


def test_weights_alone_and_notes_alone(saved):
    model, _, path = saved
    other = network(seed=1)
    assert load_checkpoint(path, other) == {"epoch": 3}
    assert bits(other) == bits(model)
    assert load_checkpoint(path) == {"epoch": 3}


def test_transposed_parameters_are_written_as_they_read(tmp_path):
    """safetensors 0.8.0 writes the memory of an array as it lies, whatever its strides."""

    class Transposed:
        def state_dict(self):
            return {"weight": fastdl.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]).transpose(0, 1)}

    save_checkpoint(tmp_path / "a.safetensors", Transposed())
    from safetensors.numpy import load_file

    weight = load_file(tmp_path / "a.safetensors")["model.weight"]
    assert weight.tolist() == [[1, 4], [2, 5], [3, 6]]


def test_any_safetensors_reader_can_open_it(saved):
    model, _, path = saved
    from safetensors.numpy import load_file

    arrays = load_file(path)
    for name, tensor in model.state_dict().items():
        np.testing.assert_array_equal(arrays[f"model.{name}"], tensor.numpy())


def test_notes_that_json_cannot_hold(tmp_path):
    with pytest.raises(TypeError, match=r"save_checkpoint: metadata: .* got object"):
        save_checkpoint(tmp_path / "a.safetensors", network(), note=object())
    assert list(tmp_path.iterdir()) == []


# Bad files: a clear error, and nothing changed


def refused(path, message: str) -> None:
    """Loading raises `message` and leaves model and optimizer as they were."""
    model = network(seed=1)
    optimizer = OPTIMIZERS["adamw"](model.parameters())
    train(model, optimizer, 1)
    before = bits(model, optimizer)
    with pytest.raises(CheckpointError, match=message) as caught:
        load_checkpoint(path, model, optimizer)
    assert str(path) in str(caught.value)
    assert bits(model, optimizer) == before


class Trap:
    """Unpickling this runs code."""

    def __reduce__(self):
        return pytest.fail, ("it was unpickled",)


@pytest.mark.parametrize("protocol", [2, pickle.HIGHEST_PROTOCOL])
def test_a_pickle_is_named_and_never_opened(tmp_path, protocol):
    path = tmp_path / "model.pt"
    path.write_bytes(pickle.dumps(Trap(), protocol=protocol))
    refused(path, "expected a safetensors file, got what looks like a pickle")


def test_a_zip_as_torch_writes_it(tmp_path):
    path = tmp_path / "model.pt"
    np.savez(path.open("wb"), weight=np.zeros(3))
    refused(path, "looks like a pickle")


@pytest.mark.parametrize("content", [b"not a checkpoint at all", pickle.dumps([1], protocol=0)])
def test_another_kind_of_file(tmp_path, content):
    path = tmp_path / "model.safetensors"
    path.write_bytes(content)
    refused(path, "expected a safetensors file, got something else")


def test_missing_file_and_folder(tmp_path):
    with pytest.raises(FileNotFoundError):
        load_checkpoint(tmp_path / "none.safetensors", network())
    refused(tmp_path, "expected a file, got a folder")


@pytest.mark.parametrize("kept", [0.0, 0.001, 0.01, 0.3, 0.7, 0.999])
def test_truncated(saved, kept):
    path = saved[2]
    path.write_bytes(path.read_bytes()[: int(kept * path.stat().st_size)])
    refused(path, "the file is truncated")


def test_one_changed_bit_in_the_tensors(saved):
    path = saved[2]
    data = bytearray(path.read_bytes())
    data[-5] ^= 1
    path.write_bytes(data)
    refused(path, "the SHA-256 digest does not match")


def test_changed_notes(saved):
    path = saved[2]
    data = path.read_bytes()
    assert b'epoch\\": 3' in data
    path.write_bytes(data.replace(b'epoch\\": 3', b'epoch\\": 4'))
    refused(path, "the SHA-256 digest does not match")


def test_damaged_header(saved):
    path = saved[2]
    data = bytearray(path.read_bytes())
    data[8:40] = b"{" * 32
    path.write_bytes(data)
    refused(path, "the safetensors header is damaged")


def test_safetensors_of_someone_else(tmp_path):
    path = tmp_path / "model.safetensors"
    path.write_bytes(save_safetensors({"weight": np.zeros(3)}))
    refused(path, "expected a checkpoint of fastdl")


# Checkpoints of another model or optimizer


def test_another_model(tmp_path, saved):
    path = saved[2]
    before = bits(wider := network(seed=1, hidden=7))
    with pytest.raises(CheckpointError, match=r"of another model: .*\(expected .*7.*, got .*6"):
        load_checkpoint(path, wider)
    assert bits(wider) == before

    before = bits(deeper := models.MLP(4, [6, 6], 3, batchnorm=True))
    with pytest.raises(CheckpointError, match="missing in the file: "):
        load_checkpoint(path, deeper)
    assert bits(deeper) == before

    before = bits(plain := models.MLP(4, [6], 3))
    with pytest.raises(CheckpointError, match="not in the model: "):
        load_checkpoint(path, plain)
    assert bits(plain) == before


def test_another_dtype(tmp_path, saved):
    model = models.MLP(4, [6], 3, batchnorm=True, dtype=fastdl.float64)
    with pytest.raises(CheckpointError, match=r"\(expected float64\[.*, got float32\["):
        load_checkpoint(saved[2], model)


def test_another_model_leaves_the_optimizer_alone(saved):
    model = network(seed=1, hidden=7)
    optimizer = OPTIMIZERS["adamw"](model.parameters())
    train(model, optimizer, 1)
    before = bits(model, optimizer)
    with pytest.raises(CheckpointError, match="another model"):
        load_checkpoint(saved[2], model, optimizer)
    assert bits(model, optimizer) == before


def test_another_optimizer_leaves_the_model_alone(saved):
    model = network(seed=1)
    optimizer = OPTIMIZERS["sgd"](model.parameters())
    before = bits(model, optimizer)
    with pytest.raises(CheckpointError, match="expected the state of SGD, got AdamW"):
        load_checkpoint(saved[2], model, optimizer)
    assert bits(model, optimizer) == before


def test_an_optimizer_over_other_parameters(saved):
    model = network(seed=1)
    before = bits(model)
    some = OPTIMIZERS["adamw"](list(model.parameters())[:2])
    with pytest.raises(
        CheckpointError, match=r"another optimizer: .*\[2\] parameters, got \[\d+\]"
    ):
        load_checkpoint(saved[2], model, some)
    turned = OPTIMIZERS["adamw"](list(model.parameters())[::-1])
    with pytest.raises(CheckpointError, match=r"another optimizer: .*expected a tensor of shape"):
        load_checkpoint(saved[2], model, turned)
    assert bits(model) == before


def test_no_optimizer_in_the_file(tmp_path):
    model = network()
    save_checkpoint(tmp_path / "a.safetensors", model)
    with pytest.raises(CheckpointError, match="expected an optimizer's state"):
        load_checkpoint(tmp_path / "a.safetensors", model, OPTIMIZERS["adam"](model.parameters()))


# Atomic writes: the old file or the new one, whatever fails


class HalfWritten(io.FileIO):
    """A file that takes half of what it is given, then fails."""

    fail = None

    def write(self, data):
        super().write(data[: len(data) // 2])
        self.fail()


def break_step(monkeypatch, step: str, error: BaseException) -> None:
    """Make one step of an atomic write fail."""

    def fail(*arguments):
        raise error

    if step == "open":
        monkeypatch.setattr(atomic, "open", fail, raising=False)
    elif step == "write":
        monkeypatch.setattr(atomic, "open", HalfWritten, raising=False)
        monkeypatch.setattr(HalfWritten, "fail", fail)
    elif step == "replace":
        monkeypatch.setattr(os, "replace", fail)
    else:
        real, is_folder = os.fsync, step == "sync of the folder"

        def fsync(handle):
            if os.path.isdir(f"/proc/self/fd/{handle}") == is_folder:
                raise error
            real(handle)

        monkeypatch.setattr(os, "fsync", fsync)


@pytest.mark.parametrize("existed", [True, False])
@pytest.mark.parametrize("kind", [OSError(28, "No space left on device"), KeyboardInterrupt()])
@pytest.mark.parametrize("step", ["open", "write", "sync", "replace", "sync of the folder"])
def test_a_failing_write_leaves_the_old_file_or_the_new_one(
    tmp_path, monkeypatch, step, kind, existed
):
    path = tmp_path / "model.safetensors"
    old, new = network(seed=0), network(seed=1)
    if existed:
        save_checkpoint(path, old)
    with monkeypatch.context() as patch, pytest.raises(type(kind)):
        break_step(patch, step, kind)
        save_checkpoint(path, new)
    renamed = step == "sync of the folder"
    assert [p.name for p in tmp_path.iterdir()] == ([path.name] if existed or renamed else [])
    if existed or renamed:
        load_checkpoint(path, found := network(seed=2))
        assert bits(found) == bits(new if renamed else old)


@pytest.mark.parametrize("step", ["write", "sync", "replace"])
def test_a_dying_process_leaves_the_old_file(tmp_path, step):
    """As above, but nothing can be cleaned up: the process ends on the spot."""
    path = tmp_path / "model.safetensors"
    save_checkpoint(path, network(seed=0))
    child = os.fork()
    if child == 0:
        try:
            die = lambda *arguments: os._exit(9)  # noqa: E731
            with pytest.MonkeyPatch.context() as patch:
                if step == "write":
                    patch.setattr(atomic, "open", HalfWritten, raising=False)
                    patch.setattr(HalfWritten, "fail", die)
                patch.setattr(os, "replace" if step == "replace" else "fsync", die)
                save_checkpoint(path, network(seed=1))
        finally:
            os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    load_checkpoint(path, found := network(seed=2))
    assert bits(found) == bits(network(seed=0))


def test_the_error_names_the_file(tmp_path, monkeypatch):
    break_step(monkeypatch, "write", OSError(28, "No space left on device"))
    with pytest.raises(OSError, match=r"No space left on device: '.*model.safetensors'"):
        save_checkpoint(tmp_path / "model.safetensors", network())


def test_unwritable_places(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nowhere/model\.safetensors"):
        save_checkpoint(tmp_path / "nowhere" / "model.safetensors", network())
    with pytest.raises(IsADirectoryError, match="expected a file name, got a folder"):
        save_checkpoint(tmp_path, network())
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file: not a folder that can be written to"):
        atomic.check_writable(tmp_path / "file")


def test_order_of_the_steps(tmp_path, monkeypatch):
    """The data reach the disk before the name does, and the name before we return."""
    steps = []
    real_replace, real_fsync = os.replace, os.fsync

    def fsync(handle):
        steps.append("folder" if os.path.isdir(f"/proc/self/fd/{handle}") else "file")
        real_fsync(handle)

    def replace(*names):
        steps.append("rename")
        real_replace(*names)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "replace", replace)
    atomic.write_atomic(tmp_path / "a", b"data")
    assert steps == ["file", "rename", "folder"]
    assert (tmp_path / "a").read_bytes() == b"data"


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "old").write_bytes(b"old")
    (tmp_path / "link").symlink_to(tmp_path / "old")
    atomic.write_atomic(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "old").read_bytes() == b"new"


def test_the_digest_is_in_the_metadata(saved):
    data = saved[2].read_bytes()
    size = int.from_bytes(data[:8], "little")
    texts = json.loads(data[8 : 8 + size])["__metadata__"]
    assert len(texts["sha256"]) == 64
    assert texts["format"] == "fastdl-checkpoint-1"
