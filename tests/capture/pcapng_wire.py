"""pcapng files for tests, block by block."""

from __future__ import annotations

import struct


def block(kind: int, body: bytes, order: str = "<", *, total: int | None = None) -> bytes:
    """Any block; `total` replaces the true length at its front."""
    body += bytes(-len(body) % 4)
    length = len(body) + 12
    return struct.pack(order + "II", kind, total or length) + body + struct.pack(order + "I", length)


def option(code: int, value: bytes, order: str = "<") -> bytes:
    return struct.pack(order + "HH", code, len(value)) + value + bytes(-len(value) % 4)


def section(order: str = "<") -> bytes:
    return block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1), order)


def interface(
    link: int = 1,
    order: str = "<",
    *,
    snap_length: int = 0,
    resolution: int | None = None,
    offset_s: int | None = None,
) -> bytes:
    body = struct.pack(order + "HHI", link, 0, snap_length)
    if resolution is not None:
        body += option(9, bytes([resolution]), order)
    if offset_s is not None:
        body += option(14, struct.pack(order + "q", offset_s), order)
    return block(1, body + option(0, b"", order), order)


def enhanced(
    data: bytes,
    units: int,
    order: str = "<",
    *,
    interface: int = 0,
    wire_length: int | None = None,
    options: bytes = b"",
    captured: int | None = None,
) -> bytes:
    head = struct.pack(
        order + "IIIII",
        interface,
        units >> 32,
        units & 0xFFFFFFFF,
        len(data) if captured is None else captured,
        len(data) if wire_length is None else wire_length,
    )
    return block(6, head + data + bytes(-len(data) % 4) + options, order)


def simple(data: bytes, order: str = "<", *, wire_length: int | None = None) -> bytes:
    return block(3, struct.pack(order + "I", len(data) if wire_length is None else wire_length) + data, order)


def old_packet(data: bytes, units: int, order: str = "<", *, interface: int = 0) -> bytes:
    head = struct.pack(
        order + "HHIIII", interface, 7, units >> 32, units & 0xFFFFFFFF, len(data), len(data)
    )
    return block(2, head + data, order)
