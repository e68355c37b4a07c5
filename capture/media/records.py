"""UDP datagrams as records of a pcap file: IP and UDP headers made anew, the payload as it was captured.

What came through tunnels, VLANs or in fragments has one form here: a whole datagram without a link layer
(LINKTYPE_RAW), so one file takes them all. Times are the captured ones. What the frame had around the datagram is not
kept: link addresses, tags, tunnels, IP options, TTL. UDP checksums are 0, as in a datagram without one.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from capture.packets import AddressBook

LINKTYPE_RAW = 101
MOST_BYTES = 65_507  # of a UDP payload over IPv4
# https://www.ietf.org/archive/id/draft-ietf-opsawg-pcap: magic for nanoseconds, 2.4, snap length.
FILE_HEAD = np.array([0xA1B23C4D, 0x0004_0002, 0, 0, 65_535 + 40, LINKTYPE_RAW], "<u4").tobytes()
RECORD_HEAD = 16
_IPV4 = 1 << 32
_V4, _V6 = 20 + 8, 40 + 8


@dataclass(slots=True)
class Records:
    """Records of a pcap file, one after the other."""

    time_ns: NDArray[np.int64]
    size: NDArray[np.int64]  # bytes of each, its head included
    data: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.size)

    def take(self, index: NDArray[np.int64]) -> Records:
        """These, in that order."""
        ends = np.cumsum(self.size)
        pieces = [self.data[ends[one] - self.size[one] : ends[one]] for one in index.tolist()]
        data = np.concatenate(pieces) if pieces else np.empty(0, np.uint8)
        return Records(self.time_ns[index], self.size[index], data)

    def before(self, time_ns: int) -> Records:
        """Those that were captured earlier."""
        kept = np.flatnonzero(self.time_ns < time_ns)
        return self if len(kept) == len(self) else self.take(kept)


def joined(some: Sequence[Records]) -> Records:
    """All of them as one, copied."""
    return Records(
        np.concatenate([one.time_ns for one in some]),
        np.concatenate([one.size for one in some]),
        np.concatenate([one.data for one in some]),
    )


def records(
    book: AddressBook,
    time_ns: NDArray[np.int64],
    source: NDArray[np.int64],
    destination: NDArray[np.int64],
    data: NDArray[np.uint8],
    start: NDArray[np.int64],
    length: NDArray[np.int64],
) -> Records:
    """The datagrams whose payloads lie at `start` of `data`; `length` is at most MOST_BYTES."""
    is_v6 = (source >> 16 >= _IPV4) | (destination >> 16 >= _IPV4)
    head = np.where(is_v6, _V6, _V4)
    size = RECORD_HEAD + head + length
    offset = np.cumsum(size) - size
    out = np.empty(int(size.sum()), np.uint8)
    second, rest = np.divmod(np.clip(time_ns, 0, (1 << 32) * 1_000_000_000 - 1), 1_000_000_000)
    times = np.stack((second, rest, head + length, head + length), 1).astype("<u4")
    if len(size) and (length == length[0]).all() and (is_v6 == is_v6[0]).all():
        heads = (_ipv6 if is_v6[0] else _ipv4)(book, source, destination, length)
        table, behind = out.reshape(len(size), -1), RECORD_HEAD + int(head[0])
        table[:, :RECORD_HEAD] = times.view(np.uint8).reshape(len(size), -1)
        table[:, RECORD_HEAD:behind] = np.ascontiguousarray(heads).view(np.uint8).reshape(len(size), -1)
        table[:, behind:] = _alike(data, start, int(length[0]))
        return Records(time_ns, size, out)
    _put(out, offset, times)
    for version, form in ((False, _ipv4), (True, _ipv6)):
        some = np.flatnonzero(is_v6 == version)
        if len(some):
            _put(out, offset[some] + RECORD_HEAD, form(book, source[some], destination[some], length[some]))
    at = offset + RECORD_HEAD + head
    before = np.cumsum(length) - length
    flat = np.arange(int(length.sum()))
    out[np.repeat(at - before, length) + flat] = data[np.repeat(start - before, length) + flat]
    return Records(time_ns, size, out)


def _alike(data: NDArray[np.uint8], start: NDArray[np.int64], length: int) -> NDArray[np.uint8]:
    """So many bytes from each place, a row each, fetched as whole items: many times faster than byte by byte."""
    if not length:
        return np.empty((len(start), 0), np.uint8)
    items: NDArray[np.void] = np.ndarray((len(data) - length + 1,), np.dtype(f"V{length}"), buffer=data, strides=(1,))
    return items[start].view(np.uint8).reshape(len(start), length)


def _put(out: NDArray[np.uint8], at: NDArray[np.int64], fields: NDArray[np.generic]) -> None:
    """Rows of fields at these places."""
    octets = np.ascontiguousarray(fields).view(np.uint8).reshape(len(at), -1)
    out[at[:, None] + np.arange(octets.shape[1])] = octets


def _ipv4(
    book: AddressBook, source: NDArray[np.int64], destination: NDArray[np.int64], length: NDArray[np.int64]
) -> NDArray[np.generic]:
    """IPv4 (RFC 791) and UDP heads as 16-bit words: don't fragment, TTL 64."""
    words = np.zeros((len(source), 14), np.int64)
    words[:, 0], words[:, 1], words[:, 3], words[:, 4] = 0x4500, _V4 + length, 0x4000, 0x4011
    words[:, 6], words[:, 7] = source >> 32 & 0xFFFF, source >> 16 & 0xFFFF
    words[:, 8], words[:, 9] = destination >> 32 & 0xFFFF, destination >> 16 & 0xFFFF
    total = words[:, :10].sum(axis=1)
    total = (total & 0xFFFF) + (total >> 16)
    words[:, 5] = ~((total & 0xFFFF) + (total >> 16)) & 0xFFFF
    words[:, 10], words[:, 11], words[:, 12] = source & 0xFFFF, destination & 0xFFFF, 8 + length
    return words.astype(">u2")


def _ipv6(
    book: AddressBook, source: NDArray[np.int64], destination: NDArray[np.int64], length: NDArray[np.int64]
) -> NDArray[np.generic]:
    """IPv6 (RFC 8200) and UDP heads, hop limit 64."""
    words = np.zeros((len(source), 24), np.int64)
    words[:, 0], words[:, 2], words[:, 3] = 0x6000, 8 + length, 0x1140
    for column, endpoints in ((4, source), (12, destination)):
        numbers, which = np.unique(endpoints >> 16, return_inverse=True)
        packed = b"".join(_packed(book, int(number)) for number in numbers)
        words[:, column : column + 8] = np.frombuffer(packed, ">u2").reshape(-1, 8)[which.reshape(-1)]
    words[:, 20], words[:, 21], words[:, 22] = source & 0xFFFF, destination & 0xFFFF, 8 + length
    return words.astype(">u2")


def _packed(book: AddressBook, number: int) -> bytes:
    """An address as 16 bytes; nobody's is ::, an IPv4 one is mapped (RFC 4291 2.5.5.2)."""
    if number == AddressBook.OVERFLOW:
        return bytes(16)
    if number < _IPV4:
        return b"\0" * 10 + b"\xff\xff" + number.to_bytes(4, "big")
    return ipaddress.IPv6Address(book.text(number << 16)[1:].rpartition("]")[0]).packed
