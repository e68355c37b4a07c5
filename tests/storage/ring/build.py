"""Stores with a ring, for its tests."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from storage.disk import Disk
from storage.records import CallRecord
from storage.ring import erasing, holds
from storage.ring.ring import Ring
from storage.ring.values import Erased, Ground, Hold, Scope
from tests.storage.build import SECOND, START, a_call, unanswered

NOW = START + 100 * 24 * 3600 * SECOND
DAY = 24 * 3600 * SECOND
RULE = Ground(rule="3 months", article="要綱第7条第3項", reason="3 months ended 2027-02-22")


def some_calls(count: int, *, apart_ns: int = SECOND) -> list[CallRecord]:
    """Recorded calls c-0, c-1 and so on, every fourth one unanswered."""
    return [
        (unanswered if number % 4 == 3 else a_call)(f"c-{number}", started_ns=START + number * apart_ns)
        for number in range(count)
    ]


async def erase(root: Path, ids: Sequence[str], *, disk: Disk | None = None) -> Erased:
    async with await Ring.open(root, disk=disk) as ring:
        return await erasing.erase(ring, ids, RULE, as_of_ns=NOW, at_ns=NOW, who="recorder", backup_days=7)


async def hold(root: Path, call: str | None = None, *, disk: Disk | None = None, **scope: object) -> Hold:
    async with await Ring.open(root, disk=disk) as ring:
        return await holds.place(
            ring, Scope(call=call, **scope), at_ns=NOW, who="sato", reason="a complaint"  # type: ignore[arg-type]
        )


def files(root: Path) -> list[str]:
    """Every recording, by its path in the store."""
    return sorted(
        os.path.relpath(os.path.join(folder, name), root)
        for folder, _, names in os.walk(root)
        for name in names
        if name.endswith((".wav", ".part"))
    )
