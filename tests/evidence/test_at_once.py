"""Who finishes calls and who syncs enter things at the same time: each once, none lost."""

from __future__ import annotations

import asyncio
from pathlib import Path

from storage.register import Draft
from storage.ring.ring import Ring
from storage.store import Finished, Store
from tests.storage.build import START, findings, unanswered


async def test_finishing_and_syncing_at_once_enters_everything_once(tmp_path: Path) -> None:
    async with await Store.open(tmp_path, create=True) as store:

        async def finish(number: int) -> None:
            await store.finish([Finished(unanswered(f"u-{number}", started_ns=START + number))])

        async def sync(number: int) -> None:
            store.enter(Draft(START, "gap", "recorder", {"n": number}))
            await store.sync()

        await asyncio.gather(*(act(number) for number in range(20) for act in (finish, sync)))
    async with await Ring.open(tmp_path) as ring:
        entries = list(ring.register.read(ring.register.tail()))

    assert sorted(one.fields["n"] for one in entries if one.kind == "gap") == list(range(20))
    calls = [one.fields["call"] for one in entries if one.kind == "recorded"]
    assert sorted(calls) == sorted(f"u-{number}" for number in range(20))
    assert await findings(tmp_path) == []
