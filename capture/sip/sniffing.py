"""Tell SIP from everything else on a mirror port, by its first bytes.

First `sip_candidates` on the columns of a whole batch: it lets through nearly nothing but SIP, and all
of it. Then, for each candidate, `looks_like_sip` on the payload. RTP, RTCP, STUN and DTLS never match:
their first octet stands in no method. Ports are not looked at, exchanges use any.

See RFC 3261 §7.1, §7.2 (start lines); RFC 5626 §3.5.1 and RFC 3261 §7.5 (line ends before them).
"""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

START_LINE_CAP = 8 * 1024  # bytes; a start line that hasn't ended by then is none

JUNK = b"\r\n\0"  # what keep-alives are made of; nothing else before a message is forgiven

_METHOD = re.compile(rb"[A-Za-z0-9.!%*_+`'~-]{1,64} ")
_TOKEN = np.zeros(256, np.bool_)  # what a method is made of (RFC 3261 §25.1), and the slash of SIP/2.0
_TOKEN[list(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.!%*_+`'~/")] = True
_SKIPPED = np.zeros(256, np.bool_)
_SKIPPED[list(JUNK)] = True
_BEGINS = _TOKEN | _SKIPPED

_TLS_RECORD_MAX = 16384 + 2048


def sip_candidates(head: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Which rows, of the first bytes of each payload (PacketBatch.head), may begin a SIP message.

    These are a token and a space, SIP/2.0 among them, and a token that goes on past the columns; also
    after CR, LF and NUL. A row of these three alone is none: keep-alives say nothing.
    """
    found = np.zeros(len(head), np.bool_)
    # On a mirror port nearly all rows are RTP and end here, so the rest may be careful.
    rows = np.flatnonzero(_BEGINS[head[:, 0]])
    if not len(rows):
        return found
    some = head[rows]
    begun = np.logical_or.accumulate(~_SKIPPED[some], axis=1)
    fits = _TOKEN[some] | ~begun
    end = np.argmin(fits, axis=1)  # of the first byte that is in no token; 0 if all are
    ends_well = some[np.arange(len(some)), end] == 0x20
    long = fits.all(axis=1)
    # A space first of all is no start: the token has at least one character.
    after_token = np.take_along_axis(begun, np.maximum(end - 1, 0)[:, None], axis=1)[:, 0] & (end > 0)
    found[rows] = np.where(long, begun.any(axis=1), ends_well & after_token)
    return found


def looks_like_sip(payload: bytes) -> bool:
    """Whether the first line, after line ends and NULs, is a request line or a status line of SIP/2.0."""
    if payload[:1] in JUNK:
        payload, _ = strip_junk(payload)
    if payload[:8].upper() == b"SIP/2.0 ":
        return True
    end = payload.find(b"\n", 0, START_LINE_CAP)
    if end < 0:
        end = payload.find(b"\r", 0, START_LINE_CAP)  # a message with CRs alone
        if end < 0:
            return False
    line = payload[:end].rstrip(b" \t\r")
    return line[-8:].upper() == b" SIP/2.0" and _METHOD.match(line) is not None


def strip_junk(payload: bytes) -> tuple[bytes, int]:
    """The payload from its first octet that is no CR, LF or NUL, and how many of them were before it.

    Other octets before a start line are no keep-alive but part of it: such a message is refused by the
    parser as not_sip.
    """
    rest = payload.lstrip(JUNK)
    return rest, len(payload) - len(rest)


def looks_like_tls(payload: bytes) -> bool:
    """Whether the first bytes are the header of a TLS record (RFC 8446 §5.1), which nobody here can read."""
    return (
        len(payload) >= 5
        and 20 <= payload[0] <= 23
        and payload[1] == 3
        and payload[2] <= 4
        and int.from_bytes(payload[3:5], "big") <= _TLS_RECORD_MAX
    )
