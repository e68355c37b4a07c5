"""Read pcapng files (draft-ietf-opsawg-pcapng): sections, interfaces, and the three kinds of packet blocks.

Each section may have its own byte order, each interface its own link type and time resolution. Enhanced, simple and
the obsolete packet blocks become frames; all others are skipped. A simple packet block has no time and gets that of
the packet before it, or 0. Options of packet blocks aren't read.

A block whose length can't be right ends the reading with a warning: where the next one begins can't be known then.
Counted, in `counters`, are packet blocks that give no frame: `file_no_interface` (its interface isn't described
before it) and `file_packet_too_long` (says it holds more than its block does, or more than MAX_FRAME).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from capture.counters import Counters
from capture.files.chain import Chain, follow
from capture.files.interfaces import Interfaces
from capture.files.pcap import MAX_FRAME
from capture.files.rows import Rows, words
from capture.files.window import Window
from capture.frames import FrameBlock

MAGIC = b"\x0a\x0d\x0d\x0a"
SECTION_HEADER = 16  # bytes of a section header block up to its version
MAX_PACKET_BLOCK = MAX_FRAME + (64 << 10)  # a frame, its header and its options (at most 64 KiB by a guess)

SECTION, INTERFACE, OLD_PACKET, SIMPLE_PACKET, ENHANCED_PACKET = 0x0A0D0D0A, 1, 2, 3, 6
WANTED = (SECTION, INTERFACE, OLD_PACKET, SIMPLE_PACKET, ENHANCED_PACKET)

# Offsets of fields in packet blocks, all counted from the block's beginning.
HEADER = 8  # of any block: type and total length
PACKET_HEADER = 28  # of enhanced and old packet blocks
SIMPLE_HEADER = 12
TRAILER = 4  # total length again

AT_FIRST = 512  # bytes followed after a section header, doubled as long as no other header comes


class NotASection(ValueError):
    """The file's first section header is unusable."""


def read_pcapng(window: Window, counters: Counters, warnings: list[str]) -> Iterator[FrameBlock]:
    """Frames of a pcapng file whose first SECTION_HEADER bytes are in `window`."""
    order = _byte_order(bytes(window.data[window.begin + 8 : window.begin + 12]))
    if order is None:
        raise NotASection("looks like pcapng, but has no valid byte-order magic")
    return _Reader(window, counters, warnings).blocks()


def _byte_order(magic: bytes) -> str | None:
    return {b"\x4d\x3c\x2b\x1a": "<", b"\x1a\x2b\x3c\x4d": ">"}.get(magic)


class _Reader:
    def __init__(self, window: Window, counters: Counters, warnings: list[str]) -> None:
        self._window = window
        self._counters = counters
        self._warnings = warnings
        self._order = "<"
        self._interfaces = Interfaces()
        self._frames = 0
        self._blocks_read = 0
        self._last_ns = 0  # for simple packet blocks
        self._span = AT_FIRST

    def blocks(self) -> Iterator[FrameBlock]:
        window = self._window
        while True:
            if len(window) < HEADER and not window.refill(HEADER):
                break
            kind, length = self._block_header()
            if kind == SECTION:
                if not self._open_section(length):
                    return
                continue
            if length < HEADER + TRAILER or length % 4:
                self._stop(f"has the length {length}, which can't be")
                return
            if kind in WANTED and length > MAX_PACKET_BLOCK:
                self._stop(f"claims {length} bytes, which can't be")
                return
            if length > len(window):
                if kind not in WANTED:
                    self._blocks_read += 1
                    if not window.skip(length):
                        self._warnings.append("The file ends in the middle of a block without packets.")
                        return
                    continue
                if not window.refill(length):
                    break
            block = self._packets()
            if len(block):
                self._frames += len(block)
                yield block
        if len(window):
            self._warnings.append(f"The file ends in the middle of block {self._blocks_read + 1}.")

    def _block_header(self) -> tuple[int, int]:
        kind, length = struct.unpack_from(self._order + "II", self._window.data.data, self._window.begin)
        return kind, length

    def _stop(self, what: str) -> None:
        self._warnings.append(f"Block {self._blocks_read + 1} {what}; reading stops before it.")

    def _open_section(self, length: int) -> bool:
        """Take a section header; its own byte order holds from its length on."""
        window = self._window
        if len(window) < SECTION_HEADER and not window.refill(SECTION_HEADER):
            self._warnings.append("The file ends within a section header.")
            return False
        order = _byte_order(bytes(window.data[window.begin + 8 : window.begin + 12]))
        if order is None:
            self._stop("is a section header without a valid byte-order magic")
            return False
        self._order = order
        self._interfaces = Interfaces()
        self._span = AT_FIRST
        _, length = self._block_header()
        if length < SECTION_HEADER + 12 or length % 4:
            self._stop(f"has the length {length}, which can't be")
            return False
        self._blocks_read += 1
        if not window.skip(length):
            self._warnings.append("The file ends within a section header.")
            return False
        return True

    def _packets(self) -> FrameBlock:
        """Frames of all whole blocks of this section in the window, of which there is at least one."""
        window, order = self._window, self._order
        data = window.data
        chain = Chain(order=order, header=HEADER, length_at=4, overhead=0, least=HEADER + TRAILER)
        # Following is in vain behind the next section header, so after one it begins with little.
        end = min(window.end, window.begin + self._span)
        _, first_length = self._block_header()
        end = max(end, window.begin + first_length)
        self._span = min(self._span * 2, 1 << 30)
        at = follow(data, window.begin, end, chain, _Guess(data, window.begin, end, order))
        fields = Rows(data, _packet_form(order))[at]  # what lies behind a short block is read too, but not used
        kind, length = fields["kind"].astype(np.int64), fields["total"].astype(np.int64)
        behind = at + length
        stops = (length < HEADER + TRAILER) | (length % 4 != 0) | (kind == SECTION) | (behind > end)
        stops |= np.isin(kind, WANTED) & (length > MAX_PACKET_BLOCK)
        whole = int(stops.argmax()) if stops.any() else len(at)
        window.begin = int(behind[whole - 1])
        self._blocks_read += whole
        return self._frame_block(data, at[:whole], fields[:whole])

    def _frame_block(
        self, data: NDArray[np.uint8], at: NDArray[np.int64], fields: NDArray[np.void]
    ) -> FrameBlock:
        known_before = self._interfaces.count
        kind = fields["kind"]
        length = fields["total"].astype(np.int64)
        described = kind == INTERFACE
        if described.any():
            for begin, size in zip(at[described], length[described], strict=True):
                body = bytes(data[begin + HEADER : begin + size - TRAILER])
                self._interfaces.add(body, self._order)
        # Interfaces described before each block, or in it.
        known = np.minimum(known_before + np.cumsum(described), self._interfaces.count)
        packet = (kind == ENHANCED_PACKET) | (kind == OLD_PACKET)
        simple = kind == SIMPLE_PACKET
        if not (packet | simple).all():
            rows = np.flatnonzero(packet | simple)
            at, fields, kind, length, simple = at[rows], fields[rows], kind[rows], length[rows], simple[rows]
            known = known[rows]
        interface = fields["interface"].astype(np.int64)
        time = fields["time_high"].astype(np.uint64) << np.uint64(32) | fields["time_low"]
        captured = fields["length"].astype(np.int64)
        wire_length = fields["wire_length"].astype(np.int64)
        room = length - (PACKET_HEADER + TRAILER)
        old = kind == OLD_PACKET
        if old.any():  # 16 bits of interface, 16 of a drop count
            first_half = 16 if self._order == ">" else 0
            interface[old] = interface[old] >> first_half & 0xFFFF
        if simple.any():
            interface[simple] = 0
            wire_length[simple] = fields["interface"][simple]  # what stands in its place
            room[simple] = length[simple] - (SIMPLE_HEADER + TRAILER)
            limit = self._interfaces.snap_length(0)
            captured[simple] = np.minimum(np.minimum(wire_length[simple], limit or MAX_FRAME), room[simple])
        has_interface = interface < known
        fits = (room >= 0) & (captured <= room) & (captured <= MAX_FRAME)
        good = has_interface & fits
        interface[~has_interface] = 0
        time_ns, link = self._interfaces.resolve(interface, time)
        if simple.any():
            self._time_simple(time_ns, ~simple & good)
        start = at + np.where(simple, SIMPLE_HEADER, PACKET_HEADER)
        if not good.all():
            self._counters.add("file_no_interface", int((~has_interface).sum()))
            self._counters.add("file_packet_too_long", int((has_interface & ~fits).sum()))
            start, captured, wire_length = start[good], captured[good], wire_length[good]
            time_ns, link = time_ns[good], link[good]
        if len(time_ns):
            self._last_ns = int(time_ns[-1])
        return FrameBlock(data, start, captured, wire_length, time_ns, link, first=self._frames)

    def _time_simple(self, time_ns: NDArray[np.int64], timed: NDArray[np.bool_]) -> None:
        """Give rows without a time that of the row before."""
        before = np.maximum.accumulate(np.where(timed, np.arange(len(timed)), -1))
        time_ns[:] = np.where(before >= 0, time_ns[before], self._last_ns)


def _packet_form(order: str) -> np.dtype[np.void]:
    names = ("kind", "total", "interface", "time_high", "time_low", "length", "wire_length")
    return np.dtype([(name, order + "u4") for name in names])


class _Guess:
    """Where blocks seem to begin: an enhanced packet's type, and its length at both ends. Blocks lie 4 bytes apart."""

    def __init__(self, data: NDArray[np.uint8], begin: int, end: int, order: str) -> None:
        self._data = data
        self._begin = begin
        self._end = end
        self._order = order

    def __call__(self, first: int, spacing: int, lanes: int, width: int) -> NDArray[np.int64]:
        spacing &= ~3
        if lanes <= 0 or not spacing:
            return np.empty(0, np.int64)
        first += (self._begin - first) % 4
        kinds: NDArray[np.uint32] = np.ndarray(
            (lanes, width // 4 + 1), np.dtype(self._order + "u4"), self._data, first, (spacing, 4)
        )
        lane, column = np.nonzero(kinds == ENHANCED_PACKET)
        at = first + lane * spacing + column * 4
        word = words(self._data, self._order)
        length = word[at + 4].astype(np.int64)
        sensible = (length % 4 == 0) & (length >= PACKET_HEADER + TRAILER) & (at + length <= self._end)
        lane, at, length = lane[sensible], at[sensible], length[sensible]
        same = word[at + length - TRAILER] == length
        lane, at = lane[same], at[same]
        first_of_lane = np.diff(lane, prepend=-1) > 0
        found: NDArray[np.int64] = at[first_of_lane]
        return found
