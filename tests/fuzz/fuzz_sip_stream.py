"""Fuzz target: a TCP stream. However it is cut, the same messages come out.

The input is a script: a length octet, a step octet (which way to go, and flags), then so many octets of payload.
"""

from __future__ import annotations

from capture.counters import Counters
from capture.packets import TcpSegment
from capture.sip.message import DEFAULT_CAPS
from capture.sip.stream import HELD_CAP, TcpStreams
from tests.sip_text import request, response, sdp

LONGEST = 2048  # every octet becomes a segment of its own

_CALL = request("INVITE", transport="TCP", sdp=sdp("192.0.2.10", 40000)) + b"\r\n\r\n" + request("ACK", to_tag="b1")


def script(octets: bytes, *, size: int, step: int = 0) -> bytes:
    """An input of segments of one size, each right behind the one before it if `step` is 0."""
    pieces = [octets[at : at + size] for at in range(0, len(octets), size)]
    return b"".join(bytes([len(piece), step]) + piece for piece in pieces)


SEEDS: list[bytes] = [
    script(_CALL, size=255),
    script(_CALL + response(200) + _CALL, size=100),
    script(_CALL, size=200, step=0x01),
    script(_CALL.replace(b"Content-Length", b"X"), size=250),
    script(b"\x16\x03\x01\x02\x00" + bytes(100), size=50),
]


def _messages(stream: bytes, size: int) -> list[bytes]:
    streams = TcpStreams(Counters())
    streams.feed(TcpSegment(0, 0, 1, 2, 0xFFFFFF00, 2, b""))
    got: list[bytes] = []
    for at in range(0, len(stream), size):
        piece = stream[at : at + size]
        segment = TcpSegment(at, at, 1, 2, (0xFFFFFF01 + at) % 2**32, 16, piece)
        got += [message for _, message in streams.feed(segment)]
    return got + [message for _, message in streams.finish()]


def one_input(data: bytes) -> None:
    """Feed the script as segments, and all its payload in two ways of cutting; raises only on a fault of ours."""
    streams = TcpStreams(Counters(), streams_cap=4, known_cap=8)
    seq, at, frame, stream = 5000, 0, 0, b""
    got: list[bytes] = []
    while at + 2 <= len(data):
        size, step = data[at], data[at + 1]
        payload = data[at + 2 : at + 2 + size]
        at, frame = at + 2 + size, frame + 1
        stream += payload
        # Low bits of the step: flags FIN, SYN, RST seldom; high bits: a hole, a repetition, another stream.
        flags = 16 | (step & 7 if step & 0x08 else 0)
        offset = (0, 0, -100, 100)[step >> 6]
        source, place = 1 + (step >> 4 & 1), (seq + offset) % 2**32
        segment = TcpSegment(frame, frame * (step << 22), source, 2, place, flags, payload)
        pairs = streams.feed(segment)
        assert all(completed is segment for completed, _ in pairs)
        got += [message for _, message in pairs]
        seq += len(payload)
    got += [message for _, message in streams.finish()]
    assert all(len(message) <= 2 * DEFAULT_CAPS.message + HELD_CAP for message in got)
    assert sum(map(len, got)) <= len(stream) + 4096
    assert _messages(stream, 1) == _messages(stream, 7) == _messages(stream, max(len(stream), 1))
