"""pcap files: every form of them gives the same frames, and none raises for what is in it."""

from __future__ import annotations

import random
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from capture.files import chain
from tests import wire
from tests.capture.blocks import TIME, Seen, read, warnings_of

SOME = [(TIME + 1_000_001_000, b"first frame"), (TIME, b""), (TIME + 5_000, b"x" * 1500)]


def seen(frames: list[wire.Frame], link: int = 1) -> list[Seen]:
    return [Seen(at, link, len(data), data) for at, data in frames]


def records(sizes: list[int], seed: int = 1) -> list[wire.Frame]:
    """Frames of random bytes and rising times."""
    rng = random.Random(seed)
    return [(TIME + n * 20_000, rng.randbytes(size)) for n, size in enumerate(sizes)]


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("nanoseconds", [True, False])
def test_both_byte_orders_and_both_units_give_the_same_frames(order: str, nanoseconds: bool) -> None:
    """Times that go backwards are passed on as they are."""
    assert read(wire.pcap(SOME, order=order, nanoseconds=nanoseconds)) == seen(SOME)


def test_the_modified_form_with_longer_record_headers_is_read() -> None:
    data = struct.pack("<IHHiIII", 0xA1B2CD34, 2, 4, 0, 0, 65535, 1)
    for number in (7, 8):
        data += struct.pack("<IIIIIHBB", number, 5, 3, 3, 2, 0x0800, 0, 0) + b"abc"

    assert read(data) == [Seen(n * 10**9 + 5000, 1, 3, b"abc") for n in (7, 8)]


def test_notes_about_check_sequences_above_the_link_type_are_left_out() -> None:
    assert read(wire.pcap(SOME, link=0x2400_0000 | 113)) == seen(SOME, link=113)


def test_a_frame_cut_by_the_snap_length_is_known_by_its_wire_length() -> None:
    data = wire.pcap([]) + struct.pack("<IIII", 1, 0, 4, 1500) + b"abcd"

    assert read(data) == [Seen(10**9, 1, 1500, b"abcd")]


@pytest.mark.parametrize("missing", [1, 1500, 1501, 1515])
def test_a_file_that_ends_in_mid_record_gives_what_comes_before_and_a_warning(missing: int) -> None:
    assert warnings_of(wire.pcap(SOME)[:-missing]) == (2, ["The file ends in the middle of packet 3."])


def test_a_file_with_a_header_only_is_a_capture_of_nothing() -> None:
    assert warnings_of(wire.pcap([])) == (0, [])


@pytest.mark.parametrize("length", [262_145, 0x7FFFFFFF, 0xFFFFFFFF])
def test_an_absurd_length_ends_the_reading_with_a_warning(length: int) -> None:
    data = wire.pcap(SOME) + struct.pack("<IIII", 1, 0, length, length) + b"z" * 1_000_000

    count, [warning] = warnings_of(data)

    assert count == 3
    assert warning == f"Packet 4 claims {length} bytes, which can't be; reading stops before it."


def test_the_largest_length_a_capturer_writes_is_read_whatever_the_block_size() -> None:
    frames = records([10, 262_144, 10])

    assert read(wire.pcap(frames), block_bytes=1000) == seen(frames)


@given(
    sizes=st.lists(st.sampled_from([0, 1, 60, 214, 1500]), max_size=60),
    block_bytes=st.integers(1, 4000),
    order=st.sampled_from("<>"),
)
@settings(max_examples=60, deadline=None)
def test_any_block_size_gives_the_same_frames(sizes: list[int], block_bytes: int, order: str) -> None:
    frames = records(sizes)

    assert read(wire.pcap(frames, order=order), block_bytes=block_bytes) == seen(frames)


@pytest.mark.parametrize(
    "sizes",
    [
        [214] * 6000,
        [214, 134] * 4000,
        [0] * 30_000,
        [60] * 5000 + [1500] * 500 + [0] * 5000,
        random.Random(5).choices([60, 134, 214, 900], k=5000),
        [214] * 3000 + [100_000] * 3 + [214] * 3000,
    ],
    ids=["one size", "two in turn", "empty", "one after the other", "at random", "giants between"],
)
@pytest.mark.parametrize("order", ["<", ">"])
def test_following_many_records_at_once_finds_what_one_by_one_does(sizes: list[int], order: str) -> None:
    frames = records(sizes)
    assert sum(sizes) + 16 * len(sizes) > chain.SMALL

    assert read(wire.pcap(frames, order=order)) == seen(frames)


def test_records_within_frames_do_not_mislead() -> None:
    """Frames made of nothing but valid records: each guess lands inside of one, and is found to be wrong."""
    bait = wire.pcap([(TIME, b"bait" * 5)] * 30)[24:]
    frames = [(TIME + n, bait[n % 36 :]) for n in range(1000)]

    assert read(wire.pcap(frames), block_bytes=1 << 20) == seen(frames)


def test_damage_in_the_middle_of_a_long_file_costs_nothing_before_it() -> None:
    frames = records([214] * 5000)
    data = bytearray(wire.pcap(frames))
    data[24 + 4000 * 230 + 8 : 24 + 4000 * 230 + 12] = b"\xff\xff\xff\xff"

    assert warnings_of(bytes(data))[0] == 4000


@given(st.randoms(use_true_random=False), st.integers(0, 50))
@settings(max_examples=60, deadline=None)
def test_whatever_follows_the_header_nothing_is_raised(rng: random.Random, flips: int) -> None:
    data = bytearray(wire.pcap(records([100] * 40)))
    for _ in range(flips):
        data[rng.randrange(24, len(data))] = rng.randrange(256)

    count, warnings = warnings_of(bytes(data), block_bytes=rng.choice((100, 1000, 1 << 20)))

    assert count <= len(data) // 16 and len(warnings) <= 1
