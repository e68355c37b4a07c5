"""Fuzz target: fragments of any kind in any order. Memory stays within its caps, and what comes out was sent.

Each fragment is 6 bytes: which datagram, offset in units of 8 (two bytes, few of them used), flags and time,
length, and what it is filled with.
"""

from __future__ import annotations

from capture.counters import Counters
from capture.network.fragments import Fragment, Reassembly, Whole

MAX_DATAGRAMS, MAX_BYTES = 4, 4096
LONGEST = 3000  # bytes: 500 fragments; with more, the bookkeeping of this target is what takes the time
OUTCOMES = ("fragment", "fragment_invalid", "fragment_overlap")


def one_input(data: bytes) -> None:
    """Reassemble; fails if a cap is passed or a datagram has a byte that nobody sent to that place."""
    held = Reassembly(Counters(), max_datagrams=MAX_DATAGRAMS, max_bytes=MAX_BYTES)
    sent: dict[tuple[int, int], set[int]] = {}  # datagram and place: bytes seen there
    now = 0
    for at in range(0, len(data) - 5, 6):
        which, high, low, flags, length, fill = data[at : at + 6]
        which %= 8
        offset = (high << 8 | low) % 8192 * 8
        now += (flags >> 4) * 300_000_000 - (flags >> 1 & 1) * 500_000_000
        payload = bytes((fill if flags & 4 else offset + n) & 0xFF for n in range(length & ~7 if flags & 1 else length))
        for n, byte in enumerate(payload):
            sent.setdefault((which, offset + n), set()).add(byte)
        result = held.add(now, (b"", b"", 17, which), Fragment(17, offset, bool(flags & 1), payload))
        assert len(held) <= MAX_DATAGRAMS and 0 <= held.bytes_held <= MAX_BYTES
        if isinstance(result, Whole):
            assert all(byte in sent[which, place] for place, byte in enumerate(result.payload))
        else:
            assert result in OUTCOMES


SEEDS = [
    bytes((1, 0, 0, 1, 80, 7, 1, 0, 10, 0, 80, 7)),
    bytes((1, 0, 10, 0, 80, 7, 1, 0, 0, 1, 80, 7, 1, 0, 0, 1, 80, 7)),
    bytes((2, 0, 0, 5, 80, 7, 2, 0, 5, 5, 80, 9, 2, 0, 10, 0, 80, 7)),
    bytes((3, 0, 0, 0xF1, 64, 0)) + bytes((3, 0, 8, 0xF0, 64, 0)) * 4,
    b"".join(bytes((n, 0, 0, 1, 248, n)) for n in range(40)),
]
