"""What the handlers of one unusual frame share: where they are in its bytes, and how they end.

Handlers take a `Cursor`, move it behind the header they know and say what comes next, as that header announces it,
or give an outcome. They raise `Refused` with a reason's name where the bytes make no sense; nothing else leaves
them. They don't know each other: who handles what is in the tables of `capture.network.unusual`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from capture.network.fragments import Reassembly
from capture.packets import AddressBook


class Refused(Exception):
    """A frame that gives nothing; its argument is the reason it is counted under."""


class Datagram(NamedTuple):
    """A UDP datagram: its payload is `data[at:end]`."""

    data: bytes
    whole: bool  # `data` are the bytes of the frame; else of a reassembled datagram
    source: int
    destination: int
    at: int
    end: int
    cut: bool


class Segment(NamedTuple):
    """A TCP segment with something to tell."""

    source: int
    destination: int
    seq: int
    flags: int
    payload: bytes


class EtherType(NamedTuple):
    """What comes next, as an Ethertype; up to 1500 it is a length, and LLC comes."""

    kind: int


class IpProtocol(NamedTuple):
    """What comes next, as a protocol number of IP."""

    number: int


class UdpTunnel(NamedTuple):
    """The payload of a UDP datagram is a tunnel's packet."""

    handler: Callable[[Cursor], Step]


IP = EtherType(0x0800)  # IPv4 or IPv6: the packet says itself
ETHERNET_FRAME = EtherType(0x6558)

Outcome = Datagram | Segment
Step = EtherType | IpProtocol | UdpTunnel | Outcome
Handler = Callable[["Cursor"], Step]


@dataclass(slots=True)
class Cursor:
    """A place in the bytes of one frame, or of the datagram reassembled from it; `begin` sets it to the next one."""

    addresses: AddressBook
    reassembly: Reassembly
    vxlan_ports: frozenset[int]
    gtp_ports: frozenset[int]
    max_depth: int
    data: bytes = b""
    at: int = 0
    end: int = 0  # what lies behind it belongs to no one, or to an outer header
    time_ns: int = 0
    depth_left: int = 0
    tunnels: tuple[str, ...] = ()  # those it is inside of, from the outside in
    whole: bool = True  # `data` are the bytes of the frame
    source: bytes = b""  # of the innermost IP header so far
    destination: bytes = b""
    cut: bool = False  # that IP packet isn't there to its end

    def begin(self, frame: bytes, time_ns: int) -> None:
        """Go to the first byte of another frame."""
        self.data, self.at, self.end, self.time_ns = frame, 0, len(frame), time_ns
        self.depth_left, self.whole, self.cut = self.max_depth, True, False
        self.tunnels = ()
        self.source = self.destination = b""

    def need(self, count: int, reason: str) -> int:
        """The place, if `count` bytes lie behind it; otherwise the frame is refused."""
        if self.at + count > self.end:
            raise Refused(reason)
        return self.at

    def descend(self, kind: str) -> None:
        """Go into a tunnel of this kind; refuses the frame if it is nested too deep."""
        if not self.depth_left:
            raise Refused("tunnel_depth")
        self.depth_left -= 1
        self.tunnels += (kind,)
