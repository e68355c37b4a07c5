"""A disk in memory that forgets, at a crash, any part of what was not synced.

Each write to a file since its last sync is kept, lost, or kept up to some sector; each change of a folder since its
last sync is kept or lost, whatever became of the others. Real file systems lose less, and in better order. A rename
is atomic; nothing else is. SQLite isn't in it: catalogue and key store lie on the real disk, and a commit is a commit.
"""

from __future__ import annotations

import errno
import itertools
import os
import random
from dataclasses import dataclass, field

from storage.disk import Disk, Entry, Space, Status
from storage.layout import CATALOGUE, KEYS

SECTOR = 512


@dataclass(eq=False)
class _File:
    number: int
    data: bytearray = field(default_factory=bytearray)
    durable: bytearray = field(default_factory=bytearray)
    pending: list[tuple[int, bytes | None]] = field(default_factory=list)  # (offset, bytes), or (new size, None)

    def sync(self) -> None:
        self.durable = bytearray(self.data)
        self.pending.clear()


@dataclass(eq=False)
class _Folder:
    number: int
    names: dict[str, _File | _Folder] = field(default_factory=dict)
    durable: dict[str, _File | _Folder] = field(default_factory=dict)
    pending: list[dict[str, _File | _Folder | None]] = field(default_factory=list)  # name: what it is now, or nothing

    def change(self, changes: dict[str, _File | _Folder | None]) -> None:
        self.pending.append(changes)
        _apply(self.names, changes)

    def sync(self) -> None:
        self.durable = dict(self.names)
        self.pending.clear()


def _apply(names: dict[str, _File | _Folder], changes: dict[str, _File | _Folder | None]) -> None:
    for name, node in changes.items():
        if node is None:
            names.pop(name, None)
        else:
            names[name] = node


def _write(data: bytearray, offset: int, piece: bytes | None) -> None:
    if piece is None:
        del data[offset:]
        data.extend(bytes(offset - len(data)))
        return
    if len(data) < offset + len(piece):
        data.extend(bytes(offset + len(piece) - len(data)))
    data[offset : offset + len(piece)] = piece


class SimulatedDisk(Disk):
    """See above. `crash` gives the disk that is found after the power came back."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._root = _Folder(0)
        self._open: dict[int, _File | _Folder] = {}
        self._locked: set[str] = set()

    def crash(self, chance: random.Random) -> SimulatedDisk:
        """What is left. How much is forgotten differs from crash to crash: from nothing to all of it."""
        keep = chance.choice([0.0, 0.2, 0.5, 0.8, 1.0])
        after = SimulatedDisk()
        after._numbers = self._numbers
        copies: dict[int, _File | _Folder] = {0: after._root}

        def copy_of(node: _File | _Folder) -> _File | _Folder:
            if node.number not in copies:
                if isinstance(node, _File):
                    data = bytearray(node.durable)
                    for offset, piece in node.pending:
                        if chance.random() < keep:
                            if piece is not None and chance.random() < 0.3:
                                piece = piece[: chance.randrange(0, len(piece) + 1) // SECTOR * SECTOR]
                            _write(data, offset, piece)
                    copies[node.number] = _File(node.number, data, bytearray(data))
                else:
                    copies[node.number] = _Folder(node.number)
                    fill(node)
            return copies[node.number]

        def fill(folder: _Folder) -> None:
            names = dict(folder.durable)
            for changes in folder.pending:
                if chance.random() < keep:
                    _apply(names, changes)
            copied = copies[folder.number]
            assert isinstance(copied, _Folder)
            copied.names = {name: copy_of(node) for name, node in names.items()}
            copied.durable = dict(copied.names)

        fill(self._root)
        return after

    # Files

    def create(self, path: str) -> int:
        folder, name = self._place(path)
        if name in folder.names:
            raise FileExistsError(errno.EEXIST, "exists", path)
        file = _File(next(self._numbers))
        folder.change({name: file})
        if name in (CATALOGUE, KEYS):
            open(path, "ab").close()
        return self._opened(file)

    def open(self, path: str, *, write: bool = False) -> int:
        node = self._node(path)
        if not isinstance(node, _File):
            raise OSError(errno.EINVAL, "not a regular file", path)
        return self._opened(node)

    def close(self, fd: int) -> None:
        del self._open[fd]

    def write(self, fd: int, data: memoryview, offset: int) -> None:
        file, piece = self._file(fd), bytes(data)
        file.pending.append((offset, piece))
        _write(file.data, offset, piece)

    def read_into(self, fd: int, buffer: memoryview, offset: int) -> int:
        piece = self._file(fd).data[offset : offset + len(buffer)]
        buffer[: len(piece)] = piece
        return len(piece)

    def size(self, fd: int) -> int:
        return len(self._file(fd).data)

    def truncate(self, fd: int, size: int) -> None:
        file = self._file(fd)
        file.pending.append((size, None))
        _write(file.data, size, None)

    def holes(self, fd: int, start: int, end: int) -> list[tuple[int, int]]:
        return []

    # Making it last

    def sync_file(self, fd: int) -> None:
        self._file(fd).sync()

    @property
    def has_sync_all(self) -> bool:
        return True

    def sync_all(self, directory: int) -> None:
        def sync(folder: _Folder) -> None:
            folder.sync()
            for node in folder.names.values():
                sync(node) if isinstance(node, _Folder) else node.sync()

        sync(self._root)

    def sync_directory(self, path: str) -> None:
        self._folder(path).sync()

    # Names

    def open_directory(self, path: str) -> int:
        return self._opened(self._folder(path))

    def make_directory(self, path: str, *, below: str | None = None) -> None:
        parent = os.path.dirname(path)
        if path == "/":
            return
        self.make_directory(parent)
        folder, name = self._place(path)
        if name not in folder.names:
            folder.change({name: _Folder(next(self._numbers))})
            self.sync_directory(parent)

    def make_private(self, path: str) -> None:
        pass

    def rename_new(self, old: str, new: str) -> None:
        node, (folder, new_name) = self._node(old), self._place(new)
        if new_name in folder.names:
            raise FileExistsError(errno.EEXIST, "exists", new)
        assert os.path.dirname(old) == os.path.dirname(new), "a rename between folders isn't simulated"
        folder.change({os.path.basename(old): None, new_name: node})

    def replace(self, old: str, new: str) -> None:
        node, (folder, new_name) = self._node(old), self._place(new)
        assert os.path.dirname(old) == os.path.dirname(new), "a rename between folders isn't simulated"
        folder.change({os.path.basename(old): None, new_name: node})

    def unlink(self, path: str) -> None:
        self._node(path)
        folder, name = self._place(path)
        folder.change({name: None})

    def remove_directory(self, path: str) -> None:
        if self._folder(path).names:
            raise OSError(errno.ENOTEMPTY, "not empty", path)
        folder, name = self._place(path)
        folder.change({name: None})

    def list(self, path: str) -> list[Entry]:
        names = self._folder(path).names
        return sorted(Entry(name, "file" if isinstance(node, _File) else "directory") for name, node in names.items())

    def sizes(self, path: str) -> list[tuple[str, int]]:
        names = self._folder(path).names
        return [(name, len(node.data) if isinstance(node, _File) else -1) for name, node in names.items()]

    def status(self, path: str) -> Status | None:
        try:
            node = self._node(path)
        except FileNotFoundError:
            return None
        if isinstance(node, _File):
            return Status("file", len(node.data), 0o600, 0, 0, (0, node.number), 0)
        return Status("directory", 0, 0o700, 0, 0, (0, node.number), 0)

    def space(self, path: str) -> Space:
        return Space(1 << 40, 1 << 39, 0, 0)

    def lock(self, path: str) -> int:
        if path in self._locked:
            raise BlockingIOError(errno.EAGAIN, "held", path)
        try:
            return self.open(path)
        except FileNotFoundError:
            return self.create(path)

    def is_locked(self, path: str) -> bool:
        return path in self._locked

    def _opened(self, node: _File | _Folder) -> int:
        fd = next(self._numbers)
        self._open[fd] = node
        return fd

    def _file(self, fd: int) -> _File:
        node = self._open[fd]
        assert isinstance(node, _File)
        return node

    def _node(self, path: str) -> _File | _Folder:
        node: _File | _Folder = self._root
        for name in path.strip("/").split("/") if path != "/" else ():
            if not isinstance(node, _Folder) or name not in node.names:
                raise FileNotFoundError(errno.ENOENT, "no such file", path)
            node = node.names[name]
        return node

    def _folder(self, path: str) -> _Folder:
        node = self._node(path)
        if not isinstance(node, _Folder):
            raise NotADirectoryError(errno.ENOTDIR, "not a directory", path)
        return node

    def _place(self, path: str) -> tuple[_Folder, str]:
        folder, name = os.path.split(path)
        return self._folder(folder), name
