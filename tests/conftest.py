"""What all tests share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

import fastdl as fd


@pytest.fixture(params=["cpu"])
def device(request: pytest.FixtureRequest) -> str:
    """Each device there is."""
    return request.param


@contextmanager
def _past_cache(on: bool) -> Iterator[None]:
    fd._C.set_cache_limit(0 if on else 1 << 62)
    fd._C.set_guards(True)
    try:
        yield
        fd._C.check_guards()
    finally:
        fd._C.set_cache_limit(-1)
        fd._C.set_guards(False)


@pytest.fixture
def past_cache() -> Callable[[bool], AbstractContextManager[None]]:
    """`with past_cache(True)` results are written past the caches, however small; guarded."""
    return _past_cache


@pytest.fixture(autouse=True)
def grad_mode() -> Iterator[None]:
    """A test that fails while recording is off does not make others fail."""
    yield
    fd.set_grad_enabled(True)
