"""The capture's clock: steps are gone along with, absurd times are not, and timers never run backwards unbidden."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.clock import AHEAD_NS, BACK_NS, CONFIRMED_BY, SECOND, CaptureClock
from capture.counters import Counters

TIME = 1_700_000_000 * SECOND
HOUR = 3600 * SECOND
PACKET = 20_000_000
YEAR_1970, YEAR_2106 = 0, (1 << 32) * SECOND


class Clock:
    """A clock, and its counts."""

    def __init__(self) -> None:
        self.counters = Counters()
        self.clock = CaptureClock(self.counters)

    def settle(self, *times: int) -> list[int]:
        settled = self.clock.settle(np.array(times, np.int64))[0]
        assert settled.dtype == np.int64
        return [int(time) for time in settled]

    @property
    def now(self) -> int:
        return self.clock.now


def going_on(count: int, *, at: int = TIME) -> list[int]:
    """Times of packets that follow each other."""
    return [at + number * PACKET for number in range(count)]


def test_usual_times_stay_as_they_are() -> None:
    clock = Clock()

    assert clock.settle(*going_on(100)) == going_on(100)
    assert clock.now == TIME + 99 * PACKET
    assert clock.counters.as_dict() == {}


def test_before_the_first_packet_there_is_no_time() -> None:
    clock = Clock()

    assert clock.settle() == []
    assert clock.now == -1


def test_packets_out_of_order_keep_their_times_and_move_nothing_back() -> None:
    """A mirror mixes two directions, by milliseconds; a capture of many queues by more."""
    times = going_on(50)
    random.Random(1).shuffle(times)
    clock = Clock()

    assert clock.settle(*times) == times
    assert clock.now == TIME + 49 * PACKET


@pytest.mark.parametrize("back", [BACK_NS + SECOND, HOUR, 300 * 24 * HOUR])
def test_a_clock_that_is_set_back_goes_on_from_where_it_was(back: int) -> None:
    """Nothing happens before what has happened, and from there the packets keep their distance."""
    clock = Clock()
    before, after = going_on(100), going_on(100, at=TIME + 100 * PACKET - back)

    settled = clock.settle(*before, *after)

    assert settled[:100] == before
    assert all(one <= two for one, two in zip(settled, settled[1:], strict=False))
    assert [two - one for one, two in zip(settled[110:], settled[111:], strict=False)] == [PACKET] * 89
    assert 0 <= settled[110] - settled[99] < SECOND
    assert clock.now == settled[-1]
    assert clock.counters["clock_set_back"] == 1


def test_each_step_back_is_gone_along_with() -> None:
    clock = Clock()

    for hour in (5, 4, 3, 2):
        clock.settle(*going_on(100, at=TIME + hour * HOUR))

    assert clock.counters["clock_set_back"] == 3
    lost = 3 * CONFIRMED_BY  # packets: until a step is believed, time stands still
    assert clock.now >= TIME + 5 * HOUR + (399 - lost) * PACKET


@pytest.mark.parametrize(
    "absurd",
    [YEAR_1970, YEAR_2106, TIME + HOUR, TIME + 600 * SECOND, TIME + 5 * SECOND, TIME - HOUR, TIME - 90 * SECOND],
)
@pytest.mark.parametrize("count", [1, 2])
def test_an_absurd_packet_or_two_moves_no_timer(absurd: int, count: int) -> None:
    clock = Clock()
    times = going_on(100)

    clock.settle(*times[:50], *[absurd + number * PACKET for number in range(count)])
    now = clock.now
    settled = clock.settle(*times[50:])

    assert now == times[49]
    assert settled == times[50:] and clock.now == times[-1]
    assert clock.counters.as_dict() == {"time_unconfirmed": count}


def test_absurd_packets_between_the_others_are_never_believed_however_many() -> None:
    clock = Clock()
    times, mixed = going_on(100), list[int]()
    for time in times:
        mixed += [time, time + HOUR]

    settled = clock.settle(*mixed)

    assert settled[0::2] == times
    assert clock.now == times[-1]


def test_absurd_packets_that_do_not_bear_each_other_out_are_not_believed() -> None:
    clock = Clock()
    times = going_on(10)

    clock.settle(*times, *(TIME + number * HOUR for number in range(1, 20)))

    assert clock.now == times[-1]


@pytest.mark.parametrize("absurd", [YEAR_1970, YEAR_2106, TIME + HOUR, TIME - HOUR])
@pytest.mark.parametrize("count", [1, 2])
def test_the_very_first_packets_may_be_absurd(absurd: int, count: int) -> None:
    """Nothing was believed before, so what comes after them is no step back."""
    clock = Clock()

    settled = clock.settle(*[absurd + number * PACKET for number in range(count)], *going_on(100))

    assert settled[-50:] == going_on(100)[-50:]
    assert clock.now == TIME + 99 * PACKET
    assert clock.counters["clock_set_back"] == 0


@pytest.mark.parametrize("idle", [AHEAD_NS + 1, 600 * SECOND, 10 * HOUR, 72 * HOUR])
def test_after_an_idle_night_time_is_what_it_is(idle: int) -> None:
    """No packet's time is changed, and once a few have borne each other out the timers follow."""
    clock = Clock()
    evening, morning = going_on(50), going_on(50, at=TIME + 50 * PACKET + idle)

    settled = clock.settle(*evening, *morning)

    assert settled == [*evening, *morning]
    assert clock.now == morning[-1]
    assert clock.counters.as_dict() == {}


def test_a_leap_is_believed_with_as_many_packets_as_promised() -> None:
    clock = Clock()
    clock.settle(*going_on(50))
    morning = going_on(CONFIRMED_BY, at=TIME + 10 * HOUR)

    clock.settle(*morning[:-1])
    before = clock.now
    clock.settle(morning[-1])

    assert before == TIME + 49 * PACKET
    assert clock.now == morning[-1]


stretches = st.one_of(
    st.tuples(st.just("on"), st.integers(1, 12)),
    st.tuples(st.just("leap"), st.sampled_from([-HOUR, HOUR, -BACK_NS, -BACK_NS - 1, AHEAD_NS, AHEAD_NS + 1, -SECOND])),
    st.tuples(st.just("absurd"), st.sampled_from([YEAR_1970, YEAR_2106, TIME, TIME + HOUR])),
)


def times_of(steps: list[tuple[str, int]]) -> list[int]:
    times, at = list[int](), TIME
    for what, amount in steps:
        if what == "on":
            times += going_on(amount, at=at)
            at = times[-1] + PACKET
        elif what == "leap":
            at += amount
        else:
            times.append(amount)
    return times


@given(steps=st.lists(stretches, max_size=25), cuts=st.lists(st.integers(0, 200)))
def test_any_cut_into_batches_gives_the_same_times(steps: list[tuple[str, int]], cuts: list[int]) -> None:
    times = times_of(steps)
    whole, parts, one_by_one = Clock(), Clock(), Clock()
    edges = sorted({0, len(times), *(place for place in cuts if place < len(times))})

    in_parts = [time for lo, hi in zip(edges, edges[1:], strict=False) for time in parts.settle(*times[lo:hi])]
    singly = [time for raw in times for time in one_by_one.settle(raw)]

    assert whole.settle(*times) == in_parts == singly
    assert whole.now == parts.now == one_by_one.now
    assert whole.counters.as_dict() == parts.counters.as_dict() == one_by_one.counters.as_dict()


@given(steps=st.lists(stretches, max_size=25))
def test_time_goes_back_only_where_the_first_times_were_absurd(steps: list[tuple[str, int]]) -> None:
    clock = Clock()
    clock.settle(*going_on(CONFIRMED_BY))
    now = clock.now

    for time in times_of(steps):
        clock.settle(time)
        assert clock.now >= now
        now = clock.now


def test_settling_leaves_the_times_given_alone() -> None:
    """They are columns of a batch that others read too."""
    clock = Clock()
    times = np.array([*going_on(10), *going_on(10, at=TIME - HOUR)], np.int64)
    before = times.copy()

    clock.clock.settle(times)

    assert np.array_equal(times, before)


@pytest.mark.parametrize("turns", [1, 2, 20])
def test_times_between_the_ends_of_what_a_file_can_say_stay_within_64_bits(turns: int) -> None:
    """A pcap's seconds have 32 bits: whoever writes it may leap from 1970 to 2106 and back for ever."""
    clock = Clock()
    latest = (2**32 - 1) * SECOND

    settled = [time for _ in range(turns) for time in clock.settle(*[YEAR_1970] * 5, *[latest] * 5)]

    assert len(settled) == 10 * turns
    assert all(0 <= time < 2**63 for time in settled)
    assert 0 <= clock.now < 2**63


@pytest.mark.parametrize("first", [YEAR_1970, (2**32 - 1) * SECOND])
def test_such_times_in_batches_of_their_own_stay_within_64_bits(first: int) -> None:
    """The quick way of a batch whose times fit each other adds and compares, too."""
    clock = Clock()
    latest = (2**32 - 1) * SECOND

    for _ in range(20):
        settled = [*clock.settle(*[first] * 5), *clock.settle(*[latest - first] * 5)]

        assert all(0 <= time < 2**63 for time in settled)
        assert 0 <= clock.now < 2**63
