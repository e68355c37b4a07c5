"""The SIP texts of the unit: pyVoIP's generators, and what they lack.

From pyVoIP 1.6.8 come the texts of REGISTER with its digest, of answers with SDP, and of 200. Corrected here:

- Call-IDs and tags: pyVoIP's Call-IDs are counted from 1 at each start, so that a registrar takes a new start for an
  old message; and its list of tags never gets shorter
- Via is repeated as it came, with `received` and `rport` (RFC 3261 §18.2.1, RFC 3581)
- Record-Route goes into the answer, and BYE takes that route, with a Via of its own (§12.1.1, §12.2.1.1)
- refusals other than 486
"""

from __future__ import annotations

import secrets
import uuid
from typing import Any

from capture.sip.address import parse_name_addr
from capture.sip.values import split_commas
from recorder.announcement.quirks import PayloadType, SIPClient
from recorder.announcement.received import Address, Received

PHRASES = {
    200: "OK", 403: "Forbidden", 405: "Method Not Allowed", 420: "Bad Extension", 480: "Temporarily Unavailable",
    481: "Call/Transaction Does Not Exist", 486: "Busy Here", 487: "Request Terminated", 488: "Not Acceptable Here",
    503: "Service Unavailable",
}  # fmt: skip
AGENT = "recorder"


class Texts(SIPClient):  # type: ignore[misc]
    """What the unit says to one exchange. It opens no socket and starts no thread."""

    def __init__(self, server: Address, user: str, password: str, *, own: Address, phone: Any) -> None:
        self._register_call_id = f"{uuid.uuid4()}@{own[0]}"
        super().__init__(server[0], server[1], user, password, phone=phone, myIP=own[0], myPort=own[1])

    # What pyVoIP's generators ask for:

    def gen_call_id(self) -> str:
        """Of registrations, which all have the same (RFC 3261 §10.2.4); the unit calls nobody."""
        return self._register_call_id

    def gen_tag(self) -> str:
        return secrets.token_hex(8)

    def _gen_response_via_header(self, request: Received) -> str:
        host, port = request.source
        first, *others = request.vias
        top, *rest = split_commas(first)
        params = top.split(";")
        bare = [part for part in params[1:] if part.strip().partition("=")[0].lower() not in ("rport", "received")]
        if len(bare) < len(params) - 1:
            bare.append(f"rport={port}")
        top = ";".join([params[0], *bare, f"received={host}"])
        return "".join(f"Via: {via}\r\n" for via in [", ".join([top, *rest]), *others])

    # What it lacks:

    def answer(self, request: Received, *, port: int, session: int, status: int = 200) -> bytes:
        """An answer with SDP: 200, or 183 for early media. `request.offer` says what is taken."""
        offer = request.offer
        assert offer is not None
        kind = PayloadType(int(offer.law))
        text: str = self.gen_answer(request, str(session), {port: {offer.payload_type: kind}}, offer.direction)
        if status == 183:
            text = text.replace("SIP/2.0 200 OK", "SIP/2.0 183 Session Progress", 1)
        routes = "".join(f"Record-Route: {route}\r\n" for route in request.record_route)
        return text.replace("\r\nCall-ID:", f"\r\n{routes}Call-ID:", 1).encode()

    def response(self, request: Received, status: int, *, tag: str = "", further: str = "") -> bytes:
        """An answer without a body; `further` are whole header lines. Requests outside a dialog get a tag."""
        headers = request.headers
        to_tag = headers["To"]["tag"] or tag or self.gen_tag()
        return (
            f"SIP/2.0 {status} {PHRASES[status]}\r\n{self._gen_response_via_header(request)}"
            f"From: {headers['From']['raw']};tag={headers['From']['tag']}\r\n"
            f"To: {headers['To']['raw']};tag={to_tag}\r\n"
            f"Call-ID: {request.call_id}\r\nCSeq: {request.message.cseq} {request.method}\r\n{further}"
            f"Allow: INVITE, ACK, BYE, CANCEL, OPTIONS\r\nUser-Agent: {AGENT}\r\nContent-Length: 0\r\n\r\n"
        ).encode()

    def bye(self, request: Received, *, tag: str) -> tuple[bytes, Address]:
        """A BYE in the dialog that `request`, an INVITE of the other side, opened; and where it goes: along the
        route, or to where that INVITE came from."""
        headers = request.headers
        contact = request.message.header("Contact")
        target = parse_name_addr(contact).uri.text if contact else f"sip:{request.source[0]}:{request.source[1]}"
        routes = "".join(f"Route: {route}\r\n" for route in request.record_route)
        return (
            f"BYE {target} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP {self.myIP}:{self.myPort};branch={self.gen_branch()};rport\r\n{routes}"
            f"From: {headers['To']['raw']};tag={tag}\r\nTo: {headers['From']['raw']};tag={headers['From']['tag']}\r\n"
            f"Call-ID: {request.call_id}\r\nCSeq: 1 BYE\r\nMax-Forwards: 70\r\nUser-Agent: {AGENT}\r\n"
            "Content-Length: 0\r\n\r\n"
        ).encode(), request.source
