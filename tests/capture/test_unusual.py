"""Frames that aren't plain: whatever a datagram is wrapped in, it comes out; what can't is counted by its reason."""

from __future__ import annotations

import random
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from capture.network.decoder import OUTCOMES
from capture.network.unusual import BY_LINK
from capture.packets import AddressBook
from tests import wire
from tests.capture.blocks import block_of, decode

A, B = "192.0.2.1:5060", "198.51.100.2:4000"
A6, B6 = "[2001:db8::1]:5060", "[2001:db8::2]:4000"
INVITE = b"INVITE sip:0312345678@example.jp SIP/2.0\r\n"
DATAGRAM = struct.pack(">HHHH", 5060, 4000, 8 + len(INVITE), 0) + INVITE
(A4, _), (B4, _) = wire.endpoint(A), wire.endpoint(B)
PACKET = wire.ip(A4, B4, 17, DATAGRAM)
PACKET6 = wire.udp(A6, B6, INVITE)[14:]
FRAME = wire.ethernet(PACKET)
OUTER = (b"\x0a\0\0\1", b"\x0a\0\0\2")


def tunnel(protocol: int, payload: bytes) -> bytes:
    """An Ethernet frame with an outer IPv4 header."""
    return wire.ethernet(wire.ip(*OUTER, protocol, payload))


def under(kind: int, payload: bytes) -> bytes:
    """An Ethernet frame with an Ethertype."""
    return FRAME[:12] + struct.pack(">H", kind) + payload


def with_options(options: bytes) -> bytes:
    packet = bytearray(wire.ip(A4, B4, 17, options + DATAGRAM))
    packet[0] = 0x45 + len(options) // 4
    return wire.ethernet(bytes(packet))


def with_extensions(*headers: tuple[int, bytes]) -> bytes:
    """IPv6 with extension headers, each given by its number and what it holds behind its next-header octet."""
    body, following = DATAGRAM, 17
    for number, rest in reversed(headers):
        body, following = bytes([following]) + rest + body, number
    return wire.ethernet(wire.ip(wire.endpoint(A6)[0], wire.endpoint(B6)[0], following, body))


def esp(inner: bytes, protocol: int, *, check: int) -> bytes:
    padding = -(len(inner) + 2) % 4
    trailer = bytes(range(1, padding + 1)) + bytes([padding, protocol])
    return tunnel(50, b"\0\0\x10\1\0\0\0\1" + inner + trailer + b"\xc5" * check)


def gtp(inner: bytes, *, optional: bytes = b"") -> bytes:
    flags = 0x34 if optional else 0x30
    return wire.udp(
        "10.0.0.1:2152", "10.0.0.2:2152", struct.pack(">BBHI", flags, 255, len(optional + inner), 9) + optional + inner
    )


def vxlan(inner: bytes, header: bytes = b"\x08\0\0\0\0\0\x07\0", port: int = 4789) -> bytes:
    return wire.udp("10.0.0.1:50000", f"10.0.0.2:{port}", header + inner)


ROUTING = b"\0\4\0\0\0\0\0"
OPTIONS_16 = b"\1\1\4" + bytes(12)
WRAPPED = {
    "ipv4 with options": with_options(b"\x94\4\0\0" * 3),
    "ipv6": wire.ethernet(PACKET6),
    "ipv6 with a tag": wire.ethernet(PACKET6, vlans=(3,)),
    "ipv6 with extension headers": with_extensions((0, b"\0\1\4" + bytes(4)), (60, OPTIONS_16), (43, ROUTING)),
    "ipv6 with an authentication header": with_extensions((51, b"\4\0\0" + bytes(20))),
    "ipv6 in a fragment that is all of it": with_extensions((44, b"\0\0\0\0\0\0\x09")),
    "ipv4-mapped ipv6": wire.ethernet(
        wire.ip(bytes(10) + b"\xff\xff" + A4, bytes(10) + b"\xff\xff" + B4, 17, DATAGRAM)
    ),
    "three tags": wire.ethernet(PACKET, vlans=(1, 2, 3)),
    "snap": FRAME[:12] + struct.pack(">H", 8 + len(PACKET)) + b"\xaa\xaa\3\0\0\0\x08\0" + PACKET,
    "pppoe": under(0x8864, b"\x11\0\0\1" + struct.pack(">HH", 2 + len(PACKET), 0x21) + PACKET),
    "pppoe, ipv6": under(0x8864, b"\x11\0\0\1" + struct.pack(">HH", 2 + len(PACKET6), 0x57) + PACKET6),
    "mpls": under(0x8847, b"\0\1\0\x40\0\2\1\x40" + PACKET),
    "mpls with a control word": under(0x8847, b"\0\1\1\x40\0\0\0\0" + FRAME),
    "ip in ip": tunnel(4, PACKET),
    "ipv6 in ipv4": tunnel(41, PACKET6),
    "gre": tunnel(47, b"\0\0\x08\0" + PACKET),
    "gre with all options": tunnel(47, b"\xb0\0\x08\0" + bytes(12) + PACKET),
    "gre with ethernet": tunnel(47, b"\x20\0\x65\x58\0\0\0\7" + FRAME),
    "gre of pptp": tunnel(47, b"\x30\x81\x88\x0b" + bytes(12) + b"\xff\3\0\x21" + PACKET),
    "erspan 1": tunnel(47, b"\0\0\x88\xbe" + FRAME),
    "erspan 2": tunnel(47, b"\x10\0\x88\xbe\0\0\0\1" + b"\x10\5\0\1\0\0\0\2" + FRAME),
    "erspan 2 with a tag inside": tunnel(
        47, b"\x10\0\x88\xbe\0\0\0\1" + b"\x10\5\0\1\0\0\0\2" + wire.ethernet(PACKET, vlans=(9,))
    ),
    "erspan 3": tunnel(47, b"\x10\0\x22\xeb\0\0\0\1" + b"\x20\5\0\1" + bytes(8) + FRAME),
    "erspan 3 with a subheader": tunnel(
        47, b"\x10\0\x22\xeb\0\0\0\1" + b"\x20\5\0\1" + bytes(7) + b"\1" + bytes(8) + FRAME
    ),
    "vxlan": vxlan(FRAME),
    "vxlan with a group policy": vxlan(FRAME, b"\x88\x08\0\x10\0\0\x07\0"),
    "gtp-u": gtp(PACKET),
    "gtp-u, ipv6": gtp(PACKET6),
    "gtp-u with an extension header": gtp(PACKET, optional=b"\0\1\0\x85\1\x10\x09\0"),
    "esp without encryption": esp(DATAGRAM, 17, check=12),
    "esp with a long check": esp(DATAGRAM, 17, check=16),
    "esp with no check": esp(DATAGRAM, 17, check=0),
    "esp in tunnel mode": esp(PACKET, 4, check=12),
    "authentication header": tunnel(51, b"\x04\4\0\0" + bytes(20) + PACKET),
    "mpls in ip": tunnel(137, b"\0\1\1\x40" + PACKET),
    "tunnels in tunnels": tunnel(47, b"\0\0\x65\x58" + vxlan(tunnel(4, wire.ip(*OUTER, 41, PACKET6)))),
}  # fmt: skip


@pytest.mark.parametrize("frame", WRAPPED.values(), ids=WRAPPED.keys())
def test_a_datagram_comes_out_whatever_it_is_wrapped_in(frame: bytes) -> None:
    decoded = decode(block_of([frame]))

    [row] = decoded.rows
    assert row.payload == INVITE
    assert row.head == INVITE[:16]
    assert row.source & 0xFFFF == 5060 and row.destination & 0xFFFF == 4000
    assert not row.cut
    assert decoded.addresses.text(row.destination).endswith(":4000")


@pytest.mark.parametrize(
    "link, frame",
    [
        (0, b"\2\0\0\0" + PACKET),
        (0, b"\0\0\0\x02" + PACKET),
        *[(0, bytes([family]) + b"\0\0\0" + PACKET6) for family in (10, 24, 28, 30)],
        (108, b"\0\0\0\x1e" + PACKET6),
        (9, b"\xff\3\0\x21" + PACKET),
        (12, PACKET),
        (14, PACKET6),
        (101, PACKET6),
        (228, PACKET),
        (229, PACKET6),
        (113, bytes(14) + b"\x08\0" + PACKET),
        (113, bytes(14) + b"\x81\0\0\5\x08\0" + PACKET),
        (276, b"\x86\xdd" + bytes(18) + PACKET6),
    ],
)  # fmt: skip
def test_every_kind_of_link_gives_the_datagram(link: int, frame: bytes) -> None:
    [row] = decode(block_of([frame], link=link)).rows

    assert row.payload == INVITE


def test_ipv6_addresses_have_numbers_of_their_own_and_mapped_ones_their_ipv4s() -> None:
    decoded = decode(block_of([WRAPPED["ipv6"], WRAPPED["ipv4-mapped ipv6"]]))

    six, four = decoded.rows
    assert decoded.addresses.text(six.source) == A6
    assert four.source == AddressBook().endpoint("192.0.2.1", 5060)


@pytest.mark.parametrize("header", [b"\0" * 8, b"\x08\0\0\0\0\0\7\1", b"\x08\0\1\0\0\0\7\0", b"\x80\0", b""])
def test_a_datagram_to_a_tunnels_port_without_its_header_is_a_datagram(header: bytes) -> None:
    [row] = decode(block_of([vxlan(b"no tunnel", header)])).rows

    assert row.payload == header + b"no tunnel"


def test_ports_of_vxlan_are_a_setting() -> None:
    frame = vxlan(FRAME, port=8472)

    assert decode(block_of([frame])).rows[0].payload.endswith(INVITE)
    assert decode(block_of([frame]), vxlan_ports=(8472,)).rows[0].payload == INVITE


def test_rtp_on_the_gtp_port_stays_rtp() -> None:
    packet = wire.rtp(b"\xff" * 160, seq=1, timestamp=2)

    assert decode(block_of([wire.udp(A, "10.0.0.2:2152", packet)])).rows[0].payload == packet


def test_tcp_segments_carry_payload_or_begin_or_end_a_stream() -> None:
    decoded = decode(
        block_of(
            [
                wire.tcp(A, B, b"", seq=100, flags=0x02),
                wire.tcp(A, B, b"", seq=101, flags=0x10) + bytes(6),
                wire.tcp(A, B, INVITE, seq=2**32 + 101) + bytes(3),
                wire.tcp(A, B, b"", seq=200, flags=0x11),
            ],
            first=70,
        )
    )

    assert [(s.frame, s.seq, s.flags, s.payload) for s in decoded.segments] == [
        (70, 100, 2, b""),
        (72, 101, 0x18, INVITE),
        (73, 200, 0x11, b""),
    ]
    assert decoded.segments[0].source == AddressBook().endpoint("192.0.2.1", 5060)
    assert decoded.counters["tcp_without_payload"] == 1


def test_a_super_packet_of_segmentation_offload_is_a_segment() -> None:
    """Longer than IP's length field can tell, which is then 0."""
    frame = bytearray(wire.tcp(A, B, b"y" * 60_000, seq=1))
    frame[16:18] = b"\0\0"

    [segment] = decode(block_of([bytes(frame) + b"y" * 20_000])).segments

    assert len(segment.payload) == 80_000


def test_rows_stay_in_the_order_of_the_frames() -> None:
    frames = [wire.udp(A, B, b"plain"), WRAPPED["gre"], FRAME, WRAPPED["vxlan"], wire.tcp(A, B, b"t", seq=1), FRAME]

    decoded = decode(block_of(frames, first=10))

    assert [row.frame for row in decoded.rows] == [10, 11, 12, 13, 15]
    assert decoded.segments[0].frame == 14


def icmp_error(quoted: bytes) -> bytes:
    return tunnel(1, b"\3\3\0\0\0\0\0\0" + quoted)


def at(frame: bytes, offset: int, value: bytes) -> bytes:
    return frame[:offset] + value + frame[offset + len(value) :]


REFUSED = [
    ("icmp", icmp_error(PACKET)),
    ("icmp", wire.ethernet(wire.ip(wire.endpoint(A6)[0], wire.endpoint(B6)[0], 58, b"\1\4" + bytes(6) + PACKET6))),
    ("not_ip", under(0x0806, bytes(28))),
    ("not_ip", FRAME[:12] + b"\0\x26\x42\x42\3" + bytes(35)),
    ("not_udp_or_tcp", tunnel(132, bytes(20))),
    ("not_udp_or_tcp", tunnel(2, bytes(8))),
    ("encrypted", esp(b"\x9a" * 64, 0x9A, check=12)),
    ("short_ethernet", FRAME[:13]),
    ("short_ip", FRAME[:30]),
    ("short_ip", with_extensions((60, b"\xff" + bytes(6)))),
    ("short_udp", FRAME[:40]),
    ("short_udp", tunnel(17, b"\0\1\0\2")),
    ("short_tcp", tunnel(6, bytes(19))),
    ("short_mpls", under(0x8847, b"\0\1\0\x40")),
    ("short_pppoe", under(0x8864, b"\x11\0")),
    ("short_tunnel", tunnel(47, b"\xb0\0\x08\0")),
    ("short_tunnel", gtp(PACKET, optional=b"\0\1\0\x85\0\0\0\0")),
    ("gre_version", tunnel(47, b"\0\2\x08\0" + PACKET)),
    ("erspan_version", tunnel(47, b"\x10\0\x88\xbe\0\0\0\1" + b"\x70" + bytes(7) + FRAME)),
    ("ip_version", at(FRAME, 14, b"\x55")),
    ("ip_length", at(FRAME, 14, b"\x44")),
    ("ip_length", at(FRAME, 16, b"\0\x13")),
    ("udp_length", at(FRAME, 38, b"\0\7")),
    ("tcp_length", at(wire.tcp(A, B, b"x", seq=1), 46, b"\x40")),
]


@pytest.mark.parametrize("reason, frame", REFUSED, ids=[f"{n}-{reason}" for n, (reason, _) in enumerate(REFUSED)])
def test_what_gives_nothing_is_counted_by_its_reason(reason: str, frame: bytes) -> None:
    decoded = decode(block_of([frame]))

    assert decoded.rows == [] and decoded.segments == []
    counted = {name: count for name, count in decoded.counters.as_dict().items() if not name.startswith("inside_")}
    assert counted == {"frames": 1, reason: 1}


@pytest.mark.parametrize(
    "name, kinds",
    [("erspan 2", ["erspan"]), ("gre", ["gre"]), ("vxlan", ["vxlan"]), ("gtp-u", ["gtp"]), ("ip in ip", ["ip"]),
     ("mpls with a control word", ["mpls"]), ("tunnels in tunnels", ["gre", "ip", "vxlan"]), ("ipv6", [])],
)  # fmt: skip
def test_tunnels_are_counted_by_their_kind(name: str, kinds: list[str]) -> None:
    counted = decode(block_of([WRAPPED[name], FRAME])).counters.as_dict()

    assert [reason.removeprefix("inside_") for reason in counted if reason.startswith("inside_")] == kinds


@pytest.mark.parametrize("link, reason", [(105, "link_type"), (113, "short_cooked"), (0, "short_loopback")])
def test_links_that_are_unknown_or_cut_are_counted(link: int, reason: str) -> None:
    assert decode(block_of([b"\2\0\0"], link=link)).counters[reason] == 1


@pytest.mark.parametrize("depth", [0, 1, 8])
def test_tunnels_in_tunnels_end_at_the_depth_allowed(depth: int) -> None:
    def nested(levels: int) -> bytes:
        packet = PACKET
        for _ in range(levels):
            packet = wire.ip(*OUTER, 4, packet)
        return wire.ethernet(packet)

    decoded = decode(block_of([nested(depth), nested(depth + 1)]), max_depth=depth)

    assert [row.frame for row in decoded.rows] == [0]
    assert decoded.counters["tunnel_depth"] == 1


def test_a_datagram_cut_within_a_tunnel_is_marked() -> None:
    [row] = decode(block_of([WRAPPED["gre"][:-5]])).rows

    assert row.payload == INVITE[:-5]
    assert row.cut


@given(st.randoms(use_true_random=False))
@settings(max_examples=150, deadline=None)
def test_no_bytes_raise_and_every_frame_has_one_outcome(rng: random.Random) -> None:
    frames = []
    for _ in range(30):
        frame = bytearray(rng.choice(list(WRAPPED.values())))
        for _ in range(rng.randrange(6)):
            frame[rng.randrange(12, len(frame))] = rng.choice((0, 1, 0x45, 0x60, 0xFF, rng.randrange(256)))
        frames.append(bytes(frame[: rng.randrange(len(frame) + 1)] if rng.random() < 0.3 else frame))

    decoded = decode(block_of(frames, link=rng.choice((*BY_LINK, 1, 1, 1, 147))))

    assert decoded.counters["frames"] == 30
    counted = set(decoded.counters.as_dict()) - {"frames", "udp_cut"}
    assert all(name in OUTCOMES or name.startswith(("datagrams_", "inside_")) for name in counted)
