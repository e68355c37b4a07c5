"""What a recorder made of conversations, held against what was meant: every difference as a sentence."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from storage.records import CallRecord
from tests.pbx import audio
from tests.pbx.media import Packet
from tests.pbx.truth import Call, Conversation

NEAR_NS = 20_000_000
FRAME_NS = 125_000
RINGS_NS = 3_000_000_000
NOT_AUDIO = 95  # payload types from here on carry telephone-events


def faults(conversations: Iterable[Conversation], calls: Sequence[CallRecord], store: Path) -> list[str]:
    """Each fault with the family that it is of; none: all is as it was meant."""
    found: list[str] = []
    by_id = {call_id: call for call in calls for call_id in call.call_ids}
    for one in conversations:
        found += [f"{one.family}: {fault}" for fault in _conversation(one, by_id, store)]
    known = {call_id for one in conversations for call_id in one.legs}
    found += [f"object {call.id} has Call-IDs of nobody" for call in calls if not set(call.call_ids) <= known]
    return found


def _conversation(one: Conversation, by_id: dict[str, CallRecord], store: Path) -> Iterable[str]:
    objects = {call.id: call for call_id in one.legs if (call := by_id.get(call_id)) is not None}
    for call_id in one.not_calls & by_id.keys():
        yield f"{call_id} was no call"
    strangers = {call_id for call in objects.values() for call_id in call.call_ids} - one.legs.keys()
    if strangers:
        yield f"joined with strangers: {sorted(strangers)}"
    got = frozenset(frozenset(call.call_ids) for call in objects.values())
    if got not in one.groupings and not any(call.ambiguous for call in one.calls):
        yield f"told as {_sets(got)}, not as {' or '.join(map(_sets, one.groupings))}"
        return
    if any(call.ambiguous for call in one.calls) and got not in one.groupings:
        return  # nobody could tell; no stranger was joined, and that is all that can be asked
    for call in one.calls:
        # Of several acceptable tellings, the object that has the leg whose audio is the recording is the call's.
        asked = [call.recorded_call_id, *sorted(call.call_ids)]
        mine = [by_id[call_id] for call_id in asked if call_id in by_id]
        if not mine:
            yield f"no object for {call.caller} -> {call.callee}"
            continue
        for fault in _call(call, mine[0], store):
            yield f"{call.direction} {call.caller} -> {call.callee}: {fault}"


def _call(call: Call, got: CallRecord, store: Path) -> Iterable[str]:
    if call.must_not_record:
        if got.outcome != "excluded" or got.recording is not None:
            yield f"must not be recorded, and is {got.outcome}"
        if (got.caller, got.callee, got.extension) != (None, None, None):
            yield "numbers of an excluded call are shown"
        return
    # A trunk leg that the exchange answered, and no person, has audio: the notice, and whatever the caller said to it.
    # It is kept, since nobody can be sure that the mirror showed every telephone.
    outcome = "recorded" if call.answered_ns is not None and call.outcome == "unanswered" else call.outcome
    for name, mine, wanted in (
        ("direction", got.direction, call.direction),
        ("outcome", got.outcome, outcome),
        ("caller", got.caller, call.caller),
        ("callee", got.callee, call.callee),
    ):
        if mine != wanted:
            yield f"{name} {mine}, not {wanted}"
    if got.extension not in call.accept_extensions:
        yield f"extension {got.extension}, not {sorted(map(str, call.accept_extensions))}"
    for name, at, truth in (
        ("started", got.started_ns, call.started_ns),
        ("answered", got.answered_ns, call.answered_ns),
        ("talk", got.talk_ns, call.talk_ns),
        ("ended", got.ended_ns, call.ended_ns),
    ):
        if (at is None) != (truth is None) or at is not None and truth is not None and abs(at - truth) > NEAR_NS:
            yield f"{name} {_seconds(at, call)}, not {_seconds(truth, call)}"
    if not call.flags <= set(got.flags):
        yield f"flags {got.flags} lack {sorted(call.flags - set(got.flags))}"
    if got.recording is not None:
        yield from _audio(call, got, store)


def _audio(call: Call, got: CallRecord, store: Path) -> Iterable[str]:
    assert got.recording is not None
    samples, _ = soundfile.read(store / got.recording.path, dtype="int16", always_2d=True)
    until_ns = call.forbidden_from_ns
    for side, packets in enumerate(call.audio):
        for packet, after in itertools.zip_longest(packets, packets[1:]):
            if packet.payload_type > NOT_AUDIO or not packet.captured:
                continue
            wanted = audio.decode(packet.payload, packet.payload_type)
            if after is not None and _is_other(packet, after):
                continue  # another source begins, perhaps in the midst of this packet's time, and comes on top
            there = _near(samples[:, side], got.recording.starts_ns, packet.time_ns, wanted)
            forbidden = until_ns is not None and packet.time_ns >= until_ns
            if forbidden and there and np.abs(wanted.astype(int)).max(initial=0) > 500:
                yield f"side {side}: what was said at {_seconds(packet.time_ns, call)} is kept, and must not be"
                break
            if not forbidden and not there and packet.time_ns < got.ended_ns - NEAR_NS:
                if until_ns is not None and packet.time_ns > until_ns - RINGS_NS:
                    continue  # recording may stop as soon as the line is called that must not be recorded
                yield f"side {side}: the packet of {_seconds(packet.time_ns, call)} is not where it belongs"
                break


def _is_other(packet: Packet, after: Packet) -> bool:
    moved = (packet.ssrc, packet.source, packet.destination) != (after.ssrc, after.source, after.destination)
    return moved or (after.timestamp - packet.timestamp) % (1 << 32) != len(packet.payload)


def _near(row: NDArray[np.int16], starts_ns: int, at_ns: int, wanted: NDArray[np.int16]) -> bool:
    """Whether a packet's samples lie within some milliseconds of its capture time: jitter moves it off that."""
    at = (at_ns - starts_ns) // FRAME_NS
    lo, hi = max(0, at - 400), at + 400 + len(wanted)
    stretch = row[lo:hi]
    if len(stretch) < len(wanted):
        return False
    first = np.flatnonzero(stretch[: len(stretch) - len(wanted) + 1] == wanted[0])
    return any(np.array_equal(stretch[start : start + len(wanted)], wanted) for start in first)


def _seconds(at_ns: int | None, call: Call) -> str:
    return "never" if at_ns is None else f"{(at_ns - call.started_ns) / 1e9:.3f} s"


def _sets(grouping: Iterable[frozenset[str]]) -> str:
    return " + ".join(sorted("{" + ", ".join(sorted(ids)) + "}" for ids in grouping))
