"""Link layers, and what can stand between them and IP: VLAN tags, LLC/SNAP, PPPoE, MPLS."""

from __future__ import annotations

from capture.network.cursor import ETHERNET_FRAME, IP, Cursor, EtherType, Refused, Step

# Address families that mean IP: IPv4 everywhere; IPv6 on Linux, NetBSD and OpenBSD, FreeBSD, Darwin.
IP_FAMILIES = (2, 10, 24, 28, 30)

LLC = EtherType(0)
LONGEST_LENGTH = 1500  # IEEE 802.3: up to here the type field is a length


def ethernet(cursor: Cursor) -> Step:
    """Ethernet II or IEEE 802.3 (the header only; there is no preamble)."""
    at = cursor.need(14, "short_ethernet")
    cursor.at += 14
    return EtherType(int.from_bytes(cursor.data[at + 12 : at + 14], "big"))


def vlan(cursor: Cursor) -> Step:
    """One tag of IEEE 802.1Q or 802.1ad; any number of them may follow each other."""
    at = cursor.need(4, "short_ethernet")
    cursor.at += 4
    return EtherType(int.from_bytes(cursor.data[at + 2 : at + 4], "big"))


def logical_link(cursor: Cursor) -> Step:
    """LLC (IEEE 802.2): IP over SNAP, or directly under its own service access point."""
    at = cursor.need(3, "not_ip")
    llc = cursor.data[at : at + 3]
    cursor.at += 3
    if llc == b"\x06\x06\x03":
        return IP
    if llc != b"\xaa\xaa\x03":
        raise Refused("not_ip")
    at = cursor.need(5, "not_ip")
    if cursor.data[at : at + 3] not in (b"\0\0\0", b"\0\0\xf8"):
        raise Refused("not_ip")
    cursor.at += 5
    kind = int.from_bytes(cursor.data[at + 3 : at + 5], "big")
    if kind <= LONGEST_LENGTH:
        raise Refused("not_ip")
    return EtherType(kind)


def pppoe(cursor: Cursor) -> Step:
    """PPP over Ethernet, session stage (RFC 2516)."""
    at = cursor.need(6, "short_pppoe")
    data = cursor.data
    if data[at] != 0x11 or data[at + 1] != 0:
        raise Refused("not_ip")
    cursor.at += 6
    return ppp(cursor)


def ppp(cursor: Cursor) -> Step:
    """PPP (RFC 1661); the protocol may be compressed to one octet, and address and control be there."""
    data = cursor.data
    at = cursor.need(1, "short_pppoe")
    if data[at : at + 2] == b"\xff\x03":
        cursor.at += 2
        at = cursor.need(1, "short_pppoe")
    if data[at] & 1:
        protocol, cursor.at = data[at], at + 1
    else:
        cursor.need(2, "short_pppoe")
        protocol, cursor.at = int.from_bytes(data[at : at + 2], "big"), at + 2
    if protocol in (0x21, 0x57):
        return IP
    if protocol == 0x281:
        return EtherType(0x8847)
    raise Refused("not_ip")


def mpls(cursor: Cursor) -> Step:
    """Labels (RFC 3032), then IP, or Ethernet behind a control word (RFC 4448), told by the first half octet."""
    bottom = False
    while not bottom:
        at = cursor.need(4, "short_mpls")
        bottom = bool(cursor.data[at + 2] & 1)
        cursor.at += 4
    at = cursor.need(4, "short_mpls")
    first = cursor.data[at] >> 4
    if first in (4, 6):
        return IP
    if first == 0:
        cursor.descend("mpls")
        cursor.at += 4
        return ETHERNET_FRAME
    raise Refused("not_ip")


def cooked(cursor: Cursor) -> Step:
    """Linux "cooked" capture, version 1 (LINKTYPE_LINUX_SLL)."""
    at = cursor.need(16, "short_cooked")
    cursor.at += 16
    return _cooked_protocol(int.from_bytes(cursor.data[at + 14 : at + 16], "big"))


def cooked_2(cursor: Cursor) -> Step:
    """Linux "cooked" capture, version 2 (LINKTYPE_LINUX_SLL2)."""
    at = cursor.need(20, "short_cooked")
    cursor.at += 20
    return _cooked_protocol(int.from_bytes(cursor.data[at : at + 2], "big"))


def _cooked_protocol(kind: int) -> Step:
    if kind == 4:  # an 802.2 LLC header follows; other low numbers are no lengths here
        return LLC
    if kind <= LONGEST_LENGTH:
        raise Refused("not_ip")
    return EtherType(kind)


def loopback(cursor: Cursor) -> Step:
    """BSD loopback: an address family, in the byte order of who wrote the file (NULL) or the network's (LOOP)."""
    at = cursor.need(4, "short_loopback")
    cursor.at += 4
    family = int.from_bytes(cursor.data[at : at + 4], "little")
    if family > 0xFFFF:
        family = int.from_bytes(cursor.data[at : at + 4], "big")
    if family in IP_FAMILIES:
        return IP
    raise Refused("not_ip")
