"""The hash of a recording's file, and on the way to it those of its beginnings: they tell which second was altered.

Mark 0 is of the head, mark n of everything up to the end of second n: the first 4 bytes of the SHA-256 so far. They
cost nothing beside the hash itself. What differs first is where the file was altered first.
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple

from storage import wav
from storage.disk import Disk

MARK_BYTES = 4
_READ_SECONDS = 8


class Marked(NamedTuple):
    """What was read."""

    sha256: bytes
    size: int
    marks: bytes


def second_bytes(encoding: str, channels: int, rate_hz: int = wav.RATE_HZ) -> int:
    """How many bytes a second of audio has."""
    return rate_hz * channels * (2 if encoding == wav.PCM16.name else 1)


def hash_marking(disk: Disk, fd: int, second: int, buffer: memoryview | None = None) -> Marked:
    """SHA-256 of a whole open file, its size, and its marks, a second having so many bytes.

    Who hashes many files gives a `buffer` (`room_for_marking`): making one costs as much as reading half a second.
    """
    sha256, size, marks = hashlib.sha256(), 0, bytearray()
    buffer = room_for_marking(second) if buffer is None else buffer
    wanted = wav.HEADER_BYTES
    while got := _read(disk, fd, buffer[:wanted], size):
        for start in range(0, got, second if size else wanted):
            sha256.update(buffer[start : min(start + second, got)] if size else buffer[:got])
            marks += sha256.copy().digest()[:MARK_BYTES]
        size += got
        wanted = _READ_SECONDS * second
    return Marked(sha256.digest(), size, bytes(marks))


def room_for_marking(second: int) -> memoryview:
    """A buffer for `hash_marking` of files of which no second has more bytes."""
    return memoryview(bytearray(max(wav.HEADER_BYTES, _READ_SECONDS * second)))


def first_difference(marks: bytes, others: bytes) -> int | None:
    """Which mark differs first, None if none does."""
    for number in range(0, max(len(marks), len(others)), MARK_BYTES):
        if marks[number : number + MARK_BYTES] != others[number : number + MARK_BYTES]:
            return number // MARK_BYTES
    return None


def _read(disk: Disk, fd: int, buffer: memoryview, offset: int) -> int:
    """Fills the buffer, unless the file ends first."""
    done = 0
    while done < len(buffer) and (got := disk.read_into(fd, buffer[done:], offset + done)):
        done += got
    return done
