"""Random numbers of Python and NumPy in a compiled step: refused, with the line that draws them."""

from __future__ import annotations

import random
import re
import sys
from pathlib import Path

import numpy as np
import pytest

import fastdl as fd
from steps import counted

GENERATOR, TWISTER, PYTHONS = np.random.default_rng(0), np.random.RandomState(0), random.Random(0)
DRAWN = {
    "random": lambda x: x * random.random(),
    "uniform": lambda x: x * random.uniform(1, 2),
    "shuffle": lambda x: random.shuffle([1, 2, 3, 4]),
    "seed": lambda x: random.seed(random.getrandbits(3)),
    "numpy": lambda x: x * np.random.rand(),
    "numpy normal": lambda x: fd.from_numpy(np.random.standard_normal(3)),
    "generator": lambda x: x * GENERATOR.random(),
    "state": lambda x: x * TWISTER.rand(),
    "Random": lambda x: x * PYTHONS.random(),
}


@pytest.mark.parametrize("name", DRAWN)
def test_random_numbers_of_others_are_refused(name):
    draw = DRAWN[name]

    def step(x):
        y = x * 2
        draw(y)
        return y

    line = draw.__code__.co_firstlineno
    if name in ("generator", "state", "Random"):  # which the function itself names
        step = draw
    match = f"{re.escape(Path(__file__).name)}:{line}: a random number of .* is drawn.*fastdl.rand"
    with pytest.raises(fd.CaptureError, match=match):
        fd.compile(step)(fd.ones(3))
    assert sys.gettrace() is None
    DRAWN[name](fd.ones(3))


def test_random_numbers_of_others_under_a_tracer():
    """As of a debugger, which goes on."""
    f = fd.compile(lambda x: x * random.random())

    def tracer(frame, event, argument):
        return None

    sys.settrace(tracer)
    try:
        with pytest.raises(fd.CaptureError, match=r"foreign_draws.py:\d+: a random number"):
            f(fd.ones(3))
        assert sys.gettrace() is tracer
    finally:
        sys.settrace(None)


def test_random_numbers_of_others_outside_are_none_of_ours():
    random.random()
    f, captures = counted(lambda x: x * 2)
    for _ in range(3):
        np.random.rand()
        f(fd.full((2,), random.random()))
    assert len(captures) == 1
