"""Packets in packets: GRE, ERSPAN, VXLAN, GTP-U, MPLS in IP, the Authentication Header and unencrypted ESP.

Each tunnel that a frame is inside of counts against the depth that the decoder allows.
"""

from __future__ import annotations

from capture.network.cursor import ETHERNET_FRAME, IP, Cursor, EtherType, IpProtocol, Refused, Step

GRE_CHECKSUM, GRE_ROUTING, GRE_KEY, GRE_SEQUENCE, GRE_ACKNOWLEDGEMENT = 0x8000, 0x4000, 0x2000, 0x1000, 0x0080
ERSPAN = 0x88BE
ERSPAN_KINDS = (ERSPAN, 0x22EB)  # types I and II, type III

VXLAN_HEADER = 8
VXLAN_VALID = 0x08  # the I flag of RFC 7348
VXLAN_GROUP = 0x80  # the G flag of the group policy extension, which uses 3 of the reserved octets

GTP_PACKET = 255  # message type G-PDU
GTP_EXTENSION, GTP_OPTIONAL = 0x04, 0x07

# Integrity check values of ESP with NULL encryption: of HMAC-MD5-96 and HMAC-SHA-1-96, of HMAC-SHA-256-128, none.
ESP_CHECKS = (12, 16, 0)


def gre(cursor: Cursor) -> Step:
    """RFC 2784 and 2890; version 1 is that of PPTP (RFC 2637)."""
    at = cursor.need(4, "short_tunnel")
    flags, kind = int.from_bytes(cursor.data[at : at + 2], "big"), int.from_bytes(cursor.data[at + 2 : at + 4], "big")
    version = flags & 7
    if version > 1 or flags & GRE_ROUTING:
        raise Refused("gre_version")
    cursor.descend("erspan" if kind in ERSPAN_KINDS else "gre")
    if version == 1:
        words = 1 + bool(flags & GRE_SEQUENCE) + bool(flags & GRE_ACKNOWLEDGEMENT)
    else:
        words = bool(flags & GRE_CHECKSUM) + bool(flags & GRE_KEY) + bool(flags & GRE_SEQUENCE)
    cursor.need(4 + 4 * words, "short_tunnel")
    cursor.at += 4 + 4 * words
    if kind == ERSPAN and not flags & GRE_SEQUENCE:
        return ETHERNET_FRAME  # type I has no header of its own
    return EtherType(kind)


def erspan(cursor: Cursor) -> Step:
    """ERSPAN types II and III (draft-foschiano-erspan), told by the version in their header."""
    at = cursor.need(8, "short_tunnel")
    version = cursor.data[at] >> 4
    size = 8
    if version == 2:
        cursor.need(12, "short_tunnel")
        size = 12 + 8 * (cursor.data[at + 11] & 1)  # the O flag: a platform specific subheader
    elif version != 1:
        raise Refused("erspan_version")
    cursor.need(size, "short_tunnel")
    cursor.at += size
    return ETHERNET_FRAME


def is_vxlan(cursor: Cursor) -> bool:
    """Whether a UDP payload has a VXLAN header: its flag set, and what is reserved zero."""
    header = cursor.data[cursor.at : min(cursor.at + VXLAN_HEADER, cursor.end)]
    if len(header) < VXLAN_HEADER or header[7]:
        return False
    if header[0] == VXLAN_VALID:
        return header[1:4] == b"\0\0\0"
    return header[0] == VXLAN_VALID | VXLAN_GROUP


def vxlan(cursor: Cursor) -> Step:
    """RFC 7348."""
    cursor.descend("vxlan")
    cursor.at += VXLAN_HEADER
    return ETHERNET_FRAME


def is_gtp(cursor: Cursor) -> bool:
    """Whether a UDP payload is a user packet of GTP version 1, complete as far as its length says."""
    header = cursor.data[cursor.at : min(cursor.at + 8, cursor.end)]
    return len(header) == 8 and header[0] & 0xF0 == 0x30 and header[1] == GTP_PACKET


def gtp(cursor: Cursor) -> Step:
    """GTP-U (3GPP TS 29.281) with its optional fields and extension headers."""
    cursor.descend("gtp")
    data, at = cursor.data, cursor.at
    flags, length = data[at], int.from_bytes(data[at + 2 : at + 4], "big")
    cursor.at += 8
    cursor.end = min(cursor.end, cursor.at + length)
    if flags & GTP_OPTIONAL:
        at = cursor.need(4, "short_tunnel")
        following = data[at + 3] if flags & GTP_EXTENSION else 0
        cursor.at += 4
        while following:
            at = cursor.need(1, "short_tunnel")
            size = data[at] * 4
            if not size:
                raise Refused("short_tunnel")
            cursor.need(size, "short_tunnel")
            following = data[at + size - 1]
            cursor.at += size
    return IP


def mpls_in_ip(cursor: Cursor) -> Step:
    """RFC 4023."""
    cursor.descend("mpls")
    return EtherType(0x8847)


def authentication_header(cursor: Cursor) -> Step:
    """RFC 4302; what it says isn't verified."""
    at = cursor.need(12, "short_ip")
    following, size = cursor.data[at], (cursor.data[at + 1] + 2) * 4
    if size < 12:
        raise Refused("short_ip")
    cursor.need(size, "short_ip")
    cursor.at += size
    return IpProtocol(following)


def esp(cursor: Cursor) -> Step:
    """RFC 4303 with NULL encryption (RFC 2410), as mobile networks' SIP uses it; else the frame counts as encrypted.

    Nothing in the packet says whether it is encrypted. It isn't if, for one of the usual lengths of the check
    value, the trailer is in order and the inner header agrees with it in length.
    """
    at = cursor.need(8, "short_ip")
    data, begin = cursor.data, at + 8
    if not cursor.cut:
        for check in ESP_CHECKS:
            trailer = cursor.end - check - 2
            if trailer < begin:
                continue
            padding, protocol = data[trailer], data[trailer + 1]
            end = trailer - padding
            if end < begin or data[end:trailer] != bytes(range(1, padding + 1)):
                continue
            if _agrees(data, begin, end, protocol):
                cursor.at, cursor.end = begin, end
                return IpProtocol(protocol)
    raise Refused("encrypted")


def _agrees(data: bytes, begin: int, end: int, protocol: int) -> bool:
    """Whether `data[begin:end]` can be exactly one packet of the protocol."""
    size = end - begin
    if protocol == 17:
        return size >= 8 and int.from_bytes(data[begin + 4 : begin + 6], "big") == size and any(data[begin : begin + 4])
    if protocol == 6:
        header = (data[begin + 12] >> 4) * 4 if size >= 20 else 0
        return 20 <= header <= size and not data[begin + 12] & 0x0E and data[begin + 13] & 0x3F not in (0, 0x3F)
    if protocol == 4:
        return size >= 20 and data[begin] >> 4 == 4 and int.from_bytes(data[begin + 2 : begin + 4], "big") == size
    if protocol == 41:
        return size >= 40 and data[begin] >> 4 == 6 and int.from_bytes(data[begin + 4 : begin + 6], "big") == size - 40
    return False
