"""SIP and SDP texts for tests, as telephones and exchanges send them.

Small on purpose: what a test is about is an argument, the rest is a realistic default. Everything is deterministic;
a branch or tag that is not given is made from the Call-ID and the CSeq, so that a retransmission is the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

CRLF = "\r\n"

# Encoding names as they stand in rtpmap lines, for the payload types that tests use.
RTPMAP: Mapping[int, str] = {
    0: "PCMU/8000",
    3: "GSM/8000",
    8: "PCMA/8000",
    9: "G722/8000",
    13: "CN/8000",
    18: "G729/8000",
    101: "telephone-event/8000",
}

Header = tuple[str, str]


def sdp(
    address: str = "192.0.2.10",
    port: int = 40000,
    *,
    codecs: Sequence[int] = (0, 101),
    direction: str | None = None,
    ptime: int | None = 20,
    protocol: str = "RTP/AVP",
    session: int = 1,
    version: int = 1,
    extra: Iterable[str] = (),
) -> bytes:
    """One audio m-line at an address and port; `extra` are further lines, after the audio's attributes."""
    family = "IP6" if ":" in address else "IP4"
    lines = [
        "v=0",
        f"o=- {session} {version} IN {family} {address}",
        "s=-",
        f"c=IN {family} {address}",
        "t=0 0",
        f"m=audio {port} {protocol} {' '.join(map(str, codecs))}",
    ]
    lines += [f"a=rtpmap:{codec} {RTPMAP[codec]}" for codec in codecs if codec in RTPMAP]
    if 101 in codecs:
        lines.append("a=fmtp:101 0-15")
    if ptime is not None:
        lines.append(f"a=ptime:{ptime}")
    if direction is not None:
        lines.append(f"a={direction}")
    return "".join(line + CRLF for line in (*lines, *extra)).encode()


def message(start: str, headers: Iterable[Header], body: bytes = b"") -> bytes:
    """Any message: start line, headers in their order, Content-Length, body."""
    lines = [start, *(f"{name}: {value}" for name, value in headers), f"Content-Length: {len(body)}", "", ""]
    return CRLF.join(lines).encode("utf-8", "surrogateescape") + body


def _parties(
    *,
    from_user: str,
    from_host: str,
    from_display: str | None,
    from_tag: str,
    to_user: str,
    to_host: str,
    to_display: str | None,
    to_tag: str | None,
) -> list[Header]:
    def party(user: str, host: str, display: str | None, tag: str | None) -> str:
        quoted = "" if display is None else '"' + display.replace("\\", "\\\\").replace('"', '\\"') + '" '
        return f"{quoted}<sip:{user}@{host}>" + (f";tag={tag}" if tag is not None else "")

    return [
        ("From", party(from_user, from_host, from_display, from_tag)),
        ("To", party(to_user, to_host, to_display, to_tag)),
    ]


def request(
    method: str,
    *,
    call_id: str = "call-1@192.0.2.10",
    from_user: str = "0312345678",
    to_user: str = "7201",
    from_host: str = "192.0.2.10",
    to_host: str = "192.0.2.20",
    from_display: str | None = None,
    to_display: str | None = None,
    from_tag: str = "a1",
    to_tag: str | None = None,
    cseq: int = 1,
    branch: str | None = None,
    transport: str = "UDP",
    uri: str | None = None,
    contact: bool = True,
    headers: Sequence[Header] = (),
    sdp: bytes | None = None,
    body: bytes = b"",
    content_type: str | None = None,
) -> bytes:
    """A request; `headers` are added before the body's own. ACK to a 200 and re-INVITE want `to_tag`."""
    branch = f"z9hG4bK-{call_id.partition('@')[0]}-{cseq}-{method.lower()}" if branch is None else branch
    lines: list[Header] = [
        ("Via", f"SIP/2.0/{transport} {from_host}:5060;branch={branch};rport"),
        ("Max-Forwards", "70"),
        *_parties(
            from_user=from_user,
            from_host=from_host,
            from_display=from_display,
            from_tag=from_tag,
            to_user=to_user,
            to_host=to_host,
            to_display=to_display,
            to_tag=to_tag,
        ),
        ("Call-ID", call_id),
        ("CSeq", f"{cseq} {method}"),
    ]
    if contact:
        lines.append(("Contact", f"<sip:{from_user}@{from_host}:5060>"))
    lines += headers
    if sdp is not None:
        body, content_type = sdp, content_type or "application/sdp"
    if content_type is not None:
        lines.append(("Content-Type", content_type))
    return message(f"{method} {uri or f'sip:{to_user}@{to_host}'} SIP/2.0", lines, body)


def response(
    status: int,
    *,
    method: str = "INVITE",
    reason: str | None = None,
    call_id: str = "call-1@192.0.2.10",
    from_user: str = "0312345678",
    to_user: str = "7201",
    from_host: str = "192.0.2.10",
    to_host: str = "192.0.2.20",
    from_display: str | None = None,
    to_display: str | None = None,
    from_tag: str = "a1",
    to_tag: str | None = "b1",
    cseq: int = 1,
    branch: str | None = None,
    transport: str = "UDP",
    contact: bool = True,
    headers: Sequence[Header] = (),
    sdp: bytes | None = None,
    body: bytes = b"",
    content_type: str | None = None,
) -> bytes:
    """The answer to the request with the same `call_id`, `cseq` and `method`; From and To stay the request's."""
    branch = f"z9hG4bK-{call_id.partition('@')[0]}-{cseq}-{method.lower()}" if branch is None else branch
    lines: list[Header] = [
        ("Via", f"SIP/2.0/{transport} {from_host}:5060;branch={branch};received={from_host};rport=5060"),
        *_parties(
            from_user=from_user,
            from_host=from_host,
            from_display=from_display,
            from_tag=from_tag,
            to_user=to_user,
            to_host=to_host,
            to_display=to_display,
            to_tag=None if status == 100 else to_tag,
        ),
        ("Call-ID", call_id),
        ("CSeq", f"{cseq} {method}"),
    ]
    if contact and 101 <= status < 300:
        lines.append(("Contact", f"<sip:{to_user}@{to_host}:5060>"))
    lines += headers
    if sdp is not None:
        body, content_type = sdp, content_type or "application/sdp"
    if content_type is not None:
        lines.append(("Content-Type", content_type))
    return message(f"SIP/2.0 {status} {REASONS.get(status, 'Other') if reason is None else reason}", lines, body)


REASONS: Mapping[int, str] = {
    100: "Trying",
    180: "Ringing",
    183: "Session Progress",
    200: "OK",
    202: "Accepted",
    302: "Moved Temporarily",
    401: "Unauthorized",
    404: "Not Found",
    407: "Proxy Authentication Required",
    408: "Request Timeout",
    480: "Temporarily Unavailable",
    481: "Call/Transaction Does Not Exist",
    486: "Busy Here",
    487: "Request Terminated",
    488: "Not Acceptable Here",
    500: "Server Internal Error",
    503: "Service Unavailable",
    603: "Decline",
}
