"""What the last look at the interfaces came to, for the desk's page: `doctor.json` in the folder that [status] names.

The recorder itself can't tell everything that such a look does (VLANs above all). A point that is open without it is
filled in from here, with the time of the look.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from recorder.dates import english_time, japanese_time
from recorder.doctor.checks import Check, Result, Text

NAME = "doctor.json"
_MODE = 0o640  # whoever may read the keeper's alarms there


@dataclass(frozen=True, slots=True)
class Kept:
    """A look, and what each of its points came to."""

    at_ns: int
    points: Mapping[str, tuple[Result, Text]]


def keep(folder: Path, found: Sequence[Check], at_ns: int) -> None:
    """Writes it, in the place of the one before. OSError."""
    points = {one.name: [one.result, one.facts("ja"), one.facts("en")] for one in found}
    new = folder / f"{NAME}.new"
    fd = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, _MODE)
    with os.fdopen(fd, "w") as file:
        os.fchown(fd, -1, folder.stat().st_gid)
        file.write(json.dumps({"at_ns": at_ns, "points": points}))
    os.replace(new, folder / NAME)


def read(folder: Path) -> Kept | None:
    """What was kept; None if there is nothing that can be read."""
    try:
        given = json.loads((folder / NAME).read_bytes())
        points = {
            str(name): (Result(result), _text(str(ja), str(en)))
            for name, (result, ja, en) in given["points"].items()
        }
        return Kept(int(given["at_ns"]), points)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _text(ja: str, en: str) -> Text:
    return {"ja": ja, "en": en}


def filled(found: Sequence[Check], kept: Kept | None) -> tuple[Check, ...]:
    """The points, those that are open as the look at the interfaces found them."""
    if kept is None:
        return tuple(found)
    return tuple(_filled(one, kept) for one in found)


def _filled(one: Check, kept: Kept) -> Check:
    if one.result is not Result.OPEN or one.name not in kept.points:
        return one
    result, facts = kept.points[one.name]
    if result is Result.OPEN:
        return one
    told: Text = {
        "ja": f"{facts['ja']}（{japanese_time(kept.at_ns)} の recorder doctor）",
        "en": f"{facts['en']} (recorder doctor, {english_time(kept.at_ns)})",
    }
    return one.seen_elsewhere(result, told)
