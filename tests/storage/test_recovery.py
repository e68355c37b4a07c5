# ruff: noqa: ASYNC230, ASYNC240 (nothing else runs in these tests' loops)
"""Whatever is broken off, and wherever: the next start leaves no row without its file and no file without its row."""

from __future__ import annotations

import errno
import os
import random
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from storage.catalogue import Catalogue
from storage.disk import Disk
from storage.errors import DiskFailed
from storage.records import CallRecord
from storage.ring.apply import Statement
from storage.store import Finished, Store
from storage.tallies import Tallies
from storage.wav import HEADER_BYTES, PCM16, ULAW
from tests.reliability.promises import Tried, cycles
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
    samples_of,
)
from tests.storage.day import FRAMES, Day
from tests.storage.fragile_disk import FragileDisk, PowerCut
from tests.storage.simulated_disk import SimulatedDisk

pytestmark = pytest.mark.long


@pytest.fixture
def rows_are_steps(monkeypatch: pytest.MonkeyPatch) -> list[FragileDisk]:
    """Step 6 breaks too, before and after; put the disk that shall count it into the list."""
    disks: list[FragileDisk] = []
    add_calls = Catalogue.add_calls

    async def stepping(
        self: Catalogue, calls: Sequence[CallRecord], *, replace: bool = False, tallies: Tallies | None = None,
        also: Sequence[Statement] = (),
    ) -> None:  # fmt: skip
        for disk in disks:
            disk.step("before the rows")
        await add_calls(self, calls, replace=replace, tallies=tallies, also=also)
        for disk in disks:
            disk.step("after the rows")

    monkeypatch.setattr(Catalogue, "add_calls", stepping)
    return disks


async def check(day: Day, disk: Disk) -> None:
    """Starts again, and compares with what was promised."""
    store = await Store.open(day.root, create=True, disk=disk)
    assert store.recovered.left == ()
    await store.close()
    broken = [found for found in await findings(day.root, disk=disk) if found.kind != "broken"]
    assert broken == []
    calls = {call.id: call for call in await all_calls(day.root, disk=disk)}
    for call_id, promised in day.kept.items():
        assert calls[call_id] == promised
    for call_id, call in calls.items():
        if call.recording is not None:
            sound = samples_of(disk, os.path.join(day.root, call.recording.path))
            begun = day.begun[call_id]
            assert call.recording.frames * 4 == len(sound) <= len(begun)
            if call.caller is not None:  # else the head was torn, and only the file's name told of the call
                assert call.recording.starts_ns == call.started_ns + 5
            if call_id in day.kept or call_id in day.synced:
                assert sound == begun
            elif call.flags != ():  # without a flag: entered, though the cut came before `finish` could say so
                assert "recovered" in call.flags
    for call_id, sound in day.synced.items():
        call = calls[call_id]
        assert (call.recording is not None) == bool(sound)
        assert sound or call.outcome == "no_audio"


@pytest.mark.promise("P1", "A5", "killed before each step of keeping calls")
async def test_a_kill_before_every_step_loses_nothing(
    tmp_path: Path, rows_are_steps: list[FragileDisk], tried: Tried
) -> None:
    """A killed process leaves all it wrote: even the calls that went on are there, to the last frame."""
    step = 0
    while True:
        disk = FragileDisk(fail_before=step)
        rows_are_steps[:] = [disk]
        day = Day(tmp_path / str(step), disk)
        try:
            await day.run()
        except PowerCut:
            pass
        await day.die()
        rows_are_steps.clear()
        day.synced |= day.written  # what was written is in the kernel's hands
        await check(day, Disk())
        if not disk.fired:
            break
        tried.cycles = step = step + 1
    assert step > 60  # it did look everywhere


@pytest.mark.promise("P1", "A5", "a start after a kill, killed before each of its steps")
async def test_a_start_that_is_killed_at_every_step_can_be_repeated(
    tmp_path: Path, rows_are_steps: list[FragileDisk], tried: Tried
) -> None:
    """Whatever the next start is stopped at, the one after it finds the same (reliability: a kill in recovery)."""
    step = 0
    while True:
        day = Day(tmp_path / str(step), FragileDisk(fail_before=58))
        with pytest.raises(PowerCut):
            await day.run()
        await day.die()
        day.synced |= day.written
        disk = FragileDisk(fail_before=step)
        rows_are_steps[:] = [disk]
        try:
            await (await Store.open(day.root, disk=disk)).close()
        except PowerCut:
            pass
        disk.let_go()
        rows_are_steps.clear()
        await check(day, Disk())
        if not disk.fired:
            break
        tried.cycles = step = step + 1
    assert step > 20


@pytest.mark.promise("P1", "A4", "simulated power cut as calls are kept, and another as the start repairs")
@pytest.mark.parametrize("share", range(8))
async def test_a_power_cut_at_any_step_keeps_what_was_promised(
    share: int, tmp_path: Path, rows_are_steps: list[FragileDisk], tried: Tried
) -> None:
    """With any subset of what was not synced gone, and writes torn; the start after it is cut off as well."""
    for seed in range(share, cycles(quick=400, nightly=10_000, release=100_000), 8):
        tried.cycles += 1
        chance = random.Random(seed)
        memory = SimulatedDisk()
        root = tmp_path / str(seed)
        root.mkdir()
        memory.make_directory(str(tmp_path))
        disk = FragileDisk(memory, fail_before=chance.randrange(105))
        rows_are_steps[:] = [disk]
        day = Day(root, disk)
        try:
            await day.run()
        except PowerCut:
            pass
        await day.die()
        memory = memory.crash(chance)
        disk = FragileDisk(memory, fail_before=chance.randrange(40))
        rows_are_steps[:] = [disk]
        try:
            await (await Store.open(root, create=True, disk=disk)).close()
        except PowerCut:
            pass
        rows_are_steps.clear()
        await check(day, memory.crash(chance))
        shutil.rmtree(root)


async def test_without_the_sync_the_power_cut_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test above isn't blind: with step 2 taken out, some cut breaks a promise."""
    monkeypatch.setattr(SimulatedDisk, "sync_all", lambda self, directory: None)
    broken = 0
    for seed in range(10):
        memory = SimulatedDisk()
        root = tmp_path / str(seed)
        root.mkdir()
        memory.make_directory(str(tmp_path))
        day = Day(root, FragileDisk(memory))
        await day.run()
        try:
            await check(day, memory.crash(random.Random(seed)))
        except AssertionError:
            broken += 1
    assert broken > 0


@pytest.mark.promise("P6", "B3", "each disk operation fails, once or from then on")
@pytest.mark.parametrize("always", [False, True])
@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC])
async def test_a_disk_that_fails_at_any_step_is_never_believed(
    tmp_path: Path, number: int, always: bool, tried: Tried
) -> None:
    """Every call is entered; one that the disk may have hurt says so; the next start mends what can be mended."""
    step = 0
    while True:
        root = tmp_path / str(step)
        await a_store_with(root)
        disk = FragileDisk(fail_before=step, error=number, always=always)
        failures = await _use(root, disk)
        calls = {call.id: call for call in await all_calls(root)}
        if disk.fired:
            hurt = [call for call in calls.values() if "disk_error" in call.flags]
            assert hurt or failures, f"step {step}, {disk.steps[step]}: failed in silence"
        for call in calls.values():
            assert call.recording is not None or "disk_error" in call.flags or call.outcome != "recorded"
        await (await Store.open(root)).close()
        again = {call.id: call for call in await all_calls(root)}
        assert again.keys() >= calls.keys()
        assert [found for found in await findings(root) if found.kind != "broken"] == []
        if not disk.fired:
            break
        tried.cycles = step = step + 1
    assert step > 15


async def _use(root: Path, disk: FragileDisk) -> int:
    """A few calls, written and finished as the recorder does; how often it was told of a fault."""
    failures = 0
    store = None
    try:
        store = await Store.open(root, disk=disk)
        group = []
        for seed in range(6):
            call = a_call(f"c-{seed}", started_ns=START + seed * SECOND)
            try:
                part = store.begin(call, encoding=PCM16)
            except DiskFailed:
                failures += 1
                group.append(Finished(replace(call, flags=("disk_error",))))
                continue
            try:
                part.write(0, audio(FRAMES, seed))
            except DiskFailed:
                failures += 1
            group.append(Finished(call, part))
        for some in (group[:2], group[2:]):
            await store.finish(some)
            failures += store.registration.fault is not None
    except DiskFailed:
        failures += 1
    if store is not None:
        disk.heal()
        await store.close()
    disk.let_go()
    return failures


async def test_a_call_that_was_cut_off_is_adopted_with_what_was_known(tmp_path: Path) -> None:
    """Its head names the parties; its end is where its audio ends, and it says that it was interrupted."""
    disk = FragileDisk()
    store = await Store.open(tmp_path, create=True, disk=disk)
    begun = a_call(answered_ns=None, talk_ns=None, ended_ns=START, end_reason="interrupted")
    part = store.begin(begun, encoding=PCM16, starts_ns=START + SECOND)
    part.write(0, audio(16_000))
    store.describe(part, replace(begun, answered_ns=START + 2 * SECOND))
    await store.catalogue.close()
    disk.let_go()
    with open(part.path, "ab") as file:
        file.write(b"\x01\x02\x03")  # a torn last frame

    async with await Store.open(tmp_path) as again:
        [call] = [call async for call in again.calls()]

    assert (call.end_reason, call.flags, call.outcome) == ("interrupted", ("recovered",), "recorded")
    assert (call.caller, call.call_ids, call.answered_ns) == (begun.caller, begun.call_ids, START + 2 * SECOND)
    assert call.ended_ns == START + 3 * SECOND  # two seconds of audio that began at the first
    assert call.recording is not None
    assert (call.recording.frames, call.recording.starts_ns) == (16_000, START + SECOND)
    assert samples_of(Disk(), str(tmp_path / call.recording.path)) == audio(16_000)
    assert await findings(tmp_path) == []


async def test_a_lost_catalogue_is_made_anew_from_the_recordings(tmp_path: Path) -> None:
    """Names, times, streams: all that a recording says of itself comes back, field by field."""
    async with await Store.open(tmp_path, create=True) as store:
        group = []
        for number in range(7):
            call = a_call(f"c-{number}", started_ns=START + number * SECOND, recording=a_recording())
            part = store.begin(call, encoding=ULAW)
            part.write(0, audio(200, number, encoding=ULAW))
            group.append(Finished(call, part))
        before = await store.finish(group)
    (tmp_path / "catalogue.sqlite").unlink()

    async with await Store.open(tmp_path) as again:
        after = [call async for call in again.calls()]

    assert after == before
    assert await findings(tmp_path) == []


async def test_a_call_that_never_came_to_audio_leaves_its_row_and_no_file(tmp_path: Path) -> None:
    disk = FragileDisk()
    store = await Store.open(tmp_path, create=True, disk=disk)
    part = store.begin(a_call(), encoding=PCM16)
    await store.catalogue.close()
    disk.let_go()

    async with await Store.open(tmp_path) as again:
        [call] = [call async for call in again.calls()]

    assert (call.outcome, call.end_reason, call.recording) == ("no_audio", "interrupted", None)
    assert not os.path.exists(part.path)


async def test_an_unreadable_head_with_audio_is_set_aside_not_erased(tmp_path: Path) -> None:
    """Nobody's audio is thrown away unheard; verify goes on naming it."""
    await a_store_with(tmp_path)
    (tmp_path / FOLDER).mkdir(parents=True, mode=0o700)
    for folder in ("2026", "2026/11"):
        (tmp_path / folder).chmod(0o700)
    torn = tmp_path / FOLDER / "091502-torn.wav.part"
    torn.write_bytes(bytes(HEADER_BYTES) + audio(100))
    torn.chmod(0o600)

    async with await Store.open(tmp_path) as store:
        [call] = [call async for call in store.calls()]

    assert call.id == "torn"
    assert call.started_ns == START
    assert call.flags == ("recovered", "disk_error")
    [found] = await findings(tmp_path)
    assert (found.kind, found.where) == ("broken", f"{FOLDER}/091502-torn.wav.broken")


@pytest.mark.parametrize("outcome", ["excluded", "no_audio"])
async def test_the_part_of_a_call_that_may_not_be_kept_is_erased(tmp_path: Path, outcome: str) -> None:
    """The row says that there is no audio; the power cut that brought the file back doesn't make it lawful."""
    disk = FragileDisk()
    store = await Store.open(tmp_path, create=True, disk=disk)
    part = store.begin(a_call(), encoding=PCM16)
    part.write(0, audio(100))
    await store.finish([Finished(a_call(outcome=outcome))])
    await store.catalogue.close()
    disk.let_go()

    async with await Store.open(tmp_path) as again:
        [call] = [call async for call in again.calls()]

    assert (call.outcome, call.recording) == (outcome, None)
    assert not os.path.exists(part.path)


async def test_zeros_that_a_power_cut_left_in_g711_become_silence(tmp_path: Path) -> None:
    """A byte of 0 is the loudest that µ-law has."""
    disk = FragileDisk()
    store = await Store.open(tmp_path, create=True, disk=disk)
    part = store.begin(a_call(), encoding=ULAW)
    sound = audio(4096 * 8, encoding=ULAW)
    part.write(0, sound)
    await store.catalogue.close()
    disk.let_go()
    with open(part.path, "r+b") as file:
        file.truncate(HEADER_BYTES + 4096)
        file.truncate(HEADER_BYTES + 4096 * 3)

    async with await Store.open(tmp_path) as again:
        [call] = [call async for call in again.calls()]

    assert call.recording is not None
    assert samples_of(Disk(), str(tmp_path / call.recording.path)) == sound[:4096] + b"\xff" * 8192


async def test_the_call_of_an_erased_part_is_entered_before_it_is_erased(
    tmp_path: Path, rows_are_steps: list[FragileDisk]
) -> None:
    """A call that came to no audio is known from its part alone: wherever the start is cut off, it is in the end
    listed, and the folder is synced once the part is gone."""
    step = 0
    while True:
        disk = FragileDisk()
        store = await Store.open(tmp_path / str(step), create=True, disk=disk)
        store.begin(a_call(), encoding=PCM16)
        await store.catalogue.close()
        disk.let_go()
        disk = FragileDisk(fail_before=step)
        rows_are_steps[:] = [disk]
        try:
            await (await Store.open(tmp_path / str(step), disk=disk)).close()
        except PowerCut:
            pass
        disk.let_go()
        rows_are_steps.clear()

        await (await Store.open(tmp_path / str(step))).close()

        assert [call.id for call in await all_calls(tmp_path / str(step))] == ["c1"]
        assert await findings(tmp_path / str(step)) == []
        if not disk.fired:
            break
        step += 1
    rows = disk.steps.index("before the rows")
    assert disk.steps[rows - 2 : rows] == ["sync_file", "sync_directory"]  # of the line that tells of it
    assert disk.steps[rows : rows + 4] == ["before the rows", "after the rows", "unlink", "sync_directory"]
