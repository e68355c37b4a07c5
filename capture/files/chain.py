"""Find where each record begins, where only a record's length tells where the next one is.

Such a chain looks as if it had to be followed one record at a time. `follow` guesses some hundred places where a
record seems to begin, follows all of them at once (one step is one numpy operation over all), and then proves the
guesses: the chain from the first record must arrive exactly at the second guess, the one from there at the third,
and so on. A guess that isn't arrived at is thrown away and that stretch followed one by one, so the result is
always exactly what following one by one gives, whatever the traffic, and no file can make it slow.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from capture.files.rows import words

# Below this many bytes guessing costs more than it saves (measured: even at about 400 records of 230 bytes).
SMALL = 128 << 10
STEPS = 32  # once most lanes have arrived: steps between looking which of the others have
FEW = 16  # so few lanes are followed one by one: a step of numpy costs as much as some 30 steps without it
LANE_RECORDS = 128  # records of one lane; 64 to 256 measure nearly the same
MOST_LANES = 1024
LONG_RUN = 256  # records of one size in a row: below this, following many guesses at once is quicker
SURVEY = 64  # records followed one by one to learn their usual size


@dataclass(frozen=True, slots=True)
class Chain:
    """Where a record has its length, and how far the next one is."""

    order: str  # "<" or ">"
    header: int  # bytes without which a record can't be judged
    length_at: int  # offset of the 32-bit length in the record
    overhead: int  # bytes from record to record beyond that length
    least: int  # no step is shorter, whatever the length says (the caller refuses such a record afterwards)


# Given `first`, `spacing`, `lanes` and `width`: for each i < lanes the first offset within `width` bytes from
# `first + i * spacing` at which a record seems to begin, where there is one. Sorted.
Guess = Callable[[int, int, int, int], NDArray[np.int64]]


def follow(data: NDArray[np.uint8], begin: int, end: int, chain: Chain, guess: Guess) -> NDArray[np.int64]:
    """Offsets of all records from `begin` on whose headers end by `end`; the last record may be incomplete.

    At least `chain.header` bytes must be readable behind `end`. A senseless length isn't judged here: the chain
    just goes where it points to.
    """
    last = end - chain.header
    walk = _Walk(data.data, chain, last)
    if end - begin < SMALL:
        walk.alone(begin, frozenset())
        return np.array(walk.found, np.int64)
    runs, begin = _runs(data, begin, last, chain)
    if end - begin < SMALL:
        walk.alone(begin, frozenset())
        return np.concatenate((*runs, np.array(walk.found, np.int64)))
    here = walk.alone(begin, frozenset(), count=SURVEY)
    if here > last:
        return np.concatenate((*runs, np.array(walk.found, np.int64)))
    usual = max((here - begin) // SURVEY, chain.least)
    records = (last - here) // usual + 1
    lanes = min(records // LANE_RECORDS + 1, MOST_LANES)
    spacing = max((end - here) // lanes, 1)
    width = min(2 * usual, spacing)
    starts = guess(here + spacing, spacing, lanes - 1, width)
    starts = np.concatenate((np.array([here], np.int64), starts[(starts > here) & (starts <= last)]))
    return np.concatenate((*runs, *walk.found_parts(*_together(data, starts, last, chain, spacing // usual + 4))))


def _runs(data: NDArray[np.uint8], at: int, last: int, chain: Chain) -> tuple[list[NDArray[np.int64]], int]:
    """Runs of records of one size, as calls in one codec make them, as long as the runs are long.

    Gives the offsets of each run, and where the first record lies that is in none.
    """
    lengths = words(data, chain.order)
    runs: list[NDArray[np.int64]] = []
    while at <= last:
        size = int(lengths[at + chain.length_at])
        step = max(size + chain.overhead, chain.least)
        run = 0
        for most in (LONG_RUN, 16 * LONG_RUN, 1 << 40):
            count = min((last - at) // step + 1, most)
            other = lengths[at + chain.length_at : at + chain.length_at + step * count : step] != size
            run = int(other.argmax()) if other.any() else count
            if run < most:
                break
        if run < LONG_RUN:
            break
        runs.append(np.arange(at, at + run * step, step))
        at += run * step
    return runs, at


def _together(
    data: NDArray[np.uint8], starts: NDArray[np.int64], last: int, chain: Chain, first_steps: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Follow the chains from all `starts` at once, each until the next start or beyond it.

    Gives the starts, where each chain arrived, and all offsets found on the way, in order of the starts.
    """
    lengths = words(data, chain.order)
    limits = np.append(starts[1:], last + 1)
    arrived = starts.copy()
    lanes = np.arange(len(starts))
    at = starts.copy()
    offsets: list[NDArray[np.int64]] = []
    steps = first_steps
    while len(lanes) >= FEW:
        table = np.empty((steps + 1, len(lanes)), np.int64)
        for row in table[:-1]:
            row[:] = at
            at += lengths[at + chain.length_at]
            if chain.overhead:
                at += chain.overhead
            if chain.least > chain.overhead:
                np.maximum(at, row + chain.least, out=at)
            np.minimum(at, last + 1, out=at)
        table[-1] = at
        before = table[:-1] < limits[lanes]
        offsets.append(table[:-1].T[before.T])
        going = at < limits[lanes]
        finished = np.flatnonzero(~going)
        arrived[lanes[finished]] = table[before.sum(0)[finished], finished]
        lanes, at = lanes[going], at[going]
        steps = STEPS
    walk = _Walk(data.data, chain, last)
    for lane, here in zip(lanes, at, strict=True):
        arrived[lane] = walk.alone(int(here), frozenset(), below=int(limits[lane]))
    found = np.concatenate((*offsets, np.array(walk.found, np.int64)))
    found.sort(kind="stable")  # this kind is quick where long stretches are in order already, as these are
    return starts, arrived, found


class _Walk:
    """Following one by one, and the proof of the guesses."""

    def __init__(self, data: memoryview, chain: Chain, last: int) -> None:
        self._data = data
        self._chain = chain
        self._last = last
        self.found: list[int] = []

    def alone(
        self, at: int, until: frozenset[int], *, below: int = 1 << 62, count: int = 1 << 62
    ) -> int:
        """Follow one by one from `at` to an offset in `until`, to `below` or the end, or for `count` records."""
        data, last, found = self._data, min(self._last, below - 1), self.found
        length = struct.Struct(self._chain.order + "I").unpack_from
        length_at, overhead, least = self._chain.length_at, self._chain.overhead, self._chain.least
        while at <= last and at not in until and count:
            found.append(at)
            step = length(data, at + length_at)[0] + overhead
            at += step if step > least else least
            count -= 1
        return at

    def found_parts(
        self, starts: NDArray[np.int64], arrived: NDArray[np.int64], found: NDArray[np.int64]
    ) -> list[NDArray[np.int64]]:
        """Offsets found one by one so far, then those of the proven lanes, with the others' stretches redone."""
        parts = [np.array(self.found, np.int64)]
        wrong = np.flatnonzero(arrived[:-1] != starts[1:])
        if not len(wrong):
            return [*parts, found]
        numbers = {int(start): lane for lane, start in enumerate(starts)}
        known = frozenset(numbers)
        edges = np.append(np.searchsorted(found, starts), len(found))
        lane = 0
        while True:
            following = np.searchsorted(wrong, lane)
            if following == len(wrong):  # proven to the end
                return [*parts, found[edges[lane] :]]
            stop = int(wrong[following])
            parts.append(found[edges[lane] : edges[stop + 1]])
            self.found = []
            here = self.alone(int(arrived[stop]), known)
            parts.append(np.array(self.found, np.int64))
            if here > self._last:
                return parts
            lane = numbers[here]
