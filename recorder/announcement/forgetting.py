"""Announcements go with their calls: what a sweep has erased leaves no line behind.

Looked at are the days of which this sweep erased something, and those before the oldest call that is kept. A line
younger than `YOUNG_NS` stays: its call may not have ended yet.
"""

from __future__ import annotations

from collections.abc import Iterable

from recorder.announcement.told import SLACK_NS
from storage.announcements import AnnouncementBook, AnnouncementRecord
from storage.catalogue import Catalogue
from storage.layout import day_begins_ns
from storage.records import CallRecord

YOUNG_NS = 6 * 3_600_000_000_000
_DAY_NS = 86_400_000_000_000


async def forget(book: AnnouncementBook, catalogue: Catalogue, erased: Iterable[str], now_ns: int) -> int:
    """Take away the lines without a call, of the days in `erased` and of those before the oldest call; how many.
    OSError if the disk refuses."""
    days = book.days()
    if not days:
        return 0
    [(oldest_ns,)] = await catalogue.query("select min(started_ns) from call")
    wanted = set(erased)
    gone = 0
    for day in days:
        begin_ns = day_begins_ns(day)
        if day not in wanted and oldest_ns is not None and begin_ns + _DAY_NS > oldest_ns:
            continue
        calls = [call async for call in catalogue.calls(begin_ns - _DAY_NS, begin_ns + _DAY_NS + SLACK_NS)]
        gone += forget_day(book, day, calls, now_ns)
    return gone


def forget_day(book: AnnouncementBook, day: str, calls: list[CallRecord], now_ns: int) -> int:
    """The same of a day. `calls` are all of it, and of the day before."""
    ids = {call_id for call in calls for call_id in call.call_ids}

    def is_kept(record: AnnouncementRecord) -> bool:
        if record.call_id in ids or record.of_call_id in ids or record.at_ns > now_ns - YOUNG_NS:
            return True
        return record.caller is not None and any(
            call.caller == record.caller
            and call.started_ns - SLACK_NS <= record.at_ns <= call.ended_ns + SLACK_NS
            for call in calls
        )

    return book.keep(day, is_kept)
