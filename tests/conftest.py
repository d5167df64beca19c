"""What all tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import fastdl as fd


@pytest.fixture(params=["cpu"])
def device(request: pytest.FixtureRequest) -> str:
    """Each device there is."""
    return request.param


@pytest.fixture(autouse=True)
def grad_mode() -> Iterator[None]:
    """A test that fails while recording is off does not make others fail."""
    yield
    fd.set_grad_enabled(True)
