"""Plain frames, decoded by the block: the vector code says what its slow twin says, frame by frame."""

from __future__ import annotations

import random
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from capture.network.plain import decode_plain
from capture.packets import AddressBook
from tests import wire
from tests.capture.blocks import TIME, block_of, decode
from tests.capture.slow_network import slow_rows

A, B = "192.0.2.1:5060", "198.51.100.2:4000"
BOOK = AddressBook()


def is_plain(frame: bytes) -> bool:
    """Whether the fast path takes a frame."""
    return len(decode_plain(block_of([frame]), (4789,)).start) == 1


@pytest.mark.parametrize("vlans", [(), (7,), (7, 8)], ids=["untagged", "one tag", "two tags"])
@pytest.mark.parametrize("size", [0, 1, 15, 16, 17, 172])
def test_a_datagram_is_its_addresses_and_its_payload(vlans: tuple[int, ...], size: int) -> None:
    payload = bytes(range(1, size + 1))
    frame = wire.udp(A, B, payload, vlans=vlans)

    [row] = decode(block_of([frame], first=41)).rows

    assert is_plain(frame)
    assert (row.source, row.destination) == (BOOK.endpoint("192.0.2.1", 5060), BOOK.endpoint("198.51.100.2", 4000))
    assert (row.frame, row.time_ns) == (41, TIME + 41_000_000)
    assert row.payload == payload
    assert row.head == payload[:16].ljust(16, b"\0")
    assert not row.cut


@pytest.mark.parametrize("kind", [0x8100, 0x88A8, 0x9100])
def test_every_kind_of_tag_is_a_tag(kind: int) -> None:
    frame = wire.udp(A, B, b"tagged", vlans=(5,)).replace(b"\x81\0", struct.pack(">H", kind), 1)

    assert is_plain(frame)
    assert decode(block_of([frame])).rows[0].payload == b"tagged"


def test_padding_of_short_ethernet_frames_is_no_payload() -> None:
    [row] = decode(block_of([wire.udp(A, B, b"1234") + bytes(14)])).rows

    assert row.payload == b"1234"


def test_a_payload_that_a_snap_length_cut_is_marked() -> None:
    frame = wire.udp(A, B, b"0123456789" * 10)

    decoded = decode(block_of([frame[:92], frame]))

    assert [(row.payload, row.cut) for row in decoded.rows] == [(frame[42:92], True), (frame[42:], False)]
    assert decoded.counters["udp_cut"] == 1


def test_ports_may_be_zero_and_highest() -> None:
    [row] = decode(block_of([wire.udp("255.255.255.255:65535", "0.0.0.0:0", b"x")])).rows

    assert (row.source, row.destination) == (0xFFFFFFFF << 16 | 0xFFFF, 0)


def test_an_ip_length_of_zero_means_to_the_end_of_the_frame() -> None:
    frame = bytearray(wire.udp(A, B, b"offloaded"))
    frame[16:18] = b"\0\0"

    assert is_plain(bytes(frame))
    assert decode(block_of([bytes(frame)])).rows[0].payload == b"offloaded"


def test_a_wrong_udp_checksum_is_none_of_our_business() -> None:
    frame = bytearray(wire.udp(A, B, b"mirrored"))
    frame[40:42] = b"\xba\xad"

    assert decode(block_of([bytes(frame)])).rows[0].payload == b"mirrored"


def test_a_block_of_plain_frames_is_not_copied() -> None:
    block = block_of([wire.udp(A, B, b"x" * 172)] * 10)

    assert decode_plain(block, ()).rows is None


@pytest.mark.parametrize("vlans", [(), (7,)])
def test_bare_acknowledgements_are_counted_by_the_block_as_they_are_one_by_one(vlans: tuple[int, ...]) -> None:
    """Every pair of TCP header length and flags, with and without payload and Ethernet padding."""
    frames = []
    for flags in (0x10, 0x11, 0x12, 0x14, 0x18):
        for size in (0x40, 0x50, 0x60, 0x80):
            for payload in (b"", b"123", b"x" * 12, b"y" * 100):
                packet = bytearray(wire.tcp(A, B, payload, seq=1, flags=flags)[14:])
                packet[32] = size
                frames.append(wire.ethernet(bytes(packet), vlans=vlans) + bytes(6))
    by_block = decode(block_of(frames))
    one_by_one = decode(block_of([wire.ethernet(frame[14 + 4 * len(vlans) :], vlans=(1, 2, 3)) for frame in frames]))

    assert len(decode_plain(block_of(frames), ()).others) < len(frames)
    assert by_block.segments == one_by_one.segments
    assert by_block.counters.as_dict() == one_by_one.counters.as_dict()


def test_an_empty_block_is_an_empty_batch() -> None:
    assert decode(block_of([])).rows == []


def any_frame(rng: random.Random) -> bytes:
    """A frame that may be plain, with up to three of its header's bytes changed and cut anywhere."""
    kind = rng.random()
    tags = tuple(range(rng.choice((0, 0, 0, 1, 2, 3))))
    if kind < 0.7:
        frame = wire.udp(A, B, rng.randbytes(rng.choice((0, 5, 16, 40, 160))), vlans=tags)
    elif kind < 0.8:
        frame = wire.tcp(A, B, b"x" * rng.randrange(3), seq=1)
    elif kind < 0.9:
        options = rng.randrange(0, 44, 4)
        packet = bytearray(wire.ip(b"\1\2\3\4", b"\5\6\7\x08", 17, bytes(options) + struct.pack(">HHHH", 1, 2, 12, 0)))
        packet[0] = 0x45 + options // 4 if options <= 40 else 0x45
        frame = wire.ethernet(bytes(packet), vlans=tags)
    else:
        frame = rng.randbytes(rng.randrange(80))
    changed = bytearray(frame)
    if rng.random() < 0.5 and changed:
        for _ in range(rng.randrange(3)):
            changed[rng.randrange(min(len(changed), 60))] = rng.choice((0, 1, 4, 0x45, 0xFF, rng.randrange(256)))
    if rng.random() < 0.2:
        changed = changed[: rng.randrange(len(changed) + 1)]
    return bytes(changed) + bytes(rng.choice((0, 0, 4, 14)))


@given(st.randoms(use_true_random=False), st.integers(0, 40))
@settings(max_examples=150, deadline=None)
def test_any_mix_of_frames_gives_the_rows_of_the_slow_twin(rng: random.Random, count: int) -> None:
    block = block_of([any_frame(rng) for _ in range(count)], first=rng.randrange(1000))

    decoded = decode(block)

    expected = [row for row in slow_rows(block) if row.destination & 0xFFFF not in (4789, 2152)]
    frames = {row.frame for row in expected}
    assert [row for row in decoded.rows if row.frame in frames] == expected


@given(st.randoms(use_true_random=False), st.lists(st.integers(0, 30), max_size=4))
@settings(max_examples=80, deadline=None)
def test_any_cut_of_a_block_gives_the_same_packets(rng: random.Random, cuts: list[int]) -> None:
    frames = [any_frame(rng) for _ in range(30)]
    edges = [0, *sorted(cuts), 30]
    pieces = [
        block_of(frames[low:high], first=low) for low, high in zip(edges, edges[1:], strict=False)
    ]

    whole, cut = decode(block_of(frames)), decode(pieces)

    assert cut.rows == whole.rows
    assert cut.segments == whole.segments
    assert cut.counters.as_dict() == whole.counters.as_dict()


def test_both_ways_agree_on_plain_frames() -> None:
    """With their port as a tunnel's, all go one by one, are found to be no tunnel, and give the same rows."""
    frames = [wire.udp(A, B, bytes([n]) * n, vlans=(1,) * (n % 3)) for n in range(60)]
    block = block_of(frames)
    assert len(decode_plain(block, (4000,)).start) == 0

    quick = decode(block).rows
    slow = decode(block, vxlan_ports=(4000,)).rows

    assert quick == slow
    assert len(quick) == 60
