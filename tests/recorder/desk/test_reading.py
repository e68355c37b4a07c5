"""Dates, times and lengths as people write them."""

from __future__ import annotations

from datetime import date, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.desk import reading, showing
from tests.recorder.stores import START_NS

TODAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    "text, expected",
    [
        ("令和8年11月22日", date(2026, 11, 22)), ("令和８年１１月２２日", date(2026, 11, 22)),
        ("R8.11.22", date(2026, 11, 22)), ("ｒ８．１１．２２", date(2026, 11, 22)),
        ("令和元年5月1日", date(2019, 5, 1)),
        ("平成31年4月30日", date(2019, 4, 30)), ("2026/11/22", date(2026, 11, 22)), ("2026-11-22", date(2026, 11, 22)),
        ("2026年11月22日", date(2026, 11, 22)), ("20261122", date(2026, 11, 22)), ("11/22", date(2026, 11, 22)),
        ("12月1日", date(2025, 12, 1)), ("昨日", date(2026, 11, 21)), ("今日", TODAY),
        ("令和8年11月22日（日）", date(2026, 11, 22)), ("令和8年11月22日(日)", date(2026, 11, 22)),
    ],
)  # fmt: skip
def test_days(text, expected):
    assert reading.day(text, today=TODAY) == expected


@pytest.mark.parametrize(("text", "expected"), [
    ("12/4", date(2026, 12, 4)), ("3月31日", date(2027, 3, 31)), (f"{TODAY:%m/%d}", TODAY),
    ("R8.3.31", date(2026, 3, 31)),
])  # fmt: skip
def test_a_term_without_a_year_is_yet_to_come(text, expected):
    assert reading.day(text, today=TODAY, is_to_come=True) == expected


@pytest.mark.parametrize("text", ["", "明後日かも", "令和8年13月1日", "2026/2/30", "R8", "8", "令和8年11月22日 14時"])
def test_what_is_no_day(text):
    with pytest.raises(ValueError):
        reading.day(text, today=TODAY)


@pytest.mark.parametrize(
    "text, expected",
    [
        ("14:30", time(14, 30)), ("１４：３０", time(14, 30)), ("午後2時", time(14)), ("午後２時ごろ", time(14)),
        ("午後2時半", time(14, 30)), ("午前0時", time(0)), ("午後12時", time(12)), ("午前12時", time(0)),
        ("9時5分頃", time(9, 5)),
        ("1430", time(14, 30)), ("2pm", time(14)), ("14時", time(14)), ("9", time(9)),
    ],
)  # fmt: skip
def test_times(text, expected):
    assert reading.clock(text) == expected


@pytest.mark.parametrize("text", ["", "25:00", "午後14時", "昼", "14:60", "12345"])
def test_what_is_no_time(text):
    with pytest.raises(ValueError):
        reading.clock(text)


@pytest.mark.parametrize(
    "text, seconds", [("3分", 180), ("1分30秒", 90), ("1時間", 3600), ("1:30", 90), ("５", 300), ("45秒", 45)]
)
def test_lengths(text, seconds):
    assert reading.length(text) == seconds


@given(st.text(max_size=40))
def test_whatever_is_written_is_read_or_refused(text):
    for read in (lambda: reading.day(text, today=TODAY), lambda: reading.clock(text), lambda: reading.length(text)):
        try:
            read()
        except ValueError:
            continue


@given(st.dates(date(1990, 1, 1), TODAY))
def test_what_is_shown_can_be_written(day):
    assert reading.day(showing.of_day(day, "ja"), today=TODAY) == day


def test_about_two_o_clock_is_half_an_hour_on_both_sides():
    begin, end = reading.about(date(2026, 11, 22), time(9, 15), 30)

    assert begin == START_NS // 10**9 // 60 * 60 * 10**9 - 30 * 60 * 10**9
    assert end - begin == 61 * 60 * 10**9


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(120, "2分"), (3600, "1時間"), (3720, "1時間2分"), (130, "2分10秒"), (45, "45秒"), (0, "0秒")],
)
def test_about_how_long_is_shown_as_it_is_said(seconds, shown):
    assert showing.about(seconds, "ja") == shown
