"""What comes to the media ports and is no audio."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable

from tests import wire
from tests.hostile.casebook import Attack, add
from tests.hostile.good import (
    AUDIO,
    MISSING,
    MS,
    Good,
    Sent,
)
from tests.hostile.parts import both_ways, from_peer, spread, to_media

# --- RTP that isn't ----------------------------------------------------------------------------------------------


def _malformed(make: Callable[[Good, int, random.Random], bytes]) -> Attack:
    """Packets with the good call's SSRC that no receiver accepts (RFC 3550 A.1), from the true endpoint and others.

    They bear the number of the packet that is missing, so that one taken for good fills the hole.
    """

    def attack(good: Good, rng: random.Random) -> list[Sent]:
        sent = []
        at = AUDIO + MISSING * 20 * MS + 500_000
        for n in range(40):
            for direction in (0, 1):
                text = make(good, direction, rng)
                frame = (from_peer if n % 2 == 0 else to_media)(good, direction, text)
                sent.append(Sent(at + n * 400_000, frame))
        return sent

    return attack


def _missing(good: Good, direction: int, payload: bytes) -> bytes:
    return good.rtp(direction, MISSING, payload)


def _first_byte(value: int, payload: bytes) -> Attack:
    return _malformed(lambda good, d, rng: bytes([value]) + _missing(good, d, payload)[1:])


add("rtp", "rtp_of_version_1", _first_byte(0x40, b"\x55" * 160))
add(
    "rtp",
    "rtp_of_version_0_and_3",
    _malformed(lambda good, d, rng: bytes([rng.choice((0x00, 0xC0))]) + _missing(good, d, b"\x11" * 160)[1:]),
)
add("rtp", "rtp_with_more_sources_than_bytes", _first_byte(0x8F, b"\x11" * 40))
add("rtp", "rtp_with_an_extension_longer_than_the_packet", _first_byte(0x90, b"\xbe\xde\xff\xff" + b"\x11" * 156))
add("rtp", "rtp_with_an_extension_and_no_room_for_it", _first_byte(0x90, b"\xbe\xde"))
add("rtp", "rtp_with_padding_longer_than_the_payload", _first_byte(0xA0, b"\x11" * 159 + b"\xff"))
add("rtp", "rtp_with_padding_of_nothing", _first_byte(0xA0, b""))
add("rtp", "rtp_cut_in_mid_header", _malformed(lambda good, d, rng: _missing(good, d, b"")[: rng.randrange(12)]))
add("rtp", "rtp_without_payload", _malformed(lambda good, d, rng: _missing(good, d, b"")))
add(
    "rtp",
    "rtp_of_types_nobody_negotiated_from_strangers",
    lambda good, rng: both_ways(
        spread(1000), lambda d, n: to_media(good, d, good.rtp(d, n, rng.randbytes(160), payload_type=n % 128))
    ),
)
add(
    "rtp",
    "rtp_of_sixty_kilobytes",
    lambda good, rng: both_ways(spread(20), lambda d, n: to_media(good, d, good.rtp(d, n, rng.randbytes(60_000)))),
)
add(
    "rtp",
    "rtp_of_one_byte_payloads",
    lambda good, rng: both_ways(
        spread(2000), lambda d, n: to_media(good, d, wire.rtp(b"x", seq=n, timestamp=n * 2**20, ssrc=5))
    ),
)


# --- RTCP, STUN, DTLS to the media ports -------------------------------------------------------------------------


def _to_media_ports(make: Callable[[Good, int, int, random.Random], bytes], *, spoof: bool = True) -> Attack:
    def attack(good: Good, rng: random.Random) -> list[Sent]:
        send = from_peer if spoof else to_media
        return both_ways(spread(200, AUDIO), lambda d, n: send(good, d, make(good, d, n, rng)))

    return attack


def _rtcp(kind: int, count: int, words: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0x80 | count, kind, words & 0xFFFF) + body


add(
    "control",
    "rtcp_bye_of_the_right_source",
    _to_media_ports(lambda good, d, n, rng: _rtcp(203, 1, 1, struct.pack(">I", good.ssrc[d]))),
)
add(
    "control",
    "rtcp_bye_from_strangers",
    _to_media_ports(lambda good, d, n, rng: _rtcp(203, 1, 1, struct.pack(">I", good.ssrc[d])), spoof=False),
)
add(
    "control",
    "rtcp_with_bad_lengths",
    _to_media_ports(
        lambda good, d, n, rng: _rtcp(
            rng.choice((200, 201, 202, 207)), n % 32, rng.choice((0, 1, 0xFFFF, 99)), rng.randbytes(n % 60)
        )
    ),
)
add(
    "control",
    "rtcp_descriptions_without_end",
    _to_media_ports(
        lambda good, d, n, rng: _rtcp(202, 31, 40, struct.pack(">I", good.ssrc[d]) + b"\1\xff" + b"n" * 150)
    ),
)
add(
    "control",
    "stun_on_the_media_ports",
    _to_media_ports(
        lambda good, d, n, rng: (
            struct.pack(">HHI", (1, 0x101)[n % 2], n % 9 * 4, 0x2112A442) + rng.randbytes(12 + n % 40)
        )
    ),
)
add(
    "control",
    "dtls_hellos_on_the_media_ports",
    _to_media_ports(
        lambda good, d, n, rng: b"\x16\xfe\xff\0\0" + rng.randbytes(6) + b"\0\xc8\1\0\0\xbc" + rng.randbytes(180)
    ),
)
add(
    "control",
    "rubbish_on_the_media_ports",
    _to_media_ports(
        lambda good, d, n, rng: bytes([rng.randrange(128)]) + rng.randbytes(rng.randrange(300)), spoof=False
    ),
)
