"""`step.epoch`: the bits of a loop over a DataLoader, results, learning rates, errors, Ctrl-C."""

from __future__ import annotations

import signal
import threading
import time

import numpy as np
import pytest

import fastdl as fd
from fastdl import nn, optim
from fastdl.data import DataLoader, Dataset, Subset, TensorDataset
from steps import Training, counted

RNG = np.random.default_rng(5)
X, Y = RNG.standard_normal((150, 20)).astype("float32"), RNG.integers(0, 7, 150)
DATA = TensorDataset(X, Y)


def loop(step, data, epochs=2, batch_size=32, **options):
    """What `step.epoch` stands for."""
    return [
        [step(*batch).item() for batch in DataLoader(data, batch_size, **options)]
        for _ in range(epochs)
    ]


def check_equals_loop(make, data=DATA, given=None, *, epochs=2, batch_size=32, **options):
    options = {"shuffle": True, **options}
    expected, training = make(), make()
    fd.manual_seed(11)
    losses = loop(expected.step, data, epochs, batch_size, **options)
    after = fd.get_rng_state()
    fd.manual_seed(11)
    step = fd.compile(training.step)
    given = data if given is None else given
    found = [step.epoch(given, batch_size, **options) for _ in range(epochs)]
    assert [f.tolist() for f in found] == losses
    assert training.state() == expected.state()
    assert fd.get_rng_state() == after


# ---- the same bits as the loop ---------------------------------------------------------------


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "adam", "nadam", "sgld"])
@pytest.mark.parametrize("layers", ["batchnorm", "dropouts"])
def test_bits(layers, optimizer):
    check_equals_loop(lambda: Training(layers, optimizer), epochs=3)


@pytest.mark.parametrize("shuffle", [True, False])
@pytest.mark.parametrize("drop_last", [True, False])
def test_order_and_last_batch(shuffle, drop_last):
    check_equals_loop(lambda: Training("dropout", "adam"), shuffle=shuffle, drop_last=drop_last)


def test_kinds_of_data():
    class Plain(Dataset):
        def __len__(self):
            return len(X)

        def __getitem__(self, i):
            return X[i], int(Y[i])

    kinds = [
        (DATA, (X, Y)),
        (DATA, (fd.tensor(X), Y)),
        (Subset(DATA, np.arange(149, 9, -2)), None),
        (Subset(Subset(DATA, range(-100, 0)), [5, -1, 7] * 20), None),
        (Plain(), None),
        (Subset(Plain(), range(3, 90)), None),
        (TensorDataset(np.tile(X, (1, 2))[::2, ::2], Y[::2]), None),
        (TensorDataset(np.asfortranarray(X), Y), None),
    ]
    for data, given in kinds:
        check_equals_loop(lambda: Training("batchnorm", "adam"), data, given)


def test_a_generator_of_its_own():
    def run(step, epoch):
        fd.manual_seed(0)
        generator = fd.Generator(3)
        for _ in range(3):
            epoch(step, generator)
        return generator.get_state()

    a, b = Training("dropout"), Training("dropout")
    states = [
        run(a.step, lambda s, g: loop(s, DATA, 1, shuffle=True, generator=g)),
        run(fd.compile(b.step), lambda s, g: s.epoch(DATA, 32, generator=g)),
    ]
    assert states[0] == states[1]
    assert a.state() == b.state()


def test_two_captures_and_no_more():
    training = Training("batchnorm", "adam")
    step, captures = counted(training.step)
    for _ in range(3):
        step.epoch(DATA, 32)
    assert len(captures) == 2
    for x, y in DataLoader(DATA, 32):
        step(x, y)
    assert len(captures) == 2


@pytest.mark.parametrize("set_to_none", [True, False])
def test_accumulated_gradients(set_to_none):
    """Without zero_grad in the step another capture takes over after the first step."""

    class Accumulating(Training):
        def step(self, x, y):
            loss = self.loss(self.model(x), y)
            loss.backward()
            self.optimizer.step()
            if set_to_none is False:
                self.optimizer.zero_grad(set_to_none=False)
            return loss

    check_equals_loop(lambda: Accumulating("batchnorm"))


def test_several_threads():
    class Wide(Training):
        def step(self, x, y):
            return super().step(fd.cat([x + 0.01 * i for i in range(60)]), fd.cat([y] * 60))

    before = fd.get_num_threads()
    try:
        for threads in (1, 3):
            fd.set_num_threads(threads)
            check_equals_loop(lambda: Wide("batchnorm"), epochs=1)
    finally:
        fd.set_num_threads(before)


def test_large_rows_are_gathered_by_several_threads():
    x = RNG.standard_normal((40, 30_000)).astype("float32")
    f = fd.compile(lambda x: x.sum(1))
    out = f.epoch(x, 20)
    assert sorted(out.reshape(-1).tolist()) == sorted(f(fd.tensor(x)).tolist())


def test_under_detect_anomaly_it_is_the_loop():
    a, b = Training("batchnorm"), Training("batchnorm")
    fd.manual_seed(2)
    with fd.autograd.detect_anomaly():
        found = fd.compile(a.step).epoch(DATA, 32)
    fd.manual_seed(2)
    assert found.tolist() == loop(b.step, DATA, 1, shuffle=True)[0]
    assert a.state() == b.state()


# ---- results ---------------------------------------------------------------------------------


def test_results_are_stacked():
    @fd.compile
    def f(x, k):
        return {"sum": x.sum(), "pair": (x.sum(0), "text", x.T), "k": k}

    out = f.epoch((fd.arange(24.0).reshape(12, 2),), 3, False, args=(7,))
    assert out["sum"].tolist() == [15, 51, 87, 123]
    assert (out["k"], out["pair"][1]) == (7, "text")
    assert out["pair"][0].tolist() == [[6, 9], [24, 27], [42, 45], [60, 63]]
    assert out["pair"][2].shape == (4, 2, 3)
    assert out["pair"][2].permute(0, 2, 1).reshape(24).tolist() == list(range(24))


def test_results_of_a_smaller_last_batch():
    f = fd.compile(lambda x: (x * 2, x.mean()))
    rows, mean = f.epoch(fd.arange(5.0), 2, shuffle=False)
    assert [r.tolist() for r in rows] == [[0, 2], [4, 6], [8]]
    assert mean.tolist() == [0.5, 2.5, 4]


def test_what_is_no_tensor_and_changes():
    f = fd.compile(lambda x: (x.sum(), len(x)))
    found = f.epoch(fd.arange(5.0), 2, shuffle=False)
    assert [(total.item(), n) for total, n in found] == [(1, 2), (5, 2), (4, 1)]
    assert fd.compile(lambda x: None).epoch(fd.arange(5.0), 2) is None
    assert fd.compile(lambda x: len(x)).epoch(fd.arange(5.0), 2) == [2, 2, 1]


def test_parameters_and_arguments_as_results():
    w = fd.zeros(2)
    f = fd.compile(lambda x: (w.add_(x.sum()), x, x.add_(1)))
    for k in (0, 30):
        weights, one, two = f.epoch(fd.ones(6), 2)
        assert weights.tolist() == [[k + 2 * i] * 2 for i in (1, 2, 3)]
        assert one.tolist() == two.tolist() == [[2, 2]] * 3
        w.fill_(30)


def test_results_are_new_tensors():
    f = fd.compile(lambda x: x.sum())
    held = [f.epoch(fd.full((6,), float(k)), 2) for k in range(4)]
    single = f(fd.ones(2))
    held.append(f.epoch(fd.zeros(6), 2))
    assert [h.tolist() for h in held] == [[2 * k] * 3 for k in (0, 1, 2, 3, 0)]
    assert single.item() == 2


def test_gradients_that_are_held():
    training = Training()
    step = fd.compile(training.step)
    w = training.model[0].weight
    step.epoch(DATA, 32, drop_last=True)
    held, copy = w.grad, w.grad.tolist()
    step.epoch(DATA, 32, drop_last=True)
    assert held.tolist() == copy != w.grad.tolist()


def test_changes_are_counted():
    w = fd.ones(3, requires_grad=True)

    @fd.compile
    def change(x):
        with fd.no_grad():
            w.add_(x.sum())

    change.epoch(fd.ones(6), 2)
    y = (w * w).sum()
    before = w._version
    change.epoch(fd.ones(6), 2)
    assert w._version == before + 3
    with pytest.raises(RuntimeError, match="changed in place"):
        y.backward()


def test_data_and_arguments_are_left_alone():
    x = fd.ones(6)
    extra = fd.zeros(2)
    f = fd.compile(lambda x, extra: extra.add_(x.mul_(2)))
    f.epoch(x, 2, args=(extra,))
    assert x.tolist() == [1] * 6
    assert extra.tolist() == [6, 6]


def test_a_method():
    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.w = nn.Parameter(fd.full((2,), 2.0))

        @fd.compile
        def scaled(self, x, *, by=1.0):
            """Mine."""
            return (self.w * x).sum() * by

    model = Model()
    assert model.scaled.epoch(fd.ones(6, 2), 3, kwargs={"by": 2.0}).tolist() == [24, 24]
    assert model.scaled(fd.ones(2)).item() == 4
    assert (model.scaled.__name__, model.scaled.__doc__) == ("scaled", "Mine.")


def test_dicts_of_arrays():
    f = fd.compile(lambda batch: batch["a"].sum() + batch["b"].sum())
    assert f.epoch({"a": np.ones(4), "b": np.full(4, 2.0)}, 2).tolist() == [6, 6]


# ---- learning rates --------------------------------------------------------------------------


class TwoGroups(Training):
    def __init__(self, optimizer):
        super().__init__("batchnorm")
        groups = [{"params": [*part.parameters()]} for part in self.model]
        self.optimizer = optimizer(groups)


@pytest.mark.parametrize("make", [
    optim.SGD, optim.Adam, optim.AdamW, optim.Adagrad, optim.Adadelta, optim.Adamax, optim.NAdam,
    optim.RAdam, optim.RMSprop, optim.Rprop, optim.SGLD,
])  # fmt: skip
@pytest.mark.parametrize("each_group", [False, True])
def test_rates(make, each_group):
    groups = 3 if each_group else 1
    table = np.linspace(0.1, 0.001, 5 * groups).reshape(5, groups)
    results = []
    for compiled in (False, True):
        training = TwoGroups(lambda groups: make(groups, lr=0.5))
        fd.manual_seed(1)
        losses = []
        step = fd.compile(training.step)
        for _ in range(3):
            if compiled:
                losses += step.epoch(DATA, 32, lr=table if each_group else table[:, 0]).tolist()
                continue
            for rates, batch in zip(table, DataLoader(DATA, 32, shuffle=True), strict=True):
                for g, group in enumerate(training.optimizer.param_groups):
                    group["lr"] = rates[g % groups]
                losses.append(training.step(*batch).item())
        left = [group["lr"] for group in training.optimizer.param_groups]
        losses.append(step(*DATA.take(np.arange(32))).item())  # goes on at the last rate
        results.append((losses, left, training.state()))
    assert results[0] == results[1]


def test_rates_under_detect_anomaly():
    training = Training("linear", "sgd")
    with fd.autograd.detect_anomaly():
        fd.compile(training.step).epoch(DATA, 32, lr=[0.5, 0.4, 0.3, 0.2, 0.1])
    assert training.optimizer.param_groups[0]["lr"] == 0.1


def test_bad_rates():
    training = Training()
    step = fd.compile(training.step)
    training.step(*DATA.take(np.arange(32)))
    before = training.state()
    for rates, error, match in [
        ([0.1] * 4, ValueError, r"lr: expected 5 rates, one for each step.* got shape \(4,\)"),
        ([0.1] * 4 + [-1.0], ValueError, "lr: expected finite numbers of at least 0, got -1"),
        ([0.1] * 4 + [float("nan")], ValueError, "lr: expected finite numbers"),
        ("text", (TypeError, ValueError), "lr: expected"),
        (0.1, ValueError, "lr: expected 5 rates"),
    ]:
        with pytest.raises(error, match=match):
            step.epoch(DATA, 32, lr=rates)
    assert training.state() == before
    step(*DATA.take(np.arange(32)))
    before = training.state()
    with pytest.raises(ValueError, match="one for each of 1 groups of SGD, got 2"):
        step.epoch(DATA, 32, lr=np.full((5, 2), 0.1))
    assert training.state() == before


# ---- errors ----------------------------------------------------------------------------------


def test_bad_arguments_change_nothing():
    training = Training("dropout", "adam")
    step = fd.compile(training.step)
    training.step(*DATA.take(np.arange(32)))
    before = training.state(), fd.get_rng_state()
    loader = DataLoader(DATA, 32)
    for data, options, error, match in [
        (3, {}, TypeError, "data: expected tensors, arrays or a dataset, got 3"),
        (loader, {}, TypeError, "got DataLoader: give its dataset"),
        ([X, Y], {}, TypeError, "expected a tuple of arrays"),
        ((X, Y[:-1]), {}, ValueError, r"one length, got lengths \[150, 149\]"),
        ((X, "text"), {}, TypeError, r"data\[1\]: expected a Tensor or a NumPy array, got"),
        ((X, np.float32(1)), {}, (TypeError, ValueError), r"data\[1\]"),
        ((), {}, ValueError, "at least one tensor"),
        ((X[:0], Y[:0]), {}, ValueError, "at least 1 samples, got 0"),
        (DATA, {"batch_size": 0}, ValueError, "batch_size: expected at least 1, got 0"),
        (DATA, {"batch_size": 2.5}, TypeError, "batch_size: expected an int, got"),
        (DATA, {"batch_size": 151, "drop_last": True}, ValueError, "at least 151 samples"),
        (DATA, {"shuffle": "yes"}, TypeError, "shuffle: expected a bool"),
        (DATA, {"args": (np.ones(3),)}, TypeError, "hashable arguments"),
    ]:
        with pytest.raises(error, match=match):
            step.epoch(data, **{"batch_size": 32, **options})
        assert (training.state(), fd.get_rng_state()) == before


def test_bad_labels_stop_at_their_step():
    def run(compiled):
        training = Training("batchnorm", "adam")
        bad = Y.copy()
        bad[70] = 99  # in the third batch
        step = fd.compile(training.step)
        step.epoch(DATA, 32, drop_last=True)
        for _ in range(2):
            with pytest.raises(IndexError, match=r"expected a class in \[0, 6\].* got 99"):
                if compiled:
                    step.epoch((X, bad), 32, shuffle=False)
                else:
                    for x, y in DataLoader(TensorDataset(X, bad), 32):
                        step(x, y)
        return training.state(), fd.get_rng_state()

    assert run(True) == run(False)


def test_an_epoch_in_a_step_is_refused():
    inner = fd.compile(lambda x: x.sum())
    with pytest.raises(fd.CaptureError, match="an epoch is run"):
        fd.compile(lambda x: inner.epoch(x, 2))(fd.ones(4))


def test_an_exception_in_the_function():
    def fail(x):
        if len(x) == 1:
            raise KeyError("mine")
        return x.sum()

    with pytest.raises(KeyError, match="mine"):
        fd.compile(fail).epoch(fd.ones(5), 2)


# ---- interrupts, threads, progress -----------------------------------------------------------


def test_an_interrupt_stops_between_two_steps():
    """Everything is as after some whole steps."""
    training = Training("dropout", "adam")
    step = fd.compile(training.step)
    many = (np.tile(X, (4000, 1)), np.tile(Y, 4000))
    step.epoch(DATA, 32, drop_last=True, shuffle=False)
    start = fd.get_rng_state()[1]
    timer = threading.Timer(0.15, signal.raise_signal, [signal.SIGINT])
    timer.start()
    begun = time.perf_counter()
    with pytest.raises(KeyboardInterrupt):
        for _ in range(100):
            step.epoch(many, 32, shuffle=False)
    assert time.perf_counter() - begun < 10
    timer.join()
    steps = fd.get_rng_state()[1] - start  # one draw each
    count = training.optimizer.state_dict()["state"][0]["step"].item()
    assert count == steps + 4 > 4

    again = Training("dropout", "adam")
    other = fd.compile(again.step)
    other.epoch(DATA, 32, drop_last=True, shuffle=False)
    left = steps
    while left:
        n = min(left, len(many[1]) // 32)
        other.epoch((many[0][: 32 * n], many[1][: 32 * n]), 32, shuffle=False)
        left -= n
    assert training.state() == again.state()


def test_other_threads_run_meanwhile():
    f = fd.compile(lambda x: fd.exp(x).sum())
    rows = TensorDataset(np.ones((400, 20_000), np.float32))
    data = Subset(rows, np.tile(np.arange(400), 30))
    f.epoch(rows, 1)
    counts = []

    def work():
        while not done:
            counts.append(1)
            time.sleep(0.001)

    done = []
    worker = threading.Thread(target=work)
    worker.start()
    f.epoch(data, 1)
    done.append(1)
    worker.join()
    assert len(counts) > 3


def test_two_threads_and_one_step():
    f = fd.compile(lambda x: (fd.exp(x) * 2).sum())
    data = RNG.standard_normal((400, 2000)).astype("float32")
    expected = f.epoch(data, 4, shuffle=False).tolist()
    found = []
    workers = [
        threading.Thread(target=lambda: found.append(f.epoch(data, 4, shuffle=False).tolist()))
        for _ in range(3)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert found == [expected] * 3


def test_progress(capsys):
    f = fd.compile(lambda x: x.sum())
    f.epoch(fd.ones(70), 2)
    assert capsys.readouterr().err == ""
    f.epoch(fd.ones(70), 2, progress=True)
    assert "35/35" in capsys.readouterr().err
