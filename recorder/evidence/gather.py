"""What a store has of a call as evidence: its row, its entry in the register, and a signed register with it in.

Nothing is written here. The checkpoint taken is the first that covers the call's entry, or the first of these that a
known witness signed: so the same call has the same one next year.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from typing import Any

from recorder.evidence.value import Evidence, Proven
from recorder.problems import Unusable
from storage import records
from storage.disk import Disk
from storage.records import CallRecord
from storage.register import Entry, Register, heads
from storage.register.checkpoint import LOG, ORIGIN, Checkpoint, Note, Vkey, cosigned_at, parse_vkey, verify, vkey
from storage.register.entry import parse
from storage.register.leaves import Leaves
from storage.register.tree import Tree, leaf_hash, verify_inclusion
from storage.store import StoreReader

MACHINE = frozenset({"start", "stop", "clock_step", "gap", "begun", "cut", "lost", "mended"})  # what happened to it
_DAY_NS = 86_400_000_000_000


async def gather(
    store: StoreReader, call_id: str, *, settings_sha256: str | None, witnesses: Sequence[Vkey]
) -> Evidence:
    """The evidence of a call, without a time stamp. `Unusable` if there is no such call, or the register says
    otherwise than its row; RegisterDamaged, OSError."""
    call = await store.get(call_id)
    if call is None:
        raise Unusable(
            f"There is no call {ascii(call_id)[1:-1]} in {store.root}.",
            hint=f"See those there are with: recorder calls --store {store.root}",
        )
    if call.recording is not None:
        marks = (await store.catalogue.marks([call.id])).get(call.id, b"")
        call = call.with_recording(replace(call.recording, marks=marks))
    return await asyncio.to_thread(_gather, store.root, store.uuid, store.disk, call, settings_sha256, witnesses)


@dataclass
class _Read:
    """The register, read once."""

    leaves: Leaves = field(default_factory=Leaves)
    tree: Tree = field(default_factory=Tree)
    recorded: tuple[Entry, bytes] | None = None
    epochs: list[tuple[Entry, bytes, tuple[bytes, ...]]] = field(default_factory=list)  # each with its proof
    around: list[Entry] = field(default_factory=list)
    started: Entry | None = None  # the last `start` before the call's entry
    office: str = ""


def _gather(
    root: str, uuid: str, disk: Disk, call: CallRecord, settings_sha256: str | None, witnesses: Sequence[Vkey]
) -> Evidence:
    register = Register(root, uuid, disk)
    read = _Read()
    if register.exists:
        _read(register.lines(register.tail()), call, read)
    if read.recorded is not None:
        _require_same(call, read.recorded[0])
    proven = None
    if read.recorded is not None:
        proven = _proven(root, ORIGIN + uuid, disk, read, *read.recorded, witnesses)
    return Evidence(
        store=uuid, office=read.office, call=call, software=f"recorder {version('recorder')}",
        settings_sha256=settings_sha256, around=tuple(_around(read, proven)), proven=proven,
    )  # fmt: skip


def _read(lines: Iterator[bytes], call: CallRecord, into: _Read) -> None:
    start: Entry | None = None
    for line in lines:
        edge = into.tree.edge
        into.leaves.append(line)
        into.tree.append(into.leaves[into.leaves.size - 1])
        kind = line.rpartition(b'"kind":"')[2].partition(b'"')[0].decode("ascii", "replace")
        if kind == "recorded" and call.id.encode() in line:
            entry = parse(line)
            if entry.fields.get("call") == call.id:
                into.recorded, into.started = (entry, line), start
        elif kind == "epoch":
            into.epochs.append((parse(line), line, edge))
        elif kind == "policy":
            into.office = str(parse(line).fields["office"])
        elif kind in MACHINE:
            entry = parse(line)
            start = entry if kind == "start" else start
            if call.started_ns - _DAY_NS <= entry.at_ns <= call.ended_ns:
                into.around.append(entry)


def _around(read: _Read, proven: Proven | None) -> Iterator[Entry]:
    """The machine's start, by which the version is known that recorded the call, and what happened to it around the
    call; as far as the checkpoint goes, so that it stays the same."""
    if read.started is not None and read.started not in read.around:
        yield read.started
    for entry in read.around:
        if proven is None or entry.number <= proven.size:
            yield entry


def _require_same(call: CallRecord, entry: Entry) -> None:
    """An evidence of what was altered would be none."""
    audio = records.audio_digest(call).hex() if call.recording is not None else None
    if entry.fields.get("row") != records.row_digest(call).hex() or entry.fields.get("audio") != audio:
        raise Unusable(
            f"What the catalogue has of call {call.id} isn't what entry {entry.number} of the register says.",
            hint="Look for what happened with: recorder verify",
        )


def _proven(
    root: str, origin: str, disk: Disk, read: _Read, entry: Entry, line: bytes, witnesses: Sequence[Vkey]
) -> Proven | None:
    """The entry below the checkpoint chosen for it; None as long as none covers it."""
    notes = _notes(root, disk)
    covering = [one for one in notes.values() if Checkpoint.parse(one.text).size >= entry.number]
    covering.sort(key=lambda note: Checkpoint.parse(note.text).size)
    note = next((one for one in covering if _cosigners(one, witnesses)), covering[0] if covering else None)
    if note is None:
        return None
    checkpoint = Checkpoint.parse(note.text)
    proof = read.leaves.inclusion(entry.number - 1, checkpoint.size)
    if not verify_inclusion(leaf_hash(line), entry.number - 1, checkpoint.size, proof, checkpoint.root):
        raise Unusable("The register isn't the one that was signed.", hint="Look for what happened: recorder verify")
    cosigners = _cosigners(note, witnesses)
    ours = tuple(one for one in note.signatures if one.name == origin)
    theirs = tuple(one for one in note.signatures if one.name in {key.name for key, _ in cosigners})
    return Proven(
        entry=entry, line=line, proof=tuple(proof),
        note=Note(note.text, ours + theirs).encoded, text=note.text.encode(), size=checkpoint.size,
        root=checkpoint.root, witnesses=tuple((key.name, at_s * 1_000_000_000) for key, at_s in cosigners),
        keys={
            "epochs": list(_epochs(read, list(notes.values()), checkpoint.size)),
            "witnesses": [vkey(key.name, key.key, key.kind) for key, _ in cosigners],
        },
    )  # fmt: skip


def _notes(root: str, disk: Disk) -> dict[str, Note]:
    """Every checkpoint by its text, with all signatures that were ever kept of it."""
    found: dict[str, Note] = {}
    for head in heads.read_all(root, disk):
        if head.note is not None:
            text = head.note.text
            found[text] = found.get(text, Note(text)).with_signatures(head.note.signatures)
    return found


def _cosigners(note: Note, witnesses: Sequence[Vkey]) -> list[tuple[Vkey, int]]:
    """Those of the witnesses who signed it, and when (seconds since 1970)."""
    at = [(key, cosigned_at(note, key.name, key.key)) for key in sorted(witnesses, key=lambda one: one.name)]
    return [(key, seconds) for key, seconds in at if seconds is not None]


def _epochs(read: _Read, notes: Sequence[Note], size: int) -> Iterator[Mapping[str, Any]]:
    """The chain of keys up to that of a checkpoint of `size` entries, beginning with the first, or with the last that
    had to begin anew."""
    known = [one for one in read.epochs if one[0].number <= size]
    first = max((at for at, (entry, _, _) in enumerate(known) if entry.fields.get("anew")), default=0)
    before: Vkey | None = None
    of_size: dict[int, list[Note]] = {}
    for note in notes:
        of_size.setdefault(Checkpoint.parse(note.text).size, []).append(note)
    for entry, line, proof in known[first:]:
        key = parse_vkey(entry.fields["key"])
        signers = [one for one in (before, key) if one is not None and one.kind == LOG]
        for note in of_size.get(entry.number, ()):
            if not all(verify(note, one.name, one.key) for one in signers):
                continue
            ours = Note(note.text, tuple(one for one in note.signatures if one.name == key.name))
            yield {
                "entry": line.decode("ascii"), "proof": [one.hex() for one in proof], "note": ours.encoded.decode(),
            }  # fmt: skip
            break
        before = key


def digest_of_settings(path: str | os.PathLike[str] | None) -> str | None:
    """SHA-256 of a file of settings, as it lies there. OSError."""
    import hashlib

    if path is None:
        return None
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def known_witnesses(lines: Sequence[str]) -> list[Vkey]:
    """The public keys of witnesses. `Unusable` if one is none."""
    try:
        return [parse_vkey(line) for line in lines]
    except ValueError as problem:
        raise Unusable(f"{problem}.") from problem


