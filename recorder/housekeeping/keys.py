"""What is amiss with the keys of sealed recordings, once an hour: one that nobody tried, recordings in one hand."""

from __future__ import annotations

import sqlite3

from recorder.alarms.alarm import Alarm
from recorder.alarms.code import Code
from recorder.keys.state import DRILL_DAYS, state
from recorder.settings import Sealing
from storage.errors import StoreError

LOOKED_FOR = frozenset({Code.KEY_DRILL_OVERDUE, Code.KEY_IN_ONE_HAND})


async def alarms(store: str, sealing: Sealing, now_ns: int) -> list[Alarm] | None:
    """Those of the codes in LOOKED_FOR; none where nothing is to be sealed; None if the store can't be read now."""
    recipients = sealing.named()
    if not recipients:
        return []
    try:
        found = await state(store)
    except (StoreError, sqlite3.Error, OSError):
        return None  # the disk's watch says so within seconds
    said = [
        Alarm(Code.KEY_DRILL_OVERDUE, {"store": store, "name": one.name, "days": DRILL_DAYS}, about=one.name)
        for one in found.never_drilled(recipients, now_ns)
    ]
    if count := found.in_one_hand(recipients):
        said.append(Alarm(Code.KEY_IN_ONE_HAND, {"store": store, "count": count}))
    return said
