"""What a start does with the recordings that a crash left without a row: the steps of "Start" in docs/formats.md.

A `.part` is cut to whole frames and completed like any other recording; its call is what its head says, ended by
`interrupted` unless the head is complete. A `.wav` without a row only lacks its row. Both get the flag `recovered`.
What the register says was erased is erased, whatever a power cut or a backup brought back; so are packets that no row
tells of. All of it may be interrupted and done again. Files that aren't ours are left alone: `verify` names them.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import NamedTuple

from storage import completing, facts, layout, wav
from storage.catalogue import Catalogue
from storage.completing import Completion, flagged
from storage.disk import Disk
from storage.errors import DiskFailed, SealedError, WavError
from storage.facts import Facts
from storage.layout import Name
from storage.marks import hash_marking, second_bytes
from storage.parts import FilePool, PartFile
from storage.rebuild import dayfile
from storage.records import RECOVERED, CallRecord, salted
from storage.sealed.form import HEAD_BYTES
from storage.sealed.scan import scan
from storage.sealed.seals import Seals
from storage.wav import HEADER_BYTES, Header

INTERRUPTED = "interrupted"
_GROUP = 500  # files taken on at once


class Recovered(NamedTuple):
    """What a start found unfinished."""

    calls: tuple[CallRecord, ...]  # entered now
    left: tuple[str, ...]  # files, relative to the store, of which nothing could be made; they lie as they were
    growing: tuple[Name, ...] = ()  # parts that were left as they are, because somebody may go on with them


async def recover(
    root: str, disk: Disk, catalogue: Catalogue, pool: FilePool, root_fd: int, seals: Seals, *,
    was_closed: bool = False, leave_growing: bool = False,
) -> Recovered:
    """Finishes what a crash left: afterwards each of our files has its row, and each line in a day's file, unless the
    last writer `was_closed` properly, and so has seen to them. `root_fd` is the open folder.
    With `leave_growing`, calls that were still going on are left for `recover_parts`."""
    calls: list[CallRecord] = []
    left: list[str] = []
    unfinished: list[Name] = []
    beside: list[tuple[str, Name]] = []  # packets
    for folder in await asyncio.to_thread(lambda: list(dayfile.iter_days(root, disk))):
        entries = await asyncio.to_thread(disk.list, os.path.join(root, folder))
        rows = {path for path, _ in await catalogue.sizes(folder)}
        paths = [f"{folder}/{entry.name}" for entry in entries if entry.kind == "file"]
        paths = [path for path in paths if path not in rows]
        if elsewhere := set(paths) - await catalogue.without(paths):  # moved, and still to be taken away here
            paths = [path for path in paths if path not in elsewhere]
        names = [layout.parse(path) for path in paths]
        packets = ((path, layout.packets_of(path)) for path in paths)
        beside += [(path, name) for path, name in packets if name is not None]
        unfinished += [name for name in names if name is not None and name.ending != layout.BROKEN]
    erased = await catalogue.erased({name.id for name in unfinished})
    await asyncio.to_thread(
        _erase, disk, [os.path.join(root, name.recording) + name.ending for name in unfinished if name.id in erased]
    )
    await _forget_what_is_known(catalogue, seals, {name.id for name in unfinished})
    unfinished = [name for name in unfinished if name.id not in erased]
    growing: tuple[Name, ...] = ()
    if leave_growing:
        growing = tuple(name for name in unfinished if name.ending == layout.PART)
        unfinished = [name for name in unfinished if name.ending != layout.PART]
    entered, stuck, _ = await recover_parts(root, disk, catalogue, pool, root_fd, seals, unfinished)
    calls += entered
    left += stuck
    if not was_closed:
        calls += await _adopt_lines(root, disk, catalogue)
    having = await catalogue.with_packets({name.id for _, name in beside})
    stray = [os.path.join(root, path) for path, name in beside if name.ending or name.id not in having]
    await asyncio.to_thread(_erase, disk, stray)  # of a call that wasn't entered: its recording goes without
    return Recovered(tuple(calls), tuple(left), growing)


async def _forget_what_is_known(catalogue: Catalogue, seals: Seals, unfinished: Collection[str]) -> None:
    """Of sealed calls that have their rows, and of those of which no file was made."""
    ids = set(seals.growing()) - set(unfinished)
    there = await catalogue.has(ids)
    seals.entered(there)
    seals.drop(ids - there)
    if seals.keys is not None and len(having := seals.keys.calls()) != len(await catalogue.sealed()):
        seals.drop(await catalogue.erased(having))  # a backup brought them back


async def recover_parts(
    root: str, disk: Disk, catalogue: Catalogue, pool: FilePool, root_fd: int, seals: Seals, names: Sequence[Name]
) -> Recovered:
    """Finishes these files."""
    calls: list[CallRecord] = []
    left: list[str] = []
    for start in range(0, len(names), _GROUP):
        group = list(names[start : start + _GROUP])
        entered, stuck = await _recover_group(root, disk, catalogue, pool, root_fd, seals, group)
        calls += entered
        left += stuck
    return Recovered(tuple(calls), tuple(left))


async def _adopt_lines(root: str, disk: Disk, catalogue: Catalogue) -> list[CallRecord]:
    """Enters calls without recordings whose line is there and whose row isn't: the crash came between the two."""
    entered: list[CallRecord] = []
    for where in await asyncio.to_thread(lambda: list(dayfile.iter_files(root, disk))):
        ids = await asyncio.to_thread(dayfile.ids, root, where, disk)
        missing = ids - await catalogue.has(ids) - await catalogue.erased(ids)
        missing -= set(await catalogue.latest_entries(missing))  # a row that was there was taken away on purpose
        if not missing:
            continue
        lines = await asyncio.to_thread(dayfile.read, root, where, disk)
        calls = [flagged(call, RECOVERED) for call in lines.calls if call.id in missing and call.recording is None]
        await asyncio.to_thread(dayfile.append, root, calls, disk)
        await catalogue.add_calls(calls)
        entered += calls
    return entered


async def _recover_group(
    root: str, disk: Disk, catalogue: Catalogue, pool: FilePool, root_fd: int, seals: Seals, names: list[Name]
) -> tuple[list[CallRecord], list[str]]:
    """Completes one group of files; the calls entered, and the files that had to be left."""
    known: dict[str, CallRecord] = {}
    for call_id in await catalogue.has([name.id for name in names]):
        call = await catalogue.get(call_id)
        if call is not None:
            known[call_id] = call

    lines = await asyncio.to_thread(_lines_of, root, disk, names)
    for call_id, call in lines.items():
        if call.recording is None and call_id not in known:  # its row is still to come: see _adopt_lines
            known[call_id] = call
    plan = await asyncio.to_thread(_complete, root, disk, pool, root_fd, seals, names, known, lines)
    await asyncio.to_thread(dayfile.append, root, plan.lines, disk)
    await catalogue.add_calls(plan.calls, replace=True)
    await asyncio.to_thread(_erase, disk, plan.doomed)
    seals.entered([call.id for call in plan.calls])
    seals.drop([call.id for call in plan.calls if call.outcome == "no_audio"])
    return plan.calls, plan.left


class _Plan:
    """What is made of a group of files."""

    def __init__(self) -> None:
        self.completions: list[Completion] = []
        self.calls: list[CallRecord] = []  # to be entered
        self.lines: list[CallRecord] = []  # those of them that no head tells of, or not wholly
        self.said: dict[str, CallRecord] = {}  # what days' files say of these calls
        self.doomed: list[str] = []  # paths to erase, once that is done
        self.left: list[str] = []


def _complete(
    root: str, disk: Disk, pool: FilePool, root_fd: int, seals: Seals, names: list[Name], known: dict[str, CallRecord],
    lines: dict[str, CallRecord],
) -> _Plan:
    """All that comes before the rows and lines: looks at each file, and takes the parts through steps 1 to 5."""
    plan = _Plan()
    plan.said = lines
    for name in names:
        try:
            plan_one = _plan_part if name.ending else _plan_complete
            plan_one(root, disk, pool, seals, name, known.get(name.id), plan)
        except (OSError, DiskFailed):
            plan.left.append(name.recording + name.ending)
    try:
        completing.write_heads(plan.completions, pool, seals)
        completing.sync(plan.completions, pool, root_fd, seals)
        completing.hash_and_name(plan.completions, pool)
    finally:
        completing.release(plan.completions, pool)
    for one in plan.completions:
        if one.fault is None:
            call = one.result()
            plan.calls.append(call)
            if not one.said_by_head(call):
                plan.lines.append(call)
        elif one.part is not None:
            plan.left.append(one.part.name + layout.PART)
    return plan


def _plan_complete(
    root: str, disk: Disk, pool: FilePool, seals: Seals, name: Name, known: CallRecord | None, plan: _Plan
) -> None:
    """A complete file without a row: the crash came between steps 4 and 6."""
    entered = known is not None and (known.recording is not None or known.outcome != "recorded")
    line = plan.said.get(name.id)
    if entered:
        call = None
    elif name.is_sealed:
        call = call_of_sealed(root, disk, name, line, seals.known(name.id))
    else:
        call = call_of_complete(root, disk, name, line)
    if call is None:
        plan.left.append(name.recording)  # not of our making: that would be whole
    else:
        plan.calls.append(call)
        plan.lines.append(call)


def call_of_complete(root: str, disk: Disk, name: Name, line: CallRecord | None = None) -> CallRecord | None:
    """The call that a complete `.wav` and its line, if it has one, tell of; with the flag `recovered`. None if the
    file isn't whole. OSError if it can't be read."""
    fd = disk.open(os.path.join(root, name.recording))
    try:
        header, said = read_head(disk, fd, name)
        size = disk.size(fd)
        if header is None or said is None or not said.complete or size != header.file_bytes:
            return None
        sha256, _, marks = hash_marking(disk, fd, second_bytes(header.encoding.name, header.channels))
    finally:
        disk.close(fd)
    call = line if line is not None and line.recording is not None else said.call  # a line has all, a head what fits
    assert call.recording is not None
    recording = replace(
        call.recording, path=name.recording, sha256=sha256, frames=header.frames, channels=header.channels,
        encoding=header.encoding.name, marks=marks,
    )  # fmt: skip
    return flagged(salted(replace(call, recording=recording)), RECOVERED)


def call_of_sealed(
    root: str, disk: Disk, name: Name, line: CallRecord | None, said: Facts | None = None
) -> CallRecord | None:
    """The same of a complete sealed recording, which says nothing of its call: its line tells, or what was known while
    it grew."""
    fd = disk.open(os.path.join(root, name.recording))
    try:
        head = scan(disk, fd).head
        if head.id != name.id:
            return None
        sha256, size, marks = hash_marking(disk, fd, second_bytes(head.encoding.name, head.channels))
    except SealedError:
        return None
    finally:
        disk.close(fd)
    call = line if line is not None and line.recording is not None else said.call if said is not None else None
    if call is None or call.recording is None:
        return None
    recording = replace(call.recording, path=name.recording, sha256=sha256, sealed_bytes=size, marks=marks)
    return flagged(salted(replace(call, recording=recording)), RECOVERED)


def _lines_of(root: str, disk: Disk, names: list[Name]) -> dict[str, CallRecord]:
    """What days' files say of these calls."""
    ids = {name.id for name in names}
    days = {dayfile.path_of(name.started_ns) for name in names}
    return {call.id: call for day in days for call in dayfile.read(root, day, disk).calls if call.id in ids}


def _plan_part(
    root: str, disk: Disk, pool: FilePool, seals: Seals, name: Name, known: CallRecord | None, plan: _Plan
) -> None:
    """A `.part`: the crash came while the call went on, or before step 4."""
    path = os.path.join(root, name.recording) + layout.PART
    if disk.status(os.path.join(root, name.recording)) is not None:
        completing.name_for_good(disk, path)  # a rename cut in half; FileExistsError if it is another file
        return
    if known is not None and known.outcome != "recorded":
        plan.doomed.append(path)  # the audio of a call that has none was to be erased
        return
    if known is not None and known.recording is not None and known.recording.path != name.recording:
        plan.left.append(name.recording + layout.PART)
        return
    found = _look_at_sealed(pool, seals, name) if name.is_sealed else _look_at_part(pool, path, name)
    call, part = _call_of(name, found.said, known, whole=found.whole), found.part
    if part is None or not part.frames:
        if part is None and found.has_sound:
            disk.rename_new(path, path.removesuffix(layout.PART) + layout.BROKEN)
            call = flagged(replace(call, outcome="recorded"), completing.DISK_ERROR)
        else:
            plan.doomed.append(path)
            call = replace(call, outcome="no_audio")
        if known is None:
            call = salted(replace(call, recording=None))
            plan.calls.append(call)
            plan.lines.append(call)
        return
    if not found.whole and known is None:
        end_ns = part.starts_ns + part.frames * 1_000_000_000 // wav.RATE_HZ
        call = replace(call, ended_ns=max(call.ended_ns, end_ns))
    plan.completions.append(Completion(call, part))


class _Found(NamedTuple):
    """What a `.part` was found to be, cut to what is whole of it."""

    part: PartFile | None  # None: its head can't be read
    said: Facts | None
    whole: bool  # it was complete, and lacks only its name
    has_sound: bool  # there is more than a head


def _look_at_part(pool: FilePool, path: str, name: Name) -> _Found:
    disk = pool.disk
    fd = disk.open(path, write=True)
    try:
        header, said = read_head(disk, fd, name)
        size = disk.size(fd)
        whole = header is not None and said is not None and said.complete and size == header.file_bytes
        if header is not None and not whole:
            header = replace(header, frames=max(0, size - HEADER_BYTES) // header.frame_bytes)
            if header.frames:
                disk.truncate(fd, HEADER_BYTES + header.frames * header.frame_bytes)
        holes = disk.holes(fd, HEADER_BYTES, size) if header is not None and header.encoding.law else []
    finally:
        disk.close(fd)
    if header is None:
        return _Found(None, said, whole=False, has_sound=size > HEADER_BYTES)
    audio = said.call.recording if said is not None else None
    part = PartFile(
        pool, path, name.recording, encoding=header.encoding, channels=header.channels, frames=header.frames,
        starts_ns=audio.starts_ns if audio is not None else name.started_ns,
    )  # fmt: skip
    for first, last in holes:  # a power cut left zeros, which are loud in G.711
        part.silence((first - HEADER_BYTES) // header.frame_bytes, (last - HEADER_BYTES) // header.frame_bytes)
    return _Found(part, said, whole, has_sound=True)


def _look_at_sealed(pool: FilePool, seals: Seals, name: Name) -> _Found:
    """Nobody has its key any more: without a last record it ends with its last whole one."""
    said = seals.known(name.id)
    left = seals.left(pool, name)
    if left is None:
        found = pool.disk.status(os.path.join(seals.root, name.recording) + layout.PART)
        return _Found(None, said, whole=False, has_sound=found is not None and found.size > HEAD_BYTES)
    part, found_records = left
    audio = said.call.recording if said is not None else None
    if audio is None or said is None or not said.complete or found_records.last is None:
        return _Found(part, said, whole=False, has_sound=True)
    part.frames, part.starts_ns = audio.frames, audio.starts_ns
    part.encoding = part.encoding if part.encoding.name == audio.encoding else wav.PCM16
    return _Found(part, said, whole=True, has_sound=True)


def _call_of(name: Name, said: Facts | None, known: CallRecord | None, *, whole: bool) -> CallRecord:
    """What is known of the call of a part, from the best source there is."""
    if known is not None:  # entered without its recording, because of a fault of the disk
        call = replace(known, recording=said.call.recording if said is not None else None)
    elif said is not None:
        call = said.call if whole else replace(said.call, outcome="recorded", end_reason=INTERRUPTED)
    else:
        call = CallRecord(id=name.id, started_ns=name.started_ns, ended_ns=name.started_ns, end_reason=INTERRUPTED)
    ended_ns = max(call.started_ns, call.answered_ns or 0, call.talk_ns or 0, call.ended_ns)  # known by then
    return flagged(replace(call, ended_ns=ended_ns), RECOVERED)


def read_head(disk: Disk, fd: int, name: Name) -> tuple[Header | None, Facts | None]:
    """What the file says of its form and of its call, None each where it says nothing that can be believed."""
    buffer = bytearray(HEADER_BYTES)
    head = bytes(buffer[: disk.read_into(fd, memoryview(buffer), 0)])
    try:
        header = wav.parse_header(head, torn=True)
    except WavError:
        return None, None
    try:
        said = facts.unpack(header.facts)
    except ValueError:
        return header, None  # cut in the middle of writing it
    if said.call.id != name.id:
        return header, None
    try:
        wav.parse_header(head)
    except WavError:
        said = said._replace(complete=False)
    return header, said


def _erase(disk: Disk, paths: list[str]) -> None:
    for path in paths:
        with contextlib.suppress(FileNotFoundError):
            disk.unlink(path)
    for folder in {os.path.dirname(path) for path in paths}:
        disk.sync_directory(folder)
