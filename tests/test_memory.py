"""Training does not grow."""

from __future__ import annotations

import gc

import pytest

import fastdl as fd
import fastdl.nn.functional as F
from fastdl import nn, optim


def resident() -> int:
    """Bytes of this process in memory."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * 4096


@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "compiled"])
def test_resident_memory_stays_where_it_was(compiled):
    fd.manual_seed(0)
    model = nn.Sequential(
        nn.Linear(16, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Dropout(0.2), nn.Linear(32, 4)
    )
    optimizer = optim.Adam(model.parameters(), lr=1e-3)

    def step(x, y):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    run = fd.compile(step) if compiled else step
    x, y = fd.randn(32, 16), fd.randint(0, 4, (32,))
    losses = [run(x, y).item() for _ in range(100)]
    gc.collect()
    before, pool = resident(), fd._C.pool_stats()["live_bytes"]
    for _ in range(9_900):
        losses[0] = run(x, y).item()
    gc.collect()
    assert fd._C.pool_stats()["live_bytes"] == pool
    assert resident() - before < 1 << 20
