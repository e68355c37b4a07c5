"""The catalogue's schema as numbered steps, `NNNN_what.sql`; each runs once, all that are missing in one transaction.

A step that has been released is never edited: the next one alters what it made.
"""

from __future__ import annotations

import re
from importlib import resources

_NAME = re.compile(r"(\d{4})_\w+\.sql")


def load() -> list[tuple[int, str]]:
    """(number, SQL) of every step, numbered 1, 2, 3 and so on."""
    steps = []
    for file in resources.files(__name__).iterdir():
        if match := _NAME.fullmatch(file.name):
            steps.append((int(match[1]), file.read_text("utf-8")))
    steps.sort()
    assert [number for number, _ in steps] == list(range(1, len(steps) + 1)), "a migration's number is missing"
    return steps
