"""A store for looking at: its calls, where their recordings lie, what was counted.

Takes no lock and changes nothing, so any number of processes may read beside the one that writes.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import AsyncGenerator, AsyncIterator, Collection, Mapping
from types import TracebackType
from typing import Self

from storage import layout, meta
from storage.catalogue import Catalogue, unusable
from storage.disk import Disk
from storage.errors import disk_failed
from storage.records import CallRecord
from storage.search import Found, Wanted
from storage.tallies import Run, Tally


class StoreReader:
    """A store for looking at, while another process may be writing to it. Made by `Store.open_read_only`."""

    def __init__(
        self, root: str, uuid: str, disk: Disk, catalogue: Catalogue, media: Mapping[int, tuple[str, str]]
    ) -> None:
        self.root = root
        self.uuid = uuid
        self.disk = disk
        self.catalogue = catalogue
        self._media = media  # where recordings lie besides the store's own folder

    def calls(self, begin_ns: int = -(2**63), end_ns: int = 2**63 - 1) -> AsyncIterator[CallRecord]:
        """Every call that has ended, oldest first (by start, then by id); those that started in that time, if one is
        given (the end is not in it)."""
        return self.catalogue.calls(begin_ns, end_ns)

    async def search(self, wanted: Wanted, *, limit: int = 50, offset: int = 0) -> Found:
        """A page of the calls that are wanted, newest first, and how many there are. ValueError if `limit` is over
        500."""
        return await self.catalogue.search(wanted, limit=limit, offset=offset)

    def matching(self, wanted: Wanted, *, newest_first: bool = False) -> AsyncGenerator[CallRecord, None]:
        """All calls that are wanted, oldest first."""
        return self.catalogue.matching(wanted, newest_first=newest_first)

    def is_written_to(self) -> bool:
        """Whether a process has this store open for writing."""
        return self.disk.is_locked(os.path.join(self.root, layout.LOCK))

    async def runs(self) -> list[Run]:
        """Every time that captures were read into this store."""
        return await self.catalogue.runs()

    async def tallies(self, day: str | None = None) -> list[Tally]:
        """What was counted on a Japanese day (as in 2026-11-22), or on all days; by run, day and reason."""
        return await self.catalogue.tallies(day)

    async def get(self, call_id: str) -> CallRecord | None:
        """The call of that id, None if there is none."""
        return await self.catalogue.get(call_id)

    async def has(self, ids: Collection[str]) -> set[str]:
        """Those of the ids that are in the catalogue."""
        return await self.catalogue.has(ids)

    def path_of(self, call: CallRecord) -> str | None:
        """The absolute path of the call's recording, on the medium where it lies; None if it has none."""
        if call.recording is None:
            return None
        _, folder = self._media.get(call.recording.medium, ("", self.root))
        return os.path.join(folder, call.recording.path)

    async def close(self) -> None:
        await self.catalogue.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


async def open_read_only(path: str | os.PathLike[str], *, disk: Disk | None = None) -> StoreReader:
    """The store in the folder `path`, for looking at. StoreError if it is none, or of a newer version; DiskFailed if
    it can't be read."""
    disk = disk or Disk()
    root = layout.root_of(path)
    try:
        meta.require_folder(root, disk)
        said = meta.read(root, disk)
    except OSError as error:
        raise disk_failed(f"The store {root} can't be opened", error) from error
    if said is None:
        raise meta.no_store(root)
    catalogue = await Catalogue.open_read_only(os.path.join(root, layout.CATALOGUE), uuid=said.uuid)
    try:
        return StoreReader(root, said.uuid, disk, catalogue, await catalogue.media())
    except sqlite3.DatabaseError as error:
        await catalogue.close()
        raise unusable(catalogue.path, error) from error
    except BaseException:
        await catalogue.close()
        raise
