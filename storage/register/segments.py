"""The register's files, `register/00000001.jsonl` and on, each named by the number of its first entry.

A file is whole lines; only the last may end in what a crash tore. One append is at most `MOST_AT_ONCE` bytes in one
write, and is synced before the next one: so a tear never reaches further back than that, whatever order the disk
wrote its sectors in.
"""

from __future__ import annotations

import os
import re
from typing import NamedTuple

from storage.disk import Disk
from storage.errors import StoreError
from storage.register.entry import Entry, follows, parse

FOLDER = "register"
LOCK = "lock"
MOST_AT_ONCE = 1 << 16  # bytes, and so the longest line
SEGMENT_BYTES = 4 << 20
_NAME = re.compile(r"(\d{8,})\.jsonl")


_HINT = "Look for what happened with: recorder verify; then mend it with: recorder repair --store DIR"


class RegisterDamaged(StoreError):
    """The register isn't what was written: by no crash of ours."""

    def __init__(self, what: str) -> None:
        super().__init__(f"The register is damaged: {what}.", hint=_HINT)


class Tail(NamedTuple):
    """Where the register ends."""

    number: int  # of the last entry, 0 if there is none
    at_ns: int  # its time, 0 if there is none
    link: bytes  # of the last entry, b"" if there is none
    first: int  # names the file that the next entry goes into
    size: int  # bytes of whole entries in that file
    torn: bytes  # what lies behind them


class Place(NamedTuple):
    """Where the line of an entry lies."""

    first: int  # names its file
    offset: int
    length: int  # without the newline
    digest: int  # 8 bytes of the leaf that the line is in the tree


def name_of(first: int) -> str:
    return f"{first:08d}.jsonl"


def is_segment(name: str) -> bool:
    """Whether a name in the register's folder is that of a file of entries."""
    return _NAME.fullmatch(name) is not None


def firsts(folder: str, disk: Disk) -> list[int]:
    """The numbers that name the files, in order; none if there is no register yet."""
    if disk.status(folder) is None:
        return []
    return sorted(int(match[1]) for entry in disk.list(folder) if (match := _NAME.fullmatch(entry.name)))


def read(folder: str, first: int, disk: Disk) -> bytes:
    """All bytes of one file."""
    fd = disk.open(os.path.join(folder, name_of(first)))
    try:
        data = bytearray(disk.size(fd))
        done = 0
        while done < len(data) and (came := disk.read_into(fd, memoryview(data)[done:], done)):
            done += came
        return bytes(data[:done])
    finally:
        disk.close(fd)


def read_at(folder: str, place: Place, disk: Disk) -> bytes:
    """One line, without its newline; less if the file is shorter."""
    fd = disk.open(os.path.join(folder, name_of(place.first)))
    try:
        line = bytearray(place.length)
        return bytes(line[: disk.read_into(fd, memoryview(line), place.offset)])
    finally:
        disk.close(fd)


def find_tail(folder: str, disk: Disk) -> Tail:
    """Where the register ends. RegisterDamaged if what lies behind its last entry can't be a tear."""
    return _tail(folder, firsts(folder, disk), disk)


def tail_after(folder: str, known: Tail, disk: Disk) -> Tail | None:
    """Where the register ends, if it has only grown since it ended at `known`; None if that isn't so, or can't be told
    without reading more. Costs what came since."""
    names = firsts(folder, disk)
    if not names or names[-1] != known.first or known.torn:
        return None
    fd = disk.open(os.path.join(folder, name_of(known.first)))
    try:
        more = bytearray(max(0, disk.size(fd) - known.size))
        if disk.size(fd) < known.size or disk.read_into(fd, memoryview(more), known.size) < len(more):
            return None
    finally:
        disk.close(fd)
    *lines, torn = bytes(more).split(b"\n")
    number, at_ns, link = known.number, known.at_ns, known.link
    for line in lines:
        entry = entry_of(line, number + 1)
        if entry is None or not follows(entry, link):
            return None
        number, at_ns, link = entry.number, entry.at_ns, entry.link
    return Tail(number, at_ns, link, known.first, known.size + len(more) - len(torn), torn)


def _tail(folder: str, names: list[int], disk: Disk) -> Tail:
    if not names:
        return Tail(0, 0, b"", 1, 0, b"")
    first = names[-1]
    data = read(folder, first, disk)
    *lines, _ = data.split(b"\n")
    index = offset = 0
    while index < len(lines) and (after := offset + len(lines[index]) + 1) < len(data) - 2 * MOST_AT_ONCE:
        index, offset = index + 1, after
    if index:  # far enough from the end: believed, and `Register.check` looks at it
        believed = _believed(lines[index - 1], first + index - 1)
        number, at_ns, link = believed.number, believed.at_ns, believed.link
    else:
        before = _tail(folder, names[:-1], disk)
        if before.torn or before.number + 1 != first:
            raise RegisterDamaged(f"what comes before {name_of(first)} is missing or cut")
        number, at_ns, link = before.number, before.at_ns, before.link
    for line in lines[index:]:
        entry = entry_of(line, number + 1)
        if entry is None or not follows(entry, link):
            break
        number, at_ns, link, offset = entry.number, entry.at_ns, entry.link, offset + len(line) + 1
    torn = data[offset:]
    if len(torn) > MOST_AT_ONCE:
        raise RegisterDamaged(f"{name_of(first)} can't be read from byte {offset} on")
    return Tail(number, at_ns, link, first, offset, torn)


def _believed(line: bytes, number: int) -> Entry:
    entry = entry_of(line, number)
    if entry is None:
        raise RegisterDamaged(f"entry {number} can't be read")
    return entry


def entry_in(line: bytes) -> Entry | None:
    """The entry that a line holds, None if it holds none."""
    try:
        return parse(line)
    except ValueError:
        return None


def entry_of(line: bytes, number: int) -> Entry | None:
    """The entry of that number that a line holds, None if it holds none."""
    entry = entry_in(line)
    return entry if entry is not None and entry.number == number else None
