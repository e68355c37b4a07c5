"""Fuzz target: payloads of UDP datagrams on a media port. Whatever they are, each is RTP within its bounds, or not.

The input is cut into datagrams, each led by a byte that says how many of its bytes the snap length has left out (odd:
some) and a 16-bit length; what is too long for that is one datagram more.
"""

from __future__ import annotations

import struct

import numpy as np

from capture.counters import Counters
from capture.media.rtp import HEADER, RtpRows, parse
from capture.packets import HEAD, PacketBatch

LONGEST = 1500
DICTIONARY = [b"\x80\x00", b"\x80\x08", b"\x80\xc8", b"\xb0", b"\xa0", b"\x9f", b"\xbe\xde\0\1", b"ZRTP", b"\x16\xfe"]


def batch_of(payloads: list[bytes], *, cut: list[bool] | None = None) -> PacketBatch:
    """UDP payloads as a batch; what lies between them is 0xee, so that reading too far shows."""
    parts, starts, at = [], [], 0
    for payload in payloads:
        starts.append(at)
        parts.append(payload + b"\xee" * 3)
        at += len(parts[-1])
    count = len(payloads)
    heads = b"".join(payload[:HEAD].ljust(HEAD, b"\0") for payload in payloads)
    return PacketBatch(
        data=np.frombuffer(b"".join(parts) + b"\xee" * HEAD, np.uint8),
        frame=np.arange(10, 10 + count, dtype=np.int64),
        time_ns=np.arange(count, dtype=np.int64) * 1000,
        source=np.arange(count, dtype=np.int64) + 100,
        destination=np.arange(count, dtype=np.int64) + 200,
        start=np.array(starts, np.int64),
        length=np.array([len(payload) for payload in payloads], np.int64),
        head=np.frombuffer(heads, np.uint8).reshape(count, HEAD),
        cut=np.array(cut if cut is not None else [False] * count, np.bool_),
    )


def one_input(data: bytes) -> None:
    """Parse; fails if a payload leads out of its datagram, or the batch gives other rows than each one alone."""
    payloads, cut, at = [], [], 0
    while at + 3 <= len(data):
        length = int.from_bytes(data[at + 1 : at + 3], "big")
        payloads.append(data[at + 3 : at + 3 + length])
        cut.append(bool(data[at] & 1))
        at += 3 + length
    batch, counters = batch_of(payloads, cut=cut), Counters()
    media = parse(batch, counters)
    rows = media.rtp
    assert len({len(getattr(rows, name)) for name in RtpRows.__slots__}) == 1
    which = rows.frame - 10
    assert (np.diff(which) > 0).all()
    assert (rows.start >= batch.start[which] + HEADER).all() and (rows.length >= 0).all()
    assert (rows.start + rows.length <= batch.start[which] + batch.length[which]).all()
    assert (rows.payload_type < 128).all() and not batch.cut[which].any()
    kinds = [which, media.keying, media.control]
    assert sum(map(len, kinds)) == len(set(np.concatenate(kinds).tolist())) <= len(payloads)

    singly = Counters()
    for row, payload in enumerate(payloads):
        alone = parse(batch_of([payload], cut=[cut[row]]), singly)
        assert len(alone.rtp) == int((which == row).sum())
        assert len(alone.keying) == int((media.keying == row).sum())
        assert len(alone.control) == int((media.control == row).sum())
        if len(alone.rtp):
            [index] = np.flatnonzero(which == row).tolist()
            for name in ("payload_type", "sequence", "timestamp", "ssrc", "length"):
                assert getattr(alone.rtp, name)[0] == getattr(rows, name)[index]
            assert alone.rtp.start[0] == rows.start[index] - batch.start[row]
    assert singly.as_dict() == counters.as_dict()


def _seed(*datagrams: bytes, cut: int = 0) -> bytes:
    return b"".join(struct.pack(">BH", cut, len(datagram)) + datagram for datagram in datagrams)


def _rtp(first: int, second: int = 0) -> bytes:
    return bytes([first, second]) + bytes(range(1, 11))


SEEDS: list[bytes] = [
    _seed(_rtp(0x80) + b"\xd5" * 160, _rtp(0x80, 0x88) + b"\xd5" * 80),
    _seed(_rtp(0x83) + bytes(12) + b"\xff" * 160, _rtp(0x80) + b"\xff" * 20),
    _seed(_rtp(0x90) + b"\xbe\xde\0\1\x10\xaa\0\0" + b"\xff" * 160),
    _seed(_rtp(0xA0) + b"\xff" * 20 + b"\0\0\0\4", _rtp(0xA0) + b"\xff\0", _rtp(0xA0) + b"\xff\xff"),
    _seed(_rtp(0xBF) + bytes(60) + b"\0\0\0\2" + bytes(8) + b"\xff" * 160 + b"\0\2"),
    _seed(b"\x80\xc8\0\6" + bytes(24), b"\x81\xca\0\2" + bytes(8), _rtp(0x80)),
    _seed(b"\0\1\0\0\x21\x12\xa4\x42" + bytes(12), b"\x16\xfe\xff" + bytes(20), b"\x10\0\0\0ZRTP" + bytes(20)),
    _seed(_rtp(0x80) + b"\xff" * 160, cut=1),
    _seed(b"", b"\x80", _rtp(0x80)[:11], b"\r\n\r\n"),
]
