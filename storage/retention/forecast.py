"""When each recording will go (上書き見込み), if the next weeks are as the last were. Pure: nothing is erased by it.

Where a period ends a recording, that is known; where room does, it is a forecast: the moment when what is newer, and
what may not go, fills the ring (`storage.retention.frontier`). Rules that join both are answered as in `judge`: a
recording is gone once, for some of its rule's capacities, all of these have reached it and its rule is over without
them.

Holds are taken to stay: they fill room, and what they hold doesn't go. Recordings that will come are those of the last
weeks over again (`storage.retention.traffic`), rule by rule. Beyond ten years nothing is foreseen.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from storage.retention import traffic
from storage.retention.counting import HOUR_NS, NEVER, Numbers
from storage.retention.ends import ALWAYS, first_over_ns, over_ns
from storage.retention.frontier import Frontiers, Key, Measure, as_written, key_of, limits_of, named
from storage.retention.judgement import FRAMES_AN_HOUR, NO_RULE, Recordings
from storage.retention.room import Room
from storage.retention.rules import Capacity, Rule, Tiers, capacities
from storage.retention.traffic import WEEK_HOURS, WEEK_NS, WEEKS, Traffic

FURTHEST_HOURS = 10 * 8766  # ten years


class Why(IntEnum):
    """What will end a recording."""

    NOT_FORESEEN = 0  # no rule, or nothing within ten years
    HELD = 1
    PERIOD = 2
    CAPACITY = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetForecast:
    """A capacity with a value of its own, for the recordings of one rule."""

    rule: int
    capacity: Capacity
    used: float  # share of it that is filled, held ones too
    holds_days: float | None  # how many days of the rule's recordings fit beside what is held; None without traffic


@dataclass(frozen=True, slots=True, kw_only=True)
class RingForecast:
    """The first store as a whole."""

    limit_bytes: float  # what recordings may fill; infinite if the ring is set in hours of audio
    limit_hours: float  # of audio; infinite if the ring is set in bytes
    used: float  # share of the limit that is filled, held ones too
    held: float  # share that held ones fill
    holds_days: float | None  # how many days of recordings fit beside what is held; None without traffic
    per_day_bytes: float  # that come, on average
    full_ns: int | None  # when room lacks although nothing may go any more; None: not foreseen
    budgets: tuple[BudgetForecast, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """For each recording, in the order that they were given in, when it goes and why; and how the ring fares."""

    goes_ns: Numbers  # erased, as far as foreseen; the time asked about if it is due, NEVER if nothing is foreseen
    moves_ns: Numbers  # to the second store; NEVER if it doesn't
    why: NDArray[np.int8]  # Why
    ring: RingForecast


def forecast(recordings: Recordings, rules: Sequence[Rule], at_ns: int, room: Room) -> Forecast:
    """Foresee what becomes of recordings, from their own traffic of up to eight weeks before `at_ns`.

    A call without audio goes by its period; under a capacity alone nothing is foreseen for it. ValueError as for
    `judge`.
    """
    rows = len(recordings)
    if rows and (np.any(np.diff(recordings.started_ns) < 0) or int(recordings.rule.max()) >= len(rules)):
        raise ValueError("recordings must be oldest first, and each name one of the rules")
    amounts = (recordings.bytes, recordings.frames)
    begins = [_whole_since(recordings, rules, number, at_ns) for number in (*range(len(rules)), NO_RULE)]
    measures = [Measure(amount, _seen(recordings, amount, begins, at_ns)) for amount in amounts]
    hours = _hours_ahead(recordings, rules, at_ns, room, measures)
    frontiers = Frontiers(recordings, rules, at_ns, room, (measures[0], measures[1]), hours)
    reached = frontiers.reached()
    goes = np.full(rows, NEVER, np.int64)
    moves = np.full(rows, NEVER, np.int64)
    why = np.full(rows, Why.NOT_FORESEEN, np.int8)
    for number, rule in enumerate(rules):
        mine = np.flatnonzero((recordings.rule == number) & ~recordings.held)
        started, in_first = recordings.started_ns[mine], recordings.tier[mine] == 0
        has_audio = recordings.has_audio[mine]
        latest = over_ns(rule, started)
        found = np.where(in_first & has_audio, _taken(rule, number, started, mine, reached), NEVER)
        found = np.minimum(found, latest)
        goes[mine] = np.where(found == NEVER, NEVER, np.maximum(found, at_ns))
        why[mine] = np.where(found == NEVER, Why.NOT_FORESEEN, np.where(found < latest, Why.CAPACITY, Why.PERIOD))
        if isinstance(rule, Tiers):
            moves[mine] = np.where(in_first & has_audio, np.maximum(first_over_ns(rule, started), at_ns), NEVER)
    why[recordings.held] = Why.HELD
    return Forecast(
        goes_ns=goes, moves_ns=moves, why=why, ring=_ring(recordings, rules, measures, room, frontiers.full_ns)
    )


def _taken(
    rule: Rule, number: int, started_ns: Numbers, mine: NDArray[np.intp], reached: Mapping[Key, Numbers]
) -> Numbers:
    """When capacities end recordings of a rule; NEVER if it names none, or they don't reach so far."""
    found = np.full(len(mine), NEVER, np.int64)
    for full in _subsets(named(rule)):
        all_reached = np.maximum.reduce([reached[key_of(number, capacity)][mine] for capacity in full])
        over = over_ns(rule, started_ns, as_written(rule, full))
        found = np.minimum(found, np.maximum(over, all_reached))
    return found


def _subsets(some: Sequence[Capacity]) -> list[tuple[Capacity, ...]]:
    """All of them but the empty one."""
    return [part for count in range(1, len(some) + 1) for part in combinations(some, count)]


def _seen(recordings: Recordings, amount: NDArray[np.int64], begins: Sequence[int], at_ns: int) -> list[Traffic]:
    """Each rule's traffic, and that of what no rule is for.

    One that was seen for some days only has its week's rhythm from the one that was seen longest.
    """
    found: dict[int, Traffic] = {}
    longest: Traffic | None = None
    for number in sorted(range(len(begins)), key=lambda number: begins[number]):
        mine = recordings.has_audio & (recordings.rule == (number if number < len(begins) - 1 else NO_RULE))
        one = traffic.seen(recordings.started_ns[mine], amount[mine], begins[number], at_ns, like=longest)
        found[number] = one
        longest = one if longest is None and one.per_day > 0 else longest
    return [found[number] for number in range(len(begins))]


def _whole_since(recordings: Recordings, rules: Sequence[Rule], number: int, at_ns: int) -> int:
    """Since when everything that a rule is for is still there, up to eight weeks back."""
    left = recordings.has_audio & ~recordings.held
    if not left.any():
        return at_ns
    begin = max(at_ns - WEEKS * WEEK_NS, int(recordings.started_ns[left.argmax()]))
    if number == NO_RULE:
        return begin
    hours = np.arange(begin, at_ns, HOUR_NS, dtype=np.int64)
    begin += int(np.count_nonzero(over_ns(rules[number], hours) <= at_ns)) * HOUR_NS  # gone by its period
    if own := named(rules[number]):
        # Others may have been overwritten: what is surely whole begins with the oldest that the same capacity counts.
        alike = [one for one, rule in enumerate(rules) if set(named(rule)) & set(own)]
        left &= np.isin(recordings.rule, alike)
        begin = max(begin, int(recordings.started_ns[left.argmax()])) if left.any() else begin
    return begin


def _hours_ahead(
    recordings: Recordings, rules: Sequence[Rule], at_ns: int, room: Room, measures: Sequence[Measure]
) -> int:
    """How far to look: as long as a recording of now may live, by room and by periods; at most ten years."""
    now = np.array([at_ns], np.int64)
    hours = [WEEK_HOURS]
    for rule in rules:
        for full in ((), tuple(capacities(rule))):
            over = int(over_ns(rule, now, full)[0])
            if over not in (NEVER, ALWAYS):
                hours.append((over - at_ns) // HOUR_NS + 24)
    budgets = [(one, [number]) for number, rule in enumerate(rules) for one in named(rule) if not one.is_of_ring]
    # What a period or a budget ends makes room again: the rest fills the ring. What no rule is for never goes.
    ended = {number for _, [number] in budgets}
    stays = [number for number, rule in enumerate(rules) if int(over_ns(rule, now)[0]) == NEVER and number not in ended]
    for capacity, numbers in [*budgets, (Capacity(), [*stays, NO_RULE]), (Capacity(), [NO_RULE])]:
        for measure, limit in zip(measures, limits_of(room, capacity, recordings), strict=True):
            a_week = sum(measure.traffic[number].per_day for number in numbers) * 7
            if a_week > 0 and limit != np.inf:
                hours.append(int(min((limit / a_week + 1) * WEEK_HOURS, FURTHEST_HOURS)))
    return min(max(hours), FURTHEST_HOURS)


def _ring(
    recordings: Recordings, rules: Sequence[Rule], measures: Sequence[Measure], room: Room, full_ns: int | None
) -> RingForecast:
    fills = recordings.has_audio & (recordings.tier == 0)
    limit_bytes, limit_frames = limits_of(room, Capacity(), recordings)
    everything = range(len(rules) + 1)
    filled = [
        _filled(measure, everything, limit, fills, recordings.held)
        for measure, limit in zip(measures, (limit_bytes, limit_frames), strict=True)
    ]
    return RingForecast(
        limit_bytes=limit_bytes, limit_hours=limit_frames / FRAMES_AN_HOUR, used=max(one.used for one in filled),
        held=max(one.held for one in filled), holds_days=_least(one.days for one in filled),
        per_day_bytes=sum(one.per_day for one in measures[0].traffic), full_ns=full_ns,
        budgets=tuple(
            _budget(number, capacity, recordings, measures, room)
            for number, rule in enumerate(rules)
            for capacity in named(rule)
            if not capacity.is_of_ring
        ),
    )  # fmt: skip


def _budget(
    number: int, capacity: Capacity, recordings: Recordings, measures: Sequence[Measure], room: Room
) -> BudgetForecast:
    fills = recordings.has_audio & (recordings.tier == 0) & (recordings.rule == number)
    filled = [
        _filled(measure, [number], limit, fills, recordings.held)
        for measure, limit in zip(measures, limits_of(room, capacity, recordings), strict=True)
    ]
    return BudgetForecast(
        rule=number, capacity=capacity, used=max(one.used for one in filled),
        holds_days=_least(one.days for one in filled),
    )  # fmt: skip


class _Filled(NamedTuple):
    used: float
    held: float
    days: float | None


def _filled(
    measure: Measure, numbers: Sequence[int], limit: float, fills: NDArray[np.bool_], held: NDArray[np.bool_]
) -> _Filled:
    """How full one limit is, and how many days of these rules' traffic it has room for."""
    kept = float(measure.amount[fills & held].sum())
    per_day = sum(measure.traffic[number].per_day for number in numbers)
    days = max(limit - kept, 0.0) / per_day if per_day > 0 and limit != np.inf else None
    return _Filled(float(measure.amount[fills].sum()) / max(limit, 1.0), kept / max(limit, 1.0), days)


def _least(days: Iterable[float | None]) -> float | None:
    return min((one for one in days if one is not None), default=None)
