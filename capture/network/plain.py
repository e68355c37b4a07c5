"""Decode plain frames by the block: Ethernet with up to two VLAN tags, IPv4 without options, UDP, no fragment.

`decode_plain` looks at all frames of a block at once, with no loop over them, and gives the rows of those that are
plain and whole in their headers; the others' numbers are left to `capture.network.unusual`, which must give the
same row for a plain frame. A frame is left, too, if anything in its headers is contradictory, so that reasons for
refusal exist in one place only. Bare TCP acknowledgements in such frames are counted here, too: a mirror is full of
them.

Checksums aren't verified: a mirror shows frames before the network card has filled them in.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from capture.frames import FrameBlock
from capture.packets import HEAD

ETHERNET = 1  # LINKTYPE_ETHERNET
IPV4 = 0x0800
VLANS = (0x8100, 0x88A8, 0x9100)
TCP = 6
UDP = 17
FIN_SYN_RST = 0x07

# Several fields in one look, as little-endian numbers of four bytes: Ethertype and IP's first byte; IP's fragment field
# ("more fragments" and the offset, RFC 791), its time to live and the protocol.
TYPE_AND_VERSION, PLAIN_IPV4 = np.uint32(0x00FFFFFF), np.uint32(0x450008)
FRAGMENT, PROTOCOL = np.uint32(0x0000FF3F), np.uint32(0xFF000000)

HEADERS = 14 + 20 + 8

# Ethernet, IPv4 and UDP headers and the head of the payload. Fetched as one item a frame: byte by byte is four
# times slower. Of a tagged frame the item begins one or two tags later, so its Ethernet addresses are none.
FORM = np.dtype(
    {
        "names": (
            "kind", "type_and_version", "total", "fragment_and_protocol", "source", "destination",
            "source_port", "destination_port", "udp_length", "head",
        ),
        "formats": (">u2", "<u4", ">u2", "<u4", ">u4", ">u4", ">u2", ">u2", ">u2", f"V{HEAD}"),
        "offsets": (12, 12, 16, 20, 26, 30, 34, 36, 38, 42),
        "itemsize": HEADERS + HEAD,
    }
)  # fmt: skip


@dataclass(slots=True)
class PlainRows:
    """Columns of a `PacketBatch`, and which rows of the block they are and aren't."""

    rows: NDArray[np.int64] | None  # rows of the block, ascending; None: all of them
    others: NDArray[np.int64]  # rows that aren't plain
    tcp_without_payload: int  # neither in `rows` nor in `others`: half of all TCP, and nothing in it
    source: NDArray[np.int64]
    destination: NDArray[np.int64]
    start: NDArray[np.int64]
    length: NDArray[np.int64]
    head: NDArray[np.uint8]
    cut: NDArray[np.bool_]


def decode_plain(block: FrameBlock, tunnel_ports: tuple[int, ...]) -> PlainRows:
    """Rows of the plain frames of a block; UDP to one of `tunnel_ports` isn't plain."""
    items: NDArray[np.void] = np.ndarray(
        (max(len(block.data) - FORM.itemsize + 1, 0),), np.dtype(f"V{FORM.itemsize}"), block.data, 0, (1,)
    )
    fields = items[block.start].view(FORM)
    start, length = block.start, block.length
    ipv4 = (fields["type_and_version"] & TYPE_AND_VERSION) == PLAIN_IPV4
    if not ipv4.all():
        start, length = start.copy(), length.copy()
        kind = fields["kind"]
        tagged = np.flatnonzero(kind != IPV4)
        for _ in range(2):
            outer = kind[tagged]
            tag = (length[tagged] >= HEADERS + 4) & ((outer == VLANS[0]) | (outer == VLANS[1]) | (outer == VLANS[2]))
            if not tag.all():
                tagged = tagged[tag]
            if not len(tagged):
                break
            start[tagged] += 4
            length[tagged] -= 4
            if len(tagged) * 4 > len(fields):  # fetching all again costs less than putting many in their places
                fields = items[start].view(FORM)
                kind = fields["kind"]
            else:
                fields[tagged] = items[start[tagged]].view(FORM)  # `kind` is a view of `fields`
        ipv4 = (fields["type_and_version"] & TYPE_AND_VERSION) == PLAIN_IPV4
    ipv4 &= block.link == ETHERNET
    fragment_and_protocol = fields["fragment_and_protocol"]
    udp_length = fields["udp_length"].astype(np.int64)
    total = fields["total"].astype(np.int64)
    room = length - 14
    if total.all():
        np.minimum(room, total, out=room)
    else:  # 0: the network card will fill it in (segmentation offload)
        np.minimum(room, total, out=room, where=total != 0)
    room -= 28
    udp_length -= 8
    plain = (fragment_and_protocol & (FRAGMENT | PROTOCOL)) == UDP << 24
    plain &= ipv4
    plain &= room >= 0
    plain &= udp_length >= 0
    destination_port = fields["destination_port"]
    for port in tunnel_ports:
        plain &= destination_port != port

    rows = None
    others = np.flatnonzero(~plain)
    bare = 0
    if len(others):
        tcp = others[ipv4[others] & ((fragment_and_protocol[others] & (FRAGMENT | PROTOCOL)) == TCP << 24)]
        acknowledgements = tcp[_says_nothing(fields["head"][tcp], room[tcp] + 8)]
        bare = len(acknowledgements)
        if bare:
            left = ~plain
            left[acknowledgements] = False
            others = np.flatnonzero(left)
        rows = np.flatnonzero(plain)
        fields, start, udp_length, room = fields[rows], start[rows], udp_length[rows], room[rows]
    source = fields["source"].astype(np.int64)
    source <<= 16
    source |= fields["source_port"]
    destination = fields["destination"].astype(np.int64)
    destination <<= 16
    destination |= fields["destination_port"]
    # What a UDP length leaves of the IP payload is padding; where it promises more than there is, it was cut.
    cut = udp_length > room
    head = np.ascontiguousarray(fields["head"]).view(np.uint8).reshape(-1, HEAD)
    payload = np.minimum(udp_length, room, out=udp_length)
    short = np.flatnonzero(payload < HEAD)
    if len(short):
        head[short] *= np.arange(HEAD) < payload[short, None]
    return PlainRows(rows, others, bare, source, destination, start + HEADERS, payload, head, cut)


def _says_nothing(head: NDArray[np.void], room: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which TCP segments are bare acknowledgements, from the octets 8 to 23 of each and its length."""
    octets = np.ascontiguousarray(head).view(np.uint8).reshape(-1, HEAD)
    size = (octets[:, 4] >> 4).astype(np.int64) * 4
    bare: NDArray[np.bool_] = (size >= 20) & (size == room) & ((octets[:, 5] & FIN_SYN_RST) == 0)
    return bare
