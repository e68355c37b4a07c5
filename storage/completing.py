"""How recordings become complete, many at once: the steps of "Keep" in docs/formats.md, by their numbers.

`Store.finish` and the recovery at a start both go this way. Everything here may be done again after a crash at any
point. A fault of the disk hurts the call it hits and no other, and what comes out of `Completion.result` then carries
the flag `disk_error`.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
from collections.abc import Iterable, Sequence
from dataclasses import replace

from storage.disk import Disk
from storage.errors import DiskFailed
from storage.layout import PART
from storage.marks import hash_marking, room_for_marking, second_bytes
from storage.packet_file import MISSING, PacketFile
from storage.parts import FilePool, PartFile, with_audio
from storage.records import CallRecord, salted
from storage.sealed.seals import Seals
from storage.wav import PCM16

DISK_ERROR = "disk_error"
_READ_BYTES = 1 << 18
_FEW = 4  # so many files are synced one by one; beyond that one syncfs is cheaper


class Completion:
    """One call on its way into the catalogue.

    `fault` is what kept its recording from becoming complete: the file then stays as it lies, for the next start.
    """

    def __init__(self, call: CallRecord, part: PartFile | None) -> None:
        if part is None and call.recording is not None:
            raise ValueError(f"call {call.id} has a recording, but no part")
        if part is not None and part.frames and call.outcome != "recorded":
            raise ValueError(f"call {call.id} is {call.outcome}, but has audio")
        call = salted(call)
        self.call = call if part is None else with_audio(call, part)
        self.part = part
        self.fault: OSError | None = None
        self.sha256 = self.marks = b""
        self.packets: tuple[int, bytes] | None = None  # size and hash of those beside it
        self.head_is_whole = False  # whether all that is known of the call stands in its recording's head
        self.fd = part.detach() if part is not None else None
        self.lent = self.fd is not None

    @property
    def open_part(self) -> PartFile | None:
        """The part, as long as there is something to do with it."""
        return self.part if self.fault is None else None

    def result(self) -> CallRecord:
        """The call as its row shall have it."""
        call, part = self.call, self.part
        if part is None or call.recording is None:
            return call
        if part.suspect or self.fault is not None:
            call = flagged(call, DISK_ERROR)
        if part.packets is not None and self.packets is None and part.frames:
            call = flagged(call, MISSING)
        if self.fault is not None:
            return replace(call, recording=None)
        if not part.frames:
            return replace(call, recording=None, outcome="no_audio" if call.outcome == "recorded" else call.outcome)
        assert call.recording is not None
        recording = replace(call.recording, sha256=self.sha256, marks=self.marks, sealed_bytes=part.sealed_bytes)
        if self.packets is not None:
            recording = replace(recording, packets_bytes=self.packets[0], packets_sha256=self.packets[1])
        return call.with_recording(recording)

    def said_by_head(self, result: CallRecord) -> bool:
        """Whether the head of its recording says all that the row will, `result`, so that no other file has to."""
        is_same = result.recording is not None and result.flags == self.call.flags
        return self.head_is_whole and is_same and self.packets is None


def flagged(call: CallRecord, flag: str) -> CallRecord:
    """The call with one more flag."""
    return call if flag in call.flags else replace(call, flags=(*call.flags, flag))


def write_heads(completions: Sequence[Completion], pool: FilePool, seals: Seals) -> None:
    """Step 1: each part gets its final head, with the length and the complete facts."""
    with contextlib.suppress(DiskFailed):  # what was known as they began stands there, and calls.jsonl has all
        seals.ended([one.call for one in completions if one.open_part is not None and one.open_part.ends_silent])
    for completion in completions:
        if (part := completion.open_part) is None:
            continue
        try:
            if completion.fd is None:
                completion.fd = pool.disk.open(part.path, write=True)
            completion.head_is_whole = part.complete(completion.fd, completion.call)
            if part.packets is not None:
                part.packets.flush()
        except OSError as error:
            _fail(completion, error)
        _close(completion, pool.disk, unless=completion.lent)


def sync(completions: Sequence[Completion], pool: FilePool, root: int, seals: Seals) -> OSError | None:
    """Step 2: all their bytes are on the disk, keys before what they open. `root` is the open folder of the store.

    A sync that failed is not tried again and believed: the kernel has dropped what it couldn't write. Whatever had
    been written to since the sync before is suspect then, parts that still grow included. The error, if any.
    """
    completed = [part for completion in completions if (part := completion.open_part) is not None]
    if not completed:
        return None
    try:
        seals.sync()
    except OSError as error:
        for part in completed:
            part.suspect |= part.sealed_bytes is not None
        return error
    if len(completed) > _FEW and pool.disk.has_sync_all:
        return sync_all(pool, root, completed)
    failure: OSError | None = None
    for completion in completions:
        if (part := completion.open_part) is None:
            continue
        try:
            if completion.fd is None:
                completion.fd = pool.disk.open(part.path, write=True)
            pool.disk.sync_file(completion.fd)
            if part.packets is not None:
                part.packets.flush(sync=True)
        except OSError as error:
            part.suspect = True
            failure = error
        _close(completion, pool.disk, unless=completion.lent)
    with pool.lock:
        pool.unsynced.difference_update(completed)
    return failure


def sync_all(pool: FilePool, root: int, completed: Sequence[PartFile] = ()) -> OSError | None:
    """One sync of the file system for everything written so far. The error, if any: see `sync`."""
    taken = pool.take_unsynced().union(completed)
    try:
        if pool.disk.has_sync_all:
            pool.disk.sync_all(root)
        else:
            pool.sync_each(taken)
    except OSError as error:
        for part in taken:
            part.suspect = True
        return error
    return None


def hash_and_name(completions: Sequence[Completion], pool: FilePool) -> None:
    """Steps 3 to 5: each file is read back and hashed, gets its name, and the names are synced."""
    disk, buffer = pool.disk, room_for_marking(second_bytes(PCM16.name, 2))
    folders: dict[str, list[PartFile]] = {}
    for completion in completions:
        part = completion.open_part
        if part is None or not part.frames:
            continue
        try:
            if completion.fd is None:
                completion.fd = disk.open(part.path)
            second = second_bytes(part.encoding.name, part.channels)
            completion.sha256, size, completion.marks = hash_marking(disk, completion.fd, second, buffer)
            if size != part.file_bytes:
                raise OSError(errno.EIO, "the file isn't as long as what was written")
            if part.packets is not None:
                completion.packets = _name_packets(disk, part.packets)
            name_for_good(disk, part.path)
            folders.setdefault(os.path.dirname(part.path), []).append(part)
        except OSError as error:
            _fail(completion, error)
        _close(completion, disk, unless=completion.lent)
    for folder, parts in folders.items():
        try:
            disk.sync_directory(folder)
        except OSError:
            for part in parts:
                part.suspect = True


def _name_packets(disk: Disk, packets: PacketFile) -> tuple[int, bytes] | None:
    """Steps 3 and 4 of the packets beside a recording: their size and hash, None if they came to nothing."""
    if packets.is_missing or not packets.written:
        return None
    try:
        fd = disk.open(packets.path)
        try:
            sha256, size = hash_file(disk, fd)
        finally:
            disk.close(fd)
        if size != packets.written:
            raise OSError(errno.EIO, "the file isn't as long as what was written")
        name_for_good(disk, packets.path)
    except OSError:  # told by the call's flag; the next start erases what is left
        packets.lack()
        return None
    return size, sha256


def hash_file(disk: Disk, fd: int, buffer: memoryview | None = None) -> tuple[bytes, int]:
    """SHA-256 of a whole open file, and how many bytes it has."""
    buffer = buffer if buffer is not None else memoryview(bytearray(_READ_BYTES))
    sha256, size = hashlib.sha256(), 0
    while got := disk.read_into(fd, buffer, size):
        sha256.update(buffer[:got])
        size += got
    return sha256.digest(), size


def name_for_good(disk: Disk, part_path: str) -> None:
    """Step 4: takes the `.part` away. FileExistsError if another file has the name."""
    final = part_path.removesuffix(PART)
    try:
        disk.rename_new(part_path, final)
    except FileExistsError:
        old, new = disk.status(part_path), disk.status(final)
        if old is None or new is None or old.file_id != new.file_id:
            raise
        disk.unlink(part_path)  # a rename in two steps that a crash cut in half


def release(completions: Iterable[Completion], pool: FilePool) -> None:
    """Closes what the pool lent."""
    count = 0
    for completion in completions:
        count += completion.lent
        completion.lent = False
        _close(completion, pool.disk)
    pool.returned(count)


def _fail(completion: Completion, error: OSError) -> None:
    completion.fault = error
    assert completion.part is not None
    completion.part.suspect = True


def _close(completion: Completion, disk: Disk, *, unless: bool = False) -> None:
    """Closes a file that was opened for one step. What was lent stays open to the end of the group."""
    if completion.fd is not None and not unless:
        disk.close(completion.fd)
        completion.fd = None
