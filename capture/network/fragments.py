"""Put IP fragments together (RFC 791 §3.2, RFC 8200 §4.5, RFC 5722).

Give each fragment to `Reassembly.add` with its capture time: it gives the datagram that this one completes, or the
name under which the fragment's frame counts: `fragment` (kept, or a copy of what is there already),
`fragment_invalid` (its length or place can't be), `fragment_overlap` (it contradicts another one: two senders, or
someone testing what the exchange and the recorder each make of it; the datagram is given up, late parts too).

Memory is bounded by `max_datagrams` and `max_bytes`: beyond them the oldest one is given up. Other counters, which
are of datagrams, not of frames: `datagrams_reassembled`, `datagrams_expired` (incomplete after `timeout_ns`),
`datagrams_evicted` (given up for room), `datagrams_contradictory`. Time is that of the capture.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import NamedTuple

from capture.counters import Counters

Key = tuple[bytes, bytes, int, int]  # source, destination, protocol (-1 for IPv6), identification

LONGEST = 65_535
PIECE_COST = 160  # bytes that a kept fragment costs beside its payload; so tiny ones can't fill memory

# Identifications of 16 bits come again soon on a busy line. Fragments of one datagram travel together; what comes
# later than this and doesn't fit is another datagram.
REUSE_NS = 2_000_000_000
# A mirror that shows each frame twice shows the second one within this time: the copies of a datagram that is
# complete already must not wait for the parts they will never get.
COPY_NS = 100_000_000


class Fragment(NamedTuple):
    """One fragment; `protocol` is that of the datagram (of IPv6, only the first one's counts)."""

    protocol: int
    offset: int
    more: bool
    payload: bytes


class Whole(NamedTuple):
    """A complete datagram without its IP header."""

    protocol: int
    payload: bytes


@dataclass(slots=True)
class _Datagram:
    first_ns: int
    last_ns: int
    offsets: list[int] = field(default_factory=list)  # ascending
    pieces: list[bytes] = field(default_factory=list)  # do not overlap
    held: int = 0  # bytes of payload
    length: int | None = None  # of the whole; None: the last fragment isn't there yet
    protocol: int = 0
    poisoned: bool = False  # contradictory: whatever comes is refused
    done: bool = False  # complete and given; `pieces` is the whole, to know copies by

    @property
    def cost(self) -> int:
        return sum(map(len, self.pieces)) + PIECE_COST * (len(self.pieces) + 1)


class Reassembly:
    """Datagrams of which parts are there."""

    def __init__(
        self,
        counters: Counters,
        *,
        max_datagrams: int = 1024,
        max_bytes: int = 4 << 20,
        timeout_ns: int = 30_000_000_000,
    ) -> None:
        self._counters = counters
        self._max_datagrams = max_datagrams
        self._max_bytes = max_bytes
        self._timeout_ns = timeout_ns
        self._open: dict[Key, _Datagram] = {}  # oldest first
        self._bytes = 0

    @property
    def bytes_held(self) -> int:
        """What the fragments kept cost in memory, about."""
        return self._bytes

    def __len__(self) -> int:
        return len(self._open)

    @property
    def incomplete(self) -> int:
        """Datagrams of which parts are still missing."""
        return sum(not datagram.done and not datagram.poisoned for datagram in self._open.values())

    def add(self, at_ns: int, key: Key, fragment: Fragment) -> Whole | str:
        """Take a fragment; see the module's text for what comes back."""
        self._expire(at_ns)
        end = fragment.offset + len(fragment.payload)
        if not fragment.payload or end > LONGEST or (fragment.more and len(fragment.payload) % 8):
            return "fragment_invalid"
        datagram = self._open.get(key)
        if datagram is not None and self._is_another(datagram, at_ns, fragment):
            self._forget(key, "datagrams_expired")
            datagram = None
        if datagram is None:
            datagram = self._open[key] = _Datagram(at_ns, at_ns)
            self._bytes += PIECE_COST
        if datagram.poisoned:
            return "fragment_overlap"
        if datagram.done:
            return "fragment"
        datagram.last_ns = at_ns
        if not _fits(datagram, fragment):
            self._counters.add("datagrams_contradictory")
            self._drop_pieces(datagram)
            datagram.poisoned = True
            return "fragment_overlap"
        self._keep(datagram, fragment)
        whole = self._complete(datagram)
        self._make_room(key)
        return whole or "fragment"

    def _is_another(self, datagram: _Datagram, at_ns: int, fragment: Fragment) -> bool:
        """Whether the fragment must be of a later datagram with the same identification."""
        if datagram.done:
            return at_ns - datagram.last_ns > COPY_NS or not _fits(datagram, fragment)
        return at_ns - datagram.last_ns > REUSE_NS and not datagram.poisoned and not _fits(datagram, fragment)

    def _keep(self, datagram: _Datagram, fragment: Fragment) -> None:
        """Keep those bytes of a fragment that aren't there yet."""
        if not fragment.more:
            datagram.length = fragment.offset + len(fragment.payload)
        if fragment.offset == 0:
            datagram.protocol = fragment.protocol
        at, end = fragment.offset, fragment.offset + len(fragment.payload)
        place = max(bisect_right(datagram.offsets, at) - 1, 0)
        while at < end:
            while place < len(datagram.offsets) and _end(datagram, place) <= at:
                place += 1
            if place < len(datagram.offsets) and datagram.offsets[place] <= at:
                at = _end(datagram, place)
                continue
            upto = min(end, datagram.offsets[place]) if place < len(datagram.offsets) else end
            piece = fragment.payload[at - fragment.offset : upto - fragment.offset]
            datagram.offsets.insert(place, at)
            datagram.pieces.insert(place, piece)
            datagram.held += len(piece)
            self._bytes += len(piece) + PIECE_COST
            at = upto

    def _complete(self, datagram: _Datagram) -> Whole | None:
        if datagram.held != datagram.length:
            return None
        payload = b"".join(datagram.pieces)
        self._drop_pieces(datagram)
        datagram.offsets, datagram.pieces, datagram.held = [0], [payload], len(payload)
        self._bytes += len(payload) + PIECE_COST
        datagram.done = True
        self._counters.add("datagrams_reassembled")
        return Whole(datagram.protocol, payload)

    def _make_room(self, newest: Key) -> None:
        while len(self._open) > self._max_datagrams or self._bytes > self._max_bytes:
            oldest = next(iter(self._open))
            self._forget(oldest, "datagrams_evicted")
            if oldest == newest:
                return

    def _expire(self, at_ns: int) -> None:
        # Either way: where capture files follow each other in one, time may go back by more than the timeout.
        while self._open:
            oldest = next(iter(self._open))
            datagram = self._open[oldest]
            limit = COPY_NS if datagram.done else self._timeout_ns
            if abs(at_ns - datagram.first_ns) <= limit:
                return
            self._forget(oldest, "datagrams_expired")

    def _forget(self, key: Key, reason: str) -> None:
        datagram = self._open.pop(key)
        if not datagram.done and not datagram.poisoned:
            self._counters.add(reason)
        self._drop_pieces(datagram)
        self._bytes -= PIECE_COST

    def _drop_pieces(self, datagram: _Datagram) -> None:
        self._bytes -= datagram.cost - PIECE_COST
        datagram.offsets, datagram.pieces, datagram.held = [], [], 0


def _end(datagram: _Datagram, place: int) -> int:
    return datagram.offsets[place] + len(datagram.pieces[place])


def _fits(datagram: _Datagram, fragment: Fragment) -> bool:
    """Whether a fragment agrees with what is there: in the bytes both have, and in where the datagram ends."""
    begin, end = fragment.offset, fragment.offset + len(fragment.payload)
    there = _end(datagram, len(datagram.offsets) - 1) if datagram.offsets else 0
    if datagram.length is not None and (end > datagram.length or (not fragment.more and end != datagram.length)):
        return False
    if not fragment.more and there > end:
        return False
    if datagram.length is not None and fragment.more and end == datagram.length:
        return False
    place = max(bisect_right(datagram.offsets, begin) - 1, 0)
    while place < len(datagram.offsets) and datagram.offsets[place] < end:
        offset, piece = datagram.offsets[place], datagram.pieces[place]
        low, high = max(begin, offset), min(end, offset + len(piece))
        if low < high and fragment.payload[low - begin : high - begin] != piece[low - offset : high - offset]:
            return False
        place += 1
    return True
