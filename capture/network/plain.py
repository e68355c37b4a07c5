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
MORE_OR_OFFSET = 0x3FFF  # of the fragment field of RFC 791: "more fragments" and the offset

HEADERS = 14 + 20 + 8

# Ethernet, IPv4 and UDP headers and the head of the payload. Fetched as one item a frame: byte by byte is four
# times slower. Of a tagged frame the item begins one or two tags later, so its Ethernet addresses are none.
FORM = np.dtype(
    {
        "names": (
            "kind", "version", "total", "fragment", "protocol", "source", "destination", "source_port",
            "destination_port", "udp_length", "head",
        ),
        "formats": (">u2", "u1", ">u2", ">u2", "u1", ">u4", ">u4", ">u2", ">u2", ">u2", f"V{HEAD}"),
        "offsets": (12, 14, 16, 20, 23, 26, 30, 34, 36, 38, 42),
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
    kind = fields["kind"]
    plain = kind == IPV4
    if not plain.all():
        start, length = start.copy(), length.copy()
        tagged = np.flatnonzero(~plain)
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
        plain = kind == IPV4
    plain &= block.link == ETHERNET
    plain &= fields["version"] == 0x45
    plain &= (fields["fragment"] & MORE_OR_OFFSET) == 0
    udp_length = fields["udp_length"].astype(np.int64)
    total = fields["total"].astype(np.int64)
    room = length - 14
    np.minimum(room, total, out=room, where=total != 0)  # 0: the network card will fill it in (segmentation offload)
    room -= 28
    udp_length -= 8
    protocol = fields["protocol"]
    unfragmented = plain
    plain = unfragmented & (protocol == UDP) & (room >= 0) & (udp_length >= 0)
    destination_port = fields["destination_port"]
    for port in tunnel_ports:
        plain &= destination_port != port

    rows = None
    others = np.flatnonzero(~plain)
    bare = 0
    if len(others):
        tcp = others[unfragmented[others] & (protocol[others] == TCP)]
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
