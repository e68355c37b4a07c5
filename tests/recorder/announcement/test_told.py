"""Was the caller told: the unit's records joined with the recorder's calls, and forgotten with them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from recorder.announcement.forgetting import YOUNG_NS, forget_day
from recorder.announcement.told import Announcements, told
from storage.announcements import AnnouncementBook, AnnouncementRecord
from storage.records import CallRecord

AT_NS = 1_795_306_500_000_000_000  # 2026-11-22T09:15:00+09:00
S = 1_000_000_000


def call(**more: object) -> CallRecord:
    fields: dict[str, object] = {
        "id": "c1", "started_ns": AT_NS, "ended_ns": AT_NS + 60 * S, "answered_ns": AT_NS + S, "direction": "inbound",
        "outcome": "no_audio", "end_reason": "bye", "caller": "0236411212", "callee": "0238201111",
        "call_ids": ("trunk@192.0.2.1",),
    }  # fmt: skip
    return CallRecord(**(fields | more))  # type: ignore[arg-type]


PLAYED = AnnouncementRecord(
    at_ns=AT_NS + S, how="answered", call_id="unit@pbx", caller="0236411212", line="0238201111", prompt="a.wav",
    sha256="ab" * 32, milliseconds=6000, of_milliseconds=6000, ended_by="unit",
)  # fmt: skip


def announcements(folder: Path, *records: AnnouncementRecord) -> Announcements:
    book = AnnouncementBook(str(folder))
    if records:
        book.append(records)
    return Announcements(book)


@pytest.mark.parametrize("record, found", [
    (replace(PLAYED, caller=None, of_call_id="trunk@192.0.2.1"), True),  # the exchange told the Call-ID
    (replace(PLAYED, caller=None, call_id="trunk@192.0.2.1"), True),  # the mirror shows the unit's leg
    (PLAYED, True),  # same caller, same line, same time
    (replace(PLAYED, line=None), True),  # the exchange doesn't tell the line
    (replace(PLAYED, line="0238209999"), False),
    (replace(PLAYED, caller="0236411213"), False),
    (replace(PLAYED, caller=None), False),  # withheld, and nothing else tells whose it is
    (replace(PLAYED, at_ns=AT_NS - 60 * S), False),  # an earlier call of the same caller
    (replace(PLAYED, at_ns=AT_NS - 2 * S), True),  # clocks that differ a little
])  # fmt: skip
def test_an_announcement_is_found_by_call_id_or_by_caller_line_and_time(
    tmp_path: Path, record: AnnouncementRecord, found: bool
) -> None:
    assert announcements(tmp_path, record).of(call()) == (record if found else None)


def test_a_call_over_midnight_finds_its_announcement(tmp_path: Path) -> None:
    midnight_ns = AT_NS + (14 * 60 + 45) * 60 * S
    late = call(started_ns=midnight_ns - 2 * S, ended_ns=midnight_ns + 30 * S)
    record = replace(PLAYED, at_ns=midnight_ns + S)

    assert announcements(tmp_path, record).of(late) == record


def test_of_two_the_complete_one_counts(tmp_path: Path) -> None:
    cut = replace(PLAYED, at_ns=AT_NS + 2 * S, milliseconds=1000, ended_by="exchange", call_id="second@pbx")

    assert announcements(tmp_path, cut, PLAYED).of(call()) == PLAYED


@pytest.mark.parametrize("announced_ms, record, serves, answer", [
    (6000, None, False, "heard"),
    (6000, PLAYED, True, "heard"),
    (None, PLAYED, True, "played"),
    (0, PLAYED, True, "played"),
    (None, replace(PLAYED, milliseconds=1000, ended_by="exchange"), True, "cut_short"),
    (None, replace(PLAYED, milliseconds=0, ended_by=None, reason="urgent"), True, "exempt"),
    (None, replace(PLAYED, milliseconds=0, ended_by="fault", reason="too_many_at_once"), True, "not_told"),
    (None, None, True, "not_told"),  # the unit was at work, and this call went by
    (0, None, False, "not_told"),
    (None, None, False, None),  # nobody plays, nobody looks
])  # fmt: skip
def test_each_call_says_whether_its_caller_was_told(
    announced_ms: int | None, record: AnnouncementRecord | None, serves: bool, answer: str | None
) -> None:
    assert told(call(announced_ms=announced_ms), record, unit_serves=serves) == answer


@pytest.mark.parametrize("more", [{"direction": "outbound"}, {"direction": "internal"}, {"outcome": "excluded"}])
def test_of_other_calls_nothing_is_asked(more: dict[str, object]) -> None:
    assert told(call(**more), None, unit_serves=True) is None


def test_a_line_goes_with_its_call(tmp_path: Path) -> None:
    book = AnnouncementBook(str(tmp_path))
    of_another = replace(PLAYED, caller="0236411299", call_id="another@pbx")
    book.append([PLAYED, of_another])
    day, later_ns = "2026-11-22", AT_NS + YOUNG_NS + 3600 * S

    assert forget_day(book, day, [call()], AT_NS + S) == 0  # too young: its call may still go on
    assert forget_day(book, day, [call()], later_ns) == 1
    assert book.read(day)[0] == [PLAYED]
    assert forget_day(book, day, [], later_ns) == 1
    assert book.days() == []
