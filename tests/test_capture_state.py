"""Compiled steps and the state around them: aliases, gradients, counters, constants, lifetimes."""

from __future__ import annotations

import copy
import gc
import os
import threading
import time
import weakref

import numpy as np
import pytest

import fastdl as fd
from fastdl import nn, optim
from fastdl.nn import functional as F
from steps import Training, batches, counted, same_as_eager

# ---- checks of indices ---------------------------------------------------------------------------


def test_an_index_changed_in_the_step_is_checked_where_it_is_used():
    table = fd.arange(4.0)
    f = fd.compile(lambda i, shift: (i.add_(shift), table.index_select(0, i))[1])
    assert f(fd.tensor([0]), fd.tensor([1])).tolist() == [1]
    for shift in (2000, 1 << 40):
        with pytest.raises(IndexError, match=f"got {shift} "):
            f(fd.tensor([0]), fd.tensor([shift]))


def test_labels_made_from_others_in_the_step():
    x = fd.randn(4, 3)

    def run(wrap):
        f = wrap(lambda x, y: F.cross_entropy(x, y.sub_(1)))
        return [f(x, fd.tensor([1, 2, 3, 3])).item() for _ in range(3)]

    same_as_eager(run)


def test_labels_whose_memory_the_step_writes_are_checked_after_that():
    memory = np.zeros(4, np.int64)
    buffer, y = fd.from_numpy(memory), fd.from_numpy(memory)
    x = fd.randn(4, 3)

    def of_argument(labels, y):
        buffer.copy_(labels)
        return F.cross_entropy(x, y)

    def of_outside(labels):
        buffer.copy_(labels)
        return F.cross_entropy(x, y)

    for f, args in ((of_argument, (y,)), (of_outside, ())):
        step = fd.compile(f)
        step(fd.tensor([0, 1, 2, 0]), *args)
        with pytest.raises(IndexError, match="got 3 at"):
            step(fd.tensor([0, 1, 3, 0]), *args)
        step(fd.tensor([0, 1, 2, 0]), *args)


# ---- what an argument is -------------------------------------------------------------------------


def test_an_argument_that_is_also_used_from_outside():
    w = fd.full((2,), 10.0)
    f = fd.compile(lambda x: x + w)
    assert f(w).tolist() == [20, 20]
    assert f(fd.ones(2)).tolist() == [11, 11]


def test_an_argument_that_begins_to_require_gradients():
    f = fd.compile(lambda x: (x * x).sum().backward() if x.requires_grad else None)
    f(fd.ones(2))
    x = fd.ones(2, requires_grad=True)
    f(x)
    assert x.grad.tolist() == [2, 2]


def test_an_argument_with_history_is_refused():
    w = fd.ones(2, requires_grad=True)
    with pytest.raises(fd.CaptureError, match=r"detach\(\) it"):
        fd.compile(lambda h: h.sum().backward())(w * 2)


def test_requires_grad_of_an_argument_is_not_set_inside():
    with pytest.raises(fd.CaptureError, match="requires_grad of an argument"):
        fd.compile(lambda x: x.requires_grad_().sum().backward())(fd.ones(2))


def test_a_leaf_without_a_module_is_frozen_later():
    w, v = fd.ones(2, requires_grad=True), fd.ones(2, requires_grad=True)
    f, captures = counted(lambda x: (w * v * x).sum().backward())
    f(fd.ones(2))
    w.grad = v.grad = None
    w.requires_grad = False
    f(fd.ones(2))
    assert w.grad is None
    assert v.grad.tolist() == [1, 1]
    assert len(captures) == 2


def test_memory_of_an_argument_that_begins_to_overlap_with_another():
    w = fd.zeros(6)
    f = fd.compile(lambda x: w[1:].copy_(x))
    f(fd.ones(5))
    w.copy_(fd.arange(6.0))
    f(w[:5])
    assert w.tolist() == [0, 0, 1, 2, 3, 4]


@pytest.mark.parametrize("change", ["copy_", "add_", "sub_"])
@pytest.mark.parametrize("first", [0, 50, 1])
def test_parts_of_one_tensor_that_begin_to_overlap(change, first):
    def run(wrap):
        w = fd.arange(100.0)
        f = wrap(lambda x, y: getattr(x, change)(y))
        outside = wrap(lambda x: getattr(x, change)(w[:50]))
        for begin in (first, 1, 0, 3, 50):
            f(w[begin : begin + 50], w[:50])
            outside(w[begin : begin + 50])
        return w.tolist()

    same_as_eager(run)


def test_two_threads_capture_with_one_argument():
    x, y = fd.full((2,), 3.0), fd.full((2,), 10.0)
    ready = threading.Barrier(2, timeout=20)
    steps = []

    def work(k):
        def fn(a):
            ready.wait()
            out = a * k
            ready.wait()
            return out

        steps.append((k, fd.compile(fn)))
        steps[-1][1](x)

    workers = [threading.Thread(target=work, args=(k,)) for k in (2.0, 3.0)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    for k, step in steps:
        assert step(y).tolist() == [10 * k] * 2


# ---- constants, memory and counters --------------------------------------------------------------


def test_constants_that_the_step_changes_start_anew():
    def run(wrap):
        def f(x):
            acc = fd.tensor([0.0, 1.0, 2.0])
            acc.add_(x)
            return acc.mul_(x), fd.arange(0.0, 3.0).mul_(x).add_(1), fd.arange(3)

        f = wrap(f)
        seen = []
        for k in (1.0, 3.0, 5.0):
            results = f(fd.full((3,), k))
            seen.append([r.tolist() for r in results])
            results[2].add_(5)
        return seen

    same_as_eager(run)


def test_other_memory_for_a_tensor_is_refused():
    def give_data(x):
        x.data = fd.full((5,), 7.0)

    x = fd.ones(3)
    with pytest.raises(fd.CaptureError, match="given other memory"):
        fd.compile(give_data)(x)
    assert x.tolist() == [1, 1, 1]


@pytest.mark.parametrize("change", ["data", "view", "argument view"])
def test_every_change_in_place_is_counted(change):
    w = fd.ones(2, requires_grad=True)
    steps = {
        "data": lambda x: w.data.add_(1),
        "view": lambda x: w.detach()[0].add_(1),
        "argument view": lambda x: x[0].add_(1),
    }
    x = fd.ones(2)
    f = fd.compile(lambda x: (steps[change](x), None)[1])
    f(x)
    y = (w * x * w).sum()
    f(x)
    with pytest.raises(RuntimeError, match="changed in place"):
        y.backward()


def test_results_of_one_memory_share_their_counter():
    f = fd.compile(lambda x: (y := x * 2, y[0]))
    for _ in range(2):
        whole, part = f(fd.ones(2))
        before = whole._version
        part.add_(1)
        assert whole._version > before
        assert whole.tolist() == [3, 2]


def test_buffers_exchanged_in_the_step_are_refused():
    model = nn.Module()
    model.register_buffer("a", fd.zeros(1))
    model.register_buffer("b", fd.ones(1))

    def swap():
        model.a, model.b = model.b, model.a

    with pytest.raises(fd.CaptureError, match="a parameter or buffer is replaced"):
        fd.compile(swap)()


@pytest.mark.parametrize("kept", ["argument", "part", "gradient"])
def test_what_is_kept_outside_is_refused(kept):
    w, held = fd.ones(2, requires_grad=True), []

    def step(x):
        (w * x).sum().backward()
        held.append({"argument": x, "part": x[:1], "gradient": w.grad}[kept])

    with pytest.raises(fd.CaptureError, match="kept outside"):
        fd.compile(step)(fd.ones(2))


# ---- optimizers and draws ------------------------------------------------------------------------


def test_an_optimizer_that_steps_twice():
    w = fd.ones(1, requires_grad=True)
    optimizer = optim.SGD([w], 1.0)

    def twice(x):
        for lr in (1.0, 0.1):
            optimizer.zero_grad()
            (w * x).sum().backward()
            optimizer.param_groups[0]["lr"] = lr
            optimizer.step()

    with pytest.raises(fd.CaptureError, match="an optimizer steps twice"):
        fd.compile(twice)(fd.ones(1))


def test_a_learning_rate_changed_inside_is_refused():
    training = Training()

    def step(x, y):
        training.step(x, y)
        training.optimizer.param_groups[0]["lr"] *= 0.5

    with pytest.raises(fd.CaptureError, match="hyperparameters of an optimizer change"):
        fd.compile(step)(*batches(1)[0])


def test_a_new_group_of_parameters():
    def run(wrap):
        a, b = fd.ones(2, requires_grad=True), fd.ones(2, requires_grad=True)
        optimizer = optim.SGD([a], 0.1, momentum=0.9)

        def step(x):
            optimizer.zero_grad()
            (a * b * x).sum().backward()
            optimizer.step()

        step = wrap(step)
        step(fd.ones(2))
        optimizer.add_param_group({"params": [b], "lr": 0.5})
        step(fd.ones(2))
        step(fd.ones(2))
        return a.tolist(), b.tolist()

    same_as_eager(run)


@pytest.mark.parametrize("name", ["reseed", "state", "twins"])
def test_generators_that_cannot_be_followed_are_refused(name):
    a, b = fd.Generator(7), fd.Generator(7)

    def step():
        fd.rand(2, generator=a)
        if name == "reseed":
            a.manual_seed(3)
        elif name == "state":
            fd.set_rng_state(fd.get_rng_state())
        else:
            fd.rand(2, generator=b)

    with pytest.raises(fd.CaptureError):
        fd.compile(step)()


# ---- how often it captures -----------------------------------------------------------------------


def test_the_optimizer_alone_is_captured_once():
    training = Training("linear", "adam")
    update, captures = counted(lambda: training.optimizer.step())
    for x, y in batches(8):
        training.optimizer.zero_grad()
        training.loss(training.model(x), y).backward()
        update()
    assert len(captures) == 1


def test_accumulating_gradients_captures_twice():
    model = nn.Linear(20, 7)
    optimizer = optim.SGD(model.parameters(), 0.1)

    def backward(x, y):
        F.cross_entropy(model(x), y).backward()

    step, captures = counted(backward)
    for i, (x, y) in enumerate(batches(24)):
        step(x, y)
        if i % 4 == 3:
            optimizer.step()
            optimizer.zero_grad()
    assert len(captures) == 2


# ---- functions, classes, lifetimes ---------------------------------------------------------------


def test_a_decorated_method_and_its_copies():
    class Doubler(nn.Module):
        def __init__(self):
            super().__init__()
            self.w = nn.Parameter(fd.full((2,), 2.0))

        @fd.compile
        def double(self, x):
            return self.w * x

    one, two = Doubler(), Doubler()
    with fd.no_grad():
        two.w.fill_(3.0)
    for k in (1.0, 2.0):
        assert one.double(fd.full((2,), k)).tolist() == [2 * k] * 2
        assert two.double(fd.full((2,), k)).tolist() == [3 * k] * 2
    one.step = fd.compile(one.forward)
    assert copy.deepcopy(one).w.tolist() == [2, 2]


def test_generators_and_coroutines_are_refused():
    async def later():
        return 1

    for fn in (lambda: (yield 1), later):
        with pytest.raises(TypeError, match="expected a plain function"):
            fd.compile(fn)


def test_a_model_that_holds_its_step_is_collected():
    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.w = nn.Parameter(fd.ones(2))
            self.w.register_hook(self.hook)
            self.step = fd.compile(self.run)

        def hook(self, g):
            return g * 2

        def run(self, x):
            (self.w * x).sum().backward()
            return x * 1

    model = Model()
    for _ in range(2):
        model.step(fd.ones(2))
    gone = weakref.ref(model)
    del model
    gc.collect()
    assert gone() is None


def test_a_finalizer_may_call_the_step():
    w = fd.ones(2, requires_grad=True)

    def fn(x):
        w.grad = None
        (w * x).sum().backward()
        return x * 2

    f = fd.compile(fn)
    f(fd.ones(2))
    calls = []

    class Last:
        def __del__(self):
            calls.append(f(fd.ones(2)).tolist())

    w.grad = fd.zeros(2)
    w.grad.mine = Last()
    assert f(fd.ones(2)).tolist() == [2, 2]
    assert calls == [[2, 2]]


def test_an_interrupt_leaves_nothing_recorded():
    def fn(x):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fd.compile(fn)(fd.ones(2))
    assert fd.ones(1).item() == 1


def test_fork_while_another_thread_replays():
    f = fd.compile(lambda x: fd.exp(x).sum())
    x = fd.zeros(2_000_000)
    f(x)
    stop = []

    def work():
        while not stop:
            f(x)

    worker = threading.Thread(target=work)
    worker.start()
    statuses = []
    for _ in range(5):
        child = os.fork()
        if child == 0:
            os._exit(0 if f(x).item() == 2_000_000 else 1)
        for _ in range(2000):
            done, status = os.waitpid(child, os.WNOHANG)
            if done:
                statuses.append(os.waitstatus_to_exitcode(status))
                break
            time.sleep(0.01)
        else:
            os.kill(child, 9)
            os.waitpid(child, 0)
    stop.append(1)
    worker.join()
    assert statuses == [0] * 5


def test_memory_of_arguments_is_not_kept():
    f = fd.compile(lambda x: x.sum())
    live = fd._C.pool_stats()["live_bytes"]
    x = fd.ones(1_000_000)
    f(x)
    f(x)
    del x
    assert fd._C.pool_stats()["live_bytes"] - live < 100_000
    assert np.isfinite(f(fd.ones(1_000_000)).item())
