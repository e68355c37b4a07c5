"""One packet socket with its memory-mapped ring (TPACKET_V3) on one interface.

The kernel writes frames into blocks of the ring and hands over a block when it is full or some milliseconds old.
`Ring.take` copies the used bytes of the blocks that are ready and gives them back at once: so the whole ring is
there for the time in which this process stands still, and nothing that is built on the copy can be written over.
The copy costs about 0.05 µs a frame, and brings into the cache what is read next anyway.

Why V3: frames lie packed, 296 bytes for 20 ms of G.711, so 64 MiB hold 13 s of 100 calls (the last block of each
50 ms isn't full). Fixed slots (V2) need 2 KiB each for a whole frame and hold 3 s.

Opening needs CAP_NET_RAW and nothing else. See the kernel's Documentation/networking/packet_mmap.rst.
"""

from __future__ import annotations

import ctypes
import mmap
import socket
import struct
import sys
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from capture.wire import kernel
from capture.wire.errors import WireError
from capture.wire.filter import WHOLE, assemble, program
from capture.wire.interface import Interface

ALIGNED = 8  # heads in a copy lie as they do in the ring
FRAME_BYTES = 2048  # the kernel only wants to see that a whole number of them fit into a block


@dataclass(frozen=True, slots=True, kw_only=True)
class RingSettings:
    """How a ring is made. Bytes held, divided by 296, are packets of G.711 held."""

    ring_bytes: int = 64 << 20
    block_bytes: int = 128 << 10  # a longer frame is cut; a multiple of the page size
    retire_ms: int = 50  # a block is handed over when it is so old, full or not
    snap_length: int = WHOLE  # bytes taken of each frame
    outgoing: bool = False  # take in what this machine sends, too; never on loopback, where all would come twice
    audio: bool = True  # whether what looks like RTP is taken


@dataclass(frozen=True, slots=True)
class Taken:
    """What `Ring.take` copied."""

    first: NDArray[np.int64]  # offset of each block's first head in the buffer
    count: NDArray[np.int64]  # frames of each block
    end: int  # offset behind the last byte copied
    whole: bool  # nothing was ready that isn't copied
    sure_ns: int | None  # no frame that is still to come is older than this; None: nothing was ready
    lost: int  # frames that the kernel dropped since the last time, all of them since `full_ns`
    full_ns: int | None  # capture time of the newest frame in the ring when they were dropped; None: it was empty


class Ring:
    """The ring of one interface, from its opening on. Raises `WireError` if it can't be opened."""

    def __init__(self, interface: Interface, settings: RingSettings) -> None:
        self.interface = interface
        self.kernel_packets = 0  # that passed the filter, dropped ones included
        self.dropped = 0
        self._next = 0  # block that the kernel fills, or will hand over, next
        blocks = max(settings.ring_bytes // settings.block_bytes, 2)
        try:
            self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)  # 0: nothing, until it is bound
        except PermissionError as error:
            raise WireError(
                f"{interface.name} can't be read without the capability CAP_NET_RAW: start the recorder by its "
                f"systemd unit, or run: sudo setcap cap_net_raw+ep {sys.executable}"
            ) from error
        try:
            self._filter(settings)
            self._socket.setsockopt(kernel.SOL_PACKET, kernel.PACKET_VERSION, kernel.TPACKET_V3)
            request = struct.pack(
                "=7I", settings.block_bytes, blocks, FRAME_BYTES, blocks * (settings.block_bytes // FRAME_BYTES),
                settings.retire_ms, 0, 0,
            )  # fmt: skip
            self._socket.setsockopt(kernel.SOL_PACKET, kernel.PACKET_RX_RING, request)
            self._memory = mmap.mmap(self._socket.fileno(), blocks * settings.block_bytes)
            self._map(blocks, settings.block_bytes)
            membership = struct.pack("=iHH8s", interface.index, kernel.PACKET_MR_PROMISC, 0, b"")
            self._socket.setsockopt(kernel.SOL_PACKET, kernel.PACKET_ADD_MEMBERSHIP, membership)
            self._socket.bind((interface.name, kernel.ETH_P_ALL))
        except OSError as error:
            self._socket.close()
            raise WireError(f"{interface.name} can't be captured from: {error.strerror or error}.") from error

    def fileno(self) -> int:
        return self._socket.fileno()

    def clear_error(self) -> None:
        """Take back what the kernel wants to say of the socket (an interface went down), else poll never waits."""
        self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)

    def stamp_by_card(self, wanted: bool) -> None:
        """Ask for the card's own times of frames, or the kernel's again."""
        flags = kernel.SOF_TIMESTAMPING_RAW_HARDWARE if wanted else 0
        self._socket.setsockopt(kernel.SOL_PACKET, kernel.PACKET_TIMESTAMP, flags)

    def take(self, data: NDArray[np.uint8], at: int, room: int) -> Taken:
        """Copy what is ready to `data` from offset `at` on, at most `room` bytes, oldest block first."""
        order = (self._next + self._numbers) % len(self._numbers)
        ready = self._heads["status"][order] & np.uint32(kernel.TP_STATUS_USER)
        waiting = len(order) if ready.all() else int(ready.argmin())
        # The system call in it also orders memory: bytes of blocks are read after their states.
        dropped_before = self.dropped
        self._statistics()
        order = order[:waiting]
        heads = self._heads[order]
        used = heads["used"].astype(np.int64)
        ends = np.cumsum((used + ALIGNED - 1) // ALIGNED * ALIGNED)
        fit = int(np.searchsorted(ends, room, side="right"))
        begins = at + ends[:fit] - (used[:fit] + ALIGNED - 1) // ALIGNED * ALIGNED
        firsts = heads["first"][:fit].tolist()
        for block, begin, size, first in zip(order[:fit].tolist(), begins.tolist(), used[:fit].tolist(), firsts,
                                             strict=True):  # fmt: skip
            data[begin : begin + size] = self._blocks[block, :size]
            self._blocks[block, first:size] = 0  # the ring is large: what was said would lie there for minutes
        newest = _time_ns(heads[waiting - 1]) if waiting else None
        sure = _time_ns(heads[fit - 1]) if fit else None
        self._heads["status"][order[:fit]] = kernel.TP_STATUS_KERNEL
        self._next = (self._next + fit) % len(self._numbers)
        # Again, now that there is room: so whatever was dropped, was dropped since the newest frame of the full ring.
        self._statistics()
        return Taken(
            first=begins + heads["first"][:fit],
            count=heads["frames"][:fit].astype(np.int64),
            end=at + (int(ends[fit - 1]) if fit else 0),
            whole=fit == waiting,
            sure_ns=sure,
            lost=self.dropped - dropped_before,
            full_ns=newest,
        )

    def close(self) -> None:
        """Give ring and socket back; frames that weren't taken are lost."""
        del self._blocks, self._heads  # they hold the mapping
        self._memory.close()
        self._socket.close()

    def _filter(self, settings: RingSettings) -> None:
        outgoing = settings.outgoing and not self.interface.loopback
        code = assemble(program(snap_length=settings.snap_length, outgoing=outgoing, audio=settings.audio))
        held = ctypes.create_string_buffer(code, len(code))
        described = struct.pack("HP", len(code) // 8, ctypes.addressof(held))
        self._socket.setsockopt(socket.SOL_SOCKET, kernel.SO_ATTACH_FILTER, described)
        self._socket.setsockopt(socket.SOL_SOCKET, kernel.SO_LOCK_FILTER, 1)

    def _map(self, blocks: int, block_bytes: int) -> None:
        self._blocks: NDArray[np.uint8] = np.ndarray((blocks, block_bytes), np.uint8, self._memory)
        self._heads: NDArray[np.void] = np.ndarray((blocks,), kernel.BLOCK, self._memory, 0, (block_bytes,))
        self._numbers: NDArray[np.int64] = np.arange(blocks)

    def _statistics(self) -> None:
        """Add what the kernel counted since the last look, with which its counters started again."""
        raw = self._socket.getsockopt(kernel.SOL_PACKET, kernel.PACKET_STATISTICS, 12)
        packets, dropped, _ = struct.unpack("=3I", raw)
        self.kernel_packets += packets
        self.dropped += dropped


def _time_ns(head: np.void) -> int:
    return int(head["last_s"]) * 1_000_000_000 + int(head["last_ns"])
