"""Counters with a reason for a name: what was seen, what was left out, and why.

A reason is one of a fixed set of snake_case words, never made from input, so that a flood can't fill memory
with labels. Docstrings of those who count say what their reasons mean.
"""

from __future__ import annotations

from collections import Counter


class Counters:
    """Counts by reason."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def add(self, reason: str, count: int = 1) -> None:
        """Count something; a count of 0 leaves no trace."""
        if count:
            self._counts[reason] += int(count)

    def __getitem__(self, reason: str) -> int:
        return self._counts[reason]

    def as_dict(self) -> dict[str, int]:
        """All counts, by reason, sorted by name."""
        return dict(sorted(self._counts.items()))
