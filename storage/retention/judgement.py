"""Say for each recording whether it stays, and why. Erases nothing.

A hold beats every rule. A period that is over ends a recording whatever room there is; a capacity takes the oldest
of those that its rules leave to it, and no more of them than it must. What is below its minimum, or in a period that
no capacity cuts short, is never taken: if the room isn't enough then, that is an alarm.

- The ring's own capacity (`Capacity()`) is one for all rules that name it. All recordings in the first store fill it,
  also those of other rules and those that are held.
- A capacity with a value of its own counts the recordings of the rule that it stands in, in the first store.
- What goes in the same judgement, because its period is over or because it moves to the second store, fills nothing.
- A recording in the second store fills no capacity, and none takes it.
- A call without audio fills nothing. Periods count for it as for others. A capacity takes it together with
  recordings: when it takes one that began later, or at the same time. While nothing is overwritten, it stays.
- With `Tiers`, a recording moves when the first period is over, and is erased when the second is, wherever it lies
  by then. A call without audio has nothing to move, and is erased with the second.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from storage.retention.counting import DAY_NS, NEVER, End, Numbers
from storage.retention.ends import ALWAYS, first_over_ns, over_ns
from storage.retention.room import Alarm, HoldsFill, MinimumThreatened, NoRoom, Room
from storage.retention.rules import Capacity, Minimum, Rule, Tiers, capacities

FRAMES_AN_HOUR = 8000 * 3600
NO_RULE = -1  # a recording that no rule is for
MARGIN_DAYS = 14  # a ring that comes closer to a minimum than this is an alarm


class Verdict(IntEnum):
    """What becomes of a recording."""

    KEEP = 0
    MOVE = 1  # to the second store
    ERASE = 2


class Reason(IntEnum):
    """Why; `storage.retention.words.sentence` makes a sentence of it."""

    NO_RULE = 0
    HELD = 1
    PERIOD_RUNS = 2
    MINIMUM_RUNS = 3
    ROOM_LEFT = 4  # only a capacity ends it, and it hasn't
    PERIOD_OVER = 5
    CAPACITY = 6
    FIRST_PERIOD_OVER = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Recordings:
    """Complete recordings and calls without one, a row each, oldest first."""

    started_ns: Numbers
    bytes: Numbers  # 0 without audio
    frames: Numbers  # samples a channel at 8 kHz
    rule: NDArray[np.intp]  # which of the rules; NO_RULE
    held: NDArray[np.bool_]
    tier: NDArray[np.int8]  # 0 the first store, 1 the second
    has_audio: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.started_ns)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """A verdict for each recording, in the order that they were given in."""

    verdict: NDArray[np.int8]  # Verdict
    reason: NDArray[np.int8]  # Reason
    rule: NDArray[np.intp]
    kept_through_ns: Numbers  # when its rule's period is over: `end` says it as a day; NEVER: no period
    alarms: tuple[Alarm, ...]

    def end(self, row: int) -> End | None:
        """Through when the rule keeps it, whatever holds and capacities do; None if only a capacity ends it."""
        over = int(self.kept_through_ns[row])
        return None if over == NEVER else End(over)

    @property
    def kept_through(self) -> NDArray[np.datetime64]:
        """The last day in Japan of each; NaT if only a capacity ends it. For `Hours`, the day of the instant."""
        last = (self.kept_through_ns - 1) // (3600 * 10**9)
        days = ((last + 9) // 24).astype("datetime64[D]")
        days[self.kept_through_ns == NEVER] = np.datetime64("NaT")
        return days


def judge(recordings: Recordings, rules: Sequence[Rule], at_ns: int, room: Room) -> Judgement:
    """Judge all recordings as of an instant. ValueError if they aren't in order, or name a rule that there isn't."""
    rows = len(recordings)
    if rows and (np.any(np.diff(recordings.started_ns) < 0) or int(recordings.rule.max()) >= len(rules)):
        raise ValueError("recordings must be oldest first, and each name one of the rules")
    verdict = np.full(rows, Verdict.KEEP, np.int8)
    reason = np.full(rows, Reason.NO_RULE, np.int8)
    through = np.full(rows, NEVER, np.int64)
    for number, rule in enumerate(rules):
        mine = np.flatnonzero(recordings.rule == number)
        verdict[mine], reason[mine], through[mine] = _by_periods(
            rule, recordings.started_ns[mine], recordings.tier[mine], recordings.has_audio[mine], at_ns
        )
    verdict[recordings.held] = Verdict.KEEP
    reason[recordings.held] = Reason.HELD
    overwriting = _Overwriting(recordings, rules, at_ns, room, verdict)
    taken = overwriting.take()
    verdict[taken] = Verdict.ERASE
    reason[taken] = Reason.CAPACITY
    return Judgement(
        verdict=verdict, reason=reason, rule=recordings.rule, kept_through_ns=through, alarms=tuple(overwriting.alarms)
    )


def _by_periods(
    rule: Rule, started_ns: Numbers, tier: NDArray[np.int8], has_audio: NDArray[np.bool_], at_ns: int
) -> tuple[NDArray[np.int8], NDArray[np.int8], Numbers]:
    """Verdict, reason and end of the period for recordings of one rule, as if there were room for all."""
    latest = over_ns(rule, started_ns)
    earliest = over_ns(rule, started_ns, tuple(capacities(rule)))
    through = np.where(latest != NEVER, latest, np.where(earliest != ALWAYS, earliest, NEVER))
    verdict = np.where(latest <= at_ns, Verdict.ERASE, Verdict.KEEP).astype(np.int8)
    runs = Reason.MINIMUM_RUNS if isinstance(rule, Minimum) else Reason.PERIOD_RUNS
    reason = np.where(
        latest <= at_ns,
        Reason.PERIOD_OVER,
        np.where(earliest > at_ns, runs, np.where(latest == NEVER, Reason.ROOM_LEFT, Reason.PERIOD_RUNS)),
    ).astype(np.int8)
    if isinstance(rule, Tiers):
        moves = (tier == 0) & has_audio & (first_over_ns(rule, started_ns) <= at_ns) & (verdict == Verdict.KEEP)
        verdict[moves] = Verdict.MOVE
        reason[moves] = Reason.FIRST_PERIOD_OVER
    return verdict, reason, through


class _Overwriting:
    """What capacities take, after periods have had their say."""

    def __init__(
        self, recordings: Recordings, rules: Sequence[Rule], at_ns: int, room: Room, verdict: NDArray[np.int8]
    ) -> None:
        self._recordings, self._rules, self._at_ns, self._room = recordings, rules, at_ns, room
        in_first = recordings.has_audio & (recordings.tier == 0)
        self._recorded_bytes = int(recordings.bytes[in_first].sum())
        self._open = (verdict == Verdict.KEEP) & ~recordings.held  # capacities may take these
        self._fills = in_first & (verdict == Verdict.KEEP)
        self._taken = np.zeros(len(recordings), np.bool_)
        self.alarms: list[Alarm] = []

    def take(self) -> NDArray[np.bool_]:
        """Which recordings and calls go; `alarms` has what is amiss."""
        self._check_holds()
        own = [
            (number, capacity)
            for number, rule in enumerate(self._rules)
            for capacity in dict.fromkeys(capacities(rule))
            if not capacity.is_of_ring
        ]
        for number, capacity in own:
            self._make_room(capacity, (number,), self._recordings.rule == number)
        of_ring = tuple(number for number, rule in enumerate(self._rules) if Capacity() in _without_articles(rule))
        self._make_room(Capacity(), of_ring, np.ones(len(self._recordings), np.bool_))
        return self._taken

    def _make_room(self, capacity: Capacity, numbers: Sequence[int], counted: NDArray[np.bool_]) -> None:
        """Take the oldest that this capacity may take, until what is counted fits."""
        may_go = self._that_may_go(capacity, numbers)
        before = self._taken.copy()
        limits = (
            ("bytes", self._recordings.bytes, self._room.limit_bytes(capacity, self._recorded_bytes), 1.0),
            ("hours", self._recordings.frames, self._room.limit_hours(capacity) * FRAMES_AN_HOUR, FRAMES_AN_HOUR),
        )
        for unit, amount, limit, one in limits:
            over = int(amount[counted & self._fills].sum()) - limit
            if over <= 0:
                continue
            candidates = np.flatnonzero(may_go & self._fills)
            freed = np.cumsum(amount[candidates])
            count = int(np.searchsorted(freed, over, "left")) + 1  # the first so many are enough
            self._remove(candidates[:count])
            left = over - (float(freed[min(count, len(freed)) - 1]) if len(freed) else 0.0)
            if left > 0:
                self.alarms.append(NoRoom(None if capacity.is_of_ring else numbers[0], left / one, unit))
                if capacity.is_of_ring and unit == "bytes":
                    self._threaten(left)
        taken = self._taken & ~before
        if taken.any():
            self._watch_minimum(numbers, taken)
            newest = self._recordings.started_ns[np.flatnonzero(taken)[-1]]
            self._taken |= may_go & ~self._recordings.has_audio & (self._recordings.started_ns <= newest)

    def _that_may_go(self, capacity: Capacity, numbers: Sequence[int]) -> NDArray[np.bool_]:
        """What this capacity alone could end at this instant, wherever it lies."""
        recordings = self._recordings
        found = np.zeros(len(recordings), np.bool_)
        for number in numbers:
            mine = np.flatnonzero((recordings.rule == number) & self._open)
            full = [one for one in capacities(self._rules[number]) if _plain(one) == _plain(capacity)]
            found[mine] = over_ns(self._rules[number], recordings.started_ns[mine], full) <= self._at_ns
        return found

    def _remove(self, rows: NDArray[np.intp]) -> None:
        self._taken[rows] = True
        self._fills[rows] = False

    def _threaten(self, short_bytes: float) -> None:
        """The ring lacks room although nothing may go any more: whose minimum needs it?"""
        for number, rule in enumerate(self._rules):
            mine = self._fills & (self._recordings.rule == number)
            if not isinstance(rule, Minimum):
                continue
            if np.any(over_ns(rule.period, self._recordings.started_ns[mine]) > self._at_ns):
                self.alarms.append(MinimumThreatened(number, 0.0, int(np.ceil(short_bytes))))

    def _watch_minimum(self, numbers: Sequence[int], taken: NDArray[np.bool_]) -> None:
        """How far past their minimum were those that had to go?"""
        for number in numbers:
            rule = self._rules[number]
            mine = taken & (self._recordings.rule == number)
            threatened = any(isinstance(one, MinimumThreatened) and one.rule == number for one in self.alarms)
            if not isinstance(rule, Minimum) or threatened or not mine.any():
                continue
            over = over_ns(rule.period, self._recordings.started_ns[mine])
            margin = (self._at_ns - int(over.max())) / DAY_NS
            if margin < MARGIN_DAYS:
                self.alarms.append(MinimumThreatened(number, margin, 0))

    def _check_holds(self) -> None:
        held = self._fills & self._recordings.held
        limit_bytes = self._room.limit_bytes(Capacity(), self._recorded_bytes)
        limit_frames = self._room.limit_hours(Capacity()) * FRAMES_AN_HOUR
        share = max(
            float(self._recordings.bytes[held].sum()) / max(limit_bytes, 1.0),
            float(self._recordings.frames[held].sum()) / max(limit_frames, 1.0),
        )
        if share > self._room.holds_share:
            self.alarms.append(HoldsFill(share, self._room.holds_share))


def _plain(capacity: Capacity) -> Capacity:
    """The capacity without its article: the ring's own is one, whatever article names it."""
    return Capacity(bytes=capacity.bytes, hours=capacity.hours, share=capacity.share)


def _without_articles(rule: Rule) -> set[Capacity]:
    return {_plain(capacity) for capacity in capacities(rule)}
