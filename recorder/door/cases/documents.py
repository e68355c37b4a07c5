"""The next document number (文書番号), as in 管財発第12号: counted anew with each fiscal year. Pure.

What was given follows from the replies in the register; whoever replies may write another, and it counts from there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from unicodedata import normalize

from recorder.door.cases.history import History

PLACE = "{number}"


def fiscal_year(day: date) -> int:
    """The year in which the fiscal year of that day began: April to March."""
    return day.year if day.month >= 4 else day.year - 1


def next_number(pattern: str, given: Iterable[tuple[str, date]], today: date) -> str:
    """The pattern with the number after the highest that was given in this fiscal year; "" without a pattern.
    `given`: document numbers with their days."""
    if PLACE not in pattern:
        return ""
    before, _, behind = pattern.partition(PLACE)
    form = re.compile(f"{re.escape(normalize('NFKC', before))}([0-9]{{1,9}}){re.escape(normalize('NFKC', behind))}")
    found = (
        form.fullmatch(normalize("NFKC", document).strip())
        for document, day in given
        if fiscal_year(day) == fiscal_year(today)
    )
    highest = max((int(one[1]) for one in found if one), default=0)
    return f"{before}{highest + 1}{behind}"


def of_replies(history: History) -> list[tuple[str, date]]:
    """The documents that replies had, each with its day."""
    return [
        (str(one.fields.get("document", "")), date.fromisoformat(one.fields["document_on"]))
        for case in history.cases.values() for one in case.replies
    ]  # fmt: skip
