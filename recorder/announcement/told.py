"""Was the caller told: what the announcement unit played, joined with the recorder's calls.

The unit's call has a Call-ID of its own. So a call's announcement is, in this order,

1. the one for which the exchange gave the call's own Call-ID (`announcement.call_id_header`), or whose own Call-ID is a
   leg of the call, since the mirror shows the exchange calling the unit
2. the one to the same caller on the same line while the call went on

Of several the one of which most was played. A withheld caller has no number, so 2 finds nothing for such a call.

| told | the caller |
| --- | --- |
| `heard` | heard the notice: it was found in the audio of the call |
| `played` | was played all of it by the unit; nobody looked for it in the audio, or it wasn't found there |
| `cut_short` | hung up, or was connected, before it was over |
| `exempt` | called a line that has no notice by rule; `announcement.reason` says by which |
| `not_told` | was told nothing |

None: it isn't known, since nobody looked for it and no unit plays; or it isn't a call from outside that was recorded.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Iterable
from typing import Literal

from storage.announcements import AnnouncementBook, AnnouncementRecord
from storage.layout import day_of
from storage.records import CallRecord

Told = Literal["heard", "played", "cut_short", "exempt", "not_told"]
SLACK_NS = 5_000_000_000  # the unit's clock and that of the capture may differ by so much
DAYS_HELD = 3
SERVES_DAYS = 8  # after the last announcement; an office that had a long holiday has had calls since
_DAY_NS = 86_400_000_000_000


class Announcements:
    """The announcements of a store, by call. Days are read when they are asked for, and few are held."""

    def __init__(self, book: AnnouncementBook) -> None:
        self._book = book
        self._days: dict[str, _Day] = {}
        self._known = frozenset(book.days())
        self._serves: dict[int, bool] = {}

    def __bool__(self) -> bool:
        return bool(self._known)

    def of(self, call: CallRecord) -> AnnouncementRecord | None:
        """What was played, or was to be played, to the caller; None if nothing is known of it."""
        if not self._known or call.direction not in ("inbound", "unknown"):
            return None
        times = (call.started_ns - SLACK_NS, call.started_ns, call.ended_ns)
        days = [self._day(day) for day in dict.fromkeys(map(day_of, times))]
        found = [record for day in days for record in day.by_call_id(call.call_ids)]
        if not found and call.caller is not None:
            found = [record for day in days for record in day.by_numbers(call)]
        return max(found, key=lambda record: (record.complete, record.milliseconds), default=None)

    def serves(self, at_ns: int) -> bool:
        """Whether the unit was at work then, or in the days before: a call without an announcement went by without."""
        day = at_ns // _DAY_NS
        if day not in self._serves:  # half a day more or less makes no difference here
            self._serves[day] = any(day_of(at_ns - days * _DAY_NS) in self._known for days in range(SERVES_DAYS))
        return self._serves[day]

    def _day(self, day: str) -> _Day:
        if day not in self._days:
            while len(self._days) >= DAYS_HELD:
                del self._days[next(iter(self._days))]
            self._days[day] = _Day(self._book.read(day)[0] if day in self._known else [])
        return self._days[day]


class _Day:
    """A day's records, to be looked up."""

    def __init__(self, records: Iterable[AnnouncementRecord]) -> None:
        self._by_call_id: dict[str, list[AnnouncementRecord]] = {}
        self._by_caller: dict[str, list[AnnouncementRecord]] = {}
        for record in records:
            for call_id in {record.call_id, record.of_call_id} - {None}:
                self._by_call_id.setdefault(str(call_id), []).append(record)
            if record.caller is not None:
                self._by_caller.setdefault(record.caller, []).append(record)

    def by_call_id(self, call_ids: Iterable[str]) -> list[AnnouncementRecord]:
        return [record for call_id in call_ids for record in self._by_call_id.get(call_id, ())]

    def by_numbers(self, call: CallRecord) -> list[AnnouncementRecord]:
        return [
            record
            for record in self._by_caller.get(call.caller or "", ())
            if call.started_ns - SLACK_NS <= record.at_ns <= call.ended_ns + SLACK_NS
            and (record.line is None or call.callee is None or record.line == call.callee)
        ]


def told(call: CallRecord, announcement: AnnouncementRecord | None, *, unit_serves: bool) -> Told | None:
    """See above. `unit_serves`: an announcement unit was at work then."""
    if call.direction not in ("inbound", "unknown") or call.outcome == "excluded":
        return None
    if call.announced_ms:
        return "heard"
    if announcement is not None:
        if announcement.complete:
            return "played"
        if announcement.milliseconds:
            return "cut_short"
        return "exempt" if announcement.ended_by is None else "not_told"
    if call.direction == "inbound" and (call.announced_ms is not None or unit_serves):
        return "not_told"
    return None


async def with_announcements(
    calls: AsyncIterable[CallRecord], announcements: Announcements
) -> AsyncIterator[tuple[CallRecord, AnnouncementRecord | None, Told | None]]:
    """Each call with its announcement, and whether its caller was told."""
    async for call in calls:
        found = announcements.of(call)
        yield call, found, told(call, found, unit_serves=announcements.serves(call.started_ns))


async def went_by(calls: AsyncIterable[CallRecord], announcements: Announcements) -> tuple[int, int]:
    """Of recorded calls from outside, how many callers weren't told, or didn't hear it though it was looked for; and
    of how many that is known."""
    count = of = 0
    async for call, _, answer in with_announcements(calls, announcements):
        if call.direction != "inbound" or call.outcome != "recorded" or answer in (None, "exempt"):
            continue
        of += 1
        count += answer == "not_told" or call.announced_ms == 0
    return count, of
