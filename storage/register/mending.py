"""A damaged register, made whole again as far as it can be: `recorder repair`.

    1 copy every file into `register/damaged-<n>`: nobody's evidence is thrown away
    2 write these files anew: what can be read keeps its number; what can't, or is missing, has an entry `lost` in its
      place; links are computed anew from there on
    3 an entry `mended` at the end says since which entry, how many are lost, and the hash of what was set aside

What was signed of the entries in between doesn't fit any more. `verify` says so each time, by the word of that entry.
A crash leaves the register damaged, or mended: it may be done again.
"""

from __future__ import annotations

import hashlib
import os
from typing import NamedTuple

from storage.disk import Disk
from storage.register import heads, segments
from storage.register.book import BEGUN
from storage.register.checkpoint import Checkpoint
from storage.register.entry import Draft, Entry, follows, written

LOST, MENDED = "lost", "mended"
DAMAGED = "damaged-"


class Mended(NamedTuple):
    """What was done."""

    first: int  # the number of the first entry that wasn't as it was written
    lost: int  # so many couldn't be read, or were missing
    aside: str  # where the old files are, relative to the store

    def __str__(self) -> str:
        return (
            f"The register was damaged from entry {self.first} on, and was mended: {self.lost} entries are lost. "
            f"What was there lies in {self.aside}. recorder verify goes on saying so."
        )


def mend(root: str, uuid: str, disk: Disk, *, at_ns: int, who: str, at_least: int) -> Mended | None:
    """Makes the register whole, up to entry `at_least` or what was signed; None if nothing is wrong with it. The locks
    of store and register are held by the caller. OSError."""
    folder = os.path.join(root, segments.FOLDER)
    entries = _readable(folder, disk)
    signed = [Checkpoint.parse(one.note.text).size for one in heads.read_all(root, disk) if one.note is not None]
    least = max([at_least, *signed])
    first = _first_fault(entries, least)
    if first is None:
        return None
    aside, sha256 = _set_aside(folder, disk)
    lost = _write(folder, uuid, disk, entries, first, least, at_ns, who, aside, sha256)
    return Mended(first, lost, aside)


def _readable(folder: str, disk: Disk) -> list[Entry | None]:
    """Every entry that can be read, and None for each other line that has an end, in their order."""
    found: list[Entry | None] = []
    for name in segments.firsts(folder, disk):
        found += [segments.entry_in(line) for line in segments.read(folder, name, disk).split(b"\n")[:-1]]
    while found and found[-1] is None:  # as a crash may leave it: the next append cuts it off
        found.pop()
    return found


def _first_fault(entries: list[Entry | None], least: int) -> int | None:
    """The number of the first entry that isn't as it was written, None if all are."""
    link = b""
    for number, entry in enumerate(entries, 1):
        if entry is None or entry.number != number or not follows(entry, link):
            return number
        link = entry.link
    return len(entries) + 1 if len(entries) < least else None


def _write(
    folder: str, uuid: str, disk: Disk, entries: list[Entry | None], first: int, least: int, at_ns: int, who: str,
    aside: str, sha256: str,
) -> int:
    """Steps 2 and 3; how many entries are lost."""
    by_number: dict[int, Entry] = {}
    for entry in entries:
        if entry is not None:
            by_number.setdefault(entry.number, entry)
    last = max([least, *by_number])
    link, lost, lines = b"", 0, list[bytes]()
    for number in range(1, last + 1):
        found = by_number.get(number)
        if found is None:
            lost += 1
            draft = Draft(at_ns, LOST, who, {}) if number > 1 else Draft(at_ns, BEGUN, who, {"store": uuid})
        else:
            draft = Draft(found.at_ns, found.kind, found.who, found.fields)
        entry, line = written(draft, number, link)
        link = entry.link
        lines.append(line)
    fields = {"first": first, "lost": lost, "damaged": aside, "sha256": sha256, "signed": least}
    lines.append(written(Draft(at_ns, MENDED, who, fields), last + 1, link)[1])
    _replace(folder, disk, lines)
    return lost


def _replace(folder: str, disk: Disk, lines: list[bytes]) -> None:
    """The register is these lines, in files as it has them; the last file has its name last."""
    files: dict[int, list[bytes]] = {}
    first = size = 0
    for number, line in enumerate(lines, 1):
        if not first or size + len(line) > segments.SEGMENT_BYTES:
            first, size = number, 0
        files.setdefault(first, []).append(line)
        size += len(line)
    for old in segments.firsts(folder, disk):
        if old not in files:
            disk.unlink(os.path.join(folder, segments.name_of(old)))
    for number, some in files.items():
        path = os.path.join(folder, segments.name_of(number))
        new = f"{path}.new"
        if disk.status(new) is not None:
            disk.unlink(new)
        fd = disk.create(new)
        try:
            disk.write(fd, memoryview(b"".join(some)), 0)
            disk.sync_file(fd)
        finally:
            disk.close(fd)
        disk.replace(new, path)
    disk.sync_directory(folder)


def _set_aside(folder: str, disk: Disk) -> tuple[str, str]:
    """Step 1: where the copies are, relative to the store, and the SHA-256 of all of them in their order."""
    taken = {one.name for one in disk.list(folder)}
    number = 1
    while f"{DAMAGED}{number}" in taken:
        number += 1
    aside = os.path.join(folder, f"{DAMAGED}{number}")
    disk.make_directory(aside)
    sha256 = hashlib.sha256()
    for first in segments.firsts(folder, disk):
        data = segments.read(folder, first, disk)
        sha256.update(data)
        fd = disk.create(os.path.join(aside, segments.name_of(first)))
        try:
            disk.write(fd, memoryview(data), 0)
            disk.sync_file(fd)
        finally:
            disk.close(fd)
    disk.sync_directory(aside)
    return f"{segments.FOLDER}/{DAMAGED}{number}", sha256.hexdigest()
