"""How far capacities have eaten into recordings, at each hour to come.

A frontier is a time of start: what a capacity may take, and what began before it, is gone.

    G(t) = the least g such that what began between g and t, with what may not go, fits the capacity

It is found by halving, for all hours at once. What may not go: what is held, what no rule is for, and what a period
or a minimum keeps; what a period has ended by t is gone anyway. Places are hours since a base, with fractions; an
edge is where an hour begins.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from storage.retention.counting import HOUR_NS, NEVER, Numbers
from storage.retention.ends import first_over_ns, over_ns
from storage.retention.judgement import FRAMES_AN_HOUR, NO_RULE, Recordings
from storage.retention.room import Room
from storage.retention.rules import Capacity, Rule, Tiers, capacities
from storage.retention.traffic import Traffic

RING = -1  # in a key: the ring's own capacity, which counts the recordings of all rules
_OLDEST_HOURS = 50 * 8766  # what claims to be older stands with the oldest
Key = tuple[int, Capacity]  # the rule whose recordings are counted, or RING; and the capacity, without its article
Floats = NDArray[np.float64]
Edges = NDArray[np.int64]


def plain(capacity: Capacity) -> Capacity:
    """A capacity without its article: two that say the same are one."""
    return Capacity(bytes=capacity.bytes, hours=capacity.hours, share=capacity.share)


def named(rule: Rule) -> tuple[Capacity, ...]:
    """The capacities of a rule, each once, without their articles."""
    return tuple(dict.fromkeys(map(plain, capacities(rule))))


def as_written(rule: Rule, some: Sequence[Capacity]) -> tuple[Capacity, ...]:
    """The same capacities, as the rule has them."""
    return tuple(capacity for capacity in capacities(rule) if plain(capacity) in some)


def key_of(number: int, capacity: Capacity) -> Key:
    """The key of the frontier that a capacity has for recordings of a rule."""
    return (RING if capacity.is_of_ring else number, capacity)


@dataclass(frozen=True, slots=True)
class Measure:
    """What a capacity may be in: bytes, or hours of audio."""

    amount: NDArray[np.int64]  # of each recording
    traffic: Sequence[Traffic]  # of each rule, and behind them of what no rule is for


class Frontiers:
    """The frontier of each capacity that the rules name, and of the ring, for some hours from `at_ns` on.

    `full_ns` is when the ring lacks room although nothing may go any more; None if that isn't foreseen.
    """

    def __init__(
        self, recordings: Recordings, rules: Sequence[Rule], at_ns: int, room: Room,
        measures: tuple[Measure, Measure], hours: int,
    ) -> None:  # fmt: skip
        """`measures` are bytes and frames; `hours` is how far to look ahead."""
        self._recordings, self._rules, self._room = recordings, rules, room
        self._measures = measures
        self._fills = recordings.has_audio & (recordings.tier == 0)
        hour = at_ns // HOUR_NS
        oldest = int(recordings.started_ns[0]) // HOUR_NS if len(recordings) else hour
        base = min(max(oldest, hour - _OLDEST_HOURS), hour)
        self._now = hour - base  # the hour that `at_ns` lies in
        self._edges = (np.arange(self._now + hours + 1, dtype=np.int64) + base) * HOUR_NS
        # The instants to look at: now, and the edges to come.
        self._times = self._edges[self._now :].copy()
        self._times[0] = at_ns
        last = min((at_ns - base * HOUR_NS) / HOUR_NS, self._now + 1 - 1e-9)
        self._place = np.clip((recordings.started_ns - base * HOUR_NS) / HOUR_NS, 0, last)
        self.full_ns: int | None = None
        self._found: dict[Key, Floats] = {}
        for number, rule in enumerate(rules):
            for capacity in named(rule):
                if not capacity.is_of_ring:
                    self._found[number, capacity] = self._frontier(capacity, [number])
        self._found[RING, Capacity()] = self._frontier(Capacity(), [*range(len(rules)), NO_RULE])

    def reached(self) -> Mapping[Key, Numbers]:
        """For each capacity, when its frontier passes each recording's start; NEVER in the hours looked at."""
        return {key: self._passes(frontier) for key, frontier in self._found.items()}

    def _passes(self, frontier: Floats) -> Numbers:
        behind = np.searchsorted(frontier, self._place, "right")
        inside = np.minimum(behind, len(frontier) - 1)
        before = np.maximum(inside - 1, 0)
        step = frontier[inside] - frontier[before]
        part = np.divide(self._place - frontier[before], step, out=np.zeros(len(behind)), where=step > 0)
        begin, end = self._times[before], self._times[inside]
        when = begin + (np.clip(part, 0, 1) * (end - begin)).astype(np.int64)
        return np.where(behind == len(frontier), NEVER, when)

    def _frontier(self, capacity: Capacity, numbers: Sequence[int]) -> Floats:
        """A capacity's frontier at each of the times. It never goes back: what is gone, is gone."""
        found = np.zeros(len(self._times))
        for measure, limit in zip(self._measures, limits_of(self._room, capacity, self._recordings), strict=True):
            if limit != np.inf:
                found = np.maximum(found, self._fitting(capacity, numbers, measure, limit))
        return np.maximum.accumulate(found)

    def _fitting(self, capacity: Capacity, numbers: Sequence[int], measure: Measure, limit: float) -> Floats:
        counted = self._fills if capacity.is_of_ring else self._fills & (self._recordings.rule == numbers[0])
        fixed = float(measure.amount[counted & self._recordings.held].sum())
        shares = [_Share(*self._begun(measure, number), *self._bounds(number, capacity)) for number in numbers]

        def filled(edge: Edges) -> Floats:
            return sum((share.filled(edge) for share in shares), np.full(len(edge), fixed))

        low = np.zeros(len(self._times), np.int64)
        high = self._now + 1 + np.arange(len(self._times))
        lacking = np.flatnonzero(filled(high) > limit)
        if len(lacking) and capacity.is_of_ring:
            lacks_ns = int(self._times[lacking[0]])
            self.full_ns = lacks_ns if self.full_ns is None else min(lacks_ns, self.full_ns)
        while np.any(high - low > 1):
            middle = (low + high) // 2
            fits = filled(middle) <= limit
            low, high = np.where(fits, low, middle), np.where(fits, middle, high)
        over, under = filled(low), filled(high)
        part = np.divide(over - limit, over - under, out=np.ones(len(low)), where=over > under)
        return np.where(over <= limit, low, low + np.clip(part, 0, 1))

    def _begun(self, measure: Measure, number: int) -> tuple[Floats, Floats]:
        """How much of a rule's recordings began before each edge, and before each of the times: those that are there
        and not held, and those that will come."""
        mine = self._fills & ~self._recordings.held & (self._recordings.rule == number)
        there = np.bincount(
            self._place[mine].astype(np.int64), weights=measure.amount[mine].astype(np.float64),
            minlength=len(self._edges),
        )  # fmt: skip
        traffic, now_ns = measure.traffic[number], self._times[:1]  # NO_RULE is -1: the last
        to_come = traffic.until(np.maximum(self._edges, now_ns)) - traffic.until(now_ns)
        by_edge = np.concatenate([[0.0], np.cumsum(there)[:-1]]) + to_come
        by_time = by_edge[self._now :].copy()
        by_time[0] = there.sum()
        return by_edge, by_time

    def _bounds(self, number: int, capacity: Capacity) -> tuple[Edges, Edges]:
        """For a rule's recordings at each of the times: the edge before which all are gone in any case, and the one
        before which nothing but room for this capacity keeps any."""
        if number == NO_RULE:
            stays = np.zeros(len(self._times), np.int64)
            return stays, stays
        rule = self._rules[number]
        if isinstance(rule, Tiers):  # to the second store, and out of this one
            gone = np.searchsorted(first_over_ns(rule, self._edges), self._times, "right")
            return gone, gone
        gone = self._ended(rule, ())
        if capacity.is_of_ring:
            for key, frontier in self._budgets(number):
                taken = np.minimum(self._ended(rule, (key,)), frontier.astype(np.int64))
                gone = np.maximum(gone, taken)
        may_go = self._ended(rule, (capacity,)) if capacity in named(rule) else gone
        return gone, np.maximum(gone, may_go)

    def _budgets(self, number: int) -> Iterator[tuple[Capacity, Floats]]:
        """A rule's capacities of its own, which are answered before the ring's."""
        for (owner, capacity), frontier in self._found.items():
            if owner == number:
                yield capacity, frontier

    def _ended(self, rule: Rule, full: Sequence[Capacity]) -> Edges:
        """The edge before which all of a rule's recordings are over at each of the times, if these are full."""
        return np.searchsorted(over_ns(rule, self._edges, as_written(rule, full)), self._times, "right")


class _Share:
    """What the recordings of one rule fill at each of the times, if the frontier stands at an edge."""

    def __init__(self, by_edge: Floats, by_time: Floats, gone: Edges, may_go: Edges) -> None:
        self._by_edge, self._by_time = by_edge, by_time
        self._gone, self._may_go = gone, may_go

    def filled(self, edge: Edges) -> Floats:
        begins = np.clip(edge, self._gone, self._may_go)
        return np.maximum(self._by_time - self._by_edge[np.minimum(begins, len(self._by_edge) - 1)], 0.0)


def limits_of(room: Room, capacity: Capacity, recordings: Recordings) -> tuple[float, float]:
    """What a capacity allows, in bytes and in frames; infinite where it says nothing."""
    in_first = recordings.has_audio & (recordings.tier == 0)
    recorded = int(recordings.bytes[in_first].sum())
    return room.limit_bytes(capacity, recorded), room.limit_hours(capacity) * FRAMES_AN_HOUR
