"""Small builders for tests of frames: blocks made of bytes, capture files read from bytes."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from capture.counters import Counters
from capture.files import CaptureFile, open_capture
from capture.frames import SLACK, FrameBlock
from capture.network import NetworkDecoder, frames_accounted_for
from capture.packets import AddressBook, TcpSegment
from tests.capture.slow_network import Row, rows_of

TIME = 1_700_000_000 * 10**9


class Seen(NamedTuple):
    """A frame as a reader gave it."""

    time_ns: int
    link: int
    wire_length: int
    data: bytes


class Decoded(NamedTuple):
    """All that a decoder made of some blocks."""

    rows: list[Row]
    segments: list[TcpSegment]
    counters: Counters
    addresses: AddressBook


def block_of(
    frames: Sequence[bytes], *, link: int = 1, first: int = 0, times: Sequence[int] | None = None
) -> FrameBlock:
    """A block of frames; what lies between and behind them is 0xee, so that reading too far shows."""
    parts, starts, at = [], [], 0
    for frame in frames:
        starts.append(at)
        parts.append(frame + b"\xee" * 3)
        at += len(frame) + 3
    data = np.frombuffer(b"".join(parts) + b"\xee" * SLACK, np.uint8).copy()
    lengths = np.array([len(frame) for frame in frames], np.int64)
    if times is None:
        times = [TIME + (first + row) * 1_000_000 for row in range(len(frames))]
    return FrameBlock(
        data=data,
        start=np.array(starts, np.int64),
        length=lengths,
        wire_length=lengths.copy(),
        time_ns=np.array(times, np.int64),
        link=np.full(len(frames), link, np.uint16),
        first=first,
    )


def decode(blocks: FrameBlock | Iterable[FrameBlock], **settings: Any) -> Decoded:
    """Decode blocks one after the other; every frame is accounted for, whatever they hold."""
    counters, addresses = Counters(), AddressBook()
    decoder = NetworkDecoder(addresses, counters, **settings)
    rows: list[Row] = []
    segments: list[TcpSegment] = []
    for block in [blocks] if isinstance(blocks, FrameBlock) else blocks:
        batch = decoder.decode(block)
        rows += rows_of(batch)
        segments += batch.segments
    assert frames_accounted_for(counters) == counters["frames"]
    return Decoded(rows, segments, counters, addresses)


def frames_of(capture: CaptureFile) -> list[Seen]:
    """All frames of a capture file, copied."""
    seen: list[Seen] = []
    for block in capture:
        assert block.first == len(seen)
        assert block.link.dtype == np.uint16 and block.time_ns.dtype == block.start.dtype == np.int64
        assert len(block.data) >= int((block.start + block.length).max(initial=0)) + SLACK
        for row in range(len(block)):
            start, length = int(block.start[row]), int(block.length[row])
            seen.append(
                Seen(
                    int(block.time_ns[row]),
                    int(block.link[row]),
                    int(block.wire_length[row]),
                    bytes(block.data[start : start + length]),
                )
            )
    assert capture.counters["file_frames"] == len(seen)
    return seen


def read(data: bytes, *, block_bytes: int = 1 << 20) -> list[Seen]:
    """All frames of a capture file given as bytes."""
    with open_capture(io.BytesIO(data), block_bytes=block_bytes) as capture:
        return frames_of(capture)


def warnings_of(data: bytes, *, block_bytes: int = 1 << 20) -> tuple[int, list[str]]:
    """How many frames a capture file gives, and what it warns of."""
    with open_capture(io.BytesIO(data), block_bytes=block_bytes) as capture:
        return len(frames_of(capture)), capture.warnings
