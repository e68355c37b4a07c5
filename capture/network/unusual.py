"""Decode one frame of any kind, header by header: what `capture.network.plain` leaves.

`Unwrapper.unwrap` gives a UDP datagram, a TCP segment, or the reason for which the frame gives nothing. The tables
below say who handles what. Handlers cut headers off in place, because a row needs the payload's offset in the
frame; a packet library that copies payloads out would lose it.

Depth is bounded by `max_depth` tunnels, so a frame made of nested headers costs no more than its length.
"""

from __future__ import annotations

from capture.network import internet, links, tunnels
from capture.network.cursor import Cursor, Datagram, EtherType, Handler, IpProtocol, Refused, Segment, Step, UdpTunnel
from capture.network.fragments import Reassembly
from capture.packets import AddressBook

# By LINKTYPE_ number; for raw IP also those that some systems write instead.
BY_LINK: dict[int, Handler] = {
    0: links.loopback,
    1: links.ethernet,
    9: links.ppp,
    12: internet.ip,
    14: internet.ip,
    101: internet.ip,
    108: links.loopback,
    113: links.cooked,
    228: internet.ip,
    229: internet.ip,
    276: links.cooked_2,
}

BY_ETHERTYPE: dict[int, Handler] = {
    0x0800: internet.ip,
    0x86DD: internet.ip,
    0x8100: links.vlan,
    0x88A8: links.vlan,
    0x9100: links.vlan,
    0x9200: links.vlan,
    0x8847: links.mpls,
    0x8848: links.mpls,
    0x8864: links.pppoe,
    0x880B: links.ppp,
    0x6558: links.ethernet,
    0x88BE: tunnels.erspan,
    0x22EB: tunnels.erspan,
}

BY_PROTOCOL: dict[int, Handler] = {
    0: internet.extension,
    1: internet.icmp,
    4: internet.ip_in_ip,
    6: internet.tcp,
    17: internet.udp,
    41: internet.ip_in_ip,
    43: internet.extension,
    44: internet.ipv6_fragment,
    47: tunnels.gre,
    50: tunnels.esp,
    51: tunnels.authentication_header,
    58: internet.icmp,
    60: internet.extension,
    135: internet.extension,
    137: tunnels.mpls_in_ip,
    139: internet.extension,
    140: internet.extension,
}


class Unwrapper:
    """Decodes frames one at a time; holds fragments from one to the next."""

    def __init__(
        self,
        addresses: AddressBook,
        reassembly: Reassembly,
        *,
        vxlan_ports: frozenset[int],
        gtp_ports: frozenset[int],
        max_depth: int,
    ) -> None:
        self._cursor = Cursor(addresses, reassembly, vxlan_ports, gtp_ports, max_depth)

    @property
    def tunnels(self) -> tuple[str, ...]:
        """The tunnels that the last frame was inside of, from the outside in."""
        return self._cursor.tunnels

    def unwrap(self, link: int, frame: bytes, time_ns: int) -> Datagram | Segment | str:
        """What the frame holds, or the reason for which that is nothing."""
        cursor = self._cursor
        cursor.begin(frame, time_ns)
        handler = BY_LINK.get(link)
        if handler is None:
            return "link_type"
        try:
            while True:
                step = handler(cursor)
                if isinstance(step, (Datagram, Segment)):
                    return step
                handler = _handler(step)
        except Refused as refused:
            return str(refused)


def _handler(step: Step) -> Handler:
    """Who handles what a header announced."""
    if isinstance(step, IpProtocol):
        handler = BY_PROTOCOL.get(step.number)
        if handler is None:
            raise Refused("not_udp_or_tcp")
    elif isinstance(step, EtherType):
        handler = links.logical_link if step.kind <= links.LONGEST_LENGTH else BY_ETHERTYPE.get(step.kind)
        if handler is None:
            raise Refused("not_ip")
    else:
        assert isinstance(step, UdpTunnel)
        handler = step.handler
    return handler
