"""How the senders' clocks stand is measured as a slow twin would, whatever the network does, and told in few points."""

from __future__ import annotations

import random
from bisect import bisect_left
from statistics import median_low
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.media.buffers import AudioSink
from capture.media.pace import NEGLIGIBLE, POINTS, TOLERANCE, WINDOW_NS, ClockLine, ClockPoint
from tests.capture.slow_timeline import MS, SAMPLE_NS, TIME, Packet, Sender
from tests.capture.test_placing import Placer

SECOND = 1000 * MS


def drifting(seconds: int, ppm: float, *, seed: int = 1, jitter_ms: int = 30) -> list[Packet]:
    """A sender that counts 8,000 samples in 1 s / (1 + ppm / 10**6), over a network that is late by up to so much."""
    chance, sender = random.Random(seed), Sender(seed=seed)
    sender.speak(seconds * 50)
    return [
        packet._replace(at_ns=TIME + int(index * 20 * MS / (1 + ppm / 1e6)) + chance.randrange(jitter_ms * MS))
        for index, packet in enumerate(sender.sent)
    ]


class Nobody(AudioSink):
    """Listens to nothing."""

    def audio(self, call: Any, block: Any) -> None:
        pass

    def late(self, call: Any, channel: int, frame: int, codes: Any, law: Any) -> None:
        pass


def placed(streams: list[list[Packet]], *, all_at_once: bool, step_ns: int = 2 * SECOND) -> Placer:
    """The streams, batch by batch, each slice of 2 s closed as the listener does."""
    placer = Placer(len(streams), all_at_once=all_at_once, sink=Nobody())
    times = [[packet.at_ns for packet in packets] for packets in streams]
    newest = max(packet.at_ns for packets in streams for packet in packets)
    at_ns = TIME // (2 * SECOND) * 2 * SECOND
    while at_ns <= newest:
        if at_ns % (2 * SECOND) == 0:
            placer.buffers.pace.tick(at_ns, placer.buffers.end)
        bounds = [(bisect_left(one, at_ns), bisect_left(one, at_ns + step_ns)) for one in times]
        placer.feed([packets[lo:hi] for packets, (lo, hi) in zip(streams, bounds, strict=True)])
        placer.buffers.flush_due()
        at_ns += step_ns
    return placer


def lines(placer: Placer) -> list[tuple[ClockPoint, ...]]:
    pace, end = placer.buffers.pace, placer.buffers.end
    channels = [2 * source.audio.slot + source.side for source in placer.sources]
    return [pace.clock(channel, int(end[channel])) for channel in channels]


def at(line: tuple[ClockPoint, ...], position: float) -> float:
    return float(np.interp(position, [point.position for point in line], [point.offset for point in line]))


def slowly(packets: list[Packet]) -> list[int]:
    """The offset of each window of 10 s, one packet at a time."""
    windows: dict[int, dict[int, list[int]]] = {}
    for packet in packets:
        place_ns = packets[0].at_ns + (packet.timestamp - packets[0].timestamp) * SAMPLE_NS
        slices = windows.setdefault(packet.at_ns // WINDOW_NS, {})
        slices.setdefault(packet.at_ns // (2 * SECOND), []).append(packet.at_ns - place_ns)
    return [median_low([min(one) for one in slices.values()]) // SAMPLE_NS for slices in windows.values()]


@pytest.mark.parametrize("ppm", [-500, -100, 100, 500])
def test_a_drift_is_measured_as_the_slow_twin_does(ppm: int) -> None:
    packets = drifting(400, ppm)

    [line] = lines(placed([packets], all_at_once=True))

    windows = slowly(packets)
    assert len(windows) in (40, 41)
    for number, offset in list(enumerate(windows))[1:-1]:  # the first and the last are no whole ones
        middle = (packets[0].at_ns // WINDOW_NS + number + 0.5) * WINDOW_NS - packets[0].at_ns
        assert abs(at(line, middle / SAMPLE_NS) - offset) <= TOLERANCE + 3


def test_a_steady_drift_needs_few_points_however_long() -> None:
    [line] = lines(placed([drifting(600, 300, jitter_ms=5)], all_at_once=True))

    assert len(line) == 2
    # 600 s at 300 ppm: the last samples lie 0.18 s ahead of the clock, but for the half window that is not seen.
    assert line[-1].offset == pytest.approx(0.18 * -8000, abs=90)


def test_placing_at_once_and_one_by_one_see_the_same_however_batches_are_cut() -> None:
    streams = [drifting(120, 450, seed=seed) for seed in (1, 2, 3)]

    whole = lines(placed(streams, all_at_once=True))
    cut = lines(placed(streams, all_at_once=True, step_ns=400 * MS))
    one_by_one = lines(placed(streams, all_at_once=False))

    assert whole == cut == one_by_one
    assert all(line for line in whole)


def test_a_side_whose_clock_is_right_has_no_line() -> None:
    [line] = lines(placed([drifting(60, 0, jitter_ms=5)], all_at_once=True))

    assert line == ()


def test_one_packet_with_an_odd_timestamp_says_nothing() -> None:
    packets = drifting(60, 0, jitter_ms=5)
    packets[1700] = packets[1700]._replace(timestamp=packets[1700].timestamp + 700)  # 87 ms ahead: near enough

    [line] = lines(placed([packets], all_at_once=False))

    assert line == ()


def test_it_makes_no_difference_that_one_side_falls_behind_what_was_handed_over() -> None:
    """The buffers hold a second back for a side that lags; what comes later than that goes to the sink as late."""
    fast, slow = drifting(300, 3000), drifting(300, -3000, seed=2)

    together = lines(placed([fast, slow], all_at_once=True))
    apart = [*lines(placed([fast], all_at_once=True)), *lines(placed([slow], all_at_once=True))]

    assert together == apart
    assert together[0][-1].offset < -6000 and together[1][-1].offset > 6000


def test_a_new_run_begins_a_stretch_of_its_own() -> None:
    packets = drifting(300, 500, jitter_ms=5)
    packets = [*packets[:7500], *(one._replace(timestamp=one.timestamp + 500_000) for one in packets[7500:])]

    [line] = lines(placed([packets], all_at_once=True))

    before = [point for point in line if point.position < 149 * 8000]
    after = [point for point in line if point.position > 151 * 8000]
    assert before[-1].offset == pytest.approx(-0.075 * 8000, abs=90)  # 150 s at 500 ppm
    assert after[-1].offset == pytest.approx(-0.075 * 8000, abs=90)  # and again, anew from the jump on


def test_a_call_that_gets_the_place_of_another_does_not_inherit_its_clock() -> None:
    placer = placed([drifting(60, 500)], all_at_once=True)
    placer.end()

    audio = placer.buffers.open("next", TIME)

    assert audio is not None and audio.slot == placer.sources[0].audio.slot
    assert placer.buffers.pace.clock(2 * audio.slot, 0) == ()


def test_a_clock_that_wavers_all_the_time_has_a_line_of_200_points_at_most() -> None:
    line, chance = ClockLine(), random.Random(3)
    told = [(number * 80_000, chance.randrange(-1000, 1000)) for number in range(2000)]
    for position, offset in told:
        line.add(position, offset)

    points = line.points()

    assert len(points) <= POINTS + 1
    assert all(abs(at(points, position) - offset) < 4000 for position, offset in told)


@given(st.lists(st.tuples(st.integers(1, 200_000), st.integers(-9000, 9000)), min_size=1, max_size=60))
def test_no_offset_is_farther_from_the_line_than_the_tolerance(steps: list[tuple[int, int]]) -> None:
    line, position, told = ClockLine(), 0, []
    for far, offset in steps:
        position += far
        line.add(position, offset)
        told.append((position, offset))

    points = line.points()

    if all(abs(offset) <= NEGLIGIBLE for _, offset in told):
        assert points == ()
        return
    assert [point.position for point in points] == sorted(point.position for point in points)
    for position, offset in told:
        assert abs(at(points, position) - offset) <= TOLERANCE + 1
