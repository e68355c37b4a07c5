"""Rows of the table of promises, and how tests anywhere in the suite add theirs.

A test that belongs to a promise is marked with it, asks `cycles` how hard it shall try, and says how often it did:

    @pytest.mark.promise("P6", "B8", "catalogue damaged at random places")
    def test_any_corruption_is_noticed(tried: Tried) -> None:
        for _ in range(cycles(quick=100, nightly=10_000)):
            ...
            tried.cycles += 1

The row is noted when it has passed or failed (tests/conftest.py); `tried` may be left out. A campaign that has figures
to tell, even bad ones, makes a `Row` itself and says `note(row)`; its test is marked without arguments. Whatever is
random begins with `seed()`. `make test` runs the quick column and throws the rows away; `make reliability` runs the
nightly one, with seeds of its own, and prints them. Rows of the same test become one, so that parameters may each have
their share.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace

import pytest

COLUMN = "RECORDER_RELIABILITY"  # quick, nightly or release; brief: only to see whether a test can pass
ROWS = "RECORDER_RELIABILITY_ROWS"  # a file that rows are added to
SEED = "RECORDER_RELIABILITY_SEED"
HASTY = "RECORDER_RELIABILITY_HASTY"  # set where one fault says all: a campaign ends with its first
SEEDS = 1000  # of one campaign; more than any run uses up


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
    counts = {"brief": max(1, quick // 10), "quick": quick, "nightly": nightly, "release": release or nightly}
    return counts[os.environ.get(COLUMN, "quick")]


def seed() -> int:
    """What this run's chances begin with. The same in each `make test`: what fails there fails again."""
    return int(os.environ.get(SEED, "1"))


def at_night() -> None:
    """For a test in real time, of minutes and of a machine that has nothing else to do: not in the quick column."""
    if os.environ.get(COLUMN, "quick") == "quick":
        pytest.skip("a line in real time, for minutes: make reliability")


def note(row: Row) -> None:
    """Add a row, if somebody gathers them."""
    if path := os.environ.get(ROWS):
        with open(path, "a") as file:
            file.write(json.dumps(asdict(row)) + "\n")


def judged(row: Row) -> None:
    """Note a row; AssertionError if the promise was broken."""
    note(row)
    assert row.faults == ()


@dataclass(slots=True)
class Tried:
    """What a test has come to so far: the fixture `tried`."""

    cycles: int = 0
    worst: str = "as promised"
    limit: str = "all"


def read(path: str) -> list[Row]:
    """The rows that were noted."""
    with open(path) as file:
        return [Row(**{**fields, "faults": tuple(fields["faults"])}) for fields in map(json.loads, file)]


def together(rows: Iterable[Row]) -> list[Row]:
    """Rows of the same test, as its parameters give them, as one; sorted."""
    found: dict[tuple[str, str, str], Row] = {}
    for row in rows:
        key = row.promise, row.test, row.what
        before = found.get(key)
        if before is not None:
            worst = before.worst if before.faults else row.worst
            row = replace(row, cycles=before.cycles + row.cycles, worst=worst, faults=before.faults + row.faults)
        found[key] = row
    return [found[key] for key in sorted(found)]


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
