"""A virtual cable for each test, and never one left behind."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.capture.wire.cables import Cable


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


@pytest.fixture
def cable(lay_cable: Callable[[], Cable]) -> Cable:
    return lay_cable()
