"""The procedure Erase of docs/storage.md, by its numbers. It may be broken off anywhere and is then finished by the
next start or sweep; another process may record into the store meanwhile.

Whoever has a recording open goes on reading it: the name goes, and the bytes once nobody reads them.
"""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Sequence

from storage import layout
from storage.disk import Disk
from storage.errors import DiskFailed
from storage.register import Draft
from storage.ring import holds, media
from storage.ring.apply import ERASED
from storage.ring.ring import Ring, to_its_end
from storage.ring.values import Erased, Ground
from storage.rows import Row

GROUP = 100  # calls in one entry of the register: a hold placed meanwhile waits for no more
_KNOWN = (
    "select call.id, call.started_ns, recording.path, recording.sha256, ring_call.bytes, recording.medium from call "
    "join ring_call on ring_call.call = call.number left join recording on recording.call = call.number "
    "where ring_call.started_ns = call.started_ns and call.id in"
)

Doomed = tuple[int, str, str]  # medium, path, the call's id


async def erase(ring: Ring, ids: Sequence[str], ground: Ground, *, at_ns: int, who: str) -> Erased:
    """Erases calls with their recordings, unless a hold covers them by now. `at_ns` is the instant as of which the
    rule has ended. DiskFailed if register or catalogue can't be written; what was entered by then is erased later."""
    erased: list[str] = []
    left: list[str] = []
    size = 0
    for start in range(0, len(ids), GROUP):
        some = list(ids[start : start + GROUP])
        gone, doomed, gone_bytes = await _enter(ring, some, ground, at_ns, who)
        erased += gone
        size += gone_bytes
        left += await _take_away(ring, doomed)
    if erased:
        await _tidy(ring)
    known = set(erased)
    spared = tuple(one for one in ids if one not in known)
    return Erased(erased=tuple(erased), spared=spared, left=tuple(left), bytes=size)


async def finish(ring: Ring) -> list[str]:
    """Steps 4 to 6 for whatever was broken off; the files that the disk didn't give up yet."""
    left: list[str] = []
    after: Doomed = (-1, "", "")
    while True:
        rows = await ring.catalogue.query(
            "select medium, path, id from doomed where (medium, path, id) > (?, ?, ?) "
            "order by medium, path, id limit ?", (*after, 10 * GROUP),
        )  # fmt: skip
        if not rows:
            return left
        left += await _take_away(ring, [(row[0], row[1], row[2]) for row in rows])
        after = (rows[-1][0], rows[-1][1], rows[-1][2])


async def _enter(
    ring: Ring, ids: Sequence[str], ground: Ground, at_ns: int, who: str
) -> tuple[list[str], list[Doomed], int]:
    """Steps 1 to 3: the ids whose rows are gone now, what is to be taken away with them, and how many bytes that is."""
    async with ring.writing() as pen:
        held = await holds.spared(ring, ids, at_ns)
        rows = await ring.catalogue.select_in(_KNOWN, [one for one in ids if one not in held])
        rows.sort(key=lambda row: (row[1], row[0]))
        if not rows:
            return [], [], 0
        fields = {
            "rule": ground.rule, "article": ground.article, "reason": ground.reason,
            "calls": [_said(row) for row in rows],
        }  # fmt: skip
        await pen.enter([Draft(at_ns, ERASED, who, fields)])
    doomed: list[Doomed] = []
    for call_id, started_ns, path, _, _, medium in rows:
        doomed += [(medium, path, call_id)] if path is not None else []
        doomed.append((0, layout.day_file(started_ns), call_id))
    return [row[0] for row in rows], doomed, sum(row[4] for row in rows)


def _said(row: Row) -> dict[str, object]:
    """A call as the register keeps it: nothing that tells whose it was."""
    call_id, started_ns, path, sha256, size, medium = row
    if path is None:
        return {"id": call_id, "started_ns": started_ns}
    said: dict[str, object] = {
        "id": call_id, "started_ns": started_ns, "path": path, "bytes": size, "sha256": sha256.hex(),
    }  # fmt: skip
    return said if medium == 0 else {**said, "medium": medium}


async def _tidy(ring: Ring) -> None:
    """Nothing of what was erased stays in side tables or in SQLite's log. Somebody who is reading just then puts the
    log off until the next time; the erased pages themselves are written over at once (secure_delete)."""
    try:
        async with ring.catalogue.transaction() as writer:
            await writer.execute("delete from scope where number not in (select scope from ring_call)")
        await ring.catalogue.empty_log()
    except sqlite3.OperationalError:  # busy: the recorder comes first
        return


async def _take_away(ring: Ring, doomed: Sequence[Doomed]) -> list[str]:
    """Steps 4 to 6: the files that are still there."""
    roots = await media.roots(ring)
    gone, left = await to_its_end(lambda: _unlink(ring.disk, roots, doomed))
    try:
        async with ring.catalogue.transaction() as writer:
            await writer.executemany("delete from doomed where medium = ? and path = ? and id = ?", gone)
    except sqlite3.Error as error:
        raise DiskFailed(f"The catalogue {ring.catalogue.path} could not be written: {error}.") from error
    return left


def _unlink(disk: Disk, roots: dict[int, str], doomed: Sequence[Doomed]) -> tuple[list[Doomed], list[str]]:
    """Steps 4 and 5: what is gone for good, and the files that the disk or a missing medium keeps."""
    by_folder: dict[tuple[int, str], list[Doomed]] = {}
    for one in doomed:
        by_folder.setdefault((one[0], os.path.dirname(one[1])), []).append(one)
    gone: list[Doomed] = []
    left: list[str] = []
    for (medium, folder), some in by_folder.items():
        root = roots.get(medium)
        try:
            if root is None:
                raise OSError(errno.ENODEV, "the medium isn't there")
            if _is_ours(disk, root, folder):
                _empty(disk, root, folder, some)
            gone += some
        except OSError:  # the disk, or a link where a folder of ours should be: both are told by name
            left += sorted({path for _, path, _ in some})
    return gone, left


def _empty(disk: Disk, root: str, folder: str, doomed: Sequence[Doomed]) -> None:
    lines: set[str] = set()
    for _, path, call_id in doomed:
        if os.path.basename(path) == layout.DAY_FILE:
            lines.add(call_id)
        elif disk.status(os.path.join(root, path)) is not None:
            disk.unlink(os.path.join(root, path))
    disk.sync_directory(os.path.join(root, folder))
    while folder and not disk.list(os.path.join(root, folder)):
        try:
            disk.remove_directory(os.path.join(root, folder))
        except OSError as error:
            if error.errno != errno.ENOTEMPTY:  # a call has just begun there
                raise
            break
        folder = os.path.dirname(folder)
        disk.sync_directory(os.path.join(root, folder))


def _is_ours(disk: Disk, root: str, folder: str) -> bool:
    """Whether the folder is there, all the way down; OSError if a link or a file is in its place."""
    path = root
    for name in folder.split("/"):
        path = os.path.join(path, name)
        found = disk.status(path)
        if found is None:
            return False
        if found.kind != "directory":
            raise NotADirectoryError(errno.ENOTDIR, "not a directory", path)
    return True
