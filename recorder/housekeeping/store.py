"""What is amiss with the store as a whole, once an hour: its rules, its room, its forecast, the notice."""

from __future__ import annotations

import sqlite3

from recorder.alarms.alarm import Alarm
from recorder.alarms.code import Code
from recorder.announcement.told import Announcements, went_by
from recorder.status.gather import status
from storage.announcements import AnnouncementBook
from storage.errors import StoreError
from storage.layout import day_of
from storage.store import Store

HOUR_NS = 3_600_000_000_000
LOOKED_FOR = frozenset({
    Code.NO_POLICY, Code.NO_RULE, Code.HOLDS_FILL, Code.MINIMUM_IN_DANGER, Code.ROOM_RUNS_OUT, Code.NO_ROOM,
    Code.CLOCK_NOT_PLAUSIBLE, Code.SWEEP_OVERDUE, Code.SECOND_STORE_MISSING, Code.CATALOGUE_REBUILT,
    Code.NOTICE_NOT_HEARD, Code.NOTICE_FAILS,
})  # fmt: skip
UNHEARD_LEAST = 3
UNHEARD_SHARE = 0.1


async def alarms(store: str, now_ns: int) -> list[Alarm] | None:
    """Those of the codes in LOOKED_FOR; None if the store can't be read now."""
    try:
        found = [one for one in (await status(store, now_ns, clock_ns=now_ns)).alarms if one.code in LOOKED_FOR]
        async with await Store.open_read_only(store) as reader:
            book = AnnouncementBook(reader.root, reader.disk)
            unheard, of = await went_by(reader.calls(now_ns - HOUR_NS), Announcements(book))
            failed, asked, reason = _failures(book, now_ns)
    except (StoreError, sqlite3.Error, OSError):
        return None  # the disk's watch says so within seconds
    if unheard >= UNHEARD_LEAST and unheard >= UNHEARD_SHARE * of:
        found.append(Alarm(Code.NOTICE_NOT_HEARD, {"store": store, "count": unheard, "of": of}))
    if failed:
        found.append(Alarm(Code.NOTICE_FAILS, {"count": failed, "of": asked, "reason": reason}))
    return found


def _failures(book: AnnouncementBook, now_ns: int) -> tuple[int, int, str]:
    """Of the announcements within the last hour, how many failed, of how many, and why the last one did."""
    days = dict.fromkeys((day_of(now_ns - HOUR_NS), day_of(now_ns)))
    recent = [one for day in days for one in book.read(day)[0] if one.at_ns >= now_ns - HOUR_NS]
    failed = [one for one in recent if one.ended_by == "fault"]
    return len(failed), len(recent), str(failed[-1].reason) if failed else ""
