"""A disk that breaks at a chosen step: the power goes, or the operation fails."""

from __future__ import annotations

import os

from storage.disk import Disk, Entry, Space, Status


class PowerCut(Exception):
    """Nothing is written any more. Not an OSError: no code may take it for a fault that it can deal with."""


class FragileDisk(Disk):
    """Passes everything on to `inner`, and counts the operations that change something.

    Before operation number `fail_before` (from 0) it raises `error`, from then on at each (`always`) or this once.
    Without `error` it is a PowerCut, and lasts. `steps` are the operations by name, in order.
    """

    def __init__(
        self,
        inner: Disk | None = None,
        *,
        fail_before: int | None = None,
        error: int | None = None,
        always: bool = False,
        only: str = "",
    ) -> None:
        super().__init__()
        self.inner = inner or Disk()
        self.steps: list[str] = []
        self.fired = False
        self._fail_before = fail_before
        self._error = error
        self._always = always
        self._only = only
        self._open: set[int] = set()

    def step(self, name: str) -> None:
        """One more operation; tests call it too, for what isn't the disk's."""
        if self._only and name != self._only:
            return
        number = len(self.steps)
        self.steps.append(name)
        if self._fail_before is None or number < self._fail_before:
            return
        if self._error is None:
            self.fired = True
            raise PowerCut(f"before step {number}, {name}")
        if self._always or not self.fired:
            self.fired = True
            raise OSError(self._error, os.strerror(self._error))

    def fail_from_now(self) -> None:
        """The next operation fails, as was asked for at the beginning."""
        self._fail_before = len(self.steps)

    def heal(self) -> None:
        self._fail_before = None

    def let_go(self) -> None:
        """Closes whatever is open, as the end of a process does."""
        for fd in list(self._open):
            self.close(fd)

    def create(self, path: str) -> int:
        self.step("create")
        return self._opened(self.inner.create(path))

    def write(self, fd: int, data: memoryview, offset: int) -> None:
        self.step("write")
        self.inner.write(fd, data, offset)

    def truncate(self, fd: int, size: int) -> None:
        self.step("truncate")
        self.inner.truncate(fd, size)

    def sync_file(self, fd: int) -> None:
        self.step("sync_file")
        self.inner.sync_file(fd)

    @property
    def has_sync_all(self) -> bool:
        return self.inner.has_sync_all

    def sync_all(self, directory: int) -> None:
        self.step("sync_all")
        self.inner.sync_all(directory)

    def sync_directory(self, path: str) -> None:
        self.step("sync_directory")
        self.inner.sync_directory(path)

    def make_directory(self, path: str, *, below: str | None = None) -> None:
        self.step("make_directory")
        self.inner.make_directory(path, below=below)

    def rename_new(self, old: str, new: str) -> None:
        self.step("rename_new")
        self.inner.rename_new(old, new)

    def replace(self, old: str, new: str) -> None:
        self.step("replace")
        self.inner.replace(old, new)

    def unlink(self, path: str) -> None:
        self.step("unlink")
        self.inner.unlink(path)

    def remove_directory(self, path: str) -> None:
        self.step("remove_directory")
        self.inner.remove_directory(path)

    # What changes nothing can't break

    def open(self, path: str, *, write: bool = False) -> int:
        return self._opened(self.inner.open(path, write=write))

    def open_directory(self, path: str) -> int:
        return self._opened(self.inner.open_directory(path))

    def lock(self, path: str) -> int:
        return self._opened(self.inner.lock(path))

    def close(self, fd: int) -> None:
        self._open.discard(fd)
        self.inner.close(fd)

    def read_into(self, fd: int, buffer: memoryview, offset: int) -> int:
        return self.inner.read_into(fd, buffer, offset)

    def size(self, fd: int) -> int:
        return self.inner.size(fd)

    def holes(self, fd: int, start: int, end: int) -> list[tuple[int, int]]:
        return self.inner.holes(fd, start, end)

    def make_private(self, path: str) -> None:
        self.inner.make_private(path)

    def list(self, path: str) -> list[Entry]:
        return self.inner.list(path)

    def sizes(self, path: str) -> list[tuple[str, int]]:
        return self.inner.sizes(path)

    def status(self, path: str) -> Status | None:
        return self.inner.status(path)

    def space(self, path: str) -> Space:
        return self.inner.space(path)

    def is_locked(self, path: str) -> bool:
        return self.inner.is_locked(path)

    def _opened(self, fd: int) -> int:
        self._open.add(fd)
        return fd
