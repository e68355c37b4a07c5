"""The whole rule of where a packet's samples lie, case by case."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest

from capture.counters import Counters
from capture.media.buffers import AudioBuffers, CallAudio
from capture.media.careful import SSRCS, CarefulPlacer, Source
from capture.media.g711 import TABLE, Law
from capture.media.state import StreamColumns
from tests.capture.slow_timeline import (
    COMFORT_NOISE,
    DTMF,
    LAWS,
    MS,
    TIME,
    Packet,
    Recording,
    Recordings,
    Sender,
    differences,
    rows_of,
    timeline,
)

SPEECH = bytes(range(1, 161))
# A packet's first code word is its number's: all but one of the two that mean zero.
WORDS = [word for word in range(256) if word != 0x7F]


class Side:
    """One side of one call, and its one source."""

    def __init__(self) -> None:
        self.counters, self.streams, self._sink = Counters(), StreamColumns(), Recordings()
        self._buffers = AudioBuffers(self._sink, calls=1)
        self._placer = CarefulPlacer(self.streams, self._buffers, self.counters)
        audio = self._buffers.open("call", TIME)
        assert audio is not None
        self.audio: CallAudio = audio
        self.source = Source(audio, 0, LAWS, frozenset({DTMF, COMFORT_NOISE}), 1, 2)

    def place(self, packets: Iterable[Packet]) -> None:
        placed = list(packets)
        rows, data = rows_of(placed)
        self._placer.place(self.source, rows, data, 0, len(placed))

    def hear(self, packets: Iterable[Packet] = ()) -> Recording:
        """Place the last packets and end the call."""
        self.place(packets)
        self._placer.settle(self.source)
        self._buffers.close(self.audio)
        return self._sink["call"]

    def column(self, name: str, ssrc: int = 0x1234) -> int:
        """What is remembered of a stream."""
        return int(getattr(self.streams, name)[self.source.known[ssrc]])


def packet(number: int, *, at: float | None = None, ssrc: int = 0x1234, payload_type: int = 0, **more: int) -> Packet:
    """The packet of 20 ms with this number; `at` is when it is captured, in packets' times, if not in time."""
    return Packet(
        at_ns=TIME + round((number if at is None else at) * 20 * MS),
        sequence=more.get("sequence", 1000 + number) % 2**16,
        timestamp=more.get("timestamp", 50_000 + 160 * number) % 2**32,
        payload=bytes([WORDS[number % 255]]) + SPEECH[1:],
        payload_type=payload_type,
        ssrc=ssrc,
    )


def where(recording: Recording) -> dict[int, int]:
    """By packet number: the position of its first sample. All of a packet's samples lie together."""
    found = recording.positions(0)
    first = {int(TABLE[Law.MU][word]): number for number, word in enumerate(WORDS)}
    return {
        first[value]: position
        for position, value in found.items()
        if all(found.get(position + index) == int(TABLE[Law.MU][SPEECH[index]]) for index in (1, 2, 3, 80, 159))
    }


def as_expected(side: Side, packets: list[Packet]) -> None:
    found, expected = side.hear(packets).positions(0), timeline(packets)
    assert not differences(expected, found), differences(expected, found)


# --- where the first packet lies, and the others from there --------------------------------------------------


def test_the_first_packet_lies_at_its_capture_time() -> None:
    side = Side()

    recording = side.hear([packet(7)])

    assert recording.starts_ns == TIME + 7 * 20 * MS
    assert len(recording.pcm) == 160
    assert recording.pcm[:, 0].tolist() == [int(TABLE[Law.MU][code]) for code in packet(7).payload]


def test_jitter_moves_no_sample() -> None:
    """Packets lie where their timestamps put them, however unevenly they arrive."""
    side = Side()

    recording = side.hear([packet(0), packet(1, at=5.9), packet(2, at=6), packet(3, at=6.1), packet(4)])

    assert where(recording) == {number: 160 * number for number in range(5)}


def test_a_late_packet_goes_to_its_place() -> None:
    side = Side()

    recording = side.hear([packet(0), packet(2), packet(3), packet(1, at=3.5), packet(4)])

    assert where(recording) == {number: 160 * number for number in range(5)}
    assert not recording.silences(0)
    assert side.column("late") == 1 and side.column("packets") == side.column("arrived") == 5


def test_a_packet_seven_seconds_late_goes_to_its_place() -> None:
    """As long as the call is open, says the contract: that place was handed over long before."""
    side = Side()
    late = packet(10, at=360)

    side.place([packet(number) for number in range(361) if number != 10])
    recording = side.hear([late])

    assert recording.pcm[1600:1760, 0].tolist() == [int(TABLE[Law.MU][code]) for code in late.payload]
    assert not recording.silences(0)


def test_the_first_packets_come_late() -> None:
    """The recording then begins earlier than the first packet that was captured."""
    side = Side()

    recording = side.hear([packet(3), packet(1, at=3.2), packet(2, at=3.4), packet(4)])

    assert where(recording) == {number: 160 * number for number in (1, 2, 3, 4)}
    assert recording.starts_ns == TIME + 20 * MS


def test_a_first_packet_that_comes_late_is_not_taken_for_a_lost_one() -> None:
    """Expected are all numbers from the lowest to the highest, lost those that didn't come (RFC 3550 A.3)."""
    side = Side()

    side.hear([packet(3), packet(1, at=3.2), packet(2, at=3.4), packet(5), packet(6)])

    expected = side.column("sequence") - side.column("first_sequence") + 1
    assert expected - side.column("arrived") == 1


def test_a_duplicate_is_placed_once_and_counted() -> None:
    side = Side()
    second = packet(1, at=2.5)._replace(payload=b"\x11" * 160)

    recording = side.hear([packet(0), packet(1), packet(2), second, packet(3)])

    assert where(recording) == {number: 160 * number for number in range(4)}
    assert side.column("duplicates") == side.counters["rtp_duplicate"] == 1
    assert side.column("arrived") == 4


def test_lost_packets_are_silence_of_their_length() -> None:
    side = Side()

    recording = side.hear([packet(0), packet(1), packet(5), packet(6)])

    assert recording.silences(0) == [(320, 800)]
    assert side.column("sequence") - side.column("first_sequence") + 1 - side.column("arrived") == 3


# --- runs ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("jump", [10**9, -(10**9), 2**31 - 1, -(2**31), 12_345, -12_345])
def test_a_timestamp_that_jumps_while_packets_go_on_starts_a_new_run(jump: int) -> None:
    """No number is missing between, so nothing was lost: the packets after it lie at their capture time."""
    side = Side()

    recording = side.hear(
        [packet(number, timestamp=50_000 + 160 * number + jump * (number >= 50)) for number in range(100)]
    )

    assert where(recording) == {number: 160 * number for number in range(100)}


def test_the_new_run_lies_at_the_capture_time_of_its_first_packet() -> None:
    side = Side()

    recording = side.hear(
        [packet(0), packet(1), *(packet(n, at=n + 0.5, timestamp=9_000_000 + 160 * n) for n in (2, 3))]
    )

    assert where(recording) == {0: 0, 1: 160, 2: 400, 3: 560}


@pytest.mark.parametrize("jump", [400_000, -400_000])
def test_a_packet_that_a_jump_overtook_keeps_its_place(jump: int) -> None:
    """It was captured after the first of the new run, but its timestamp is of the old one."""
    side = Side()
    packets = [packet(n, timestamp=50_000 + 160 * n + jump * (n >= 50)) for n in range(100)]
    packets[49:51] = packets[50], packets[49]._replace(at_ns=packets[50].at_ns + MS)

    recording = side.hear(packets)

    assert len(recording.pcm) == 100 * 160
    assert where(recording) == {number: 160 * number for number in range(100)}


@pytest.mark.parametrize("timestamp", [50_000 + 10**7, 50_000 - 10**7])
def test_one_late_packet_with_a_wild_timestamp_does_not_stretch_the_recording(timestamp: int) -> None:
    """Whoever can invent one packet must not make hours of silence of it."""
    side = Side()
    wild = packet(20, at=20.5, sequence=1000 + 10, timestamp=timestamp)

    recording = side.hear([*(packet(n) for n in range(21) if n != 10), wild, *(packet(n) for n in range(21, 40))])

    assert len(recording.pcm) < 10 * 8000


@pytest.mark.parametrize("steps", [2000, 30_000])
def test_a_leap_into_the_future_does_not_stretch_the_recording(steps: int) -> None:
    """Numbers and timestamps leap together by minutes, the clock doesn't: nothing can be there to be late."""
    side = Side()
    leapt = [packet(n, sequence=1000 + n + steps, timestamp=50_000 + 160 * (n + steps)) for n in range(20, 40)]

    recording = side.hear([*(packet(n) for n in range(20)), *leapt])

    assert len(recording.pcm) < 10 * 8000


def test_a_burst_after_a_stall_goes_where_its_timestamps_say() -> None:
    """The network held 5 s back and delivers them at once."""
    side = Side()
    stalled = [packet(n, at=300 + (n - 50) / 1000) for n in range(50, 300)]

    recording = side.hear([*(packet(n) for n in range(50)), *stalled, *(packet(n) for n in range(301, 310))])

    assert recording.silences(0) == [(300 * 160, 301 * 160)]
    assert len(recording.pcm) == 310 * 160


def test_a_burst_whose_first_packets_were_lost_goes_where_its_timestamps_say() -> None:
    side = Side()
    stalled = [packet(n, at=300 + (n - 50) / 1000) for n in range(80, 300)]

    recording = side.hear([*(packet(n) for n in range(50)), *stalled, packet(301)])

    assert recording.silences(0) == [(50 * 160, 80 * 160), (300 * 160, 301 * 160)]


def test_a_burst_after_a_digit_goes_where_its_timestamps_say() -> None:
    """A telephone-event's packets take numbers too: counted from the last audio packet, they fit the timestamps."""
    side = Side()
    digit = [packet(n, timestamp=50_000 + 160 * 50, payload_type=DTMF) for n in range(50, 60)]
    stalled = [packet(n, at=300 + n / 1000) for n in range(60, 300)]

    recording = side.hear([*(packet(n) for n in range(50)), *digit, *stalled, packet(300, at=300.5)])

    assert recording.silences(0) == [(50 * 160, 60 * 160)]
    assert len(recording.pcm) == 301 * 160


def test_a_burst_at_the_very_beginning_goes_where_its_timestamps_say() -> None:
    """The first lies at its capture time, so the others are ahead of theirs."""
    side = Side()

    recording = side.hear([packet(n, at=250 + n / 1000) for n in range(250)])

    assert recording.starts_ns == TIME + 250 * 20 * MS
    assert not recording.silences(0) and len(recording.pcm) == 250 * 160


def test_silence_suppression_leaves_a_pause() -> None:
    """The timestamps go on with the clock, the numbers don't (RFC 3551 §4.1)."""
    side = Side()
    after = [packet(n, sequence=1000 + n - 450) for n in range(500, 510)]

    recording = side.hear([*(packet(n) for n in range(50)), *after])

    assert recording.silences(0) == [(50 * 160, 500 * 160)]


def test_after_a_pause_a_packet_may_be_a_little_late() -> None:
    """300 ms late after 9 s of silence: neither number nor clock says so, but its place is free."""
    side = Side()
    after = [packet(n, at=n + 15, sequence=1000 + n - 450) for n in range(500, 510)]

    recording = side.hear([*(packet(n) for n in range(50)), *after])

    assert recording.silences(0) == [(50 * 160, 500 * 160)]


def test_numbers_that_begin_anew_are_no_loss() -> None:
    """A sender that restarts its sequence numbers, timestamps and all, starts a new run."""
    side = Side()
    again = [packet(n, sequence=40_000 + n, timestamp=7 + 160 * n) for n in range(50, 100)]

    recording = side.hear([*(packet(n) for n in range(50)), *again])

    assert where(recording) == {number: 160 * number for number in range(100)}
    assert side.column("sequence") - side.column("first_sequence") + 1 == side.column("arrived") == 100


def test_the_first_packets_after_a_restart_may_be_out_of_order() -> None:
    """Of the new numbers none has been seen, so none is a duplicate."""
    side = Side()
    again = [packet(n, sequence=40_000 + n, timestamp=7 + 160 * n) for n in range(50, 60)]
    again[:2] = again[1], again[0]._replace(at_ns=again[1].at_ns + MS)

    recording = side.hear([*(packet(n) for n in range(50)), *again])

    assert len(where(recording)) == 60
    assert side.counters["rtp_duplicate"] == 0


@pytest.mark.parametrize("first", [2**16 - 25, 2**16 - 1, 0])
def test_sequence_numbers_wrap(first: int) -> None:
    side = Side()

    recording = side.hear([packet(n, sequence=first + n) for n in range(50) if n != 25])

    assert recording.silences(0) == [(25 * 160, 26 * 160)]
    assert side.column("sequence") - side.column("first_sequence") + 1 == 50


@pytest.mark.parametrize("first", [2**32 - 25 * 160, 2**32 - 1, 2**32 - 80, 2**31 - 25 * 160])
def test_timestamps_wrap_after_149_hours(first: int) -> None:
    side = Side()

    recording = side.hear([packet(n, timestamp=first + 160 * n) for n in range(50)])

    assert where(recording) == {number: 160 * number for number in range(50)}


# --- SSRCs ---------------------------------------------------------------------------------------------------


def test_a_spray_of_foreign_ssrcs_between_the_true_ones_changes_nothing() -> None:
    side = Side()
    spray = [
        Packet(TIME + round((n + 0.5) * 20 * MS), 101 * n, 123_456_789 * n % 2**32, b"\x33" * 160, ssrc=7919 * n)
        for n in range(1, 99)
    ]
    true = [packet(n) for n in range(100)]

    as_true = sorted([*true, *spray], key=lambda one: one.at_ns)
    recording = side.hear(as_true)

    assert where(recording) == {number: 160 * number for number in range(100)}
    assert side.counters["rtp_other_ssrc"] == 98
    assert list(side.source.known) == [0x1234]


def test_a_stray_packet_just_before_the_end_changes_nothing() -> None:
    """A spray doesn't stop for the last true packet: what comes 10 ms after it is no new speaker."""
    side = Side()
    stray = packet(99, at=99.5, ssrc=7, timestamp=5)._replace(payload=b"\x33" * 160)

    recording = side.hear([*(packet(n) for n in range(100)), stray])

    assert where(recording) == {number: 160 * number for number in range(100)}
    assert len(recording.pcm) == 100 * 160


def test_a_new_ssrc_replaces_the_old_one_without_losing_its_first_packets() -> None:
    """It is believed with its third packet; the two before it were kept."""
    side = Side()
    new = [packet(n, ssrc=2, sequence=9 + n, timestamp=3 + 160 * n) for n in range(50, 100)]

    recording = side.hear([*(packet(n) for n in range(50)), *new])

    assert where(recording) == {number: 160 * number for number in range(100)}
    assert side.column("packets", 2) == side.column("packets") == 50
    assert side.counters["rtp_other_ssrc"] == 0


def test_a_new_ssrc_after_silence_is_believed_at_once() -> None:
    side = Side()

    side.place([*(packet(n) for n in range(50)), packet(55, ssrc=2)])

    assert side.column("packets", 2) == 1


def test_a_new_ssrc_that_only_began_when_the_call_ended_is_heard() -> None:
    side = Side()

    recording = side.hear([*(packet(n) for n in range(50)), *(packet(n, ssrc=2) for n in (50, 51))])

    assert where(recording) == {number: 160 * number for number in range(52)}


def test_who_has_spoken_takes_the_channel_back_from_a_stray_packet() -> None:
    """In a pause a stray packet takes the channel; the first of who had it brings it back."""
    side = Side()
    stray = packet(60, ssrc=9, sequence=1, timestamp=1)

    recording = side.hear([*(packet(n) for n in range(50)), stray, *(packet(n) for n in range(70, 80))])

    assert where(recording) == {number: 160 * number for number in (*range(50), 60, *range(70, 80))}
    assert side.column("packets") == 60


def test_an_ssrc_that_returns_goes_on_where_it_was() -> None:
    """Its books are kept; its timestamps still lie where they lay, for the clock bears them out."""
    side = Side()
    other = [packet(n, ssrc=2, timestamp=160 * n) for n in range(50, 100)]

    recording = side.hear([*(packet(n) for n in range(50)), *other, *(packet(n) for n in range(100, 150))])

    assert where(recording) == {number: 160 * number for number in range(150)}
    assert side.column("packets") == 100 and side.column("packets", 2) == 50


def test_more_ssrcs_than_are_kept_are_all_heard() -> None:
    """The books of the weakest are closed; the channel goes on."""
    side = Side()
    packets = [
        packet(n, ssrc=1 + n // 12, sequence=n + 3000 * (n // 12), timestamp=160 * n + 10**6 * (n // 12))
        for n in range(12 * (SSRCS + 4))
    ]

    recording = side.hear(packets)

    assert len(side.source.known) == SSRCS
    assert len(where(recording)) == len(packets) and not recording.silences(0)


# --- what is no audio, and laws ------------------------------------------------------------------------------


def test_a_telephone_event_takes_numbers_but_brings_no_sound() -> None:
    side = Side()
    digit = [packet(n, timestamp=50_000 + 160 * 5, payload_type=DTMF) for n in range(5, 10)]

    recording = side.hear([*(packet(n) for n in range(5)), *digit, *(packet(n) for n in range(10, 15))])

    assert where(recording) == {number: 160 * number for number in (*range(5), *range(10, 15))}
    assert recording.silences(0) == [(5 * 160, 10 * 160)]
    assert side.counters.as_dict() == {"rtp_not_audio": 5}
    assert side.column("arrived") == 15 and side.column("packets") == 10


def test_comfort_noise_brings_no_sound() -> None:
    side = Side()
    noise = packet(5, payload_type=COMFORT_NOISE)._replace(payload=b"\x40")

    recording = side.hear([*(packet(n) for n in range(5)), noise, *(packet(n) for n in range(50, 55))])

    assert recording.silences(0) == [(5 * 160, 50 * 160)]


def test_a_stream_that_begins_with_a_digit_lies_at_its_first_audio() -> None:
    side = Side()

    recording = side.hear([packet(0, payload_type=DTMF), packet(1), packet(2)])

    assert recording.starts_ns == TIME + 20 * MS
    assert where(recording) == {1: 160, 2: 320}


def test_other_codecs_and_empty_packets_are_counted() -> None:
    side = Side()

    recording = side.hear([packet(0), packet(1, payload_type=18), packet(2)._replace(payload=b""), packet(3)])

    assert side.counters.as_dict() == {"rtp_no_payload": 1, "rtp_other_codec": 1}
    assert side.source.other_codec == 1
    assert recording.silences(0) == [(160, 480)]


def test_gaps_among_a_law_are_exact_zero() -> None:
    """A-law has no code word for zero; PCM of a gap is zero all the same, and of its smallest word is not."""
    side = Side()
    packets = [packet(n, payload_type=8)._replace(payload=b"\xd5" * 160) for n in (0, 1, 4)]

    recording = side.hear(packets)

    assert set(recording.pcm[:320, 0].tolist()) == set(recording.pcm[640:, 0].tolist()) == {8}
    assert not recording.pcm[320:640].any()


def test_gaps_handed_over_before_a_late_packet_came_are_zero_round_it() -> None:
    side = Side()
    late = packet(50, at=600, payload_type=8)

    side.place([packet(n, payload_type=8) for n in range(601) if not 40 <= n < 60])
    recording = side.hear([late])

    assert recording.silences(0) == [(40 * 160, 50 * 160), (51 * 160, 60 * 160)]
    assert not recording.pcm[40 * 160 : 50 * 160].any() and not recording.pcm[51 * 160 : 60 * 160].any()


def test_the_law_may_change_from_packet_to_packet() -> None:
    """PCMU and PCMA in turn in one stream: each sample is what its own law says."""
    sender, side = Sender(), Side()
    for number in range(40):
        sender.payload_type = 8 * (number % 2)
        sender.speak(1)

    as_expected(side, sender.arrived())


@pytest.mark.parametrize("lengths", [[80], [240], [480], [1], [80, 160, 240], [37, 400, 1, 159]])
def test_packets_of_any_length_lie_end_to_end(lengths: list[int]) -> None:
    sender, side = Sender(), Side()
    for number in range(60):
        sender.length = lengths[number % len(lengths)]
        sender.speak(1)

    recording = side.hear(sender.arrived())

    assert not recording.silences(0)
    assert np.array_equal(recording.pcm[:, 0], np.array(list(timeline(sender.sent).values()), np.int16))


@pytest.mark.parametrize("ahead_s", [3600, 80 * 365 * 86_400])
def test_a_packet_captured_in_another_century_does_not_stretch_the_recording(ahead_s: int) -> None:
    """The capture's clock was absurd for the one packet with which a stream begins."""
    side = Side()
    absurd = packet(60, ssrc=2)._replace(at_ns=TIME + ahead_s * 10**9)

    recording = side.hear([*(packet(n) for n in range(50)), absurd, *(packet(n, ssrc=2) for n in range(61, 80))])

    assert len(recording.pcm) < 10 * 8000


def test_a_side_whose_first_packet_was_captured_an_hour_ahead_does_not_stretch_the_recording() -> None:
    """Nothing went before it in its stream, but the other side and its own next packets say what time it is."""
    side = Side()
    other = Source(side.audio, 1, LAWS, frozenset(), 3, 4)
    side.place(packet(n) for n in range(50))

    side.source = other
    side.place([packet(0)._replace(at_ns=TIME + 3600 * 10**9), *(packet(n) for n in range(1, 50))])
    recording = side.hear()

    assert len(recording.pcm) < 10 * 8000
