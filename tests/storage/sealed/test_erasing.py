# ruff: noqa: ASYNC240 (nothing else runs in these tests' loops)
"""Erased is erased: the key first, everywhere, then the file; whatever is left of either says nothing to anybody."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Collection
from pathlib import Path

import pytest

from storage import layout
from storage.disk import Disk
from storage.errors import SealedError
from storage.reading import open_read_only
from storage.ring import media
from storage.ring.ring import Ring
from storage.sealed.key import unwrapped
from storage.sealed.key_store import KeyStore
from storage.sealed.reader import Reader
from storage.store import Finished, Store
from storage.wav import PCM16
from tests.reliability.promises import Tried
from tests.storage.build import SECOND, START, a_call, a_store_with, all_calls, audio, findings
from tests.storage.fragile_disk import FragileDisk, PowerCut
from tests.storage.ring.build import NOW, erase, hold, some_calls
from tests.storage.ring.test_erasing import entries
from tests.storage.sealed.build import ESCROW, OFFICE, RECIPIENTS, a_sealed_store, everything, heard


def keys_in(path: Path) -> dict[str, list[bytes]]:
    """Wrapped keys by call, in a key store or a backup of one."""
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        found: dict[str, list[bytes]] = {}
        for call, wrapped in connection.execute("select call, wrapped from key order by segment"):
            found.setdefault(call, []).append(wrapped)
        return found
    finally:
        connection.close()


async def test_what_is_erased_can_not_be_opened_with_any_key_left(tmp_path: Path) -> None:
    """100 of 1,000, with the files themselves still at hand: none opens with what the disk has, and 900 do. The chain
    verifies."""
    count, doomed = 1000, [f"c-{n}" for n in range(0, 1000, 10)]
    async with await Store.open(tmp_path, create=True, recipients=RECIPIENTS) as store:
        finished = []
        for number in range(count):
            call = a_call(f"c-{number}", started_ns=START + number)
            part = store.begin(call, encoding=PCM16)
            part.write(0, audio(16, number))
            finished.append(Finished(call, part))
        await store.finish(finished)
    files = {path.name: path.read_bytes() for path in tmp_path.rglob("*.sealed")}
    wrapped = keys_in(tmp_path / "keys.sqlite")

    await erase(tmp_path, doomed)

    left = everything(tmp_path)  # the image of the disk, SQLite's logs included
    assert not any(age in left for one in doomed for age in wrapped[one])
    assert not any(age[len(age) // 2 : len(age) // 2 + 32] in left for one in doomed for age in wrapped[one])
    after = keys_in(tmp_path / "keys.sqlite")
    assert set(after) == {f"c-{n}" for n in range(count)} - set(doomed)
    ciphers = [unwrapped(age, [OFFICE]) for age in (one[0] for one in list(after.values())[:50])]
    for name in doomed[:10]:  # every secret that is left, on what was erased
        [found] = [data for file, data in files.items() if file.endswith(f"-{name}.sealed")]
        (tmp_path.parent / "erased.sealed").write_bytes(found)
        for cipher in ciphers:
            with pytest.raises(SealedError), Reader.open(Disk(), str(tmp_path.parent / "erased.sealed"), {1: cipher}):
                pass
        (tmp_path.parent / "erased.sealed").unlink()
    opened = 0
    async with await open_read_only(tmp_path) as store:
        async for call in store.calls():
            cipher = unwrapped(after[call.id][0], [ESCROW])
            with Reader.open(store.disk, store.path_of(call) or "", {1: cipher}) as reader:
                opened += bytes(reader.read(0, 16)) == audio(16, int(call.id[2:]))
    assert opened == 900
    assert await findings(tmp_path) == []


async def test_until_when_backups_open_what_was_erased_is_told_and_entered(tmp_path: Path) -> None:
    await a_sealed_store(tmp_path, *some_calls(3))

    erased = await erase(tmp_path, ["c-0", "c-1"])

    until = layout.day_of(NOW + 7 * 86_400 * SECOND)
    assert (erased.keys, erased.backups_until) == (2, until)
    [entry] = await entries(tmp_path, "erased")
    assert entry.fields["backups_until"] == until


async def test_of_plain_recordings_there_is_no_such_day(tmp_path: Path) -> None:
    await a_store_with(tmp_path, *some_calls(1))
    assert (await erase(tmp_path, ["c-0"])).backups_until is None
    [entry] = await entries(tmp_path, "erased")
    assert "backups_until" not in entry.fields


async def test_a_backup_of_the_key_store_is_erased_again_by_the_next_start(tmp_path: Path) -> None:
    """Who puts an old key store back brings no key back that was destroyed since."""
    await a_sealed_store(tmp_path, *some_calls(3))
    shutil.copy(tmp_path / "keys.sqlite", tmp_path.parent / "backup")
    await erase(tmp_path, ["c-0"])
    shutil.move(tmp_path.parent / "backup", tmp_path / "keys.sqlite")
    for ending in ("-wal", "-shm"):
        (tmp_path / f"keys.sqlite{ending}").unlink(missing_ok=True)

    await (await Store.open(tmp_path)).close()

    assert set(keys_in(tmp_path / "keys.sqlite")) == {"c-1", "c-2"}
    assert await findings(tmp_path) == []


async def test_the_key_goes_before_the_file(tmp_path: Path) -> None:
    await a_sealed_store(tmp_path, *some_calls(2))
    seen: list[Collection[str]] = []

    class Watching(Disk):
        def unlink(self, path: str) -> None:
            if path.endswith(".sealed"):
                seen.append(set(keys_in(tmp_path / "keys.sqlite")))
            super().unlink(path)

    await erase(tmp_path, ["c-0"], disk=Watching())

    assert seen == [{"c-1"}]


async def test_a_hold_keeps_the_key_and_a_move_leaves_it(tmp_path: Path) -> None:
    root, second = tmp_path / "store", tmp_path / "second"
    second.mkdir()
    await a_sealed_store(root, *some_calls(3))
    await hold(root, "c-0")

    await erase(root, ["c-0", "c-1"])
    async with await Ring.open(root) as ring:
        moved = await media.move(ring, ["c-2"], str(second), at_ns=NOW, who="recorder")

    assert moved.moved == ("c-2",)
    assert set(keys_in(root / "keys.sqlite")) == {"c-0", "c-2"}
    assert await heard(root, "c-2") == audio(400, 3)
    assert await findings(root) == []
    await erase(root, ["c-2"])
    assert set(keys_in(root / "keys.sqlite")) == {"c-0"}
    assert not list(second.rglob("*.sealed"))


@pytest.mark.promise("P9", "A6", "killed before each step of erasing sealed recordings")
async def test_a_kill_before_every_step_of_erasing_leaves_nothing_that_opens(
    tmp_path: Path, rows_and_keys_are_steps: list[FragileDisk], tried: Tried
) -> None:
    step = 0
    while True:
        root = tmp_path / str(step)
        await a_sealed_store(root, *some_calls(6))
        disk = FragileDisk(fail_before=step)
        rows_and_keys_are_steps[:] = [disk]
        try:
            await erase(root, ["c-0", "c-2", "c-3"], disk=disk)
        except PowerCut:
            pass
        disk.let_go()
        rows_and_keys_are_steps.clear()
        is_decided = b'"erased"' in everything(root / "register")
        await (await Store.open(root)).close()
        there = {call.id for call in await all_calls(root)}
        assert there == {"c-1", "c-4", "c-5"} if is_decided else there == {f"c-{n}" for n in range(6)}
        with_key = {"c-1", "c-4", "c-5"} if is_decided else {"c-0", "c-1", "c-2", "c-4", "c-5"}
        assert set(keys_in(root / "keys.sqlite")) == with_key
        assert {path.name[7:-7] for path in root.rglob("*.sealed")} == with_key
        assert await findings(root) == []
        if not disk.fired:
            break
        tried.cycles = step = step + 1
    assert step > 14


@pytest.fixture
def rows_and_keys_are_steps(rows_are_steps: list[FragileDisk], monkeypatch: pytest.MonkeyPatch) -> list[FragileDisk]:
    """Destroying keys breaks too, before and after."""
    destroy = KeyStore.destroy

    def stepping(self: KeyStore, calls: Collection[str]) -> int:
        for disk in rows_are_steps:
            disk.step("before keys are destroyed")
        had = destroy(self, calls)
        for disk in rows_are_steps:
            disk.step("after keys are destroyed")
        return had

    monkeypatch.setattr(KeyStore, "destroy", stepping)
    return rows_are_steps
