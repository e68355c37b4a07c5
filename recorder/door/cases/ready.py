"""Copies that were entered and wait to be taken away: what they are made of, their password, for how long.

All of it is in memory alone. A copy that nobody took by then has to be made anew; that it was made stays entered.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from recorder.copies.bundle import Bundle

READY_NS = 30 * 60 * 10**9
_MOST = 20


@dataclass(slots=True)
class Ready:
    """One of them."""

    number: int  # of its entry
    person: str  # login of who made it, and may take it
    bundle: Bundle
    packing: str
    made_at: datetime
    until_ns: int
    password: str | None = field(repr=False)
    was_taken: bool = False  # to its last byte


class ReadyCopies:
    """By number."""

    def __init__(self) -> None:
        self._ready: dict[int, Ready] = {}

    def add(self, one: Ready) -> None:
        self._ready[one.number] = one
        while len(self._ready) > _MOST:
            del self._ready[next(iter(self._ready))]

    def find(self, number: int, person: str, now_ns: int) -> Ready | None:
        """The one of that number, if this person may take it now."""
        found = self._ready.get(number)
        if found is None or found.person != person or now_ns >= found.until_ns or found.was_taken:
            return None
        return found

    def drop(self, number: int) -> None:
        """It is gone."""
        self._ready.pop(number, None)
