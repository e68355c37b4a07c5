"""When the recorder was at work, by the register alone: starts, stops, and times in which something was lost.

A start without a stop before it was a kill: between the last call that was entered and that start nobody knows. Files
that were replayed prove nothing of the time that they are of.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import dataclass

from recorder.door.ledger.index import RECORDED, Wanted
from recorder.door.ledger.ledger import Ledger, Unread
from recorder.starts import START, STOP
from storage.register import Entry

_MOST = 20_000  # entries of a kind: a start each day is 50 years
_BEGUN, _GAP = "begun", "gap"


@dataclass(frozen=True, slots=True)
class Missing:
    """A stretch of the time asked for in which a call may have gone by unrecorded."""

    begin_ns: int
    end_ns: int
    why: str  # before (there was no recorder yet), stopped, killed; or the alarm of a gap
    entries: tuple[int, ...]  # that prove it


@dataclass(frozen=True, slots=True)
class Watch:
    """What can be said of a stretch of time."""

    entries: tuple[int, ...]  # that prove that it was at work, as far as it was
    missing: tuple[Missing, ...]
    is_known: bool  # False: it was never started to listen, so nothing can be said

    @property
    def is_whole(self) -> bool:
        """Whether it was at work all the while."""
        return self.is_known and not self.missing


async def watch(ledger: Ledger, begin_ns: int, end_ns: int, now_ns: int) -> Watch:
    """What it did from `begin_ns` to `end_ns`. `Unread` if the register can't be read, or is too long."""
    found: list[Entry] = []
    for kind in (START, STOP, _GAP):
        some = await ledger.find(Wanted(kind=kind), None, _MOST)
        if len(some) == _MOST:
            raise Unread(f"There are too many entries {kind}.")
        found += some
    found.sort(key=lambda one: one.number)
    turns = [one for one in found if one.kind != _GAP and one.fields.get("command", "run") == "run"]
    begun = await ledger.find(Wanted(kind=_BEGUN), None, 1)
    if not turns:
        return Watch((), (), is_known=False)
    runs = [one async for one in _runs(ledger, turns, now_ns)]
    missing = [*_between(runs, begun, begin_ns, end_ns), *_gaps(found, begin_ns, end_ns, now_ns)]
    proof = [number for run in runs if run.begin_ns < end_ns and run.end_ns > begin_ns for number in run.entries]
    return Watch(tuple(proof), tuple(sorted(missing, key=lambda one: one.begin_ns)), is_known=True)


@dataclass(frozen=True, slots=True)
class _Run:
    begin_ns: int
    end_ns: int
    entries: tuple[int, ...]
    ended: str  # stopped, killed; "": it goes on


async def _runs(ledger: Ledger, turns: Sequence[Entry], now_ns: int) -> AsyncIterator[_Run]:
    for place, one in enumerate(turns):
        if one.kind != START:
            continue
        after = turns[place + 1] if place + 1 < len(turns) else None
        if after is None:
            yield _Run(one.at_ns, max(one.at_ns, now_ns), (one.number,), "")
        elif after.kind == STOP:
            yield _Run(one.at_ns, after.at_ns, (one.number, after.number), "stopped")
        else:
            span = Wanted(kind=RECORDED, begin_ns=one.at_ns, end_ns=after.at_ns)
            last = await ledger.find(span, None, 1)
            end_ns = last[0].at_ns if last else one.at_ns
            yield _Run(one.at_ns, end_ns, (one.number, *(each.number for each in last)), "killed")


def _between(runs: Sequence[_Run], begun: Sequence[Entry], begin_ns: int, end_ns: int) -> Iterator[Missing]:
    """What of the span is in no run."""
    at_ns, why, proof = begin_ns, "before", tuple(one.number for one in begun)
    for run in sorted(runs, key=lambda one: one.begin_ns):
        if run.begin_ns > at_ns:
            yield from _cut(at_ns, min(run.begin_ns, end_ns), why, (*proof, run.entries[0]))
        at_ns = max(at_ns, run.end_ns)
        why, proof = run.ended, run.entries[-1:]
        if at_ns >= end_ns:
            return
    yield from _cut(at_ns, end_ns, why, proof)


def _gaps(found: Iterable[Entry], begin_ns: int, end_ns: int, now_ns: int) -> Iterator[Missing]:
    """Alarms of lost calls, from when they were raised to when they were cleared."""
    raised: dict[tuple[str, str], Entry] = {}
    for one in found:
        if one.kind != _GAP:
            continue
        key = str(one.fields.get("alarm", "")), str(one.fields.get("about", ""))
        if one.fields.get("event") == "raised":
            raised.setdefault(key, one)
        elif (since := raised.pop(key, None)) is not None:
            if since.at_ns < end_ns and one.at_ns > begin_ns:
                yield Missing(max(since.at_ns, begin_ns), min(one.at_ns, end_ns), key[0], (since.number, one.number))
    for (alarm, _), since in raised.items():
        if since.at_ns < end_ns and now_ns > begin_ns:
            yield Missing(max(since.at_ns, begin_ns), end_ns, alarm, (since.number,))


def _cut(begin_ns: int, end_ns: int, why: str, proof: tuple[int, ...]) -> Iterator[Missing]:
    if begin_ns < end_ns:
        yield Missing(begin_ns, end_ns, why, proof)
