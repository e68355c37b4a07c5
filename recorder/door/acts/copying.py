"""Making a copy: on a decision that was replied to, or on an instruction in force, and on nothing else.

The entry `copy` names the recordings' hashes and is synced before a byte goes out. Then the copy waits in memory for
half an hour to be taken away by who made it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from recorder.copies import bundle as bundles
from recorder.copies.bundle import Bundle
from recorder.copies.content import Content, CopyFailed
from recorder.copies.imaging import LARGEST_BYTES, as_iso
from recorder.copies.sheet import Sheet
from recorder.copies.zipping import as_zip, new_password
from recorder.dates import at
from recorder.door.acts.applications import Number
from recorder.door.acts.calls import CallId, require_call
from recorder.door.cases import copy_facts, copying, entries, sight
from recorder.door.cases.entries import Medium, Packing
from recorder.door.cases.history import Case
from recorder.door.cases.lasting import lasting
from recorder.door.cases.ready import READY_NS, Ready
from recorder.door.instructions import Instruction
from recorder.door.operations import Audio, Caller, operation
from recorder.door.refusals import Refused, Why
from recorder.door.rights import Right
from recorder.door.sound import Sealed
from recorder.settings.bounds import STRICT, Within
from storage.records import CallRecord

if TYPE_CHECKING:
    from recorder.door.door import Door

TYPES = {"folder": "application/zip", "zip": "application/zip", "iso": "application/x-iso9660-image"}
ENDINGS = {"folder": ".zip", "zip": ".zip", "iso": ".iso"}


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeCopy:
    """Of an application, or of an instruction: one of the two. Without calls: all that were granted, or named."""

    __pydantic_config__ = STRICT

    application: Number | None = None
    instruction: Number | None = None
    calls: Annotated[tuple[CallId, ...], Within(max_length=100)] = ()
    medium: Medium
    packing: Packing


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyMade:
    number: int
    file: str  # its name
    password: str  # shown once; "": it isn't encrypted
    code: str  # of its list of hashes, as on the label
    size: int  # bytes of its files
    until_ns: int  # so long it can be taken away


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeCopy:
    __pydantic_config__ = STRICT

    copy: Number


@operation("copies.make", Right.COPY)
async def make(door: Door, caller: Caller, asked: MakeCopy) -> CopyMade:
    """Entered; to be taken away with `copies.file`."""
    case, instruction, wanted = await _basis(door, caller, asked)
    records = [await require_call(door, caller, one, Right.COPY) for one in wanted]
    for record in records:
        if record.recording is None:
            raise Refused(Why.NOT_UNDERSTOOD, field="copy_calls", detail=record.id)
    made_at = at(caller.now_ns)
    how_long = lasting(door.profile, [record.started_ns for record in records])
    sheet = await copy_facts.sheet(door, case, instruction, records, how_long)
    bundle = await _put_together(door, records, sheet, caller.now_ns)
    if asked.packing == "iso" and bundle.size > LARGEST_BYTES:
        raise Refused(Why.NOT_UNDERSTOOD, field="copy_too_large", detail=str(LARGEST_BYTES >> 20))
    basis = {"application": case.number} if case else {"instruction": instruction.number if instruction else 0}
    async with door.turn:
        await _basis(door, caller, asked)  # reading the recordings took its time
        entry = await door.enter(caller, entries.COPY, {
            **basis, "calls": [record.id for record in records],
            "sha256": [bundle.recordings[copying.name_of(record)] for record in records], "medium": asked.medium,
            "form": asked.packing, "manifest_sha256": bundle.manifest_sha256,
            "until": how_long.until.isoformat() if how_long.until else "", "rule": how_long.rule,
        })  # fmt: skip
    password = new_password() if asked.packing == "zip" else None
    ready = Ready(entry.number, caller.login, bundle, asked.packing, made_at, caller.now_ns + READY_NS, password)
    door.ready_copies.add(ready)
    return CopyMade(
        number=entry.number, file=_file_name(ready), password=password or "", code=bundle.code, size=bundle.size,
        until_ns=ready.until_ns,
    )  # fmt: skip


@operation("copies.file", Right.COPY)
async def take(door: Door, caller: Caller, asked: TakeCopy) -> Audio:
    """The copy itself, once: whoever lost it on the way may take it again until it came whole."""
    ready = door.ready_copies.find(asked.copy, caller.login, caller.now_ns)
    if ready is None:
        raise Refused(Why.NOT_FOUND)
    headers = {"content-type": TYPES[ready.packing], "x-file": _file_name(ready)}
    return Audio(headers=headers, chunks=_sent(ready))


async def _basis(
    door: Door, caller: Caller, asked: MakeCopy
) -> tuple[Case | None, Instruction | None, Sequence[str]]:
    """What the copy is made on, and the calls. `Refused` if that doesn't allow it."""
    if (asked.application is None) == (asked.instruction is None):
        raise Refused(Why.NOT_UNDERSTOOD, field="application")
    wanted = list(dict.fromkeys(asked.calls))
    if asked.application is not None:
        case = await sight.require_case(door, caller, asked.application, Right.COPY)
        if case.reply is None or case.withdrawn is not None or case.asks == "extension" or case.state == "done":
            raise Refused(Why.CONFLICT, field="copy_basis")
        if not case.granted or not set(wanted) <= set(case.granted):
            raise Refused(Why.FORBIDDEN_BY_RULE, field="copy_granted")
        return case, None, wanted or case.granted
    given = await door.instructions.all()
    found = [one for one in given if one.number == asked.instruction and one.is_in_force(caller.now_ns)]
    if not found or asked.instruction not in caller.instructed.values():
        raise Refused(Why.NOT_FOUND)
    [instruction] = found
    if not set(wanted) <= set(instruction.calls):
        raise Refused(Why.NOT_FOUND)
    return None, instruction, wanted or instruction.calls


async def _put_together(door: Door, records: Sequence[CallRecord], sheet: copy_facts.Words, now_ns: int) -> Bundle:
    def work() -> Bundle:
        recordings: list[tuple[Content, str]] = [
            copying.recording_of(door.store, record, door.identities) for record in records
        ]
        return bundles.put_together(recordings, _sheet(sheet, recordings), at(now_ns))

    try:
        return await asyncio.to_thread(work)
    except Sealed as error:
        raise Refused(Why.SEALED, field=error.why) from error
    except CopyFailed as error:
        raise Refused(Why.NOT_NOW, field="copy", detail=str(error)) from error


def _sheet(words: copy_facts.Words, recordings: Sequence[tuple[Content, str]]) -> Sheet:
    return words.with_hashes({content.name: sha256 for content, sha256 in recordings})


def _file_name(ready: Ready) -> str:
    return f"copy-{ready.number}{ENDINGS[ready.packing]}"


async def _sent(ready: Ready) -> AsyncIterator[bytes]:
    """The packed copy, made in a thread of its own piece by piece."""
    chunks = _packed(ready)
    while chunk := await asyncio.to_thread(next, chunks, b""):
        yield chunk
    ready.was_taken = True


def _packed(ready: Ready) -> Iterator[bytes]:
    name = f"copy-{ready.number}"
    if ready.packing == "iso":
        return as_iso(ready.bundle, name)
    return as_zip(ready.bundle, ready.made_at, name, ready.password)
