"""What is amiss with the store as a whole, once an hour: its rules, its room, its forecast, the notice."""

from __future__ import annotations

import sqlite3

from recorder.alarms.alarm import Alarm
from recorder.alarms.code import Code
from recorder.status.gather import status
from storage.errors import StoreError
from storage.store import Store

HOUR_NS = 3_600_000_000_000
LOOKED_FOR = frozenset({
    Code.NO_POLICY, Code.NO_RULE, Code.HOLDS_FILL, Code.MINIMUM_IN_DANGER, Code.ROOM_RUNS_OUT, Code.NO_ROOM,
    Code.CLOCK_NOT_PLAUSIBLE, Code.SWEEP_OVERDUE, Code.SECOND_STORE_MISSING, Code.CATALOGUE_REBUILT,
    Code.NOTICE_NOT_HEARD,
})  # fmt: skip
UNHEARD_LEAST = 3
UNHEARD_SHARE = 0.1
_NOTICES = (
    "select count(*), coalesce(sum(announced_ms = 0), 0) from call "
    "where started_ns >= ? and direction = 'inbound' and outcome = 'recorded' and announced_ms is not null"
)


async def alarms(store: str, now_ns: int) -> list[Alarm] | None:
    """Those of the codes in LOOKED_FOR; None if the store can't be read now."""
    try:
        found = [one for one in (await status(store, now_ns, clock_ns=now_ns)).alarms if one.code in LOOKED_FOR]
        async with await Store.open_read_only(store) as reader:
            [(of, unheard)] = await reader.catalogue.query(_NOTICES, (now_ns - HOUR_NS,))
    except (StoreError, sqlite3.Error, OSError):
        return None  # the disk's watch says so within seconds
    if unheard >= UNHEARD_LEAST and unheard >= UNHEARD_SHARE * of:
        found.append(Alarm(Code.NOTICE_NOT_HEARD, {"store": store, "count": unheard, "of": of}))
    return found
