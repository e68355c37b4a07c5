"""Make an evidence package of a call: `recorder export --evidence`.

    1 gather what there is, and hash the recording: what was altered is refused. With a secret key a sealed one is
      opened in memory, to its last record, to know what its copy will be
    2 get a time stamp for the checkpoint, unless one is kept or none is wanted
    3 enter the copy in the register, with the hash of the manifest
    4 write the package

So no copy exists that the register doesn't know of. If 4 fails, the register has an entry of a copy that was never
finished, which does no harm.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import socket
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from recorder.copying import enter_copies
from recorder.evidence import gather, names, package, sealed, timestamp
from recorder.evidence.value import Copy, Custody, Evidence, File, Proven, Sealed
from recorder.problems import Unusable
from storage import packet_file
from storage.disk import Disk
from storage.register import stamps
from storage.register.checkpoint import Vkey
from storage.sealed.scan import scan, tags
from storage.store import Store

if TYPE_CHECKING:
    from pyrage.x25519 import Identity

    from storage.reading import StoreReader
    from storage.records import CallRecord

_FORMS = {False: "evidence", True: "evidence_and_wav"}  # for the register; with a copy that is in the clear


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is asked for."""

    call: str
    output: Path
    who: str
    reason: str
    how: str  # the command, for the custody list
    at_ns: int
    clock: str  # whether the machine's clock is in step, in words
    settings_sha256: str | None = None
    witnesses: Sequence[Vkey] = ()
    timestamp_url: str = ""
    timestamp_root: bytes = b""  # PEM
    secrets: Sequence[Identity] = ()  # that open a sealed recording: with them the package has a copy for listening


async def export(store_path: Path, order: Order) -> Evidence:
    """Writes the package; what it is of. `Unusable`, StoreError, OSError; then there is no package."""
    package.require_free(order.output)
    async with await Store.open_read_only(store_path) as store:
        evidence = await gather.gather(
            store, order.call, settings_sha256=order.settings_sha256, witnesses=order.witnesses
        )
        original = store.path_of(evidence.call)
        disk, root = store.disk, store.root
    recording = None if original is None else await asyncio.to_thread(_hashed, evidence, Path(original))
    if recording is not None and evidence.call.is_sealed:
        found = await asyncio.to_thread(_sealed, store, evidence.call, recording.name, order.secrets)
        evidence = replace(evidence, sealed=found)
    if evidence.proven is not None:
        proven = await asyncio.to_thread(_stamped, evidence.proven, root, disk, order)
        evidence = replace(evidence, proven=proven)
    files = package.contents(evidence)
    kept = None if original is None else await asyncio.to_thread(_packets, evidence, Path(original))
    packets = None if kept is None else kept[0]
    manifest = package.manifest(evidence, files, recording, packets)
    manifest_sha256 = hashlib.sha256(manifest).hexdigest()
    [entry] = await enter_copies(
        store_path, [evidence.call], who=order.who, reason=order.reason, at_ns=order.at_ns,
        form=_FORMS[_copy(evidence) is not None], manifest_sha256=manifest_sha256,
    )  # fmt: skip
    custody = Custody(
        at_ns=order.at_ns, who=order.who, machine=socket.gethostname(), how=order.how, reason=order.reason,
        clock=order.clock, entry=entry, manifest_sha256=manifest_sha256,
    )  # fmt: skip
    files |= {names.MANIFEST: manifest, **package.papers(evidence, manifest, custody)}
    streamed: dict[str, Callable[[], Iterator[bytes]]] = {}
    if recording is not None and original is not None:
        streamed[recording.name] = lambda: package.read_in_pieces(Path(original))
    if kept is not None:
        streamed[kept[0].name] = lambda: package.read_in_pieces(kept[1])
    if (copy := _copy(evidence)) is not None:
        streamed[copy.file.name] = lambda: sealed.pieces(store, evidence.call, order.secrets)
    await asyncio.to_thread(package.write, order.output, files, streamed)
    return evidence


def _copy(evidence: Evidence) -> Copy | None:
    return None if evidence.sealed is None else evidence.sealed.copy


def _sealed(store: StoreReader, call: CallRecord, name: str, secrets: Sequence[Identity]) -> Sealed:
    """The keys of a sealed recording, and what its copy will be if there are secrets that open it."""
    path = store.path_of(call) or ""
    fd = store.disk.open(path)
    try:
        found, digest = scan(store.disk, fd), hashlib.sha256()
        for tag in tags(store.disk, fd, found):
            digest.update(tag)
    finally:
        store.disk.close(fd)
    copy = sealed.copy_of(store, call, names.copy(name), secrets) if secrets else None
    return Sealed(keys=sealed.wrapped_keys(store, call), records_sha256=digest.hexdigest(), copy=copy)


def _hashed(evidence: Evidence, original: Path) -> File:
    """The recording, if it is the one that the row names."""
    audio = evidence.call.recording
    found = _file(original)
    if audio is None or found.sha256 != audio.sha256.hex():
        raise Unusable(
            f"{original} isn't the recording that its row names.", hint="Look for what happened with: recorder verify"
        )
    return found


def _packets(evidence: Evidence, original: Path) -> tuple[File, Path] | None:
    """The packets kept beside the recording and where they lie, if they are those that the row names."""
    audio = evidence.call.recording
    if audio is None or audio.packets_sha256 is None:
        return None
    path = Path(packet_file.path_of(str(original)))
    found = _file(path)
    if found.sha256 != audio.packets_sha256.hex():
        raise Unusable(f"{path} isn't what its row names.", hint="Look for what happened with: recorder verify")
    return found, path


def _file(path: Path) -> File:
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        return File(name=path.name, size=os.fstat(file.fileno()).st_size, sha256=sha256)


def _stamped(proven: Proven, root: str, disk: Disk, order: Order) -> Proven:
    """With the stamp that is kept, or else one that is asked for and kept from now on."""
    stamp = stamps.read(root, proven.size, disk)
    if stamp is None and order.timestamp_url:
        stamp = timestamp.ask(order.timestamp_url, proven.text, order.timestamp_root)
        try:
            stamps.keep(root, proven.size, stamp, disk)
        except FileExistsError:  # another export was quicker: both copies shall show the same
            stamp = stamps.read(root, proven.size, disk)
    if stamp is None:
        return proven
    try:
        return replace(proven, stamp=stamp, stamped=timestamp.read(stamp, proven.text, None))
    except timestamp.UnusableStamp as problem:
        where = stamps.path_of(root, proven.size)
        raise Unusable(f"{where} is no time stamp of this register: {problem}.", hint=f"Remove {where}.") from problem
