"""Recordings that still grow.

A `PartFile` takes samples at the frame they belong to, in any order; what nobody writes reads as silence. Thousands
may grow at once: `FilePool` keeps as many files open as the system allows and closes the one longest unused.

Nothing here syncs: `Store.sync` and `Store.finish` do, for all files together. `FilePool.unsynced` is what they have
to answer for.
"""

from __future__ import annotations

import resource
from collections import OrderedDict
from collections.abc import Iterable
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from storage import facts, wav
from storage.disk import Disk
from storage.errors import DiskFailed, disk_failed
from storage.layout import PART
from storage.packet_file import PacketFile
from storage.records import MAX_GAPS, CallRecord, RecordingRecord
from storage.wav import HEADER_BYTES, Encoding

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from typing_extensions import Buffer

DESCRIPTORS_FOR_OTHERS = 64  # sockets, the catalogue, captures, what libraries open
_FILL_BYTES = 1 << 16


def raise_descriptor_limit() -> int:
    """Lifts this process's limit of open files as far as it is allowed to; what the limit is then."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard == resource.RLIM_INFINITY:
        hard = 1 << 20  # what the kernel allows in any case (fs.nr_open)
    if soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    return hard


class FilePool:
    """The descriptors of growing files, the one used longest ago first.

    Safe to use from several threads: a descriptor is looked up and used under `lock`, so that nobody's is closed
    under his hands.
    """

    def __init__(self, disk: Disk, *, limit: int) -> None:
        """`limit`: how many files may be open at once, at least 1."""
        self.disk = disk
        self.lock = Lock()
        self.unsynced: set[PartFile] = set()  # written to since the last sync
        self._limit = max(limit, 1)
        self._open: OrderedDict[PartFile, int] = OrderedDict()
        self._lent = 0

    def __len__(self) -> int:
        return len(self._open) + self._lent

    def descriptor(self, part: PartFile) -> int:
        """The part's open file. Call and use it under `lock`."""
        fd = self._open.get(part)
        if fd is None:
            self._make_room()
            fd = self._open[part] = self.disk.open(part.path, write=True)
        else:
            self._open.move_to_end(part)
        return fd

    def create(self, part: PartFile) -> None:
        """Makes the part's file, which must not exist."""
        with self.lock:
            self._make_room()
            self._open[part] = self.disk.create(part.path)

    def lend(self, part: PartFile) -> int | None:
        """Takes the part out of the pool: its descriptor is the caller's from now on; None if none is open.
        The caller closes it, then says `returned(1)`."""
        with self.lock:
            fd = self._open.pop(part, None)
            self._lent += fd is not None
            return fd

    def returned(self, count: int) -> None:
        """So many descriptors that were lent are closed."""
        with self.lock:
            self._lent -= count

    def take_unsynced(self) -> set[PartFile]:
        """What was written to since this was last asked: the next sync is for these."""
        with self.lock:
            taken, self.unsynced = self.unsynced, set()
            return taken

    def sync_each(self, parts: Iterable[PartFile]) -> None:
        """Syncs the growing ones file by file, for a system that can't sync all at once. All are tried; OSError if
        one failed."""
        failure: OSError | None = None
        for part in parts:
            try:
                if not part.closed:
                    with self.lock:
                        self.disk.sync_file(self.descriptor(part))
            except OSError as error:
                failure = error
        if failure is not None:
            raise failure

    def close(self) -> None:
        """Closes every file; the parts may go on and are opened again."""
        with self.lock:
            while self._open:
                self.disk.close(self._open.popitem()[1])

    def _make_room(self) -> None:
        while self._open and len(self._open) + self._lent >= self._limit:
            self.disk.close(self._open.popitem(last=False)[1])


class PartFile:
    """One growing recording, its samples interleaved as in a WAV file. Made by `Store.begin`.

    `path` is absolute and ends in `.part`, `name` is where the finished recording will lie, relative to the store.
    `frames` is the length so far. `suspect` is set once a write or a sync has failed: then the audio may not be
    what was written, and the finished call says so with the flag `disk_error`.
    """

    __slots__ = (
        "_pool", "channels", "closed", "encoding", "frame_bytes", "frames", "name", "packets", "path", "starts_ns",
        "suspect",
    )  # fmt: skip

    def __init__(
        self, pool: FilePool, path: str, name: str, *, encoding: Encoding, channels: int, starts_ns: int, frames: int
    ) -> None:
        self._pool = pool
        self.closed = False
        self.path = path
        self.name = name
        self.encoding = encoding
        self.channels = channels
        self.frame_bytes = channels * encoding.sample_bytes
        self.starts_ns = starts_ns  # time of frame 0
        self.frames = frames
        self.suspect = False
        self.packets: PacketFile | None = None  # beside it, if they are kept

    def write(self, frame: int, data: Buffer | NDArray[Any]) -> None:
        """Puts whole frames where they belong; `data` is any contiguous buffer and is not copied.

        A gap before `frame` becomes silence. DiskFailed if the disk doesn't take it: the part is suspect from then
        on, and may be written to further.
        """
        buffer: Any = data  # arrays are buffers; before Python 3.12 their types don't say so
        view = memoryview(buffer)
        count, rest = divmod(view.nbytes, self.frame_bytes)
        if rest or frame < 0 or self.closed:
            raise ValueError("not whole frames, a frame before the first, or a part that is finished")
        if frame > self.frames and self.encoding.law:
            self.silence(self.frames, frame)  # a hole in the file is right for linear samples alone: it reads as 0
        self._put(view, HEADER_BYTES + frame * self.frame_bytes)
        if frame + count > self.frames:
            self.frames = frame + count

    def silence(self, frame: int, end: int) -> None:
        """Writes silence from `frame` up to but not including `end`."""
        block = memoryview(self.encoding.silence * (_FILL_BYTES // self.encoding.sample_bytes))
        offset, last = (HEADER_BYTES + at * self.frame_bytes for at in (frame, end))
        while offset < last:
            self._put(block[: last - offset], offset)
            offset += len(block)
        self.frames = max(self.frames, end)

    def read(self, frame: int, count: int) -> bytes:
        """Up to `count` frames from `frame` on, fewer at the end."""
        count = max(0, min(count, self.frames - frame))
        buffer = bytearray(count * self.frame_bytes)
        view, offset = memoryview(buffer), HEADER_BYTES + frame * self.frame_bytes
        try:
            with self._pool.lock:
                fd = self._pool.descriptor(self)
                while view and (got := self._pool.disk.read_into(fd, view, offset)):
                    view, offset = view[got:], offset + got
        except OSError as error:
            raise self._failed("read", error) from error
        return bytes(buffer)

    def write_channel(self, frame: int, channel: int, samples: NDArray[Any]) -> None:
        """Puts one channel's samples (of the encoding's size) into frames that are there; beyond the end, none."""
        there = bytearray(self.read(frame, len(samples)))
        count, size, width = len(there) // self.frame_bytes, self.encoding.sample_bytes, self.frame_bytes
        given = np.ascontiguousarray(samples[:count]).view(np.uint8).reshape(count, size)
        np.frombuffer(there, np.uint8).reshape(count, width)[:, channel * size : (channel + 1) * size] = given
        self.write(frame, there)

    def insert(self, frames: int) -> None:
        """The recording begins so many frames earlier, with silence; all that is there moves back."""
        self.write(frames, self.read(0, self.frames))
        self.starts_ns -= frames * 1_000_000_000 // wav.RATE_HZ
        self.silence(0, frames)

    @property
    def file_bytes(self) -> int:
        """The length of the file once it is complete."""
        return wav.file_bytes(self.encoding, self.channels, self.frames)

    @property
    def sealed_bytes(self) -> int | None:
        """That of a sealed file; None if it isn't sealed."""
        return None

    @property
    def ends_silent(self) -> bool:
        """Whether its file, once complete, says nothing of its call to who has no key."""
        return False

    def complete(self, fd: int, call: CallRecord) -> bool:
        """Writes what makes the file complete into the open file; whether it says all that is known of the call.
        OSError."""
        packed, is_all = facts.pack_as_fits(call, self.encoding, complete=True)
        head = wav.header(self.encoding, self.channels, self.frames, packed)
        if self.frames * self.frame_bytes % 2:
            self._pool.disk.write(fd, memoryview(b"\0"), wav.HEADER_BYTES + self.frames * self.frame_bytes)
        self._pool.disk.write(fd, memoryview(head), 0)
        return is_all

    def describe(self, call: CallRecord) -> None:
        """Notes what has become known of the call meanwhile. DiskFailed."""
        self.write_head(facts.pack(with_audio(call, self), self.encoding, complete=False))

    def write_head(self, facts: bytes) -> None:
        """Writes the head for the length so far."""
        self._put(memoryview(wav.header(self.encoding, self.channels, self.frames, facts)), 0)

    def write_packets(self, records: memoryview) -> None:
        """Keeps more of the call's packets beside the recording: records of a pcap file."""
        self._packet_file().write(records)

    def lack_packets(self) -> None:
        """Some of them are missing: none are kept, and the finished call says so by a flag."""
        self._packet_file().lack()

    def give_packets(self) -> PacketFile | None:
        """They are another part's from now on, which has the same name."""
        packets, self.packets = self.packets, None
        return packets

    def _packet_file(self) -> PacketFile:
        if self.packets is None:
            self.packets = PacketFile(self._pool.disk, self.path.removesuffix(PART))
        return self.packets

    def discard(self) -> None:
        """Erases the file; nothing of the call remains on the disk once the next `Store.sync` is done."""
        self.closed = True
        fd = self._pool.lend(self)
        if fd is not None:
            self._pool.disk.close(fd)
            self._pool.returned(1)
        if self.packets is not None:
            self.packets.discard()
        try:
            self._pool.disk.unlink(self.path)
        except FileNotFoundError:
            pass
        except OSError as error:
            raise self._failed("erased", error) from error
        with self._pool.lock:
            self._pool.unsynced.add(self)

    def detach(self) -> int | None:
        """Ends the writing; the open descriptor, if there is one, is lent to the caller (see `FilePool.lend`)."""
        self.closed = True
        return self._pool.lend(self)

    def _put(self, view: memoryview, offset: int) -> None:
        pool = self._pool
        try:
            with pool.lock:
                pool.unsynced.add(self)
                pool.disk.write(pool.descriptor(self), view, offset)
        except OSError as error:
            self.suspect = True
            raise self._failed("written", error) from error

    def _failed(self, verb: str, error: OSError) -> DiskFailed:
        return disk_failed(f"{self.name}.part could not be {verb}", error)


def with_audio(call: CallRecord, part: PartFile) -> CallRecord:
    """The call with what its part knows of the recording. Streams and gaps are the call's own, if it has any."""
    given = call.recording or RecordingRecord(starts_ns=part.starts_ns)
    return call.with_recording(
        RecordingRecord(
            starts_ns=given.starts_ns, path=part.name, encoding=part.encoding.name, rate_hz=given.rate_hz,
            channels=part.channels, frames=part.frames, streams=given.streams, gaps=given.gaps[:MAX_GAPS],
            clocks=given.clocks,
        )  # fmt: skip
    )
