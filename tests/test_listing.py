"""`print(step)`: what is listed of a compiled function."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

import fastdl as fd
from fastdl import nn, optim
from steps import Training, batches


def lines_of(step):
    """(name, operands, bytes, operations) of each line but the first and the last."""
    rows = [re.split(r"\s{2,}", line.strip()) for line in str(step).split("\n")[2:-1]]
    return [(r[1], r[2], *(int(n.replace(",", "")) for n in r[3:5])) for r in rows]


def test_before_the_first_call():
    @fd.compile
    def step(x):
        return x

    assert str(step).endswith("step: not captured yet")


def test_every_call_has_a_line():
    layer = nn.Linear(64, 10)
    f = fd.compile(lambda x: (layer(x), fd.exp(x)))
    with fd.no_grad():
        f(fd.ones(32, 64))
    assert lines_of(f) == [
        ("linear", "float32 (32, 10) (32, 64) (64, 10) (10,)",
         4 * (320 + 2048 + 640 + 10), 2 * 32 * 64 * 10),
        ("exp", "float32 (32, 64) (32, 64)", 2 * 4 * 2048, 2048),
    ]  # fmt: skip
    first, *_, last = str(f).split("\n")
    assert first.endswith("2 kernel calls")
    assert last.split() == ["total", f"{4 * (3018 + 4096):,}", f"{40960 + 2048:,}"]


def test_dtypes_and_expanded_operands():
    f = fd.compile(lambda x, y: fd.where(x > y, x, y))
    f(fd.ones(100), fd.ones(1))
    assert lines_of(f) == [
        ("gt", "bool (100,) float32 (100,) (100,)", 100 + 400 + 4, 100),
        ("where", "float32 (100,) bool (100,) float32 (100,) (100,)", 400 + 100 + 400 + 4, 100),
    ]


@pytest.mark.parametrize("make", [optim.SGD, optim.Adam, optim.RMSprop])
def test_bytes_of_an_update(make):
    """Parameters and state are read and written, gradients read."""
    p = fd.zeros(1000, requires_grad=True)
    p.grad = fd.ones(1000)
    optimizer = make([p], lr=0.1)
    step = fd.compile(lambda: optimizer.step())
    step()
    states = {"SGD": 0, "Adam": 2, "RMSprop": 1}[make.__name__]
    *_, (_, _, moved, operations) = lines_of(step)
    flat = 4 * 1008  # whole cache lines
    assert moved == pytest.approx(2 * (1 + states) * flat + 4000, abs=150)
    assert operations == 1008


def test_the_latest_capture_comes_first():
    f = fd.compile(lambda x: x + 1)
    f(fd.ones(3))
    f(fd.ones(4))
    assert ["(4,)" in part for part in str(f).split("\n\n")] == [True, False]


# ---- profiles and pictures -------------------------------------------------------------------


def test_a_profile_has_all_lines_and_changes_nothing():
    training = Training("dropouts", "adam")
    step = fd.compile(training.step)
    x, y = batches(1)[0]
    with pytest.raises(ValueError, match="call the step first"):
        step.profile(x, y)
    loss = step(x, y)
    kept = loss.item()
    before = training.state(), fd.get_rng_state(), x.tolist()
    profile = step.profile(x, y)
    assert (training.state(), fd.get_rng_state(), x.tolist()) == before
    assert loss.item() == kept
    assert [t.line.name for t in profile.lines] == [name for name, *_ in lines_of(step)]
    assert all(t.seconds > 0 and t.floor > 0 for t in profile.lines)
    assert profile.seconds == pytest.approx(sum(t.seconds for t in profile.lines))
    assert len(str(profile).split("\n")) == len(profile.lines) + 3
    again = Training("dropouts", "adam")
    for _ in range(2):
        expected = again.step(x, y)
    fd.set_rng_state(before[1])
    assert step(x, y).item() == expected.item()


def test_a_profile_leaves_gradients_that_accumulate():
    w = fd.ones(5, requires_grad=True)
    step = fd.compile(lambda x: (w * x).sum().backward())
    for _ in range(3):
        step(fd.ones(5))
    step.profile(fd.ones(5))
    assert w.grad.tolist() == [3] * 5


def test_a_picture(tmp_path):
    training = Training("batchnorm", "adam")
    step = fd.compile(training.step)
    with pytest.raises(ValueError, match="call it first"):
        step.draw(tmp_path / "step.svg")
    step(*batches(1)[0])
    with pytest.raises(ValueError, match=r"ends in \.svg, got step\.png"):
        step.draw("step.png")
    step.draw(tmp_path / "step.svg")
    root = ElementTree.parse(tmp_path / "step.svg").getroot()
    texts = ["".join(text.itertext()) for text in root.iter("{http://www.w3.org/2000/svg}text")]
    for name, *_ in lines_of(step):
        assert any(text.startswith(name) for text in texts)
    assert len(list(root.iter("{http://www.w3.org/2000/svg}path"))) > 5
