"""`fastdl.compile`: the same bits as eager, results that stay, memory, random draws."""

from __future__ import annotations

import gc
import weakref

import pytest

import fastdl as fd
from fastdl import nn, optim
from fastdl.nn import functional as F
from steps import LAYERS, LOSS_LAYERS, LOSSES, OPTIMIZERS, Training, batches

STEPS = 100

# ---- the same bits as eager ------------------------------------------------------------------


def check_equals_eager(make, steps=STEPS):
    results = []
    for wrap in (lambda f: f, fd.compile):
        training = make()
        step = wrap(training.step)
        losses = [step(x, y).item() for x, y in batches(steps)]
        results.append((losses, training.state(), fd.get_rng_state()))
    assert results[0] == results[1]


@pytest.mark.parametrize("layers", LAYERS)
def test_layers(layers):
    check_equals_eager(lambda: Training(layers))


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_optimizers(optimizer):
    check_equals_eager(lambda: Training("batchnorm", optimizer))


@pytest.mark.parametrize("loss", [*LOSSES, *LOSS_LAYERS])
def test_losses(loss):
    check_equals_eager(lambda: Training("dropout", "adam", loss))


class Wide(Training):
    """With tensors that are worth several threads."""

    def step(self, x, y):
        return super().step(fd.cat([x + 0.01 * i for i in range(100)]), fd.cat([y] * 100))


@pytest.mark.parametrize("threads", [1, 3])
def test_threads(threads):
    before = fd.get_num_threads()
    fd.set_num_threads(threads)
    try:
        check_equals_eager(lambda: Wide("batchnorm"), 6)
    finally:
        fd.set_num_threads(before)


def classes_of(module, base):
    found = [getattr(module, name) for name in module.__all__]
    return {c.__name__ for c in found if isinstance(c, type) and issubclass(c, base)}


def test_no_layer_is_left_out():
    """A new layer or loss stands in tests/steps.py."""
    inside = [m for make in LAYERS.values() for layer in make() for m in layer.modules()]
    covered = {type(m).__name__ for m in inside} | {"Module", "Sequential"} | {*LOSS_LAYERS}
    assert classes_of(nn, nn.Module) <= covered
    for name in LOSS_LAYERS:
        made = LOSS_LAYERS[name]()
        assert type(made[0] if isinstance(made, tuple) else made).__name__ == name


def test_no_optimizer_is_left_out():
    parameter = fd.zeros(2, requires_grad=True)
    covered = {type(make([parameter])).__name__ for make in OPTIMIZERS.values()}
    refused = {"LBFGS"}  # it reads the loss: see below
    assert classes_of(optim, optim.Optimizer) == covered | refused | {"Optimizer"}


def test_lbfgs_is_refused():
    w = fd.ones(3, requires_grad=True)
    optimizer = optim.LBFGS([w])

    def closure():
        optimizer.zero_grad()
        loss = (w * w).sum()
        loss.backward()
        return loss

    with pytest.raises(fd.CaptureError, match=r"LBFGS|\.py:"):
        fd.compile(lambda: optimizer.step(closure))()


def test_averages():
    """Polyak's, in the step."""

    class Averaged(Training):
        def __init__(self):
            super().__init__("batchnorm", "adam")
            self.average = optim.PolyakAverage(self.model.parameters())

        def step(self, x, y):
            loss = super().step(x, y)
            self.average.update()
            return loss

        def state(self):
            with self.average.applied():
                return super().state()

    check_equals_eager(Averaged)


class Penalized(Training):
    """With the gradient's square in the loss."""

    def step(self, x, y):
        self.optimizer.zero_grad()
        x = x.detach().requires_grad_()
        loss = self.loss(self.model(x), y)
        (g,) = fd.autograd.grad(loss, x, create_graph=True)
        (loss + (g * g).sum()).backward()
        self.optimizer.step()
        return loss


@pytest.mark.parametrize("layers", LAYERS)
def test_gradient_penalty(layers):
    steps = STEPS if layers in ("batchnorm relu", "dropouts", "layernorm") else 5
    check_equals_eager(lambda: Penalized(layers, "adam"), steps)


def test_gradient_penalty_with_batchnorm_and_dropout():
    def make():
        training = Penalized("batchnorm", "adam")
        training.model = nn.Sequential(
            nn.Linear(20, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.3), nn.Linear(16, 7)
        )
        training.optimizer = optim.AdamW(training.model.parameters(), 0.01)
        return training

    check_equals_eager(make)


def test_mlp_in_float64():
    class Double(Training):
        def __init__(self):
            super().__init__("batchnorm relu")
            self.model.to(fd.float64)
            self.optimizer = optim.Adam(self.model.parameters())

        def step(self, x, y):
            return super().step(x.double(), y)

    check_equals_eager(Double, 20)


def test_it_is_replayed():
    calls = []
    training = Training()

    @fd.compile
    def step(x, y):
        calls.append(1)
        return training.step(x, y)

    for x, y in batches(5):
        step(x, y)
    assert len(calls) == 1
    assert "captured" in repr(step)


# ---- results ---------------------------------------------------------------------------------


def test_held_results_are_not_overwritten():
    training = Training("batchnorm")
    step = fd.compile(lambda x, y: (training.step(x, y), training.model(x).detach()))
    held = [step(x, y) for x, y in batches(6)]
    again = Training("batchnorm")
    for (loss, out), (x, y) in zip(held, batches(6), strict=True):
        assert loss.item() == again.step(x, y).item()
        assert out.numpy().tobytes() == again.model(x).detach().numpy().tobytes()


def test_a_held_view_or_array_of_a_result():
    f = fd.compile(lambda x: x * 2)
    f(fd.zeros(4))
    view, array = f(fd.full((4,), 1.0))[1:3], f(fd.full((4,), 2.0)).numpy()
    for _ in range(3):
        f(fd.full((4,), 9.0))
    assert (view.tolist(), array.tolist()) == ([2, 2], [4, 4, 4, 4])


def test_a_view_of_a_view_of_an_argument():
    """What only a view holds that is gone counts as gone."""
    w = fd.ones(2, requires_grad=True)
    f = fd.compile(lambda x: w.detach() * x.detach().narrow(0, 1, 1).unsqueeze(0)[..., :1].sum())
    for n in (3.0, 4.0, 5.0):
        assert f(fd.tensor([[0.0, 0.0], [n, 1.0]])).tolist() == [n, n]


def test_held_gradients_are_not_overwritten():
    training = Training()
    step = fd.compile(training.step)
    w = training.model[0].weight
    held, copies = [], []
    for x, y in batches(5):
        step(x, y)
        held += [w.grad, w.grad[0]]
        copies += [w.grad.tolist(), w.grad[0].tolist()]
    assert [h.tolist() for h in held] == copies


def test_gradients_that_were_taken_away_come_back():
    training, expected = Training(), Training()
    step = fd.compile(training.step)
    for x, y in batches(4):
        training.optimizer.zero_grad()
        step(x, y)
        expected.step(x, y)
        assert training.state() == expected.state()


def test_results_that_are_arguments_or_parameters():
    w = fd.ones(2)
    f = fd.compile(lambda x: (x, x[1:], w, x.add_(1)))
    for k in (1.0, 5.0):
        x = fd.full((3,), k)
        same, part, outside, changed = f(x)
        assert outside.data_ptr() == w.data_ptr()
        assert same.data_ptr() == changed.data_ptr() == x.data_ptr()
        assert part.data_ptr() == x[1:].data_ptr()
        assert x.tolist() == [k + 1] * 3


def test_results_are_detached():
    w = fd.ones(2, requires_grad=True)
    f = fd.compile(lambda x: w * x)
    assert not f(fd.ones(2)).requires_grad
    assert not f(fd.ones(2)).requires_grad


def test_nothing_is_allocated_after_the_first_steps():
    training = Training("dropout", "adam")
    step = fd.compile(training.step)
    data = batches(6)
    for x, y in data:
        loss = step(x, y)
    before = fd._C.pool_stats()
    for x, y in data * 5:
        loss = step(x, y)
    after = fd._C.pool_stats()
    assert loss.item() > 0
    assert after["fresh_allocations"] == before["fresh_allocations"]
    assert after["live_bytes"] == before["live_bytes"]


def test_memory_is_given_back():
    gc.collect()
    live = fd._C.pool_stats()["live_bytes"]
    training = Training("batchnorm", "adam")
    step = fd.compile(training.step)
    for x, y in batches(3):
        step(x, y)
    model = weakref.ref(training.model)
    del step, training, x, y
    gc.collect()
    assert model() is None
    assert fd._C.pool_stats()["live_bytes"] == live


def test_memory_is_reused_within_a_step():
    """What a step frees, it uses again: its memory does not grow with its length."""

    def loop(n):
        def f(x):
            for _ in range(n):
                x = fd.exp(x * 0.001)
            return x

        f = fd.compile(f)
        x = fd.zeros(100_000)
        before = fd._C.pool_stats()["live_bytes"]
        f(x)
        return fd._C.pool_stats()["live_bytes"] - before

    assert loop(60) == loop(30)


# ---- random draws ----------------------------------------------------------------------------


def test_a_generator_of_its_own():
    def run(wrap):
        generator = fd.Generator(5)
        f = wrap(lambda x: F.dropout(x, 0.5, generator=generator) + fd.randn(8))
        fd.manual_seed(1)
        out = [f(fd.ones(8)).tolist() for _ in range(4)]
        generator.manual_seed(9)
        out += [f(fd.ones(8)).tolist() for _ in range(3)]
        return out, generator.get_state(), fd.get_rng_state()

    assert run(lambda f: f) == run(fd.compile)


def test_a_generator_made_or_seeded_in_the_step():
    def run(wrap):
        def f(x):
            fd.manual_seed(3)
            return F.dropout(x, 0.5, generator=fd.Generator(7)) + fd.rand(8)

        f = wrap(f)
        return [f(fd.ones(8)).tolist() for _ in range(4)], fd.get_rng_state()

    assert run(lambda f: f) == run(fd.compile)


def test_seeding_again_repeats_the_draws():
    f = fd.compile(lambda: fd.randn(5))
    fd.manual_seed(4)
    first = [f().tolist() for _ in range(3)]
    fd.manual_seed(4)
    assert [f().tolist() for _ in range(3)] == first
    assert len({tuple(draw) for draw in first}) == 3
