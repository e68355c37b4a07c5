"""From what was read of a store to what needs somebody. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recorder.alarms.alarm import Alarm
from recorder.alarms.code import Code
from recorder.dates import at, english_day, english_time, japanese_day, japanese_time
from recorder.policy import words
from storage.retention.counting import DAY_NS, HOUR_NS, NEVER
from storage.retention.ends import over_ns
from storage.retention.forecast import Forecast, Why
from storage.retention.judgement import MARGIN_DAYS, NO_RULE, Judgement, Reason, Recordings, Verdict
from storage.retention.room import HoldsFill, NoRoom, Room
from storage.retention.rules import Minimum, Rule
from storage.retention.words import describe

NEARLY_FULL = 0.05  # of the disk is free: the recorder itself leaves more (storage.retention.room.FULLEST)
# A sweep that runs once a day is late after a day and some hours.
OVERDUE_NS = 26 * HOUR_NS
# A call may have begun a little before the machine's clock was set right.
CLOCK_TOLERANCE_NS = 60 * 10**9


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What alarms are told from, besides the judgement and the forecast."""

    store: str
    at_ns: int
    clock_ns: int | None  # what the machine's clock says; None if another time was asked about
    has_policy: bool
    room: Room
    # The second store's folder if a rule needs one and it isn't there; "" if none is set, None if nothing is missing.
    second_missing: str | None = None
    set_aside: tuple[str, int] | None = None  # the damaged catalogue that a start replaced, and when


def alarms(
    recordings: Recordings, rules: Sequence[Rule], judgement: Judgement, foreseen: Forecast, around: Circumstances
) -> Iterator[Alarm]:
    """What is amiss, the most urgent first."""
    for alarm in _alarms(recordings, rules, judgement, foreseen, around):
        yield Alarm(alarm.code, alarm.values | {"store": around.store})  # remedies name it


def _alarms(
    recordings: Recordings, rules: Sequence[Rule], judgement: Judgement, foreseen: Forecast, around: Circumstances
) -> Iterator[Alarm]:
    yield from _about_time(recordings, around)
    yield from _about_room(recordings, rules, judgement, foreseen, around)
    if around.second_missing is not None:
        path = around.second_missing
        yield Alarm(Code.SECOND_STORE_MISSING, {"path_ja": path or "未設定", "path_en": path or "none is set"})
    late = overdue(judgement, around.at_ns)
    if late.any():
        last = at(int(judgement.kept_through_ns[late].min()) - 1000).date()
        days = {"since_ja": japanese_day(last), "since_en": english_day(last)}
        yield Alarm(Code.SWEEP_OVERDUE, {"count": int(late.sum()), **days})
    if not around.has_policy:
        yield Alarm(Code.NO_POLICY)
    elif count := int(np.count_nonzero((recordings.rule == NO_RULE) & recordings.has_audio)):
        yield Alarm(Code.NO_RULE, {"count": count})
    if around.set_aside is not None:
        name, when_ns = around.set_aside
        yield Alarm(Code.CATALOGUE_REBUILT, {"file": name, **_when("when", when_ns)})


def overdue(judgement: Judgement, at_ns: int) -> NDArray[np.bool_]:
    """Which should have gone, or moved, more than a day ago because their period was over."""
    by_period = np.isin(judgement.reason, (Reason.PERIOD_OVER, Reason.FIRST_PERIOD_OVER))
    late = by_period & (judgement.verdict != Verdict.KEEP) & (judgement.kept_through_ns <= at_ns - OVERDUE_NS)
    return np.asarray(late, np.bool_)


def _about_time(recordings: Recordings, around: Circumstances) -> Iterator[Alarm]:
    if around.clock_ns is None or not len(recordings):
        return
    newest_ns = int(recordings.started_ns[-1])
    if newest_ns > around.clock_ns + CLOCK_TOLERANCE_NS:
        yield Alarm(Code.CLOCK_NOT_PLAUSIBLE, _when("now", around.clock_ns) | _when("newest", newest_ns))


def _about_room(
    recordings: Recordings, rules: Sequence[Rule], judgement: Judgement, foreseen: Forecast, around: Circumstances
) -> Iterator[Alarm]:
    for alarm in judgement.alarms:
        if isinstance(alarm, NoRoom) and alarm.rule is None:
            short = bytes_in_words(alarm.short) if alarm.unit == "bytes" else f"{alarm.short:,.1f} h"
            yield Alarm(Code.NO_ROOM, {"short": short})
    if foreseen.ring.full_ns is not None and foreseen.ring.full_ns > around.at_ns:
        yield Alarm(Code.ROOM_RUNS_OUT, _when("when", foreseen.ring.full_ns))
    for number, days in margins(recordings, rules, foreseen):
        if days < MARGIN_DAYS:
            rule = rules[number]
            yield Alarm(
                Code.MINIMUM_IN_DANGER,
                {"rule_ja": words.length(rule), "rule_en": describe(rule), "days": max(int(days), 0)},
            )
    for alarm in judgement.alarms:
        if isinstance(alarm, HoldsFill):
            share, allowed = (f"{100 * one:.0f} %" for one in (alarm.share, alarm.allowed))
            yield Alarm(Code.HOLDS_FILL, {"share": share, "allowed": allowed})
    room = around.room
    if room.disk_bytes and room.free_bytes / room.disk_bytes < NEARLY_FULL:
        free = f"{100 * room.free_bytes / room.disk_bytes:.1f} %"
        yield Alarm(Code.DISK_NEARLY_FULL, {"free": bytes_in_words(room.free_bytes), "share": free})


def margins(recordings: Recordings, rules: Sequence[Rule], foreseen: Forecast) -> Iterator[tuple[int, float]]:
    """For each minimum that room will end, by how many days at least it will have been kept beyond that."""
    for number, rule in enumerate(rules):
        mine = (recordings.rule == number) & (foreseen.why == Why.CAPACITY) & (foreseen.goes_ns != NEVER)
        if isinstance(rule, Minimum) and mine.any():
            beyond = foreseen.goes_ns[mine] - over_ns(rule.period, recordings.started_ns[mine])
            yield number, float(beyond.min()) / DAY_NS


def bytes_in_words(size: float) -> str:
    """As in 1.2 TB, with three digits or so."""
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:,.4g} TB"


def _when(name: str, time_ns: int) -> dict[str, str | int]:
    """A value that reads differently in each language (see `Alarm.values`)."""
    return {f"{name}_ja": japanese_time(time_ns), f"{name}_en": english_time(time_ns)}
