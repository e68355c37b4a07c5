"""Recordings that a recorder left growing, and with which the next one goes on.

`Store.open` with `leave_growing` leaves each `.part` as it is; `Store.go_on` then says with which of them, and has the
others recovered as any start does.
"""

from __future__ import annotations

import os
from typing import NamedTuple

from storage import layout, wav
from storage.disk import Disk
from storage.errors import DiskFailed
from storage.layout import Name
from storage.parts import FilePool, PartFile
from storage.records import CallRecord
from storage.recovery import read_head
from storage.sealed.seals import Seals


class Growing(NamedTuple):
    """A recording that goes on."""

    file: PartFile  # as long as it had become
    call: CallRecord  # as its head tells it


def reopen(root: str, disk: Disk, pool: FilePool, name: Name, seals: Seals) -> Growing | None:
    """The recording to be gone on with; None if it can't be: its head is torn, or it is complete."""
    if name.is_sealed:
        try:
            found = seals.reopen(pool, name)
        except (OSError, DiskFailed):
            return None  # as below
        return None if found is None else Growing(*found)
    path = os.path.join(root, name.recording) + layout.PART
    try:
        fd = disk.open(path, write=True)
        try:
            header, said = read_head(disk, fd, name)
            size = disk.size(fd)
            if header is None or said is None or said.complete or said.call.recording is None:
                return None
            frames = max(0, size - wav.HEADER_BYTES) // header.frame_bytes
            disk.truncate(fd, wav.HEADER_BYTES + frames * header.frame_bytes)
        finally:
            disk.close(fd)
        part = PartFile(
            pool, path, name.recording, encoding=header.encoding, channels=header.channels, frames=frames,
            starts_ns=said.call.recording.starts_ns,
        )  # fmt: skip
    except (OSError, DiskFailed):
        return None  # recovery tries, and tells what it could not make anything of
    return Growing(part, said.call)
