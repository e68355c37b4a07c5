"""Fuzz target: one SIP message. Whatever the octets, it is read or refused with a reason."""

from __future__ import annotations

from capture.sip.message import DEFAULT_CAPS, MalformedSip, parse
from capture.sip.multipart import PARTS
from capture.sip.sniffing import looks_like_sip
from tests.sip_text import request, response, sdp

_BODY = sdp("192.0.2.10", 40000, codecs=(0, 8, 101), direction="sendonly")
_MULTIPART = b"--b\r\nContent-Type: application/sdp\r\n\r\n" + _BODY + b"\r\n--b\r\nc: text/plain\r\n\r\nx\r\n--b--\r\n"

SEEDS: list[bytes] = [
    request("INVITE", from_display='Sato "Ken"', sdp=_BODY),
    request("INVITE", body=_MULTIPART, content_type='multipart/mixed;boundary="b"'),
    request("REGISTER", headers=[("Contact", '"a,b" <sip:1@a;x=y>;q=0.1, <tel:+81-3>'), ("Authorization", "Digest x")]),
    request("BYE", to_tag="b1").replace(b"From:", b"f :\r\n ").replace(b"\r\n", b"\n"),
    response(200, sdp=_BODY),
    response(487),
]


def one_input(data: bytes) -> None:
    """Parse it and ask for everything; raises only on a fault of ours."""
    try:
        parsed = parse(data)
    except MalformedSip as refused:
        assert refused.reason.replace("_", "").isalpha(), refused.reason
        assert str(refused)
        return
    assert looks_like_sip(data)
    assert parsed.call_id
    assert 0 <= parsed.cseq < 2**32
    assert parsed.status == 0 or 100 <= parsed.status <= 699
    assert parsed.method.isascii() and parsed.method == parsed.method.upper()
    assert len(parsed.body) <= len(data) <= DEFAULT_CAPS.message
    assert len(parsed.sdp_bodies()) <= PARTS
    for address in (parsed.from_, parsed.to):
        assert len(address.display) <= 256
        address.uri.number.encode()  # surrogates would be refused by files and databases
    for name in ("via", "contact", "p-asserted-identity", "x", "content-type"):
        values = parsed.values(name)
        assert all("\n" not in value and "\r" not in value for value in values)
        if values:
            assert parsed.header(name) == values[0]
    via = parsed.via
    assert via is None or via.port is None or 0 <= via.port <= 65535
    assert parsed == parse(data)
