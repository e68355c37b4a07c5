"""Frames for tests, made byte by byte: Ethernet, IP, UDP, TCP and RTP, and the pcap file round them.

Endpoints are written as people write them: "192.0.2.1:5060" or "[2001:db8::1]:5060". Times are integers,
nanoseconds since 1970. Everything is deterministic; nothing here is used outside the tests.
"""

from __future__ import annotations

import functools
import ipaddress
import struct
from collections.abc import Iterable, Sequence
from pathlib import Path

Frame = tuple[int, bytes]  # capture time in nanoseconds, bytes of the frame

SECOND = 1_000_000_000


@functools.lru_cache(4096)
def endpoint(text: str) -> tuple[bytes, int]:
    """Address bytes (4 or 16) and port of "192.0.2.1:5060" or "[2001:db8::1]:5060"."""
    address, _, port = text.rpartition(":")
    return ipaddress.ip_address(address.strip("[]")).packed, int(port)


def checksum(data: bytes) -> int:
    """The Internet checksum (RFC 1071)."""
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ip(source: bytes, destination: bytes, protocol: int, payload: bytes, *, ident: int = 0, ttl: int = 64) -> bytes:
    """An IPv4 or IPv6 packet, by the length of the addresses."""
    if len(source) == 16:
        return struct.pack(">IHBB", 6 << 28, len(payload), protocol, ttl) + source + destination + payload
    head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), ident, 0, ttl, protocol, 0, source, destination)
    return head[:10] + struct.pack(">H", checksum(head)) + head[12:] + payload


def ethernet(packet: bytes, *, vlans: Sequence[int] = ()) -> bytes:
    """An Ethernet frame round an IP packet, with 802.1Q tags from the outside in."""
    tags = b"".join(struct.pack(">HH", 0x8100, vlan) for vlan in vlans)
    kind = 0x86DD if packet[0] >> 4 == 6 else 0x0800
    return b"\x02\0\0\0\0\x01\x02\0\0\0\0\x02" + tags + struct.pack(">H", kind) + packet


def udp(source: str, destination: str, payload: bytes, *, vlans: Sequence[int] = (), ident: int = 0) -> bytes:
    """An Ethernet frame with one UDP datagram (checksum 0: not computed)."""
    (src, sport), (dst, dport) = endpoint(source), endpoint(destination)
    datagram = struct.pack(">HHHH", sport, dport, 8 + len(payload), 0) + payload
    return ethernet(ip(src, dst, 17, datagram, ident=ident), vlans=vlans)


def tcp(source: str, destination: str, payload: bytes, *, seq: int, flags: int = 0x18) -> bytes:
    """An Ethernet frame with one TCP segment."""
    (src, sport), (dst, dport) = endpoint(source), endpoint(destination)
    segment = struct.pack(">HHIIBBHHH", sport, dport, seq & 0xFFFFFFFF, 0, 0x50, flags, 65535, 0, 0) + payload
    return ethernet(ip(src, dst, 6, segment))


def rtp(
    payload: bytes, *, seq: int, timestamp: int, ssrc: int = 0x1234, payload_type: int = 0, marker: bool = False
) -> bytes:
    """An RTP packet (RFC 3550 §5.1) without padding, extension or CSRC."""
    return (
        struct.pack(">BBHII", 0x80, marker << 7 | payload_type, seq & 0xFFFF, timestamp & 0xFFFFFFFF, ssrc & 0xFFFFFFFF)
        + payload
    )


def pcap(frames: Iterable[Frame], *, link: int = 1, nanoseconds: bool = True, order: str = "<") -> bytes:
    """A capture file (pcap 2.4) as bytes."""
    unit = 1 if nanoseconds else 1000
    magic = 0xA1B23C4D if nanoseconds else 0xA1B2C3D4
    parts = [struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 262144, link)]
    for at, frame in frames:
        seconds, rest = divmod(at, SECOND)
        parts += [struct.pack(order + "IIII", seconds, rest // unit, len(frame), len(frame)), frame]
    return b"".join(parts)


def write_pcap(path: Path, frames: Iterable[Frame], *, link: int = 1) -> Path:
    """Write frames to a nanosecond pcap file and give its path back."""
    path.write_bytes(pcap(frames, link=link))
    return path
