"""How things stand: for the morning page, and for whoever looks after the machine. No number, no name of a caller."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from recorder.alarms.alarm import Alarm
from recorder.dates import at
from recorder.door.acts.copies import waiting
from recorder.door.acts.holds import PROVISIONAL
from recorder.door.cases import clocks, sight
from recorder.door.ledger.ledger import Unread
from recorder.door.operations import Caller, Nothing, operation
from recorder.door.refusals import Refused, Why
from recorder.door.rights import Right
from recorder.status import live
from recorder.status.values import ENDING_DAYS
from storage.errors import StoreError
from storage.layout import day_begins_ns
from storage.retention.counting import DAY_NS
from storage.ring import holds
from storage.ring.ring import Ring

if TYPE_CHECKING:
    from recorder.door.door import Door


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmShown:
    code: str
    severity: str
    meaning_ja: str
    remedy_ja: str
    meaning_en: str
    remedy_en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DayOfCalls:
    """What became of the calls of a day."""

    day: str  # 2026-11-21
    calls: int
    recorded: int
    excluded: int
    unanswered: int
    missing: int  # answered, and no recording: each is told in the list of calls


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleShown:
    japanese: str
    english: str
    article: str
    scope: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Morning:
    """Is everything well?"""

    at_ns: int
    is_recording: bool
    keeps: bool  # the housekeeping is at work
    going_on: int  # calls just now
    yesterday: DayOfCalls
    today: DayOfCalls
    office: str
    regulation: str
    rules: tuple[RuleShown, ...]
    recordings: int
    hours: float
    oldest_ns: int | None
    next_ns: int | None  # when the next recording goes
    holds_days: float | None  # how many days the ring holds
    ring_used: float
    free_bytes: int
    disk_bytes: int
    holds: int
    holds_ending: int  # within 30 days
    provisional: int  # holds whose ground is still missing
    applications: int | None  # not done, that the caller may know of; None: none are for him, or nobody can tell now
    applications_overdue: int
    copies: int | None  # whose end isn't reported yet
    copies_overdue: int
    swept_ns: int | None
    alarms: tuple[AlarmShown, ...]


@operation("morning", Right.HEALTH)
async def morning(door: Door, caller: Caller, asked: Nothing) -> Morning:
    """The first page of the day."""
    store = door.store
    try:
        found = await door.standing.status(caller.now_ns)
    except StoreError as error:
        raise Refused(Why.NOT_NOW) from error
    now = live.read(door.settings.status, store.root, caller.now_ns)
    running = await holds.running(Ring(store.root, store.uuid, store.disk, store.catalogue), caller.now_ns)
    ending_ns = caller.now_ns + ENDING_DAYS * DAY_NS
    today = at(caller.now_ns).date()
    applications, overdue = await _applications(door, caller)
    copies, copies_overdue = await _copies(door, caller)
    return Morning(
        at_ns=caller.now_ns,
        is_recording=now.figures is not None,
        keeps=now.keeps,
        going_on=now.figures.calls.going_on if now.figures else 0,
        yesterday=await _day(door, (today - timedelta(days=1)).isoformat()),
        today=await _day(door, today.isoformat()),
        office=found.policy.office if found.policy else "",
        regulation=found.policy.regulation if found.policy else "",
        rules=tuple(
            RuleShown(japanese=one.japanese, english=one.english, article=one.article, scope=one.scope)
            for one in (found.policy.rules if found.policy else ())
        ),
        recordings=found.kept.recordings,
        hours=found.kept.hours,
        oldest_ns=found.kept.oldest_ns,
        next_ns=found.next.goes_ns if found.next else None,
        holds_days=found.ring.holds_days,
        ring_used=found.ring.used,
        free_bytes=found.free_bytes,
        disk_bytes=found.disk_bytes,
        holds=len(running),
        holds_ending=sum(hold.until_ns is not None and hold.until_ns <= ending_ns for hold in running),
        provisional=sum(hold.ground == PROVISIONAL for hold in running),
        applications=applications,
        applications_overdue=overdue,
        copies=copies,
        copies_overdue=copies_overdue,
        swept_ns=found.swept_ns,
        alarms=tuple(map(_shown, live.together(found.alarms, now))),
    )


async def _applications(door: Door, caller: Caller) -> tuple[int | None, int]:
    if Right.APPLY not in caller.rights:
        return None, 0
    try:
        cases = (await door.cases.history()).cases.values()
    except Unread:  # the register's own page says why
        return None, 0
    open_ones = [case for case in cases if case.state != "done" and sight.sees(caller, case)]
    today = at(caller.now_ns).date()
    return len(open_ones), sum(clocks.is_overdue(case, door.profile, today) for case in open_ones)


async def _copies(door: Door, caller: Caller) -> tuple[int | None, int]:
    if Right.COPIES not in caller.rights:
        return None, 0
    try:
        return await waiting(door, caller)
    except Refused:  # the register's own page says why
        return None, 0


async def _day(door: Door, day: str) -> DayOfCalls:
    begin = day_begins_ns(day)
    counted = {
        outcome: count
        for outcome, count in await door.store.catalogue.query(
            "select outcome, count(*) from call where started_ns >= ? and started_ns < ? group by outcome",
            (begin, begin + DAY_NS),
        )
    }
    return DayOfCalls(
        day=day, calls=sum(counted.values()), recorded=counted.get("recorded", 0), excluded=counted.get("excluded", 0),
        unanswered=counted.get("unanswered", 0), missing=counted.get("no_audio", 0),
    )  # fmt: skip


def _shown(alarm: Alarm) -> AlarmShown:
    return AlarmShown(
        code=alarm.code, severity=alarm.severity, meaning_ja=alarm.meaning("ja"), remedy_ja=alarm.remedy("ja"),
        meaning_en=alarm.meaning("en"), remedy_en=alarm.remedy("en"),
    )  # fmt: skip
