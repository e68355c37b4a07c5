"""What stands, for whoever shows or tells it: `alarms.json` in the folder that [status] names. Whole, or as it was."""

from __future__ import annotations

import json
import os
from pathlib import Path

from recorder.alarms import notes
from recorder.alarms.notes import NamedBoard

NAME = "alarms.json"
MODE = 0o640  # the recorder's group reads it


def write(folder: Path, of: NamedBoard, *, store: str, at_ns: int) -> None:
    """OSError if it can't be."""
    text = json.dumps({"store": store, "at_ns": at_ns} | notes.to_dict(of))
    new = folder / f"{NAME}.new"
    fd = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, MODE)
    with os.fdopen(fd, "w") as file:
        file.write(text)
    os.replace(new, folder / NAME)


def read(folder: Path) -> tuple[NamedBoard, str, int] | None:
    """The board, the store that it is of, and when it was published; None if there is none that can be read."""
    try:
        fields = json.loads((folder / NAME).read_bytes())
        return notes.from_dict(fields), str(fields["store"]), int(fields["at_ns"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
