"""Every pitfall of `fastdl.compile`, with what happens: it works, captures again, or raises."""

from __future__ import annotations

import os
import re
import threading
import time
from pathlib import Path

import numpy as np
import pytest

import fastdl as fd
from fastdl import nn, optim
from fastdl.nn import functional as F
from steps import BATCHES, Training, batches, counted

# ---- signatures: captures again --------------------------------------------------------------


def test_a_smaller_last_batch():
    sizes = [32, 32, 5, 32, 5, 5]
    results = []
    for wrap in (lambda f: (f, []), counted):
        training = Training("batchnorm", "adam")
        step, captures = wrap(training.step)
        parts = [(x[:n], y[:n]) for n, (x, y) in zip(sizes, batches(6), strict=True)]
        results.append([step(x, y).item() for x, y in parts] + [training.state()])
    assert results[0] == results[1]
    assert len(captures) == 2


def test_another_dtype_and_strides():
    f, captures = counted(lambda x: (x * 2).sum(0))
    a = fd.tensor(BATCHES[0][0])
    for x in (a, a.double(), a.T, a[::2], a, a.T):
        assert f(x).numpy().tobytes() == (x * 2).sum(0).numpy().tobytes()
    assert len(captures) == 4


def test_other_arguments():
    f, captures = counted(lambda x, k=1.0, *, flip=False: -x * k if flip else x * k)
    x = fd.ones(3)
    assert f(x).tolist() == [1, 1, 1]
    assert f(x, 2.0).tolist() == [2, 2, 2]
    assert f(x, k=2.0).tolist() == [2, 2, 2]
    assert f(x, 2.0, flip=True).tolist() == [-2, -2, -2]
    assert f(2 * x, 2.0, flip=True).tolist() == [-4, -4, -4]
    assert len(captures) == 4


def test_constants_that_compare_equal():
    f, captures = counted(lambda x, k: x * k if type(k) is not bool else -x)
    one, zero = fd.ones(1), fd.zeros(1)
    assert (f(one, 1).item(), f(one, True).item(), f(one, 1.0).item()) == (1, -1, 1)
    assert np.signbit([f(one, 0.0).item(), f(one, -0.0).item()]).tolist() == [False, True]
    for _ in range(3):
        assert np.isnan(f(zero, float("nan")).item())
    assert len(captures) == 6


def test_a_changing_number_does_not_pile_up_memory():
    f = fd.compile(lambda x, k: x * k)
    x = fd.ones(100_000)
    for k in range(40):
        f(x, float(k))
    live = fd._C.pool_stats()["live_bytes"]
    for k in range(40, 200):
        assert f(x, float(k))[0].item() == k
    assert fd._C.pool_stats()["live_bytes"] == live


def test_an_array_as_an_argument():
    with pytest.raises(TypeError, match=r"compile: expected tensors and hashable .* got ndarray"):
        fd.compile(lambda x: x)(np.ones(3))


def test_containers():
    @fd.compile
    def f(batch, *, scale):
        a, b = batch["pair"]
        return {"sum": a + b, "all": (a * scale, [b], "text", None)}

    for k in (1.0, 2.0, 3.0):
        out = f({"pair": [fd.full((2,), k), fd.ones(2)]}, scale=2.0)
        assert out["sum"].tolist() == [k + 1] * 2
        assert out["all"][0].tolist() == [2 * k] * 2
        kept, *rest = out["all"][1:]
        assert [b.tolist() for b in kept] == [[1, 1]]
        assert rest == ["text", None]


def test_train_and_eval():
    training = Training("dropout")
    step, captures = counted(lambda x: training.model(x).detach())
    x = fd.tensor(BATCHES[0][0])
    step(x)
    step(x)
    training.model.eval()
    assert step(x).numpy().tobytes() == step(x).numpy().tobytes()
    assert step(x).numpy().tobytes() == training.model(x).detach().numpy().tobytes()
    assert len(captures) == 2
    for _ in range(2):  # what was captured in a mode holds in it again
        training.model.train()
        assert step(x).numpy().tobytes() != step(x).numpy().tobytes()
        training.model.eval()
        assert step(x).numpy().tobytes() == training.model(x).detach().numpy().tobytes()
    assert len(captures) == 2


def test_freezing_a_layer():
    training = Training("batchnorm")
    step, captures = counted(training.step)
    for x, y in batches(3):
        step(x, y)
    training.model[0].requires_grad_(False)
    frozen = training.model[0].weight.detach().clone()
    head = training.model[2].weight.detach().clone()
    for x, y in batches(3):
        step(x, y)
    assert training.model[0].weight.tolist() == frozen.tolist()
    assert training.model[2].weight.tolist() != head.tolist()
    assert len(captures) == 2


def test_a_setting_of_a_layer():
    training = Training("dropout")
    f, captures = counted(lambda x: training.model[1](x))
    x = fd.ones(4, 4)
    f(x)
    training.model[1].p = 0.0
    assert f(x).tolist() == x.tolist()
    training.model[1].p = 0.0
    f(x)
    assert len(captures) == 2


def test_a_replaced_parameter():
    model = nn.Linear(3, 2)
    f = fd.compile(lambda x: model(x))
    x = fd.ones(1, 3)
    f(x)
    model.weight = nn.Parameter(fd.zeros(2, 3))
    model.bias = nn.Parameter(fd.ones(2))
    assert f(x).tolist() == [[1, 1]]
    model.bias.data = fd.full((2,), 5.0)
    assert f(x).tolist() == [[5, 5]]


def test_a_hook_added_later():
    model = nn.Linear(3, 2)
    f = fd.compile(lambda x: model(x))
    x = fd.ones(1, 3)
    plain = f(x).tolist()
    model.register_forward_hook(lambda m, args, out: out * 0)
    assert f(x).tolist() == [[0, 0]] != plain


def test_grad_mode():
    w = fd.ones(3, requires_grad=True)
    seen = []

    @fd.compile
    def f(x):
        out = w * x
        seen.append(out.requires_grad)
        return out

    f(fd.ones(3))
    with fd.no_grad():
        f(fd.ones(3))
    assert seen == [True, False]


def test_the_same_tensor_twice_and_overlaps():
    f = fd.compile(lambda a, b: a.add_(1) * 0 + b)
    x, y = fd.zeros(3), fd.zeros(3)
    assert f(x, y).tolist() == [0, 0, 0]
    assert f(x, x).tolist() == [2, 2, 2]
    assert f(x, y).tolist() == [0, 0, 0]
    wide = fd.zeros(4)
    assert f(wide[:3], wide[1:]).tolist() == [1, 1, 0]
    assert (x.tolist(), y.tolist(), wide.tolist()) == ([3] * 3, [0] * 3, [1, 1, 1, 0])


# ---- what lives outside of the step ----------------------------------------------------------


def test_a_changed_learning_rate():
    def run(wrap):
        training = Training("batchnorm", "adam")
        step = wrap(training.step)
        for i, (x, y) in enumerate(batches(20)):
            training.optimizer.param_groups[0]["lr"] = 0.1 / (1 + i)
            step(x, y)
        return training.state()

    assert run(lambda f: f) == run(fd.compile)


def test_momentum_switched_on():
    def run(wrap):
        training = Training("linear", "sgd")
        step = wrap(training.step)
        for i, (x, y) in enumerate(batches(10)):
            training.optimizer.param_groups[0]["momentum"] = 0.9 if i > 4 else 0.0
            step(x, y)
        return training.state()

    assert run(lambda f: f) == run(fd.compile)


def test_a_state_dict_loaded_between_steps():
    def run(wrap):
        training = Training("batchnorm", "adam")
        step = wrap(training.step)
        for x, y in batches(3):
            step(x, y)
        saved = {k: v.clone() for k, v in training.model.state_dict().items()}
        optimizer = training.optimizer.state_dict()
        for x, y in batches(4):
            step(x, y)
        training.model.load_state_dict(saved)
        training.optimizer.load_state_dict(optimizer)
        for x, y in batches(4):
            step(x, y)
        return training.state()

    assert run(lambda f: f) == run(fd.compile)


@pytest.mark.parametrize("set_to_none", [True, False, None])
def test_gradients_accumulate_as_in_eager(set_to_none):
    def run(wrap):
        fd.manual_seed(0)
        model = nn.Linear(20, 7)

        def backward(x, y):
            F.cross_entropy(model(x), y).backward()

        backward = wrap(backward)
        seen = []
        for i, (x, y) in enumerate(batches(12)):
            if i % 4 == 3 and set_to_none is not None:
                optim.SGD(model.parameters()).zero_grad(set_to_none)
            backward(x, y)
            seen.append(model.weight.grad.numpy().tobytes())
        return seen

    assert run(lambda f: f) == run(fd.compile)


def test_zeroing_in_the_step_captures_a_bounded_number_of_times():
    training = Training()

    def step(x, y):
        training.optimizer.zero_grad(set_to_none=False)
        loss = training.loss(training.model(x), y)
        loss.backward()
        training.optimizer.step()
        return loss

    compiled, captures = counted(step)
    for x, y in batches(10):
        compiled(x, y)
    assert len(captures) == 2  # without and with gradients before the step


def test_only_the_optimizer():
    def run(wrap):
        training = Training("linear", "adam")
        update = wrap(lambda: training.optimizer.step())
        for x, y in batches(6):
            training.optimizer.zero_grad()
            training.loss(training.model(x), y).backward()
            update()
        return training.state()

    assert run(lambda f: f) == run(fd.compile)


def test_gradients_of_an_argument():
    @fd.compile
    def f(x):
        (x * x).sum().backward()

    for k in (1.0, 2.0, 3.0):
        x = fd.full((3,), k, requires_grad=True)
        f(x)
        assert x.grad.tolist() == [2 * k] * 3


def test_running_statistics_and_versions():
    bn = nn.BatchNorm1d(20)
    f = fd.compile(lambda x: bn(x))
    for x, _ in batches(3):
        versions = [b._version for b in bn.buffers()]
        f(x)
        assert all(b._version > v for b, v in zip(bn.buffers(), versions, strict=True))
    assert bn.num_batches_tracked.item() == 3


def test_a_saved_tensor_changed_by_a_replay():
    w = fd.ones(3, requires_grad=True)

    @fd.compile
    def change():
        with fd.no_grad():
            w.add_(1)

    change()
    y = (w * w).sum()
    change()
    with pytest.raises(RuntimeError, match="changed in place"):
        y.backward()


# ---- errors ----------------------------------------------------------------------------------

REFUSED = {
    "item": lambda t: t.item(),
    "float": lambda t: float(t),
    "bool": lambda t: bool(t),
    "if": lambda t: 1 if t > 0 else 2,
    "numpy": lambda t: t.detach().numpy(),
    "tolist": lambda t: t.tolist(),
    "print": lambda t: f"{t}",
    "mask": lambda t: t.unsqueeze(0)[t.unsqueeze(0) > 0],
    "randperm": lambda t: fd.randperm(5),
    "masked_select": lambda t: t.reshape(1).masked_select(t.reshape(1) > 0),
    "nonzero": lambda t: t.nonzero(),
    "where": lambda t: fd.where(t > 0),
    "bincount": lambda t: fd.bincount(t.reshape(1).long()),
    "repeat_interleave": lambda t: t.repeat_interleave(t.reshape(1).long()),
    "one_hot": lambda t: F.one_hot(t.long()),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(name):
    def step(x):
        REFUSED[name](x.sum())
        return x

    line = REFUSED[name].__code__.co_firstlineno
    match = re.escape(f"{Path(__file__).name}:{line}: ")
    x = fd.ones(3)
    with pytest.raises(fd.CaptureError, match=match):
        fd.compile(step)(x)
    REFUSED[name](x.sum())  # and outside of a capture nothing is left of it
    assert x.tolist() == [1, 1, 1]


def test_batchnorm_without_momentum_is_refused():
    bn = nn.BatchNorm1d(20, momentum=None)
    with pytest.raises(fd.CaptureError):
        fd.compile(lambda x: bn(x))(fd.tensor(BATCHES[0][0]))


def test_a_tensor_that_escapes_is_refused():
    kept = []
    model = nn.Linear(20, 7)

    def step(x):
        out = model(x)
        kept.append(out)
        return out

    with pytest.raises(fd.CaptureError, match="kept outside"):
        fd.compile(step)(fd.tensor(BATCHES[0][0]))


def test_an_exception_in_the_middle():
    training = Training()
    fail = [True]

    def step(x, y):
        loss = training.loss(training.model(x), y)
        if fail[0]:
            raise KeyError("mine")
        return loss.detach()

    compiled = fd.compile(step)
    x, y = batches(1)[0]
    with pytest.raises(KeyError, match="mine"):
        compiled(x, y)
    fail[0] = False
    expected = training.loss(training.model(x), y).item()
    assert compiled(x, y).item() == expected
    assert compiled(x, y).item() == expected


def test_bad_labels_in_a_replay_change_nothing():
    training = Training("batchnorm", "adam")
    step = fd.compile(training.step)
    x, y = batches(1)[0]
    step(x, y)
    before = training.state()
    bad = y.clone()
    bad[7] = 99
    with pytest.raises(
        IndexError, match=r"expected a class in \[0, 6\].* got 99 at position \(7,\)"
    ):
        step(x, bad)
    assert training.state() == before
    step(x, y)
    assert training.state() != before


def test_not_a_function():
    with pytest.raises(TypeError, match="compile: fn: expected a function, got int"):
        fd.compile(3)


# ---- steps within steps, threads, processes --------------------------------------------------


def test_a_decorator_keeps_the_name():
    @fd.compile
    def my_step(x):
        """Mine."""
        return x + 1

    assert (my_step.__name__, my_step.__doc__) == ("my_step", "Mine.")


def test_a_compiled_function_within_another():
    inner = fd.compile(lambda x: x * 2)
    outer = fd.compile(lambda x: inner(x) + 1)
    for k in (1.0, 2.0, 3.0):
        assert outer(fd.full((2,), k)).tolist() == [2 * k + 1] * 2
        assert inner(fd.full((2,), k)).tolist() == [2 * k] * 2


def test_a_module():
    model = nn.Linear(20, 7)
    f = fd.compile(model)
    for x, _ in batches(3):
        assert f(x).numpy().tobytes() == model(x).detach().numpy().tobytes()


def test_several_threads_call_one_step():
    f = fd.compile(lambda x: (fd.exp(x) * 2).sum())
    xs = [fd.full((50_000,), k / 10) for k in range(4)]
    expected = [(fd.exp(x) * 2).sum().item() for x in xs]
    f(xs[0])
    wrong = []

    def work(i):
        for _ in range(50):
            if f(xs[i]).item() != expected[i]:
                wrong.append(i)

    workers = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert wrong == []


def test_a_thread_beside_a_capture_is_not_recorded():
    def step(x):
        other = threading.Thread(target=lambda: fd.exp(fd.ones(5)).sum().item())
        other.start()
        other.join()
        return x + 1

    f = fd.compile(step)
    assert f(fd.zeros(2)).tolist() == f(fd.zeros(2)).tolist() == [1, 1]


def test_fork_after_capture():
    training = Training("batchnorm")
    step = fd.compile(training.step)
    data = batches(4)
    for x, y in data[:3]:
        step(x, y)
    child = os.fork()
    if child == 0:
        step(*data[3])
        os._exit(0)
    for _ in range(3000):
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            break
        time.sleep(0.01)
    assert done and os.waitstatus_to_exitcode(status) == 0
    step(*data[3])
