"""SIP over TCP, as seen by somebody who is no party to the connection.

Feed every segment to `TcpStreams.feed` in the order of capture; it gives the messages that became complete,
each with the segment that completed it. At the end of the capture, `finish` gives what can still be used.
A direction of a connection is a stream of its own, so it doesn't matter whether the mirror shows the other.

Nothing is acknowledged here and nothing can be asked for again: segments come late, twice, overlapping or
not at all, and a capture begins in mid-connection. What is captured first counts where segments overlap.
A hole is waited for, up to HOLE_NS or until HELD_CAP is waiting behind it; then the stream goes on after it,
at the next start line. Connections that aren't SIP are known by their first octets and left alone.

Reasons counted, with those of `capture.sip.framing`:

    tcp_gap             a hole that was never filled
    tcp_not_sip         streams that are something else
    tls                 streams that are TLS: whatever is in them can't be read
    tcp_evicted         streams forgotten within a message, because there were too many at once

See RFC 9293 §3.4 (sequence numbers), RFC 3261 §18.3.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import NamedTuple

from capture.counters import Counters
from capture.packets import TcpSegment
from capture.sip.framing import SipFramer, Verdict
from capture.sip.message import DEFAULT_CAPS, Caps

STREAMS_CAP = 256  # streams with something to remember
KNOWN_CAP = 4096  # streams of which only a sequence number, or that they aren't SIP, is remembered
HELD_CAP = 64 * 1024  # octets of a stream that wait behind a hole
HOLE_NS = 3_000_000_000

_HELD_PIECES_CAP = 256
_FAR = 1 << 20  # further away than this it is another connection, whose SYN was not seen
_FIN, _SYN, _RST = 1, 2, 4
_WRAP = 1 << 32

_Key = tuple[int, int]


class _Known(NamedTuple):
    """What is remembered of a stream that is between messages."""

    kind: str  # "opened" by a SYN, "idle" SIP, "closed", or "ignored" as something else
    seq: int  # next expected


class TcpStreams:
    """All SIP streams of a capture."""

    def __init__(
        self,
        counters: Counters,
        *,
        caps: Caps = DEFAULT_CAPS,
        streams_cap: int = STREAMS_CAP,
        known_cap: int = KNOWN_CAP,
    ) -> None:
        self._counters = counters
        self._caps = caps
        self._streams_cap = streams_cap
        self._known_cap = known_cap
        self._streams: OrderedDict[_Key, _Stream] = OrderedDict()
        self._known: OrderedDict[_Key, _Known] = OrderedDict()

    def feed(self, segment: TcpSegment) -> list[tuple[TcpSegment, bytes]]:
        """The messages that became complete with this segment, in their order."""
        key = (segment.source, segment.destination)
        messages: list[bytes] = []
        seq = segment.seq
        if segment.flags & _SYN:
            seq = (seq + 1) % _WRAP
            messages += self._open(key, seq)
        if not segment.payload and not segment.flags & (_FIN | _RST):
            return [(segment, message) for message in messages]
        stream = self._streams.get(key)
        if stream is None:
            stream = self._stream(key, seq, segment)
            if stream is None:
                return []
        else:
            self._streams.move_to_end(key)
        messages += stream.receive(seq, segment)
        self._settle(key, stream)
        return [(segment, message) for message in messages]

    def finish(self) -> list[tuple[TcpSegment, bytes]]:
        """What is left in unfinished streams, each with its last segment; nothing is remembered afterwards."""
        rest = [(stream.last, message) for stream in self._streams.values() for message in stream.end()]
        self._streams.clear()
        self._known.clear()
        return sorted(rest, key=lambda pair: pair[0].time_ns)

    def _open(self, key: _Key, seq: int) -> list[bytes]:
        """A SYN: the connection begins, unless the SYN itself is only a repetition."""
        messages: list[bytes] = []
        stream, known = self._streams.get(key), self._known.get(key)
        if stream is not None:
            if stream.first == seq:
                return []
            messages = stream.end()
            del self._streams[key]
        elif known is not None and known.kind != "opened" and 0 <= _ahead(known.seq, seq) < _FAR:
            return []  # of a connection that has gone on since
        self._remember(key, _Known("opened", seq))
        return messages

    def _stream(self, key: _Key, seq: int, segment: TcpSegment) -> _Stream | None:
        """The stream to continue or to begin; None if the segment is of no interest."""
        known = self._known.get(key)
        if known is None:
            stream = _Stream(seq, segment, SipFramer(self._counters, from_start=False, caps=self._caps), self._counters)
        elif known.kind == "ignored":
            self._known.move_to_end(key)
            return None
        else:
            ahead = _ahead(seq, known.seq)
            if known.kind == "closed":
                if -_FAR <= ahead <= 0:
                    return None  # repetitions of what the connection ended with
                known = None
            framer = SipFramer(
                self._counters,
                from_start=known is not None and known.kind == "opened",
                proven=known is not None and known.kind == "idle",
                caps=self._caps,
            )
            stream = _Stream(known.seq if known is not None else seq, segment, framer, self._counters)
        self._known.pop(key, None)
        self._streams[key] = stream
        if len(self._streams) > self._streams_cap:
            self._evict()
        return stream

    def _settle(self, key: _Key, stream: _Stream) -> None:
        """Move a stream that has ended, or proved to be something else, to where it costs nothing."""
        verdict = stream.framer.verdict
        if verdict is Verdict.TLS or verdict is Verdict.OTHER:
            self._counters.add("tls" if verdict is Verdict.TLS else "tcp_not_sip")
            del self._streams[key]
            self._remember(key, _Known("ignored", stream.next))
        elif stream.closed:
            del self._streams[key]
            self._remember(key, _Known("closed", stream.next))

    def _evict(self) -> None:
        key, stream = self._streams.popitem(last=False)
        if stream.idle:
            kind = "idle" if stream.framer.verdict is Verdict.SIP else "opened"
            self._remember(key, _Known(kind, stream.next))
        else:
            self._counters.add("tcp_evicted")

    def _remember(self, key: _Key, known: _Known) -> None:
        self._known[key] = known
        self._known.move_to_end(key)
        if len(self._known) > self._known_cap:
            self._known.popitem(last=False)


class _Stream:
    """Puts the segments of one direction in order."""

    def __init__(self, seq: int, segment: TcpSegment, framer: SipFramer, counters: Counters) -> None:
        self.first = seq
        self.framer = framer
        self.last = segment
        self.closed = False
        self._counters = counters
        # Positions are sequence numbers with the wrap undone: an integer that only grows.
        self._position = seq + _WRAP
        self._end: int | None = None  # position of the FIN
        self._held: list[tuple[int, bytes]] = []  # behind a hole: sorted, without overlaps
        self._held_octets = 0
        self._hole_since_ns = 0

    @property
    def next(self) -> int:
        """The sequence number expected next."""
        return self._position % _WRAP

    @property
    def idle(self) -> bool:
        """Whether nothing is lost by remembering only the next sequence number."""
        return self.framer.idle and not self._held

    def receive(self, seq: int, segment: TcpSegment) -> list[bytes]:
        """The messages that became complete."""
        self.last = segment
        ahead = _ahead(seq, self.next)
        messages: list[bytes] = []
        if segment.flags & _RST:
            # A reset that doesn't fit was never accepted by the receiver (RFC 9293 §3.10.7.4).
            if 0 <= ahead <= HELD_CAP:
                self.closed = True
                messages = self.end()
            return messages
        if not -_FAR <= ahead <= _FAR:
            messages = self._skip_to(self._position + ahead)
            self._held.clear()
            self._held_octets, self._end = 0, None
            ahead = 0
        elif self._held and segment.time_ns - self._hole_since_ns > HOLE_NS:
            messages = self._give_up_hole()
            ahead = _ahead(seq, self.next)
        at, payload = self._position + ahead, segment.payload
        if segment.flags & _FIN:
            self._end = at + len(payload)
        if at <= self._position:
            payload = payload[self._position - at :]
            if self._held and payload:
                self._hold(self._position, payload)  # what waits there was captured first, and counts
            else:
                messages += self._append(payload)
        elif payload:
            if not self._held:
                self._hole_since_ns = segment.time_ns
            self._hold(at, payload)
            while self._held_octets > HELD_CAP or len(self._held) > _HELD_PIECES_CAP:
                messages += self._give_up_hole()
        messages += self._drain()
        if self._end is not None and self._position >= self._end:
            self.closed = True
            self._position = self._end + 1
            messages += self.end()
        return messages

    def end(self) -> list[bytes]:
        """No more segments will come: what can be used of what is there."""
        messages: list[bytes] = []
        while self._held:
            messages += self._give_up_hole()
        return messages + self.framer.end()

    def _append(self, payload: bytes) -> list[bytes]:
        self._position += len(payload)
        return self.framer.feed(payload) if payload else []

    def _drain(self) -> list[bytes]:
        messages: list[bytes] = []
        while self._held and self._held[0][0] <= self._position:
            at, payload = self._held.pop(0)
            self._held_octets -= len(payload)
            messages += self._append(payload[self._position - at :])
        return messages

    def _hold(self, at: int, payload: bytes) -> None:
        """Keep a payload for later, except where something was held before: the first one counts."""
        position, end = at, at + len(payload)
        pieces: list[tuple[int, bytes]] = []
        for other, octets in self._held:
            if other >= end:
                break
            if other > position:
                pieces.append((position, payload[position - at : other - at]))
            position = max(position, other + len(octets))
        if position < end:
            pieces.append((position, payload[position - at :]))
        self._held_octets += sum(len(octets) for _, octets in pieces)
        self._held += pieces
        self._held.sort()

    def _give_up_hole(self) -> list[bytes]:
        messages = self._skip_to(self._held[0][0])
        return messages + self._drain()

    def _skip_to(self, position: int) -> list[bytes]:
        self._counters.add("tcp_gap")
        self._position = position
        return self.framer.gap()


def _ahead(seq: int, base: int) -> int:
    """How far a sequence number is ahead of another, or behind if negative (RFC 9293 §3.4)."""
    return (seq - base + (_WRAP >> 1)) % _WRAP - (_WRAP >> 1)
