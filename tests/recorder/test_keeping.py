
"""The capture never waits for the disk; what the disk could not take in time is told, call by call."""

from __future__ import annotations

import errno
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from capture.counters import Counters
from capture.files import open_capture
from recorder.hearing import Hearing
from recorder.keeping import DeferredKeeper, DirectKeeper, Kept
from recorder.keeping.keeper import Ended
from recorder.session import Session
from recorder.settings import Settings
from storage.disk import Disk
from storage.errors import StoreBusy
from storage.records import CallRecord, RecordingRecord
from storage.store import Store
from storage.verification import verify
from storage.wav import PCM16, ULAW

START = 1_795_306_500_000_000_000
SECOND = 8000  # frames


class Moody(Disk):
    """A disk that hangs, or refuses, for as long as a test says."""

    def __init__(self) -> None:
        super().__init__()
        self.well = threading.Event()
        self.well.set()
        self.refuses: Callable[[str], int] | None = None  # the error's number for a file, 0: none
        self._paths: dict[int, str] = {}

    def create(self, path: str) -> int:
        self._may(path)
        fd = super().create(path)
        self._paths[fd] = path
        return fd

    def write(self, fd: int, data: memoryview, offset: int) -> None:
        self.well.wait()
        self._may(self._paths.get(fd, ""))
        super().write(fd, data, offset)

    def _may(self, path: str) -> None:
        if path.endswith(".part") and self.refuses is not None and (number := self.refuses(path)):
            raise OSError(number, os.strerror(number))


@pytest.fixture
def disk() -> Iterator[Moody]:
    moody = Moody()
    yield moody
    moody.well.set()
    moody.refuses = None


def a_call(number: int) -> CallRecord:
    return CallRecord(
        id=f"c{number}", started_ns=START, ended_ns=START + 10**9, answered_ns=START, end_reason="bye",
        recording=RecordingRecord(starts_ns=START),
    )  # fmt: skip


def second(number: int, at: int) -> NDArray[np.int16]:
    """A second of a call that no other second is."""
    return np.random.default_rng(100 * number + at).integers(-9999, 9999, (SECOND, 2)).astype("<i2")


def whole(number: int, seconds: int) -> NDArray[np.int16]:
    return np.concatenate([second(number, at) for at in range(seconds)])


async def rows(store: Path) -> dict[str, CallRecord]:
    async with await Store.open_read_only(store) as opened:
        assert [finding async for finding in verify(store)] == []
        return {call.id: call async for call in opened.calls()}


def samples(store: Path, call: CallRecord) -> NDArray[np.int16]:
    assert call.recording is not None
    found: NDArray[np.int16] = soundfile.read(store / call.recording.path, dtype="int16")[0]
    return found


async def say(keeper: DeferredKeeper, number: int, seconds: int, kept: list[Kept] | None = None) -> Ended:
    """A call that says so many seconds as fast as it can; it is over, but not finished. What is told meanwhile goes
    into `kept`."""
    part = keeper.begin(a_call(number), encoding=PCM16, starts_ns=START)
    for at in range(seconds):
        part.write(at * SECOND, second(number, at))
        told = await keeper.settle((), sync=False)
        if kept is not None:
            kept.append(told)
    return Ended(a_call(number), part)


async def test_a_capture_gives_the_same_store_beside_as_at_once(tmp_path: Path, demo_capture: Path) -> None:
    """The whole way from frames to files, with a thread of its own for the disk, and without."""
    listed: dict[str, list[tuple[str, bytes]]] = {}
    for name in ("at-once", "beside"):
        store: Store | None = None
        if name == "at-once":
            store = await Store.open(tmp_path / name, create=True)
            await store.begin_run("demo")
            keeper: DirectKeeper | DeferredKeeper = DirectKeeper(store)
        else:
            keeper = DeferredKeeper.open(tmp_path / name)
        session = Session(keeper, encoding="pcm16", monotonic_s=time.monotonic)
        with open_capture(demo_capture, block_bytes=1 << 16) as capture:
            hearing = Hearing(
                session, Settings(), read=capture.counters, counters=Counters(), put=keeper.tally
            )
            for block in capture:
                hearing.feed(block)
                hearing.hand_over()
                await session.settle()
            hearing.finish()
            await session.settle(all_of_it=True)
        if store is not None:
            await store.close()
        else:
            assert isinstance(keeper, DeferredKeeper)
            session.take(keeper.close(timeout_s=20))
        found = await rows(tmp_path / name)
        assert session.calls == len(found) > 0
        sound = [one for one in found.values() if one.recording]  # heads differ: each call has a salt of its own
        listed[name] = sorted((one.id, (tmp_path / name / one.recording.path).read_bytes()[4096:]) for one in sound)

    assert listed["beside"] == listed["at-once"]


async def test_who_speaks_never_waits_for_a_disk_that_hangs(tmp_path: Path, disk: Moody) -> None:
    """Half a minute of it is kept in memory, and all of it is on the disk in the end."""
    keeper = DeferredKeeper.open(tmp_path / "store", disk=disk)
    disk.well.clear()

    began = time.monotonic()
    ended = [await say(keeper, number, 30) for number in range(5)]
    took = time.monotonic() - began
    disk.well.set()
    await keeper.settle(ended, sync=True)
    kept = keeper.close(timeout_s=30)

    assert took < 3  # the making of the samples, nearly all of it
    assert len(kept.entered) == 5
    found = await rows(tmp_path / "store")
    for number in range(5):
        call = found[f"c{number}"]
        assert call.flags == ()
        assert np.array_equal(samples(tmp_path / "store", call), whole(number, 30))


async def test_what_memory_does_not_hold_is_shed_and_told(tmp_path: Path, disk: Moody) -> None:
    """The oldest stays, the newest is silence, with a flag and a gap; after the disk is well, all is kept again."""
    keeper = DeferredKeeper.open(tmp_path / "store", disk=disk, memory_bytes=4 * SECOND * 4)
    disk.well.clear()
    part = keeper.begin(a_call(1), encoding=PCM16, starts_ns=START)
    for at in range(10):
        part.write(at * SECOND, second(1, at))

    warnings = (await keeper.settle((), sync=False)).warnings + (await keeper.settle((), sync=False)).warnings
    disk.well.set()
    while keeper.waiting_bytes:
        warnings += (await keeper.settle((), sync=False)).warnings
        time.sleep(0.01)  # noqa: ASYNC251
    part.write(10 * SECOND, second(1, 10))
    await keeper.settle([Ended(a_call(1), part)], sync=False)
    keeper.close(timeout_s=30)

    call = (await rows(tmp_path / "store"))["c1"]
    assert call.flags == ("disk_stalled",)
    assert len(warnings) == 1 and keeper.shed_bytes == 6 * SECOND * 4
    assert call.recording is not None
    assert call.recording.gaps == ((0, 4 * SECOND, 10 * SECOND), (1, 4 * SECOND, 10 * SECOND))
    expected = whole(1, 11)
    expected[4 * SECOND : 10 * SECOND] = 0
    assert np.array_equal(samples(tmp_path / "store", call), expected)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS])
async def test_a_disk_that_is_full_for_a_while_costs_nothing(tmp_path: Path, disk: Moody, number: int) -> None:
    """What it refused is written as soon as there is room; one sentence tells of each change."""
    keeper = DeferredKeeper.open(tmp_path / "store", disk=disk)
    disk.refuses = lambda path: number
    kept: list[Kept] = []
    ended = await say(keeper, 1, 5, kept)
    time.sleep(0.3)  # noqa: ASYNC251
    disk.refuses = None
    while keeper.waiting_bytes:
        kept.append(await keeper.settle((), sync=False))
        time.sleep(0.02)  # noqa: ASYNC251
    kept.append(await keeper.settle([ended], sync=True))
    kept.append(keeper.close(timeout_s=30))

    call = (await rows(tmp_path / "store"))["c1"]
    assert call.flags == ()
    assert np.array_equal(samples(tmp_path / "store", call), whole(1, 5))
    refused, well = [warning for one in kept for warning in one.warnings]
    assert os.strerror(number) in refused and well == "The disk takes what is written again."


async def test_a_fault_of_one_file_hurts_one_call(tmp_path: Path, disk: Moody) -> None:
    """Its audio is missing, its row says so; the other call is whole."""
    keeper = DeferredKeeper.open(tmp_path / "store", disk=disk)
    disk.refuses = lambda path: errno.EIO if "c1" in path else 0
    ended = [await say(keeper, number, 3) for number in (1, 2)]
    await keeper.settle(ended, sync=False)
    keeper.close(timeout_s=30)

    found = await rows(tmp_path / "store")
    assert found["c1"].recording is None and found["c1"].flags == ("disk_error",)
    assert found["c2"].flags == ()
    assert np.array_equal(samples(tmp_path / "store", found["c2"]), whole(2, 3))


async def test_a_recording_that_could_not_begin_begins_later(tmp_path: Path, disk: Moody) -> None:
    """The fault passes while the call goes on: from then on it is recorded, and what is missing is told."""
    keeper = DeferredKeeper.open(tmp_path / "store", disk=disk)
    disk.refuses = lambda path: errno.EIO
    part = keeper.begin(a_call(1), encoding=PCM16, starts_ns=START)
    part.write(0, second(1, 0))
    await keeper.settle((), sync=False)
    while keeper.waiting_bytes:
        time.sleep(0.01)  # noqa: ASYNC251
    disk.refuses = None
    time.sleep(0.6)  # noqa: ASYNC251
    part.write(SECOND, second(1, 1))
    await keeper.settle([Ended(a_call(1), part)], sync=False)
    keeper.close(timeout_s=30)

    call = (await rows(tmp_path / "store"))["c1"]
    assert "disk_error" in call.flags
    assert call.recording is not None and call.recording.gaps == ((0, 0, SECOND), (1, 0, SECOND))
    assert np.array_equal(samples(tmp_path / "store", call)[SECOND:], second(1, 1))


async def test_what_a_call_has_already_is_left_as_it_is(tmp_path: Path) -> None:
    """The same call again, as the same capture gives it: counted, not written."""
    for expected in (0, 1):
        keeper = DeferredKeeper.open(tmp_path / "store")
        ended = await say(keeper, 1, 1 + expected)
        known = (await keeper.settle([ended], sync=False)).known + keeper.close(timeout_s=30).known
        assert known == expected

    found = await rows(tmp_path / "store")
    assert np.array_equal(samples(tmp_path / "store", found["c1"]), whole(1, 1))


async def test_late_samples_and_an_earlier_beginning_find_their_places(tmp_path: Path) -> None:
    """The operations that read what is there are done in their order, too."""
    keeper = DeferredKeeper.open(tmp_path / "store")
    part = keeper.begin(a_call(1), encoding=PCM16, starts_ns=START)
    part.write(0, second(1, 0))
    part.insert(1000)
    part.write_channel(500, 1, np.arange(1, 101, dtype="<i2"))
    await keeper.settle([Ended(a_call(1), part)], sync=False)
    keeper.close(timeout_s=30)

    found = samples(tmp_path / "store", (await rows(tmp_path / "store"))["c1"])
    assert part.starts_ns == START - 125_000_000
    assert np.array_equal(found[1000:], second(1, 0))
    assert np.array_equal(found[500:600, 1], np.arange(1, 101)) and not found[500:600, 0].any()


async def test_code_words_become_samples_when_the_laws_differ(tmp_path: Path) -> None:
    keeper = DeferredKeeper.open(tmp_path / "store")
    old = keeper.begin(a_call(1), encoding=ULAW, starts_ns=START)
    old.write(0, bytes(range(200)))
    part = keeper.go_on_as_pcm(a_call(1), old, lambda words, first: np.frombuffer(words, np.uint8).astype("<i2"))
    part.write(100, second(1, 0))
    await keeper.settle([Ended(a_call(1), part)], sync=False)
    keeper.close(timeout_s=30)

    found = samples(tmp_path / "store", (await rows(tmp_path / "store"))["c1"])
    assert np.array_equal(found[:100], np.arange(200).reshape(-1, 2))
    assert np.array_equal(found[100:], second(1, 0))


def test_a_store_that_is_in_use_is_refused(tmp_path: Path) -> None:
    keeper = DeferredKeeper.open(tmp_path / "store")
    with pytest.raises(StoreBusy):
        DeferredKeeper.open(tmp_path / "store")
    keeper.close(timeout_s=30)
