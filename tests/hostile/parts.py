"""What attacks are made of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from tests import sip_text, wire
from tests.hostile.good import (
    BEGIN,
    END,
    MS,
    Good,
    Sent,
)


def spread(count: int, begin: int = BEGIN, end: int = END) -> Iterator[int]:
    """That many times, evenly over the capture."""
    return (begin + (end - begin) * n // count for n in range(count))


def stranger(good: Good, n: int = 9, port: int = 5060) -> str:
    """An endpoint that has nothing to do with the call, in its family of addresses."""
    if good.v6:
        return f"[2001:db8:bad::{n:x}]:{port}"
    return f"198.{18 + (n >> 16 & 1)}.{n >> 8 & 255}.{n & 255}:{port}"


def evil(good: Good, n: int = 0, method: str = "INVITE", **changes: Any) -> bytes:
    """A stranger's request to the exchange."""
    host = stranger(good).rpartition(":")[0]
    fields: dict[str, Any] = {
        "call_id": f"evil-{n}@{host}",
        "from_user": "09000000000",
        "to_user": "0120000000",
        "from_host": host,
        "to_host": good.hosts[1],
        "from_tag": f"e{n}",
        **changes,
    }
    if method == "INVITE" and not {"sdp", "body"} & set(changes):
        fields["sdp"] = sip_text.sdp(host.strip("[]"), 40000)
    return sip_text.request(method, **fields)


def to_exchange(good: Good, message: bytes, n: int = 9) -> bytes:
    """A frame from a stranger to the callee's SIP port."""
    return wire.udp(stranger(good, n), good.sip[1], message)


def told(good: Good, messages: Iterable[bytes], begin: int = BEGIN, end: int = END) -> list[Sent]:
    """Messages of one stranger, spread over the capture."""
    messages = list(messages)
    times = spread(len(messages), begin, end)
    return [Sent(at, to_exchange(good, text)) for at, text in zip(times, messages, strict=True)]


def on_tcp(good: Good, chunks: Iterable[bytes], *, port: int = 40900, begin: int = BEGIN, end: int = END) -> list[Sent]:
    """One TCP connection of a stranger to the callee's SIP port, opened, used, left open."""
    source, seq = stranger(good, 9, port), 5000
    chunks = list(chunks)
    sent = [Sent(begin, wire.tcp(source, good.sip[1], b"", seq=seq - 1, flags=2))]
    for at, chunk in zip(spread(len(chunks), begin + MS, end), chunks, strict=True):
        sent.append(Sent(at, wire.tcp(source, good.sip[1], chunk, seq=seq)))
        seq += len(chunk)
    return sent


def pieces(data: bytes, size: int = 1400) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


def packet(frame: bytes) -> bytes:
    """The IP packet of an untagged Ethernet frame."""
    return frame[14:]


def to_media(good: Good, direction: int, payload: bytes, *, source: str | None = None) -> bytes:
    """A frame to the port where what `direction` says is awaited."""
    return wire.udp(stranger(good, 9, 7078) if source is None else source, good.media[1 - direction], payload)


def from_peer(good: Good, direction: int, payload: bytes) -> bytes:
    """The same from the true endpoint: what a spoofing stranger sends, or a broken telephone."""
    return wire.udp(good.media[direction], good.media[1 - direction], payload, vlans=good.vlans)


def both_ways(times: Iterable[int], make: Callable[[int, int], bytes]) -> list[Sent]:
    """`make(direction, n)` at each of the times for both directions."""
    return [Sent(at, make(direction, n)) for n, at in enumerate(times) for direction in (0, 1)]
