"""What is wrong with a recorder's account of a synthetic conversation: its objects, and each sample of its audio.

Objects are what `recorder calls --json` prints. Nothing here knows the recorder's code.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tests import wire
from tests.hostile.good import nanoseconds, read_wav
from tests.pbx import audio
from tests.pbx.media import Packet
from tests.pbx.truth import Call, Conversation, LegTruth

Object = Mapping[str, Any]

NEAR_NS = 50_000_000
_ROUNDING = 5  # samples by which a run may lie off its capture time: the clock's jitter, and rounding
_JUMP = 800  # a timestamp that far off the clock begins a new run


def object_faults(conversation: Conversation, objects: Sequence[Object], *, numbers_kept: bool = False) -> list[str]:
    """What is wrong with the objects that share a Call-ID with a conversation.

    `numbers_kept`: the configuration lets excluded calls keep their numbers.
    """
    mine = [one for one in objects if conversation.legs.keys() & set(one["call_ids"])]
    partition = frozenset(frozenset(one["call_ids"]) for one in mine)
    if partition not in conversation.groupings:
        roles = [sorted(_name(conversation, call_id) for call_id in one) for one in partition]
        return [f"grouped as {sorted(roles)}"]
    found = []
    for call in conversation.calls:
        (one,) = [one for one in mine if call.main_call_id in one["call_ids"]]
        if not any(other.main_call_id in one["call_ids"] for other in _before(conversation.calls, call)):
            found += [f"{call.direction} call: {fault}" for fault in _about(call, one, numbers_kept=numbers_kept)]
    return found


def _before(calls: Sequence[Call], call: Call) -> Iterator[Call]:
    return itertools.takewhile(lambda other: other is not call, calls)


def _name(conversation: Conversation, call_id: str) -> str:
    leg = conversation.legs.get(call_id)
    return f"{leg.role if leg else 'foreign'} {call_id[:6]}"


def _about(call: Call, one: Object, *, numbers_kept: bool) -> Iterator[str]:
    if one["outcome"] not in call.accept_outcomes:
        yield f"outcome {one['outcome']}, not {call.outcome}"
    if one["outcome"] == "excluded":
        if one["recording"]:
            yield "recorded though excluded"
        if not numbers_kept and any(one[key] is not None for key in ("caller", "callee", "extension")):
            yield "numbers of an excluded call are shown"
        return
    if one["direction"] != call.direction:
        yield f"direction {one['direction']}"
    for key, truth in (("caller", call.caller), ("callee", call.callee)):
        if one[key] != truth:
            yield f"{key} {one[key]}, not {truth}"
    if one["extension"] not in call.accept_extensions:
        yield f"extension {one['extension']}, not {call.extension}"
    # An unanswered call's second attempt on another leg may end later than the first.
    times = [("started_at", call.started_ns), ("answered_at", call.answered_ns), ("ended_at", call.ended_ns)]
    for key, at in [*times, ("talk_at", call.talk_ns)]:
        if (one.get(key) is None) != (at is None):
            yield f"{key} {one.get(key)}"
        elif at is not None and abs(nanoseconds(one[key]) - at) > NEAR_NS:
            yield f"{key} is {(nanoseconds(one[key]) - at) / wire.SECOND:+.3f} s off"
    if not call.flags <= set(one["flags"]):
        yield f"flags {one['flags']}, not {sorted(call.flags)}"


def audio_faults(conversation: Conversation, one: Object, store: Path) -> list[str]:
    """What is wrong with the audio of an object: it must be that of the call's main leg, to the sample.

    An object that is no call's main leg (joining failed, or is not built) is compared with its only leg.
    """
    recording = one["recording"]
    if recording is None:
        return []
    calls = [call for call in conversation.calls if call.main_call_id in one["call_ids"]]
    call_id = calls[0].main_call_id if calls else one["call_ids"][0]
    leg, zero_ns = conversation.legs[call_id], nanoseconds(recording["starts_at"])
    pcm = read_wav(store / recording["path"])
    found = []
    for channel, packets in enumerate(leg.audio):
        fault = channel_fault(pcm[:, channel], packets, zero_ns, leg)
        if fault:
            found.append(f"{leg.role} {call_id[:6]}, channel {channel}: {fault}")
    return found


def forbidden_faults(conversation: Conversation, one: Object, store: Path) -> list[str]:
    """Whether an object's recording holds what must never be kept: talk with the consultation line."""
    recording = one["recording"]
    calls = [call for call in conversation.calls if call.call_ids & set(one["call_ids"])]
    since_ns = min((call.forbidden_from_ns for call in calls if call.forbidden_from_ns is not None), default=None)
    if recording is None or since_ns is None:
        return []
    late = (since_ns - nanoseconds(recording["starts_at"])) * 8000 // wire.SECOND + audio.PACKET
    kept = np.count_nonzero(read_wav(store / recording["path"])[max(0, late) :])
    return [f"{kept} samples of {one['call_ids']} must not be kept"] if kept else []


def channel_fault(heard: audio.Samples, packets: Sequence[Packet], zero_ns: int, leg: LegTruth) -> str | None:
    """What is wrong with one channel whose sample 0 is at `zero_ns`.

    Each run of packets lies where its first packet's capture time puts it, give or take rounding. Where two packets
    claim the same sample, at a change of source, either may have it. What was captured after the BYE may be there.
    """
    length = len(heard)
    values = np.zeros((2, length), np.int16)
    claims = np.zeros(length, np.int8)
    may_lack = np.zeros(length, np.bool_)
    for run in _runs([packet for packet in packets if packet.payload_type in audio.DECODING]):
        for at, sound, late in _placed(heard, run, zero_ns, leg):
            sound = sound[max(0, -at) : max(0, length - at)]
            span = slice(max(0, at), max(0, at) + len(sound))
            values[1, span] = np.where(claims[span] > 0, sound, values[1, span])
            values[0, span] = np.where(claims[span] > 0, values[0, span], sound)
            claims[span] += 1
            may_lack[span] |= late
    wrong = (heard != values[0]) & ((claims < 2) | (heard != values[1])) & ~(may_lack & (heard == 0))
    if not wrong.any():
        return None
    first = int(np.argmax(wrong))
    foreign = int(np.count_nonzero(wrong & (claims == 0)))
    seconds = (zero_ns + first * wire.SECOND // 8000 - leg.invited_ns) / wire.SECOND
    return f"{np.count_nonzero(wrong)} samples wrong, {foreign} from nowhere, first {seconds:.3f} s after the INVITE"


def _runs(packets: Sequence[Packet]) -> Iterator[list[Packet]]:
    """Packets of one source whose timestamps follow the clock."""
    run: list[Packet] = []
    for packet in packets:
        if run:
            before = run[-1]
            ends = (before.ssrc, before.source, before.destination) == (packet.ssrc, packet.source, packet.destination)
            off = _step(before, packet) - (packet.time_ns - before.time_ns) * 8000 / wire.SECOND
            if not ends or abs(off) > _JUMP:
                yield run
                run = []
        run.append(packet)
    if run:
        yield run


def _step(one: Packet, other: Packet) -> int:
    """Samples from one packet's timestamp to another's."""
    return (other.timestamp - one.timestamp + (1 << 31) & 0xFFFFFFFF) - (1 << 31)


def _placed(
    heard: audio.Samples, run: list[Packet], zero_ns: int, leg: LegTruth
) -> list[tuple[int, audio.Samples, bool]]:
    """Where each piece of a run lies, its sound, and whether it may lack, with the run where it fits best."""
    first = round((run[0].time_ns - zero_ns) * 8000 / wire.SECOND)
    placed = []
    for pieces in _seamless(run, leg.ended_ns):
        sound = audio.decode(b"".join(packet.payload for packet in pieces), pieces[0].payload_type)
        placed.append((first + _step(run[0], pieces[0]), sound, _is_late(pieces[0], leg.ended_ns)))

    def fits(shift: int) -> tuple[int, int]:
        right = 0
        for at, sound, _ in placed:
            here = heard[max(0, at + shift) : at + shift + len(sound)]
            right += int(np.count_nonzero(here == sound[max(0, -at - shift) :][: len(here)]))
        return right, -abs(shift)

    best = max(range(-_ROUNDING, _ROUNDING + 1), key=fits)
    return [(at + best, sound, late) for at, sound, late in placed]


def _seamless(run: list[Packet], ended_ns: int | None) -> Iterator[list[Packet]]:
    """Packets of which each begins where the one before ends: most of a run, in one piece."""
    piece = run[:1]
    for before, packet in itertools.pairwise(run):
        same = (packet.payload_type, _is_late(packet, ended_ns)) == (before.payload_type, _is_late(before, ended_ns))
        if same and _step(before, packet) == len(before.payload):
            piece.append(packet)
        else:
            yield piece
            piece = [packet]
    yield piece


def _is_late(packet: Packet, ended_ns: int | None) -> bool:
    """Captured after the BYE, or so shortly before that it may count as after."""
    return ended_ns is not None and packet.time_ns > ended_ns - 1_000_000
