"""Make an evidence package of a call: `recorder export --evidence`.

    1 gather what there is, and hash the recording: what was altered is refused
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
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from recorder.copying import enter_copies
from recorder.evidence import gather, names, package, timestamp
from recorder.evidence.value import Custody, Evidence, File, Proven
from recorder.problems import Unusable
from storage.disk import Disk
from storage.register import stamps
from storage.register.checkpoint import Vkey
from storage.store import Store


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


async def export(store_path: Path, order: Order) -> Evidence:
    """Writes the package; what it is of. `Unusable`, StoreError, OSError; then there is no package."""
    package.require_free(order.output)
    async with await Store.open_read_only(store_path) as store:
        evidence = await gather.gather(
            store, order.call, settings_sha256=order.settings_sha256, witnesses=order.witnesses
        )
        original = store.path_of(evidence.call)
        disk, root = store.disk, store.root
    if original is not None and not original.endswith(".wav"):
        raise Unusable(
            f"The recording of call {order.call} is sealed, and a package is made of plain ones alone.",
            hint="Copy it with: recorder export --identity FILE",
        )
    recording = None if original is None else await asyncio.to_thread(_hashed, evidence, Path(original))
    if evidence.proven is not None:
        proven = await asyncio.to_thread(_stamped, evidence.proven, root, disk, order)
        evidence = replace(evidence, proven=proven)
    files = package.contents(evidence)
    manifest = package.manifest(evidence, files, recording)
    manifest_sha256 = hashlib.sha256(manifest).hexdigest()
    [entry] = await enter_copies(
        store_path, [evidence.call], who=order.who, reason=order.reason, at_ns=order.at_ns, form="evidence",
        manifest_sha256=manifest_sha256,
    )  # fmt: skip
    custody = Custody(
        at_ns=order.at_ns, who=order.who, machine=socket.gethostname(), how=order.how, reason=order.reason,
        clock=order.clock, entry=entry, manifest_sha256=manifest_sha256,
    )  # fmt: skip
    files |= {names.MANIFEST: manifest, **package.papers(evidence, manifest, custody)}
    streamed = {}
    if recording is not None and original is not None:
        streamed[recording.name] = lambda: package.read_in_pieces(Path(original))
    await asyncio.to_thread(package.write, order.output, files, streamed)
    return evidence


def _hashed(evidence: Evidence, original: Path) -> File:
    """The recording, if it is the one that the row names."""
    with original.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        size = os.fstat(file.fileno()).st_size
    audio = evidence.call.recording
    if audio is None or sha256 != audio.sha256.hex():
        raise Unusable(
            f"{original} isn't the recording that its row names.", hint="Look for what happened with: recorder verify"
        )
    return File(name=original.name, size=size, sha256=sha256)


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
