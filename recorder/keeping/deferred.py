"""Keeping calls beside the capture, which never waits for a disk.

What a session asks goes into a backlog, and a thread of its own (`recorder.keeping.writer`) does it, in that order,
with the store. A disk that hangs, is full or is read-only makes the backlog grow, up to a bound: then the newest audio
is shed, and each call that this hurts says so, by a flag and a gap. Everything else (beginnings, ends, counts) is
never shed. When the disk takes bytes again, the backlog empties by itself.

    keeper = DeferredKeeper.open(path)       # waits until the store is open; StoreError as Store.open
    session = Session(keeper, ...)
    ...
    keeper.close(timeout_s=8)                # does what is left
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from capture.media.erasable import copied
from recorder.keeping.backlog import Backlog, Operation
from recorder.keeping.keeper import Decode, Ended, Kept, Part
from recorder.keeping.on_disk import OnDisk
from recorder.keeping.writer import Writer
from storage.disk import Disk
from storage.records import CallRecord, Gap
from storage.sealed.key_store import Named
from storage.wav import PCM16, RATE_HZ, Encoding

# Both sides of a call are 32 kB of samples a second: 30 s of 100 calls.
MEMORY_BYTES = 96 << 20
STALLED = "disk_stalled"


class DeferredPart:
    """A growing recording whose file the writer has. Frames and times are as the session knows them."""

    def __init__(
        self, backlog: Backlog, writer: Writer, call: CallRecord, *, encoding: Encoding, starts_ns: int
    ) -> None:
        self._backlog = backlog
        self._writer = writer
        self.encoding = encoding
        self.starts_ns = starts_ns
        self.frames = 0
        self.shed: list[tuple[int, int]] = []  # frames for which there was no room in memory
        self.on_disk = OnDisk(call, encoding, starts_ns)  # the writer's alone

    def write(self, frame: int, data: Any) -> None:
        view = memoryview(data)
        end = frame + view.nbytes // (2 * self.encoding.sample_bytes)
        array: Any = copied(np.frombuffer(view, np.uint8))  # a buffer; before Python 3.12 its type doesn't say so
        copy = memoryview(array)
        self._audio(frame, end, len(copy), lambda disk: disk.write(frame, copy))
        self.frames = max(self.frames, end)

    def write_channel(self, frame: int, channel: int, samples: NDArray[Any]) -> None:
        copy = copied(samples)

        def write(disk: OnDisk) -> None:
            if disk.file is not None:
                disk.file.write_channel(frame + disk.offset, channel, copy)

        self._audio(frame, frame + len(copy), copy.nbytes, write)

    def insert(self, frames: int) -> None:
        self.frames += frames
        self.starts_ns -= frames * 1_000_000_000 // RATE_HZ
        self.shed = [(lo + frames, hi + frames) for lo, hi in self.shed]
        self._backlog.put(Operation(lambda: self.on_disk.insert(frames), self.on_disk, again=False))

    def write_packets(self, records: memoryview) -> None:
        array: Any = np.frombuffer(records, np.uint8).copy()
        copy = memoryview(array)
        if not self._backlog.put(Operation(lambda: self.on_disk.write_packets(copy), self.on_disk, size=len(copy))):
            self.lack_packets()

    def lack_packets(self) -> None:
        def do() -> None:
            self.on_disk.packets_missing = True

        self._backlog.put(Operation(do, self.on_disk))

    def discard(self) -> None:
        def do() -> None:
            if self.on_disk.file is not None:
                self.on_disk.file.discard()

        self._backlog.put(Operation(do, self.on_disk))

    def _audio(self, frame: int, end: int, size: int, write: Callable[[OnDisk], None]) -> None:
        def do() -> None:
            self._writer.revive(self.on_disk)
            write(self.on_disk)

        if not self._backlog.put(Operation(do, self.on_disk, (frame, end), size)):
            join(self.shed, frame, end)


class DeferredKeeper:
    """A `Keeper` whose disk is never waited for. Its methods are for one thread, the session's."""

    def __init__(self, writer: Writer, backlog: Backlog) -> None:
        self._writer = writer
        self._backlog = backlog
        self._going_on: dict[str, Encoding] = {}
        self._shedding = False
        self._told_bytes = 0

    @classmethod
    def open(
        cls,
        path: str | os.PathLike[str],
        *,
        create: bool = True,
        run: str = "",
        from_ns: int | None = None,
        go_on: bool = False,
        memory_bytes: int = MEMORY_BYTES,
        recipients: Sequence[Named] = (),
        disk: Disk | None = None,
    ) -> DeferredKeeper:
        """Opens the store, which may take the time that a recovery takes. `run` names what is being captured,
        since `from_ns` if that is known.
        With `go_on`, recordings that were left growing wait until `go_on` says what becomes of them. With
        `recipients`, what begins is sealed for them."""
        backlog = Backlog(memory_bytes)
        writer = Writer(
            path, backlog, create=create, run=run, from_ns=from_ns, go_on=go_on, recipients=recipients, disk=disk
        )
        writer.begin()
        return cls(writer, backlog)

    def notes(self) -> dict[str, list[bytes]]:
        """What was noted of calls under way, by name; for a start, which may wait."""
        return self._writer.notes()

    def note(self, name: str, lines: bytes) -> None:
        """Note more of a call under way. What the disk refuses is not noted, and told as a warning."""
        self._backlog.put(Operation(lambda: self._writer.note(name, lines)))

    def drop_notes(self, names: Sequence[str]) -> None:
        """These calls came to nothing."""
        if names:
            self._backlog.put(Operation(lambda: self._writer.drop_notes(names)))

    def go_on(self, ids: Collection[str]) -> set[str]:
        """With which of these calls' recordings it goes on; the others that were left growing are finished. Waits."""
        self._going_on = self._writer.go_on(ids)
        return set(self._going_on)

    @property
    def going_on(self) -> Mapping[str, Encoding]:
        """The recordings that go on and haven't done so yet, with what their files are written in."""
        return self._going_on

    @property
    def salt(self) -> bytes:
        return self._writer.salt

    @property
    def waiting_bytes(self) -> int:
        """Audio that waits for the disk."""
        return self._backlog.waiting_bytes

    @property
    def shed_bytes(self) -> int:
        """Audio that was shed since the start."""
        return self._backlog.turned_away

    def begin(self, call: CallRecord, *, encoding: Encoding, starts_ns: int) -> DeferredPart:
        encoding = self._going_on.pop(call.id, encoding)
        part = DeferredPart(self._backlog, self._writer, call, encoding=encoding, starts_ns=starts_ns)
        self._backlog.put(Operation(lambda: self._writer.create(part.on_disk), part.on_disk))
        return part

    def go_on_as_pcm(self, call: CallRecord, old: Part, decode: Decode) -> DeferredPart:
        assert isinstance(old, DeferredPart)
        part = DeferredPart(self._backlog, self._writer, call, encoding=PCM16, starts_ns=old.starts_ns)
        part.frames, part.shed = old.frames, old.shed
        was, becomes = old.on_disk, part.on_disk
        self._backlog.put(Operation(lambda: self._writer.go_on_as_pcm(becomes, was, decode), becomes, again=False))
        return part

    def describe(self, part: Part, call: CallRecord) -> None:
        assert isinstance(part, DeferredPart)
        self._backlog.put(Operation(lambda: self._writer.describe(part.on_disk, call), part.on_disk))

    def tally(self, day: str, grown: Mapping[str, int], at_ns: int | None) -> None:
        copy = {reason: count for reason, count in grown.items() if count}
        if copy or at_ns is not None:
            self._backlog.put(Operation(lambda: self._writer.store.tally(day, copy, at_ns)))

    async def settle(self, ended: Sequence[Ended], *, sync: bool) -> Kept:
        """Kept are calls of earlier times. Raises what stopped the writer, if something did."""
        for call, part, notes in ended:
            assert part is None or isinstance(part, DeferredPart)
            shed: list[Gap] = [(side, *gap) for gap in part.shed for side in (0, 1)] if part is not None else []
            flags, disk = (STALLED,) if shed else (), part.on_disk if part is not None else None
            self._backlog.put(Operation(lambda call=call, part=disk, shed=shed, flags=flags, notes=notes:  # type: ignore[misc]
                                        self._writer.end(call, part, shed, flags, notes)))  # fmt: skip
        kept = self._writer.nudge(sync=sync)
        if self._backlog.turned_away > self._told_bytes and not self._shedding:
            kept.warnings.append("The disk does not keep up: new audio is shed, and each call that this hurts says so.")
            self._shedding = True
        self._told_bytes = self._backlog.turned_away
        self._shedding = self._shedding and self._backlog.waiting_bytes > 0
        return kept

    def close(self, *, timeout_s: float) -> Kept:
        """Do what is left and close the store, within a time; what isn't done by then is told in the warnings."""
        return self._writer.finish(timeout_s)

    def abandon(self, *, timeout_s: float) -> None:
        """As `close`, but what goes wrong doesn't matter any more: something worse has."""
        with contextlib.suppress(Exception):
            self.close(timeout_s=timeout_s)

    @property
    def is_closed(self) -> bool:
        """Whether the store is; if not, the disk still hangs."""
        return self._writer.is_over


def join(gaps: list[tuple[int, int]], frame: int, end: int) -> None:
    """One more gap, joined to the last if it goes on from there."""
    if gaps and gaps[-1][1] == frame:
        gaps[-1] = gaps[-1][0], end
    else:
        gaps.append((frame, end))
