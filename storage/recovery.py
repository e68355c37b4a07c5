"""What a start does with the recordings that a crash left without a row: the steps of "Start" in docs/formats.md.

A `.part` is cut to whole frames and sealed like any other recording; its call is what its head says, ended by
`interrupted` unless the head is complete. A `.wav` without a row only lacks its row. Both get the flag `recovered`.
What the register says was erased is erased, whatever a power cut or a backup brought back. All of it may be interrupted
and done again. Files that aren't ours are left alone: `verify` names them.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Iterator, Set
from dataclasses import replace
from typing import NamedTuple

from storage import facts, layout, sealing, wav
from storage.catalogue import Catalogue
from storage.disk import Disk
from storage.errors import DiskFailed, WavError
from storage.facts import Facts
from storage.layout import Name
from storage.parts import FilePool, PartFile
from storage.records import CallRecord
from storage.sealing import Sealing, flagged
from storage.wav import HEADER_BYTES, Header

RECOVERED = "recovered"
INTERRUPTED = "interrupted"
_GROUP = 500  # files taken on at once


class Recovered(NamedTuple):
    """What a start found unfinished."""

    calls: tuple[CallRecord, ...]  # entered now
    left: tuple[str, ...]  # files, relative to the store, of which nothing could be made; they lie as they were


async def recover(root: str, disk: Disk, catalogue: Catalogue, pool: FilePool, root_fd: int) -> Recovered:
    """Finishes what a crash left: afterwards each of our files has its row. `root_fd` is the open folder."""
    calls: list[CallRecord] = []
    left: list[str] = []
    unfinished: list[Name] = []
    for folder in await asyncio.to_thread(lambda: list(iter_folders(root, disk))):
        known_paths = await catalogue.recordings_in(folder)
        unfinished += await asyncio.to_thread(_without_row, root, disk, folder, known_paths)
    erased = await catalogue.erased({name.id for name in unfinished})
    await asyncio.to_thread(
        _erase, disk, [os.path.join(root, name.recording) + name.ending for name in unfinished if name.id in erased]
    )
    unfinished = [name for name in unfinished if name.id not in erased]
    for start in range(0, len(unfinished), _GROUP):
        entered, stuck = await _recover_group(root, disk, catalogue, pool, root_fd, unfinished[start : start + _GROUP])
        calls += entered
        left += stuck
    return Recovered(tuple(calls), tuple(left))


def iter_folders(root: str, disk: Disk) -> Iterator[str]:
    """The folder of every day below the store, relative to it, by day; links are not followed."""

    def below(folder: str, names: tuple[str, ...]) -> Iterator[str]:
        if len(names) == 3:
            yield "/".join(names)
            return
        for entry in disk.list(folder):
            path = (*names, entry.name)
            if entry.kind == "directory" and layout.is_folder(path):
                yield from below(os.path.join(folder, entry.name), path)

    return below(root, ())


def iter_names(root: str, disk: Disk) -> Iterator[Name]:
    """Every file of ours below the store, by day; links are not followed."""
    for folder in iter_folders(root, disk):
        yield from _names(root, disk, folder, known=frozenset())


def _without_row(root: str, disk: Disk, folder: str, known: Set[str]) -> list[Name]:
    """Those of a day's recordings that are unfinished, or that no row names; `known` are the paths that rows name.

    Hardly a file is among them: so nothing is made of the others' names, and a start looks at a million in seconds.
    """
    return [name for name in _names(root, disk, folder, known) if name.ending in ("", layout.PART)]


def _names(root: str, disk: Disk, folder: str, known: Set[str]) -> Iterator[Name]:
    for entry in disk.list(os.path.join(root, folder)):
        path = f"{folder}/{entry.name}"
        if path not in known and entry.kind == "file" and (name := layout.parse(path)):
            yield name


async def _recover_group(
    root: str, disk: Disk, catalogue: Catalogue, pool: FilePool, root_fd: int, names: list[Name]
) -> tuple[list[CallRecord], list[str]]:
    """Seals one group of files; the calls entered, and the files that had to be left."""
    known: dict[str, CallRecord] = {}
    for call_id in await catalogue.has([name.id for name in names]):
        call = await catalogue.get(call_id)
        if call is not None:
            known[call_id] = call

    plan = await asyncio.to_thread(_seal, root, disk, pool, root_fd, names, known)
    await catalogue.add_calls(plan.calls, replace=True)
    await asyncio.to_thread(_erase, disk, plan.doomed)
    return plan.calls, plan.left


class _Plan:
    """What is made of a group of files."""

    def __init__(self) -> None:
        self.sealings: list[Sealing] = []
        self.calls: list[CallRecord] = []  # to be entered
        self.doomed: list[str] = []  # paths to erase, once that is done
        self.left: list[str] = []


def _seal(
    root: str, disk: Disk, pool: FilePool, root_fd: int, names: list[Name], known: dict[str, CallRecord]
) -> _Plan:
    """All that comes before the rows: looks at each file, and takes the parts through steps 1 to 5."""
    plan = _Plan()
    for name in names:
        try:
            plan_one = _plan_part if name.ending else _plan_complete
            plan_one(root, disk, pool, name, known.get(name.id), plan)
        except (OSError, DiskFailed):
            plan.left.append(name.recording + name.ending)
    try:
        sealing.write_heads(plan.sealings, pool)
        sealing.sync(plan.sealings, pool, root_fd)
        sealing.hash_and_name(plan.sealings, pool)
    finally:
        sealing.release(plan.sealings, pool)
    for one in plan.sealings:
        if one.fault is None:
            plan.calls.append(one.result())
        elif one.part is not None:
            plan.left.append(one.part.name + layout.PART)
    return plan


def _plan_complete(root: str, disk: Disk, pool: FilePool, name: Name, known: CallRecord | None, plan: _Plan) -> None:
    """A `.wav` without a row: the crash came between steps 4 and 6."""
    fd = disk.open(os.path.join(root, name.recording))
    try:
        header, said = read_head(disk, fd, name)
        size = disk.size(fd)
        entered = known is not None and (known.recording is not None or known.outcome != "recorded")
        if entered or header is None or said is None or not said.complete or size != header.file_bytes:
            plan.left.append(name.recording)  # not of our making: that would be whole
            return
        sha256, _ = sealing.hash_file(disk, fd)
    finally:
        disk.close(fd)
    recording = said.call.recording
    assert recording is not None
    recording = replace(
        recording, path=name.recording, sha256=sha256, frames=header.frames, channels=header.channels,
        encoding=header.encoding.name,
    )  # fmt: skip
    plan.calls.append(flagged(replace(said.call, recording=recording), RECOVERED))


def _plan_part(root: str, disk: Disk, pool: FilePool, name: Name, known: CallRecord | None, plan: _Plan) -> None:
    """A `.part`: the crash came while the call went on, or before step 4."""
    path = os.path.join(root, name.recording) + layout.PART
    if disk.status(os.path.join(root, name.recording)) is not None:
        sealing.name_for_good(disk, path)  # a rename cut in half; FileExistsError if it is another file
        return
    if known is not None and known.outcome != "recorded":
        plan.doomed.append(path)  # the audio of a call that has none was to be erased
        return
    if known is not None and known.recording is not None and known.recording.path != name.recording:
        plan.left.append(name.recording + layout.PART)
        return
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
    call = _call_of(name, said, known, whole=whole)
    if header is None or not header.frames:
        if size > HEADER_BYTES and header is None:
            disk.rename_new(path, path.removesuffix(layout.PART) + layout.BROKEN)
            call = flagged(replace(call, outcome="recorded"), sealing.DISK_ERROR)
        else:
            plan.doomed.append(path)
            call = replace(call, outcome="no_audio")
        if known is None:
            plan.calls.append(replace(call, recording=None))
        return
    part = PartFile(
        pool, path, name.recording, encoding=header.encoding, channels=header.channels, frames=header.frames,
        starts_ns=call.recording.starts_ns if call.recording is not None else name.started_ns,
    )  # fmt: skip
    for first, last in holes:  # a power cut left zeros, which are loud in G.711
        part.silence((first - HEADER_BYTES) // header.frame_bytes, (last - HEADER_BYTES) // header.frame_bytes)
    if not whole and known is None:
        end_ns = part.starts_ns + part.frames * 1_000_000_000 // wav.RATE_HZ
        call = replace(call, ended_ns=max(call.ended_ns, end_ns))
    plan.sealings.append(Sealing(call, part))


def _call_of(name: Name, said: Facts | None, known: CallRecord | None, *, whole: bool) -> CallRecord:
    """What is known of the call of a part, from the best source there is."""
    if known is not None:  # entered without its recording, because of a fault of the disk
        call = replace(known, recording=said.call.recording if said is not None else None)
    elif said is not None:
        call = said.call if whole else replace(said.call, outcome="recorded", end_reason=INTERRUPTED)
    else:
        call = CallRecord(id=name.id, started_ns=name.started_ns, ended_ns=name.started_ns, end_reason=INTERRUPTED)
    return flagged(call, RECOVERED)


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
