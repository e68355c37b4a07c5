"""Whatever is put where and in whatever order, blocks follow each other, and each sample lies at its position."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.media.buffers import GAPS_KEPT, HEADROOM, LAG, WINDOW, AudioBuffers, CallAudio
from capture.media.g711 import TABLE, Law
from tests.capture.slow_timeline import SAMPLE_NS, TIME, Recording, Recordings

MU, A = Law.MU, Law.A
Put = tuple[int, int, int, Law]  # side, position, samples, law


def codes(put: Put) -> bytes:
    """Code words by which a put is told from the others; none of them means zero."""
    side, position, samples, _ = put
    return bytes((position + index + 31 * side) % 100 + 1 for index in range(samples))


class Call:
    """One call in buffers of its own or of others', and its twin: each position's sample, by side."""

    def __init__(
        self, name: str = "call", *, buffers: AudioBuffers | None = None, sink: Recordings | None = None
    ) -> None:
        self.sink = Recordings() if sink is None else sink
        self.buffers = AudioBuffers(self.sink, calls=1) if buffers is None else buffers
        audio = self.buffers.open(name, TIME)
        assert audio is not None
        self.audio: CallAudio = audio
        self.expected: tuple[dict[int, int], dict[int, int]] = ({}, {})

    @property
    def recording(self) -> Recording:
        return self.sink[self.audio.call]

    def put(self, put: Put) -> None:
        """As `careful` does it: a law is announced when it is new."""
        side, position, _, law = put
        payload = codes(put)
        if self.audio.first[side] is None or self.audio.laws[side] is not law:
            self.buffers.begin_law(self.audio, side, position, law)
        self.buffers.put(self.audio, side, position, np.frombuffer(payload, np.uint8))
        self.expected[side].update((position + index, int(TABLE[law][code])) for index, code in enumerate(payload))

    def close(self) -> None:
        self.buffers.close(self.audio)

    def is_right(self) -> None:
        """The recording goes from the first sample to the last, and holds each at its place."""
        recording, together = self.recording, [*self.expected[0], *self.expected[1]]
        assert recording.starts_ns == TIME + min(together) * SAMPLE_NS == self.buffers.starts_ns(self.audio)
        assert len(recording.pcm) == max(together) + 1 - min(together)
        for side in (0, 1):
            assert recording.positions(side) == self.expected[side]
        assert not recording.pcm[~recording.heard].any()

    def told_gaps(self, side: int) -> list[tuple[int, int]]:
        """The silent frames as the audio tells them, those that touch joined."""
        zero = self.audio.zero
        assert zero is not None
        joined: list[tuple[int, int]] = []
        for channel, lo, hi in sorted(self.audio.told_gaps):
            if channel == side:
                start = joined.pop()[0] if joined and joined[-1][1] == lo - zero else lo - zero
                joined.append((start, hi - zero))
        return joined


def a_call(*puts: Put) -> Call:
    """All of it, up to its end."""
    call = Call()
    for put in puts:
        call.put(put)
    call.close()
    return call


puts = st.tuples(
    st.integers(0, 1),
    st.one_of(st.integers(-30_000, 60_000), st.integers(-400, 4000)),
    st.one_of(st.integers(1, 480), st.sampled_from([160, 480, WINDOW // 2 + 1, WINDOW + 7, 65_507])),
    st.sampled_from(Law),
)
beginnings = st.tuples(st.integers(0, 1), st.integers(-400, 4000), st.integers(1, 480), st.sampled_from(Law))
flushes = st.one_of(st.integers(1, 20_000), st.just(1))


@given(beginnings, st.lists(st.one_of(puts, puts, flushes), max_size=18))
def test_blocks_hold_each_sample_at_its_position(first: Put, steps: list[Put | int]) -> None:
    """However puts and flushes follow each other, and however far behind or ahead a put lies."""
    call = Call()
    call.put(first)

    for step in steps:
        if isinstance(step, int):
            call.buffers.flush_due(step)
        else:
            call.put(step)
    call.close()

    call.is_right()


@given(beginnings, st.lists(st.one_of(puts, flushes), max_size=15))
def test_gaps_are_told_exactly(first: Put, steps: list[Put | int]) -> None:
    """They are the frames that no packet brought, late ones not among them."""
    call = Call()
    call.put(first)

    for step in steps:
        if isinstance(step, int):
            call.buffers.flush_due(step)
        else:
            call.put(step)
    call.close()

    assert [call.told_gaps(side) for side in (0, 1)] == [call.recording.silences(side) for side in (0, 1)]


@given(
    lengths=st.lists(st.sampled_from([80, 160, 240, 37]), min_size=20, max_size=60),
    order=st.randoms(use_true_random=False),
    thresholds=st.lists(st.integers(1, 9000), min_size=1, max_size=4),
)
def test_shuffled_packets_of_both_sides_make_the_same_audio(
    lengths: list[int], order: object, thresholds: list[int]
) -> None:
    """Neighbours change places, buffers are emptied in between: the audio is that of the straight order."""
    straight: list[Put] = []
    for side in (0, 1):
        position = 100 * side
        for length in lengths:
            straight.append((side, position, length, (MU, A)[side]))
            position += length
    straight.sort(key=lambda put: put[1])
    shuffled = sorted(straight, key=lambda put: put[1] + order.randrange(1500))  # type: ignore[attr-defined]
    call = Call()

    for number, put in enumerate(shuffled):
        call.put(put)
        call.buffers.flush_due(thresholds[number % len(thresholds)])
    call.close()

    call.is_right()
    assert np.array_equal(call.recording.pcm, a_call(*straight).recording.pcm)


# --- blocks --------------------------------------------------------------------------------------------------


def test_what_is_complete_is_handed_over_and_no_more() -> None:
    """Both sides have come so far."""
    call = Call()
    call.put((0, 0, 3000, MU))
    call.put((1, 0, 2000, MU))

    call.buffers.flush_due(1)

    assert len(call.recording.pcm) == 2000


def test_a_silent_side_holds_the_other_back_no_longer_than_a_second() -> None:
    call = Call()
    call.put((0, 0, 12_000, MU))

    call.buffers.flush_due(1)

    assert len(call.recording.pcm) == 12_000 - LAG
    assert call.recording.silences(1) == [(0, 12_000 - LAG)]


def test_too_little_to_hand_over_waits() -> None:
    call = Call()
    call.put((0, 0, 4000, MU))
    call.put((1, 0, 4000, MU))

    call.buffers.flush_due(HEADROOM + 4001)

    assert not call.recording.blocks


def test_a_call_without_audio_hands_nothing_over() -> None:
    call = Call()

    call.buffers.flush_due(1)
    call.close()

    assert not call.recording.blocks and not call.audio.has_audio


@pytest.mark.parametrize("position", [0, 1, -1, WINDOW, 40_000, 5_000_000, -HEADROOM, -HEADROOM - 1])
def test_the_first_audio_is_frame_0(position: int) -> None:
    call = a_call((1, position, 160, A))

    call.is_right()
    assert len(call.recording.pcm) == 160


@pytest.mark.parametrize("ahead", [WINDOW, WINDOW + 1, 100_000, 2_000_000])
def test_a_packet_far_ahead_leaves_silence_behind_it(ahead: int) -> None:
    call = a_call((0, 0, 160, MU), (0, ahead, 160, MU), (0, ahead + 160, 160, MU))

    assert call.recording.silences(0) == [(160, ahead)]
    assert call.told_gaps(0) == [(160, ahead)]
    assert len(call.recording.pcm) == ahead + 320


@pytest.mark.parametrize("samples", [WINDOW // 2 - 1, WINDOW // 2 + 1, WINDOW, WINDOW + 1, 65_507])
@pytest.mark.parametrize("position", [0, 8000, 30_000])
def test_a_packet_longer_than_half_the_window_is_all_there(samples: int, position: int) -> None:
    call = a_call((0, 0, 160, MU), (1, position, samples, A), (0, 160, 160, MU))

    call.is_right()
    assert call.told_gaps(1) == call.recording.silences(1)


# --- what comes late -----------------------------------------------------------------------------------------


def test_a_late_packet_patches_what_was_handed_over() -> None:
    call = Call()
    call.put((0, 0, 800, MU))
    call.put((0, 960, 30_000, MU))
    call.buffers.flush_due(1)
    handed_over = len(call.recording.pcm)

    call.put((0, 800, 160, MU))

    assert handed_over > 960 and call.recording.silences(0) == []
    assert call.told_gaps(0) == []


def test_a_packet_across_the_edge_of_the_window_is_patched_and_put() -> None:
    call = Call()
    call.put((0, 0, 20_000, MU))
    call.put((1, 0, 20_000, MU))
    call.buffers.flush_due(1)

    call.put((1, 19_900, 300, MU))
    call.close()

    call.is_right()


def test_late_samples_replace_what_was_there() -> None:
    call = Call()
    call.put((0, 0, 9000, MU))
    call.put((1, 0, 9000, MU))
    call.buffers.flush_due(1)

    call.buffers.put(call.audio, 0, 500, np.full(160, 0x05, np.uint8))

    assert set(call.recording.pcm[500:660, 0].tolist()) == {int(TABLE[MU][5])}


@pytest.mark.parametrize("samples", [160, 640])
@pytest.mark.parametrize("position", [-160, -5000, -HEADROOM - 20_000])
@pytest.mark.parametrize("flushed", [True, False])
def test_audio_before_the_first_frame_moves_the_beginning(position: int, samples: int, flushed: bool) -> None:
    call = Call()
    call.put((0, 0, 1000, MU))
    call.put((1, 0, 1000, A))
    if flushed:
        call.buffers.flush_due(1)
        assert call.recording.starts_ns == TIME

    call.put((1, position, samples, A))
    call.close()

    call.is_right()
    for side in (0, 1):
        assert call.told_gaps(side) == call.recording.silences(side)


def test_audio_far_before_the_first_begins_the_recording() -> None:
    """The first packet lay beyond the window, so nothing was handed over yet."""
    call = a_call((0, 100_000, 160, MU), (1, -30_000, 160, A), (1, 50_000, 160, A))

    call.is_right()


# --- laws ----------------------------------------------------------------------------------------------------


def test_a_change_of_law_keeps_each_sample_in_its_own() -> None:
    call = a_call((0, 0, 500, MU), (1, 0, 400, MU), (0, 500, 500, A), (1, 400, 600, MU), (0, 1200, 300, MU))

    call.is_right()
    assert call.recording.silences(0) == [(1000, 1200)]


def test_a_change_of_law_does_not_count_the_other_side_as_silent() -> None:
    """What the other side brings a moment later for the same frames is no gap."""
    call = a_call((0, 0, 1000, MU), (1, 0, 800, MU), (0, 1000, 160, A), (1, 800, 360, MU))

    assert call.recording.silences(1) == []
    assert call.told_gaps(0) == call.told_gaps(1) == []


def test_a_side_without_audio_is_silent_in_the_law_of_the_other() -> None:
    """So a one-sided call may be kept as code words of one law."""
    call = a_call((1, 0, 1000, A))

    assert call.recording.laws == (A, A)
    assert not call.recording.pcm[:, 0].any()


# --- gaps ----------------------------------------------------------------------------------------------------


def test_only_so_many_gaps_are_kept() -> None:
    call = a_call(*((0, 400 * number, 160, MU) for number in range(GAPS_KEPT + 11)))

    assert len(call.audio.told_gaps) == GAPS_KEPT
    assert call.audio.gaps_not_kept > 0


def test_no_silent_stretch_is_named_twice() -> None:
    """The packet that opens a gap also pushes the window on: the sink fails on stretches that overlap."""
    call = a_call((0, 0, 2560, MU), (0, WINDOW - HEADROOM - 80, 160, MU))

    assert call.told_gaps(0) == [(2560, WINDOW - HEADROOM - 80)]


# --- slots ---------------------------------------------------------------------------------------------------


def test_a_slot_that_was_used_is_clean() -> None:
    sink = Recordings()
    buffers = AudioBuffers(sink, calls=1)
    first = Call("first", buffers=buffers, sink=sink)
    for side in (0, 1):
        first.put((side, 0, 20_000, A))
    first.close()

    second = Call("second", buffers=buffers, sink=sink)
    second.put((0, 10, 160, MU))
    second.put((0, 5000, 160, MU))
    second.close()

    assert first.audio.slot == second.audio.slot
    second.is_right()
    assert second.recording.silences(1) == second.told_gaps(1) == [(0, 5150)]


def test_a_call_that_is_dropped_hands_nothing_over_and_leaves_nothing() -> None:
    sink = Recordings()
    buffers = AudioBuffers(sink, calls=1)
    dropped = Call("dropped", buffers=buffers, sink=sink)
    dropped.put((0, 0, 20_000, A))
    buffers.drop(dropped.audio)

    call = Call("call", buffers=buffers, sink=sink)
    call.put((1, 0, 100, MU))
    buffers.flush_due(1)
    call.close()

    assert not dropped.recording.blocks
    call.is_right()


def test_when_all_slots_are_taken_a_call_gets_none() -> None:
    sink = Recordings()
    buffers = AudioBuffers(sink, calls=2)
    one, _two = Call("one", buffers=buffers, sink=sink), Call("two", buffers=buffers, sink=sink)

    assert buffers.open("three", TIME) is None
    one.close()
    assert buffers.open("three", TIME) is not None


@given(beginnings, st.lists(st.tuples(st.integers(0, 2), puts), max_size=9), flushes)
def test_calls_beside_each_other_do_not_touch(first: Put, steps: Sequence[tuple[int, Put]], threshold: int) -> None:
    sink = Recordings()
    buffers = AudioBuffers(sink, calls=3)
    calls = [Call(name, buffers=buffers, sink=sink) for name in ("a", "b", "c")]
    for call in calls:
        call.put(first)

    for number, put in steps:
        calls[number].put(put)
        buffers.flush_due(threshold)
    for call in calls:
        call.close()

    for call in calls:
        call.is_right()
