"""What the tests of the ring share."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiosqlite
import pytest

from storage.catalogue import Catalogue
from tests.storage.fragile_disk import FragileDisk


@pytest.fixture
def rows_are_steps(monkeypatch: pytest.MonkeyPatch) -> list[FragileDisk]:
    """Transactions break too, before and after; put the disk that shall count them into the list."""
    disks: list[FragileDisk] = []
    transaction = Catalogue.transaction

    @asynccontextmanager
    async def stepping(self: Catalogue) -> AsyncIterator[aiosqlite.Connection]:
        for disk in disks:
            disk.step("before a transaction")
        async with transaction(self) as writer:
            yield writer
        for disk in disks:
            disk.step("after a transaction")

    monkeypatch.setattr(Catalogue, "transaction", stepping)
    return disks
