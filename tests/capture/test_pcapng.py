"""pcapng files: sections, interfaces, times in any unit, all kinds of packet blocks, and what is broken."""

from __future__ import annotations

import io
import random
import struct
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from capture.files import open_capture
from capture.files.interfaces import MAX_INTERFACES, nanoseconds
from tests.capture.blocks import Seen, frames_of, read, warnings_of
from tests.capture.pcapng_wire import block, enhanced, interface, old_packet, option, section, simple

SECOND = 10**9
NAME_RESOLUTION, CUSTOM = 4, 0x0BAD


@pytest.mark.parametrize("order", ["<", ">"])
def test_all_kinds_of_packet_blocks_give_frames_and_unknown_blocks_none(order: str) -> None:
    data = b"".join(
        (
            section(order),
            interface(113, order),
            block(NAME_RESOLUTION, b"whatever", order),
            enhanced(b"enhanced", 2_000_000, order),
            block(CUSTOM, b"\x06\0\0\0" * 50, order),
            old_packet(b"old", 3_000_000, order),
            simple(b"simple", order),
        )
    )

    assert read(data) == [
        Seen(2 * SECOND, 113, 8, b"enhanced"),
        Seen(3 * SECOND, 113, 3, b"old"),
        Seen(3 * SECOND, 113, 6, b"simple"),  # no time of its own: that of the packet before
    ]


def test_each_interface_has_its_own_link_type_resolution_and_offset() -> None:
    data = b"".join(
        (
            section(),
            interface(1),
            interface(113, resolution=9),
            interface(276, resolution=0x80 | 10, offset_s=1_600_000_000),
            enhanced(b"a", 5, interface=0),
            enhanced(b"b", 5, interface=1),
            enhanced(b"c", 1024 + 512, interface=2),
            enhanced(b"d", 6, interface=0),
        )
    )

    assert [(frame.link, frame.time_ns) for frame in read(data)] == [
        (1, 5000),
        (113, 5),
        (276, 1_600_000_001 * SECOND + SECOND // 2),
        (1, 6000),
    ]


@given(st.integers(0, 255), st.integers(0, 2**64 - 1), st.integers(-(2**63), 2**63 - 1))
@settings(max_examples=400, deadline=None)
def test_times_of_any_resolution_are_right_to_the_nanosecond(resolution: int, units: int, offset: int) -> None:
    """Exact arithmetic says the same; beyond the year 2242 any time will do that doesn't overflow."""
    power = resolution & 0x7F
    unit = Fraction(1, 2**power if resolution & 0x80 else 10**power)
    exact = (units * unit + offset) * SECOND
    ours = int(nanoseconds(np.array([units], np.uint64), resolution, offset)[0])
    if -(2**33) * SECOND <= exact < 2**33 * SECOND and units * unit < 2**33:
        assert exact - 2 < ours <= exact
    else:
        assert abs(ours) <= (2**33 + 1) * SECOND


def test_sections_may_differ_in_byte_order_and_do_not_share_interfaces() -> None:
    data = b"".join(
        (
            section("<"), interface(1, "<"), enhanced(b"one", 1, "<"),
            section(">"), interface(101, ">", resolution=0), enhanced(b"two", 2, ">"),
            section("<"), enhanced(b"of no interface", 3, "<"), interface(0, "<"), enhanced(b"three", 3, "<"),
        )
    )  # fmt: skip

    with open_capture(io.BytesIO(data)) as capture:
        frames = frames_of(capture)

    assert [(frame.data, frame.link, frame.time_ns) for frame in frames] == [
        (b"one", 1, 1000),
        (b"two", 101, 2 * SECOND),
        (b"three", 0, 3000),
    ]
    assert capture.counters["file_no_interface"] == 1


def test_a_simple_packet_is_as_long_as_the_snap_length_allows() -> None:
    data = section() + interface(snap_length=5) + simple(b"12345", wire_length=70) + simple(b"123")

    assert read(data) == [Seen(0, 1, 70, b"12345"), Seen(0, 1, 3, b"123")]


def test_options_of_a_packet_are_left_out_and_a_cut_one_is_known() -> None:
    data = section() + interface() + enhanced(b"abcde", 1, wire_length=99, options=option(1, b"a comment"))

    assert read(data) == [Seen(1000, 1, 99, b"abcde")]


def test_a_packet_that_claims_more_than_its_block_holds_is_counted_and_the_next_one_read() -> None:
    data = section() + interface() + enhanced(b"abcd", 1, captured=5) + enhanced(b"next", 2)

    with open_capture(io.BytesIO(data)) as capture:
        assert [frame.data for frame in frames_of(capture)] == [b"next"]
    assert capture.counters["file_packet_too_long"] == 1


@pytest.mark.parametrize(
    "bad, warning",
    [
        (block(6, bytes(32), total=4), "Block 4 has the length 4, which can't be; reading stops before it."),
        (block(6, bytes(32), total=45), "Block 4 has the length 45, which can't be; reading stops before it."),
        (
            block(6, bytes(32), total=0x7FFFFFFC),
            "Block 4 claims 2147483644 bytes, which can't be; reading stops before it.",
        ),
        (
            struct.pack("<III", 0x0A0D0D0A, 28, 99) + bytes(16),
            "Block 4 is a section header without a valid byte-order magic; reading stops before it.",
        ),
        (enhanced(b"abcd", 1)[:-1], "The file ends in the middle of block 4."),
        (b"\x06\0\0", "The file ends in the middle of block 4."),
        (section()[:12], "The file ends within a section header."),
        (block(CUSTOM, b"", total=800_000_000), "The file ends in the middle of a block without packets."),
    ],
)
def test_a_block_that_is_broken_ends_the_reading_with_a_warning(bad: bytes, warning: str) -> None:
    data = section() + interface() + enhanced(b"good", 1) + bad

    assert warnings_of(data) == (1, [warning])


def test_a_block_without_packets_may_be_larger_than_memory_should_be() -> None:
    """Decryption secrets, custom blocks: they are passed over, not kept."""
    data = section() + interface() + block(CUSTOM, bytes(3_000_000)) + enhanced(b"after", 1)

    with open_capture(io.BytesIO(data), block_bytes=10_000) as capture:
        sizes = [(len(found), len(found.data)) for found in capture]

    assert sum(count for count, _ in sizes) == 1
    assert max(size for _, size in sizes) < 20_000


def mixed(rng: random.Random, count: int) -> tuple[bytes, list[bytes]]:
    """A file with blocks of all kinds in two sections, and the frames it holds."""
    parts: list[bytes] = []
    frames: list[bytes] = []
    for order in ("<", ">"):
        parts += [section(order), interface(1, order), interface(113, order, resolution=9)]
        for _ in range(count):
            frame = rng.randbytes(rng.choice((0, 1, 60, 214, 214, 214, 700)))
            kind = rng.random()
            if kind < 0.9:
                parts.append(enhanced(frame, rng.getrandbits(50), order, interface=rng.randrange(2)))
            elif kind < 0.93:
                parts.append(old_packet(frame, rng.getrandbits(50), order, interface=rng.randrange(2)))
            elif kind < 0.96:
                parts.append(simple(frame, order))
            else:
                parts.append(block(CUSTOM, enhanced(b"not a packet", 1, order) * 3, order))
                continue
            frames.append(frame)
    return b"".join(parts), frames


@given(st.randoms(use_true_random=False), st.integers(1, 3000), st.integers(0, 25))
@settings(max_examples=60, deadline=None)
def test_any_block_size_gives_the_same_frames(rng: random.Random, block_bytes: int, count: int) -> None:
    data, frames = mixed(rng, count)

    once = read(data)

    assert [frame.data for frame in once] == frames
    assert read(data, block_bytes=block_bytes) == once


def test_following_many_blocks_at_once_finds_what_one_by_one_does() -> None:
    data, frames = mixed(random.Random(3), 6000)

    assert [frame.data for frame in read(data, block_bytes=4 << 20)] == frames


def test_packets_within_packets_do_not_mislead() -> None:
    bait = enhanced(b"bait" * 5, 1) * 20
    frames = [bait[4 * (n % 13) :] for n in range(1000)]
    data = section() + interface() + b"".join(enhanced(frame, n) for n, frame in enumerate(frames))

    assert [frame.data for frame in read(data, block_bytes=4 << 20)] == frames


def test_more_interfaces_than_are_kept_cost_their_packets_and_nothing_else() -> None:
    many = interface() * (MAX_INTERFACES + 5)
    data = section() + many + enhanced(b"last kept", 1, interface=MAX_INTERFACES - 1)
    data += enhanced(b"not kept", 1, interface=MAX_INTERFACES)

    assert [frame.data for frame in read(data)] == [b"last kept"]
