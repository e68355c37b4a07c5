"""Bytes of a capture file, one after the other: from a file, standard input or gzip of either.

`open_source` looks at the first bytes to tell gzip (RFC 1952) from the rest, so names don't matter. A gzip file may
have several members, as `cat a.gz b.gz` and rotating capturers make them. What breaks in mid-file (a cut or damaged
gzip, a read error) ends the bytes and is told in `fault`: all that came before it has been given.
"""

from __future__ import annotations

import os
import select
import sys
import zlib
from typing import BinaryIO, Protocol

GZIP_MAGIC = b"\x1f\x8b"
GZIP_CHUNK = 256 << 10  # compressed bytes taken at a time; inflates to 1 to 4 MiB of telephone traffic


class CaptureFileError(ValueError):
    """A capture file that gives nothing: one sentence naming it and what is wrong."""


class Source(Protocol):
    """Bytes in order."""

    fault: str | None  # why the bytes ended early; None: they didn't

    def readinto(self, room: memoryview) -> int:
        """Fill some of `room`, at least a byte; 0 means the end."""

    def ready(self, within_ms: int) -> bool:
        """Whether `readinto` has something to give (or the end) within so many milliseconds."""

    @property
    def position(self) -> int:
        """Bytes of the file used so far (compressed ones, if it is)."""

    def close(self) -> None:
        """Close what `open_source` opened; a file object that it was given stays open."""


class PlainSource:
    """Bytes as they are; `head` are those already taken to see what they are."""

    def __init__(self, file: BinaryIO, head: bytes, *, owned: bool) -> None:
        self._file = file
        self._head = head
        self._owned = owned
        self._given = 0
        self.fault: str | None = None

    def readinto(self, room: memoryview) -> int:
        if self._head:
            count = min(len(self._head), len(room))
            room[:count] = self._head[:count]
            self._head = self._head[count:]
        else:
            try:
                count = _readinto(self._file, room)
            except OSError as error:
                self.fault = f"can't be read further: {error.strerror or error}"
                count = 0
        self._given += count
        return count

    def ready(self, within_ms: int) -> bool:
        if self._head:
            return True
        poll = select.poll()
        poll.register(self._file.fileno(), select.POLLIN)
        return bool(poll.poll(within_ms))

    @property
    def position(self) -> int:
        return self._given

    def close(self) -> None:
        if self._owned:
            self._file.close()


class GzipSource:
    """Inflated bytes of a gzip file with one or more members."""

    def __init__(self, compressed: Source) -> None:
        self._compressed = compressed
        self._chunk = memoryview(bytearray(GZIP_CHUNK))
        self._pending = b""
        self._inflater = zlib.decompressobj(wbits=31)
        self._in_member = False
        self.fault: str | None = None

    def readinto(self, room: memoryview) -> int:
        while self.fault is None:
            if not self._pending and not self._refill():
                return 0
            if self._inflater.eof:
                # Zeros between or after members are padding (tapes, block devices); anything else that isn't a
                # member is refused by the inflater below.
                self._pending = self._pending.lstrip(b"\0")
                if not self._pending:
                    self._in_member = False
                    continue
                self._inflater = zlib.decompressobj(wbits=31)
            self._in_member = True
            try:
                inflated = self._inflater.decompress(self._pending, len(room))  # never more: bombs stay small
            except zlib.error:
                self.fault = "is damaged: its gzip data can't be decompressed further"
                return 0
            self._pending = self._inflater.unused_data if self._inflater.eof else self._inflater.unconsumed_tail
            if inflated:
                room[: len(inflated)] = inflated
                return len(inflated)
        return 0

    def _refill(self) -> bool:
        count = self._compressed.readinto(self._chunk)
        self._pending = bytes(self._chunk[:count])
        if not count:
            self.fault = self._compressed.fault
            if self.fault is None and self._in_member and not self._inflater.eof:
                self.fault = "is cut: its gzip data ends too early"
        return count > 0

    def ready(self, within_ms: int) -> bool:
        return bool(self._pending) or self._compressed.ready(within_ms)

    @property
    def position(self) -> int:
        return self._compressed.position

    def close(self) -> None:
        self._compressed.close()


def open_source(source: str | os.PathLike[str] | BinaryIO) -> tuple[Source, str, int | None]:
    """Bytes of a path, of standard input (`-`) or of a binary file object; its name; its size (None: unknown)."""
    if isinstance(source, (str, os.PathLike)):
        if os.fspath(source) == "-":
            file: BinaryIO = sys.stdin.buffer
            name, owned = "standard input", False
        else:
            name, owned = os.fspath(source), True
            try:
                file = open(source, "rb", buffering=0)
            except (OSError, ValueError) as error:
                reason = error.strerror if isinstance(error, OSError) else str(error)
                raise CaptureFileError(f"{name} can't be opened: {reason}.") from error
    else:
        file, name, owned = source, str(getattr(source, "name", "capture")), False
    total = os.fstat(file.fileno()).st_size if owned and os.path.isfile(name) else None
    head = bytearray()
    try:
        while len(head) < len(GZIP_MAGIC):
            more = file.read(len(GZIP_MAGIC) - len(head))
            if not more:
                break
            head += more
    except OSError as error:
        if owned:
            file.close()
        raise CaptureFileError(f"{name} can't be read: {error.strerror or error}.") from error
    plain = PlainSource(file, bytes(head), owned=owned)
    return (GzipSource(plain) if head == GZIP_MAGIC else plain), name, total


def _readinto(file: BinaryIO, room: memoryview) -> int:
    readinto = getattr(file, "readinto", None)
    if readinto is not None:
        return readinto(room) or 0
    data = file.read(len(room))
    room[: len(data)] = data
    return len(data)
