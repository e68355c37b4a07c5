"""A sealed recording opened: its samples by the frame, from memory to whoever asks, and never a file.

    with Reader.open(disk, path, ciphers) as reader:       # a cipher for each segment: storage.sealed.opening
        reader.cut                                         # None if it is whole
        reader.read(8000 * 30, 8000)                       # the second from 0:30 on, as in a WAV file

Frames count from the recording's first, as in its WAV file. Everything is authenticated before it is given back.
"""

from __future__ import annotations

import errno
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from cryptography.exceptions import InvalidTag

from storage.disk import Disk
from storage.errors import SealedError
from storage.records import Gap
from storage.sealed import form
from storage.sealed.expand import table
from storage.sealed.form import BOTH, HEAD_BYTES, RECORD_BYTES, TAG_BYTES, Record
from storage.sealed.scan import is_in_order, scan, second_at, tags
from storage.wav import ENCODINGS, PCM16, RATE_HZ, Encoding

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from numpy.typing import NDArray

_WINDOW = 10 * RATE_HZ


class Reader:
    """One open recording. `facts` are what its last record says, None if it has none: then `cut` says where it ends.

    `frames`, `channels` and `encoding` are those of the WAV file that it stands for. SealedError where a record isn't
    as it was sealed, naming its second; OSError.
    """

    def __init__(
        self, disk: Disk, fd: int, ciphers: Mapping[int, AESGCM], *, owns_file: bool = False
    ) -> None:
        self._disk, self._fd, self._ciphers, self._owns_file = disk, fd, ciphers, owns_file
        self._found = found = scan(disk, fd)
        self._head = bytearray(HEAD_BYTES)
        disk.read_into(fd, memoryview(self._head), 0)
        self._records = found.records
        self._from = np.array([one.frame for one in self._records], np.int64)
        self._to = np.array([one.frame + one.frames for one in self._records], np.int64)
        self.channels = found.head.channels
        self.call_id = found.head.id
        self.facts: dict[str, Any] | None = None
        self.encoding, self.frames, self._first = found.encoding, found.end_frame - found.first_frame, found.first_frame
        self._gaps: Sequence[Gap] = ()
        if wrong := is_in_order(found):
            raise SealedError(f"The recording was altered: {wrong}.")
        if found.last is not None:
            self._take_facts(found.last)
        elif found.end < disk.size(fd) and not self._is_torn():
            raise SealedError(f"The recording was altered after second {self.frames / RATE_HZ:.1f}.")

    @classmethod
    def open(cls, disk: Disk, path: str, ciphers: Mapping[int, AESGCM]) -> Self:
        """The recording at `path`."""
        fd = disk.open(path)
        try:
            return cls(disk, fd, ciphers, owns_file=True)
        except BaseException:
            disk.close(fd)
            raise

    @property
    def cut(self) -> float | None:
        """The second at which a recording ends that nobody completed; None if it is whole."""
        return None if self.facts is not None else self.frames / RATE_HZ

    def read(self, first: int, count: int) -> bytearray:
        """Up to `count` frames from `first` on, interleaved as in a WAV file; fewer at the end. Who has done with them
        overwrites them."""
        count = max(0, min(count, self.frames - first))
        out = bytearray(self.encoding.silence * (count * self.channels))
        self._fill(out, first + self._first, count, self.encoding, self._gaps)
        return out

    def blocks(self) -> Iterator[bytearray]:
        """All of it, ten seconds at a time; each block is overwritten when the next is asked for."""
        for first in range(0, self.frames, _WINDOW):
            out = self.read(first, _WINDOW)
            try:
                yield out
            finally:
                out[:] = bytes(len(out))

    def check(self) -> None:
        """Opens every record. SealedError."""
        for record in self._records:
            plain = self._opened(record)
            plain[:] = bytes(len(plain))

    def close(self) -> None:
        if self._owns_file:
            self._disk.close(self._fd)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _take_facts(self, last: Record) -> None:
        """What the last record says; and whether what lies before it is what was written."""
        if last.end != self._disk.size(self._fd):
            raise SealedError("The recording was altered: something follows its last record.")
        try:
            said = json.loads(bytes(self._opened(last)))
            encoding = _encoding(said["encoding"], said["law"])
            first, frames, gaps = int(said["first_frame"]), int(said["frames"]), said["gaps"]
            count, tags_sha256 = said["records"], said["records_sha256"]
        except (ValueError, KeyError, TypeError) as error:
            raise SealedError("The last record isn't one that a recorder writes.") from error
        wanted = hashlib.sha256()
        for tag in tags(self._disk, self._fd, self._found):
            wanted.update(tag)
        if count != len(self._found.records) or tags_sha256 != wanted.hexdigest():
            for record in self._records:  # the one that was altered, if one was
                self._opened(record)
            raise SealedError(f"The recording was altered: it should have {count} records, and these aren't they.")
        self.facts, self.encoding, self.frames, self._first = said, encoding, frames, first
        if encoding is PCM16 and any(one.tag != PCM16.tag for one in self._records):
            self._gaps = [(side, start + first, end + first) for side, start, end in gaps]

    def _is_torn(self) -> bool:
        """Whether what follows the last whole record is the beginning of one, as a crash leaves it."""
        head = bytearray(RECORD_BYTES)
        got = self._disk.read_into(self._fd, memoryview(head), self._found.end)
        return got < RECORD_BYTES or form.parse_record(head, self._found.end) is not None or not any(head)

    def _fill(self, out: bytearray, first: int, count: int, encoding: Encoding, gaps: Sequence[Gap]) -> None:
        """Puts every record's samples where they belong, those of later records over those of earlier ones."""
        if not count:
            return
        samples = np.frombuffer(out, np.int16 if encoding is PCM16 else np.uint8).reshape(count, self.channels)
        for index in np.flatnonzero((self._from < first + count) & (self._to > first)).tolist():
            record = self._records[index]
            plain = self._opened(record)
            found = _samples(plain, record, self.channels, encoding)
            lo, hi = max(record.frame, first), min(record.frame + record.frames, first + count)
            piece = found[lo - record.frame : hi - record.frame]
            if record.side == BOTH:
                samples[lo - first : hi - first] = piece
            else:
                samples[lo - first : hi - first, record.side - 1] = piece[:, 0]
            plain[:] = bytes(len(plain))
        for side, start, end in gaps:
            if start < first + count and end > first:
                samples[max(start - first, 0) : end - first, side] = 0

    def _opened(self, record: Record) -> bytearray:
        """What is sealed in a record."""
        cipher = self._ciphers.get(record.segment)
        if cipher is None:
            raise SealedError(f"There is no key for segment {record.segment} of this recording.")
        raw = bytearray(RECORD_BYTES + record.length)
        if self._disk.read_into(self._fd, memoryview(raw), record.offset) != len(raw):
            raise OSError(errno.EIO, "the file became shorter while it was read")
        plain = bytearray(record.length - TAG_BYTES)
        aad = bytes(self._head) + bytes(raw[:RECORD_BYTES])
        try:
            cipher.decrypt_into(form.nonce(record.number), memoryview(raw)[RECORD_BYTES:], aad, plain)
        except InvalidTag:
            where = "its end" if record.kind == form.LAST else f"second {second_at(self._found, record.offset):.1f}"
            raise SealedError(f"The recording was altered at {where}, or the key isn't its own.") from None
        return plain


def _samples(plain: bytearray, record: Record, channels: int, encoding: Encoding) -> NDArray[Any]:
    own = ENCODINGS[record.tag]
    found = np.frombuffer(plain, np.int16 if own is PCM16 else np.uint8)
    found = found.reshape(record.frames, channels if record.side == BOTH else 1)
    return found if own is encoding else table(own)[found]


def _encoding(name: str, law: str | None) -> Encoding:
    for one in ENCODINGS.values():
        if (one.name, one.law) == (name, law):
            return one
    raise ValueError("an encoding that there isn't")
