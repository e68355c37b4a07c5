"""Telling SIP from all else (RFC 3261 §7.1, §7.2)."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from capture.packets import HEAD
from capture.sip.message import MalformedSip, parse
from capture.sip.sniffing import looks_like_sip, looks_like_tls, sip_candidates, strip_junk
from tests.sip_text import request, response
from tests.wire import rtp

METHODS = (
    "INVITE ACK BYE CANCEL OPTIONS REGISTER PRACK UPDATE REFER NOTIFY SUBSCRIBE INFO MESSAGE PUBLISH "
    "X RE%47IST%45R VERYLONGMETHODNAME"
).split()


def heads(*payloads: bytes) -> NDArray[np.uint8]:
    return np.frombuffer(b"".join((p + bytes(HEAD))[:HEAD] for p in payloads), np.uint8).reshape(-1, HEAD)


def candidate_by_hand(head: bytes) -> bool:
    """The same as `sip_candidates` for one payload, in steps that anyone can believe."""
    rest = head.lstrip(b"\r\n\0")
    token = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.!%*_+`'~/"
    length = 0
    while length < len(rest) and rest[length] in token:
        length += 1
    if length == 0:
        return False
    return length == len(rest) or rest[length] == 0x20


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("before", [b"", b"\r\n", b"\r\n\r\n", b"\0\0\0\0"])
def test_every_method_is_found(method, before):
    payload = before + request(method)

    assert sip_candidates(heads(payload)).tolist() == [True]
    assert looks_like_sip(payload)


def test_responses_are_found():
    assert sip_candidates(heads(response(200), b"\r\n" + response(100))).all()
    assert looks_like_sip(response(200))
    assert looks_like_sip(response(180).replace(b"\r\n", b"\n"))
    assert looks_like_sip(response(180).replace(b"\r\n", b"\r"))


def test_rtp_never_matches():
    """Whatever its payload type, marker and padding: its first octet is 0x80 to 0xBF (RFC 3550 §5.1)."""
    packets = [
        bytes([first]) + rtp(b"\xff" * 160, seq=1, timestamp=2, payload_type=kind)[1:]
        for first in range(0x80, 0xC0)
        for kind in (0, 8, 72, 101)
    ]

    assert not sip_candidates(heads(*packets)).any()


@pytest.mark.parametrize(
    "payload",
    [
        b"", b"\r\n\r\n", b"\0" * 20, b" INVITE", b"\x00\x01\x00\x08\x21\x12\xa4\x42abcd", b"\x16\x03\x01 a", b"{json",
    ],  # fmt: skip
)
def test_other_things_are_no_candidates(payload):
    assert not sip_candidates(heads(payload)).any()


@pytest.mark.parametrize(
    "payload",
    [b"", b"GET / HTTP/1.1\r\n\r\n", b"OPTIONS rtsp://a RTSP/1.0\r\n\r\n", b"INVITE sip:a SIP/2.0", b"x" * 20000,
     b"NICK someone\r\n SIP/2.0\r\n", b" SIP/2.0\r\n"],
)  # fmt: skip
def test_a_candidate_is_confirmed_by_its_whole_line(payload):
    assert not looks_like_sip(payload)


@given(
    st.lists(st.binary(max_size=20) | st.text("\r\n\0 AB/z\x80", max_size=20).map(lambda t: t.encode("latin-1")))
)
def test_columns_and_single_payloads_agree(payloads):
    rows = heads(*payloads)

    assert sip_candidates(rows).tolist() == [candidate_by_hand(row.tobytes()) for row in rows]


MESSAGES = [request("INVITE"), response(200), b"\r\n" + request("BYE"), request("X")]


@given(st.sampled_from(MESSAGES), st.integers(0, 40), st.binary(max_size=6))
def test_nothing_that_can_be_parsed_is_overlooked(message, at, junk):
    payload = message[:at] + junk + message[at:]
    try:
        parse(payload)
    except MalformedSip:
        return

    assert looks_like_sip(payload)
    assert sip_candidates(heads(payload)).tolist() == [strip_junk(payload)[1] < HEAD]


def test_only_line_ends_and_nuls_are_skipped():
    assert strip_junk(b"\r\n\0\r\nBYE") == (b"BYE", 5)
    assert strip_junk(b"xBYE") == (b"xBYE", 0)
    assert strip_junk(b"") == (b"", 0)


def test_tls_records_are_known():
    assert looks_like_tls(b"\x16\x03\x01\x02\x00\x01")
    assert looks_like_tls(b"\x17\x03\x03\x00\x20")
    assert not looks_like_tls(b"\x16\x03\x01")
    assert not looks_like_tls(b"\x16\x03\x01\xff\xff")
    assert not looks_like_tls(request("INVITE"))
