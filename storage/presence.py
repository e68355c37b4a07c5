"""Whether everything is there, told by names and sizes alone: seconds for what `storage.verification` needs hours for.

Each row with a recording has its file, with the size that its frames need; each file has its row. Folders are read
once each, rows in the order of their paths, and the two are held against each other folder by folder.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator

from storage import layout
from storage.disk import Disk
from storage.layout import DAY_FILE
from storage.rebuild import dayfile
from storage.store import Store
from storage.verification import Finding

Rows = list[tuple[str, int]]  # (path relative to the store, bytes)


async def verify_presence(path: str | os.PathLike[str], *, disk: Disk | None = None) -> AsyncIterator[Finding]:
    """Every recording that is missing, has another size, or has no row; and every name in a day's folder that is no
    file of ours. StoreError if there is no store, or if its catalogue can't be read."""
    disk = disk or Disk()
    root = os.path.abspath(os.fspath(path))  # noqa: ASYNC240 (looks at no disk)
    async with await Store.open_read_only(path, disk=disk) as store:
        is_written_to = store.is_written_to()
        folders = set(await asyncio.to_thread(lambda: list(dayfile.iter_days(root, disk))))
        folders |= await store.catalogue.folders()
        for folder in sorted(folders):
            rows = await store.catalogue.sizes(folder)
            files = await asyncio.to_thread(_sizes, root, folder, disk)
            for finding in _compare(folder, rows, files):
                if finding.kind == "row_missing" and is_written_to:
                    await asyncio.sleep(1)  # a recorder that runs names a file first
                    packets = layout.packets_of(finding.where)
                    if packets is not None and await store.catalogue.with_packets([packets.id]):
                        continue
                    if packets is None and not await store.catalogue.without([finding.where]):
                        continue
                yield finding


def _sizes(root: str, folder: str, disk: Disk) -> dict[str, int]:
    """Bytes of each name in the folder, -1 for what is no file. No names if there is no folder."""
    try:
        return dict(disk.sizes(os.path.join(root, folder)))
    except (FileNotFoundError, NotADirectoryError):
        return {}


def _compare(folder: str, rows: Rows, files: dict[str, int]) -> list[Finding]:
    found: list[Finding] = []
    for where, size in rows:
        have = files.pop(where.rpartition("/")[2], None)
        if have is None:
            found.append(Finding("file_missing", where, f"{where} is missing."))
        elif have < 0:
            found.append(Finding("not_a_file", where, f"{where} is not an ordinary file."))
        elif have != size:
            found.append(Finding("size_wrong", where, f"{where} has {have} bytes, and should have {size}."))
    for name, size in files.items():
        where = f"{folder}/{name}"
        parsed = layout.parse(where) or layout.packets_of(where)
        if size < 0:
            found.append(Finding("not_a_file", where, f"{where} is neither a file nor a folder."))
        elif parsed is None and name != DAY_FILE:
            found.append(Finding("unexpected_file", where, f"{where} doesn't belong here."))
        elif parsed is not None and not parsed.ending:
            found.append(Finding("row_missing", where, f"{where} has no row in the catalogue."))
    return found
