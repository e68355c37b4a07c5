"""The calls of an office that doesn't exist: when it is called, by whom, who answers, what becomes of it.

`calls_of_day` is a function of the day, the number of calls and a seed: the same three give the same calls, whatever
other days are made beside it. Nobody has the numbers: no Japanese exchange code and no mobile number begins with 0
behind its area code or prefix.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from storage.layout import day_begins_ns
from storage.records import CallRecord, PartyRecord

SYNTHETIC = "synthetic"  # the flag that each call of a demo store carries
_SECOND_NS = 1_000_000_000
_HOUR_NS = 3600 * _SECOND_NS
# Calls of each day of the week, Monday first, and of each hour, in parts of an average working day. A guess at a city
# hall open from 8:30 to 17:15, whose night guard answers the rest.
_WEEKDAYS = (1.2, 1.05, 1.0, 0.9, 0.95, 0.08, 0.05)
_HOURS = (
    0.1, 0.1, 0.1, 0.1, 0.1, 0.2, 0.3, 1.0, 7.0, 16.0, 15.0, 13.0, 7.0, 13.0, 12.0, 10.0, 8.0, 2.5, 0.8, 0.5, 0.4,
    0.3, 0.2, 0.1,
)  # fmt: skip
MAIN_NUMBER = "0230001111"
NEVER_RECORDED = "2901"


@dataclass(frozen=True, slots=True)
class DemoSection:
    """A section (課), its direct number and its extensions."""

    name: str
    number: str
    extensions: tuple[str, ...]


SECTIONS = (
    DemoSection("市民課", "0230002101", ("2101", "2102", "2103", "2104")),
    DemoSection("税務課", "0230002201", ("2201", "2202", "2203")),
    DemoSection("福祉課", "0230002301", ("2301", "2302", "2303")),
    DemoSection("建設課", "0230002401", ("2401", "2402")),
    DemoSection("水道課", "0230002501", ("2501", "2502")),
    DemoSection("総務課", MAIN_NUMBER, ("2001", "2002")),
)
_SHARES = (0.32, 0.22, 0.18, 0.1, 0.1, 0.08)  # of the calls, in the order of SECTIONS


def calls_of_day(day: date, per_day: int, *, seed: int = 1, talk_s: float = 1.5) -> list[CallRecord]:
    """The calls that start on a day, oldest first, without recordings.

    `per_day` is how many an average working day has; weekends have a twentieth. `talk_s` is how long people talk on
    average. Those with the outcome `recorded` await their audio, from `answered_ns` to `ended_ns`.
    """
    random = np.random.default_rng((seed, day.toordinal()))
    count = int(random.poisson(per_day * _WEEKDAYS[day.weekday()]))
    hours = np.array(_HOURS) / sum(_HOURS)
    starts = random.choice(24, size=count, p=hours) * _HOUR_NS + random.integers(0, _HOUR_NS, size=count)
    starts.sort()
    begin_ns = day_begins_ns(day.isoformat())
    return [
        _call(f"demo-{day:%Y%m%d}-{number:05d}", begin_ns + int(start), random, talk_s)
        for number, start in enumerate(starts, 1)
    ]


def calls_of(days: Sequence[date], per_day: int, *, seed: int = 1, talk_s: float = 1.5) -> Iterator[CallRecord]:
    """The calls of several days, one day after the other."""
    for day in days:
        yield from calls_of_day(day, per_day, seed=seed, talk_s=talk_s)


def days_until(last: date, count: int) -> list[date]:
    """So many days, up to and including the last."""
    return [last - timedelta(days=back) for back in range(count - 1, -1, -1)]


def _call(call_id: str, started_ns: int, random: np.random.Generator, talk_s: float) -> CallRecord:
    """One call. What happens in it is drawn in a fixed order, so that a seed means something."""
    section = SECTIONS[int(random.choice(len(SECTIONS), p=_SHARES))]
    extension = section.extensions[int(random.integers(len(section.extensions)))]
    fate, way, kind = (float(value) for value in random.random(3))
    outside = _number(random)
    rang_ns = int(random.integers(2 * _SECOND_NS, 25 * _SECOND_NS))
    talked_ns = int(talk_s * _SECOND_NS * float(np.clip(random.lognormal(-0.2, 0.6), 0.3, 5.0)))
    answered_ns = started_ns + rang_ns
    ended_ns = answered_ns + talked_ns
    call_ids = (f"{call_id}@demo.invalid",)
    if kind < 0.01:
        # A call to a line that is never recorded: its numbers aren't kept either.
        return CallRecord(
            id=call_id, started_ns=started_ns, answered_ns=answered_ns, talk_ns=answered_ns, ended_ns=ended_ns,
            direction="inbound", outcome="excluded", end_reason="bye", call_ids=call_ids,
            excluded_by=f"lines.never_record {NEVER_RECORDED}", flags=(SYNTHETIC,),
        )  # fmt: skip
    inbound = way < 0.7
    caller: str | None = outside if inbound else section.number
    callee = section.number if inbound else outside
    flags: list[str] = []
    if inbound and kind < 0.12:
        caller = None
        flags.append("withheld" if kind < 0.1 else "payphone" if kind < 0.11 else "unavailable")
    answered = fate < 0.86
    if not answered:
        reasons = ("cancelled", "busy", "timeout") if inbound else ("cancelled", "busy", "declined")
        return CallRecord(
            id=call_id, started_ns=started_ns, ended_ns=answered_ns, direction="inbound" if inbound else "outbound",
            outcome="unanswered", end_reason=reasons[int(kind * 1000) % 3], caller=caller, callee=callee,
            extension=None if inbound else extension, section=None if inbound else section.name, call_ids=call_ids,
            flags=(*flags, SYNTHETIC),
        )  # fmt: skip
    parties = [PartyRecord(extension=extension, from_ns=answered_ns, until_ns=ended_ns)]
    if inbound and fate < 0.06:
        flags.append("transferred")
        middle_ns = answered_ns + talked_ns // 3
        second = section.extensions[0] if extension != section.extensions[0] else section.extensions[1]
        parties = [
            PartyRecord(extension=extension, from_ns=answered_ns, until_ns=middle_ns),
            PartyRecord(extension=second, from_ns=middle_ns, until_ns=ended_ns),
        ]
    return CallRecord(
        id=call_id, started_ns=started_ns, answered_ns=answered_ns, talk_ns=answered_ns, ended_ns=ended_ns,
        direction="inbound" if inbound else "outbound", outcome="recorded", end_reason="bye", caller=caller,
        callee=callee, extension=extension, section=section.name, call_ids=call_ids, flags=(*flags, SYNTHETIC),
        parties=tuple(parties),
    )  # fmt: skip


def _number(random: np.random.Generator) -> str:
    """A number outside that nobody has; some call often."""
    often = random.random() < 0.1
    digits = int(random.integers(5 if often else 100_000))
    return f"09000{digits:06d}" if random.random() < 0.6 else f"02300{digits:05d}"
