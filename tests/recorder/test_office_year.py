"""A year of each of the seventeen offices: calls come, sweeps run, and what is left is what the regulation says.

What it says is worked out here once more, in the plainest way: a table of the regulations, a calendar, and a list of
calls. Calls begin in November and end in April, over New Year, a leap day and the end of the fiscal year; some begin in
the first and the last second of a day.
"""

from __future__ import annotations

import asyncio
import calendar
import json
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from recorder.__main__ import main
from recorder.cli import program
from recorder.demo.fill import fill
from recorder.demo.office import calls_of_day
from recorder.policy import offices
from recorder.settings import Settings, load
from recorder.settings.models import Policy
from storage.records import CallRecord

pytestmark = pytest.mark.long

JAPAN = timezone(timedelta(hours=9))
FIRST, LAST = date(2027, 11, 28), date(2028, 4, 5)
SWEEPS = [
    datetime(2028, 1, 1, 0, 0, 0, tzinfo=JAPAN),
    datetime(2028, 2, 29, 23, 59, 59, tzinfo=JAPAN),
    datetime(2028, 3, 1, 0, 0, 0, tzinfo=JAPAN),
    datetime(2028, 4, 30, 23, 59, 59, tzinfo=JAPAN),
    datetime(2028, 5, 1, 0, 0, 0, tzinfo=JAPAN),
    datetime(2028, 7, 5, 12, 0, 0, tzinfo=JAPAN),
    datetime(2028, 10, 6, 0, 0, 0, tzinfo=JAPAN),
    datetime(2029, 4, 6, 0, 0, 0, tzinfo=JAPAN),
]
SMALL = 400_000  # bytes: some three weeks of these calls


@dataclass(frozen=True)
class Regulation:
    """What the regulations' table says of an office."""

    days: int | None = None
    months: int | None = None
    month_end: bool = False  # the end of the following month
    overwritten: bool = False  # when the unit is full
    at_least: bool = False
    second_months: int | None = None  # on another medium, after the first period

    def through(self, day: date) -> date | None:
        """The last day on which a call of that day is kept; None if no day ends it."""
        if self.days is not None:
            return day + timedelta(days=self.days)
        if self.months is not None:
            return months_from(day, self.months)
        if self.month_end:
            year, month = divmod(day.year * 12 + day.month, 12)  # the month after
            return last_of(year, month + 1)
        return None


def last_of(year: int, month: int) -> date:
    return date(year, month, calendar.monthrange(year, month)[1])


def months_from(day: date, months: int) -> date:
    """Civil Code 140, 141, 143: the day itself isn't counted; the period ends before the day that corresponds to the
    first one counted, or with the month that has no such day."""
    first = day + timedelta(days=1)
    year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
    try:
        return date(year, month + 1, first.day) - timedelta(days=1)
    except ValueError:
        return last_of(year, month + 1)


OFFICES = {
    "yamagata": Regulation(overwritten=True),
    "shinagawa": Regulation(overwritten=True),
    "kami": Regulation(overwritten=True),
    "nagakute": Regulation(),  # 1,200 hours, which these calls never fill: see below
    "kumamoto": Regulation(days=90, overwritten=True),
    "koshigaya": Regulation(days=90),
    "hachioji": Regulation(days=30),
    "nagahama": Regulation(days=30),
    "shichigahama": Regulation(days=10, overwritten=True),
    "matsumoto": Regulation(months=3),
    "tsu": Regulation(months=3),
    "hashima": Regulation(months=3, at_least=True, overwritten=True),
    "akitakata": Regulation(months=1),
    "kitahiroshima": Regulation(months=1),
    "saitama": Regulation(month_end=True),
    "hyogo": Regulation(month_end=True),
    "osaka-water": Regulation(months=6, second_months=6),
}
CAN_BE_FULL = [name for name, regulation in OFFICES.items() if regulation.overwritten]


@dataclass
class Made:
    """A call that was made, and what the store should have of it."""

    id: str
    started: datetime
    size: int  # of its recording; 0 without one
    held_until: date | None = None

    @property
    def day(self) -> date:
        return self.started.date()


@dataclass
class Expected:
    """The office's shelf, kept by hand."""

    regulation: Regulation
    room: int | None  # bytes; None: more than enough
    kept: list[Made] = field(default_factory=list)
    moved: set[str] = field(default_factory=set)

    def sweep(self, now: datetime) -> None:
        today = now.date()
        regulation = self.regulation

        def is_held(call: Made) -> bool:
            return call.held_until is not None and today <= call.held_until

        for call in list(self.kept):
            through = regulation.through(call.day)
            if through is None or today <= through or regulation.at_least or is_held(call):
                continue
            if regulation.second_months is not None:
                if today <= months_from(through, regulation.second_months):
                    if call.size:
                        self.moved.add(call.id)
                    continue
            self.kept.remove(call)
        if self.room is None or not regulation.overwritten:
            return
        newest: datetime | None = None
        for call in list(self.kept):
            if sum(one.size for one in self.kept) <= self.room:
                break
            through = regulation.through(call.day)
            guaranteed = regulation.at_least and through is not None and today <= through
            if call.size and not is_held(call) and not guaranteed:
                self.kept.remove(call)
                newest = call.started
        if newest is not None:  # calls without audio go with what was overwritten
            self.kept = [
                call for call in self.kept
                if call.size or call.started > newest or is_held(call) or not self._may_go(call, today)
            ]  # fmt: skip

    def _may_go(self, call: Made, today: date) -> bool:
        through = self.regulation.through(call.day)
        return not self.regulation.at_least or through is None or today > through


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """In memory where there is such a file system: years of sweeps sync a disk ten thousand times, which other tests
    are for."""
    if not os.access("/dev/shm", os.W_OK):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(prefix="office-year-", dir="/dev/shm") as name:
        yield Path(name)


def run(*arguments: str | Path) -> str:
    result = CliRunner().invoke(program, [str(argument) for argument in arguments], standalone_mode=False)
    assert (result.exception, result.return_value) == (None, 0), result.stderr
    return result.stdout


def lines(*arguments: str | Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in run(*arguments, "--json").splitlines()]


def calls_between(first: date, last: date) -> Iterator[CallRecord]:
    """A few calls at the ends of months and every fourth day; where months meet, one in the first and one in the last
    second of the day, too."""
    day = first
    while day <= last:
        is_called = day.day in (1, 2, 28, 29, 30, 31) or day.toordinal() % 4 == 0
        calls = calls_of_day(day, 6, talk_s=0.3) if is_called else []
        if (day + timedelta(days=1)).day == 1 or day.day == 1:
            midnight = datetime(day.year, day.month, day.day, tzinfo=JAPAN)
            for name, start in (("first", midnight), ("last", midnight + timedelta(days=1, microseconds=-1))):
                calls.append(at(example_of(calls_of_day(date(2028, 3, 6), 40)), f"{day:%Y%m%d}-{name}", start))
        yield from sorted(calls, key=lambda call: call.started_ns)
        day += timedelta(days=1)


def example_of(calls: list[CallRecord]) -> CallRecord:
    return next(call for call in calls if call.outcome == "recorded")


def at(call: CallRecord, call_id: str, start: datetime) -> CallRecord:
    """The same call, at another time."""
    by = (start - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) * 1000 - call.started_ns
    assert call.answered_ns is not None and call.talk_ns is not None
    return replace(
        call, id=call_id, started_ns=call.started_ns + by, answered_ns=call.answered_ns + by,
        talk_ns=call.talk_ns + by, ended_ns=call.ended_ns + by,
    )  # fmt: skip


@pytest.mark.parametrize(
    "office, room",
    [*((name, None) for name in OFFICES), *((name, SMALL) for name in CAN_BE_FULL)],
    ids=[*OFFICES, *(f"{name}, in a small ring" for name in CAN_BE_FULL)],
)
def test_what_is_left_is_what_the_regulation_says(folder: Path, office: str, room: int | None) -> None:
    store, second = folder / "store", folder / "second"
    config = folder / "recorder.toml"
    second.mkdir()
    ring = f'[ring]\nbytes = {room or 10**12}\nholds_share = 0.9\nsecond_store = "{second}"\n'
    config.write_text(f'[policy]\noffice = "{office}"\n{ring}', "utf-8")
    settings = load(config)
    expected = Expected(OFFICES[office], room)
    held_until = date(2028, 4, 30)
    begin = FIRST
    for number, now in enumerate(SWEEPS):
        end = min(LAST, (now - timedelta(microseconds=1)).date() if now.time() == datetime.min.time() else now.date())
        asyncio.run(fill(store, calls_between(begin, end), settings))
        begin = max(begin, end + timedelta(days=1))
        come = {call["id"]: call for call in lines("calls", "--store", store)}
        known = {call.id for call in expected.kept}
        expected.kept += [
            Made(one["id"], datetime.fromisoformat(one["started_at"]),
                 4096 + one["recording"]["frames"] * 4 if one["recording"] else 0)
            for one in come.values() if one["id"] not in known
        ]  # fmt: skip
        if number == 0:  # before anything is erased
            for call in expected.kept:
                if call.day in (date(2027, 12, 29), date(2027, 12, 31)):
                    call.held_until = held_until
                    run("hold", "--store", store, call.id, "--reason", "申出", "--until", held_until.isoformat())
        before = {call.id for call in expected.kept}
        expected.sweep(now)
        after = {call.id for call in expected.kept}

        verdicts = lines("sweep", "--store", store, "--at", now.isoformat())

        assert {one["id"] for one in verdicts if one["verdict"] == "erase"} == before - after
        assert {one["id"] for one in verdicts if one["verdict"] != "erase"} == after
        assert {call["id"] for call in lines("calls", "--store", store)} == after
        check_forecast(store, now, expected)
    assert {path.stem.partition("-")[2] for path in second.rglob("*.wav")} == expected.moved & after
    assert main(["verify", "--store", str(store)]) == 0


def test_hours_of_audio_are_a_ring_of_their_own(folder: Path) -> None:
    """Nagakute's rule, with 20 seconds where it has 1,200 hours: the newest calls are left that have as much."""
    store, profile = folder / "store", folder / "nagakute.toml"
    text = offices.find("nagakute").read_text("utf-8")
    profile.write_text(text.replace("capacity_hours = 1200", "capacity_hours = 0.00555"), "utf-8")
    settings = Settings(policy=Policy(office=str(profile)))
    asyncio.run(fill(store, calls_between(FIRST, date(2028, 1, 31)), settings))
    before = lines("calls", "--store", store)

    run("sweep", "--store", store, "--at", "2028-02-01")

    seconds, expected = 0.0, []
    for call in reversed([call for call in before if call["recording"]]):
        seconds += call["recording"]["frames"] / 8000
        if seconds > 0.00555 * 3600:
            break
        expected.append(call["id"])
    left = [call["id"] for call in lines("calls", "--store", store) if call["recording"]]
    assert left == expected[::-1]
    assert 20 < len(left) < len(before) / 2
    [status] = lines("status", "--store", store, "--at", "2028-02-01")
    [budget] = status["ring"]["budgets"]
    assert 0.97 < budget["used"] <= 1
    assert status["next"]["id"] == left[0] and status["next"]["why"] == "capacity"


def check_forecast(store: Path, now: datetime, expected: Expected) -> None:
    """What goes next by a period, and when, is as the calendar says; nothing that should be gone is still due."""
    [status] = lines("status", "--store", store, "--at", now.isoformat())
    regulation = expected.regulation
    assert status["due"] == 0
    assert status["recordings"] == sum(call.size > 0 for call in expected.kept)
    held = [call for call in expected.kept if call.held_until is not None and now.date() <= call.held_until]
    assert (status["holds"]["count"], status["holds"]["calls"]) == (len(held), len(held))
    if regulation.through(FIRST) is None or regulation.at_least or expected.room is not None:
        return
    leaves = []
    for call in expected.kept:
        through = regulation.through(call.day)
        assert through is not None
        if call.id in expected.moved and regulation.second_months is not None:
            through = months_from(through, regulation.second_months)
        if call.size and call not in held:
            leaves.append(through + timedelta(days=1))
    following = status["next"]
    foreseen = None if following is None else following["expected_at"][:10]
    assert foreseen == (min(leaves).isoformat() if leaves else None)
