"""IPv4 and IPv6 with their options and extension headers, UDP and TCP."""

from __future__ import annotations

import struct

from capture.network import tunnels
from capture.network.cursor import IP, Cursor, Datagram, IpProtocol, Refused, Segment, Step, UdpTunnel
from capture.network.fragments import Fragment, Key

FIN_SYN_RST = 0x07

IPV4_HEAD = struct.Struct(">BBHHHBBH4s4s").unpack_from
IPV6_HEAD = struct.Struct(">IHBB16s16s").unpack_from
IPV6_FRAGMENT = struct.Struct(">HI").unpack_from
UDP_HEAD = struct.Struct(">HHH").unpack_from
TCP_HEAD = struct.Struct(">HHIIBB").unpack_from


def ip(cursor: Cursor) -> Step:
    """IPv4 or IPv6, by the version in the packet, whatever announced it."""
    at = cursor.need(1, "short_ip")
    version = cursor.data[at] >> 4
    if version == 4:
        return ipv4(cursor)
    if version == 6:
        return ipv6(cursor)
    raise Refused("ip_version")


def ipv4(cursor: Cursor) -> Step:
    """RFC 791; options are left out."""
    at = cursor.need(20, "short_ip")
    first, _, total, ident, fragment, _, protocol, _, source, destination = IPV4_HEAD(cursor.data, at)
    header = (first & 15) * 4
    if header < 20:
        raise Refused("ip_length")
    if total == 0:  # the network card will fill it in (segmentation offload)
        total = cursor.end - at
    if total < header:
        raise Refused("ip_length")
    cursor.need(header, "short_ip")
    cursor.source, cursor.destination = source, destination
    cursor.cut = at + total > cursor.end
    cursor.at, cursor.end = at + header, min(cursor.end, at + total)
    if fragment & 0x3FFF:
        key = (source, destination, protocol, ident)
        return _fragment(cursor, key, protocol, offset=(fragment & 0x1FFF) * 8, more=bool(fragment & 0x2000))
    return IpProtocol(protocol)


def ipv6(cursor: Cursor) -> Step:
    """RFC 8200; the destination is the header's, even if a routing header names others."""
    at = cursor.need(40, "short_ip")
    _, length, following, _, source, destination = IPV6_HEAD(cursor.data, at)
    cursor.source, cursor.destination = source, destination
    cursor.at = at + 40
    cursor.cut = cursor.at + length > cursor.end
    if length:  # 0: a jumbogram, or the network card will fill it in
        cursor.end = min(cursor.end, cursor.at + length)
    return IpProtocol(following)


def extension(cursor: Cursor) -> Step:
    """Hop-by-hop options, routing, destination options and the like (RFC 8200 §4)."""
    if len(cursor.source) != 16:
        raise Refused("not_udp_or_tcp")
    at = cursor.need(8, "short_ip")
    following, size = cursor.data[at], (cursor.data[at + 1] + 1) * 8
    cursor.need(size, "short_ip")
    cursor.at += size
    return IpProtocol(following)


def ipv6_fragment(cursor: Cursor) -> Step:
    """RFC 8200 §4.5; a fragment that is all of its packet (RFC 6946) is none."""
    if len(cursor.source) != 16:
        raise Refused("not_udp_or_tcp")
    at = cursor.need(8, "short_ip")
    following = cursor.data[at]
    field, ident = IPV6_FRAGMENT(cursor.data, at + 2)
    cursor.at += 8
    if not field & 0xFFF9:
        return IpProtocol(following)
    key = (cursor.source, cursor.destination, -1, ident)
    return _fragment(cursor, key, following, offset=field & 0xFFF8, more=bool(field & 1))


def _fragment(cursor: Cursor, key: Key, protocol: int, *, offset: int, more: bool) -> Step:
    if cursor.cut:
        raise Refused("fragment_cut")
    piece = cursor.data[cursor.at : cursor.end]
    whole = cursor.reassembly.add(cursor.time_ns, key, Fragment(protocol, offset, more, piece))
    if isinstance(whole, str):
        raise Refused(whole)
    cursor.data, cursor.at, cursor.end, cursor.whole = whole.payload, 0, len(whole.payload), False
    return IpProtocol(whole.protocol)


def udp(cursor: Cursor) -> Step:
    """RFC 768. A length shorter than what is there is believed (the rest is padding), a longer one means a cut."""
    at = cursor.need(8, "short_udp")
    source_port, destination_port, length = UDP_HEAD(cursor.data, at)
    if length < 8:
        raise Refused("udp_length")
    cursor.at += 8
    if destination_port in cursor.vxlan_ports and tunnels.is_vxlan(cursor):
        return UdpTunnel(tunnels.vxlan)
    if destination_port in cursor.gtp_ports and tunnels.is_gtp(cursor):
        return UdpTunnel(tunnels.gtp)
    return Datagram(
        cursor.data,
        cursor.whole,
        cursor.addresses.number(cursor.source) << 16 | source_port,
        cursor.addresses.number(cursor.destination) << 16 | destination_port,
        at + 8,
        min(at + length, cursor.end),
        at + length > cursor.end,
    )


def tcp(cursor: Cursor) -> Step:
    """RFC 9293."""
    at = cursor.need(20, "short_tcp")
    source_port, destination_port, seq, _, header, flags = TCP_HEAD(cursor.data, at)
    size = (header >> 4) * 4
    if size < 20:
        raise Refused("tcp_length")
    cursor.need(size, "short_tcp")
    payload = cursor.data[at + size : cursor.end]
    if not payload and not flags & FIN_SYN_RST:
        raise Refused("tcp_without_payload")
    return Segment(
        cursor.addresses.number(cursor.source) << 16 | source_port,
        cursor.addresses.number(cursor.destination) << 16 | destination_port,
        seq,
        flags,
        payload,
    )


def icmp(cursor: Cursor) -> Step:
    """Errors quote the packet that they are about: what they quote was not sent to anyone here."""
    raise Refused("icmp")


def ip_in_ip(cursor: Cursor) -> Step:
    """RFC 2003, RFC 2473, RFC 4213."""
    cursor.descend("ip")
    return IP
