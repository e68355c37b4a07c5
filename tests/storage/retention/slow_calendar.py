"""The slow twin of `storage.retention.counting`: a calendar walked one day at a time."""

from __future__ import annotations

from datetime import date, timedelta


class Calendar:
    """All days from the first to the last, found by adding one day after the other."""

    def __init__(self, first: date, last: date) -> None:
        self.days: list[date] = []
        self._months: list[list[date]] = []  # the days of each month
        self._month_of: dict[date, int] = {}
        day = first
        while day <= last:
            if not self.days or day.day == 1:
                self._months.append([])
            self.days.append(day)
            self._months[-1].append(day)
            self._month_of[day] = len(self._months) - 1
            day += timedelta(days=1)

    def last_of_days(self, recorded: date, n: int) -> date:
        """Article 140: the day of recording isn't counted, so the n-th day after it is the last."""
        day = recorded
        for _ in range(n):
            day += timedelta(days=1)
        return day

    def last_of_months(self, recorded: date, n: int) -> date:
        """Article 143: the day before the one that corresponds to the first counted day, or the month's last."""
        first = recorded + timedelta(days=1)
        month = self._months[self._month_of[first] + n]
        for day in month:
            if day.day == first.day:
                return day - timedelta(days=1)
        return month[-1]

    def last_of_month_end(self, recorded: date, n: int) -> date:
        return self._months[self._month_of[recorded] + n][-1]

    def last_of_fiscal_year_end(self, recorded: date, n: int) -> date:
        """The first 31 March on or after the day ends its year; each further one a year more."""
        day = recorded
        while (day.month, day.day) != (3, 31):
            day = self._months[self._month_of[day] + 1][-1] if day.month != 3 else self._months[self._month_of[day]][-1]
        for _ in range(n):
            day = self._months[self._month_of[day] + 12][-1]
        return day
