"""What the housekeeping has to know after a restart: the alarms that stand, and what the nightly check found.

It lies in the store as `housekeeping.json`. A file that can't be read costs a repeated alarm, and nothing else.
"""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import dataclass, field

from recorder.alarms import notes
from recorder.alarms.notes import NamedBoard
from storage import layout
from storage.disk import Disk

MOST_BYTES = 4 << 20


@dataclass(slots=True)
class Memory:
    """See above."""

    alarms: NamedBoard = field(default_factory=NamedBoard)
    checked_day: str = ""  # of the last nightly check, as in 2026-11-22
    damaged: list[str] = field(default_factory=list)  # ids of the calls that it found something with


def read(store: str, disk: Disk) -> tuple[Memory, str]:
    """The memory, and why it is a new one ("" if it isn't, or if there was none yet)."""
    path = os.path.join(store, layout.HOUSEKEEPING)
    try:
        fd = disk.open(path)
    except FileNotFoundError:
        return Memory(), ""
    except OSError as problem:
        return Memory(), f"{path} can't be read: {problem.strerror}."
    try:
        buffer = bytearray(min(disk.size(fd), MOST_BYTES))
        length = disk.read_into(fd, memoryview(buffer), 0) if buffer else 0
        fields = json.loads(buffer[:length])
        return Memory(
            notes.from_dict(fields["alarms"]), str(fields["checked_day"]), [str(one) for one in fields["damaged"]]
        ), ""
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as problem:
        return Memory(), f"{path} can't be read, and is begun anew: {type(problem).__name__}."
    finally:
        disk.close(fd)


def as_bytes(of: Memory) -> bytes:
    """For `write`, which another thread may run."""
    fields = {"alarms": notes.to_dict(of.alarms), "checked_day": of.checked_day, "damaged": of.damaged}
    return json.dumps(fields, ensure_ascii=True).encode() + b"\n"


def write(store: str, data: bytes, disk: Disk) -> None:
    """The file is whole under its name, or as it was. OSError."""
    path, new = (os.path.join(store, name) for name in (layout.HOUSEKEEPING, layout.HOUSEKEEPING_NEW))
    with contextlib.suppress(FileNotFoundError):  # what a crash left
        disk.unlink(new)
    fd = disk.create(new)
    try:
        disk.write(fd, memoryview(data), 0)
        disk.sync_file(fd)
    finally:
        disk.close(fd)
    disk.replace(new, path)
    disk.sync_directory(store)
