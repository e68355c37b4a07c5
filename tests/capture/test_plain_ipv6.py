"""Plain IPv6 frames, decoded by the block: the vector code says what the decoder of single frames says."""

from __future__ import annotations

import random
import struct
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from capture.network.plain_ipv6 import WORTHWHILE, decode_plain_ipv6
from capture.packets import AddressBook
from tests import wire
from tests.capture.blocks import Decoded, block_of, decode

A, B = b"\x20\x01\x0d\xb8" + bytes(11) + b"\1", b"\xfd" + bytes(14) + b"\2"
MAPPED = bytes(10) + b"\xff\xff\xc0\0\2\1"


def udp6(
    payload: bytes,
    *,
    source: bytes = A,
    destination: bytes = B,
    ports: tuple[int, int] = (4000, 5060),
    vlans: tuple[int, ...] = (),
    ip_length: int | None = None,
    protocol: int = 17,
) -> bytes:
    """An Ethernet frame with UDP in IPv6 (RFC 8200)."""
    datagram = struct.pack(">HHHH", *ports, 8 + len(payload), 0) + payload
    length = len(datagram) if ip_length is None else ip_length
    packet = struct.pack(">IHBB", 0x60000000, length, protocol, 64) + source + destination + datagram
    tags = b"".join(struct.pack(">HH", 0x8100, tag) for tag in vlans)
    return bytes(12) + tags + b"\x86\xdd" + packet


def taken(frames: list[bytes]) -> int:
    """How many of the frames the vector code takes."""
    block = block_of(frames)
    found = decode_plain_ipv6(block, np.arange(len(block)), (4789,), AddressBook())
    return 0 if found is None else len(found.rows)


def same_one_by_one(frames: list[bytes]) -> None:
    """All at once is what they are one by one: a block of one frame is never decoded by vector code."""
    together = decode(block_of(frames))
    alone = decode([block_of([frame], first=number) for number, frame in enumerate(frames)])

    assert told(together) == told(alone)
    assert together.counters.as_dict() == alone.counters.as_dict()


def told(decoded: Decoded) -> list[Any]:
    """Rows and segments with their addresses as text: the numbers of IPv6 addresses follow who is seen first."""
    text = decoded.addresses.text
    rows = [(*row[:2], text(row.source), text(row.destination), *row[4:]) for row in decoded.rows]
    return rows + [(one.frame, text(one.source), text(one.destination), one.payload) for one in decoded.segments]


def test_plain_frames_are_taken_by_the_block_and_are_their_addresses_and_payloads() -> None:
    frames = [udp6(bytes([number]) * number, vlans=(7, 8)[: number % 3]) for number in range(2 * WORTHWHILE)]

    assert taken(frames) == len(frames)
    same_one_by_one(frames)
    rows = decode(block_of(frames)).rows
    assert [row.payload for row in rows] == [bytes([number]) * number for number in range(2 * WORTHWHILE)]
    assert len({(row.source, row.destination) for row in rows}) == 1


def test_a_mapped_address_is_the_ipv4_address() -> None:
    frames = [udp6(b"x", source=MAPPED)] * WORTHWHILE

    assert {row.source for row in decode(block_of(frames)).rows} == {0xC0000201 << 16 | 4000}
    assert taken(frames) == WORTHWHILE


def test_extension_headers_other_protocols_and_tunnels_are_left() -> None:
    left = [udp6(b"x" * 40, protocol=0), udp6(b"x", protocol=6), udp6(b"x" * 30, ports=(4000, 4789))]

    assert taken(left * WORTHWHILE) == 0
    same_one_by_one(left * WORTHWHILE)


def any_frame(chance: random.Random) -> bytes:
    """IPv4 or IPv6, perhaps with bytes of its headers changed, cut off, or padded."""
    tags = tuple(range(chance.choice((0, 0, 1, 2, 3))))
    payload = chance.randbytes(chance.choice((0, 5, 16, 40, 160)))
    if chance.random() < 0.2:
        frame = wire.udp("192.0.2.1:5060", "198.51.100.2:4000", payload, vlans=tags)
    else:
        length = chance.choice((None, None, 0, 4, 8, 20, 500))
        source = chance.choice((A, B, MAPPED))
        ports = 4000, chance.choice((5060, 4789, 0))
        frame = udp6(payload, source=source, ports=ports, vlans=tags, ip_length=length)
    changed = bytearray(frame)
    if chance.random() < 0.4:
        for _ in range(chance.randrange(4)):
            value = chance.choice((0, 1, 6, 17, 0x60, 0xFF, chance.randrange(256)))
            changed[chance.randrange(min(len(changed), 66))] = value
    if chance.random() < 0.2:
        changed = changed[: chance.randrange(len(changed) + 1)]
    return bytes(changed) + bytes(chance.choice((0, 0, 4, 14)))


@given(st.randoms(use_true_random=False), st.integers(WORTHWHILE, 60))
@settings(max_examples=150, deadline=None)
def test_any_frames_give_together_what_they_give_one_by_one(chance: random.Random, count: int) -> None:
    same_one_by_one([any_frame(chance) for _ in range(count)])
