"""Decode plain IPv6 frames by the block: Ethernet with up to two VLAN tags, no extension header, UDP.

`decode_plain_ipv6` looks at what `capture.network.plain` left, and leaves in turn what isn't plain, or contradictory,
for `capture.network.unusual`, which must give the same row for a plain frame. Checksums aren't verified here, either.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from capture.frames import FrameBlock
from capture.network.plain import ETHERNET, UDP, VLANS
from capture.packets import HEAD, AddressBook

IPV6 = 0x86DD
HEADERS = 14 + 40 + 8
WORTHWHILE = 16  # rows; fewer are decoded sooner one by one

# As in `plain`: one item a frame, from its Ethernet header to the head of the payload; of a tagged one it begins later.
FORM = np.dtype(
    {
        "names": (
            "kind", "version", "ip_length", "protocol", "addresses",
            "source_port", "destination_port", "udp_length", "head",
        ),
        "formats": (">u2", "u1", ">u2", "u1", "V32", ">u2", ">u2", ">u2", f"V{HEAD}"),
        "offsets": (12, 14, 18, 20, 22, 54, 56, 58, 62),
        "itemsize": HEADERS + HEAD,
    }
)  # fmt: skip


@dataclass(slots=True)
class PlainIpv6Rows:
    """Columns of a `PacketBatch`, which rows of the block they are, and which are left."""

    rows: NDArray[np.int64]
    others: NDArray[np.int64]
    source: NDArray[np.int64]
    destination: NDArray[np.int64]
    start: NDArray[np.int64]
    length: NDArray[np.int64]
    head: NDArray[np.uint8]
    cut: NDArray[np.bool_]


class _Numbers(dict[bytes, int]):
    """The numbers of addresses, asked of the book once a block."""

    def __init__(self, book: AddressBook) -> None:
        super().__init__()
        self._book = book

    def __missing__(self, address: bytes) -> int:
        number = self[address] = self._book.number(address)
        return number


def decode_plain_ipv6(
    block: FrameBlock, rows: NDArray[np.int64], tunnel_ports: tuple[int, ...], book: AddressBook
) -> PlainIpv6Rows | None:
    """Rows of the plain frames among these `rows` of a block; None if there are none, or too few to be worth it."""
    if len(rows) < WORTHWHILE:
        return None
    items: NDArray[np.void] = np.ndarray(
        (max(len(block.data) - FORM.itemsize + 1, 0),), np.dtype(f"V{FORM.itemsize}"), block.data, 0, (1,)
    )
    start, length = block.start[rows], block.length[rows]
    fields = items[start].view(FORM)
    for _ in range(2):
        kind = fields["kind"]
        tagged = (length >= HEADERS + 4) & ((kind == VLANS[0]) | (kind == VLANS[1]) | (kind == VLANS[2]))
        if not tagged.any():
            break
        start = start + 4 * tagged
        length = length - 4 * tagged
        fields = items[start].view(FORM)
    udp_length = fields["udp_length"].astype(np.int64) - 8
    promised = fields["ip_length"].astype(np.int64)
    room = length - 54
    np.minimum(room, promised, out=room, where=promised != 0)  # 0: a jumbogram, or the card will fill it in
    room -= 8
    plain = (fields["kind"] == IPV6) & (fields["version"] >> 4 == 6) & (fields["protocol"] == UDP)
    plain &= (block.link[rows] == ETHERNET) & (room >= 0) & (udp_length >= 0)
    for port in tunnel_ports:
        plain &= fields["destination_port"] != port
    if not plain.any():
        return None
    left = rows[~plain]
    rows, start, fields, room, udp_length = rows[plain], start[plain], fields[plain], room[plain], udp_length[plain]
    addresses = np.ascontiguousarray(fields["addresses"]).view("V16").tolist()
    numbers = np.array(list(map(_Numbers(book).__getitem__, addresses)), np.int64).reshape(-1, 2) << 16
    payload = np.minimum(udp_length, room)
    head = np.ascontiguousarray(fields["head"]).view(np.uint8).reshape(-1, HEAD)
    head *= np.arange(HEAD) < payload[:, None]
    return PlainIpv6Rows(
        rows, left, numbers[:, 0] | fields["source_port"], numbers[:, 1] | fields["destination_port"],
        start + HEADERS, payload, head, udp_length > room,
    )  # fmt: skip
