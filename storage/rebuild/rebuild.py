"""A catalogue made anew from what lies beside the recordings, after the one there was got lost or damaged.

    1 set the damaged files aside, as `catalogue.sqlite.damaged-<n>`: nobody's evidence is thrown away
    2 make `catalogue.sqlite.new`, in the order of the days: each recording by its day's file or its own head, and
      the calls that have none by their day's file
    3 carry over what can be read of the old one and stands nowhere else: what was counted
    4 sync it, give it its name, sync that

A crash before 4 leaves a store without a catalogue: the next start begins again. Recordings are hashed anew. Where a
day's file has a hash, from when the call ended, that one stays, so `verify` still finds a file altered since.
Unfinished files are left to the recovery that follows.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
from collections.abc import Awaitable, Callable, Collection, Iterator
from dataclasses import dataclass, replace
from urllib.parse import quote

from storage import layout, wav
from storage.catalogue import Catalogue
from storage.disk import Disk
from storage.errors import CatalogueUnusable
from storage.layout import Name
from storage.marks import hash_marking, second_bytes
from storage.meta import Meta
from storage.rebuild import dayfile
from storage.records import RECOVERED, CallRecord, RecordingRecord
from storage.recovery import read_head

_GROUP = 500

Register = Callable[[Catalogue], Awaitable[Collection[str]]]
"""Applies a store's register to its new catalogue, which is empty still; the ids of calls that were erased, which are
not taken up again."""


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a start made anew, and why."""

    fault: str  # what was wrong, as words that follow "The catalogue"
    set_aside: str  # the old one's name in the store, "" if there was nothing
    calls: int  # in the new one
    recordings: int
    left: tuple[str, ...]  # recordings of which nothing could be made, relative to the store
    has_tallies: bool  # what was counted could be carried over

    def __str__(self) -> str:
        """What a person should know, in sentences."""
        aside = f" The old one is kept as {self.set_aside}." if self.set_aside else ""
        lost = "" if self.has_tallies else " What was counted (recorder account) is lost."
        left = f" {len(self.left)} files could not be taken up: {', '.join(self.left[:3])}." if self.left else ""
        return (
            f"The catalogue {self.fault} and was made anew from the recordings: {self.calls} calls, "
            f"{self.recordings} recorded.{aside}{lost}{left} Look at the rest with: recorder verify"
        )


async def rebuild(root: str, said: Meta, fault: str, disk: Disk, *, register: Register | None = None) -> Rebuilt:
    """Makes the catalogue of the store in `root` anew, `fault` being why. The store's lock is held by the caller.

    OSError, or CatalogueUnusable, if the disk prevents it; it may be done again then.
    """
    aside = await asyncio.to_thread(_set_aside, root, disk)
    path = os.path.join(root, layout.CATALOGUE_NEW)
    await asyncio.to_thread(_begin, path, disk)
    left: list[str] = []
    calls = recordings = 0
    try:
        catalogue = await Catalogue.open(path, uuid=said.uuid, salt=said.salt)
        try:
            erased = frozenset(await register(catalogue)) if register is not None else frozenset[str]()
            await catalogue.note_opened(said.opened)
            groups = _groups(root, disk, erased, left)
            while (group := await asyncio.to_thread(next, groups, None)) is not None:
                there = await catalogue.has([call.id for call in group])  # two files of one call: the first has it
                left += [call.recording.path for call in group if call.id in there and call.recording is not None]
                group = [call for call in group if call.id not in there]
                await catalogue.add_calls(group)
                calls += len(group)
                recordings += sum(call.recording is not None for call in group)
            has_tallies = await asyncio.to_thread(_carry_tallies, os.path.join(root, aside) if aside else "", path)
            await catalogue.settle()
        finally:
            await catalogue.close()
    except sqlite3.Error as error:
        raise CatalogueUnusable(f"No new catalogue can be made in {root}: {error}.") from error
    await asyncio.to_thread(_name_for_good, root, path, disk)
    return Rebuilt(fault, aside, calls, recordings, tuple(left), has_tallies)


def _set_aside(root: str, disk: Disk) -> str:
    """Step 1; the new name of the old catalogue, "" if there is none."""
    names = {entry.name for entry in disk.list(root)}
    number = 1
    while any(f"{layout.CATALOGUE}.damaged-{number}{ending}" in names for ending in layout.SQLITE_FILES):
        number += 1
    aside = f"{layout.CATALOGUE}.damaged-{number}"
    for ending in layout.SQLITE_FILES:  # the file itself first: what is left of one without it is nobody's catalogue
        if layout.CATALOGUE + ending in names:
            disk.rename_new(os.path.join(root, layout.CATALOGUE + ending), os.path.join(root, aside + ending))
            disk.sync_directory(root)
    return aside if layout.CATALOGUE in names else ""


def _begin(path: str, disk: Disk) -> None:
    """An empty file to build in; what an attempt that was cut off left is gone."""
    for ending in layout.SQLITE_FILES:
        with contextlib.suppress(FileNotFoundError):
            disk.unlink(path + ending)
    disk.close(disk.create(path))


def _name_for_good(root: str, path: str, disk: Disk) -> None:
    """Step 4."""
    fd = disk.open(path, write=True)
    try:
        disk.sync_file(fd)
    finally:
        disk.close(fd)
    disk.rename_new(path, os.path.join(root, layout.CATALOGUE))
    disk.sync_directory(root)


def _groups(root: str, disk: Disk, erased: Collection[str], left: list[str]) -> Iterator[list[CallRecord]]:
    """Every call that anything tells of, oldest day first; recordings that can't be used are put into `left`."""
    group: list[CallRecord] = []
    for folder in dayfile.iter_days(root, disk):
        lines = {call.id: call for call in dayfile.read(root, f"{folder}/{layout.DAY_FILE}", disk).calls}
        for entry in disk.list(os.path.join(root, folder)):
            name = layout.parse(f"{folder}/{entry.name}") if entry.kind == "file" else None
            if name is None or name.ending or name.id in erased:
                continue
            call = _call_of(root, disk, name, lines.get(name.id))
            if call is None:
                left.append(name.recording)
            else:
                lines.pop(name.id, None)
                group.append(call)
            if len(group) >= _GROUP:
                yield group
                group = []
        group += [call for call in lines.values() if call.id not in erased]
        while len(group) >= _GROUP:
            yield group[:_GROUP]
            group = group[_GROUP:]
    if group:
        yield group


def _call_of(root: str, disk: Disk, name: Name, line: CallRecord | None) -> CallRecord | None:
    """The call of a complete recording, None if the file isn't one of ours."""
    if line is not None and line.recording is not None and line.recording.path == name.recording:
        return line
    if name.is_sealed:
        return None  # what grew when the crash came is taken up by the recovery that follows
    try:
        fd = disk.open(os.path.join(root, name.recording))
        try:
            header, said = read_head(disk, fd, name)
            if header is None or not header.frames or disk.size(fd) != header.file_bytes:
                return None
            sha256, _, marks = hash_marking(disk, fd, second_bytes(header.encoding.name, header.channels))
        finally:
            disk.close(fd)
    except OSError:
        return None
    if said is not None and said.complete:
        call = said.call
    else:  # the audio is whole and its facts are not: better a call with only a date than none
        end_ns = name.started_ns + header.frames * 1_000_000_000 // wav.RATE_HZ
        call = CallRecord(id=name.id, started_ns=name.started_ns, ended_ns=end_ns, flags=(RECOVERED,))
    recording = replace(
        call.recording or RecordingRecord(starts_ns=name.started_ns), path=name.recording, sha256=sha256,
        frames=header.frames, channels=header.channels, encoding=header.encoding.name, marks=marks,
    )  # fmt: skip
    return replace(call, recording=recording)


def _carry_tallies(old: str, new: str) -> bool:
    """Step 3: runs and tallies from one catalogue into the other, all or none; whether they could be read."""
    if not old:
        return False
    with contextlib.suppress(sqlite3.Error, ValueError, TypeError, OverflowError):  # it is damaged: told by the answer
        with contextlib.closing(sqlite3.connect(f"file:{quote(old)}?mode=ro", uri=True)) as source:
            times = "from_ns, until_ns" if _has_times(source) else "null, null"
            runs = source.execute(f"select number, what, complete, {times} from run").fetchall()
            sums = source.execute("select run, day, reason, count from tally").fetchall()
        with contextlib.closing(sqlite3.connect(new)) as target, target:
            target.executemany(
                "insert into run (number, what, complete, from_ns, until_ns) values (?, ?, ?, ?, ?)", runs
            )
            target.executemany("insert into tally (run, day, reason, count) values (?, ?, ?, ?)", sums)
        return True
    return False


def _has_times(connection: sqlite3.Connection) -> bool:
    """Whether a catalogue is new enough to say when its runs were."""
    return any(row[1] == "from_ns" for row in connection.execute("pragma table_info(run)"))
