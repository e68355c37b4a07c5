"""A store after a fault, compared with what was said on the line: what is lost, and what is wrong.

Of a call that had ended in peace nothing may be missing. Of one that was live, the end may be: what a fault cost it
is the time from its first missing packet to the fault. A sample that nobody sent is a fault in any recording.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from capture.media.g711 import TABLE, Law
from tests.reliability.line import SAMPLES, Spoken

SECOND = 1_000_000_000
SLACK = 4000  # samples: half a second, since this machine may be busy
SETTLED_NS = int(2.5 * SECOND)  # a call that ended so long before the fault is in the catalogue


@dataclass(slots=True)
class Judgement:
    """What was found amiss, and the worst that live calls lost."""

    ready_ns: int
    slack: int  # samples by which a packet may have been seen late
    faults: list[str] = field(default_factory=list)
    lost_s: float = 0.0  # of the live call that lost most
    live: int = 0
    finished: int = 0

    def limit(self, most_s: float, starved_s: float) -> float:
        """It is a fault that a live call lost more, unless the recorder had no processor for so long; how much was
        let pass for that."""
        if self.lost_s > most_s + starved_s:
            self.faults.append(f"a live call lost {self.lost_s:.2f} s (without a processor for {starved_s:.2f} s)")
        return max(0.0, self.lost_s - most_s)


def judge(
    seen: Mapping[str, Any], spoken: Iterable[Spoken], fault_ns: int, known: Mapping[str, str], *,
    ready_ns: int | None, exactly: bool,
) -> Judgement:
    """`seen` is what `subject.look` gave after the fault at `fault_ns`; `known` are the hashes by id of recordings that
    were complete before it. What was said before `ready_ns` (None: it never was) is no loss, unless it ended in peace.
    Without `exactly`, packets were seen a little later than they were sent."""
    found = Judgement(ready_ns=fault_ns if ready_ns is None else ready_ns, slack=0 if exactly else SLACK)
    found.faults += [*seen["findings"], *(f"the catalogue: {text}" for text in seen["integrity"])]
    by_name: dict[str, list[Mapping[str, Any]]] = {}
    for call in seen["calls"]:
        by_name.setdefault(call["name"], []).append(call)
    there = {call["id"]: call for call in seen["calls"]}
    for call_id, sha256 in known.items():
        call = there.get(call_id)
        if call is None or call["sha256"] != sha256 or _hash(call["path"]) != sha256:
            found.faults.append(f"finished call {call_id} was lost or changed")
    for one in spoken:
        _judge_one(one, by_name.get(one.name, []), fault_ns, found)
    return found


def complete(seen: Mapping[str, Any]) -> dict[str, str]:
    """The hashes by id of all recordings that are complete."""
    return {call["id"]: call["sha256"] for call in seen["calls"] if call["sha256"]}


def _judge_one(one: Spoken, calls: list[Mapping[str, Any]], fault_ns: int, found: Judgement) -> None:
    ended = one.ended_ns is not None and max(one.ended_ns, found.ready_ns) <= fault_ns - SETTLED_NS
    found.finished += ended
    found.live += not ended
    if len(calls) > 1:
        found.faults.append(f"{one.name} has {len(calls)} objects")
    if not calls or calls[0]["path"] is None:
        if ended:
            found.faults.append(f"{one.name} ended in peace and has no recording")
        elif one.sent_ns[0]:
            _note_loss(found, one, one.sent_ns[0][0], fault_ns)
        return
    call = calls[0]
    if ended and call["end_reason"] != "bye":
        found.faults.append(f"{one.name} ended in peace, and is told as {call['end_reason']}")
    try:
        samples, rate = soundfile.read(call["path"], dtype="int16", always_2d=True)
    except (OSError, soundfile.LibsndfileError) as error:
        found.faults.append(f"{one.name} can't be played: {error}")
        return
    if rate != 8000 or samples.shape[1] != 2:
        found.faults.append(f"{one.name} is {rate} Hz with {samples.shape[1]} channels")
        return
    for side in (0, 1):
        sent = one.sent_ns[side]
        if not sent:
            continue
        first = _place(samples[:, side], round((sent[0] - call["starts_ns"]) / 125_000), found.slack)
        if first is None:
            found.faults.append(f"{one.name}, side {side}: not where its first packet was seen")
            continue
        missing = _missing(samples[:, side], one.codes[side], first, len(sent))
        if missing is None:
            found.faults.append(f"{one.name}, side {side}: samples that nobody sent")
        elif missing < len(sent):
            if ended:
                found.faults.append(f"{one.name} ended in peace and lacks packet {missing} of {len(sent)}")
            _note_loss(found, one, sent[missing], fault_ns)


def _place(samples: np.ndarray[Any, Any], estimate: int, slack: int) -> int | None:
    """Where the first packet lies; None if not near `estimate`. No sample that was sent is 0."""
    there = np.flatnonzero(samples)
    if not slack or not len(there):
        return estimate
    return int(there[0]) if abs(int(there[0]) - estimate) <= slack else None


def _missing(samples: np.ndarray[Any, Any], codes: np.ndarray[Any, Any], first: int, packets: int) -> int | None:
    """The first packet of which a sample is missing; None if a sample is there that differs from what was sent."""
    said = TABLE[Law.MU][codes[: packets * SAMPLES]]
    place = np.zeros(first + len(said), np.int16)
    place[first:] = said
    kept = np.zeros_like(place)
    count = min(len(place), len(samples))
    kept[:count] = samples[:count]
    if np.any(samples[count:]):
        return None
    wrong = kept != place
    if np.any(wrong & (kept != 0)):
        return None
    lacking = np.flatnonzero(wrong[first:])
    return packets if not len(lacking) else int(lacking[0]) // SAMPLES


def _note_loss(found: Judgement, one: Spoken, since_ns: int, fault_ns: int) -> None:
    found.lost_s = max(found.lost_s, (fault_ns - max(since_ns, found.ready_ns)) / SECOND)


def _hash(path: str | None) -> str | None:
    if path is None or not Path(path).is_file():
        return None
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()
