"""Rows of the table of promises, and how tests anywhere in the suite add theirs.

A test that belongs to a promise asks `cycles` how hard it shall try, and says with `note` what came of it:

    count = cycles(quick=100, nightly=10_000)
    ...
    note(Row("P6", "B8", "catalogue damaged at random places", count, "all made anew", "all"))

`make test` runs the quick column and throws the rows away; `make reliability` runs the nightly one and prints them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass

COLUMN = "RECORDER_RELIABILITY"  # quick, nightly or release
ROWS = "RECORDER_RELIABILITY_ROWS"  # a file that rows are added to


@dataclass(frozen=True, slots=True)
class Row:
    """What a campaign came to. `worst` and `limit` are written as people read them."""

    promise: str  # P1 to P10
    test: str  # A1, B3, ...
    what: str
    cycles: int
    worst: str
    limit: str
    faults: tuple[str, ...] = ()  # none: the promise was kept


def cycles(*, quick: int, nightly: int, release: int | None = None) -> int:
    """How often, in the column that runs now."""
    counts = {"quick": quick, "nightly": nightly, "release": release or nightly}
    return counts[os.environ.get(COLUMN, "quick")]


def note(row: Row) -> None:
    """Add a row, if somebody gathers them."""
    if path := os.environ.get(ROWS):
        with open(path, "a") as file:
            file.write(json.dumps(asdict(row)) + "\n")


def read(path: str) -> list[Row]:
    """The rows that were noted."""
    with open(path) as file:
        return [Row(**{**fields, "faults": tuple(fields["faults"])}) for fields in map(json.loads, file)]


def table(rows: Iterable[Row]) -> str:
    """The rows as Markdown."""
    lines = [
        "| promise | test | what was done | cycles | worst seen | limit | |",
        "| --- | --- | --- | ---: | --- | --- | --- |",
    ]
    for row in rows:
        kept = f"**broken** ({len(row.faults)})" if row.faults else "kept"
        lines.append(
            f"| {row.promise} | {row.test} | {row.what} | {row.cycles:,} | {row.worst} | {row.limit} | {kept} |"
        )
    return "\n".join(lines)
