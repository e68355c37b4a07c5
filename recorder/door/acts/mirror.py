"""What the mirror port shows, for the engineer: no number, no name of a caller, no call by itself."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Annotated

from recorder.alarms.alarm import Alarm
from recorder.dates import at, japanese_day
from recorder.doctor import kept
from recorder.doctor.acceptance import Acceptance, fields
from recorder.doctor.checks import Check, Result, checks
from recorder.doctor.findings import Finding
from recorder.doctor.judge import judge
from recorder.doctor.kept import filled
from recorder.doctor.looking_back import MOST_CALLS, seen_of
from recorder.door.operations import Caller, operation
from recorder.door.rights import Right
from recorder.figures.values import Figures
from recorder.housekeeping.capture import LOOKED_FOR
from recorder.ring.clock import synchronised
from recorder.settings.bounds import STRICT, Within
from recorder.status import live
from storage.records import CallRecord
from storage.search import Wanted

if TYPE_CHECKING:
    from recorder.door.door import Door

HOUR_NS = 3600 * 10**9


@dataclass(frozen=True, slots=True, kw_only=True)
class LookBack:
    """How far."""

    __pydantic_config__ = STRICT

    hours: Annotated[int, Within(ge=1, le=24 * 31)] = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingShown:
    code: str
    severity: str
    meaning_ja: str
    remedy_ja: str
    meaning_en: str
    remedy_en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckShown:
    """One point of the acceptance."""

    name: str
    result: Result
    title_ja: str
    facts_ja: str
    title_en: str
    facts_en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InterfaceShown:
    name: str
    state: str
    frames: int
    dropped: int
    last_frame_ns: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AtWork:
    """The recorder's figures of this second. Counts are since it started."""

    started_ns: int
    interfaces: tuple[InterfaceShown, ...]
    going_on: int
    talking: int
    one_sided: int
    unheard: int
    entered: int
    recordings: int
    waiting_bytes: int
    shed_bytes: int
    late_s: float
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mirror:
    at_ns: int
    hours: int
    calls: int  # in these hours, the newest MOST_CALLS of them
    is_cut: bool  # there were more
    at_work: AtWork | None
    checks: tuple[CheckShown, ...]
    result: Result
    findings: tuple[FindingShown, ...]
    alarms: tuple[FindingShown, ...]
    fields: tuple[tuple[str, str], ...]  # what the acceptance report says at its head
    made: str  # its date, in Japanese


@operation("mirror", Right.MIRROR)
async def mirror(door: Door, caller: Caller, asked: LookBack) -> Mirror:
    """What was seen in the last hours, judged as `recorder doctor` judges, and how things are this second."""
    begun_ns = caller.now_ns - asked.hours * HOUR_NS
    calls, is_cut = await _newest(door, begun_ns)
    now = live.read(door.settings.status, door.store.root, caller.now_ns)
    in_step = await asyncio.to_thread(synchronised)
    seen = seen_of(calls, now.figures, seconds=asked.hours * 3600.0, synchronised=in_step)
    found = judge(seen) if seen.calls or now.figures else []  # of nothing at all there is nothing to be said
    of = Acceptance(
        office=door.office_name, machine=socket.gethostname(), software=f"recorder {version('recorder')}",
        looked_at="、".join(one.name for one in now.figures.interfaces) if now.figures else "",
        begun_ns=calls[-1].started_ns if is_cut else begun_ns, ended_ns=caller.now_ns, made_ns=caller.now_ns,
        counted_ns=now.figures.started_ns if now.figures else 0,
        checks=filled(checks(seen, found), kept.read(door.settings.status.folder)),
    )  # fmt: skip
    return Mirror(
        at_ns=caller.now_ns, hours=asked.hours, calls=len(calls), is_cut=is_cut,
        at_work=_at_work(now.figures) if now.figures else None, checks=tuple(map(_check, of.checks)),
        result=of.result, findings=tuple(map(_finding, found)), fields=fields(of),
        made=japanese_day(at(of.made_ns).date()),
        alarms=tuple(_alarm(one) for one in now.alarms if one.code in LOOKED_FOR),
    )  # fmt: skip


async def _newest(door: Door, begin_ns: int) -> tuple[list[CallRecord], bool]:
    found: list[CallRecord] = []
    matching = door.store.matching(Wanted(begin_ns=begin_ns), newest_first=True)
    try:
        async for one in matching:
            if len(found) == MOST_CALLS:
                return found, True
            found.append(one)
    finally:
        await matching.aclose()
    return found, False


def _at_work(of: Figures) -> AtWork:
    return AtWork(
        started_ns=of.started_ns, going_on=of.calls.going_on, talking=of.calls.talking, one_sided=of.calls.one_sided,
        unheard=of.calls.unheard, entered=of.entered, recordings=of.recordings, waiting_bytes=of.waiting_bytes,
        shed_bytes=of.shed_bytes, late_s=of.late_s, counts=dict(of.counts),
        interfaces=tuple(
            InterfaceShown(
                name=one.name, state=one.state, frames=one.frames, dropped=one.dropped, last_frame_ns=one.last_frame_ns
            )
            for one in of.interfaces
        ),
    )  # fmt: skip


def _check(of: Check) -> CheckShown:
    return CheckShown(
        name=of.name, result=of.result, title_ja=of.title("ja"), facts_ja=of.facts("ja"), title_en=of.title("en"),
        facts_en=of.facts("en"),
    )  # fmt: skip


def _finding(of: Finding) -> FindingShown:
    return FindingShown(
        code=of.code, severity=of.severity.name.lower(), meaning_ja=of.meaning("ja"), remedy_ja=of.remedy("ja"),
        meaning_en=of.meaning("en"), remedy_en=of.remedy("en"),
    )  # fmt: skip


def _alarm(of: Alarm) -> FindingShown:
    return FindingShown(
        code=of.code, severity=of.severity, meaning_ja=of.meaning("ja"), remedy_ja=of.remedy("ja"),
        meaning_en=of.meaning("en"), remedy_en=of.remedy("en"),
    )  # fmt: skip
