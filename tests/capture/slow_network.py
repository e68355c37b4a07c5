"""The slow, obvious twin of `capture.network`: one frame at a time, Ethernet and IPv4 and UDP read field by field.

It knows what plain frames are made of and no more: `None` for everything else.
"""

from __future__ import annotations

from typing import NamedTuple

from capture.frames import FrameBlock
from capture.packets import HEAD, PacketBatch


class Row(NamedTuple):
    """A row of a `PacketBatch`, as plain values."""

    frame: int
    time_ns: int
    source: int
    destination: int
    payload: bytes
    head: bytes
    cut: bool


def number(data: bytes) -> int:
    return int.from_bytes(data, "big")


def slow_row(frame: bytes, index: int, time_ns: int) -> Row | None:
    """The row of an Ethernet frame with UDP in unfragmented IPv4; None if it isn't one."""
    at = 12
    while number(frame[at : at + 2]) in (0x8100, 0x88A8, 0x9100, 0x9200):
        at += 4
    if number(frame[at : at + 2]) != 0x0800:
        return None
    packet = frame[at + 2 :]
    if len(packet) < 20 or packet[0] >> 4 != 4:
        return None
    header = (packet[0] & 15) * 4
    total = number(packet[2:4]) or len(packet)
    if header < 20 or total < header or len(packet) < header:
        return None
    if number(packet[6:8]) & 0x3FFF or packet[9] != 17:
        return None
    datagram = packet[header:total]
    if len(datagram) < 8 or number(datagram[4:6]) < 8:
        return None
    payload = datagram[8 : number(datagram[4:6])]
    return Row(
        frame=index,
        time_ns=time_ns,
        source=number(packet[12:16]) << 16 | number(datagram[0:2]),
        destination=number(packet[16:20]) << 16 | number(datagram[2:4]),
        payload=payload,
        head=payload[:HEAD].ljust(HEAD, b"\0"),
        cut=number(datagram[4:6]) > len(datagram),
    )


def slow_rows(block: FrameBlock) -> list[Row]:
    """Rows of all frames of a block that have one."""
    found = []
    for row in range(len(block)):
        start, length = int(block.start[row]), int(block.length[row])
        frame = bytes(block.data[start : start + length])
        found.append(slow_row(frame, block.first + row, int(block.time_ns[row])))
    return [row for row in found if row is not None]


def rows_of(batch: PacketBatch) -> list[Row]:
    """A batch as plain values."""
    return [
        Row(
            frame=int(batch.frame[i]),
            time_ns=int(batch.time_ns[i]),
            source=int(batch.source[i]),
            destination=int(batch.destination[i]),
            payload=bytes(batch.data[batch.start[i] : batch.start[i] + batch.length[i]]),
            head=bytes(batch.head[i]),
            cut=bool(batch.cut[i]),
        )
        for i in range(len(batch))
    ]
