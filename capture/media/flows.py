"""Which flow each packet belongs to: an exact look-up of (source, destination) by columns.

A flow is what goes from one endpoint to another. The table is open-addressed and lives in three numpy arrays, so
that a batch is looked up with a handful of vector operations; entries are compared whole, the hash only says where
to look first.
"""

from __future__ import annotations

import secrets

import numpy as np
from numpy.typing import NDArray


class FlowTable:
    """Numbers for pairs of endpoints; the numbers are given by the caller and small."""

    def __init__(self) -> None:
        # Chosen anew each time, so that nobody can send endpoints that all fall into one slot.
        self._mix = [np.uint64(secrets.randbits(64) | 1) for _ in range(2)]
        self._bits = 12
        self._count = 0
        self._allocate()

    def __len__(self) -> int:
        return self._count

    def _allocate(self) -> None:
        size = 1 << self._bits
        self._source = np.full(size, -1, np.int64)
        self._destination = np.full(size, -1, np.int64)
        self._number = np.full(size, -1, np.int32)

    def _slots(self, source: NDArray[np.int64], destination: NDArray[np.int64]) -> NDArray[np.int64]:
        # The highest bits of a sum of products: of all pairs few share a slot, whatever the pairs are (Dietzfelbinger).
        mixed = source.view(np.uint64) * self._mix[0]
        mixed += destination.view(np.uint64) * self._mix[1]
        mixed >>= np.uint64(64 - self._bits)
        return mixed.view(np.int64)

    def look_up(self, source: NDArray[np.int64], destination: NDArray[np.int64]) -> NDArray[np.int32]:
        """The number of each row's flow, -1 where it has none. Shapes (rows,)."""
        slot = self._slots(np.ascontiguousarray(source), np.ascontiguousarray(destination))
        number = self._number.take(slot)
        other = self._source.take(slot) != source
        other |= self._destination.take(slot) != destination
        if not other.any():
            return number
        wrong = np.flatnonzero(other & (number >= 0))
        mask = (1 << self._bits) - 1
        probe = slot[wrong]
        while len(wrong):
            probe = (probe + 1) & mask
            found = self._number[probe]
            number[wrong] = found
            still = (found >= 0) & (
                (self._source[probe] != source[wrong]) | (self._destination[probe] != destination[wrong])
            )
            wrong, probe = wrong[still], probe[still]
        return number

    def add(self, source: int, destination: int, number: int) -> None:
        """Enter a flow that is not in the table."""
        if 4 * (self._count + 1) > 1 << self._bits:  # fuller, and many a row has to be looked up twice
            self._rebuild(grow=True)
        self._insert(source, destination, number)

    def _insert(self, source: int, destination: int, number: int) -> None:
        mask = (1 << self._bits) - 1
        # As `_slots` has it, which takes ten times as long for one.
        mixed = source * int(self._mix[0]) + destination * int(self._mix[1])
        slot = (mixed & 0xFFFFFFFFFFFFFFFF) >> (64 - self._bits)
        while self._number[slot] >= 0:
            slot = (slot + 1) & mask
        self._source[slot], self._destination[slot], self._number[slot] = source, destination, number
        self._count += 1

    def remove(self, numbers: set[int]) -> None:
        """Take out all flows with these numbers."""
        gone = np.isin(self._number, np.fromiter(numbers, np.int32, len(numbers)))
        self._number[gone] = -1
        self._rebuild(grow=False)

    def _rebuild(self, *, grow: bool) -> None:
        kept = np.flatnonzero(self._number >= 0)
        entries = self._source[kept], self._destination[kept], self._number[kept]
        self._bits += grow
        self._allocate()
        self._count = 0
        for source, destination, number in zip(*(column.tolist() for column in entries), strict=True):
            self._insert(source, destination, number)
