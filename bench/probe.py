"""Run a recorder, and note when what it captured was safe on the disk.

    python -m bench.probe NOTES run --store DIR --interface eth1

NOTES gets rows of four 64-bit numbers: what it is, and three times in nanoseconds since 1970.

    0  audio was written     captured first, captured last, written
    1  a sync                begun, done, 0
    2  a call was entered    ended, entered, 0

Noting costs the recorder about a microsecond a row, which is part of what is measured.
"""

from __future__ import annotations

import struct
import sys
import time
from collections.abc import Sequence
from typing import Any, BinaryIO

from recorder.__main__ import main
from storage.disk import Disk
from storage.parts import PartFile
from storage.records import CallRecord
from storage.store import Finished, Store

WRITTEN, SYNCED, ENTERED = 0, 1, 2
FRAME_NS = 125_000
ROW = struct.Struct("=4q")


def install(notes: BinaryIO) -> None:
    """From now on this process notes what it writes, syncs and enters."""
    write, sync_all, finish = PartFile.write, Disk.sync_all, Store.finish

    def noted_write(self: PartFile, frame: int, data: Any) -> None:
        write(self, frame, data)
        count = memoryview(data).nbytes // self.frame_bytes
        first = self.starts_ns + frame * FRAME_NS
        notes.write(ROW.pack(WRITTEN, first, first + count * FRAME_NS, time.time_ns()))

    def noted_sync(self: Disk, directory: int) -> None:
        began = time.time_ns()
        sync_all(self, directory)
        notes.write(ROW.pack(SYNCED, began, time.time_ns(), 0))

    async def noted_finish(self: Store, finished: Sequence[Finished]) -> list[CallRecord]:
        entered = await finish(self, finished)
        now = time.time_ns()
        for call in entered:
            notes.write(ROW.pack(ENTERED, call.ended_ns, now, 0))
        return entered

    PartFile.write, Disk.sync_all, Store.finish = noted_write, noted_sync, noted_finish  # type: ignore[method-assign]


if __name__ == "__main__":
    with open(sys.argv[1], "wb", buffering=1 << 16) as file:
        install(file)
        sys.argv[1:] = sys.argv[2:]
        status = main()
    sys.exit(status)
