"""Several processes at one interface: each audio packet reaches exactly one, everything else reaches all."""

from __future__ import annotations

import contextlib
import ipaddress
import random
import struct
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest
from dpkt.ethernet import Ethernet
from dpkt.ip import IP
from dpkt.ip6 import IP6
from dpkt.tcp import TCP
from dpkt.udp import UDP

from capture.wire import Share, Wire, share_of
from tests.capture.wire.cables import SETTINGS, Cable, collect, open_wire

RTP = b"\x80\0" + bytes(170)
SIP = b"INVITE sip:0236411212@192.0.2.1 SIP/2.0\r\n"
TAGS = (b"", b"\x81\0\0\x64", b"\x88\xa8\0\x0a\x81\0\0\x64", b"\x91\0\0\x0a\x81\0\0\x64")
OF = 3

End = tuple[str, int]


def frame(source: End, destination: End, payload: bytes, *, tags: bytes = b"", options: bytes = b"") -> bytes:
    """UDP in IPv4 or IPv6 in Ethernet, as dpkt makes it."""
    udp = UDP(sport=source[1], dport=destination[1], ulen=8 + len(payload), data=payload)
    ends = [_packed(address) for address, _ in (source, destination)]
    if ":" in source[0]:
        packet: bytes = bytes(IP6(src=ends[0], dst=ends[1], nxt=17, plen=len(udp), data=udp, hlim=64))
        kind = b"\x86\xdd"
    else:
        ip = IP(src=ends[0], dst=ends[1], p=17, data=udp, hl=5 + len(options) // 4, opts=options)
        ip.len = len(ip)
        packet, kind = bytes(ip), b"\x08\0"
    return bytes.fromhex("020000000001020000000002") + tags + kind + packet


def _packed(address: str) -> bytes:
    return ipaddress.ip_address(address).packed


def ends(random: random.Random) -> tuple[End, End]:
    """Two ends of a call at random: of IPv6 every third."""
    if random.randrange(3) == 0:
        addresses = [f"2001:db8::{random.getrandbits(16):x}:{random.getrandbits(16):x}" for _ in range(2)]
    else:
        addresses = [f"10.{random.randrange(256)}.{random.randrange(256)}.{random.randrange(1, 255)}" for _ in range(2)]
    one, other = ((address, 2 * random.randrange(5000, 30_000)) for address in addresses)
    return one, other


@contextlib.contextmanager
def all_shares(cable: Cable) -> Iterator[list[Wire]]:
    with contextlib.ExitStack() as stack:
        yield [
            stack.enter_context(open_wire(cable.near, settings=replace(SETTINGS, share=Share(number, OF))))
            for number in range(OF)
        ]


def seen_by(wires: list[Wire]) -> list[list[bytes]]:
    return [[frame.data for frame in collect(wire, wait_s=0.15)] for wire in wires]


def test_audio_reaches_the_share_that_its_ends_name_and_no_other(cable: Cable) -> None:
    rng = random.Random(5)
    expected: list[list[bytes]] = [[] for _ in range(OF)]
    sent = []
    for number in range(600):
        one, other = ends(rng)
        options = b"\x01" * 4 * rng.randrange(3) if number % 5 == 0 else b""
        sent.append(frame(one, other, RTP, tags=rng.choice(TAGS), options=options))
        expected[share_of(one, other, OF)].append(sent[-1])
    with all_shares(cable) as wires:
        cable.send(sent)
        assert seen_by(wires) == expected
    assert min(map(len, expected)) > 150  # of 200


def test_both_directions_and_rtcp_have_the_same_share() -> None:
    rng = random.Random(6)
    for _ in range(200):
        one, other = ends(rng)
        control = (one[0], one[1] + 1), (other[0], other[1] + 1)
        assert share_of(one, other, 7) == share_of(other, one, 7) == share_of(*control, 7)


def test_ports_given_out_in_order_are_spread_over_all_shares() -> None:
    """As exchanges do: both ports rise by two from call to call."""
    calls = [(("203.0.113.10", 20_000 + 2 * n), ("192.168.10.2", 10_000 + 2 * n)) for n in range(2000)]
    for of in (2, 3, 4, 8):
        counted = Counter(share_of(*call, of) for call in calls)
        assert len(counted) == of and max(counted.values()) < 1.2 * 2000 / of


def test_everything_that_is_no_audio_reaches_all(cable: Cable) -> None:
    one, other = ("192.0.2.1", 5060), ("192.0.2.2", 5060)
    fragment = bytearray(frame(one, other, RTP))
    fragment[20:22] = struct.pack(">H", 0x2000)  # more fragments
    tcp = IP(src=_packed("192.0.2.1"), dst=_packed("192.0.2.2"), p=6, data=TCP(sport=5060, dport=5060, data=RTP))
    sent = [
        *(frame(one, other, SIP, tags=tags) for tags in TAGS),
        frame(("2001:db8::1", 5060), ("2001:db8::2", 5060), SIP),
        frame(one, other, b""),  # no payload at all
        frame(one, other, b"\0\1\0\0\x21\x12\xa4\x42" + bytes(12)),  # STUN
        bytes(fragment),
        bytes(Ethernet(data=tcp)),
        b"\xff" * 12 + b"\x08\x06" + bytes(46),  # ARP
        b"\xff" * 12 + b"\0\x26" + bytes(46),  # spanning tree
        b"\xff" * 12 + b"\x81\0\0\1\x81\0\0\2\x81\0\0\3\x08\0" + bytes(46),  # three tags
        b"\xff" * 12 + b"\x08\0\x45",  # cut off
    ]
    with all_shares(cable) as wires:
        cable.send(sent)
        assert seen_by(wires) == [sent] * OF


def test_a_single_process_has_everything(cable: Cable) -> None:
    sent = [frame(*ends(random.Random(seed)), RTP) for seed in range(50)]
    with open_wire(cable.near, settings=replace(SETTINGS, share=Share(0, 1))) as wire:
        cable.send(sent)
        assert [frame.data for frame in collect(wire, 50)] == sent


@pytest.mark.parametrize(("number", "of"), [(-1, 2), (2, 2), (0, 0)])
def test_a_share_that_is_none_is_refused(number: int, of: int) -> None:
    with pytest.raises(ValueError, match="there is no share"):
        Share(number, of)
