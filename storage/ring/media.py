"""The second medium, and the procedure Move of docs/storage.md, by its numbers.

The second medium is a folder elsewhere; recordings lie in it as in the first. Its `second.json` names the store that
it belongs to and itself: a folder that is empty because nothing is mounted there is never taken for it. As long as it
isn't there, what should move stays where it is.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from dataclasses import dataclass

from storage import completing, packet_file
from storage.disk import Disk
from storage.errors import StoreError
from storage.register import Draft
from storage.ring import second, taking_away
from storage.ring.apply import COPYING, MEDIUM, MOVED
from storage.ring.ring import Ring, to_its_end
from storage.ring.taking_away import Doomed

SECOND = 1
_GROUP = 50  # recordings in one entry of the register
_READ_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Moved:
    """What became of recordings that were to be moved."""

    moved: tuple[str, ...]  # ids
    kept: tuple[str, ...]  # the disk refused, or they were gone or altered: they lie where they lay
    left: tuple[str, ...]  # files in the first medium that the disk didn't give up yet


async def move(ring: Ring, ids: Sequence[str], folder: str, *, at_ns: int, who: str) -> Moved:
    """Moves recordings to the second medium in `folder`, which becomes it if the store never had one.

    StoreError if that folder isn't the store's second medium, or isn't there.
    """
    folder = os.path.abspath(folder)  # noqa: ASYNC240 (looks at no disk)
    await _attach(ring, folder, at_ns, who)
    moved: list[str] = []
    left: list[str] = []
    for start in range(0, len(ids), _GROUP):
        some = await _copy(ring, ids[start : start + _GROUP], folder)
        done, files = await _switch(ring, some, at_ns, who)
        moved += done
        left += files
    known = set(moved)
    return Moved(tuple(moved), tuple(one for one in ids if one not in known), tuple(left))


async def _attach(ring: Ring, folder: str, at_ns: int, who: str) -> None:
    """Makes sure that the folder is the second medium; the first to be named becomes it, if it is empty."""
    known = (await ring.catalogue.media()).get(SECOND)
    there = await to_its_end(lambda: second.read(folder, ring.disk))
    if known is not None:
        uuid, path = known
        if there != (ring.uuid, uuid):
            raise StoreError(
                f"{folder} isn't the second medium {uuid} of this store.", hint="Mount the right disk there."
            )
        if path == folder:
            return
    elif there is not None and there[0] != ring.uuid:
        raise StoreError(f"{folder} is the second medium of another store.", hint="Name an empty folder.")
    else:
        uuid = there[1] if there is not None else await to_its_end(lambda: second.write(folder, ring.uuid, ring.disk))
    async with ring.writing() as pen:
        await pen.enter([Draft(at_ns, MEDIUM, who, {"medium": SECOND, "uuid": uuid, "path": folder})])


async def _copy(ring: Ring, ids: Sequence[str], folder: str) -> list[tuple[str, str, bool]]:
    """Steps 1 and 2: (id, path, whether packets lie beside it) of those whose copies are on the second medium, proven
    by their hashes."""
    rows = await ring.catalogue.select_in(
        "select call.id, recording.path, recording.sha256, packets_sha256 from call "
        "join recording on recording.call = call.number where recording.medium = 0 and call.id in", list(ids),
    )  # fmt: skip
    rows.sort(key=lambda row: str(row[1]))

    def copy_all() -> list[tuple[str, str, bool]]:
        copied = []
        for call_id, path, sha256, packets in rows:
            files = [(path, sha256)] if packets is None else [(packet_file.path_of(path), packets), (path, sha256)]
            with contextlib.suppress(OSError):  # it stays where it is, and the caller names it
                if all(
                    _copy_one(ring.disk, os.path.join(ring.root, name), os.path.join(folder, name), expected)
                    for name, expected in files
                ):
                    copied.append((call_id, path, packets is not None))
        for name in {os.path.dirname(path) for _, path, _ in copied}:
            ring.disk.sync_directory(os.path.join(folder, name))
        return copied

    return await to_its_end(copy_all)


def _copy_one(disk: Disk, original: str, copy: str, sha256: bytes) -> bool:
    """Whether a copy with that hash is there now under its name. OSError if a disk prevents it."""
    if disk.status(copy) is not None:  # of a move that was broken off
        if _hash(disk, copy) == sha256:
            return True
        disk.unlink(copy)
    disk.make_directory(os.path.dirname(copy))
    new = copy + COPYING
    if disk.status(new) is not None:
        disk.unlink(new)
    source = disk.open(original)
    try:
        target = disk.create(new)
        try:
            buffer = memoryview(bytearray(_READ_BYTES))
            offset = 0
            while came := disk.read_into(source, buffer, offset):
                disk.write(target, buffer[:came], offset)
                offset += came
            disk.sync_file(target)
        finally:
            disk.close(target)
    finally:
        disk.close(source)
    if _hash(disk, new) != sha256:
        disk.unlink(new)  # altered where it lay, or by a disk: verify says which
        return False
    disk.rename_new(new, copy)
    return True


def _hash(disk: Disk, path: str) -> bytes:
    fd = disk.open(path)
    try:
        return completing.hash_file(disk, fd)[0]
    finally:
        disk.close(fd)


async def _switch(
    ring: Ring, copied: Sequence[tuple[str, str, bool]], at_ns: int, who: str
) -> tuple[list[str], list[str]]:
    """Steps 3 to 7: the rows name the second medium, then the files go from the first. Ids, and files that stayed."""
    async with ring.writing() as pen:
        there = await ring.catalogue.has([call_id for call_id, _, _ in copied])
        some = [one for one in copied if one[0] in there]
        if not some:
            return [], []
        calls = [{"id": call_id, "path": path} for call_id, path, _ in some]
        await pen.enter([Draft(at_ns, MOVED, who, {"medium": SECOND, "calls": calls})])
    doomed: list[Doomed] = [(0, path, call_id) for call_id, path, _ in some]
    doomed += [(0, packet_file.path_of(path), call_id) for call_id, path, has_packets in some if has_packets]
    return [call_id for call_id, _, _ in some], await taking_away.take_away(ring, doomed)
