"""Fuzz target: the bytes of frames. Whatever they are, decoding raises nothing and accounts for each frame.

The first byte chooses the link type; the rest is cut into frames, each led by a 16-bit length.
"""

from __future__ import annotations

import struct

import numpy as np

from capture.counters import Counters
from capture.frames import SLACK, FrameBlock
from capture.network import NetworkDecoder, frames_accounted_for
from capture.network.unusual import BY_LINK
from capture.packets import AddressBook
from tests import wire

LINKS = sorted(BY_LINK)


def one_input(data: bytes) -> None:
    """Decode; fails if a frame isn't accounted for or a row points outside of its data."""
    if not data:
        return
    starts, lengths = [], []
    at = 1
    while at + 2 <= len(data):
        length = min(int.from_bytes(data[at : at + 2], "big"), len(data) - at - 2)
        starts.append(at + 2)
        lengths.append(length)
        at += 2 + length
    count = len(starts)
    block = FrameBlock(
        data=np.frombuffer(data + bytes(SLACK), np.uint8),
        start=np.array(starts, np.int64),
        length=np.array(lengths, np.int64),
        wire_length=np.array(lengths, np.int64),
        time_ns=np.arange(count, dtype=np.int64),
        link=np.full(count, LINKS[data[0] % len(LINKS)], np.uint16),
        first=0,
    )
    counters = Counters()
    batch = NetworkDecoder(AddressBook(), counters).decode(block)
    assert frames_accounted_for(counters) == counters["frames"] == count
    assert len(batch) + len(batch.segments) <= count
    assert (batch.start >= 0).all() and (batch.length >= 0).all()
    assert (batch.start + batch.length <= len(batch.data)).all()
    assert (np.diff(batch.frame) > 0).all()
    for row in range(len(batch)):
        head = bytes(batch.data[batch.start[row] : batch.start[row] + min(batch.length[row], 16)])
        assert bytes(batch.head[row]) == head.ljust(16, b"\0")


def _seed(link: int, *frames: bytes) -> bytes:
    return bytes([LINKS.index(link)]) + b"".join(struct.pack(">H", len(frame)) + frame for frame in frames)


_A, _B = "192.0.2.1:5060", "192.0.2.2:4000"
_UDP = wire.udp(_A, _B, b"INVITE sip:a@b SIP/2.0\r\n")
_UDP6 = wire.udp("[2001:db8::1]:5060", "[2001:db8::2]:4000", b"INVITE sip:a@b SIP/2.0\r\n")
_OUTER = (b"\x0a\0\0\1", b"\x0a\0\0\2")
_EXTENSIONS = b"\x3c\0\1\4\0\0\0\0" + b"\x2c\0\1\4\0\0\0\0" + b"\x11\0\0\0\0\0\0\1"
_EXTENDED = wire.ethernet(wire.ip(b"\x20" * 16, b"\x20" * 16, 0, _EXTENSIONS + _UDP[34:]))

SEEDS = [
    _seed(1, _UDP, wire.tcp(_A, _B, b"SIP/2.0 200 OK\r\n", seq=1), wire.udp(_A, _B, b"", vlans=(1, 2))),
    _seed(1, _UDP6, _EXTENDED),
    _seed(1, wire.ethernet(wire.ip(*_OUTER, 47, b"\x10\0\x88\xbe\0\0\0\1\x10\0\0\0\0\0\0\0" + _UDP))),
    _seed(1, wire.ethernet(wire.ip(*_OUTER, 47, b"\xb0\0\x65\x58" + bytes(12) + _UDP6))),
    _seed(1, wire.udp("10.0.0.1:9", "10.0.0.2:4789", b"\x08\0\0\0\0\0\1\0" + _UDP)),
    _seed(1, wire.udp("10.0.0.1:9", "10.0.0.2:2152", b"\x34\xff\0\x40\0\0\0\1\0\0\0\x85\1\0\0\0" + _UDP[14:])),
    _seed(1, wire.ethernet(wire.ip(*_OUTER, 50, bytes(8) + _UDP[34:] + b"\1\2\2\x11" + bytes(12)))),
    _seed(1, _UDP[:12] + b"\x88\x47\0\0\1\x40" + _UDP[14:], _UDP[:12] + b"\x88\x64\x11\0\0\1\0\x30\0\x21" + _UDP[14:]),
    _seed(113, bytes(14) + b"\x08\0" + _UDP[14:]),
    _seed(0, b"\2\0\0\0" + _UDP[14:]),
]
