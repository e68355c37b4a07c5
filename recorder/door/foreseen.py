"""Until when each recording is kept, as far as that is foreseen (上書き見込み): read at most every five minutes.

Foreseeing a million recordings takes seconds, so it isn't done for each question.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recorder.ring.judging import assign_rules, policies_of, room_of
from storage.retention.counting import NEVER
from storage.retention.forecast import Why, forecast
from storage.retention.judgement import Recordings
from storage.ring import columns, holds
from storage.ring.ring import Ring
from storage.store import StoreReader

FRESH_NS = 5 * 60 * 10**9


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of a recording."""

    goes_ns: int | None  # None: not foreseen
    why: str  # held, period, capacity or not_foreseen


@dataclass(frozen=True, slots=True)
class _Known:
    at_ns: int
    call: NDArray[np.int64]  # the catalogue's numbers, sorted
    goes_ns: NDArray[np.int64]
    why: NDArray[np.int8]


class Foreseen:
    """What was foreseen last."""

    def __init__(self, store: StoreReader) -> None:
        self._store = store
        self._known: _Known | None = None
        self._lock = asyncio.Lock()

    def forget(self) -> None:
        """A hold was placed or ended: the next question is answered anew."""
        self._known = None

    async def fates(self, ids: list[str], now_ns: int) -> dict[str, Fate]:
        """By call id; a call that came since isn't among them."""
        async with self._lock:
            if self._known is None or not 0 <= now_ns - self._known.at_ns < FRESH_NS:
                self._known = await self._foresee(now_ns)
        known = self._known
        rows = await self._store.catalogue.select_in("select id, number from call where id in", ids)
        found = {}
        for call_id, number in rows:
            at = int(np.searchsorted(known.call, number))
            if at < len(known.call) and known.call[at] == number:
                goes_ns = int(known.goes_ns[at])
                why = Why(int(known.why[at])).name.lower()
                found[call_id] = Fate(None if goes_ns == NEVER else goes_ns, why)
        return found

    async def _foresee(self, now_ns: int) -> _Known:
        store = self._store
        ring = Ring(store.root, store.uuid, store.disk, store.catalogue)
        history, of_ring = await policies_of(store.catalogue)
        found = await columns.read(store.catalogue.path)
        held = np.isin(found.call, await holds.held_calls(ring, now_ns))
        rules, rule = assign_rules(found, history)
        recordings = Recordings(
            started_ns=found.started_ns, bytes=found.bytes, frames=found.frames, rule=rule, held=held,
            tier=found.medium.astype(np.int8), has_audio=found.bytes > 0,
        )  # fmt: skip
        room = room_of(store.root, store.disk, of_ring)
        foreseen = await asyncio.to_thread(forecast, recordings, rules, now_ns, room)
        order = np.argsort(found.call)
        return _Known(now_ns, found.call[order], foreseen.goes_ns[order], foreseen.why[order])
