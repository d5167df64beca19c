"""Learning-rate schedules: against closed formulas (and PyTorch, if installed), state, errors."""

from __future__ import annotations

import json
import math

import pytest

import fastdl as fd
from fastdl import optim
from fastdl.optim import lr_scheduler

BASES = (1.0, 0.5)
N = 100


def cosine(t, of):
    return (1 + math.cos(math.pi * t / of)) / 2


def restarts(t, first, times):
    while t >= first:
        t, first = t - first, first * times
    return cosine(t, first)


def triangle(t, up, down):
    t %= up + down
    return t / up if t <= up else (up + down - t) / down


def one_cycle(t, ends, points, anneal):
    begin = 0
    for i, end in enumerate(ends):
        if t <= end or i == len(ends) - 1:
            share = (t - begin) / (end - begin)
            return points[i + 1] + (points[i] - points[i + 1]) * anneal(share)
        begin = end


# name: (how it is made of a module's schedulers and an optimizer, the rate of epoch t from base b)
CASES = {
    "step": (lambda m, o: m.StepLR(o, 7, 0.7), lambda t, b: b * 0.7 ** (t // 7)),
    "multistep": (
        lambda m, o: m.MultiStepLR(o, [30, 5, 5, 80], 0.3),
        lambda t, b: b * 0.3 ** (2 * (t >= 5) + (t >= 30) + (t >= 80)),
    ),
    "constant": (lambda m, o: m.ConstantLR(o, 0.2, 11), lambda t, b: b * (0.2 if t < 11 else 1)),
    "warm-up": (
        lambda m, o: m.LinearLR(o, 0.1, total_iters=20),
        lambda t, b: b * (0.1 + 0.9 * min(t, 20) / 20),
    ),
    "linear to a floor": (
        lambda m, o: m.LinearLR(o, 1.0, 0.01, 60),
        lambda t, b: b * (1 - 0.99 * min(t, 60) / 60),
    ),
    "linear to zero": (
        lambda m, o: m.LinearLR(o, 1.0, 0.0, 16),
        lambda t, b: b * (1 - min(t, 16) / 16),
    ),
    "exponential": (lambda m, o: m.ExponentialLR(o, 0.93), lambda t, b: b * 0.93**t),
    "polynomial": (
        lambda m, o: m.PolynomialLR(o, 90, 1.7),
        lambda t, b: b * (1 - min(t, 90) / 90) ** 1.7,
    ),
    "cosine": (
        lambda m, o: m.CosineAnnealingLR(o, 30, 0.01),
        lambda t, b: 0.01 + (b - 0.01) * cosine(t, 30),
    ),
    "lambda": (
        lambda m, o: m.LambdaLR(o, [lambda t: 1 / (1 + t), lambda t: 0.9**t]),
        lambda t, b: b / (1 + t) if b == 1 else b * 0.9**t,
    ),
    "multiplicative": (
        lambda m, o: m.MultiplicativeLR(o, lambda t: 0.99 if t % 2 else 1.0),
        lambda t, b: b * 0.99 ** ((t + 1) // 2),
    ),
    "warm restarts": (
        lambda m, o: m.CosineAnnealingWarmRestarts(o, 10, 2, 0.001),
        lambda t, b: 0.001 + (b - 0.001) * restarts(t, 10, 2),
    ),
    "equal restarts": (
        lambda m, o: m.CosineAnnealingWarmRestarts(o, 7),
        lambda t, b: b * restarts(t, 7, 1),
    ),
    "triangular": (
        lambda m, o: m.CyclicLR(o, [0.1, 0.2], 1.0, 8, 13),
        lambda t, b: (low := 0.1 if b == 1 else 0.2) + (1 - low) * triangle(t, 8, 13),
    ),
    "triangular2": (
        lambda m, o: m.CyclicLR(o, 0.1, 1.0, 10, mode="triangular2"),
        lambda t, b: 0.1 + 0.9 * triangle(t, 10, 10) / 2 ** (t // 20),
    ),
    "exp_range": (
        lambda m, o: m.CyclicLR(o, 0.1, 1.0, 10, 5, "exp_range", 0.97, cycle_momentum=False),
        lambda t, b: 0.1 + 0.9 * triangle(t, 10, 5) * 0.97**t,
    ),
    "cyclic by hand": (
        lambda m, o: m.CyclicLR(o, 0.1, 1.0, 10, scale_fn=lambda k: 1 / (1 + k)),
        lambda t, b: 0.1 + 0.9 * triangle(t, 10, 10) / (2 + t // 20),
    ),
    "one cycle": (
        lambda m, o: m.OneCycleLR(o, [2.0, 1.0], N + 1),
        lambda t, b: b * one_cycle(
            t, (0.3 * (N + 1) - 1, N), (0.08, 2.0, 0.08e-4), lambda x: cosine(x, 1)
        ),
    ),
    "one cycle of three": (
        lambda m, o: m.OneCycleLR(
            o, 2.0, epochs=N + 1, steps_per_epoch=1, pct_start=0.4, anneal_strategy="linear",
            div_factor=10, final_div_factor=100, three_phase=True,
        ),
        lambda t, b: one_cycle(
            t, (0.4 * (N + 1) - 1, 0.8 * (N + 1) - 2, N), (0.2, 2.0, 0.2, 0.002), lambda x: 1 - x
        ),
    ),
    "sequential": (
        lambda m, o: m.SequentialLR(
            o, [m.LinearLR(o, 0.1, total_iters=10), m.CosineAnnealingLR(o, 40),
                m.ExponentialLR(o, 0.9)], [10, 50],
        ),
        lambda t, b: b * (
            0.1 + 0.09 * t if t < 10 else cosine(t - 10, 40) if t < 50 else 0.9 ** (t - 50)
        ),
    ),
    "sequential multiplicative": (
        lambda m, o: m.SequentialLR(
            o, [m.ConstantLR(o, 0.5, 9), m.MultiplicativeLR(o, lambda t: 0.9)], [4]
        ),
        lambda t, b: b * 0.5 * 0.9 ** max(0, t - 3),
    ),
    "chained": (
        lambda m, o: m.ChainedScheduler(
            [m.LinearLR(o, 0.1, total_iters=10), m.ExponentialLR(o, 0.95), m.StepLR(o, 30),
             m.PolynomialLR(o, 80)]
        ),
        lambda t, b: b * (0.1 + 0.09 * min(t, 10)) * 0.95**t * 0.1 ** (t // 30)
        * max(0, 1 - t / 80),
    ),
    "chained cosine": (
        lambda m, o: m.ChainedScheduler(
            [m.ConstantLR(o, 0.5, 6), m.CosineAnnealingLR(o, 20), m.ConstantLR(o, 0.5, 12)]
        ),
        lambda t, b: b * cosine(t, 20) * (0.5 if t < 6 else 1) * (0.5 if t < 12 else 1),
    ),
}  # fmt: skip


def optimizer_of(module=fd, cls="SGD", **options):
    options = {"momentum": 0.9, **options} if cls == "SGD" else options
    params = [module.tensor([1.0]).requires_grad_() for _ in BASES]
    groups = [{"params": [p], "lr": b} for p, b in zip(params, BASES, strict=True)]
    return getattr(module.optim, cls)(groups, **options)


def rates(optimizer):
    return [group["lr"] for group in optimizer.param_groups]


def run(optimizer, scheduler, n):
    """Rates and momenta from now to n steps later."""
    found = []
    for t in range(n + 1):
        if t:
            scheduler.step()
        assert scheduler.get_last_lr() == rates(optimizer)
        momenta = [g["momentum"] if "momentum" in g else g["betas"][0]
                   for g in optimizer.param_groups]  # fmt: skip
        found.append((rates(optimizer), momenta))
    return found


def close(x):
    return pytest.approx(x, rel=1e-12, abs=1e-16)


@pytest.mark.parametrize("name", CASES)
def test_formula(name):
    make, formula = CASES[name]
    optimizer = optimizer_of()
    scheduler = make(lr_scheduler, optimizer)
    assert "chained" in name or scheduler.last_epoch == 0
    for t, (lrs, _) in enumerate(run(optimizer, scheduler, N)):
        assert lrs == close([formula(t, b) for b in BASES])


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("cls", ["SGD", "Adam"])
def test_torch(name, cls):
    torch = pytest.importorskip("torch")
    theirs, ours = optimizer_of(torch, cls), optimizer_of(fd, cls)
    make, _ = CASES[name]
    other, scheduler = make(torch.optim.lr_scheduler, theirs), make(lr_scheduler, ours)
    for found, expected in zip(run(ours, scheduler, N), run(theirs, other, N), strict=True):
        assert found == (close(expected[0]), close(expected[1]))


@pytest.mark.parametrize("name", CASES)
def test_state_of_torch(name):
    """What PyTorch's scheduler and optimizer saved is gone on from."""
    torch = pytest.importorskip("torch")
    theirs, ours = optimizer_of(torch), optimizer_of(fd)
    make, _ = CASES[name]
    other, scheduler = make(torch.optim.lr_scheduler, theirs), make(lr_scheduler, ours)
    run(theirs, other, 33)
    scheduler.load_state_dict(other.state_dict())
    ours.load_state_dict(theirs.state_dict())
    for found, expected in zip(run(ours, scheduler, 50), run(theirs, other, 50), strict=True):
        assert found == (close(expected[0]), close(expected[1]))


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("stop", [0, 9, 40])
def test_resume_is_bit_equal(name, stop):
    make, _ = CASES[name]
    optimizer, again = optimizer_of(), optimizer_of()
    scheduler, resumed = make(lr_scheduler, optimizer), make(lr_scheduler, again)
    run(optimizer, scheduler, stop)
    again.load_state_dict(optimizer.state_dict())
    resumed.load_state_dict(scheduler.state_dict())
    assert run(again, resumed, 30) == run(optimizer, scheduler, 30)


@pytest.mark.parametrize("name", [n for n in CASES if "lambda" not in n])
def test_the_state_survives_json(name):
    make, _ = CASES[name]
    optimizer, again = optimizer_of(), optimizer_of()
    scheduler, resumed = make(lr_scheduler, optimizer), make(lr_scheduler, again)
    run(optimizer, scheduler, 9)
    again.load_state_dict(optimizer.state_dict())
    resumed.load_state_dict(json.loads(json.dumps(scheduler.state_dict())))
    assert run(again, resumed, 30) == run(optimizer, scheduler, 30)


@pytest.mark.parametrize("name", [n for n in CASES if "sequential" not in n and "chain" not in n])
def test_last_epoch_goes_on(name):
    """A scheduler made of a saved optimizer alone: one step after `last_epoch`."""
    make, _ = CASES[name]
    optimizer, again = optimizer_of(), optimizer_of()
    scheduler = make(lr_scheduler, optimizer)
    run(optimizer, scheduler, 12)
    again.load_state_dict(optimizer.state_dict())

    class Later:
        def __getattr__(self, cls):
            return lambda *a, **k: getattr(lr_scheduler, cls)(*a, last_epoch=11, **k)

    resumed = make(Later(), again)
    assert resumed.last_epoch == 12 and resumed.get_last_lr() == rates(optimizer)
    for a, b in zip(run(again, resumed, 30), run(optimizer, scheduler, 30), strict=True):
        assert a == (close(b[0]), close(b[1]))


def test_the_last_rates_are_exact():
    """A hundred thousand steps lose nothing; after a step that the user takes himself, little."""
    optimizer = optimizer_of()
    scheduler = lr_scheduler.ExponentialLR(optimizer, 0.9999)
    run(optimizer, scheduler, 50_000)
    assert rates(optimizer)[0] == 0.9999**50_000
    optimizer.param_groups[0]["lr"] *= 10
    for _ in range(50_000):
        scheduler.step()
    assert rates(optimizer) == close([10 * 0.9999**100_000, 0.5 * 0.9999**100_000])


def test_restarts_between_epochs():
    optimizer = optimizer_of()
    scheduler = lr_scheduler.CosineAnnealingWarmRestarts(optimizer, 2, 3)
    for epoch, share in ((0.5, 0.25), (1.75, 0.875), (2, 0), (5, 0.5), (8.0, 0), (17, 0.5)):
        scheduler.step(epoch)
        assert rates(optimizer)[0] == close(cosine(share, 1))
        assert scheduler.last_epoch == int(epoch)
    with pytest.raises(ValueError, match=r"step: epoch: .* got -1"):
        scheduler.step(-1)
    often = lr_scheduler.CosineAnnealingWarmRestarts(optimizer_of(), 2)
    often.step(1e15 + 0.5)  # at once
    assert often.get_last_lr()[0] == close(cosine(0.25, 1))


def test_one_cycle_ends():
    optimizer = optimizer_of()
    scheduler = lr_scheduler.OneCycleLR(optimizer, 1.0, 10, anneal_strategy="linear")
    for _ in range(10):  # one for each batch: the last has nothing after it
        scheduler.step()
    assert rates(optimizer) == [0.04 / 1e4] * 2
    with pytest.raises(ValueError, match="expected 10 steps, got one more"):
        scheduler.step()


# ---- on a plateau ------------------------------------------------------------------------------

MEASURES = [3.0, 2.0, 2.0, 1.9999, 2.1, 2.0, 1.5, 1.5, 1.6, float("nan"), 1.7, 1.8, 1.4, 1.5] + [
    1.45
] * 30
PLATEAUS = {
    "patient": {"patience": 2},
    "impatient": {"patience": 0, "factor": 0.5},
    "cooldown": {"patience": 1, "cooldown": 3, "factor": 0.3},
    "absolute": {"patience": 1, "threshold_mode": "abs", "threshold": 0.3},
    "floors": {"patience": 0, "min_lr": [0.2, 0.01], "factor": 0.4},
    "small changes": {"patience": 0, "eps": 0.01},
    "max": {"patience": 2, "mode": "max", "threshold": 0.1},
    "max absolute": {"patience": 2, "mode": "max", "threshold_mode": "abs", "threshold": 1.0},
}


@pytest.mark.parametrize("name", PLATEAUS)
def test_plateau_torch(name):
    torch = pytest.importorskip("torch")
    theirs, ours = optimizer_of(torch), optimizer_of(fd)
    other = torch.optim.lr_scheduler.ReduceLROnPlateau(theirs, **PLATEAUS[name])
    scheduler = lr_scheduler.ReduceLROnPlateau(ours, **PLATEAUS[name])
    for i, value in enumerate(MEASURES):
        scheduler.step(value)
        other.step(value)
        assert rates(ours) == close(rates(theirs)), i
        if i == 20:  # into the other's state
            scheduler.load_state_dict(other.state_dict())


def test_plateau_by_hand():
    optimizer = optimizer_of()
    scheduler = lr_scheduler.ReduceLROnPlateau(optimizer, patience=1, cooldown=1, min_lr=0.02)
    seen = []
    for value in [1.0, fd.tensor(0.5), 0.5, 0.49999, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4]:
        scheduler.step(value)
        seen.append(rates(optimizer)[0])
    expected = [1, 1, 1, 0.1, 0.1, 0.1, *[0.02] * 6]
    assert seen == close(expected)
    assert scheduler.best == 0.4 and scheduler.get_last_lr() == close([0.02, 0.02])


def test_plateau_of_negative_measures():
    """What is worse than the best is no improvement, whatever the sign."""
    optimizer = optimizer_of()
    scheduler = lr_scheduler.ReduceLROnPlateau(optimizer, patience=0, threshold=0.1)
    scheduler.step(-10.0)
    scheduler.step(-9.5)
    assert scheduler.best == -10 and rates(optimizer)[0] == close(0.1)


# ---- in a compiled step ------------------------------------------------------------------------


def test_a_compiled_step_sees_the_rates():
    def train(wrap):
        w = fd.ones(3, requires_grad=True)
        optimizer = optim.SGD([w], lr=0.1, momentum=0.9)
        scheduler = lr_scheduler.OneCycleLR(optimizer, 0.5, 12)

        def step(x):
            optimizer.zero_grad()
            ((w * x) ** 2).sum().backward()
            optimizer.step()

        step = wrap(step)
        for i in range(12):
            step(fd.arange(3.0) + i)
            scheduler.step()
        return w.tolist()

    assert train(fd.compile) == train(lambda f: f)


# ---- errors ------------------------------------------------------------------------------------

L = lr_scheduler


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda o: L.StepLR(3, 1), TypeError, "StepLR: optimizer: expected an Optimizer, got 3"),
        (lambda o: L.LambdaLR(None, abs), TypeError, "LambdaLR: optimizer: expected an Optimizer"),
        (lambda o: L.StepLR(o, 0), ValueError, "StepLR: step_size: expected at least 1, got 0"),
        (lambda o: L.StepLR(o, 1.5), TypeError, "StepLR: step_size: expected an int"),
        (lambda o: L.StepLR(o, 1, "a"), TypeError, "StepLR: gamma: expected a number"),
        (lambda o: L.ExponentialLR(o, -1), ValueError, "ExponentialLR: gamma: .* got -1"),
        (lambda o: L.MultiStepLR(o, [1, 2.5]), TypeError, "MultiStepLR: milestones: expected ints"),
        (lambda o: L.MultiStepLR(o, 3), TypeError, "MultiStepLR: milestones: expected ints, got"),
        (lambda o: L.MultiStepLR(o, [-1]), ValueError, "at least 0, got -1"),
        (lambda o: L.ConstantLR(o, 1.5), ValueError, r"ConstantLR: factor: .*\[0, 1\], got 1.5"),
        (lambda o: L.LinearLR(o, -0.5), ValueError, "LinearLR: start_factor"),
        (lambda o: L.LinearLR(o, total_iters=0), ValueError, "LinearLR: total_iters"),
        (lambda o: L.PolynomialLR(o, 5, -1), ValueError, "PolynomialLR: power"),
        (lambda o: L.CosineAnnealingLR(o, -3), ValueError, "CosineAnnealingLR: T_max"),
        (lambda o: L.CosineAnnealingLR(o, 3, -1), ValueError, "CosineAnnealingLR: eta_min"),
        (lambda o: L.LambdaLR(o, [abs]), ValueError, "LambdaLR: lr_lambda: expected 2 .* got 1"),
        (lambda o: L.MultiplicativeLR(o, 0.9), TypeError, "MultiplicativeLR: lr_lambda"),
        (lambda o: L.CosineAnnealingWarmRestarts(o, 1, 0), ValueError, "Restarts: T_mult"),
        (lambda o: L.CyclicLR(o, 0.1, 1, mode="x"), ValueError, "CyclicLR: mode: .* got 'x'"),
        (lambda o: L.CyclicLR(o, [0.1], 1), ValueError, "CyclicLR: base_lr: expected 2 of them"),
        (lambda o: L.CyclicLR(o, 0.1, 1, scale_fn=3), TypeError, "CyclicLR: scale_fn"),
        (lambda o: L.OneCycleLR(o, 1.0), ValueError, "OneCycleLR: total_steps"),
        (lambda o: L.OneCycleLR(o, 1.0, 5, pct_start=2), ValueError, "OneCycleLR: pct_start"),
        (lambda o: L.OneCycleLR(o, 1.0, 5, div_factor=0), ValueError, "div_factor: .*above 0"),
        (lambda o: L.ReduceLROnPlateau(o, factor=1.0), ValueError, "factor: .* below 1"),
        (lambda o: L.ReduceLROnPlateau(o, mode="up"), ValueError, "mode: expected one of"),
        (
            lambda o: L.ReduceLROnPlateau(o).step("a"),
            TypeError,
            "ReduceLROnPlateau.step: metrics: expected a number, got 'a'",
        ),
        (lambda o: L.ReduceLROnPlateau(o).step(fd.ones(2)), TypeError, "step: metrics"),
        (lambda o: L.SequentialLR(o, [], []), ValueError, "schedulers: expected at least one"),
        (lambda o: L.SequentialLR(o, [L.StepLR(o, 1)], [3]), ValueError, "milestones: expected 0"),
        (
            lambda o: L.SequentialLR(o, [L.StepLR(o, 1) for _ in range(3)], [4, 4]),
            ValueError,
            r"rising epochs, got \[4, 4\]",
        ),
        (
            lambda o: L.SequentialLR(o, [L.StepLR(optimizer_of(), 1)], []),
            ValueError,
            "of one optimizer, got another's at 0",
        ),
        (
            lambda o: L.SequentialLR(o, [L.ChainedScheduler([L.StepLR(o, 1)])], []),
            ValueError,
            "begin anew, got ChainedScheduler at 0",
        ),
        (
            lambda o: L.ChainedScheduler([L.StepLR(o, 1), L.ReduceLROnPlateau(o)]),
            ValueError,
            "ReduceLROnPlateau, which needs a measure, at 1",
        ),
        (lambda o: L.ChainedScheduler([o]), TypeError, "expected schedulers, got .*SGD"),
        (lambda o: L.StepLR(o, 1, last_epoch=3), ValueError, "group 0 to have 'initial_lr'"),
        (lambda o: L.StepLR(o, 1, last_epoch=-2), ValueError, "at least -1, got -2"),
        (lambda o: L.StepLR(o, 1, last_epoch=0.5), TypeError, "last_epoch: expected an int"),
        (
            lambda o: L.StepLR(o, 1).load_state_dict({"gamma": 0.1}),
            ValueError,
            r"StepLR.load_state_dict: expected also \['_last_lr', 'base_lrs'",
        ),
        (lambda o: L.StepLR(o, 1).load_state_dict(3), TypeError, "expected a dict, got 3"),
    ],
)
def test_bad_arguments(make, error, message):
    with pytest.raises(error, match=message):
        make(optimizer_of())


def test_refuses_and_changes_nothing():
    optimizer = optimizer_of()
    scheduler = L.StepLR(optimizer, 2)
    state = scheduler.state_dict()
    with pytest.raises(ValueError, match="base_lrs: expected 2 rates"):
        scheduler.load_state_dict({**state, "gamma": 5.0, "base_lrs": [1.0]})
    assert scheduler.state_dict() == state
    optimizer.add_param_group({"params": [fd.ones(1, requires_grad=True)]})
    with pytest.raises(ValueError, match="expected 2 groups, as when it was made, got 3"):
        scheduler.step()


def test_no_momentum_to_cycle():
    w = fd.ones(1, requires_grad=True)
    optimizer = optim.SGD([w], 0.1)
    L.CyclicLR(optimizer, 0.1, 1.0)  # it has a momentum, which is 0 until now
    del optimizer.defaults["momentum"]
    with pytest.raises(ValueError, match="cycle_momentum: expected an optimizer with momentum"):
        L.OneCycleLR(optimizer, 1.0, 10)


def test_a_sequence_may_begin_with_a_later_schedule():
    optimizer = optim.SGD([fd.tensor([0.0]).requires_grad_()], lr=1.0)
    parts = [L.LinearLR(optimizer, 0.1, total_iters=3), L.CosineAnnealingLR(optimizer, 10)]
    sequence = L.SequentialLR(optimizer, parts, [0])
    found = []
    for _ in range(4):
        found.append(optimizer.param_groups[0]["lr"])
        sequence.step()
    want = [1.0, 0.9755282581475768, 0.9045084971874737, 0.7938926261462366]
    assert found == pytest.approx(want, rel=1e-15)
