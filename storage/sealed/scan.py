"""What a sealed recording says without a key: its head, and where its records lie."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from storage.disk import Disk
from storage.sealed.form import AUDIO, HEAD_BYTES, LAST, RECORD_BYTES, TAG_BYTES, Head, Record, parse_head, parse_record
from storage.wav import ENCODINGS, PCM16, RATE_HZ, Encoding


class Scan(NamedTuple):
    """A file from its head to the end of its last whole record."""

    head: Head
    records: list[Record]  # of audio
    last: Record | None  # None: nobody completed it
    end: int  # bytes up to which it is whole

    @property
    def first_frame(self) -> int:
        """Where its audio begins."""
        return min((one.frame for one in self.records), default=0)

    @property
    def end_frame(self) -> int:
        """Where its audio ends."""
        return max((one.frame + one.frames for one in self.records), default=0)

    @property
    def encoding(self) -> Encoding:
        """As what its samples can be read: what is of several encodings, as 16-bit samples."""
        tags = {self.head.encoding.tag, *(one.tag for one in self.records)}
        return ENCODINGS[tags.pop()] if len(tags) == 1 else PCM16


def scan(disk: Disk, fd: int) -> Scan:
    """Looks through an open file, record by record. SealedError if its head is none; OSError."""
    return _scan(lambda into, offset: disk.read_into(fd, into, offset), disk.size(fd))


def scan_data(data: bytes | memoryview) -> Scan:
    """The same of what lies in memory, whole or the beginning of a file. SealedError."""

    def read(into: memoryview, offset: int) -> int:
        piece = memoryview(data)[offset : offset + len(into)]
        into[: len(piece)] = piece
        return len(piece)

    return _scan(read, len(data))


def _scan(read: Callable[[memoryview, int], int], size: int) -> Scan:
    """`read` fills a buffer from a place of the file, and says how much it got."""
    buffer = bytearray(HEAD_BYTES)
    view = memoryview(buffer)
    head = parse_head(bytes(buffer[: read(view, 0)]))
    records: list[Record] = []
    last: Record | None = None
    offset = HEAD_BYTES
    while last is None and offset + RECORD_BYTES <= size:
        got = read(view[:RECORD_BYTES], offset)
        record = parse_record(view[:got], offset)
        if record is None or record.end > size:
            break
        if record.kind == LAST:
            last = record
        else:
            records.append(record)
        offset = record.end
    return Scan(head, records, last, offset)


def second_at(found: Scan, offset: int) -> float:
    """The second of the recording whose record lies at this place of the file."""
    first = found.first_frame
    for record in found.records:
        if record.offset <= offset < record.end:
            return (record.frame - first) / RATE_HZ
    return (found.end_frame - first) / RATE_HZ


def is_in_order(found: Scan) -> str:
    """What is wrong with the order of the records, "" if nothing is."""
    segment, number = 0, -1
    for record in [*found.records, *([found.last] if found.last is not None else [])]:
        if record.segment < segment or (record.segment == segment and record.number <= number):
            return f"the record at second {second_at(found, record.offset):.1f} isn't in its place"
        if record.kind == AUDIO and record.samples_bytes(found.head.channels) != record.length - TAG_BYTES:
            return f"the record at second {second_at(found, record.offset):.1f} hasn't the length of its samples"
        segment, number = record.segment, record.number
    return ""



def tags(disk: Disk, fd: int, found: Scan) -> Iterator[bytes]:
    """The tags of a file's records of audio, in their order. OSError."""
    tag = bytearray(TAG_BYTES)
    for record in found.records:
        disk.read_into(fd, memoryview(tag), record.end - TAG_BYTES)
        yield bytes(tag)
