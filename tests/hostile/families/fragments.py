"""Fragments that overlap, lack a part, or never end."""

from __future__ import annotations

import random
import struct

from tests import sip_text, wire
from tests.hostile.casebook import case
from tests.hostile.good import (
    INVITED,
    MS,
    Good,
    Sent,
    fragment,
    fragments,
)
from tests.hostile.parts import evil, spread, stranger


def _big(n: int = 0, size: int = 6000) -> bytes:
    """An IPv4 frame with a large REGISTER."""
    text = sip_text.request(
        "REGISTER", call_id=f"evil-{n}", body=b"x" * size, content_type="text/plain", from_host="198.18.0.9"
    )
    return wire.udp("198.18.0.9:5060", "192.0.2.20:5060", text)


def _raw_fragment(part: bytes, offset: int, *, more: bool, ident: int, source: str = "198.18.0.9") -> bytes:
    frame = wire.udp(f"{source}:5060", "192.0.2.20:5060", b"")
    return fragment(frame[:14], frame[14:34], part, offset, more=more, ident=ident)


@case("fragments", shape="fragmented")
def fragments_that_overlap_and_differ(good: Good, rng: random.Random) -> list[Sent]:
    sent = []
    for n, at in enumerate(spread(300)):
        for step, offset in enumerate((0, 800, 400, 1600, 8)):
            part = _big(n)[34 + offset : 34 + offset + 1200] if step % 2 else rng.randbytes(1200)
            sent.append(Sent(at + step * 1000, _raw_fragment(part, offset, more=step < 4, ident=n)))
    return sent


@case("fragments", shape="fragmented")
def fragments_first_ones_only(good: Good, rng: random.Random) -> list[Sent]:
    """The room for reassembly is full when the good INVITE's two halves come."""
    part = _big()[34:1514]
    return [
        Sent(at, _raw_fragment(part, 0, more=True, ident=n, source=f"198.18.{n >> 8}.{n & 255}"))
        for n, at in enumerate(spread(6000))
    ]


@case("fragments", shape="fragmented")
def fragments_last_ones_only(good: Good, rng: random.Random) -> list[Sent]:
    return [Sent(at, _raw_fragment(b"y" * 64, 65_400, more=False, ident=n)) for n, at in enumerate(spread(6000))]


@case("fragments", shape="fragmented")
def fragments_of_eight_bytes(good: Good, rng: random.Random) -> list[Sent]:
    sent = []
    for n, at in enumerate(spread(6)):
        frame = wire.udp("198.18.0.9:5060", "192.0.2.20:5060", evil(good, n))
        parts = fragments(frame, [8] * ((len(frame) - 34) // 8), ident=n)
        sent += [Sent(at + k * 1000, part) for k, part in enumerate(parts)]
    return sent


@case("fragments", shape="fragmented")
def fragments_beyond_the_largest_datagram(good: Good, rng: random.Random) -> list[Sent]:
    """The ping of death: offset and length add up to more than 65,535."""
    sent = []
    for n, at in enumerate(spread(100)):
        sent.append(Sent(at, _raw_fragment(rng.randbytes(1480), 65_528, more=False, ident=n)))
        sent.append(Sent(at + 1000, _raw_fragment(rng.randbytes(1480), 0, more=True, ident=n)))
    return sent


@case("fragments")
def fragments_inside_one_another(good: Good, rng: random.Random) -> list[Sent]:
    """Teardrop: the second lies within the first."""
    sent = []
    for n, at in enumerate(spread(200)):
        sent.append(Sent(at, _raw_fragment(rng.randbytes(64), 0, more=True, ident=n)))
        sent.append(Sent(at + 1000, _raw_fragment(rng.randbytes(16), 24, more=False, ident=n)))
    return sent


@case("fragments")
def fragments_without_payload(good: Good, rng: random.Random) -> list[Sent]:
    return [Sent(at, _raw_fragment(b"", n % 8 * 8, more=True, ident=7)) for n, at in enumerate(spread(2000))]


@case("fragments", shape="fragmented")
def fragments_with_the_good_ones_number_from_elsewhere(good: Good, rng: random.Random) -> list[Sent]:
    """Same number, another source: no part of the good datagram (RFC 791 §2.3)."""
    return [
        Sent(
            INVITED - 2 * MS + n * 100_000, _raw_fragment(rng.randbytes(1480), n % 3 * 1480, more=n % 2 == 0, ident=101)
        )
        for n in range(40)
    ]


@case("fragments")
def fragments_of_sixty_kilobytes(good: Good, rng: random.Random) -> list[Sent]:
    sent = []
    for n, at in enumerate(spread(30)):
        parts = fragments(_big(n, 60_000), [1480] * 41, ident=n)
        rng.shuffle(parts)
        sent += [Sent(at + k * 1000, part) for k, part in enumerate(parts)]
    return sent


@case("fragments", shape="ipv6")
def fragments_of_ipv6_never_completed(good: Good, rng: random.Random) -> list[Sent]:
    source, _ = wire.endpoint(stranger(good))
    target, _ = wire.endpoint(good.sip[1])
    sent = []
    for n, at in enumerate(spread(3000)):
        head = struct.pack(">BBHI", 17, 0, (n % 7 * 8) | 1, n)
        sent.append(Sent(at, wire.ethernet(wire.ip(source, target, 44, head + rng.randbytes(512)))))
    return sent
