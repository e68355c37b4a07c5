"""How the store stands, and until when each recording is kept, as they were last looked at.

Looking goes through all calls: a second or two for a million. So it is done beside the answers, in a thread of its own,
when somebody asks and what is known is older than a minute. Whoever asks waits a moment for what is new, and gets what
is known else; he waits for it only if there is nothing yet, or if a status of minutes ago would mislead him.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from recorder.status.gather import Looked, look
from recorder.status.values import Status
from storage.retention.counting import NEVER
from storage.retention.forecast import Why
from storage.store import StoreReader

FRESH_NS = 60 * 10**9
OLD_NS = 5 * 60 * 10**9  # an older status isn't shown
A_MOMENT_S = 0.05
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of a recording."""

    goes_ns: int | None  # None: not foreseen
    why: str  # held, period, capacity or not_foreseen


class Standing:
    """What was found last. `close` it."""

    def __init__(self, store: StoreReader) -> None:
        self._store = store
        self._known: Looked | None = None
        self._looking: asyncio.Task[None] | None = None
        self._has_changed = False

    def begin(self, now_ns: int) -> None:
        """Looks for the first time, so that the first who asks needn't wait."""
        self._start(now_ns)

    def forget(self) -> None:
        """A hold was placed or ended: whoever asks next gets a new look under way."""
        self._has_changed = True

    async def status(self, now_ns: int) -> Status:
        """How the store stands, or stood some minutes ago. StoreError if it can't be read."""
        return (await self._newest(now_ns, wait_if_older_ns=OLD_NS)).status

    async def fates(self, ids: Sequence[str], now_ns: int) -> Mapping[str, Fate]:
        """By call id; a call that came since isn't among them. StoreError."""
        known = await self._newest(now_ns, wait_if_older_ns=None)
        rows = await self._store.catalogue.select_in("select id, number from call where id in", list(ids))
        found = {}
        for call_id, number in rows:
            at = int(np.searchsorted(known.call, number))
            if at < len(known.call) and known.call[at] == number:
                goes_ns = int(known.goes_ns[at])
                found[call_id] = Fate(None if goes_ns == NEVER else goes_ns, Why(int(known.why[at])).name.lower())
        return found

    async def close(self) -> None:
        """Waits for a look that is under way: a thread can't be broken off."""
        if self._looking is not None:
            with contextlib.suppress(Exception):  # nobody asks any more for what failed
                await self._looking

    async def _newest(self, now_ns: int, *, wait_if_older_ns: int | None) -> Looked:
        known = self._known
        age_ns = 0 if known is None else now_ns - known.status.at_ns
        if known is None or self._has_changed or not 0 <= age_ns < FRESH_NS:
            looking = self._start(now_ns)
            is_old = wait_if_older_ns is not None and not 0 <= age_ns < wait_if_older_ns
            must_wait = known is None or is_old
            await asyncio.wait({looking}, timeout=None if must_wait else A_MOMENT_S)
            if must_wait:
                looking.result()  # raises what it met
        assert self._known is not None
        return self._known

    def _start(self, now_ns: int) -> asyncio.Task[None]:
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look(now_ns), name="looking at the store")
            self._looking.add_done_callback(_say_if_failed)
        return self._looking

    async def _look(self, now_ns: int) -> None:
        self._has_changed = False
        # A loop of its own: what it computes between two reads would keep others waiting in ours.
        self._known = await asyncio.to_thread(
            lambda: asyncio.run(look(self._store.root, now_ns, clock_ns=now_ns))
        )


def _say_if_failed(looking: asyncio.Task[None]) -> None:
    if not looking.cancelled() and (error := looking.exception()) is not None:
        log.warning("The store couldn't be looked at: %s", error)
