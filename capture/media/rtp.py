"""RTP headers as columns (RFC 3550 §5.1).

`parse` takes the UDP rows of a batch and gives those that are RTP, one row each, with the payload's place. The
usual header, twelve bytes and nothing else, is read with vector code; CSRC lists, header extensions and padding
are followed one packet at a time. RTCP (RFC 5761 §4), STUN, DTLS and ZRTP on a media port are told apart here.

Reasons counted: `rtcp`, `rtp_malformed` (a length inside the header leads beyond the packet), `rtp_cut` (snap
length).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from capture.counters import Counters
from capture.packets import PacketBatch

HEADER = 12
_RTCP_FIRST, _RTCP_LAST = 192, 223  # packet types that RFC 5761 §4 keeps free of RTP payload types

_ZRTP = np.frombuffer(b"ZRTP", np.uint8)  # magic cookie, RFC 6189 §5

_HEAD = np.dtype(
    {
        "names": ["sequence", "timestamp", "ssrc"],
        "formats": [">u2", ">u4", ">u4"],
        "offsets": [2, 4, 8],
        "itemsize": 16,
    }
)


@dataclass(slots=True)
class RtpRows:
    """RTP packets, one row each, in the order of capture."""

    frame: NDArray[np.int64]
    time_ns: NDArray[np.int64]
    source: NDArray[np.int64]
    destination: NDArray[np.int64]
    payload_type: NDArray[np.uint8]
    sequence: NDArray[np.uint16]
    timestamp: NDArray[np.uint32]
    ssrc: NDArray[np.uint32]
    start: NDArray[np.int64]  # of the payload proper, in the batch's data
    length: NDArray[np.int64]  # of the payload proper, without padding

    def __len__(self) -> int:
        return len(self.frame)

    def take(self, index: NDArray[np.int64]) -> RtpRows:
        """The rows at these indices, in that order."""
        return RtpRows(*(getattr(self, name)[index] for name in RtpRows.__slots__))

    def slice(self, lo: int, hi: int) -> RtpRows:
        """Rows lo up to hi, as views."""
        return RtpRows(*(getattr(self, name)[lo:hi] for name in RtpRows.__slots__))


def _follow_header(packet: bytes) -> tuple[int, int] | None:
    """Offset and length of the payload behind CSRCs, extension and before padding; None if it can't be."""
    first = packet[0]
    offset = HEADER + 4 * (first & 0x0F)
    if first & 0x10:
        if offset + 4 > len(packet):
            return None
        offset += 4 + 4 * int.from_bytes(packet[offset + 2 : offset + 4], "big")
    end = len(packet)
    if first & 0x20:
        if end == 0 or packet[-1] == 0:
            return None
        end -= packet[-1]
    return (offset, end - offset) if offset <= end else None


@dataclass(slots=True)
class MediaRows:
    """What a batch holds for the media side: RTP, and the rows whose kind says something about it."""

    rtp: RtpRows
    keying: NDArray[np.int64]  # batch rows with DTLS or ZRTP: media between these two will be encrypted
    control: NDArray[np.int64]  # batch rows with RTCP: somebody is still there


def parse(batch: PacketBatch, counters: Counters) -> MediaRows:
    """Find the RTP packets of a batch."""
    first, second = batch.head[:, 0], batch.head[:, 1]
    if _all_usual(batch, first, second):
        none = np.empty(0, np.int64)
        return MediaRows(_columns(batch, None, batch.head, batch.start + HEADER, batch.length - HEADER), none, none)
    version2 = (first >> 6 == 2) & (batch.length >= 8)
    control = version2 & (second >= _RTCP_FIRST) & (second <= _RTCP_LAST)
    wanted = version2 & ~control & (batch.length >= HEADER)
    if batch.cut.any():
        counters.add("rtp_cut", int(np.count_nonzero(wanted & batch.cut)))
        wanted &= ~batch.cut
    index = np.flatnonzero(wanted)
    head = batch.head[index]
    start = batch.start[index] + HEADER
    length = batch.length[index] - HEADER
    unusual = np.flatnonzero(first[index] != 0x80)
    if len(unusual):
        bad = []
        for row in unusual.tolist():
            whole = int(start[row]) - HEADER
            found = _follow_header(batch.data[whole : whole + int(length[row]) + HEADER].tobytes())
            if found is None:
                bad.append(row)
            else:
                start[row], length[row] = whole + found[0], found[1]
        counters.add("rtp_malformed", len(bad))
        if bad:
            keep = np.ones(len(index), np.bool_)
            keep[bad] = False
            index, head, start, length = index[keep], head[keep], start[keep], length[keep]
    rtp = _columns(batch, index, head, start, length)
    counters.add("rtcp", int(np.count_nonzero(control)))
    long = batch.length > HEADER
    dtls = long & (first >= 20) & (first <= 63) & (second >= 0xFD)
    zrtp = long & (first == 0x10) & (batch.head[:, 4:8] == _ZRTP).all(axis=1)
    return MediaRows(rtp, np.flatnonzero(dtls | zrtp), np.flatnonzero(control))


def _all_usual(batch: PacketBatch, first: NDArray[np.uint8], second: NDArray[np.uint8]) -> bool:
    """Whether every row is RTP with the usual header."""
    return bool(
        len(batch)
        and (first == 0x80).all()
        and not (second - np.uint8(_RTCP_FIRST) <= _RTCP_LAST - _RTCP_FIRST).any()
        and batch.length.min() >= HEADER
        and not batch.cut.any()
    )


def _columns(
    batch: PacketBatch,
    index: NDArray[np.int64] | None,
    head: NDArray[np.uint8],
    start: NDArray[np.int64],
    length: NDArray[np.int64],
) -> RtpRows:
    """The rows at `index` (None: all) of a batch; the other columns are of these rows already."""
    fields = np.ascontiguousarray(head).view(_HEAD).ravel()
    kept = slice(None) if index is None else index
    return RtpRows(
        frame=batch.frame[kept],
        time_ns=batch.time_ns[kept],
        source=batch.source[kept],
        destination=batch.destination[kept],
        payload_type=head[:, 1] & np.uint8(0x7F),
        sequence=fields["sequence"].astype(np.uint16),
        timestamp=fields["timestamp"].astype(np.uint32),
        ssrc=fields["ssrc"].astype(np.uint32),
        start=start,
        length=length,
    )
