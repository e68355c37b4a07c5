"""A newer recorder changes the schema of a catalogue, and is killed while it does."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest

from storage import layout, migrations
from storage.disk import Disk
from storage.errors import StoreError
from storage.ring.erasing import erase
from storage.ring.ring import Ring
from storage.ring.values import Ground
from storage.store import Store
from storage.upgrading import keep_copy
from tests.reliability.promises import Tried
from tests.storage.build import a_call, a_store_with, all_calls, findings

ROOT = Path(__file__).resolve().parents[2]


class Upgrade(Protocol):
    """See `next_recorder`."""

    def __call__(self, store: Path, *, kill_before: int = 10_000) -> int: ...


@pytest.fixture
def next_recorder() -> Iterator[Upgrade]:
    """A later version, which opens a store and may be killed before one of its statements: a process of its own that
    forks for each, since this one is large and has threads. Gives the number of statements, 0 if it was killed."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.storage.next_recorder"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        text=True,
    ) as process:  # fmt: skip

        def upgraded(store: Path, *, kill_before: int = 10_000) -> int:
            assert process.stdin is not None and process.stdout is not None
            process.stdin.write(f"{kill_before} {store}\n")
            process.stdin.flush()
            return int(process.stdout.readline())

        yield upgraded
        assert process.stdin is not None
        process.stdin.close()


def schema(path: Path) -> tuple[int, frozenset[str]]:
    with sqlite3.connect(path) as connection:
        assert connection.execute("pragma integrity_check").fetchall() == [("ok",)]
        [(version,)] = connection.execute("pragma user_version")
        rows = connection.execute("select sql from sqlite_schema where sql is not null and name not like 'sqlite_%'")
        return version, frozenset(row[0] for row in rows)


@pytest.mark.promise("P1", "A11", "kill -9 before each statement of a change of schema")
async def test_a_kill_at_any_statement_leaves_the_old_schema_or_the_new_one(
    tmp_path: Path, next_recorder: Upgrade, tried: Tried
) -> None:
    """And the next start ends it; all calls are there, and a copy of what was is kept."""
    known = len(migrations.load())
    await a_store_with(made := tmp_path / "made", a_call("c-1"), a_call("c-2"))
    before = schema(made / layout.CATALOGUE)
    await a_store_with(whole := tmp_path / "whole", a_call("c-1"), a_call("c-2"))
    count = next_recorder(whole)
    after = schema(whole / layout.CATALOGUE)
    assert before[0] == known and after[0] == known + 2 and before[1] != after[1] and count > 12

    seen = set()
    for number in range(count):
        await a_store_with(store := tmp_path / str(number), a_call("c-1"), a_call("c-2"))
        assert next_recorder(store, kill_before=number) == 0
        found = schema(store / layout.CATALOGUE)
        assert found in (before, after)
        seen.add(found[0])
        if found == after:
            assert schema(store / layout.CATALOGUE_BEFORE) == before
        assert next_recorder(store) > 0
        assert schema(store / layout.CATALOGUE) == after
        with sqlite3.connect(store / layout.CATALOGUE) as connection:
            assert connection.execute("select id, mood from call order by id").fetchall() == [
                ("c-1", "calm"), ("c-2", "calm"),
            ]  # fmt: skip
        with sqlite3.connect(store / layout.CATALOGUE_BEFORE) as connection:
            assert connection.execute("select id from call order by id").fetchall() == [("c-1",), ("c-2",)]
        tried.cycles += 1
    assert seen == {before[0], after[0]}
    tried.worst, tried.limit = "old or new, the copy kept", "never between"


async def test_the_copy_brings_the_older_recorder_back(tmp_path: Path, next_recorder: Upgrade) -> None:
    """By hand, as docs/storage.md tells: the copy in the catalogue's place, and repair."""
    await a_store_with(store := tmp_path / "store", a_call("c-1"))
    next_recorder(store)
    with pytest.raises(StoreError, match="made by a newer recorder"):
        await Store.open(store)

    for ending in ("-wal", "-shm"):
        (store / f"{layout.CATALOGUE}{ending}").unlink(missing_ok=True)
    (store / layout.CATALOGUE_BEFORE).replace(store / layout.CATALOGUE)
    async with await Store.open(store, repair=True):
        pass

    assert [call.id for call in await all_calls(store)] == ["c-1"]
    assert {one.kind for one in await findings(store)} == {"set_aside"}


async def test_what_is_erased_is_in_no_copy(tmp_path: Path) -> None:
    """The copy belongs to the store as long as nothing is erased, and goes before anything is."""
    await a_store_with(store := tmp_path / "store", a_call("c-1"), a_call("c-2"))
    with sqlite3.connect(store / layout.CATALOGUE) as connection:
        connection.execute("vacuum into ?", (str(store / layout.CATALOGUE_BEFORE),))
    (store / layout.CATALOGUE_BEFORE).chmod(0o600)
    assert await findings(store) == []

    async with await Ring.open(store) as ring:
        now_ns = a_call().started_ns + 10**15
        ground = Ground(rule="r", article="", reason="over")
        await erase(ring, ["c-1"], ground, as_of_ns=now_ns, at_ns=now_ns, who="somebody", backup_days=7)

    assert not (store / layout.CATALOGUE_BEFORE).exists()
    assert [call.id for call in await all_calls(store)] == ["c-2"]


async def test_a_schema_that_is_known_is_not_copied(tmp_path: Path) -> None:
    await a_store_with(store := tmp_path / "store", a_call("c-1"))
    keep_copy(str(store), Disk())
    assert not (store / layout.CATALOGUE_BEFORE).exists()
