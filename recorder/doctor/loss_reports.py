"""What receivers said by RTCP that they lacked (RFC 3550 §6.4).

A report block tells of one stream how many of its packets its receiver has missed until now. Beside what the mirror
has missed of the same stream, it tells who lost: the network, or the mirror.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

SENDER_REPORT, RECEIVER_REPORT = 200, 201
STREAMS = 20_000
MOST_LOST = 1 << 22  # more is no count of a telephone call

_HEADS = {SENDER_REPORT: 28, RECEIVER_REPORT: 8}  # octets before the first report block
_BLOCK = struct.Struct(">IB3sI")
_BLOCK_SIZE = 24

# Who sends a stream and who receives it, as addresses without ports, and its SSRC.
Key = tuple[int, int, int]


@dataclass(slots=True)
class Told:
    """What the receiver of one stream said: in its first report and in its last."""

    first_lost: int
    first_highest: int
    lost: int
    highest: int
    reports: int = 1
    fraction: float = 0.0  # of the last interval

    @property
    def share(self) -> float:
        """Of the packets sent between the reports, which part was lost."""
        sent = self.highest - self.first_highest
        return max(0.0, min(1.0, (self.lost - self.first_lost) / sent)) if sent > 0 else self.fraction


class LossReports:
    """All reports on a line."""

    def __init__(self) -> None:
        self._told: dict[Key, Told] = {}

    def get(self, source: int, destination: int, ssrc: int) -> Told | None:
        """What was told of a stream from one address to another."""
        return self._told.get((source, destination, ssrc))

    def take(self, reporter: int, listener: int, packet: bytes) -> None:
        """An RTCP packet from one address to another; what can't be read is left out, as encrypted ones can't."""
        for ssrc, fraction, lost, highest in report_blocks(packet):
            if not 0 <= lost < MOST_LOST:  # below zero: its network gave it copies
                continue
            key = listener, reporter, ssrc
            told = self._told.get(key)
            if told is None:
                if len(self._told) < STREAMS:
                    self._told[key] = Told(lost, highest, lost, highest, fraction=fraction)
            elif highest >= told.highest:
                told.lost, told.highest, told.fraction = lost, highest, fraction
                told.reports += 1


def report_blocks(packet: bytes) -> Iterator[tuple[int, float, int, int]]:
    """SSRC, fraction lost, packets lost in all, highest sequence number: of each block of a compound packet."""
    at = 0
    while at + 4 <= len(packet) and packet[at] >> 6 == 2:
        count, kind = packet[at] & 0x1F, packet[at + 1]
        end = at + 4 + 4 * int.from_bytes(packet[at + 2 : at + 4], "big")
        if end > len(packet):
            return
        block = at + _HEADS.get(kind, end)
        for _ in range(count):
            if block + _BLOCK_SIZE > end:
                break
            ssrc, fraction, lost, highest = _BLOCK.unpack_from(packet, block)
            yield ssrc, fraction / 256, int.from_bytes(lost, "big", signed=True), highest
            block += _BLOCK_SIZE
        at = end
