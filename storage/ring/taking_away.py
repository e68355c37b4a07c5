"""What is to be gone from a disk, taken away: steps 4 to 7 of Erase, 5 to 7 of Move.

The catalogue's table `doomed` says what; its rows go when that is gone for good. So it may be broken off anywhere.
"""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Sequence

from storage import layout
from storage.disk import Disk
from storage.errors import DiskFailed
from storage.rebuild import dayfile
from storage.ring import second
from storage.ring.ring import Ring, to_its_end
from storage.sealed.key_store import KeyStore

_AT_ONCE = 1000

Doomed = tuple[int, str, str]  # medium, path, the call's id


async def finish(ring: Ring) -> list[str]:
    """Steps 4 to 6 for whatever was broken off; the files that the disk didn't give up yet."""
    left: list[str] = []
    after: Doomed = (-1, "", "")
    while True:
        rows = await ring.catalogue.query(
            "select medium, path, id from doomed where (medium, path, id) > (?, ?, ?) "
            "order by medium, path, id limit ?", (*after, _AT_ONCE),
        )  # fmt: skip
        if not rows:
            return left
        left += await take_away(ring, [(row[0], row[1], row[2]) for row in rows])
        after = (rows[-1][0], rows[-1][1], rows[-1][2])


async def take_away(ring: Ring, doomed: Sequence[Doomed]) -> list[str]:
    """Steps 4 to 6: the files that are still there. Of sealed recordings that were erased the keys go first: once they
    are gone for good, what is left of a file says nothing to anybody."""
    erased = await ring.catalogue.erased({call_id for _, _, call_id in doomed})  # others were moved
    await to_its_end(lambda: _destroy_keys(ring, erased))
    roots = {0: ring.root, **await second.roots(ring.uuid, ring.catalogue, ring.disk)}
    gone, left = await to_its_end(lambda: _unlink(ring.disk, roots, doomed))
    try:
        async with ring.catalogue.transaction() as writer:
            await writer.executemany("delete from doomed where medium = ? and path = ? and id = ?", gone)
    except sqlite3.Error as error:
        raise DiskFailed(f"The catalogue {ring.catalogue.path} could not be written: {error}.") from error
    return left


def _destroy_keys(ring: Ring, erased: set[str]) -> None:
    """Step 4. DiskFailed if the key store can't be written: then nothing is unlinked yet."""
    if not erased:
        return
    keys = KeyStore.open(ring.root, ring.uuid, ring.disk)
    if keys is None:
        return
    try:
        keys.destroy(erased)
    finally:
        keys.close()


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
    if lines:
        dayfile.remove(root, folder.replace("/", "-"), lines, disk)
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
