"""The checkpoints that were made of a register, in `register/heads/00000001.jsonl` and on, a file for each key.

A line is `{"note": "..."}`, a signed checkpoint (storage.register.checkpoint). It is written again, further down, when
witnesses have signed it, too: of several lines with the same text, signatures add up. What a crash tore at the end is
cut off by the next append. One process writes: the keeper.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from typing import NamedTuple

from storage.disk import Disk
from storage.register.checkpoint import Checkpoint, Note

FOLDER = "register/heads"
_NAME = re.compile(r"(\d{8,})\.jsonl")


class Head(NamedTuple):
    """One line."""

    epoch: int  # by the file it stands in
    line: int  # its number there, from 1
    note: Note | None  # None: it can't be read
    checkpoint: Checkpoint | None


def is_heads(name: str) -> bool:
    """Whether a name in the folder is that of a file of checkpoints."""
    return _NAME.fullmatch(name) is not None


def path_of(root: str, epoch: int) -> str:
    """Where the checkpoints of a key are, of the store in `root`."""
    return os.path.join(root, FOLDER, f"{epoch:08d}.jsonl")


def line_of(note: Note) -> bytes:
    """A checkpoint as it is written."""
    return json.dumps({"note": note.encoded.decode()}, ensure_ascii=True).encode() + b"\n"


def epochs(root: str, disk: Disk) -> list[int]:
    """The numbers of the keys with which anything was signed, in order."""
    folder = os.path.join(root, FOLDER)
    if disk.status(folder) is None:
        return []
    return sorted(int(found[1]) for one in disk.list(folder) if (found := _NAME.fullmatch(one.name)))


def append(path: str, note: Note, disk: Disk) -> None:
    """Writes a checkpoint at the end of a file, which is made if it isn't there, and syncs. OSError."""
    line = line_of(note)
    is_new = disk.status(path) is None
    if is_new:
        disk.make_directory(os.path.dirname(path))
    fd = disk.create(path) if is_new else disk.open(path, write=True)
    try:
        size = disk.size(fd)
        end = size - len(_torn(disk, fd, size))
        if end < size:
            disk.truncate(fd, end)
        disk.write(fd, memoryview(line), end)
        disk.sync_file(fd)
    finally:
        disk.close(fd)
    if is_new:
        disk.sync_directory(os.path.dirname(path))


def read(path: str, epoch: int, disk: Disk) -> Iterator[Head]:
    """Every whole line of a file, none if there is no file. OSError if it can't be read."""
    if disk.status(path) is None:
        return
    fd = disk.open(path)
    try:
        data = bytearray(disk.size(fd))
        disk.read_into(fd, memoryview(data), 0)
    finally:
        disk.close(fd)
    for number, line in enumerate(bytes(data).split(b"\n")[:-1], 1):
        note = parse(line)
        yield Head(epoch, number, note, None if note is None else Checkpoint.parse(note.text))


def read_all(root: str, disk: Disk) -> Iterator[Head]:
    """Every checkpoint in a store, in the order in which they were made."""
    for epoch in epochs(root, disk):
        yield from read(path_of(root, epoch), epoch, disk)


def parse(line: bytes) -> Note | None:
    """The checkpoint in a line, or in a file of its own as another tool has it; None if there is none."""
    try:
        text = json.loads(line)["note"] if line.startswith(b"{") else line.decode()
        note = Note.parse(text.encode())
        Checkpoint.parse(note.text)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return note


def latest(root: str, disk: Disk) -> tuple[int, Note] | None:
    """The newest checkpoint of a store, with every signature on it, and its key's number; None if there is none."""
    for epoch in reversed(epochs(root, disk)):
        notes = [one.note for one in read(path_of(root, epoch), epoch, disk) if one.note is not None]
        if notes:
            same = [one for one in notes if one.text == notes[-1].text]
            return epoch, notes[-1].with_signatures(tuple(sign for one in same for sign in one.signatures))
    return None


def _torn(disk: Disk, fd: int, size: int) -> bytes:
    """What lies behind the last whole line."""
    tail = bytearray(min(size, 1 << 16))
    disk.read_into(fd, memoryview(tail), size - len(tail))
    return bytes(tail).rpartition(b"\n")[2]
