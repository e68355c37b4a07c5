"""Tallies stay, are never counted twice, and cost a crash no more than what came since the last sync."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from storage.catalogue import Catalogue
from storage.store import Finished, Store
from storage.tallies import Run, Tally
from tests.storage.build import findings, unanswered

DAY, NEXT = "2026-11-22", "2026-11-23"


async def counted(path: Path, day: str | None = None) -> list[tuple[int, str, str, int]]:
    async with await Store.open_read_only(path) as store:
        return [(one.run, one.day, one.reason, one.count) for one in await store.tallies(day)]


async def test_sums_grow_by_day_and_reason(tmp_path: Path) -> None:
    async with await Store.open(tmp_path, create=True) as store:
        await store.begin_run("a.pcap")
        store.tally(DAY, {"frames": 10, "icmp": 1, "tls": 0})
        await store.sync()
        store.tally(DAY, {"frames": 5, "udp_not_media": -2})
        store.tally(NEXT, {"frames": 7})
        store.end_run()

    assert await counted(tmp_path) == [
        (1, DAY, "frames", 15), (1, DAY, "icmp", 1), (1, DAY, "udp_not_media", -2), (1, NEXT, "frames", 7)
    ]  # fmt: skip
    assert await counted(tmp_path, NEXT) == [(1, NEXT, "frames", 7)]
    assert await findings(tmp_path) == []


async def test_each_run_counts_for_itself(tmp_path: Path) -> None:
    for _ in range(2):
        async with await Store.open(tmp_path, create=True) as store:
            await store.begin_run("a\x1b.pcap")
            store.tally(DAY, {"frames": 10})
            store.end_run()

    async with await Store.open_read_only(tmp_path) as store:
        assert await store.runs() == [Run(1, "a\x1b.pcap", True), Run(2, "a\x1b.pcap", True)]
        assert await store.tallies() == [Tally(1, DAY, "frames", 10), Tally(2, DAY, "frames", 10)]


async def test_a_crash_takes_what_came_since_the_last_sync(tmp_path: Path) -> None:
    store = await Store.open(tmp_path, create=True)
    await store.begin_run("a.pcap")
    store.tally(DAY, {"frames": 10})
    await store.sync()
    store.tally(DAY, {"frames": 90})

    assert await counted(tmp_path) == [(1, DAY, "frames", 10)]
    async with await Store.open_read_only(tmp_path) as reader:
        assert [run.complete for run in await reader.runs()] == [False]
    await store.close()


async def test_calls_and_tallies_go_together(tmp_path: Path) -> None:
    async with await Store.open(tmp_path, create=True) as store:
        await store.begin_run("a.pcap")
        store.tally(DAY, {"dialogs_ended": 1})
        await store.finish([Finished(unanswered("u1"))])

        assert await counted(tmp_path) == [(1, DAY, "dialogs_ended", 1)]


@pytest.mark.parametrize("too_late", [False, True])
async def test_what_the_catalogue_refused_comes_with_the_next_sync_and_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, too_late: bool
) -> None:
    """Also if the commit had worked, and only the answer was lost."""
    store = await Store.open(tmp_path, create=True)
    await store.begin_run("a.pcap")
    writer = store.catalogue._writer
    assert writer is not None
    commit = writer.commit

    async def unsure() -> None:
        if too_late:
            await commit()
        raise sqlite3.OperationalError("disk I/O error")

    with monkeypatch.context() as patch:
        patch.setattr(writer, "commit", unsure)
        store.tally(DAY, {"frames": 10})
        await store.sync()
    assert await counted(tmp_path) == ([(1, DAY, "frames", 10)] if too_late else [])

    store.tally(DAY, {"frames": 1})
    await store.close()
    assert await counted(tmp_path) == [(1, DAY, "frames", 11)]


async def test_nothing_is_tallied_without_a_run(tmp_path: Path) -> None:
    async with await Store.open(tmp_path, create=True) as store:
        with pytest.raises(ValueError, match="before a run"):
            store.tally(DAY, {"frames": 1})


async def test_calls_of_a_time_are_those_that_started_in_it(tmp_path: Path) -> None:
    path = tmp_path / "c"
    path.touch()
    catalogue = await Catalogue.open(str(path), uuid="u")
    await catalogue.add_calls([unanswered(f"c{at}", started_ns=at) for at in range(5)])

    assert [call.id async for call in catalogue.calls(1, 4)] == ["c1", "c2", "c3"]
    await catalogue.close()
