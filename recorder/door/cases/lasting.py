"""How long a copy may be there, by the office's copy rule: Saitama counts from the day of the recording."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from recorder.policy.profile import Profile
from recorder.policy.words import length
from storage.retention.ends import kept_through

PURPOSE = "目的が達せられるまで"
NOT_STATED = "定めなし"


@dataclass(frozen=True, slots=True)
class Lasting:
    """Until when, and why."""

    until: date | None  # the last day; None: no day is fixed
    rule: str  # in the office's language
    article: str


def lasting(profile: Profile | None, started_ns: Iterable[int]) -> Lasting:
    """Of a copy of calls that began then: the first to end decides."""
    if profile is None or profile.copies is None:
        return Lasting(None, NOT_STATED, "")
    copies = profile.copies
    rule = copies.rule()
    if rule is None:
        return Lasting(None, PURPOSE if copies.until_purpose_met else NOT_STATED, copies.article)
    ends = [day for one in started_ns if (end := kept_through(rule, one)) is not None and (day := end.last_day)]
    return Lasting(min(ends, default=None), length(rule), copies.article)
