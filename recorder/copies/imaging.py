"""A copy as an image for a DVD-R or CD-R: ISO 9660 with Joliet, which every Windows reads, Japanese names included.

An image is its head (who it is, what lies where), and then the files, each from the beginning of a block on. pycdlib
makes the head; the files follow while the image is sent. So no image lies anywhere, in memory or on a disk, and
recordings that are sealed lie nowhere in the clear.
"""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterator, Sequence
from typing import BinaryIO, NamedTuple, cast

import pycdlib

from recorder.copies.bundle import Bundle
from recorder.copies.content import Content, CopyFailed

LARGEST_BYTES = 4_600_000_000  # a DVD-R has 4.7 GB: 40 hours of both sides; more goes as a folder
_BLOCK = 2048
_JOLIET_NAME = 64  # characters


def as_iso(bundle: Bundle, volume: str) -> Iterator[bytes]:
    """The image's bytes; `volume` is its name (letters, digits, `_`). `CopyFailed` if it is too large for a disc, and
    what reading the contents raises."""
    if bundle.size > LARGEST_BYTES:
        raise CopyFailed("too_large")
    plan = _plan(bundle.contents, volume)
    yield plan.head
    at = len(plan.head)
    for begin, one in plan.files:
        assert at == begin
        for chunk in one.read():
            yield chunk
            at += len(chunk)
        if at != begin + one.size:
            raise CopyFailed("cut")
        if missing := -at % _BLOCK:
            yield bytes(missing)
            at += missing
    if at < plan.size:
        yield bytes(plan.size - at)


class _Plan(NamedTuple):
    """What lies where in an image."""

    head: bytes
    files: Sequence[tuple[int, Content]]  # those that aren't empty, in the order of the bytes at which they begin
    size: int


def _plan(contents: Sequence[Content], volume: str) -> _Plan:
    iso = pycdlib.PyCdlib()
    iso.new(interchange_level=3, joliet=3, vol_ident=re.sub(r"[^A-Z0-9_]", "_", volume.upper())[:16])
    try:
        for number, one in enumerate(contents, 1):
            assert len(one.name) <= _JOLIET_NAME
            zeros = cast(BinaryIO, _Zeros(one.size))
            iso.add_fp(zeros, one.size, f"/F{number:07d}.;1", joliet_path=f"/{one.name}")
        iso.force_consistency()
        files = sorted(
            (iso.get_record(joliet_path=f"/{one.name}").extent_location() * _BLOCK, number)
            for number, one in enumerate(contents) if one.size
        )
        first = files[0][0]
        image = _Head(first)
        iso.write_fp(image)
        placed = [(begin, contents[number]) for begin, number in files]
        return _Plan(image.getvalue().ljust(first, b"\0"), placed, image.size)
    finally:
        iso.close()


class _Zeros(io.RawIOBase):
    """A file of so many zeros, in the place of one whose bytes come later."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence] + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def read(self, size: int = -1) -> bytes:
        left = max(0, self._size - self._at)
        count = left if size < 0 else min(size, left)
        self._at += count
        return bytes(count)


class _Head(io.BytesIO):
    """Keeps the first `most` bytes of what is written; of the rest only how much it is."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most
        self._at = 0
        self.size = 0

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        self._at = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self.size}[whence] + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def write(self, data: bytes) -> int:  # type: ignore[override]
        if self._at < self._most:
            super().seek(self._at)
            super().write(data[: self._most - self._at])
        self._at += len(data)
        self.size = max(self.size, self._at)
        return len(data)
