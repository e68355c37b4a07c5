"""By which day an application has to be answered. Pure. Days are counted from the day after (Civil Code 140)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple

from recorder.door.cases.history import Case
from recorder.policy import national
from recorder.policy.national import Term
from recorder.policy.profile import Profile


class Due(NamedTuple):
    """The last day, and the article that says so."""

    on: date
    article: str


def due(case: Case, profile: Profile | None) -> Due | None:
    """None if nothing says by when it must be answered."""
    clocks = profile.clocks if profile else None
    own = None
    if clocks is not None:
        own = clocks.disclosure_days if case.asks == "disclosure" else clocks.application_days
    if clocks is not None and own is not None:
        return Due(case.received_on + timedelta(days=own), clocks.article)
    if case.asks == "disclosure":
        return Due(case.received_on + timedelta(days=national.DISCLOSURE.days), national.DISCLOSURE.article)
    return None


def is_overdue(case: Case, profile: Profile | None, today: date) -> bool:
    """Whether it should have been answered by now, and wasn't."""
    by = due(case, profile)
    return by is not None and by.on < today and case.state in ("open", "decided")


def keep_until(case: Case, *, longer: bool) -> tuple[date, Term]:
    """Through which day what police asked to keep is kept."""
    term = national.KEEP_LONGER if longer else national.KEEP
    return case.received_on + timedelta(days=term.days), term
