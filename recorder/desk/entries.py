"""Entries of the register in words, for the pages that show some."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from recorder.desk import saying
from recorder.desk.visit import Visit


def row(visit: Visit, entry: Mapping[str, Any]) -> dict[str, Any]:
    """An entry, with what it says in words."""
    language = visit.language
    return {
        **entry, "what": saying.kind(entry["kind"], language),
        "person": saying.person(entry["who"], entry["name"], language),
        "details": saying.details(entry["said"], language),
    }  # fmt: skip
