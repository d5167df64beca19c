"""The thread pool: the same bits on any number of threads, and what a process may meet."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

import fastdl as fd
from fastdl.nn import functional as F

THREADS = (1, 2, 3, 8)
PATH = os.path.dirname(os.path.dirname(fd.__file__))


@pytest.fixture(autouse=True)
def threads_restored():
    before = fd.get_num_threads()
    yield
    fd.set_num_threads(before)


def array(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype("float32")


X = array(600, 1001)
LABELS = np.arange(600) % 1001


def with_gradient(f):
    def run(x):
        x = fd.tensor(x).requires_grad_()
        y = f(x)
        (g,) = fd.autograd.grad(y, x, fd.tensor(array(*y.shape, seed=1)))
        return y.detach(), g

    return run


def adam(x):
    p = fd.nn.Parameter(fd.tensor(x))
    optimizer = fd.optim.Adam([p], lr=0.1)
    for seed in (1, 2):
        p.grad = fd.tensor(array(*x.shape, seed=seed))
        optimizer.step()
    return (p.detach(),)


def layer_norm_columns(x):
    w, b = (fd.ones(1001).requires_grad_() for _ in range(2))
    F.layer_norm(fd.tensor(x), (1001,), w, b).backward(fd.tensor(array(*x.shape, seed=1)))
    return w.grad, b.grad


CASES = {
    "exp": with_gradient(fd.exp),
    "tanh": with_gradient(fd.tanh),
    "add": with_gradient(lambda x: x + x.T[:600].sum()),
    "transposed": with_gradient(lambda x: x.T.contiguous() * 2),
    "sum": with_gradient(lambda x: x.sum()),
    "sum rows": with_gradient(lambda x: x.sum(1)),
    "sum columns": with_gradient(lambda x: x.sum(0)),
    "var": with_gradient(lambda x: x.var(0)),
    "softmax": with_gradient(lambda x: F.softmax(x, 1)),
    "softmax columns": with_gradient(lambda x: F.softmax(x, 0)),
    "log_softmax": with_gradient(lambda x: F.log_softmax(x, 1)),
    "logsumexp": with_gradient(lambda x: fd.logsumexp(x, 1)),
    "cross_entropy": with_gradient(lambda x: F.cross_entropy(x, fd.tensor(LABELS))),
    "batch_norm": with_gradient(lambda x: F.batch_norm(x, None, None, training=True)),
    "dropout": with_gradient(lambda x: F.dropout(x, 0.3, generator=fd.Generator(7))),
    "matmul": with_gradient(lambda x: x @ x.T),
    "linear": with_gradient(lambda x: F.linear(x, fd.tensor(array(300, 1001, seed=3)))),
    "small product": with_gradient(lambda x: x[:200, :300] @ x[200:500, :200]),
    "batched": with_gradient(lambda x: x.reshape(20, 30, 1001) @ x.reshape(20, 30, 1001).mT),
    "one column": with_gradient(lambda x: x @ x[0]),
    "gelu": with_gradient(F.gelu),
    "log_softmax columns": with_gradient(lambda x: F.log_softmax(x, 0)),
    "narrow batch_norm": with_gradient(
        lambda x: F.batch_norm(x.reshape(-1, 7)[:70_000], None, None, training=True)
    ),
    "leaky_relu": with_gradient(F.leaky_relu),
    "selu": with_gradient(F.selu),
    "layer_norm": with_gradient(lambda x: F.layer_norm(x, (1001,))),
    "layer_norm columns": layer_norm_columns,
    "one row": with_gradient(lambda x: x[0] @ x.T),
    "randn": lambda x: (fd.randn(700, 1001, generator=fd.Generator(7)),),
    "randint": lambda x: (fd.randint(0, 9, (700, 1001), generator=fd.Generator(7)),),
    "exponential": lambda x: (fd.zeros(700, 1001).exponential_(generator=fd.Generator(7)),),
    "bernoulli": lambda x: (fd.bernoulli(fd.tensor(abs(x) % 1), generator=fd.Generator(7)),),
    "multinomial": lambda x: (fd.multinomial(fd.tensor(abs(x)), 50, generator=fd.Generator(7)),),
    "multinomial again": lambda x: (
        fd.multinomial(fd.tensor(abs(x)), 500, True, generator=fd.Generator(7)),
    ),
    "triu": with_gradient(lambda x: x.triu(5)),
    "scatter": with_gradient(lambda x: (x * 0).scatter(0, fd.tensor(LABELS[:, None] % 600), x)),
    "masked_fill": with_gradient(lambda x: x.masked_fill(fd.tensor(X > 0), 2.0)),
    "einsum": with_gradient(lambda x: fd.einsum("ij,kj,k->ik", x, x, x[:, 0])),
    "adam": adam,
}


@pytest.mark.parametrize("name", CASES)
def test_the_same_bits(name):
    results = []
    for threads in THREADS:
        fd.set_num_threads(threads)
        results.append([t.numpy().tobytes() for t in CASES[name](X)])
    assert all(r == results[0] for r in results[1:])


def test_large_work_is_shared():
    """With several threads, processor time is spent outside of the calling thread."""
    x = fd.tensor(array(4_000_000))
    elsewhere = {}
    for threads in (1, 2):
        fd.set_num_threads(threads)
        process, own = time.process_time(), time.thread_time()
        for _ in range(20):
            fd.exp(x)
        own = time.thread_time() - own
        elsewhere[threads] = (time.process_time() - process - own) / own
    assert elsewhere[1] < 0.05
    if len(os.sched_getaffinity(0)) > 1:
        assert elsewhere[2] > 0.2


def test_idle_threads_sleep():
    fd.set_num_threads(4)
    fd.exp(fd.tensor(array(4_000_000)))
    time.sleep(0.05)
    before = time.process_time()
    time.sleep(0.3)
    assert time.process_time() - before < 0.05


@pytest.mark.parametrize("place", [3, 700_001, 3_999_999])
def test_an_exception_of_any_part(place):
    index = np.zeros(4_000_000, np.int64)
    index[place] = 9
    index[-1] = index[-1] or 8
    for threads in THREADS:
        fd.set_num_threads(threads)
        with pytest.raises(IndexError, match=rf"got 9 at position \({place},\)"):
            fd.tensor([1.0, 2.0]).index_select(0, fd.tensor(index))
    assert fd.exp(fd.tensor(X)).shape == X.shape  # the pool still works


def test_several_python_threads():
    fd.set_num_threads(2)
    expected = fd.exp(fd.tensor(X)).numpy().tobytes()
    results = []

    def work():
        results.extend(fd.exp(fd.tensor(X)).numpy().tobytes() == expected for _ in range(50))

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert results == [True] * 200


def test_fork():
    fd.set_num_threads(2)
    x = fd.tensor(X)
    expected = fd.exp(x).numpy().tobytes()
    child = os.fork()
    if child == 0:  # no pytest in here
        good = all(fd.exp(x).numpy().tobytes() == expected for _ in range(3))
        os._exit(0 if good else 1)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            break
        time.sleep(0.01)
    else:
        os.kill(child, 9)
        pytest.fail("the child hangs")
    assert os.waitstatus_to_exitcode(status) == 0
    assert fd.exp(x).numpy().tobytes() == expected


def fresh(code, **env):
    return subprocess.run(
        [sys.executable, "-c", f"import os, sys; sys.path.insert(0, {PATH!r})\n{code}"],
        env={**os.environ, **env}, capture_output=True, text=True,
    )  # fmt: skip


SHOW = "import fastdl; print(fastdl.get_num_threads())"


def test_the_variable():
    assert fresh(SHOW, FASTDL_NUM_THREADS="3").stdout.strip() == "3"


@pytest.mark.parametrize("value", ["0", "-1", "two", "2.5", "3x", "100000"])
def test_a_wrong_variable(value):
    done = fresh(SHOW, FASTDL_NUM_THREADS=value)
    assert "FASTDL_NUM_THREADS: expected a whole number from 1 to 1024" in done.stderr
    assert f"got {value}" in done.stderr


def test_affinity():
    code = f"os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])\n{SHOW}"
    assert fresh(code, FASTDL_NUM_THREADS="").stdout.strip() == "1"


@pytest.mark.parametrize(("value", "error"), [(0, ValueError), (-2, ValueError), (1.5, TypeError)])
def test_a_wrong_number(value, error):
    before = fd.get_num_threads()
    with pytest.raises(error, match="set_num_threads: num_threads: expected"):
        fd.set_num_threads(value)
    assert fd.get_num_threads() == before
