"""Fragments: a datagram comes out once, whole and right, or not at all; memory stays within its caps."""

from __future__ import annotations

import random
import struct
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from capture.counters import Counters
from capture.network.fragments import Fragment, Key, Reassembly, Whole
from tests import wire
from tests.capture.blocks import TIME, block_of, decode

SECOND = 10**9
KEY: Key = (b"\1\1\1\1", b"\2\2\2\2", 17, 99)
TEXT = bytes(range(250)) * 8  # 2000 bytes


def pieces(data: bytes = TEXT, size: int = 480) -> list[Fragment]:
    return [Fragment(17, at, at + size < len(data), data[at : at + size]) for at in range(0, len(data), size)]


def key(number: int) -> Key:
    return (b"\1\1\1\1", b"\2\2\2\2", 17, number)


def reassembly(**caps: int) -> tuple[Reassembly, Counters]:
    counters = Counters()
    return Reassembly(counters, **caps), counters


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_any_order_of_arrival_gives_the_datagram_with_the_last_one_to_come(order: tuple[int, ...]) -> None:
    parts = pieces(size=504)
    held, counters = reassembly()

    results = [held.add(n, KEY, parts[place]) for n, place in enumerate(order)]

    assert results == ["fragment"] * 3 + [Whole(17, TEXT)]
    assert counters["datagrams_reassembled"] == 1


def test_copies_of_fragments_are_harmless_and_give_no_second_datagram() -> None:
    """Each frame mirrored twice, and then all of it again."""
    held, _ = reassembly()

    results = [held.add(0, KEY, part) for part in pieces() for _ in range(2)]
    again = [held.add(1_000_000, KEY, part) for part in pieces()]

    assert results.count(Whole(17, TEXT)) == 1
    assert set(results[:8]) == {"fragment"} and results[9] == "fragment"
    assert set(again) == {"fragment"}


def test_fragments_that_overlap_with_the_same_bytes_fit() -> None:
    held, _ = reassembly()
    held.add(0, KEY, Fragment(17, 0, True, TEXT[:800]))
    held.add(0, KEY, Fragment(17, 1600, False, TEXT[1600:]))

    assert held.add(0, KEY, Fragment(17, 400, True, TEXT[400:1640])) == Whole(17, TEXT)


def test_fragments_that_contradict_each_other_give_up_the_datagram_and_its_late_parts() -> None:
    held, counters = reassembly()
    first, second, *rest = pieces()
    forged = Fragment(17, 240, True, b"z" * 480)

    results = [held.add(0, KEY, part) for part in (first, forged, second, *rest)]

    assert results == ["fragment"] + ["fragment_overlap"] * 5
    assert counters["datagrams_contradictory"] == 1


@pytest.mark.parametrize(
    "last",
    [
        Fragment(17, 960, False, TEXT[960:1440]),  # ends before what is there already
        Fragment(17, 1920, False, TEXT[:160]),  # ends elsewhere than the other last one
    ],
)
def test_two_ends_are_a_contradiction(last: Fragment) -> None:
    held, _ = reassembly()
    parts = pieces()
    for part in (parts[0], parts[4], parts[3]):
        held.add(0, KEY, part)

    assert held.add(0, KEY, last) == "fragment_overlap"


@pytest.mark.parametrize(
    "invalid",
    [
        Fragment(17, 0, True, b"not a multiple of 8"),
        Fragment(17, 65_528, False, b"12345678"),
        Fragment(17, 8, True, b""),
    ],
)
def test_a_fragment_that_can_not_be_is_refused(invalid: Fragment) -> None:
    held, _ = reassembly()

    assert held.add(0, KEY, invalid) == "fragment_invalid"
    assert len(held) == 0


def test_what_stays_incomplete_is_forgotten_after_its_time() -> None:
    held, counters = reassembly(timeout_ns=30 * SECOND)
    held.add(0, KEY, pieces()[0])
    held.add(31 * SECOND, key(1), pieces()[0])

    assert len(held) == 1
    assert counters["datagrams_expired"] == 1


def test_an_identification_used_again_after_a_loss_gives_the_new_datagram() -> None:
    held, counters = reassembly()
    held.add(0, KEY, pieces()[0])
    other = bytes(reversed(TEXT))

    results = [held.add(3 * SECOND, KEY, part) for part in pieces(other)]

    assert results[-1] == Whole(17, other)
    assert counters["datagrams_expired"] == 1


def test_an_identification_used_again_at_once_after_a_whole_datagram_gives_the_new_one() -> None:
    held, _ = reassembly()
    other = bytes(reversed(TEXT))
    for part in pieces():
        held.add(0, KEY, part)

    results = [held.add(1000, KEY, part) for part in pieces(other)]

    assert results[-1] == Whole(17, other)


def test_a_flood_of_beginnings_costs_no_more_than_the_caps_and_the_newest_still_come_through() -> None:
    held, counters = reassembly(max_datagrams=100, max_bytes=50_000)
    for number in range(5000):
        held.add(number, key(number), pieces()[0])
        assert len(held) <= 100 and held.bytes_held <= 50_000

    assert [held.add(6000, KEY[:3] + (9999,), part) for part in pieces()][-1] == Whole(17, TEXT)
    assert counters["datagrams_evicted"] > 4800


def test_a_flood_of_tiny_fragments_of_one_datagram_is_bounded_too() -> None:
    held, _ = reassembly(max_bytes=50_000)
    for at in range(0, 60_000, 16):
        held.add(0, KEY, Fragment(17, at, True, b"tinybits"))
        assert held.bytes_held <= 50_000


@given(st.randoms(use_true_random=False))
@settings(max_examples=100, deadline=None)
def test_any_cut_into_overlapping_pieces_in_any_order_gives_the_same_bytes(rng: random.Random) -> None:
    parts = [*pieces(size=8 * rng.randrange(1, 60))]
    for _ in range(rng.randrange(10)):
        at = 8 * rng.randrange(249)
        end = min(at + 8 * rng.randrange(1, 60), len(TEXT))
        parts.append(Fragment(17, at, end < len(TEXT), TEXT[at:end]))
    rng.shuffle(parts)
    held, counters = reassembly()

    results = [held.add(n, KEY, part) for n, part in enumerate(parts)]

    assert [result for result in results if isinstance(result, Whole)] == [Whole(17, TEXT)]
    assert counters["datagrams_contradictory"] == 0


@given(st.randoms(use_true_random=False))
@settings(max_examples=50, deadline=None)
def test_the_memory_that_is_counted_is_the_memory_that_is_held(rng: random.Random) -> None:
    held, _ = reassembly(max_datagrams=5, max_bytes=3000)
    for n in range(60):
        at = 8 * rng.randrange(40)
        part = Fragment(17, at, rng.random() < 0.8, rng.choice((TEXT, TEXT[1:]))[at : at + 8 * rng.randrange(1, 20)])
        held.add(n * rng.choice((1, SECOND)), key(rng.randrange(8)), part)
        assert held.bytes_held == sum(one.cost for one in held._open.values())
        assert held.bytes_held <= 3000 and len(held) <= 5


SOURCE, DESTINATION = "192.0.2.1:5060", "192.0.2.2:5060"
INVITE = (b"INVITE sip:1@example.jp SIP/2.0\r\n" + b"X-Long: " + b"y" * 3000)[:2800]


def ipv4_fragments(
    payload: bytes, *, size: int = 1480, vlans: tuple[int, ...] = (), ident: int = 7,
    ends: tuple[str, str] = (SOURCE, DESTINATION),
) -> list[bytes]:  # fmt: skip
    """Frames of one UDP datagram cut into fragments."""
    (src, sport), (dst, dport) = wire.endpoint(ends[0]), wire.endpoint(ends[1])
    datagram = struct.pack(">HHHH", sport, dport, 8 + len(payload), 0) + payload
    frames = []
    for at in range(0, len(datagram), size):
        packet = bytearray(wire.ip(src, dst, 17, datagram[at : at + size], ident=ident))
        packet[6:8] = struct.pack(">H", at // 8 | (0x2000 if at + size < len(datagram) else 0))
        frames.append(wire.ethernet(bytes(packet), vlans=vlans))
    return frames


def ipv6_fragments(payload: bytes, *, size: int = 1448) -> list[bytes]:
    src, dst = wire.endpoint("[2001:db8::1]:5060")[0], wire.endpoint("[2001:db8::2]:5060")[0]
    datagram = struct.pack(">HHHH", 5060, 5060, 8 + len(payload), 0) + payload
    return [
        wire.ethernet(
            wire.ip(
                src, dst, 44,
                struct.pack(">BBHI", 17, 0, at | (at + size < len(datagram)), 5) + datagram[at : at + size],
            )
        )
        for at in range(0, len(datagram), size)
    ]  # fmt: skip


@pytest.mark.parametrize(
    "frames",
    [ipv4_fragments(INVITE), ipv4_fragments(INVITE, vlans=(5,)), ipv4_fragments(INVITE)[::-1], ipv6_fragments(INVITE)],
    ids=["ipv4", "tagged", "backwards", "ipv6"],
)
def test_an_invite_longer_than_a_frame_is_a_row_where_its_last_fragment_came(frames: list[bytes]) -> None:
    plain = wire.udp(SOURCE, DESTINATION, b"between")

    decoded = decode(block_of([frames[0], plain, frames[1], plain]))

    assert [(row.frame, row.payload) for row in decoded.rows] == [(1, b"between"), (2, INVITE), (3, b"between")]
    assert decoded.rows[1].head == INVITE[:16]
    assert decoded.counters["fragment"] == 1


def test_fragments_may_lie_in_different_blocks() -> None:
    first, last = ipv4_fragments(INVITE)

    decoded = decode([block_of([first]), block_of([last], first=1)])

    assert [(row.frame, row.payload) for row in decoded.rows] == [(1, INVITE)]


def test_a_tunnel_whose_packets_are_fragmented_outside_and_inside_gives_the_datagram() -> None:
    frames: list[bytes] = []
    for number, inner in enumerate(ipv4_fragments(INVITE)):
        packet = b"\0\0\x08\0" + inner[14:]
        for at in range(0, len(packet), 800):
            outer = bytearray(wire.ip(b"\x0a\0\0\1", b"\x0a\0\0\2", 47, packet[at : at + 800], ident=number))
            outer[6:8] = struct.pack(">H", at // 8 | (0x2000 if at + 800 < len(packet) else 0))
            frames.append(wire.ethernet(bytes(outer)))

    decoded = decode(block_of(frames))

    assert [row.payload for row in decoded.rows] == [INVITE]
    assert decoded.counters["fragment"] == len(frames) - 1


def test_a_fragment_that_a_snap_length_cut_is_not_put_together() -> None:
    first, last = ipv4_fragments(INVITE)

    decoded = decode(block_of([first[:100], last]))

    assert decoded.rows == []
    assert decoded.counters["fragment_cut"] == 1


def test_ethernet_padding_behind_a_short_last_fragment_is_not_part_of_it() -> None:
    first, last = ipv4_fragments(INVITE[:1480])

    [row] = decode(block_of([first, last + bytes(20)], times=[TIME, TIME])).rows

    assert row.payload == INVITE[:1480]
