"""How long recordings are kept, as a person writes it into a profile or into recorder.toml.

    days = 90                               90 days
    days = 90 and capacity = true           90 days, or until the room is needed, whichever is earlier
    months = 3 and minimum = true           at least 3 months, then until the room is needed
    month_end = 1                           to the end of the month after that of the call
    capacity_hours = 1200                   until more than 1200 hours are recorded
    months = 6, and second = {months = 6}   6 months, then 6 months in the second store
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from recorder.settings.bounds import STRICT, Refused
from storage.retention.rules import (
    Capacity,
    Days,
    EarlierOf,
    FiscalYearEnd,
    Hours,
    LaterOf,
    Minimum,
    MonthEnd,
    Months,
    Rule,
    Tiers,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Periods:
    """One period, or several of which the earlier or the later counts."""

    __pydantic_config__ = STRICT

    hours: int | None = None
    days: int | None = None
    months: int | None = None
    years: int | None = None
    month_end: int | None = None  # the end of the n-th month after that of the call
    fiscal_year_end: int | None = None  # the end of the n-th fiscal year (April to March) after that of the call
    whichever: Literal["earlier", "later"] | None = None

    def period(self, article: str) -> Rule | None:
        """The rule, None if no period is given. `Refused` if it is nonsense."""
        given = ((Hours, self.hours), (Days, self.days), (Months, self.months), (MonthEnd, self.month_end),
                 (FiscalYearEnd, self.fiscal_year_end))  # fmt: skip
        found: list[Rule] = [kind(n, article) for kind, n in given if n is not None]
        if self.years is not None:
            found.append(Months(12 * self.years, article))  # article 143 counts both alike
        if len(found) > 1 and self.whichever is None:
            raise Refused('of several periods, say which counts: whichever = "earlier" or "later"')
        if len(found) < 2 and self.whichever is not None:
            raise Refused("whichever is for several periods", key=("whichever",))
        if len(found) < 2:
            return found[0] if found else None
        return (EarlierOf if self.whichever == "earlier" else LaterOf)(tuple(found), article)


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeping(Periods):
    """A whole rule."""

    __pydantic_config__ = STRICT

    capacity: bool = False  # until the room of [ring] is needed
    capacity_bytes: int | None = None
    capacity_hours: float | None = None
    capacity_share: float | None = None
    minimum: bool = False  # whether the period is the least that is kept
    second: Periods | None = None  # what follows in the second store
    article: str = ""

    def __post_init__(self) -> None:
        try:
            self._rule()
        except Refused:
            raise
        except ValueError as problem:
            raise Refused(str(problem)) from problem

    def rule(self) -> Rule | None:
        """The rule, None if nothing is said."""
        return self._rule()

    def _rule(self) -> Rule | None:
        period, capacity = self.period(self.article), self._capacity()
        if self.second is not None:
            second = self.second.period(self.article)
            if period is None or second is None or capacity is not None or self.minimum:
                raise Refused("two stores need a period each, and neither a capacity nor a minimum", key=("second",))
            return Tiers(period, second, self.article)
        if self.minimum:
            if period is None:
                raise Refused("a minimum needs a period", key=("minimum",))
            return Minimum(period, capacity or Capacity(article=self.article), self.article)
        if period is not None and capacity is not None:
            return EarlierOf((period, capacity), self.article)
        return period or capacity

    def _capacity(self) -> Capacity | None:
        values = (self.capacity_bytes, self.capacity_hours, self.capacity_share)
        if not self.capacity and all(value is None for value in values):
            return None
        return Capacity(
            bytes=self.capacity_bytes, hours=self.capacity_hours, share=self.capacity_share, article=self.article
        )
