"""What is counted of streams and of receivers' reports, against slow twins that anybody can believe."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.doctor.loss_reports import LossReports, report_blocks
from recorder.doctor.streams import PROOF, Stream
from tests.recorder.doctor.mirror import call, framed, look, receiver_report


def stream() -> Stream:
    return Stream(1, 2, 3, 0, 0)


@given(
    first=st.integers(0, 65535),
    fates=st.lists(st.sampled_from(["came", "came", "came", "lost", "twice", "late"]), min_size=1, max_size=200),
    cuts=st.sets(st.integers(1, 300), max_size=6),
)
def test_each_packet_is_counted_once_or_missing(first: int, fates: list[str], cuts: set[int]) -> None:
    """However they are cut into batches, and past the wrap of the sequence number."""
    came: list[tuple[int, int]] = []
    for n, fate in enumerate(["came", *fates, "came"]):
        if fate != "lost":
            came.append((n + 3 * (fate == "late"), n))
        if fate == "twice":
            came.append((n, n))
    order = [first + n & 0xFFFF for _, n in sorted(came, key=lambda one: one[0])]
    counted = stream()
    edges = [0, *sorted(cut for cut in cuts if cut < len(order)), len(order)]

    for lo, hi in zip(edges, edges[1:], strict=False):
        counted.take(np.array(order[lo:hi], np.int64))

    assert counted.packets == len(set(order))
    assert counted.copies == fates.count("twice")
    assert counted.missing == fates.count("lost")


def test_a_stream_that_begins_anew_lacks_nothing() -> None:
    counted = stream()
    counted.take(np.array([*range(100, 200), *range(30_000, 30_100)], np.int64))

    assert (counted.packets, counted.missing, counted.leaps) == (200, 0, 1)


def test_what_only_looks_like_rtp_is_no_stream() -> None:
    rng = np.random.default_rng(1)
    noise = stream()
    noise.types.update({0: 500})
    noise.take(rng.integers(0, 65536, 500))
    true = stream()
    true.types.update({0: PROOF})
    true.take(np.arange(PROOF))

    assert not noise.is_steady
    assert true.is_steady


def test_beyond_the_room_for_streams_packets_are_only_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recorder.doctor.streams.STREAMS", 3)
    packets = [packet for number in range(1, 4) for packet in call(number, at_s=10 * number)]

    seen = look(framed(packets))

    assert len(seen.streams) == 3
    assert seen.streams_left_out == sum(packet.kind == "rtp" for packet in packets) // 2


def test_a_receivers_share_is_what_was_lost_between_its_reports() -> None:
    reports = LossReports()
    for lost, highest in ((50, 1000), (50, 1500), (60, 2000)):
        reports.take(2, 1, receiver_report(7, 99, lost, highest))

    told = reports.get(1, 2, 99)

    assert told is not None and told.share == 10 / 1000
    assert reports.get(2, 1, 99) is None


def test_a_sender_report_and_what_is_compounded_with_it_are_read() -> None:
    block = struct.pack(">IB3sIIII", 99, 64, b"\0\0\5", 700, 0, 0, 0)
    sender = struct.pack(">BBHI", 0x81, 200, 12, 7) + bytes(20) + block
    description = struct.pack(">BBHI", 0x81, 202, 1, 7)

    assert list(report_blocks(description + sender)) == [(99, 0.25, 5, 700)]


@given(st.binary(max_size=120))
def test_no_bytes_raise(data: bytes) -> None:
    for ssrc, fraction, _, highest in report_blocks(b"\x81\xc9" + data):
        assert 0 <= ssrc < 1 << 32 and 0 <= fraction < 1 and 0 <= highest < 1 << 32
