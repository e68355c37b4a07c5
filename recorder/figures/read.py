"""Reads what a recorder at work published."""

from __future__ import annotations

import json
from pathlib import Path

from recorder.figures import values
from recorder.figures.values import Figures

FRESH_NS = 5_000_000_000


def read(path: Path) -> Figures | None:
    """The figures, of whatever time; None if there are none, or none that this version can read."""
    try:
        return values.from_dict(json.loads(path.read_bytes()))
    except (OSError, ValueError):
        return None


def fresh(found: Figures | None, now_ns: int) -> bool:
    """Whether somebody is at work now."""
    return found is not None and abs(now_ns - found.at_ns) <= FRESH_NS
