"""The buffer pool and its guard bands."""

from __future__ import annotations

import ctypes
import threading

import pytest

import fastdl as fd

stats = fd._C.pool_stats


@pytest.mark.parametrize("n", [0, 1, 15, 16, 17, 1000, 4097, 100_000, 3_000_000])
def test_buffers_are_aligned_and_whole(n):
    tensors = [fd.full((n,), float(i), dtype=fd.float32) for i in range(3)]
    for i, x in enumerate(tensors):
        assert x.data_ptr() % 64 == 0
        assert (x.numpy() == i).all()


def test_memory_is_used_again():
    x = fd.ones(12_345)
    place = x.data_ptr()
    del x
    before = stats()["fresh_allocations"]
    y = fd.ones(12_345)
    assert y.data_ptr() == place and stats()["fresh_allocations"] == before


def test_a_training_loop_allocates_nothing_fresh():
    w = fd.ones(300, requires_grad=True)

    def step():
        (w * 2).exp().tanh().backward(fd.ones(300))
        w.grad = None

    for _ in range(3):
        step()
    before = stats()["fresh_allocations"]
    for _ in range(100):
        step()
    assert stats()["fresh_allocations"] == before


def test_statistics():
    before = stats()
    x = fd.empty(100_000)
    during = stats()
    assert during["live_buffers"] == before["live_buffers"] + 1
    size = during["live_bytes"] - before["live_bytes"]
    assert 400_000 <= size <= 1.26 * 400_000
    views = [x[i:] for i in range(5)]
    assert stats()["live_buffers"] == during["live_buffers"]
    del x
    assert stats()["live_buffers"] == during["live_buffers"]
    del views
    after = stats()
    assert after["live_buffers"] == before["live_buffers"]
    assert after["live_bytes"] == before["live_bytes"]
    assert after["cached_bytes"] >= size


def test_the_cache_can_be_emptied():
    fd.empty(100_000)
    assert stats()["cached_bytes"] > 0
    fd._C.empty_cache()
    assert stats()["cached_bytes"] == 0
    assert fd.ones(100_000).numpy().all()


def test_sizes_that_are_not_asked_for_again_do_not_pile_up():
    fd._C.empty_cache()
    for megabytes in range(50, 1000, 50):
        fd.empty(megabytes * 2**20, dtype=fd.uint8)
    assert stats()["cached_bytes"] < 3 * 2**30  # all of them are 9 GiB


def test_life_goes_on_after_a_memory_error():
    with pytest.raises(MemoryError):
        fd.empty(2**46)
    before = stats()["live_buffers"]
    with pytest.raises(MemoryError):
        fd.empty(2**60, dtype=fd.uint8)
    assert stats()["live_buffers"] == before
    assert fd.ones(10).tolist() == [1] * 10


def test_every_size_class():
    """Neighbouring sizes do not overlap, whatever class they fall into."""
    sizes = [*range(0, 600, 7), *[2**k + d for k in range(9, 22) for d in (-1, 0, 1)]]
    tensors = [fd.full((n,), i % 256, dtype=fd.uint8) for i, n in enumerate(sizes)]
    for i, x in enumerate(tensors):
        assert (x.numpy() == i % 256).all()


def test_threads():
    failures = []

    def work(k):
        for i in range(200):
            x = fd.full((100 + 37 * (i % 20),), k, dtype=fd.float32)
            if not (x.numpy() == k).all():
                failures.append(k)

    before = stats()["live_buffers"]
    threads = [threading.Thread(target=work, args=(float(k),)) for k in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not failures and stats()["live_buffers"] == before


# ---- guard bands -------------------------------------------------------------------------------


@pytest.fixture
def guards():
    fd._C.check_guards()
    fd._C.set_guards(True)
    yield
    fd._C.set_guards(False)


@pytest.mark.parametrize("n", [0, 1, 15, 16, 1000])
@pytest.mark.parametrize("freed", [False, True])
@pytest.mark.parametrize("where", ["before", "after", "far after"])
def test_writing_outside_is_found(guards, n, freed, where):
    x = fd.empty(n, dtype=fd.uint8)
    fd._C.check_guards()
    offset = {"before": -1, "after": n, "far after": n + 60}[where]
    place = x.data_ptr() + offset
    old = ctypes.string_at(place, 1)
    ctypes.memset(place, 0x5A, 1)
    if freed:
        del x
    with pytest.raises(RuntimeError, match=r"guard bands: 1 buffer"):
        fd._C.check_guards()
    if not freed:
        ctypes.memmove(place, old, 1)
    fd._C.check_guards()  # reported once, or repaired


def test_writing_inside_is_fine(guards):
    x = fd.empty(1000)
    x.fill_(1)
    y = (x * 2).exp()
    del x
    fd._C.check_guards()
    assert y.data_ptr() % 64 == 0


def test_guarded_and_plain_buffers_mix(guards):
    x = fd.ones(100)
    fd._C.set_guards(False)
    y = fd.ones(100)
    fd._C.set_guards(True)
    del y
    z = fd.ones(100)
    del x, z
    fd._C.check_guards()
