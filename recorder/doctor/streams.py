"""RTP streams as they pass: how many packets of each came, how many didn't, and of which codec.

Only headers are looked at, and nobody needs to have announced a stream. A packet's second copy counts as one copy,
not as a packet. Memory is bounded: beyond `STREAMS` further ones are only counted.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from capture.media.rtp import RtpRows

STREAMS = 20_000
REMEMBERED = 128  # sequence numbers of a stream, to know copies and what comes late
LEAP = 1000  # sequence numbers: 20 s of G.711. More is a stream that begins anew, or something that isn't RTP
PROOF = 20  # packets in a row make a stream; fewer may be anything
LONGEST_AUDIO = 1480  # octets that fit into one frame
TOGETHER = 200_000  # packets that are counted together: each stream costs, not each packet


@dataclass(slots=True)
class Stream:
    """What came from one endpoint to another under one SSRC."""

    source: int
    destination: int
    ssrc: int
    first_ns: int
    last_ns: int
    packets: int = 0  # without copies
    copies: int = 0
    leaps: int = 0  # of sequence numbers
    too_long: int = 0  # packets that no frame carries: several that a network card has joined
    types: Counter[int] = field(default_factory=Counter)  # payload types
    _highest: int = -1
    _skipped: int = 0
    _recent: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))

    @property
    def is_steady(self) -> bool:
        """Whether it is RTP, and not something that looks like it by chance."""
        in_order = self.packets >= PROOF * (1 + self.leaps) and self.packets > self.missing
        return in_order and (self.kind <= 34 or self.kind >= 96)

    @property
    def kind(self) -> int:
        """The payload type of most packets."""
        return self.types.most_common(1)[0][0]

    @property
    def missing(self) -> int:
        """Packets whose number was skipped, and that didn't come late."""
        return max(0, self._skipped)

    @property
    def seconds(self) -> float:
        return (self.last_ns - self.first_ns) / 1e9

    def take(self, sequence: NDArray[np.int64]) -> None:
        """Further packets' sequence numbers, in the order of capture."""
        if self._highest < 0:
            self._highest = int(sequence[0]) - 1
        leaps = np.flatnonzero(np.abs(_steps(sequence, self._highest)) > LEAP)
        self.leaps += len(leaps)
        for number, piece in enumerate(np.split(sequence, leaps)):
            if number:  # what lies between isn't missing
                self._highest, self._recent = int(piece[0]) - 1, self._recent[:0]
            if len(piece):
                self._go_on(piece)

    def _go_on(self, sequence: NDArray[np.int64]) -> None:
        before = self._highest
        steps = _steps(sequence, before)
        numbers = before + np.cumsum(steps)
        fresh = numbers if (steps == 1).all() else np.setdiff1d(numbers, self._recent)
        self._highest = max(before, int(numbers.max()))
        self.packets += len(fresh)
        self.copies += len(numbers) - len(fresh)
        self._skipped += self._highest - before - len(fresh)  # who comes late fills a place that was skipped before
        self._recent = np.concatenate((self._recent, fresh))[-REMEMBERED:]


def _steps(sequence: NDArray[np.int64], before: int) -> NDArray[np.int64]:
    """From one sequence number to the next, past the wrap of 16 bits (RFC 3550 A.1)."""
    steps: NDArray[np.int64] = (np.diff(sequence, prepend=before & 0xFFFF) + 0x8000 & 0xFFFF) - 0x8000
    return steps


@dataclass(slots=True)
class _Columns:
    """What is kept of packets until they are counted."""

    source: NDArray[np.int64]
    destination: NDArray[np.int64]
    ssrc: NDArray[np.uint32]
    time_ns: NDArray[np.int64]
    sequence: NDArray[np.uint16]
    payload_type: NDArray[np.uint8]
    length: NDArray[np.int64]


class StreamTable:
    """All streams of a line."""

    def __init__(self) -> None:
        self._streams: dict[tuple[int, int, int], Stream] = {}
        self._waiting: list[_Columns] = []
        self._rows = 0
        self.not_followed = 0  # packets, for want of room

    def steady(self) -> list[Stream]:
        """Those that are streams indeed, in the order in which they began."""
        self._count()
        return sorted((one for one in self._streams.values() if one.is_steady), key=lambda one: one.first_ns)

    def take(self, rows: RtpRows) -> None:
        """Further packets, in the order of capture."""
        if not len(rows):
            return
        self._waiting.append(_Columns(*(getattr(rows, name).copy() for name in _Columns.__slots__)))
        self._rows += len(rows)
        if self._rows >= TOGETHER:
            self._count()

    def _count(self) -> None:
        """Count what waits: each stream once, however many batches it came in."""
        if not self._waiting:
            return
        rows = _Columns(*(np.concatenate([getattr(one, name) for one in self._waiting]) for name in _Columns.__slots__))
        self._waiting, self._rows = [], 0
        order = np.lexsort((rows.ssrc, rows.destination, rows.source))
        source, destination, ssrc = rows.source[order], rows.destination[order], rows.ssrc[order]
        changes = (np.diff(source) != 0) | (np.diff(destination) != 0) | (np.diff(ssrc) != 0)
        bounds = [0, *(np.flatnonzero(changes) + 1).tolist(), len(order)]
        for lo, hi in zip(bounds, bounds[1:], strict=False):
            self._count_one((int(source[lo]), int(destination[lo]), int(ssrc[lo])), rows, order[lo:hi])

    def _count_one(self, key: tuple[int, int, int], rows: _Columns, index: NDArray[np.int64]) -> None:
        stream = self._streams.get(key)
        if stream is None:
            if len(self._streams) >= STREAMS:
                self.not_followed += len(index)
                return
            at = int(rows.time_ns[index[0]])
            stream = self._streams[key] = Stream(*key, first_ns=at, last_ns=at)
        stream.last_ns = max(stream.last_ns, int(rows.time_ns[index].max()))
        kinds = np.bincount(rows.payload_type[index], minlength=1)
        stream.types.update({int(kind): int(kinds[kind]) for kind in np.flatnonzero(kinds)})
        stream.too_long += int(np.count_nonzero(rows.length[index] > LONGEST_AUDIO))
        stream.take(rows.sequence[index].astype(np.int64))
