"""In which order the process that leads takes what ears say, and signalling."""

from __future__ import annotations

import random

import numpy as np
from numpy.typing import NDArray

from capture.frames import FrameBlock
from recorder.shares import rounds as module
from recorder.shares.moments import Watch
from recorder.shares.rounds import ROUND_NS, Rounds
from tests.capture.blocks import block_of

MS = 1_000_000
HOUR_NS = 3600 * 1000 * MS


def signalling(*moments_ms: int) -> tuple[FrameBlock, NDArray[np.int64]]:
    """A frame for each moment, whose bytes say it."""
    moments = np.array(moments_ms, np.int64) * MS
    return block_of([str(at).encode() for at in moments_ms]).copied(), moments


def told(rounds: Rounds) -> list[str]:
    """All that can be taken now, in its order."""
    found: list[str] = []
    while (one := rounds.next()) is not None:
        found += map(str, one.messages)
        for frames in one.signalling:
            for start, length in zip(frames.start.tolist(), frames.length.tolist(), strict=True):
                found.append("sip " + frames.data[start : start + length].tobytes().decode())
    return found


def test_signalling_waits_for_every_ear() -> None:
    rounds = Rounds(2)
    rounds.hold(*signalling(10, 60, 61))
    rounds.say(0, "a")
    rounds.heard(0, 100 * MS)
    assert told(rounds) == []
    rounds.say(1, "b")
    rounds.heard(1, 60 * MS)
    assert told(rounds) == ["a", "b", "sip 10", "sip 60"]
    rounds.heard(1, 99 * MS)
    assert told(rounds) == ["sip 61"]


def test_when_all_have_left_what_they_said_is_taken_and_signalling_they_did_not_hear_is_not() -> None:
    rounds = Rounds(2)
    for ear, until_ms in ((0, 100), (1, 140)):
        rounds.say(ear, f"first {ear}")
        rounds.heard(ear, until_ms * MS)
        rounds.say(ear, f"last {ear}")
        rounds.left(ear)
    rounds.hold(*signalling(100, 101))
    assert sorted(told(rounds)) == ["first 0", "first 1", "last 0", "last 1", "sip 100"]


def test_after_a_stall_what_was_heard_long_after_signalling_is_not_taken_before_it() -> None:
    rounds = Rounds(2)
    for at_ms in range(50, 2001, 50):
        for ear in (0, 1):
            rounds.say(ear, f"{ear} {at_ms}")
            rounds.heard(ear, at_ms * MS)
    rounds.hold(*signalling(5, 900, 1999))
    assert rounds.is_behind

    order = told(rounds)

    assert not rounds.is_behind and len(order) == 83
    for sip_ms in (5, 900, 1999):
        at = order.index(f"sip {sip_ms}")
        before = [int(one.split()[1]) for one in order[:at] if one[:3] != "sip"]
        assert {one for one in range(50, 2001, 50) if one - 50 < sip_ms} <= set(before)
        assert max(before) <= sip_ms + 50 + ROUND_NS // MS


def test_any_way_of_saying_it_takes_all_once_and_each_ears_words_in_their_order() -> None:
    for seed in range(200):
        chance = random.Random(seed)
        rounds, order = Rounds(3), list[str]()
        until, said, held = [0, 0, 0], 0, 0
        for _ in range(60):
            ear = chance.randrange(4)
            if ear == 3:
                held += chance.randrange(300)
                rounds.hold(*signalling(held, held))
                said += 2
            else:
                until[ear] += chance.randrange(400)
                rounds.say(ear, f"{ear} {until[ear]}")
                rounds.heard(ear, until[ear] * MS)
                said += 1
            if chance.random() < 0.3:
                order += told(rounds)
        for ear in range(3):
            rounds.heard(ear, 1 << 62)
            rounds.left(ear)
        order += told(rounds)
        assert len(order) == said
        for who in ("0", "1", "2", "sip"):
            times = [int(one.split()[1]) for one in order if one.split()[0] == who]
            assert times == sorted(times)


def test_what_waits_is_bounded() -> None:
    """An ear stands still: signalling beyond a measure isn't kept, nor audio of the others."""
    rounds = Rounds(2)
    rounds.say(0, "first", module.AUDIO_BYTES)
    rounds.heard(0, 10 * MS)
    rounds.say(0, "second", 2)
    rounds.heard(0, 20 * MS)
    assert told(rounds) == ["first"]
    frames, moments = signalling(15)
    frames.data = np.zeros(module.SIGNALLING_BYTES + 1, np.uint8)
    rounds.hold(frames, moments)
    assert [one.split("\0")[0] for one in told(rounds)] == ["second", "sip "]


class Clock:
    """Two clocks, one of which is set."""

    def __init__(self) -> None:
        self.monotonic_ns, self.ahead_ns = 5_000 * MS, 1_795_306_502_000_000_000

    def real_ns(self) -> int:
        return self.monotonic_ns + self.ahead_ns

    def watch(self) -> Watch:
        return Watch(80 * MS, real_ns=self.real_ns, monotonic_ns=lambda: self.monotonic_ns)

    def stamps(self, *moments_ms: int, ahead_ns: int | None = None) -> NDArray[np.int64]:
        return np.array(moments_ms, np.int64) * MS + (self.ahead_ns if ahead_ns is None else ahead_ns)


def test_moments_are_those_of_the_stamps() -> None:
    clock = Clock()
    watch = clock.watch()
    clock.monotonic_ns = 5_100 * MS
    assert (watch.of(clock.stamps(5_010, 5_030, 5_029, 5_090)) // MS).tolist() == [5_010, 5_030, 5_030, 5_090]
    assert watch.sure_ns(5_050 * MS) == 5_090 * MS


def test_a_clock_that_is_set_moves_no_moment() -> None:
    """Forth or back, with frames of before and after in one read; nor does the next read go back."""
    for by_ns in (HOUR_NS, -HOUR_NS, 20_000 * MS, -20 * MS):
        clock = Clock()
        watch, before = clock.watch(), clock.ahead_ns
        clock.monotonic_ns = 5_100 * MS
        clock.ahead_ns += by_ns
        stamps = np.concatenate([clock.stamps(5_010, 5_050, ahead_ns=before), clock.stamps(5_051, 5_090)])
        if abs(by_ns) > 50 * MS:
            assert (watch.of(stamps) // MS).tolist() == [5_010, 5_050, 5_051, 5_090], by_ns
        else:  # so little may be either
            assert np.all(np.abs(watch.of(stamps) // MS - [5_010, 5_050, 5_051, 5_090]) <= 20)
        clock.monotonic_ns = 5_200 * MS
        assert (watch.of(clock.stamps(5_150)) // MS).tolist() == [5_150]


def test_stamps_that_say_nothing_are_as_late_as_can_be_and_nothing_is_sure_by_them() -> None:
    clock = Clock()
    watch = clock.watch()
    clock.monotonic_ns = 5_100 * MS
    assert (watch.of(clock.stamps(5_010, ahead_ns=7)) // MS).tolist() == [5_100]
    assert watch.sure_ns(5_060 * MS) == 4_980 * MS
    watch.of(np.empty(0, np.int64))
    assert watch.sure_ns(5_090 * MS) == 5_010 * MS
