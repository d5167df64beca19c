"""no_grad, enable_grad, set_grad_enabled; threads; detach."""

from __future__ import annotations

import threading

import pytest

import fastdl as fd


def leaf(*values, dtype=fd.float64):
    """A leaf of those values, or of shape () for one."""
    return fd.tensor(values[0] if len(values) == 1 else values, dtype=dtype, requires_grad=True)


def test_no_grad():
    x = leaf(1.0)
    with fd.no_grad():
        y = x * 2
        assert not fd.is_grad_enabled()
        with fd.enable_grad():
            z = x * 2
        assert not fd.is_grad_enabled()
    assert fd.is_grad_enabled() and not y.requires_grad and z.requires_grad


def test_modes_as_decorators_keep_names():
    @fd.no_grad()
    def f(x):
        """Doc."""
        return x * 2

    @fd.enable_grad()
    def g(x):
        return x * 2

    assert not f(leaf(1.0)).requires_grad and f.__name__ == "f" and f.__doc__ == "Doc."
    with fd.no_grad():
        assert g(leaf(1.0)).requires_grad

    @fd.no_grad
    def bare(x):
        """Doc."""
        return x * 2

    assert not bare(leaf(1.0)).requires_grad and bare.__doc__ == "Doc."
    assert fd.enable_grad(lambda: fd.is_grad_enabled())() and fd.is_grad_enabled()
    with pytest.raises(TypeError, match=r"no_grad: expected a function, got bool"):
        fd.no_grad(True)

    @fd.no_grad()
    def recursive(n):
        return fd.is_grad_enabled() if n == 0 else recursive(n - 1)

    assert recursive(3) is False and fd.is_grad_enabled()


def test_modes_end_with_exceptions():
    with pytest.raises(KeyError), fd.no_grad():
        raise KeyError
    assert fd.is_grad_enabled()
    switch = fd.no_grad()
    with switch, switch:
        pass
    assert fd.is_grad_enabled()


def test_set_grad_enabled():
    with fd.set_grad_enabled(False):
        assert not fd.is_grad_enabled()
        with fd.set_grad_enabled(True):
            assert fd.is_grad_enabled()
        assert not fd.is_grad_enabled()
    assert fd.is_grad_enabled()
    fd.set_grad_enabled(False)
    try:
        assert not fd.is_grad_enabled()
    finally:
        fd.set_grad_enabled(True)


def test_set_grad_enabled_as_a_decorator():
    @fd.set_grad_enabled(False)
    def f():
        return fd.is_grad_enabled()

    assert fd.is_grad_enabled()
    assert f() is False
    assert fd.is_grad_enabled()


def test_modes_belong_to_threads():
    seen = []
    with fd.no_grad():
        thread = threading.Thread(target=lambda: seen.append(fd.is_grad_enabled()))
        thread.start()
        thread.join()
    assert seen == [True]


def test_threads_differentiate_at_once():
    failures = []

    def work(k):
        for i in range(50):
            x = leaf(float(i))
            (x * x * k).backward()
            if x.grad.item() != 2 * i * k:
                failures.append((k, i))

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not failures


def test_detach():
    x = leaf(1.0, 2.0)
    y = x * 2
    d = y.detach()
    assert not d.requires_grad and d.is_leaf and d.data_ptr() == y.data_ptr()
    (d * y).backward(fd.ones(2, dtype=fd.float64))
    assert x.grad.tolist() == [4, 8]
    y = x * 2
    assert y.detach_() is y and not y.requires_grad


def test_a_change_of_detached_memory_is_noticed():
    x = leaf(1.0, 2.0)
    y = x.exp()
    y.detach().mul_(2)
    with pytest.raises(RuntimeError, match=r"changed in place"):
        y.backward(fd.ones(2, dtype=fd.float64))
