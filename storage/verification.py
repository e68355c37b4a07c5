"""Proof that nothing in a store was altered, lost or added.

`verify` reads everything, the audio included, and changes nothing; it may run while the recorder writes. What it can
and can't notice stands in docs/formats.md ("What verify proves").
"""

from __future__ import annotations

import asyncio
import itertools
import os
import sqlite3
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass

from storage import completing, layout, meta, records
from storage.announcements import AnnouncementBook
from storage.catalogue import Catalogue
from storage.disk import Disk, Entry, Status
from storage.errors import CatalogueUnusable, StoreError
from storage.proving import recorded, registered
from storage.proving.registered import AgainstRegister
from storage.rebuild import condition, dayfile
from storage.records import CallRecord
from storage.register.proof import Outside
from storage.register.survey import Survey
from storage.ring import checking, second
from storage.rows import link
from storage.sealed.key_store import KeyStore
from storage.store import Store

_CHUNK = 500
_ENTERED_WITHIN_S = 10.0  # a living recorder enters a file's call soon after it has named the file


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it was left."""

    kind: str  # snake_case, one of those in docs/formats.md, docs/storage.md and docs/register.md
    where: str  # a path relative to the store, or a call's id
    text: str  # one English sentence
    is_known: bool = False  # it stands in the register, and is told each time: nothing new

    def __str__(self) -> str:
        return f"{self.kind}: {self.text}"


async def verify(
    path: str | os.PathLike[str], *, outside: Sequence[Outside] = (), codes: Sequence[str] = (), audio: bool = True,
    disk: Disk | None = None,
) -> AsyncIterator[Finding]:  # fmt: skip
    """Everything that is wrong with the store in the folder `path`, as it is found. `outside` are checkpoints of its
    register that lie elsewhere, `codes` those on paper (storage.register.code). Without `audio`, the recordings
    themselves aren't read.

    StoreError if there is no store, or if it can't be read by this version.
    """
    disk = disk or Disk()
    root = os.path.abspath(os.fspath(path))  # noqa: ASYNC240 (looks at no disk)
    catalogue: Catalogue | None = None
    usable, uuid = False, ""
    try:
        reader = await Store.open_read_only(path, disk=disk)
        catalogue, uuid = reader.catalogue, reader.uuid
    except CatalogueUnusable as error:
        yield Finding("catalogue_unusable", layout.CATALOGUE, str(error))
    survey = Survey(root, disk)
    try:
        async for doubt in registered.verify_register(root, uuid, survey, disk, outside, codes):
            yield Finding(*doubt)
        if catalogue is not None:
            usable = True
            try:
                async for finding in _verify_rows(root, uuid, disk, catalogue, survey, audio):
                    usable = usable and finding.kind != "catalogue_unusable"
                    yield finding
            except (sqlite3.Error, TypeError, ValueError) as error:
                usable = False
                yield Finding("catalogue_unusable", layout.CATALOGUE, f"{layout.CATALOGUE} can't be read: {error}.")
        async for finding in _verify_files(root, disk, catalogue if usable else None):
            yield finding
    finally:
        if catalogue is not None:
            await catalogue.close()


async def _verify_rows(
    root: str, uuid: str, disk: Disk, catalogue: Catalogue, survey: Survey, audio: bool
) -> AsyncIterator[Finding]:
    """The catalogue by itself, and each row against its file."""
    for complaint in await catalogue.integrity_check():
        yield Finding("catalogue_unusable", layout.CATALOGUE, f"SQLite finds {layout.CATALOGUE} damaged: {complaint}.")
    for name in await asyncio.to_thread(condition.strange_schema, catalogue.path):
        yield Finding("schema_altered", layout.CATALOGUE, f"{layout.CATALOGUE} has another {name} than ours.")
    async for finding in _verify_chain(catalogue):
        yield finding
    roots = {0: root, **await second.roots(uuid, catalogue, disk)}
    to_read = roots if audio else {}
    for number, (_, folder) in (await catalogue.media()).items():
        if number not in roots:
            yield Finding("medium_missing", folder, f"The second medium of this store isn't in {folder}.")
    said = meta.read(root, disk)
    has_lines = said is not None and said.has_day_files  # a store of an older recorder has none yet
    told: set[str] = set()
    calls: list[CallRecord] = []
    book = registered.AgainstRegister(root, disk, catalogue, survey)
    async for call in catalogue.calls():
        calls.append(call)
        if len(calls) == _CHUNK:
            async for finding in _verify_chunk(root, to_read, disk, catalogue, calls, has_lines, book):
                told.add(finding.where)
                yield finding
            calls = []
    async for finding in _verify_chunk(root, to_read, disk, catalogue, calls, has_lines, book):
        told.add(finding.where)
        yield finding
    async for finding in _verify_keys(root, uuid, disk, catalogue):
        yield finding
    for call_id in await catalogue.entered_but_gone():
        told.add(call_id)
        yield Finding("row_deleted", call_id, f"Call {call_id} was entered, and its row is gone.")
    async for doubt in book.settle(everything=True):
        if doubt.kind != "row_deleted" or doubt.where not in told:
            told.add(doubt.where)
            yield Finding(*doubt)
    for one in await asyncio.to_thread(lambda: list(checking.check(root, uuid, disk))):
        if one.where not in told:
            yield Finding(*one)


async def _verify_chunk(
    root: str, roots: dict[int, str], disk: Disk, catalogue: Catalogue, calls: list[CallRecord], has_lines: bool,
    book: AgainstRegister,
) -> AsyncIterator[Finding]:
    """Some calls, and whether those without a recording have their line."""
    told: set[str] = set()
    async for finding in verify_calls(roots, disk, catalogue, calls, book):
        told.add(finding.where)
        yield finding
    if not has_lines:
        return
    bare = [call for call in calls if call.recording is None and call.id not in told]
    for where, some in itertools.groupby(bare, key=lambda call: dayfile.path_of(call.started_ns)):
        try:
            lost = await asyncio.to_thread(dayfile.without_lines, root, list(some), disk)
        except OSError:
            continue  # a link, or a file that can't be read: told by its name
        for call_id in sorted(await catalogue.has([call.id for call in lost])):  # others have just been erased
            text = f"Call {call_id} has no line in {where}: it would be lost with the catalogue."
            yield Finding("line_missing", call_id, text)


async def _verify_chain(catalogue: Catalogue) -> AsyncIterator[Finding]:
    """Each entry against the one before it."""
    previous, expected = b"", 1
    async for number, call_id, row_sha256, found in catalogue.entries():
        if number != expected:
            yield Finding("entry_missing", call_id, f"Entry {expected} is missing before that of call {call_id}.")
        elif link(previous, call_id, row_sha256) != found:
            yield Finding(
                "entry_altered", call_id, f"Entry {number}, of call {call_id}, or the one before was altered."
            )
        previous, expected = found, number + 1


async def verify_calls(
    roots: dict[int, str], disk: Disk, catalogue: Catalogue, calls: list[CallRecord], book: AgainstRegister
) -> AsyncIterator[Finding]:
    """Some calls: each row against what was entered, and against its file. `roots` are the folders of the media that
    are there. What disagrees with the register is noted in `book`, to be settled at the end."""
    ids = [call.id for call in calls]
    entered, marks = await catalogue.latest_entries(ids), await catalogue.marks(ids)
    for call in calls:
        if call.id not in entered:
            yield Finding("row_added", call.id, f"Call {call.id} has a row, but was never entered.")
        elif records.digest(call) != entered[call.id]:
            yield Finding("row_altered", call.id, f"The row of call {call.id} isn't the one that was entered.")
        elif fault := _implausible(call):
            yield Finding("row_implausible", call.id, f"The row of call {call.id} can't be right: {fault}.")
        else:
            book.look(call)
        medium = 0 if call.recording is None else call.recording.medium
        if medium not in roots:
            continue  # told once, for the medium
        found = await asyncio.to_thread(recorded.verify_recording, roots[medium], disk, call, marks.get(call.id, b""))
        if found and await catalogue.has([call.id]):  # else it has just been erased
            for doubt in found:
                yield Finding(*doubt)


def _implausible(call: CallRecord) -> str:
    """What contradicts itself in a call, "" if nothing does."""
    if call.ended_ns < call.started_ns:
        return "it ends before it starts"
    if call.answered_ns is not None and not call.started_ns <= call.answered_ns <= call.ended_ns:
        return "it is answered before it starts or after it ends"
    if call.recording is not None and call.outcome != "recorded":
        return f"it is {call.outcome} and has a recording"
    if call.recording is None and call.outcome == "recorded" and completing.DISK_ERROR not in call.flags:
        return "it is recorded and has no recording"
    return ""


async def _verify_keys(root: str, uuid: str, disk: Disk, catalogue: Catalogue) -> AsyncIterator[Finding]:
    """Each sealed recording has its key, and there is none besides."""
    try:
        keys = KeyStore.open(root, uuid, disk, read_only=True)
        having, growing = (set[str](), set[str]()) if keys is None else (keys.calls(), set(keys.growing()))
        if keys is not None:
            keys.close()
    except StoreError as error:
        yield Finding("keys_unusable", layout.KEYS, str(error))
        return
    sealed = await catalogue.sealed()
    for call_id in sorted(await catalogue.has(sealed - having)):
        yield Finding("key_missing", call_id, f"The key of call {call_id} is gone: nobody can open its recording.")
    left = having - sealed - growing
    left -= await catalogue.has(left)  # a call whose file a crash spoiled: somebody may make something of it yet
    if left and disk.is_locked(os.path.join(root, layout.LOCK)):
        await asyncio.sleep(_ENTERED_WITHIN_S / 10)  # a recorder that runs keeps the key first
        left -= await catalogue.has(left)
    for call_id in sorted(left):
        yield Finding("key_left", call_id, f"There is a key of call {call_id}, and no such call.")


async def _verify_files(root: str, disk: Disk, catalogue: Catalogue | None) -> AsyncIterator[Finding]:
    """Every name below the store; without a catalogue, only what names and rights tell."""
    top = disk.status(root)
    if top is None:
        return
    if top.mode & 0o077 and not top.is_shared:
        yield Finding("permissions", ".", "The folder of the store can be reached by others than its owner.")
    complete: list[str] = []
    having_packets: dict[str, str] = {}  # by call
    day_files: list[str] = []
    walk = _walk(root, disk)
    while some := await asyncio.to_thread(lambda: list(itertools.islice(walk, _CHUNK))):
        for where, entry in some:
            for finding in _verify_name(root, disk, where, entry, top):
                yield finding
            name = layout.parse(where) if entry.kind == "file" else None
            if name is not None and not name.ending:
                complete.append(where)
            packets = layout.packets_of(where) if entry.kind == "file" else None
            if packets is not None and not packets.ending:
                having_packets[packets.id] = where
            if entry.kind == "file" and layout.is_day_file(where) and where.endswith(layout.DAY_FILE):
                day_files.append(where)
        if catalogue is not None:
            complete = sorted(await catalogue.without(complete))  # those that have their row need no second look
    if catalogue is not None:
        rowless = await _still_rowless(root, disk, catalogue, complete)
        doomed = await catalogue.doomed(rowless)
        for where in rowless:
            if where in doomed:
                text = f"{where} was erased and is still there; the next start or sweep takes it away."
                yield Finding("erasure_unfinished", where, text)
            else:
                yield Finding("row_missing", where, f"{where} has no row in the catalogue.")
    if catalogue is not None:
        async for finding in _verify_packets(root, disk, catalogue, having_packets):
            yield finding
    for where in day_files:
        async for finding in _verify_day_file(root, disk, where, catalogue):
            yield finding
    for finding in await asyncio.to_thread(lambda: list(_verify_announcements(root, disk))):
        yield finding


async def _verify_packets(
    root: str, disk: Disk, catalogue: Catalogue, having: dict[str, str]
) -> AsyncIterator[Finding]:
    """Each file of packets has a row that tells of it."""
    stray = set(having) - await catalogue.with_packets(having)
    if stray and disk.is_locked(os.path.join(root, layout.LOCK)):
        await asyncio.sleep(_ENTERED_WITHIN_S / 10)  # a recorder that runs names the file first
        stray -= await catalogue.with_packets(stray)
    for call_id in sorted(stray):
        where = having[call_id]
        if disk.status(os.path.join(root, where)) is not None:  # else it has just been erased
            yield Finding("row_missing", where, f"{where} has packets, and no row in the catalogue tells of them.")


def _verify_announcements(root: str, disk: Disk) -> Iterator[Finding]:
    """Each line of the announcements by itself."""
    book = AnnouncementBook(root, disk)
    for day in book.days():
        where = f"{layout.ANNOUNCEMENTS}/{day}.jsonl"
        try:
            _, damaged = book.read(day)
        except OSError as error:
            yield Finding("unreadable", where, f"{where} can't be read: {error.strerror}.")
            continue
        for number in damaged:
            yield Finding("line_damaged", where, f"Line {number} of {where} isn't as it was written.")


async def _verify_day_file(
    root: str, disk: Disk, where: str, catalogue: Catalogue | None
) -> AsyncIterator[Finding]:
    """Its lines by themselves, and each against its row."""
    try:
        lines = await asyncio.to_thread(dayfile.read, root, where, disk)
    except OSError as error:
        yield Finding("unreadable", where, f"{where} can't be read: {error.strerror}.")
        return
    for number in lines.damaged:
        yield Finding("line_damaged", where, f"Line {number} of {where} isn't as it was written.")
    if lines.is_torn and not disk.is_locked(os.path.join(root, layout.LOCK)):
        yield Finding("unfinished", where, f"A crash cut off the last line of {where}, of a call that wasn't entered.")
    if catalogue is None:
        return
    missing = {call.id for call in lines.calls} - await catalogue.has({call.id for call in lines.calls})
    if missing and disk.is_locked(os.path.join(root, layout.LOCK)):
        await asyncio.sleep(_ENTERED_WITHIN_S / 10)  # a recorder that runs writes the line first
        missing -= await catalogue.has(missing)
    for call_id in sorted(await catalogue.erased(missing)):
        text = f"Call {call_id} was erased and still has a line in {where}; the next start or sweep takes it away."
        yield Finding("erasure_unfinished", call_id, text)
    missing -= set(await catalogue.latest_entries(missing))  # entered, and gone since: told as row_deleted
    for call_id in sorted(missing):
        yield Finding("row_missing", call_id, f"Call {call_id} has a line in {where}, and no row in the catalogue.")


def _walk(root: str, disk: Disk, folder: str = "") -> Iterator[tuple[str, Entry]]:
    """(path relative to the store, entry) of every name, folders that aren't ours not entered."""
    for entry in disk.list(os.path.join(root, folder)):
        where = f"{folder}/{entry.name}" if folder else entry.name
        yield where, entry
        if entry.kind == "directory" and (layout.is_folder(tuple(where.split("/"))) or _is_ours(where)):
            yield from _walk(root, disk, where)


def _verify_name(root: str, disk: Disk, where: str, entry: Entry, top: Status) -> list[Finding]:
    """What a name alone tells: whether it belongs here, is finished, and is the owner's alone, or the group's too if
    the store's own folder `top` is shared."""
    findings = []
    name = layout.parse(where)
    if entry.kind == "other":
        return [Finding("not_a_file", where, f"{where} is neither a file nor a folder.")]
    if entry.kind == "directory":
        if where != layout.LIVE and not layout.is_folder(tuple(where.split("/"))) and not _is_ours(where):
            return [Finding("unexpected_file", where, f"The folder {where} doesn't belong here.")]
    elif layout.is_set_aside(where):
        findings.append(Finding("set_aside", where, f"{where} was replaced; erase it when nobody needs it any more."))
    elif (packets := layout.packets_of(where)) is not None:
        name = packets
    elif name is None and not _belongs(where):
        return [Finding("unexpected_file", where, f"{where} doesn't belong here.")]
    elif name is not None and name.ending == layout.BROKEN:
        findings.append(Finding("broken", where, f"{where} was left by a crash without a readable head."))
    elif name is not None and name.ending == layout.PART and not disk.is_locked(os.path.join(root, layout.LOCK)):
        findings.append(
            Finding("unfinished", where, f"{where} is unfinished, and no recorder runs; the next start finishes it.")
        )
    found = disk.status(os.path.join(root, where))
    if found is not None and top.is_shared and (found.mode & 0o007 or found.group != top.group):
        findings.append(Finding("permissions", where, f"{where} can be reached by others than the store's group."))
    elif found is not None and found.mode & 0o077 and not top.is_shared:
        findings.append(Finding("permissions", where, f"{where} can be reached by others than its owner."))
    return findings


def _belongs(where: str) -> bool:
    """Whether a file that is no recording may lie there."""
    return (
        where in layout.ROOT_FILES
        or layout.is_day_file(where)
        or layout.is_request(where.removesuffix(".new"))
        or where == layout.ANNOUNCEMENTS_LOCK
        or layout.is_announcements(where)
        or checking.belongs(where)
    )


def _is_ours(folder: str) -> bool:
    """Whether a folder that is no day's, year's or month's belongs here, and is looked into."""
    return folder == layout.ANNOUNCEMENTS or checking.is_folder(folder)


async def _still_rowless(root: str, disk: Disk, catalogue: Catalogue, paths: list[str]) -> list[str]:
    """Those files that get no row even if a recorder that runs is given the time to enter them."""
    lock = os.path.join(root, layout.LOCK)
    for _ in range(int(_ENTERED_WITHIN_S / 0.1)):
        if not paths or not disk.is_locked(lock):
            break
        await asyncio.sleep(0.1)
        paths = sorted(await catalogue.without(paths))
    return sorted(await catalogue.without(paths))
