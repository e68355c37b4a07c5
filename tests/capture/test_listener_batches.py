"""The same bytes give the same calls however they are cut into batches, and on a live line in time."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from capture.listener import Listener, Settings
from capture.network.decoder import NetworkDecoder
from capture.packets import AddressBook
from tests import wire
from tests.capture.blocks import block_of
from tests.capture.scene import (
    BEGIN,
    MS,
    PACKET_MS,
    SAMPLES,
    STRANGER,
    Heard,
    Speech,
    back,
    described,
    dialled,
    listen,
    ns,
    re_invite,
    relayed,
    sip,
    speech,
)
from tests.sip_text import request, response
from tests.wire import Frame


def mixture() -> list[Frame]:
    """Seven calls at once with everything that makes a difference: some 2,000 frames in 6 s."""
    chance = random.Random(20261122)
    frames: list[Frame] = []

    def place(number: int) -> tuple[str, str]:
        return f"192.0.2.{100 + number}:4{number}000", f"192.0.2.{200 + number}:5{number}000"

    def add(*speeches: Speech, jitter_ms: int = 0) -> None:
        for one in speeches:
            frames.extend((at_ns + chance.randrange(jitter_ms + 1) * MS, frame) for at_ns, frame in one.frames())

    # 1: loss, reordering, duplicates, and telephones that go on after the BYE
    near, far = place(1)
    frames += dialled("1", caller=near, callee=far, end_ms=3950)
    some = [k for k in range(160) if chance.random() < 0.1]
    said = speech(near, far, lost=some, count=160)
    add(said, speech(far, near, ssrc=9, lost=some[::2], count=160), jitter_ms=35)
    frames += said.frames()[::9]

    # 2: another call on the same ports, at once
    frames += dialled("2", caller=near, callee=far, at_ms=4300, answer_ms=4500, end_ms=5900, from_tag="a2")
    add(speech(near, far, at_ms=4520, count=60, ssrc=77), speech(far, near, at_ms=4530, count=60, ssrc=78))

    # 3: re-INVITE to other ports and codec; the old flow goes on for a while
    near, far = place(3)
    new_near, new_far = "192.0.2.103:43002", "192.0.2.203:53002"
    frames += dialled("3", caller=near, callee=far, end_ms=5000)
    frames += re_invite(2500, caller=new_near, callee=new_far, name="3", codecs=(8,))
    add(speech(near, far, count=80), speech(far, near, count=78, ssrc=9))
    add(speech(new_near, new_far, at_ms=2520, count=80, payload_type=8, seq=9000, timestamp=5))
    add(speech(new_far, new_near, at_ms=2540, count=80, payload_type=8, ssrc=9, seq=9000))

    # 4: SSRC and timestamps change in mid-stream, on both sides, and comfort noise between
    near, far = place(4)
    frames += dialled("4", caller=near, callee=far, answer_ms=600)
    add(speech(near, far, count=60), speech(near, far, at_ms=2210, count=60, ssrc=0xFFFF, seq=1, timestamp=1))
    add(speech(far, near, count=50, ssrc=9), speech(far, near, at_ms=1990, count=3, ssrc=9, payload_type=13, seq=50))
    add(speech(far, near, at_ms=2600, count=60, ssrc=9, seq=65600, timestamp=99999999))

    # 5: two hops
    hops, (caller, callee) = relayed("5", lost=[3, 4, 44])
    frames += hops
    add(*caller, *callee)

    # 6: NAT, a stranger before and during it
    near, far = place(6)
    frames += dialled("6", caller="10.0.0.5:40000", callee=far)
    add(speech(STRANGER, far, at_ms=910, count=10, ssrc=3), speech(STRANGER, far, at_ms=2990, count=10, ssrc=3))
    add(speech(near, far, at_ms=1500), speech(far, near, at_ms=1800, count=90, ssrc=9))

    # 7: early media, then cancelled; its SDP comes late
    near, far = place(7)
    frames += dialled("7", caller=near, callee=far, answer_ms=None, end_ms=None)
    frames.append(sip(1100, response(183, call_id="7@192.0.2.10", sdp=described(far)), down=False))
    frames.append(sip(3300, request("CANCEL", call_id="7@192.0.2.10")))
    frames.append(sip(3310, response(487, call_id="7@192.0.2.10"), down=False))
    add(speech(far, near, at_ms=700, count=120, ssrc=9))
    return sorted(frames, key=lambda frame: frame[0])


def told(heard: Heard) -> list[tuple[Any, ...]]:
    """All that a listener said, in a form to be compared."""
    return [
        (
            recorded.call.call_id,
            recorded.call.started_ns,
            recorded.call.answered_ns,
            recorded.call.ended_ns,
            recorded.call.end_reason,
            recorded.dropped,
            recorded.starts_ns,
            recorded.media,
            recorded.samples.shape,
            recorded.samples.tobytes(),
        )
        for recorded in heard.all
    ]


NAMES = "call_id started answered ended reason dropped starts media shape samples".split()


def differences(one: list[tuple[Any, ...]], other: list[tuple[Any, ...]]) -> list[str]:
    """Where two outcomes differ, in a few words."""
    found = [f"{len(one)} calls, and {len(other)}"] if len(one) != len(other) else []
    for first, second in zip(one, other, strict=False):
        for name, left, right in zip(NAMES, first, second, strict=True):
            if left != right:
                found.append(f"{first[0]}: {name}" + ("" if name == "samples" else f": {left} and {right}"))
    return found


MIXTURE = mixture()
WHOLE = told(listen(MIXTURE))


def test_the_mixture_is_one() -> None:
    """What the tests below compare has all the calls in it, with audio."""
    assert len(WHOLE) == 7
    assert [len(one[9]) > 4 * 8000 for one in WHOLE] == [True] * 7


@given(st.sets(st.integers(1, len(MIXTURE) - 1), max_size=60))
@example(set(range(1, len(MIXTURE))))
@example(set(range(0, len(MIXTURE), 2)))
@example(set(range(0, len(MIXTURE), 97)))
def test_any_cut_into_batches_gives_the_same_calls_and_audio(cuts: set[int]) -> None:
    """The outcome depends on the packets alone: not on how many came together."""
    assert differences(WHOLE, told(listen(MIXTURE, cuts=cuts))) == []


@given(st.sets(st.integers(1, len(MIXTURE) - 1), max_size=60))
@example(set(range(1, len(MIXTURE), 3)))
@example(set(range(0, len(MIXTURE), 97)))
def test_audio_that_is_handed_over_at_any_time_is_the_same(cuts: set[int]) -> None:
    """A live line's calls are those that its capture file gives, whenever audio was handed over."""
    assert differences(WHOLE, told(listen(MIXTURE, cuts=cuts, live=True))) == []


def live(frames: Iterable[Frame], *, every_ms: int, until_ms: int) -> tuple[list[tuple[int, int]], int]:
    """What a sink has heard after each interval, (capture time, samples), and when the call's first sample was."""
    heard, book = Heard(), AddressBook()
    decoder, listener = NetworkDecoder(book, heard.counters), Listener(heard, book, heard.counters, Settings(calls=32))
    rows = sorted(frames, key=lambda frame: frame[0])
    told_by = []
    for at_ms in range(0, until_ms, every_ms):
        part = [row for row in rows if ns(at_ms) <= row[0] < ns(at_ms + every_ms)]
        if part:
            listener.feed(decoder.decode(block_of([frame for _, frame in part], times=[at_ns for at_ns, _ in part])))
        else:
            listener.elapse(ns(at_ms + every_ms))
        listener.hand_over()
        told_by.append((at_ms + every_ms, len(heard.all[0].samples) if heard.all else 0))
    starts_ns = heard.all[0].starts_ns
    assert starts_ns is not None
    return told_by, starts_ns


@pytest.mark.parametrize("lost", [(), range(40, 70)])
def test_live_audio_is_out_of_memory_within_a_third_of_a_second(lost: Iterable[int]) -> None:
    """Also while one side is silent for a while: it holds the other back by 80 ms and no more."""
    frames = [*dialled(end_ms=None), *speech(lost=lost).frames(), *back(at_ms=1010).frames()]

    told_by, starts_ns = live(frames, every_ms=150, until_ms=3000)

    for at_ms, samples in told_by[9:]:  # from 1.5 s on; the first packets may wait for their proof
        behind_ms = at_ms - (starts_ns - BEGIN) / MS - samples / 8
        assert behind_ms <= 80 + PACKET_MS + 10


def test_what_is_left_when_both_fall_silent_is_handed_over_too() -> None:
    """No packet comes any more, only time: the last samples aren't kept back for the next one."""
    said = speech(count=50)

    told_by, starts_ns = live([*dialled(end_ms=None), *said.frames()], every_ms=150, until_ms=3000)

    assert told_by[-1][1] == 50 * SAMPLES


def test_a_call_without_bye_ends_though_no_packet_comes() -> None:
    """The office's line falls silent as a whole: calls end by the passing of time alone."""
    heard, book = Heard(), AddressBook()
    listener = Listener(heard, book, heard.counters, Settings(calls=32, silence_ns=60 * wire.SECOND))
    frames = sorted([*dialled(end_ms=None), *speech(count=50).frames()], key=lambda frame: frame[0])
    block = block_of([frame for _, frame in frames], times=[at_ns for at_ns, _ in frames])
    listener.feed(NetworkDecoder(book, heard.counters).decode(block))

    for at_ms in range(2000, 80_000, 500):
        listener.elapse(ns(at_ms))

    assert heard.one.call.end_reason == "silence"
    assert len(heard.one.samples) == 50 * SAMPLES


def _lost_bye() -> list[Frame]:
    speeches = (speech(count=40), back(count=40), speech(at_ms=2500, seed=2), back(at_ms=2500, seed=2))
    frames = [*dialled("1", end_ms=None), *dialled("2", at_ms=2100, answer_ms=2400, end_ms=4600, from_tag="a2")]
    return [*frames, *(frame for one in speeches for frame in one.frames())]


def _absurd_time() -> list[Frame]:
    """The clock says something absurd of one packet in the middle: that it came an hour and a half before."""
    frames = sorted([*dialled(end_ms=None), *speech(count=400).frames()], key=lambda frame: frame[0])
    frames[200] = frames[200][0] - 5400 * wire.SECOND, frames[200][1]
    return frames


def _hold_and_dtmf() -> list[Frame]:
    keys = speech(at_ms=1500, count=10, seq=65525, payload_type=101)
    said = speech(lost=range(25, 35))
    return [*dialled(), *said.frames(), *keys.frames(), *back(at_ms=1300, lost=range(3, 60)).frames()]


def _burst_after_a_stall() -> list[Frame]:
    said = speech(count=150)
    stalled = [(ns(2990), frame) if ns(2000) <= at_ns < ns(2990) else (at_ns, frame) for at_ns, frame in said.frames()]
    return [*dialled(end_ms=5000), *stalled, *back(count=150).frames()]


def _late_packets() -> list[Frame]:
    """Every tenth packet is 1.5 s late, behind what has been handed over."""
    late = [
        (at_ns + 1500 * MS, frame) if number % 10 == 9 else (at_ns, frame)
        for number, (at_ns, frame) in enumerate(speech(count=250).frames())
    ]
    return [*dialled(end_ms=8500), *late, *back(count=250).frames()]


@pytest.mark.parametrize(
    "scene",
    [_lost_bye, _absurd_time, _hold_and_dtmf, _burst_after_a_stall, _late_packets],
    ids=lambda scene: scene.__name__,
)
def test_packets_that_come_alone_give_what_they_give_together(scene: Callable[[], list[Frame]]) -> None:
    """Single scenes that are easier to understand than the mixture."""
    frames = scene()
    if scene is not _absurd_time:
        frames.sort(key=lambda frame: frame[0])

    together, alone = listen(frames, in_order=True), listen(frames, in_order=True, cuts=range(len(frames)))

    assert differences(told(together), told(alone)) == []
