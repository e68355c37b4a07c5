"""Fuzz target: bytes of a capture file, pcapng or pcap. The same frames in any block size, or the named error."""

from __future__ import annotations

import io

import numpy as np

from capture.files import CaptureFileError, open_capture
from capture.frames import SLACK
from tests import wire
from tests.capture.pcapng_wire import block, enhanced, interface, old_packet, option, section, simple

Frames = list[tuple[int, int, int, bytes]]


def one_input(data: bytes) -> None:
    """Read twice; fails if the frames differ or lie outside of their block."""
    assert _read(data, 1 << 16) == _read(data, 64)


def _read(data: bytes, block_bytes: int) -> Frames | None:
    frames: Frames = []
    try:
        with open_capture(io.BytesIO(data), block_bytes=block_bytes) as capture:
            for found in capture:
                ends = found.start + found.length
                assert (found.start >= 0).all() and (found.length >= 0).all()
                assert (ends + SLACK <= len(found.data)).all()
                assert (np.diff(found.start) >= 0).all()
                for row in range(len(found)):
                    frame = found.data[found.start[row] : ends[row]].tobytes()
                    frames.append((int(found.time_ns[row]), int(found.link[row]), int(found.wire_length[row]), frame))
            assert len(capture.warnings) <= 2
    except CaptureFileError:
        return None
    return frames


SEEDS = [
    section(order)
    + interface(1, order, resolution=9, offset_s=5)
    + interface(113, order, snap_length=40, resolution=0x8A)
    + enhanced(b"abcdefgh" * 5, 1 << 60, order, options=option(1, b"comment", order))
    + block(4, b"names", order)
    + simple(b"xyz", order)
    + old_packet(b"12345", 7, order)
    + enhanced(b"", 3, order, interface=1)
    + section("<" if order == ">" else ">")
    for order in "<>"
] + [wire.pcap([(10**18, b"frame"), (10**18 + 7, b"")] * 3, order=order) for order in "<>"]
