"""`YYYY/MM/DD/calls.jsonl`: the calls of a day that no recording's head tells of, or not wholly.

A line is `{"call":{...},"check":"<16 hex digits>"}`: the call's canonical JSON (`storage.records.to_json`) and a check
of it (see `storage.lines`). The last line of a call counts. A line stands on the disk before the call's row, so that a
catalogue that was lost can be made anew.

Who changes one of these files holds `calls.lock` at the root of the store: the recorder appends, a sweep in another
process takes lines away.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

from storage import layout, lines, records
from storage.disk import Disk
from storage.layout import DAY_FILE, DAY_FILES_LOCK
from storage.records import CallRecord

_FORM = lines.Form("call")
_ID = re.compile(rb',"id":"([0-9A-Za-z-]{1,128})","')  # inside a string each quote has a backslash before it


class Lines(NamedTuple):
    """What a day's file says."""

    calls: list[CallRecord]  # in their order; of several lines of one call, the last
    damaged: list[int]  # numbers, from 1, of lines that aren't as they were written
    is_torn: bool  # the last line has no end: a crash came while it was written


def path_of(started_ns: int) -> str:
    """Where the line of a call that started then stands, relative to the store."""
    return os.path.join(os.path.dirname(layout.recording_path(started_ns, "x")), DAY_FILE)


def line_of(call: CallRecord) -> bytes:
    """The line of a call, with its end."""
    return _FORM.line(records.to_json(call))


def read(root: str, where: str, disk: Disk) -> Lines:
    """The file at `where`, relative to the store; no lines if there is none. OSError if it can't be read."""
    calls: dict[str, CallRecord] = {}
    damaged: list[int] = []
    data = lines.read(os.path.join(root, where), disk)
    *whole, rest = data.split(b"\n")
    for number, line in enumerate(whole, 1):
        call = _parse(line)
        if call is None or path_of(call.started_ns) != where:
            damaged.append(number)
        else:
            calls.pop(call.id, None)
            calls[call.id] = call
    return Lines(list(calls.values()), damaged, bool(rest))


def ids(root: str, where: str, disk: Disk) -> set[str]:
    """Which calls the file tells of, damaged lines included: much faster than `read`. OSError if it can't be read."""
    return {found.decode("ascii") for found in _ID.findall(lines.read(os.path.join(root, where), disk))}


def without_lines(root: str, calls: Iterable[CallRecord], disk: Disk) -> list[CallRecord]:
    """Those of the calls that their day's file doesn't tell of. OSError if one can't be read."""
    days: dict[str, list[CallRecord]] = {}
    for call in calls:
        days.setdefault(path_of(call.started_ns), []).append(call)
    found: list[CallRecord] = []
    for where, some in days.items():
        there = ids(root, where, disk)
        found += [call for call in some if call.id not in there]
    return found


def iter_days(root: str, disk: Disk) -> Iterator[str]:
    """The folder of every day, oldest first, relative to the store."""
    for year in _folders(root, (), disk):
        for month in _folders(root, (year,), disk):
            for day in _folders(root, (year, month), disk):
                yield f"{year}/{month}/{day}"


def iter_files(root: str, disk: Disk) -> Iterator[str]:
    """Every day's file that there is, oldest first, relative to the store."""
    for folder in iter_days(root, disk):
        found = disk.status(os.path.join(root, folder, DAY_FILE))
        if found is not None and found.kind == "file":
            yield f"{folder}/{DAY_FILE}"


def append(root: str, calls: Iterable[CallRecord], disk: Disk) -> None:
    """Writes the calls' lines, and syncs: one write and one sync a day. OSError if the disk can't; may be repeated."""
    days: dict[str, list[bytes]] = {}
    for call in calls:
        days.setdefault(path_of(call.started_ns), []).append(line_of(call))
    if not days:
        return
    with lines.locked(os.path.join(root, DAY_FILES_LOCK), disk):
        for where, some in days.items():
            disk.make_directory(os.path.dirname(os.path.join(root, where)), below=root)
            lines.append(os.path.join(root, where), b"".join(some), disk)


def remove(root: str, day: str, doomed: Collection[str], disk: Disk) -> None:
    """Takes the lines of these calls out of the file of a Japanese day (as in 2026-11-22), for good: they are written
    nowhere any more once this returns. The last line takes the file with it. Does nothing where there is nothing to do,
    so it may be repeated after a crash. OSError if the disk can't."""
    where = f"{day.replace('-', '/')}/{DAY_FILE}"
    path = os.path.join(root, where)
    with lines.locked(os.path.join(root, DAY_FILES_LOCK), disk):
        with contextlib.suppress(FileNotFoundError):
            disk.unlink(path + lines.NEW)  # of an attempt that a crash cut off: it still holds what was to go
            disk.sync_directory(os.path.dirname(path))
        data = lines.read(path, disk)
        if not data:
            return
        kept = [line for line in data.splitlines(keepends=True) if not _tells_of(line, doomed)]
        if sum(map(len, kept)) == len(data):
            return
        if kept:
            lines.rewrite(path, b"".join(kept), disk)
        else:
            disk.unlink(path)
            disk.sync_directory(os.path.dirname(path))


def _tells_of(line: bytes, doomed: Collection[str]) -> bool:
    found = _ID.search(line)
    return found is not None and found[1].decode("ascii") in doomed


def _parse(line: bytes) -> CallRecord | None:
    said = _FORM.said(line)
    if said is None:
        return None
    try:
        return records.from_json(said)
    except ValueError:
        return None


def _folders(root: str, names: tuple[str, ...], disk: Disk) -> Iterator[str]:
    for entry in disk.list(os.path.join(root, *names)):
        if entry.kind == "directory" and layout.is_folder((*names, entry.name)):
            yield entry.name
