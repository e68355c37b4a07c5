"""What the tests of storage share: folders in memory, and no catalogue left open by a test that failed."""

from __future__ import annotations

import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from storage.catalogue import Catalogue

MEMORY = "/dev/shm"


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """A folder of this test's own, of which nothing remains. Real files; in memory where there is such a place, since
    a sync of a shared disk waits for everybody else's writes too."""
    place = MEMORY if os.access(MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="recorder-test-", dir=place) as folder:
        yield Path(folder)


@pytest.fixture(autouse=True)
async def no_catalogue_stays_open(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """An open catalogue has threads that the end of Python waits for: a test that fails must not hang the run."""
    opened: list[Catalogue] = []
    init = Catalogue.__init__

    def noting(self: Catalogue, *args, **kwargs) -> None:  # type: ignore[no-untyped-def]
        init(self, *args, **kwargs)
        opened.append(self)

    monkeypatch.setattr(Catalogue, "__init__", noting)
    yield
    for catalogue in opened:
        await catalogue.close()
