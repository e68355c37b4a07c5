"""Blocks of a ring, made by hand: every frame is found, as following them one by one finds it."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.frames import SLACK
from capture.wire.blocks import FEW, frame_heads, read_frames

VLAN_VALID, TPID_VALID, BY_CARD = 0x10, 0x40, 0x80000000
MAC = 82  # where the kernel puts the frame, counted from its head


def chain(frames: list[bytes], *, status: int = 1, tci: int = 0, tpid: int = 0) -> bytes:
    """Frames as the kernel lays them out in a block (struct tpacket3_hdr)."""
    parts = []
    for number, frame in enumerate(frames):
        size = (MAC + len(frame) + 15) // 16 * 16
        step = size if number + 1 < len(frames) else 0
        head = struct.pack("=6I2HIIHH8x", step, 1_700_000_000, number, len(frame), len(frame) + 7, status,
                           MAC, MAC + 14, 0, tci, tpid, 0)  # fmt: skip
        parts.append((head.ljust(MAC, b"\xee") + frame).ljust(size, b"\xee"))
    return b"".join(parts)


def laid_out(blocks: list[list[bytes]], **more: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    data, first = bytearray(), []
    for frames in blocks:
        first.append(len(data))
        data += chain(frames, **more)
    buffer = np.frombuffer(bytes(data) + b"\xee" * SLACK, np.uint8).copy()
    return buffer, np.array(first, np.int64), np.array([len(frames) for frames in blocks], np.int64)


def frames_in(data: np.ndarray, heads: np.ndarray) -> list[bytes]:
    columns, _ = read_frames(data, heads, ethernet=True)
    spans = zip(columns.start.tolist(), columns.length.tolist(), strict=True)
    return [data[start : start + length].tobytes() for start, length in spans]


@given(st.lists(st.lists(st.binary(min_size=14, max_size=300), max_size=12), max_size=3 * FEW))
def test_all_frames_of_any_number_of_blocks_are_found_in_order(blocks: list[list[bytes]]) -> None:
    data, first, count = laid_out(blocks)
    assert frames_in(data, frame_heads(data, first, count)) == [frame for frames in blocks for frame in frames]


@pytest.mark.parametrize("blocks", [1, FEW - 1, FEW, 2 * FEW])
def test_times_and_lengths_are_those_of_the_heads(blocks: int) -> None:
    data, first, count = laid_out([[b"a" * 60, b"b" * 200]] * blocks)
    columns, by_card = read_frames(data, frame_heads(data, first, count), ethernet=True)
    assert columns.time_ns.tolist() == [1_700_000_000 * 10**9, 1_700_000_000 * 10**9 + 1] * blocks
    assert columns.length.tolist() == [60, 200] * blocks
    assert columns.wire_length.tolist() == [67, 207] * blocks
    assert not by_card.any()


def test_a_tag_that_the_kernel_took_off_is_put_back_behind_the_addresses() -> None:
    frame = bytes(range(14)) + b"payload" * 9
    data, first, count = laid_out([[frame, frame]], status=1 | VLAN_VALID | TPID_VALID, tci=0xA064, tpid=0x88A8)
    tagged = frame[:12] + b"\x88\xa8\xa0\x64" + frame[12:]
    assert frames_in(data, frame_heads(data, first, count)) == [tagged, tagged]


def test_a_kernel_that_does_not_tell_the_kind_of_tag_means_802_1q() -> None:
    frame = bytes(60)
    data, first, count = laid_out([[frame]], status=1 | VLAN_VALID, tci=100)
    assert frames_in(data, frame_heads(data, first, count)) == [frame[:12] + b"\x81\x00\x00\x64" + frame[12:]]


def test_what_has_no_ethernet_header_gets_no_tag() -> None:
    data, first, count = laid_out([[b"\x45" + bytes(40)]], status=1 | VLAN_VALID, tci=100)
    columns, _ = read_frames(data, frame_heads(data, first, count), ethernet=False)
    assert columns.length.tolist() == [41]


def test_frames_that_the_card_stamped_are_told() -> None:
    data, first, count = laid_out([[bytes(60)]], status=1 | BY_CARD)
    _, by_card = read_frames(data, frame_heads(data, first, count), ethernet=True)
    assert by_card.tolist() == [True]
