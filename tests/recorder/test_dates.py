"""Dates as offices read them."""

from __future__ import annotations

from datetime import date

import pytest

from recorder.dates import english_time, in_era, japanese_day, japanese_time, short_in_era


@pytest.mark.parametrize("day, read", [
    (date(2026, 11, 22), "令和8年11月22日"),
    (date(2019, 5, 1), "令和元年5月1日"),
    (date(2019, 4, 30), "平成31年4月30日"),
    (date(1989, 1, 8), "平成元年1月8日"),
    (date(1989, 1, 7), "昭和64年1月7日"),
    (date(1926, 12, 24), "1926年12月24日"),
])  # fmt: skip
def test_an_era_begins_with_its_first_day(day: date, read: str) -> None:
    assert in_era(day) == read


def test_the_short_form_is_of_the_same_era() -> None:
    days = (date(2026, 11, 22), date(2019, 5, 1), date(2019, 4, 30), date(1989, 1, 7), date(1926, 12, 24))
    assert [short_in_era(day) for day in days] == ["R8.11.22", "R1.5.1", "H31.4.30", "S64.1.7", "1926.12.24"]


def test_the_western_date_and_the_day_of_the_week_stand_beside_it() -> None:
    assert japanese_day(date(2026, 11, 22)) == "令和8年11月22日（日）2026-11-22"


def test_times_are_japanese() -> None:
    last_of_the_year_in_london = 1_798_729_200 * 10**9  # 2026-12-31T15:00:00Z

    assert japanese_time(last_of_the_year_in_london) == "令和9年1月1日（金）2027-01-01 00:00"
    assert english_time(last_of_the_year_in_london) == "2027-01-01 (Fri) 00:00"
