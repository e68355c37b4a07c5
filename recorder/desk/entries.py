"""Entries of the register in words, for the pages that show some."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from recorder.dates import at
from recorder.desk import showing
from recorder.desk.visit import Visit

# What a person asks first stands first; all else by its name.
_FIRST = (
    "document", "document_on", "text", "ground", "article", "cause", "reason", "name", "login", "role", "section",
    "until_ns", "until",
)  # fmt: skip


def row(visit: Visit, entry: Mapping[str, Any]) -> dict[str, Any]:
    """An entry, with what it says in words."""
    said = entry["said"]
    names = sorted(said, key=lambda name: (_FIRST.index(name) if name in _FIRST else len(_FIRST), name))
    return {
        **entry,
        "what": visit.word(f"kind.{entry['kind']}", entry["kind"]),
        "person": entry["name"] or visit.word(f"who.{entry['who']}", entry["who"]),
        "details": [(visit.word(f"said.{name}", name), _value(visit, name, said[name])) for name in names],
    }


def _value(visit: Visit, name: str, value: str | int | bool) -> str:
    if isinstance(value, bool):
        return visit.t("common.yes" if value else "common.no")
    if isinstance(value, int):
        return _time(visit, name, value) if name.endswith("_ns") else f"{value:,}"
    if name in ("until", "ends_on", "document_on", "backups_until"):
        return _day(visit, value)
    if name == "ground" and value == "provisional":
        return visit.t("holds.provisional")
    if name in ("role", "how", "form", "event", "command", "part", "old"):
        return visit.word(f"{name}.{value}", value)
    if name == "section":
        return value or visit.t("people.whole_office")
    return value


def _day(visit: Visit, text: str) -> str:
    """A day; what is none is shown as it stands."""
    try:
        return showing.of_day(text, visit.language)
    except ValueError:
        return text


def _time(visit: Visit, name: str, time_ns: int) -> str:
    """What ends at midnight ends with the day before."""
    if name == "until_ns" and f"{at(time_ns):%H%M%S}" == "000000":
        return showing.day(time_ns - 1, visit.language)
    return showing.moment(time_ns, visit.language)
