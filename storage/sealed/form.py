"""The form of a sealed recording: a head, then records, each sealed by itself. docs/sealed.md says the same in words.

Nothing here touches a file or a key. Numbers are big-endian.

    head     8 "sealed-1", 1 encoding, 1 channels, 2 length of the id, 8 when frame 0 was (signed, nanoseconds since
             1970), 128 the id, filled up with zeros
    record   4 "AUDI" or "LAST", 4 segment, 8 number, 8 first frame (signed), 4 frames, 1 encoding, 1 side, 2 nothing,
             4 length of what follows, then the sealed bytes with their tag (AES-256-GCM)

The nonce of a record is four zero bytes and its number; what is authenticated besides is the file's head and the
record's own. So a record opens in its own place of its own recording alone.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from storage.errors import SealedError
from storage.wav import ENCODINGS, RATE_HZ, Encoding

MAGIC = b"sealed-1"
AUDIO, LAST = b"AUDI", b"LAST"
BOTH, LEFT, RIGHT = 0, 1, 2  # whose samples a record has; both are interleaved as in a WAV file
KEY_BYTES = 32
TAG_BYTES = 16
MOST_FRAMES = RATE_HZ  # of one record: a second
MOST_BYTES = 1 << 26  # of what a record holds; LAST has the facts and gaps

_HEAD = struct.Struct(">8sBBHq128s")
_RECORD = struct.Struct(">4sIQqIBBHI")
HEAD_BYTES = _HEAD.size
RECORD_BYTES = _RECORD.size
_SIDES = {BOTH, LEFT, RIGHT}


class Head(NamedTuple):
    """What the file says of itself in the clear."""

    encoding: Encoding  # as the recording began
    channels: int
    began_ns: int  # capture time of frame 0, nanoseconds since 1970
    id: str


class Record(NamedTuple):
    """A record, without what is sealed in it."""

    kind: bytes
    segment: int  # 1 for the first process that wrote it, one more with each that went on
    number: int  # within its segment, ever growing
    frame: int  # the first it is for; 0 is the first of the recording as it began
    frames: int
    tag: int  # of the encoding of its samples
    side: int
    length: int  # of the sealed bytes, tag included
    offset: int  # of its own head in the file

    @property
    def end(self) -> int:
        """Where the next one begins."""
        return self.offset + RECORD_BYTES + self.length

    def samples_bytes(self, channels: int) -> int:
        """How many bytes of samples it has to hold."""
        return self.frames * ENCODINGS[self.tag].sample_bytes * (channels if self.side == BOTH else 1)


def pack_head(head: Head) -> bytes:
    """The head of a file."""
    raw = head.id.encode("ascii")
    return _HEAD.pack(MAGIC, head.encoding.tag, head.channels, len(raw), head.began_ns, raw)


def parse_head(data: bytes) -> Head:
    """What a head says. SealedError if it is none."""
    if len(data) < HEAD_BYTES:
        raise SealedError("The file is shorter than its head.")
    magic, tag, channels, length, began_ns, raw = _HEAD.unpack_from(data)
    if magic != MAGIC:
        raise SealedError("The file doesn't begin as a sealed recording of this version.")
    if tag not in ENCODINGS or channels not in (1, 2) or not 0 < length <= 128 or raw[length:].strip(b"\0"):
        raise SealedError("The head of the sealed recording can't be right.")
    try:
        return Head(ENCODINGS[tag], channels, began_ns, raw[:length].decode("ascii"))
    except UnicodeDecodeError:
        raise SealedError("The head of the sealed recording can't be right.") from None


def record_head(
    kind: bytes, segment: int, number: int, frame: int, frames: int, tag: int, side: int, length: int
) -> bytes:
    """What stands before the sealed bytes of a record; `length` is theirs."""
    return _RECORD.pack(kind, segment, number, frame, frames, tag, side, 0, length)


def parse_record(data: bytes | bytearray | memoryview, offset: int) -> Record | None:
    """The record whose head this is, lying at `offset` in its file; None if it can't be one."""
    if len(data) < RECORD_BYTES:
        return None
    kind, segment, number, frame, frames, tag, side, nothing, length = _RECORD.unpack_from(data)
    if nothing or not segment or tag not in ENCODINGS or not TAG_BYTES <= length <= MOST_BYTES:
        return None
    if kind == AUDIO and (side not in _SIDES or not 0 < frames <= MOST_FRAMES):
        return None
    if kind == LAST and (side or frames) or kind not in (AUDIO, LAST):
        return None
    return Record(kind, segment, number, frame, frames, tag, side, length, offset)


def nonce(number: int) -> bytes:
    """That of the record of this number: it is used once under its segment's key."""
    return number.to_bytes(12, "big")
