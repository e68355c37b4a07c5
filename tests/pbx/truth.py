"""What is true of a synthetic conversation: calls as a person would count them, and what may be said of them."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field, fields
from typing import Any

from tests.pbx.media import Packet
from tests.wire import Frame

Grouping = frozenset[frozenset[str]]  # Call-IDs, each set one object


@dataclass(frozen=True, slots=True, kw_only=True)
class LegTruth:
    """One SIP dialog. `audio` is what its calling and its called end sent, in time order, telephone-events included."""

    call_id: str
    role: str  # "trunk" or "extension"
    invited_ns: int
    answered_ns: int | None
    ended_ns: int | None
    end_reason: str  # bye, cancelled, busy, declined, failed, timeout; "" if only challenged
    audio: tuple[list[Packet], list[Packet]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call as a person would count it."""

    direction: str  # inbound, outbound, internal
    outcome: str  # recorded, unanswered, excluded
    accept_outcomes: frozenset[str]  # all that can be defended: an announcement to nobody may be recorded or not
    caller: str | None  # None: withheld
    callee: str
    extension: str | None  # the inner party who first answered, or who called out
    final_extension: str | None  # who had the call last
    accept_extensions: frozenset[str | None]  # all that can be defended
    started_ns: int
    answered_ns: int | None
    talk_ns: int | None
    ended_ns: int
    end_reason: str
    call_ids: frozenset[str]  # as in the conversation's first grouping
    main_call_id: str  # the leg that stands for the call: the trunk's, or of an internal call the dialling one's
    recorded_call_id: str | None  # the same if it is to be recorded
    audio: tuple[list[Packet], list[Packet]]  # of that leg: caller, callee
    must_not_record: bool = False
    # Audio captured from this moment on may be kept in no file; None: no such moment. With `must_not_record` all of it.
    forbidden_from_ns: int | None = None
    flags: frozenset[str] = frozenset()  # those that must be there
    ambiguous: str = ""  # why even an expert with the audio could not tell; "": he could


@dataclass(slots=True, kw_only=True)
class Conversation:
    """What one scenario put onto the wire."""

    family: str
    frames: list[Frame]
    calls: list[Call]
    legs: dict[str, LegTruth]  # by Call-ID
    groupings: list[Grouping] = field(default_factory=list)  # acceptable ones, the preferred first
    not_calls: frozenset[str] = frozenset()  # Call-IDs of dialogs that are no call: an INVITE refused with 401 only
    note: str = ""

    @property
    def start_ns(self) -> int:
        return self.frames[0][0]

    @property
    def end_ns(self) -> int:
        return self.frames[-1][0]


def as_json(conversation: Conversation) -> dict[str, Any]:
    """The truth for people and other tools to read: audio by SSRC, without payload."""
    calls = []
    for call in conversation.calls:
        told = {f.name: getattr(call, f.name) for f in fields(call) if f.name != "audio"}
        calls.append({name: _plain(value) for name, value in told.items()})
    legs = []
    for leg in conversation.legs.values():
        told = {f.name: getattr(leg, f.name) for f in fields(leg) if f.name != "audio"}
        legs.append({**told, "streams": [_streams(side) for side in leg.audio]})
    return {
        "form": "pbx-truth/1",
        "family": conversation.family,
        "calls": calls,
        "legs": legs,
        "groupings": [_plain({_one(ids) for ids in grouping}) for grouping in conversation.groupings],
        "not_calls": sorted(conversation.not_calls),
        "note": conversation.note,
    }


def _one(ids: frozenset[str]) -> str:
    return " ".join(sorted(ids))


def _plain(value: Any) -> Any:
    return sorted(value, key=str) if isinstance(value, set | frozenset) else value


def _streams(packets: list[Packet]) -> list[dict[str, Any]]:
    runs = [list(run) for _, run in itertools.groupby(packets, key=lambda p: (p.source, p.destination, p.ssrc))]
    return [
        {
            "source": run[0].source,
            "destination": run[0].destination,
            "ssrc": f"0x{run[0].ssrc:08x}",
            "first_ns": run[0].time_ns,
            "last_ns": run[-1].time_ns,
            "packets": len(run),
        }
        for run in runs
    ]
