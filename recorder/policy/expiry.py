"""Through when a call of some time is kept by an office's regulation."""

from __future__ import annotations

from typing import Any

from recorder.policy import offices, words
from recorder.policy.profile import Profile
from recorder.times import time_ns
from storage.retention.ends import kept_through
from storage.retention.rules import Minimum, Rule
from storage.retention.words import describe

NOT_STATED = ("no period is stated", "期間の定めはない")
PURPOSE = ("until the purpose is met", "目的が達せられるまで")


def expiry(office: str, recorded: str, *, copy: bool = False) -> dict[str, Any]:
    """What `recorder policy expiry` prints. Raises `Unusable` for an office or a time that there isn't."""
    profile = offices.load(office)
    recorded_ns = time_ns(recorded)
    kept = profile.retention
    rule, article, otherwise = _copies(profile) if copy else (kept.rule(), kept.article, NOT_STATED)
    end = None if rule is None else kept_through(rule, recorded_ns)
    english, japanese = (describe(rule), words.length(rule)) if rule is not None else otherwise
    return {
        "kept_through": None if end is None else str(end),
        "rule": english,
        "article": article,
        "rule_ja": japanese,
        "at_least": isinstance(rule, Minimum),  # whether it may well be kept longer
        "office": profile.office.name,
        "regulation": profile.regulation.title,
        "source": profile.regulation.source,
    }


def _copies(profile: Profile) -> tuple[Rule | None, str, tuple[str, str]]:
    if profile.copies is None:
        return None, "", NOT_STATED
    otherwise = PURPOSE if profile.copies.until_purpose_met else NOT_STATED
    return profile.copies.rule(), profile.copies.article, otherwise
