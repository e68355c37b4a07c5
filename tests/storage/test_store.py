# ruff: noqa: ASYNC220, ASYNC240 (nothing else runs in these tests' loops)
"""A store from the outside: begin, write, finish, list; one writer; nobody else may look."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import sqlite3
import subprocess
import sys
import textwrap
import wave
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from storage.catalogue import Catalogue
from storage.disk import Disk
from storage.errors import DiskFailed, StoreBusy, StoreError
from storage.ring import holds
from storage.ring.ring import Ring
from storage.ring.values import Scope
from storage.store import Finished, Store
from storage.wav import HEADER_BYTES, PCM16, ULAW
from tests.storage.build import (
    FOLDER,
    SECOND,
    START,
    a_call,
    a_recording,
    a_store_with,
    all_calls,
    audio,
    findings,
    unanswered,
)
from tests.storage.fragile_disk import FragileDisk

ROOT = Path(__file__).resolve().parents[2]


async def test_a_call_becomes_a_wav_file_and_a_row(tmp_path: Path) -> None:
    call = a_call(recording=a_recording())
    async with await Store.open(tmp_path / "store", create=True) as store:
        part = store.begin(call, encoding=PCM16, starts_ns=START + SECOND // 2)
        assert part.path == f"{tmp_path}/store/{FOLDER}/091502-c1.wav.part"
        part.write(0, audio(801))

        [kept] = await store.finish([Finished(call, part)])

        assert [kept] == [call async for call in store.calls()]
        path = store.path_of(kept)
    assert path == f"{tmp_path}/store/{FOLDER}/091502-c1.wav"
    assert kept.recording is not None
    assert replace(kept, recording=a_recording()) == call
    assert (kept.recording.frames, kept.recording.streams) == (801, a_recording().streams)
    assert kept.recording.sha256 == sha256(Path(path).read_bytes()).digest()
    with wave.open(path) as file:
        assert file.readframes(file.getnframes()) == audio(801)


@pytest.mark.parametrize("size", [1, 4, 5, 60])
async def test_groups_of_any_size_come_back_in_their_order(tmp_path: Path, size: int) -> None:
    async with await Store.open(tmp_path, create=True) as store:
        group = []
        for number in range(size):
            call = a_call(f"c{number}", started_ns=START + number * 3600 * SECOND)
            part = store.begin(call, encoding=ULAW)
            part.write(0, audio(100, number, encoding=ULAW))
            group.append(Finished(call, part))
        group.insert(1, Finished(unanswered("u")))

        kept = await store.finish(group)

    assert [call.id for call in kept] == [one.call.id for one in group]
    assert {call.id for call in kept if call.recording is None} == {"u"}
    assert await findings(tmp_path) == []


async def test_the_day_is_the_japanese_one(tmp_path: Path) -> None:
    """15:00 UTC is midnight in Japan: the call belongs to the next day's folder."""
    async with await Store.open(tmp_path, create=True) as store:
        midnight = START - 15 * 3600 * SECOND - 902 * SECOND + 6 * 3600 * SECOND - SECOND

        before = store.begin(a_call("c1", started_ns=midnight), encoding=PCM16)
        after = store.begin(a_call("c2", started_ns=midnight + SECOND), encoding=PCM16)

        assert before.name == "2026/11/21/235959-c1.wav"
        assert after.name == "2026/11/22/000000-c2.wav"
        before.discard()
        after.discard()


@pytest.mark.parametrize("bad", ["", "a/b", "..", "a.b", "é", "x" * 129, "a\n"])
async def test_only_our_own_ids_become_names(tmp_path: Path, bad: str) -> None:
    async with await Store.open(tmp_path, create=True) as store:
        with pytest.raises(ValueError):
            store.begin(a_call(bad), encoding=PCM16)


async def test_a_recording_without_a_frame_is_no_recording(tmp_path: Path) -> None:
    async with await Store.open(tmp_path, create=True) as store:
        part = store.begin(a_call(), encoding=PCM16)

        [kept] = await store.finish([Finished(a_call(), part)])

        assert (kept.outcome, kept.recording) == ("no_audio", None)
        assert not os.path.exists(part.path)


async def test_a_call_without_right_to_audio_cant_be_given_any(tmp_path: Path) -> None:
    async with await Store.open(tmp_path, create=True) as store:
        part = store.begin(a_call(), encoding=PCM16)
        part.write(0, audio(1))

        with pytest.raises(ValueError, match="excluded, but has audio"):
            await store.finish([Finished(a_call(outcome="excluded"), part)])
        part.discard()


async def test_an_existing_recording_is_never_overwritten(tmp_path: Path) -> None:
    """A file that lies where the recording belongs stays; the call says that its own audio isn't there."""
    async with await Store.open(tmp_path, create=True) as store:
        part = store.begin(a_call(), encoding=PCM16)
        part.write(0, audio(10))
        final = Path(part.path.removesuffix(".part"))
        final.write_bytes(b"precious")

        [kept] = await store.finish([Finished(a_call(), part)])

        assert (kept.recording, kept.flags) == (None, ("disk_error",))
        assert final.read_bytes() == b"precious"
        assert os.path.exists(part.path)


async def test_nobody_but_the_owner_can_read_anything(tmp_path: Path) -> None:
    umask = os.umask(0)
    try:
        await a_store_with(tmp_path / "store", a_call())
        async with await Store.open(tmp_path / "store") as store:
            store.begin(a_call("c2"), encoding=PCM16)
            for folder, _, files in os.walk(tmp_path / "store"):
                assert os.stat(folder).st_mode & 0o777 == 0o700
                for name in files:
                    assert os.stat(os.path.join(folder, name)).st_mode & 0o777 == 0o600, name
    finally:
        os.umask(umask)


async def test_a_second_process_is_refused_with_the_pid_of_the_first(tmp_path: Path) -> None:
    """And may read meanwhile; and may write once the first is gone, however it went."""
    holder = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent("""
            import asyncio, sys
            from storage.store import Store
            async def hold():
                await Store.open(sys.argv[1], create=True)
                print("ready", flush=True)
                await asyncio.sleep(60)
            asyncio.run(hold())
         """), str(tmp_path)],
        stdout=subprocess.PIPE, cwd=ROOT,
    )  # fmt: skip
    try:
        assert holder.stdout is not None
        assert await asyncio.to_thread(holder.stdout.readline) == b"ready\n"

        with pytest.raises(StoreBusy) as refused:
            await Store.open(tmp_path)

        assert str(refused.value) == f"The store {tmp_path} is used by process {holder.pid}."
        assert refused.value.pid == holder.pid
        assert await all_calls(tmp_path) == []
        assert await findings(tmp_path) == []
    finally:
        holder.kill()
        holder.wait()
        assert holder.stdout is not None
        holder.stdout.close()
    await (await Store.open(tmp_path)).close()


async def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear")

    with pytest.raises(StoreError) as refused:
        await Store.open(tmp_path, create=True)

    assert str(refused.value) == f"The folder {tmp_path} is not empty, and no store."
    assert os.listdir(tmp_path) == ["letter.txt"]


@pytest.mark.parametrize("open_it", [Store.open, Store.open_read_only])
async def test_what_isnt_there_is_refused(tmp_path: Path, open_it) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(StoreError, match="There is no store in .*/nothing"):
        await open_it(tmp_path / "nothing")
    assert os.listdir(tmp_path) == []


async def test_a_catalogue_from_another_store_is_refused(tmp_path: Path) -> None:
    """An old backup, or the wrong disk: both names are in the sentence."""
    for name in ("one", "two"):
        await a_store_with(tmp_path / name, a_call())
    uuids = [json.loads((tmp_path / name / "store.json").read_text())["store"] for name in ("one", "two")]
    os.replace(tmp_path / "two/catalogue.sqlite", tmp_path / "one/catalogue.sqlite")

    for open_it in (Store.open, Store.open_read_only):
        with pytest.raises(StoreError) as refused:
            await open_it(tmp_path / "one")
        assert all(uuid in str(refused.value) for uuid in uuids)


@pytest.mark.parametrize(
    "meta, sentence",
    [
        (b"", "is damaged"),
        (b"[]", "is damaged"),
        (b'{"format": "1", "store": "x"}', "is damaged"),
        (b"\xff" * 50, "is damaged"),
        (b'{"format": 2, "store": "x"}', "has format 2, made by a newer recorder"),
        (None, "has a catalogue, but no store.json"),
    ],
)
async def test_a_store_json_that_says_nothing_is_refused(tmp_path: Path, meta: bytes | None, sentence: str) -> None:
    await a_store_with(tmp_path)
    if meta is None:
        (tmp_path / "store.json").unlink()
    else:
        (tmp_path / "store.json").write_bytes(meta)

    with pytest.raises(StoreError, match=sentence):
        await Store.open(tmp_path)


@pytest.mark.parametrize("meta", [None, b"", b"{"])
async def test_a_lost_store_json_is_made_anew_when_asked_for(tmp_path: Path, meta: bytes | None) -> None:
    await a_store_with(tmp_path, a_call())
    before = json.loads((tmp_path / "store.json").read_text())
    (tmp_path / "store.json").unlink()
    if meta is not None:
        (tmp_path / "store.json").write_bytes(meta)

    async with await Store.open(tmp_path, repair=True) as store:
        assert store.rebuilt is None

    after = json.loads((tmp_path / "store.json").read_text())
    assert [after[name] for name in ("store", "salt")] == [before[name] for name in ("store", "salt")]
    assert after["opened"] == before["opened"] + 1
    assert await findings(tmp_path) == []


async def test_a_store_json_isnt_made_of_a_catalogue_that_isnt_the_registers(tmp_path: Path) -> None:
    for name in ("one", "two"):
        await a_store_with(tmp_path / name, a_call())
        async with await Ring.open(tmp_path / name) as ring:
            await holds.place(ring, Scope(call="c1"), at_ns=START, who="w", reason="r")
    os.replace(tmp_path / "two/catalogue.sqlite", tmp_path / "one/catalogue.sqlite")
    (tmp_path / "one/store.json").unlink()

    with pytest.raises(StoreError, match="and the register to"):
        await Store.open(tmp_path / "one", repair=True)
    assert not (tmp_path / "one/store.json").exists()


async def test_sync_costs_nothing_when_nothing_was_written(tmp_path: Path) -> None:
    disk = FragileDisk()
    store = await Store.open(tmp_path, create=True, disk=disk)
    part = store.begin(a_call(), encoding=PCM16)
    await store.sync()
    disk.steps.clear()

    await store.sync()
    assert disk.steps == []
    part.write(0, audio(1))
    await store.sync()
    assert disk.steps == ["write", "sync_all"]
    await store.close()


@pytest.mark.parametrize("together", [2, 9])
async def test_a_failed_sync_is_never_believed(tmp_path: Path, together: int) -> None:
    """The calls are kept, and say that the disk may have lost something of them, though the next sync works."""
    disk = FragileDisk(error=errno.EIO, only="sync_all" if together > 4 else "sync_file")
    await a_store_with(tmp_path)
    store = await Store.open(tmp_path, disk=disk)
    disk.fail_from_now()
    group = []
    for number in range(together):
        part = store.begin(a_call(f"c{number}"), encoding=PCM16)
        part.write(0, audio(10, number))
        group.append(Finished(a_call(f"c{number}"), part))

    kept = await store.finish(group)
    await store.close()

    hurt = [call for call in kept if call.flags == ("disk_error",)]
    assert len(hurt) == (together if together > 4 else 1)
    assert all(call.recording is not None for call in kept)
    assert await findings(tmp_path) == []


async def test_a_growing_part_remembers_a_failed_sync(tmp_path: Path) -> None:
    """What had been written before is suspect; a call that began after it isn't."""
    await a_store_with(tmp_path)
    disk = FragileDisk(fail_before=0, error=errno.EIO, only="sync_all")
    async with await Store.open(tmp_path, disk=disk) as store:
        before = store.begin(a_call("c1"), encoding=PCM16)
        before.write(0, audio(10))
        with pytest.raises(DiskFailed) as failed:
            await store.sync()
        after = store.begin(a_call("c2"), encoding=PCM16)
        after.write(0, audio(10))
        await store.sync()

        kept = await store.finish([Finished(a_call("c1"), before), Finished(a_call("c2"), after)])

    assert str(failed.value) == f"The store {tmp_path} could not be synced: Input/output error."
    assert [call.flags for call in kept] == [("disk_error",), ()]


async def test_calls_wait_for_a_catalogue_that_is_busy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The files are in place; the rows come with the next group, once each."""
    monkeypatch.setattr("storage.catalogue._BUSY_S", 0.05)
    store = await Store.open(tmp_path, create=True)
    part = store.begin(a_call("c1"), encoding=PCM16)
    part.write(0, audio(10))
    other = sqlite3.connect(tmp_path / "catalogue.sqlite", isolation_level=None)
    other.execute("begin immediate")

    with pytest.raises(DiskFailed, match="database is locked; 1 calls wait for it"):
        await store.finish([Finished(a_call("c1"), part)])
    assert [call.id for call in store.waiting] == ["c1"]
    other.rollback()
    other.close()
    [kept] = await store.finish([Finished(unanswered("c2", started_ns=START + 1))])
    await store.close()

    assert kept.id == "c2"
    assert [call.id for call in await all_calls(tmp_path)] == ["c1", "c2"]
    assert await findings(tmp_path) == []


async def test_what_waits_is_entered_at_the_latest_when_the_store_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also if the commit had worked, and only the answer was lost."""
    add_calls = Catalogue.add_calls
    store = await Store.open(tmp_path, create=True)

    async def unsure(self: Catalogue, calls, **more) -> None:  # type: ignore[no-untyped-def]
        await add_calls(self, calls[:1])
        raise sqlite3.OperationalError("disk I/O error")

    with monkeypatch.context() as patch:
        patch.setattr(Catalogue, "add_calls", unsure)
        with pytest.raises(DiskFailed):
            await store.finish([Finished(unanswered("u1")), Finished(unanswered("u2"))])
    await store.close()

    assert [call.id for call in await all_calls(tmp_path)] == ["u1", "u2"]


async def test_parts_grow_while_others_are_finished(tmp_path: Path) -> None:
    async with await Store.open(tmp_path, create=True) as store:
        growing = store.begin(a_call("long"), encoding=PCM16)
        group = []
        for number in range(40):
            part = store.begin(a_call(f"c{number}"), encoding=PCM16)
            part.write(0, audio(500, number))
            group.append(Finished(a_call(f"c{number}"), part))

        finishing = asyncio.gather(store.finish(group[:20]), store.finish(group[20:]))
        for block in range(200):
            growing.write(block * 10, audio(10, block))
            if block % 20 == 0:
                await store.sync()
        await finishing
        await store.finish([Finished(a_call("long"), growing)])

    assert await findings(tmp_path) == []
    assert len(await all_calls(tmp_path)) == 41


async def test_without_syncfs_each_file_is_synced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Disk, "has_sync_all", False)
    disk = FragileDisk()
    store = await Store.open(tmp_path, create=True, disk=disk)
    group = [Finished(a_call(f"c{number}"), store.begin(a_call(f"c{number}"), encoding=PCM16)) for number in range(6)]
    for seed, one in enumerate(group):
        assert one.part is not None
        one.part.write(0, audio(10, seed))
    disk.steps.clear()

    await store.sync()
    assert disk.steps == ["sync_file"] * 6
    await store.finish(group)
    assert disk.steps.count("sync_file") == 13  # the last is the register's
    await store.close()
    assert await findings(tmp_path) == []


async def test_the_steps_are_those_that_are_written_down(tmp_path: Path) -> None:
    """docs/formats.md, Keep: head, sync, (hash,) rename, folder."""
    disk = FragileDisk()
    store = await Store.open(tmp_path, create=True, disk=disk)
    group = [Finished(a_call(f"c{number}"), store.begin(a_call(f"c{number}"), encoding=PCM16)) for number in range(5)]
    for one in group:
        assert one.part is not None
        one.part.write(0, audio(10))
    disk.steps.clear()

    await store.finish(group)

    assert disk.steps == (
        ["write"] * 5 + ["sync_all"] + ["rename_new"] * 5 + ["sync_directory"]
        + ["make_directory", "create", "write", "sync_file", "sync_directory"]  # the register
    )  # fmt: skip
    await store.close()


async def test_no_descriptor_is_left_behind(tmp_path: Path) -> None:
    await a_store_with(tmp_path, a_call("c0"))
    before = len(os.listdir("/proc/self/fd"))
    async with await Store.open(tmp_path) as store:
        parts = [store.begin(a_call(f"c{number}"), encoding=PCM16) for number in range(1, 20)]
        for part in parts:
            part.write(0, audio(5))
        parts[0].discard()
        await store.finish([Finished(a_call(f"c{n}"), part) for n, part in enumerate(parts[1:], 2)])
        store.begin(a_call("left"), encoding=PCM16).write(0, audio(5))

    assert len(os.listdir("/proc/self/fd")) == before


async def test_a_head_may_be_told_more_while_the_call_goes_on(tmp_path: Path) -> None:
    async with await Store.open(tmp_path, create=True) as store:
        part = store.begin(a_call(extension=None), encoding=PCM16)
        part.write(0, audio(10))

        store.describe(part, a_call(extension="2101"))

        head = Path(part.path).read_bytes()[:HEADER_BYTES]
        assert b'"extension":"2101"' in head
        assert part.read(0, 10) == audio(10)
        part.discard()


async def test_a_new_store_is_whole_or_not_there(tmp_path: Path) -> None:
    """Its name is synced before it counts, and the catalogue's before anything is entered."""
    disk = FragileDisk()

    await (await Store.open(tmp_path, create=True, disk=disk)).close()

    lock = ["truncate", "write"]
    meta = ["unlink", "create", "write", "sync_file", "replace", "sync_directory"]
    named, opened, closed = meta, meta, meta
    assert disk.steps == [*lock, *named, "create", "sync_directory", *opened, *closed]


def test_each_new_folders_parent_is_synced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[str] = []
    monkeypatch.setattr(Disk, "sync_directory", lambda self, path: synced.append(os.path.relpath(path, tmp_path)))
    disk = Disk()

    disk.make_directory(str(tmp_path / "2026/11/22"))
    disk.make_directory(str(tmp_path / "2026/11/23"))
    disk.make_directory(str(tmp_path / "2026/11/23"))

    assert synced == [".", "2026", "2026/11", "2026/11"]
