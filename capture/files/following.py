"""A capture that is still being written, read as it comes: a pipe from tcpdump, say.

A thread of its own waits for bytes and copies the frames out, so that who reads them never waits longer than it
wants to, and frames go on being taken while it is busy. `FollowedCapture` is read like a mirror port is.
"""

from __future__ import annotations

import io
import queue
import threading
from itertools import pairwise

import numpy as np

from capture.counters import Counters
from capture.files.opening import CaptureFile, open_capture
from capture.frames import SLACK, FrameBlock

BLOCK_BYTES = 8 << 20
BLOCKS = 64  # that wait to be read; small ones, for those of a busy pipe are large and rare
WAITING_BYTES = 32 << 20  # of them together: then the pipe has to wait


class FollowedCapture:
    """Frames of an open file descriptor, as they come. `close` leaves the descriptor open.

    `counters` and `warnings` are those of a `CaptureFile`, as far as blocks have been read.
    """

    def __init__(self, descriptor: int, *, block_bytes: int = BLOCK_BYTES) -> None:
        self.counters = Counters()
        self.warnings: list[str] = []
        self.ended = False  # there will be no more
        self._file = io.FileIO(descriptor, closefd=False)
        self._block_bytes = block_bytes
        self._blocks: queue.Queue[tuple[FrameBlock, dict[str, int]] | BaseException | CaptureFile] = queue.Queue()
        self._room = threading.Condition()
        self._waiting_bytes = 0
        self._closed = False
        self._counted: dict[str, int] = {}
        # A daemon: it may sit in a read that nothing ends.
        threading.Thread(target=self._follow, name="capture", daemon=True).start()

    def read(self, timeout_s: float) -> list[FrameBlock]:
        """All frames that are there, waiting up to `timeout_s` for the first: at most one block, which stays valid.

        Raises `CaptureFileError` for what is no capture. After the last frame `ended` is set.
        """
        if self.ended:
            return []
        found: list[FrameBlock] = []
        try:
            item = self._blocks.get(timeout=timeout_s)
            while self._take(item, found):
                item = self._blocks.get_nowait()
        except queue.Empty:
            pass
        return [_joined(found)] if found else []

    def lost(self) -> int:
        """0: who writes the capture may know what was lost, but doesn't say."""
        return 0

    def close(self) -> None:
        """Read no more."""
        with self._room:
            self._closed = True
            self._room.notify()
        self._file.close()

    def _take(
        self, item: tuple[FrameBlock, dict[str, int]] | BaseException | CaptureFile, found: list[FrameBlock]
    ) -> bool:
        """Whether there may be more behind it."""
        if isinstance(item, BaseException):
            self.ended = True
            raise item
        if isinstance(item, CaptureFile):
            self.ended = True
            self.warnings += item.warnings
            self._count(item.counters.as_dict())
            return False
        block, counted = item
        found.append(block)
        self._count(counted)
        with self._room:
            self._waiting_bytes -= len(block.data)
            self._room.notify()
        return True

    def _count(self, counted: dict[str, int]) -> None:
        for reason, count in counted.items():
            self.counters.add(reason, count - self._counted.get(reason, 0))
        self._counted = counted

    def _follow(self) -> None:
        try:
            capture = open_capture(self._file, block_bytes=self._block_bytes, follow=True)
            for block in capture:
                self._give(_copied(block), capture.counters.as_dict())
                if self._closed:
                    return
            self._blocks.put(capture)
        except BaseException as error:  # whatever it is, it is told where it can be dealt with: in `read`
            if not self._closed:
                self._blocks.put(error)

    def _give(self, block: FrameBlock, counted: dict[str, int]) -> None:
        with self._room:
            while not self._closed and (self._waiting_bytes > WAITING_BYTES or self._blocks.qsize() >= BLOCKS):
                self._room.wait()
            self._waiting_bytes += len(block.data)
        self._blocks.put((block, counted))


def _copied(block: FrameBlock) -> FrameBlock:
    """The block over bytes of its own."""
    lo, hi = int(block.start[0]), int(block.start[-1] + block.length[-1])
    return FrameBlock(
        block.data[lo : hi + SLACK].copy(), block.start - lo, block.length, block.wire_length, block.time_ns,
        block.link, block.first,
    )  # fmt: skip


def _joined(blocks: list[FrameBlock]) -> FrameBlock:
    """Blocks that follow each other, as one."""
    if len(blocks) == 1:
        return blocks[0]
    sizes = [0, *np.cumsum([len(block.data) for block in blocks]).tolist()]
    return FrameBlock(
        data=np.concatenate([block.data for block in blocks]),
        start=np.concatenate([block.start + at for block, (at, _) in zip(blocks, pairwise(sizes), strict=True)]),
        length=np.concatenate([block.length for block in blocks]),
        wire_length=np.concatenate([block.wire_length for block in blocks]),
        time_ns=np.concatenate([block.time_ns for block in blocks]),
        link=np.concatenate([block.link for block in blocks]),
        first=blocks[0].first,
    )
