"""A virtual cable for each test, and never one left behind."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.capture.wire.cables import Cable
from tests.conftest import needs_root


@pytest.fixture
def lay_cable(as_root: None) -> Iterator[Callable[[], Cable]]:
    """Lays as many cables as a test wants."""
    cables: list[Cable] = []

    def lay(name: str | None = None) -> Cable:
        cables.append(Cable(name))
        return cables[-1]

    try:
        yield lay
    finally:
        for cable in cables:
            cable.remove()


@pytest.fixture(scope="session")
def cable() -> Iterator[Cable]:
    """One for all tests that leave it as it was: to remove an interface takes the kernel a while."""
    needs_root()
    cable = Cable()
    try:
        yield cable
    finally:
        cable.remove()
