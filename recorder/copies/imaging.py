"""A copy as an image for a DVD-R or CD-R: ISO 9660 with Joliet, which every Windows reads, Japanese names included.

An image is made in memory, never on a disk: recordings that are sealed lie nowhere in the clear.
"""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterator
from typing import BinaryIO

import pycdlib

from recorder.copies.bundle import Bundle
from recorder.copies.content import Content, CopyFailed

LARGEST_BYTES = 700 << 20  # a CD-R: one hour of both sides is 115 MB; more goes as a folder
_AT_ONCE = 1 << 18
_JOLIET_NAME = 64  # characters


def as_iso(bundle: Bundle, volume: str) -> Iterator[bytes]:
    """The image's bytes, and its volume's name (letters, digits, `_`). `CopyFailed` if it is too large for memory."""
    if bundle.size > LARGEST_BYTES:
        raise CopyFailed("too_large")
    with os.fdopen(os.memfd_create("copy", os.MFD_CLOEXEC), "w+b") as image:
        _write(bundle, volume, image)
        image.seek(0)
        while chunk := image.read(_AT_ONCE):
            yield chunk


def _write(bundle: Bundle, volume: str, image: BinaryIO) -> None:
    iso = pycdlib.PyCdlib()
    iso.new(interchange_level=3, joliet=3, vol_ident=re.sub(r"[^A-Z0-9_]", "_", volume.upper())[:16])
    try:
        opened = []
        for number, one in enumerate(bundle.contents, 1):
            assert len(one.name) <= _JOLIET_NAME
            data = io.BufferedReader(_Whole(one))
            opened.append(data)
            iso.add_fp(data, one.size, f"/F{number:07d}.;1", joliet_path=f"/{one.name}")
        iso.write_fp(image)
    finally:
        iso.close()


class _Whole(io.RawIOBase):
    """A content as a file that can be read from any place; from the one where it was left, best."""

    def __init__(self, content: Content) -> None:
        self._content = content
        self._at = 0  # where the next read begins
        self._chunks: Iterator[bytes] = iter(())
        self._come = -1  # how far `_chunks` came
        self._rest = b""

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._content.size}[whence]
        self._at = base + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        if self._come != self._at:
            self._begin_anew()
        if not self._rest:
            self._rest = next(self._chunks, b"")
        count = min(len(buffer), len(self._rest))
        buffer[:count], self._rest = self._rest[:count], self._rest[count:]
        self._at += count
        self._come = self._at
        return count

    def _begin_anew(self) -> None:
        self._chunks, self._rest = self._content.read(), b""
        skip = self._at
        while skip > 0 and (chunk := next(self._chunks, b"")):
            self._rest, skip = chunk[skip:], skip - len(chunk)
        self._come = self._at
