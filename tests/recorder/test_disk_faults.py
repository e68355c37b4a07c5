# ruff: noqa: ASYNC251 (the writer has a thread of its own; here somebody waits for it)
"""Real disks that are full, without inodes, read-only, or whose catalogue can't be written: recording goes on, each
call says what it lacks, it is told once, and it ends by itself."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from recorder.keeping import DeferredKeeper, Kept
from recorder.keeping.keeper import Ended, Part
from storage.errors import StoreBusy
from storage.records import CallRecord, RecordingRecord
from storage.store import Store
from storage.verification import verify
from storage.wav import PCM16
from tests.mounts import a_disk, mend, mounted, remount, require_mounts
from tests.reliability.promises import Row, note

START = 1_795_306_500_000_000_000
SECOND = 8000  # frames
TOLD_WITHIN_S = 5.0
WELL_WITHIN_S = 10.0


def a_call(number: int, *, is_answered: bool = True) -> CallRecord:
    return CallRecord(
        id=f"c{number}", started_ns=START + number * 10**9, ended_ns=START + (number + 60) * 10**9,
        answered_ns=START + number * 10**9 if is_answered else None,
        outcome="recorded" if is_answered else "unanswered", end_reason="bye" if is_answered else "cancelled",
        recording=RecordingRecord(starts_ns=START + number * 10**9) if is_answered else None,
        call_ids=("leg@" + "x" * 5000,),  # a row of more than a page, and more than a recording's head holds
    )  # fmt: skip


def second(number: int, at: int) -> np.ndarray:
    """A second of a call that no other second is."""
    return np.random.default_rng(100 * number + at).integers(-9999, 9999, (SECOND, 2)).astype("<i2")


class Line:
    """Somebody who records calls through a keeper, and remembers what he was told."""

    def __init__(self, keeper: DeferredKeeper) -> None:
        self.keeper = keeper
        self.warnings: list[str] = []
        self.entered: dict[str, CallRecord] = {}
        self.parts: dict[int, tuple[Part, int]] = {}

    def begin(self, number: int) -> None:
        call = a_call(number)
        self.parts[number] = self.keeper.begin(call, encoding=PCM16, starts_ns=call.started_ns), 0

    def speak(self, number: int, seconds: int) -> None:
        part, at = self.parts[number]
        for more in range(seconds):
            part.write((at + more) * SECOND, second(number, at + more))
        self.parts[number] = part, at + seconds

    async def end(self, number: int) -> None:
        part = self.parts[number][0] if number in self.parts else None
        await self.settle([Ended(a_call(number, is_answered=part is not None), part)])

    async def settle(self, ended: list[Ended] | None = None) -> None:
        self._take(await self.keeper.settle(ended or [], sync=True))

    async def until(self, met: Callable[[], bool], within_s: float) -> float:
        """Waits for it; how many seconds that took."""
        begun = time.monotonic()
        while not met():
            assert time.monotonic() - begun < within_s, self.warnings
            await self.settle()
            time.sleep(0.05)
        return time.monotonic() - begun

    def close(self) -> None:
        self._take(self.keeper.close(timeout_s=10))

    def _take(self, kept: Kept) -> None:
        self.warnings += kept.warnings
        self.entered |= {call.id: call for call in kept.entered}


async def check(root: Path, line: Line, seconds: dict[int, int]) -> dict[str, CallRecord]:
    """Every call is there; of those named the audio is whole, and nothing else is wrong with the store."""
    assert [finding async for finding in verify(root)] == []
    async with await Store.open_read_only(root) as store:
        calls = {call.id: call async for call in store.calls()}
    for number, length in seconds.items():
        audio = calls[f"c{number}"].recording
        assert audio is not None, calls[f"c{number}"]
        found = soundfile.read(root / audio.path, dtype="int16")[0]
        assert np.array_equal(found, np.concatenate([second(number, at) for at in range(length)])), number
    return calls


def fill(mount: Path) -> Callable[[], None]:
    """Another program takes all room; what is given back frees it again."""
    ballast = mount / "ballast"
    fd = os.open(ballast, os.O_WRONLY | os.O_CREAT)
    for size in (1 << 20, 4096, 1):
        with contextlib.suppress(OSError):
            while True:
                os.write(fd, bytes(size))
    os.close(fd)
    return ballast.unlink


def take_inodes(mount: Path) -> Callable[[], None]:
    many = mount / "many"
    many.mkdir()
    made: list[Path] = []
    with contextlib.suppress(OSError):
        while True:
            made.append(many / str(len(made)))
            made[-1].touch()

    def give_back() -> None:
        for path in made[: len(made) // 2]:
            path.unlink(missing_ok=True)

    return give_back


@pytest.mark.promise
@pytest.mark.parametrize(
    "inodes, take, sentence",
    [(None, fill, "No space left on device"), (128, take_inodes, "inodes")],
    ids=["bytes", "inodes"],
)
async def test_a_full_disk_is_told_hurts_nothing_finished_and_is_left_behind_without_a_restart(
    tmp_path: Path, inodes: int | None, take: Callable[[Path], Callable[[], None]], sentence: str
) -> None:
    with a_disk(tmp_path, inodes=inodes) as mount:
        root = mount / "store"
        line = Line(DeferredKeeper.open(root))
        line.begin(1)
        line.speak(1, 10)
        await line.end(1)
        line.begin(2)
        line.speak(2, 10)
        await line.until(lambda: "c1" in line.entered, 5)
        give_back = take(mount)

        line.speak(2, 200)  # 6.4 MB: more than a file system keeps in hand
        line.begin(3)
        line.speak(3, 20)
        await line.end(9)
        told_s = await line.until(lambda: any(sentence in one for one in line.warnings), TOLD_WITHIN_S)
        for _ in range(20):
            await line.settle()
            time.sleep(0.05)
        told = len([one for one in line.warnings if "No space left" in one])
        assert told <= 3, line.warnings  # of recordings, of days' files, of the catalogue: once each

        give_back()
        line.speak(3, 10)
        await line.end(2)
        await line.end(3)
        well_s = await line.until(lambda: {"c1", "c2", "c3", "c9"} <= line.entered.keys(), WELL_WITHIN_S)
        line.close()

        calls = await check(root, line, {1: 10, 2: 210, 3: 30})
        assert calls["c9"].outcome == "unanswered"
    what = "disk full for a while" if inodes is None else "no inodes for a while"
    worst = f"told after {told_s:.1f} s, all written {well_s:.1f} s after there was room, 0 s lost"
    note(Row("P6", "B1" if inodes is None else "B6", what, 1, worst, "5 s, 10 s"))


@pytest.mark.promise("P6", "B4", "the disk turns read-only")
async def test_a_disk_that_turns_read_only_is_told_and_nothing_finished_is_harmed(tmp_path: Path) -> None:
    """As ext4 does after a fault: from then on nothing can be written, until somebody mounts it again."""
    with a_disk(tmp_path) as mount:
        root = mount / "store"
        line = Line(DeferredKeeper.open(root))
        line.begin(1)
        line.speak(1, 5)
        await line.end(1)
        line.begin(2)
        line.speak(2, 5)
        await line.until(lambda: "c1" in line.entered, 5)
        await line.until(lambda: line.keeper.waiting_bytes == 0, 5)
        remount(mount, "abort")

        line.speak(2, 5)
        await line.end(9)
        await line.until(lambda: any("mounted read-only" in one for one in line.warnings), TOLD_WITHIN_S)
        with contextlib.suppress(Exception):  # it can't be closed properly: that is the point
            line.close()
        image = tmp_path / "disk.img"

    again = tmp_path / "again"
    again.mkdir()
    mend(image)
    with mounted(image, again, "-o", "loop"):
        async with await Store.open(again / "store") as store:
            assert {call.id async for call in store.calls()} >= {"c1", "c2"}
        await check(again / "store", line, {1: 5})


async def _busy(root: Path) -> Callable[[], None]:
    other = sqlite3.connect(root / "catalogue.sqlite", isolation_level=None, check_same_thread=False)
    other.execute("begin exclusive")
    return other.close


async def _no_room_in_the_catalogue(root: Path) -> Callable[[], None]:
    """Only SQLite runs out of room: as if the catalogue had a disk of its own."""
    from storage import catalogue

    original = catalogue.Catalogue.add_calls

    async def refusing(self: catalogue.Catalogue, *args: object, **kwargs: object) -> None:
        await self._writer.execute("pragma max_page_count = 1")  # type: ignore[union-attr]
        try:
            await original(self, *args, **kwargs)  # type: ignore[arg-type]
        finally:
            await self._writer.execute("pragma max_page_count = 1000000")  # type: ignore[union-attr]

    catalogue.Catalogue.add_calls = refusing  # type: ignore[method-assign]

    def heal() -> None:
        catalogue.Catalogue.add_calls = original  # type: ignore[method-assign]

    return heal


@pytest.mark.promise("P6", "B2, B7", "the catalogue can't be written")
@pytest.mark.parametrize("trouble", [_busy, _no_room_in_the_catalogue], ids=["busy", "no room"])
async def test_audio_goes_on_while_the_catalogue_cant_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trouble: Callable[[Path], Awaitable[Callable[[], None]]]
) -> None:
    """Another process holds it, or it has no room: rows wait, files don't, and all rows come once it is over."""
    monkeypatch.setattr("storage.catalogue._BUSY_S", 0.2)
    root = tmp_path / "store"
    line = Line(DeferredKeeper.open(root))
    heal = await trouble(root)
    try:
        for number in range(1, 40):
            line.begin(number)
            line.speak(number, 2)
            await line.end(number)
        await line.until(lambda: any("The catalogue" in one for one in line.warnings), TOLD_WITHIN_S)
        files = len(list(root.rglob("*.wav")))
        assert files > 0 and not line.entered
    finally:
        heal()
    await line.until(lambda: len(line.entered) == 39, WELL_WITHIN_S)
    line.close()
    assert len([one for one in line.warnings if "The catalogue" in one]) == 1, line.warnings
    await check(root, line, {number: 2 for number in range(1, 40)})


@pytest.mark.promise("P6", "B10", "one disk mounted twice")
async def test_one_disk_mounted_twice_is_one_store(tmp_path: Path) -> None:
    """The second process is refused, whatever path it came by."""
    require_mounts()
    await (await Store.open(tmp_path / "store", create=True)).close()
    twin = tmp_path / "twin"
    twin.mkdir()
    with mounted(tmp_path / "store", twin, "--bind"):
        async with await Store.open(tmp_path / "store"):
            with pytest.raises(StoreBusy, match=f"is used by process {os.getpid()}"):
                await Store.open(twin)
