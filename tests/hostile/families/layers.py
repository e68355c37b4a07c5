"""Ethernet, IP and UDP: wrong lengths, tags, tunnels, extension headers."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable

from tests import wire
from tests.hostile.casebook import Attack, add
from tests.hostile.families.fragments import _big
from tests.hostile.good import (
    Good,
    Sent,
)
from tests.hostile.parts import evil, packet, spread, stranger, to_exchange

# --- lengths and fields of IP and UDP ----------------------------------------------------------------------------


def _bent(offset: int, *values: bytes, media: bool = False) -> Attack:
    """Frames of a stranger in IPv4 with bytes changed, counted from the IP header on."""

    def attack(good: Good, rng: random.Random) -> list[Sent]:
        sent = []
        for n, at in enumerate(spread(200)):
            text = wire.rtp(rng.randbytes(160), seq=n, timestamp=n) if media or n % 2 else evil(good, n)
            target = "192.0.2.20:10000" if media or n % 2 else "192.0.2.20:5060"
            frame = bytearray(wire.udp("198.18.0.9:5060", target, text))
            value = values[n % len(values)]
            frame[14 + offset : 14 + offset + len(value)] = value
            sent.append(Sent(at, bytes(frame)))
        return sent

    return attack


add("lengths", "ip_header_lengths", _bent(0, b"\x40", b"\x44", b"\x4f", b"\x41"))
add("lengths", "ip_versions", _bent(0, b"\x05", b"\x65", b"\xf5", b"\x55"))
add("lengths", "ip_total_lengths", _bent(2, b"\0\0", b"\0\x13", b"\0\x14", b"\xff\xff", b"\0\x1b", b"\0\x30"))
add("lengths", "ip_protocols", _bent(9, *(bytes([n]) for n in (0, 1, 2, 4, 6, 33, 41, 47, 50, 51, 58, 115, 132, 255))))
add("lengths", "udp_lengths", _bent(24, b"\0\0", b"\0\x07", b"\0\x08", b"\xff\xff", b"\0\x10", b"\x10\0"))
add("lengths", "udp_lengths_of_audio", _bent(24, b"\0\0", b"\0\x07", b"\0\x13", b"\xff\xff", media=True))
add(
    "lengths",
    "ip_lengths_cut_in_mid_header",
    lambda good, rng: [Sent(at, to_exchange(good, evil(good))[: 14 + n % 30]) for n, at in enumerate(spread(300))],
)
add(
    "lengths",
    "ip_options_without_end",
    lambda good, rng: [
        Sent(
            at,
            b"\2" * 12
            + b"\x08\0"
            + struct.pack(">BBHHHBBH4s4s", 0x4F, 0, 68, 0, 0, 64, 17, 0, b"\xc6\x12\0\x09", b"\xc0\0\2\x14")
            + bytes([n % 256, n % 5]) * 20
            + b"\x13\xc4\x13\xc4\0\x08\0\0",
        )
        for n, at in enumerate(spread(500))
    ],
)


# --- tags and tunnels --------------------------------------------------------------------------------------------


_MACS = b"\2\0\0\0\0\7\2\0\0\0\0\x08"


def _wrapped(wrap: Callable[[bytes], bytes], depth: int) -> Attack:
    """A forged BYE, a call and audio of a stranger's within so many layers."""

    def attack(good: Good, rng: random.Random) -> list[Sent]:
        sent = []
        for n, at in enumerate(spread(60)):
            inner = packet(wire.udp("198.18.0.9:5060", "192.0.2.20:5060", evil(good, n)))
            for _ in range(depth):
                inner = wrap(inner)
            kind = b"\x86\xdd" if inner[0] >> 4 == 6 else b"\x08\0"
            sent.append(Sent(at, _MACS + kind + inner))
        return sent

    return attack


def _outer(protocol: int, payload: bytes) -> bytes:
    return wire.ip(b"\xc6\x12\0\x01", b"\xc6\x12\0\x02", protocol, payload)


def _vxlan(inner: bytes) -> bytes:
    frame = b"\x08\0\0\0\0\0\1\0" + wire.ethernet(inner)
    return _outer(17, struct.pack(">HHHH", 50000, 4789, 8 + len(frame), 0) + frame)


def _tags(count: int, kind: int) -> Attack:
    def attack(good: Good, rng: random.Random) -> list[Sent]:
        tag = struct.pack(">HH", kind, 5)
        return [Sent(at, _MACS + tag * count + b"\x08\0" + packet(_big(n, 10))) for n, at in enumerate(spread(100))]

    return attack


add("tunnels", "vlan_tags_twenty_deep", _tags(20, 0x8100))
add("tunnels", "vlan_tags_of_providers_two_hundred_deep", _tags(200, 0x88A8))
add(
    "tunnels",
    "vlan_tags_and_nothing_else",
    lambda good, rng: [Sent(at, _MACS + b"\x81\0\0\5" * (n % 10)) for n, at in enumerate(spread(200))],
)
add("tunnels", "ip_in_ip_twenty_deep", _wrapped(lambda inner: _outer(4, inner), 20))
add("tunnels", "gre_twenty_deep", _wrapped(lambda inner: _outer(47, b"\0\0\x08\0" + inner), 20))
add("tunnels", "gre_nine_hundred_deep", _wrapped(lambda inner: _outer(47, b"\0\0\x08\0" + inner), 900))
add("tunnels", "vxlan_twenty_deep", _wrapped(_vxlan, 20))
add(
    "tunnels",
    "erspan_cut_short",
    lambda good, rng: [
        Sent(at, _MACS + b"\x08\0" + _outer(47, b"\x10\0" + (b"\x88\xbe", b"\x22\xeb")[n % 2] + bytes(n % 24)))
        for n, at in enumerate(spread(300))
    ],
)
add(
    "tunnels",
    "gre_with_mad_flags",
    lambda good, rng: [
        Sent(at, _MACS + b"\x08\0" + _outer(47, rng.randbytes(2) + b"\x08\0" + rng.randbytes(n % 60)))
        for n, at in enumerate(spread(500))
    ],
)
add(
    "tunnels",
    "vxlan_cut_short",
    lambda good, rng: [
        Sent(at, wire.udp(stranger(good, 9, 50000), stranger(good, 8, 4789), b"\x08\0\0\0\0\0\1\0" + bytes(n % 40)))
        for n, at in enumerate(spread(300))
    ],
)


# --- IPv6 extension headers --------------------------------------------------------------------------------------


def _extended(chain: Callable[[int, random.Random], tuple[int, bytes]]) -> Attack:
    """IPv6 packets with a chain of extension headers before a forged INVITE."""

    def attack(good: Good, rng: random.Random) -> list[Sent]:
        ends = wire.endpoint("[2001:db8:bad::9]:5060")[0], wire.endpoint("[2001:db8::20]:5060")[0]
        sent = []
        for n, at in enumerate(spread(100)):
            text = evil(good, n)
            datagram = struct.pack(">HHHH", 5060, 5060, 8 + len(text), 0) + text
            first, headers = chain(n, rng)
            sent.append(Sent(at, wire.ethernet(wire.ip(*ends, first, headers + datagram))))
        return sent

    return attack


add(
    "ipv6",
    "ipv6_options_two_hundred_deep",
    _extended(lambda n, rng: (60, b"\x3c\0\1\4\0\0\0\0" * 199 + b"\x11\0\1\4\0\0\0\0")),
)
add("ipv6", "ipv6_hop_by_hop_again_and_again", _extended(lambda n, rng: (0, bytes(8) * 100)), shape="ipv6")
add("ipv6", "ipv6_header_longer_than_the_packet", _extended(lambda n, rng: (60, b"\x11\xff\1\4\0\0\0\0")), shape="ipv6")
add(
    "ipv6",
    "ipv6_routing_and_authentication",
    _extended(lambda n, rng: (43, b"\x33\0" + rng.randbytes(6) + b"\x11\xff" + rng.randbytes(6))),
)
add("ipv6", "ipv6_nothing_follows", _extended(lambda n, rng: (59, b"")))
add(
    "ipv6",
    "ipv6_headers_of_rubbish",
    _extended(lambda n, rng: (rng.choice((0, 43, 44, 50, 51, 60, 135, 139)), rng.randbytes(n * 3))),
    shape="ipv6",
)
add(
    "ipv6",
    "ipv6_payload_lengths",
    lambda good, rng: [
        Sent(
            at,
            (lambda f: f[:18] + struct.pack(">H", (0, 1, 7, 8, 39, 65535)[n % 6]) + f[20:])(
                wire.udp("[2001:db8:bad::9]:5060", "[2001:db8::20]:5060", evil(good, n))
            ),
        )
        for n, at in enumerate(spread(200))
    ],
)
