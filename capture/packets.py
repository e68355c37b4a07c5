"""Packets after the link, network and transport headers are off: rows of columns, and TCP segments beside them.

`PacketBatch` is the form in which everything reaches the SIP and RTP side, whether it came in plain Ethernet or
through three tunnels. Addresses are numbers, so that they can be compared as columns: see `AddressBook`.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

HEAD = 16  # bytes of each payload that a batch carries as columns: enough to tell SIP, RTP, RTCP and STUN apart

_IPV4 = 1 << 32


class AddressBook:
    """Gives each IP address a number below 2**47, exactly (no hash).

    An IPv4 address is its own value; an IPv6 address is 2**32 plus the order in which it was first seen. An
    *endpoint* is `number << 16 | port`, which fits an int64. An IPv4-mapped IPv6 address (::ffff:0:0/96) is the
    IPv4 address. Past `cap` different IPv6 addresses, further ones share the number `OVERFLOW`, which belongs to
    nobody.
    """

    OVERFLOW = (1 << 47) - 1

    def __init__(self, cap: int = 1 << 17) -> None:
        self._cap = cap
        self._number: dict[bytes, int] = {}
        self._address: list[bytes] = []

    def number(self, packed: bytes) -> int:
        """The number of an address given as 4 or 16 bytes."""
        if len(packed) == 4:
            return int.from_bytes(packed, "big")
        known = self._number.get(packed)
        if known is not None:
            return known
        if packed[:12] == b"\0" * 10 + b"\xff\xff":
            return int.from_bytes(packed[12:], "big")
        if len(self._address) >= self._cap:
            return self.OVERFLOW
        self._number[packed] = number = _IPV4 + len(self._address)
        self._address.append(packed)
        return number

    def endpoint(self, address: str, port: int) -> int:
        """The endpoint of an address as SDP or a person writes it; raises ValueError if it is none."""
        return self.number(ipaddress.ip_address(address.strip("[]")).packed) << 16 | port

    def text(self, endpoint: int) -> str:
        """"192.0.2.1:5060" or "[2001:db8::1]:5060"."""
        number, port = endpoint >> 16, endpoint & 0xFFFF
        if number < _IPV4:
            return f"{number >> 24}.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}:{port}"
        if number == self.OVERFLOW:
            return f"[unknown]:{port}"
        return f"[{ipaddress.IPv6Address(self._address[number - _IPV4])}]:{port}"


@dataclass(slots=True, frozen=True)
class TcpSegment:
    """One TCP segment with payload or with SYN, FIN or RST."""

    frame: int  # number of its frame in the source
    time_ns: int
    source: int  # endpoint
    destination: int  # endpoint
    seq: int
    flags: int  # the flags octet of RFC 9293: FIN 1, SYN 2, RST 4, PSH 8, ACK 16
    payload: bytes


@dataclass(slots=True)
class PacketBatch:
    """UDP datagrams, one row each, in the order of capture, and the TCP segments captured among them."""

    data: NDArray[np.uint8]  # the bytes that `start` points into; valid until the next batch is made
    frame: NDArray[np.int64]  # number of the frame in the source (of the last fragment, for a reassembled datagram)
    time_ns: NDArray[np.int64]
    source: NDArray[np.int64]  # endpoints, see AddressBook
    destination: NDArray[np.int64]
    start: NDArray[np.int64]  # offset of the UDP payload in `data`
    length: NDArray[np.int64]  # bytes of the UDP payload that are there
    head: NDArray[np.uint8]  # shape (rows, HEAD): first bytes of the payload, zeros where it is shorter
    cut: NDArray[np.bool_]  # the payload is incomplete (snap length)
    segments: list[TcpSegment] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.start)
