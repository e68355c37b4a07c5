# ruff: noqa: ASYNC221, ASYNC230, ASYNC240 (nothing else runs in these tests' loops)
"""A store whose recordings are sealed keeps every promise that a plain one keeps, and tells nobody what was said."""

from __future__ import annotations

import random
import shutil
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from storage.disk import Disk
from storage.errors import DiskFailed, StoreError
from storage.presence import verify_presence
from storage.sealed.opening import open_sealed
from storage.sealed.reader import Reader
from storage.store import Finished, Store
from storage.wav import ALAW, PCM16
from tests.memory import found_in
from tests.packages import require
from tests.storage.build import FOLDER, SECOND, START, a_call, a_recording, all_calls, audio, findings, unanswered
from tests.storage.fragile_disk import FragileDisk, PowerCut
from tests.storage.sealed.build import ESCROW, OFFICE, RECIPIENTS, a_sealed_store, everything, heard
from tests.storage.simulated_disk import SimulatedDisk


async def test_each_recipient_alone_hears_every_sample(tmp_path: Path) -> None:
    await a_sealed_store(tmp_path, a_call("c-1"), unanswered("c-2"))

    [call, _] = await all_calls(tmp_path)
    assert call.recording is not None and call.is_sealed
    assert call.recording.path == f"{FOLDER}/091502-c-1.sealed"
    assert call.recording.sealed_bytes == (tmp_path / call.recording.path).stat().st_size
    assert await heard(tmp_path, "c-1", identity=OFFICE) == await heard(tmp_path, "c-1", identity=ESCROW) == audio(400)
    assert await findings(tmp_path) == []
    assert [one async for one in verify_presence(tmp_path)] == []


async def test_nothing_of_the_audio_and_no_number_is_in_the_clear_beside_the_catalogue(tmp_path: Path) -> None:
    sound = audio(40_000, 7)
    async with await Store.open(tmp_path, create=True, recipients=RECIPIENTS) as store:
        part = store.begin(a_call("c-1"), encoding=PCM16)
        for start in range(0, 40_000, 3000):
            part.write(start, sound[4 * start : 4 * (start + 3000)])
            await store.sync()
        while_it_grows = everything(tmp_path)
        await store.finish([Finished(a_call("c-1"), part)])
    everywhere = while_it_grows + everything(tmp_path)

    assert found_in(everywhere, {sound[at : at + 32] for at in range(0, len(sound), 32)}) == set()
    [file] = tmp_path.rglob("*.sealed")
    assert b"236411212" not in file.read_bytes()
    assert b"236411212" not in (tmp_path / "keys.sqlite").read_bytes()  # it stood there while the call went on


async def test_any_age_tool_opens_a_key_and_the_opener_the_recording(tmp_path: Path) -> None:
    """The way of an expert who has the files, a secret key and docs/sealed.md."""
    require("age")
    store = tmp_path / "store"
    await a_sealed_store(store, a_call("c-1"))
    [file] = store.rglob("*.sealed")
    (tmp_path / "secret.txt").write_text(f"{ESCROW}\n")
    with sqlite3.connect(store / "keys.sqlite") as keys:
        [(wrapped,)] = keys.execute("select wrapped from key where call = 'c-1'")
    keys.close()
    (tmp_path / "1.age").write_bytes(wrapped)
    opener = Path(__file__).resolve().parents[3] / "docs" / "opener" / "open_sealed.py"

    run = subprocess.run(
        [sys.executable, opener, file, "--key", f"1={tmp_path / '1.age'}",
         "--identity", tmp_path / "secret.txt", "-o", tmp_path / "out.wav"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip

    assert '"caller": "0236411212"' in run.stdout
    assert (tmp_path / "out.wav").read_bytes()[-1600:] == audio(400)


async def test_late_packets_and_an_earlier_beginning_lie_where_they_lie_in_a_wav_file(tmp_path: Path) -> None:
    """Random writes, some of them late or of one side, give the samples of the same writes to a plain store."""
    for seed in range(6):
        stores = []
        for name, recipients in (("plain", ()), ("sealed", RECIPIENTS)):
            chance = random.Random(seed)
            root = tmp_path / f"{name}-{seed}"
            async with await Store.open(root, create=True, recipients=recipients) as store:
                part = store.begin(a_call("c-1"), encoding=PCM16, starts_ns=START + SECOND)
                frame = 0
                for number in range(25):
                    some = chance.choice([1, 160, 1200, 9000])
                    part.write(frame, audio(some, number))
                    frame += some + chance.choice([0, 0, 0, 37])
                    if chance.random() < 0.4:
                        late = np.frombuffer(audio(50, number + 50, channels=1), np.int16)
                        part.write_channel(chance.randrange(frame), chance.randrange(2), late)
                    if chance.random() < 0.1:
                        part.insert(chance.randrange(1, 100))
                [kept] = await store.finish([Finished(a_call("c-1"), part)])
                assert kept.recording is not None
                stores.append((root, kept.recording))
        (plain, one), (sealed, other) = stores

        assert (one.frames, one.starts_ns) == (other.frames, other.starts_ns)
        assert (plain / one.path).read_bytes()[4096:] == await heard(sealed, "c-1")


async def test_a_law_that_changes_makes_it_16_bit(tmp_path: Path) -> None:
    words = audio(100, encoding=ALAW)
    gaps = ((0, 10, 20),)
    async with await Store.open(tmp_path, create=True, recipients=RECIPIENTS) as store:
        part = store.begin(a_call("c-1"), encoding=ALAW)
        part.write(0, words)
        part.go_on_as_pcm()  # type: ignore[attr-defined]
        part.write(100, audio(50))
        call = a_call("c-1", recording=a_recording(gaps=gaps))
        [kept] = await store.finish([Finished(call, part)])

    assert kept.recording is not None and kept.recording.encoding == "pcm16"
    samples = np.frombuffer(await heard(tmp_path, "c-1"), np.int16).reshape(-1, 2)
    assert samples.shape == (150, 2)
    assert not samples[10:20, 0].any() and samples[20:100].any()
    assert samples[100:].tobytes() == audio(50)


async def test_a_recorder_that_was_killed_goes_on_in_a_segment_of_its_own(tmp_path: Path) -> None:
    """The earlier process's key is in nobody's memory; the recording is one, and whole."""
    disk = FragileDisk()
    store = await Store.open(tmp_path, create=True, recipients=RECIPIENTS, disk=disk)
    part = store.begin(a_call("c-1"), encoding=PCM16)
    part.write(0, audio(400, 1))
    await store.catalogue.close()
    disk.let_go()

    async with await Store.open(tmp_path, leave_growing=True, recipients=RECIPIENTS) as store:
        [growing] = (await store.go_on(["c-1"])).values()
        assert (growing.file.frames, growing.call.caller) == (400, "0236411212")
        growing.file.write(600, audio(200, 2))
        growing.file.write_channel(10, 0, np.full(5, 77, np.int16))
        [kept] = await store.finish([Finished(a_call("c-1"), growing.file)])

    assert kept.recording is not None and kept.recording.frames == 800
    sound = await heard(tmp_path, "c-1")
    samples = np.frombuffer(sound, np.int16).reshape(-1, 2)
    assert (samples[10:15, 0] == 77).all()
    assert sound[4 * 15 : 1600] == audio(400, 1)[4 * 15 :] and not samples[400:600].any()
    assert sound[2400:] == audio(200, 2)
    assert await findings(tmp_path) == []


async def test_what_nobody_completed_opens_as_cut_off(tmp_path: Path) -> None:
    """A kill and a start: all that was written is there, and it doesn't pass for whole."""
    disk = FragileDisk()
    store = await Store.open(tmp_path, create=True, recipients=RECIPIENTS, disk=disk)
    part = store.begin(a_call("c-1"), encoding=PCM16)
    part.write(0, audio(8000, 1))
    part.write(8000, audio(4000, 2))
    await store.catalogue.close()
    disk.let_go()
    with open(part.path, "ab") as file:
        file.write(b"AUDI\0\0\0\1 half a record")

    async with await Store.open(tmp_path) as store:
        [call] = store.recovered.calls
        assert call.recording is not None
        keys = store.seals.keys
        assert keys is not None
        with open_sealed(store.disk, store.path_of(call) or "", "c-1", keys, [OFFICE]) as reader:
            assert (reader.cut, reader.facts) == (1.5, None)
            assert bytes(reader.read(0, 12_000)) == audio(8000, 1) + audio(4000, 2)
    assert (call.caller, call.end_reason, call.flags) == ("0236411212", "interrupted", ("recovered",))
    assert call.ended_ns >= call.started_ns + 1.5e9
    assert await findings(tmp_path) == []


async def test_a_full_disk_in_mid_call_uses_no_number_twice(tmp_path: Path) -> None:
    """A record that was refused may stand there half: what comes next is another record in its place."""
    disk = FragileDisk(error=28, only="write")
    async with await Store.open(tmp_path, create=True, recipients=RECIPIENTS, disk=disk) as store:
        part = store.begin(a_call("c-1"), encoding=PCM16)
        part.write(0, audio(100, 1))
        disk.fail_from_now()
        with pytest.raises(DiskFailed):
            part.write(100, audio(100, 2))
        disk.heal()
        part.write(100, audio(100, 3))
        [kept] = await store.finish([Finished(a_call("c-1"), part)])

    assert kept.flags == ("disk_error",)
    assert await heard(tmp_path, "c-1") == audio(100, 1) + audio(100, 3)


async def test_a_lost_catalogue_comes_back_whole(tmp_path: Path) -> None:
    calls = [a_call(f"c-{n}", started_ns=START + n * SECOND, recording=a_recording()) for n in range(5)]
    async with await Store.open(tmp_path, create=True, recipients=RECIPIENTS) as store:
        finished = []
        for seed, call in enumerate(calls):
            part = store.begin(call, encoding=PCM16)
            part.write(0, audio(300, seed))
            finished.append(Finished(call, part))
        await store.finish(finished)
    before = await all_calls(tmp_path)
    for path in tmp_path.glob("catalogue.sqlite*"):
        path.unlink()

    async with await Store.open(tmp_path) as store:
        assert store.rebuilt is not None and store.rebuilt.left == ()

    assert await all_calls(tmp_path) == before
    assert await findings(tmp_path) == []


@pytest.mark.parametrize("change, kind", [
    (lambda data: data[:2000] + bytes([data[2000] ^ 1]) + data[2001:], "hash_wrong"),
    (lambda data: data[:-1], "size_wrong"),
    (lambda data: data + b"x", "size_wrong"),
])  # fmt: skip
async def test_verify_finds_what_was_altered_without_a_key(tmp_path: Path, change, kind: str) -> None:  # type: ignore[no-untyped-def]
    await a_sealed_store(tmp_path, a_call("c-1"), a_call("c-2"))
    [file] = tmp_path.rglob("*c-1.sealed")
    file.write_bytes(change(file.read_bytes()))

    assert [(one.kind, one.where) for one in await findings(tmp_path)] == [(kind, f"{FOLDER}/091502-c-1.sealed")]
    assert await heard(tmp_path, "c-2") == audio(400, 2)


async def test_a_key_that_is_gone_and_one_too_many_are_found(tmp_path: Path) -> None:
    await a_sealed_store(tmp_path, a_call("c-1"), a_call("c-2"))
    async with await Store.open(tmp_path) as store:
        keys = store.seals.keys
        assert keys is not None
        [key] = keys.keys("c-1")
        keys.drop(["c-1"])
        keys.add(key._replace(call="c-9"), "{}")
        keys.entered(["c-9"])

    assert [(one.kind, one.where) for one in await findings(tmp_path)] == [("key_missing", "c-1"), ("key_left", "c-9")]


async def test_one_recipient_is_too_few(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="at least 2 recipients"):
        await Store.open(tmp_path, create=True, recipients=RECIPIENTS[:1] * 2)


async def test_the_key_store_of_another_store_is_refused(tmp_path: Path) -> None:
    await a_sealed_store(tmp_path / "a", a_call("c-1"))
    await a_sealed_store(tmp_path / "b", a_call("c-1"))
    shutil.copy(tmp_path / "a" / "keys.sqlite", tmp_path / "b" / "keys.sqlite")

    with pytest.raises(StoreError, match="belongs to the store"):
        await Store.open(tmp_path / "b")


class SealedDay:
    """Two calls that end, one that goes on and one that stays silent, in a store that is broken off somewhere."""

    def __init__(self, root: Path, disk: FragileDisk) -> None:
        self.root, self.disk = root, disk
        self.kept: list[str] = []
        self.synced: list[str] = []
        self.store: Store | None = None

    async def run(self) -> None:
        self.store = store = await Store.open(self.root, create=True, recipients=RECIPIENTS, disk=self.disk)
        calls = {name: a_call(name, started_ns=START + n * SECOND) for n, name in enumerate(("one", "two", "live"))}
        parts = {}
        for seed, (name, call) in enumerate(calls.items(), 1):
            parts[name] = store.begin(call, encoding=PCM16)
            parts[name].write(0, audio(300, seed))
        store.describe(parts["live"], replace(calls["live"], extension="2999"))
        await store.sync()
        self.synced = list(calls)
        silent = a_call("silent", started_ns=START + 9 * SECOND)
        quiet = store.begin(silent, encoding=PCM16)
        for name in ("one", "two"):
            await store.finish([Finished(calls[name], parts[name])])
            self.kept.append(name)
        await store.finish([Finished(silent, quiet)])
        await store.close()
        self.store = None

    async def die(self) -> None:
        if self.store is not None:
            await self.store.catalogue.close()
            self.store.seals.close()
        self.disk.let_go()


async def promised(day: SealedDay, disk: Disk) -> None:
    """After a start: what was kept is whole, what was synced is there, and nothing is wrong."""
    await (await Store.open(day.root, disk=disk)).close()
    there = {call.id: call for call in await all_calls(day.root, disk=disk)}
    for seed, name in enumerate(("one", "two", "live"), 1):
        if name in day.synced:
            assert there[name].caller == "0236411212"
            assert await heard(day.root, name, disk=disk) == audio(300, seed)
        if name in day.kept:
            assert (there[name].end_reason, there[name].flags) == ("bye", ())
    # A cut in the second in which a call began may leave records without a head, as it may leave sound without one.
    found = [one for one in await findings(day.root, disk=disk) if one.kind != "broken" or day.synced]
    assert found == []


async def test_a_kill_before_every_step_of_a_day_costs_nothing_that_was_promised(tmp_path: Path) -> None:
    step = 0
    while True:
        root = tmp_path / str(step)
        disk = FragileDisk(fail_before=step)
        day = SealedDay(root, disk)
        try:
            await day.run()
        except PowerCut:
            await day.die()
        if root.exists() and (root / "store.json").exists():
            await promised(day, Disk())
        if not disk.fired:
            break
        step += 1
    assert step > 40


async def test_a_power_cut_at_any_step_of_a_day_costs_nothing_that_was_promised(tmp_path: Path) -> None:
    """Any subset of what was not synced undone."""
    for seed in range(40):
        chance = random.Random(seed)
        memory = SimulatedDisk()
        memory.make_directory(str(tmp_path))
        root = tmp_path / str(seed)
        root.mkdir()
        day = SealedDay(root, FragileDisk(memory, fail_before=chance.randrange(20, 90)))
        try:
            await day.run()
        except PowerCut:
            await day.die()
        await promised(day, memory.crash(chance))
        shutil.rmtree(root)


def test_reading_needs_no_more_than_the_seconds_asked_for(tmp_path: Path) -> None:
    """A second of a long recording is read and opened by itself."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    from tests.storage.sealed.make_vectors import KEYS, File

    file = File(channels=1)
    for second in range(60):
        file.put(second * 8000, 8000, second)
    (tmp_path / "a").write_bytes(file.last().data)
    read: list[int] = []

    class Counting(Disk):
        def read_into(self, fd: int, buffer: memoryview, offset: int) -> int:
            read.append(len(buffer))
            return super().read_into(fd, buffer, offset)

    with Reader.open(Counting(), str(tmp_path / "a"), {1: AESGCM(KEYS[1])}) as reader:
        read.clear()
        second = reader.read(30 * 8000, 8000)

    assert bytes(second) == file.audio[30][4]
    assert sum(read) < 17_000
