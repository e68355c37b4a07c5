"""A capture without audio: all that is no RTP comes; RTP doesn't, in IPv4 and IPv6, with tags or without."""

from __future__ import annotations

import ipaddress
import random
import struct
from dataclasses import replace

from dpkt.ethernet import Ethernet
from dpkt.ip import IP
from dpkt.ip6 import IP6
from dpkt.tcp import TCP
from dpkt.udp import UDP

from tests.capture.wire.cables import SETTINGS, Cable, collect, open_wire

RTP = b"\x80\0" + bytes(170)
SIP = b"INVITE sip:0236411212@192.0.2.1 SIP/2.0\r\n"
TAGS = (b"", b"\x81\0\0\x64", b"\x88\xa8\0\x0a\x81\0\0\x64", b"\x91\0\0\x0a\x81\0\0\x64")
WITHOUT = replace(SETTINGS, audio=False)

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


def test_audio_is_left_out(cable: Cable) -> None:
    rng = random.Random(5)
    signalling = frame(("192.0.2.1", 5060), ("192.0.2.2", 5060), SIP)
    sent = []
    for number in range(600):
        options = b"\x01" * 4 * rng.randrange(3) if number % 5 == 0 else b""
        sent.append(frame(*ends(rng), RTP, tags=rng.choice(TAGS), options=options))
    with open_wire(cable.near, settings=WITHOUT) as wire:
        cable.send([*sent, signalling])
        assert [one.data for one in collect(wire, wait_s=0.15)] == [signalling]


def test_everything_that_is_no_audio_is_taken(cable: Cable) -> None:
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
    with open_wire(cable.near, settings=WITHOUT) as wire:
        cable.send(sent)
        assert [one.data for one in collect(wire, len(sent))] == sent
