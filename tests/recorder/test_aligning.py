"""Two sides whose clocks drift stay together in an aligned copy, and not one sample of theirs is touched."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from capture.counters import Counters
from capture.media.buffers import AudioBuffers, AudioSink
from capture.media.careful import CarefulPlacer, Source
from capture.media.placing import place
from capture.media.rtp import RtpRows
from capture.media.state import StreamColumns
from recorder.__main__ import main
from recorder.aligning import Aligned, Insertion, insertions
from storage.records import CallRecord, ClockPoint
from storage.store import Store
from tests.capture.slow_timeline import LAWS, SAMPLE_NS, TIME
from tests.recorder.stores import a_call, a_store

SECOND = 1_000_000_000
DAY_S = 24 * 3600
PACKET = 1600  # samples, 200 ms: a day has 432,000 of them
TOGETHER = 320  # frames, 40 ms
PPM = (100, -100, 0, 500, -500)  # parts in a million by which telephones' clocks are fast
CALLS = [(100, -100), (-100, 0), (500, -500), (-500, 500), (500, 100)]  # by those of caller and callee


class Nobody(AudioSink):
    """Listens to nothing."""

    def audio(self, call: Any, block: Any) -> None:
        pass


class Day:
    """24 hours of telephones' packets of 200 ms, each up to 30 ms late, placed slice by slice as a replay does.

    Each has a call of its own here, for that is quicker; `test_pace` shows that it makes no difference.
    """

    def __init__(self) -> None:
        chance = np.random.default_rng(24)
        self.captured_ns = []
        for ppm in PPM:
            sent = TIME + (np.arange(DAY_S * 5) * (200e6 / (1 + ppm / 1e6))).astype(np.int64)
            self.captured_ns.append(sent + chance.integers(0, 30_000_000, len(sent)))
        self.streams = StreamColumns()
        self.buffers = AudioBuffers(Nobody(), calls=len(PPM))
        self.sources = []
        for number in range(len(PPM)):
            audio = self.buffers.open(number, TIME)
            assert audio is not None
            self.sources.append(Source(audio, 0, LAWS, frozenset(), 1, 2))
        self._place()

    def _place(self) -> None:
        counters, data = Counters(), np.full(PACKET, 0x55, np.uint8)
        careful = CarefulPlacer(self.streams, self.buffers, counters)
        edges = np.arange(TIME // (2 * SECOND) * 2 * SECOND, TIME + (DAY_S + 60) * SECOND, 2 * SECOND)
        bounds = [np.searchsorted(captured, edges) for captured in self.captured_ns]
        for index in range(len(edges) - 1):
            self.buffers.pace.tick(int(edges[index]), self.buffers.end)
            spans = [(int(one[index]), int(one[index + 1])) for one in bounds]
            rows, ends = self._rows(spans), np.cumsum([hi - lo for lo, hi in spans])
            lows = np.append(0, ends[:-1])
            for number, source in enumerate(self.sources):
                if source.stream < 0 and lows[number] < ends[number]:
                    careful.place(source, rows, data, int(lows[number]), int(lows[number]) + 1)
                    lows[number] += 1
            some = np.flatnonzero(lows < ends)
            stream = np.array([self.sources[number].stream for number in some.tolist()], np.int64)
            if len(some):
                refused = place(self.streams, self.buffers, counters, rows, data, stream, lows[some], ends[some])
                assert not len(refused), "a drifting clock is no jump"
            self.buffers.flush_due()

    def _rows(self, spans: list[tuple[int, int]]) -> RtpRows:
        number = np.concatenate([np.arange(lo, hi) for lo, hi in spans])
        count = len(number)
        zeros = np.zeros(count, np.int64)
        time_ns = np.concatenate([one[lo:hi] for one, (lo, hi) in zip(self.captured_ns, spans, strict=True)])
        return RtpRows(
            frame=zeros, time_ns=time_ns, source=zeros, destination=zeros, payload_type=zeros.astype(np.uint8),
            sequence=number.astype(np.uint16), timestamp=(number * PACKET).astype(np.uint32),
            ssrc=zeros.astype(np.uint32), start=zeros, length=np.full(count, PACKET, np.int64),
        )  # fmt: skip

    def channel(self, number: int) -> int:
        return 2 * self.sources[number].audio.slot

    def captured_frame(self, number: int) -> int:
        """Where a stream's first packet lies: at its capture time."""
        return int((self.captured_ns[number][0] - TIME) // SAMPLE_NS)

    def frame_of(self, ppm: int, at_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """Where what a telephone said at these times lies in the recording, after its own clock."""
        return self.captured_frame(PPM.index(ppm)) + at_s * 8000 * (1 + ppm / 1e6)

    def clocks(self, call: tuple[int, int]) -> list[ClockPoint]:
        found = []
        for side, ppm in enumerate(call):
            channel = self.channel(PPM.index(ppm))
            line = self.buffers.pace.clock(channel, int(self.buffers.end[channel]))
            found += [(side, max(point.position, 0), point.offset) for point in line]
        return found


@pytest.fixture(scope="module")
def day() -> Day:
    return Day()


def test_after_a_day_each_packet_lies_where_its_timestamp_says(day: Day) -> None:
    for number in range(len(PPM)):
        ends = int(day.buffers.end[day.channel(number)])
        assert ends == day.captured_frame(number) + DAY_S * 5 * PACKET
        assert int(day.streams.packets[day.sources[number].stream]) == DAY_S * 5


@pytest.mark.parametrize("call", CALLS)
def test_the_sides_of_a_copy_stay_within_40_ms_for_a_day(day: Day, call: tuple[int, int]) -> None:
    frames = DAY_S * 5 * PACKET
    clocks = day.clocks(call)
    assert len(clocks) <= 40, "a steady drift needs few points"

    both = insertions(clocks, frames)

    at_s = np.arange(0.0, DAY_S - 60, 0.25)
    lies = []
    for side, ppm in enumerate(call):
        place = day.frame_of(ppm, at_s)
        before = np.array([one.frame for one in both[side]] or [1 << 40])
        silence = np.append(0, np.cumsum([one.length for one in both[side]] or [0]))
        lies.append(place + silence[np.searchsorted(before, place, side="right")])
    apart = np.abs(lies[0] - lies[1])
    # Silence goes up to two seconds later than it is due, to where it is quiet: there the sides part by 16 frames more.
    assert apart.max() + 16 <= TOGETHER
    parted = np.abs(day.frame_of(call[0], at_s) - day.frame_of(call[1], at_s)).max()
    assert parted > 10 * TOGETHER, "in the recording itself they part"
    # Two clocks that are fast need silence for the difference alone: seconds by which the two part, and no more.
    silence = sum(one.length for one in both[0] + both[1])
    assert silence == pytest.approx(abs(call[0] - call[1]) / 1e6 * DAY_S * 8000, abs=2 * TOGETHER)


class Noise:
    """A recording of speech and pauses."""

    def __init__(self, frames: int, seed: int = 1) -> None:
        chance = np.random.default_rng(seed)
        samples = chance.integers(1, 3000, (frames, 2))
        samples[np.sin(np.arange(frames) / 2500) > 0.5] //= 300
        self.samples = (samples + 1).astype(np.int16)  # no 0 among them
        self.frames = frames

    def read(self, first: int, count: int) -> NDArray[np.int16]:
        return self.samples[first : first + count]


def whole(aligned: Aligned, step: int) -> NDArray[np.int16]:
    return np.concatenate([aligned.read(first, step) for first in range(0, aligned.frames, step)])


@given(
    st.lists(st.tuples(st.integers(0, 59_999), st.integers(1, 400)), max_size=8),
    st.lists(st.tuples(st.integers(0, 59_999), st.integers(1, 400)), max_size=8),
    st.integers(1000, 70_000),
)
def test_every_sample_is_in_a_copy_in_its_order_and_nothing_but_silence_besides(
    left: list[tuple[int, int]], right: list[tuple[int, int]], step: int
) -> None:
    noise = Noise(60_000)
    of_sides = [Insertion(*one) for one in sorted(left)], [Insertion(*one) for one in sorted(right)]

    copy = whole(Aligned(noise, of_sides), step)

    for side in (0, 1):
        assert np.array_equal(copy[:, side][copy[:, side] != 0], noise.samples[:, side])
    assert len(copy) == 60_000 + max(sum(one.length for one in side) for side in of_sides)


def test_silence_goes_into_a_pause() -> None:
    noise = Noise(80_000)

    copy = whole(Aligned(noise, ([Insertion(30_000, 160)], [])), 1 << 18)

    [place] = np.flatnonzero(np.diff((copy[:, 0] == 0).astype(int), prepend=0) == 1).tolist()
    assert 30_000 <= place < 46_000
    assert copy[place - 80 : place, 0].max() < 20, "there nobody spoke"


def test_a_side_that_lies_late_from_the_beginning_is_waited_for() -> None:
    """The caller's first packet was 50 ms late, so all of it lies 50 ms late: the other side begins so much later."""
    assert insertions([(0, 0, -400)], 80_000) == ([], [Insertion(0, 400)])


def test_no_clock_that_drifts_no_silence() -> None:
    assert insertions([], 80_000) == ([], [])


async def from_store(path: Path, call_id: str) -> CallRecord | None:
    async with await Store.open_read_only(path) as store:
        return await store.get(call_id)


def test_export_aligned_makes_a_copy_with_both_sides_together(tmp_path: Path) -> None:
    """The callee's clock is 0.1 % slow: what was heard together at 25 s lies 200 frames apart, and is together in the
    copy."""
    noise = Noise(30 * 8000).samples
    noise[200_000, 0] = noise[199_800, 1] = 30_000
    clocks = ((1, 0, 0), (1, 240_000, 240))
    call = a_call()
    asyncio.run(a_store(tmp_path / "store", [(call, noise)], clocks=clocks))
    kept = asyncio.run(from_store(tmp_path / "store", call.id))
    assert kept is not None and kept.recording is not None and kept.recording.clocks == clocks

    done = main(["export", f"--store={tmp_path / 'store'}", "--aligned", f"--output={tmp_path / 'copy.wav'}", call.id])

    assert done == 0
    copy, rate = soundfile.read(tmp_path / "copy.wav", dtype="int16")
    assert rate == 8000
    [left] = np.flatnonzero(copy[:, 0] == 30_000).tolist()
    [right] = np.flatnonzero(copy[:, 1] == 30_000).tolist()
    assert left == 200_000 and abs(left - right) <= 120
    for side in (0, 1):
        assert np.array_equal(copy[:, side][copy[:, side] != 0], noise[:, side])
