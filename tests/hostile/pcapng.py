"""Capture files of the newer form, in nanoseconds."""

from __future__ import annotations

import struct
from collections.abc import Iterable

from tests import wire


def block(kind: int, body: bytes) -> bytes:
    """A pcapng block."""
    body += b"\0" * (-len(body) % 4)
    return struct.pack("<II", kind, 12 + len(body)) + body + struct.pack("<I", 12 + len(body))


_SECTION = block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))
_INTERFACE = block(1, struct.pack("<HHI", 1, 0, 0) + struct.pack("<HHB3xHH", 9, 1, 9, 0, 0))  # nanoseconds
_HEAD = len(_SECTION + _INTERFACE)


def _enhanced(at: int, frame: bytes, *, interface: int = 0, captured: int | None = None) -> bytes:
    captured = len(frame) if captured is None else captured
    return block(6, struct.pack("<IIIII", interface, at >> 32, at & 0xFFFFFFFF, captured, len(frame)) + frame)


def pcapng(frames: Iterable[wire.Frame]) -> bytes:
    """A capture file of the newer form, in nanoseconds."""
    return b"".join([_SECTION, _INTERFACE, *(_enhanced(at, frame) for at, frame in frames)])
