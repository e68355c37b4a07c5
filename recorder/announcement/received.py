"""A SIP message as pyVoIP reads it, made from what came.

pyVoIP's parser knows neither compact names, folded lines, other spaces around a colon, tel: URIs nor most of what
exchanges write into SDP; it raises on it, and the message is lost. So each datagram is read by `capture.sip.message`,
which is fuzzed, and written anew in the one form that pyVoIP takes. What answers have to repeat (Via, From, To,
Record-Route) stays beside that as it came.

An offer of audio is cut down to what the unit can play: one m= line with PCMU or PCMA. IPv4 only, like pyVoIP.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address

from capture import sdp
from capture.media.g711 import Law
from capture.sip.message import MalformedSip, SipMessage, parse
from capture.sip.values import unfolded
from recorder.announcement.quirks import SIPMessage

Address = tuple[str, int]
HEADERS = ("Contact", "WWW-Authenticate", "Expires", "Min-Expires")  # of which pyVoIP, or who uses it, wants to know
_SENDS = {"sendrecv": "sendrecv", "recvonly": "sendonly"}  # an offer's direction, and that of our answer


@dataclass(frozen=True, slots=True)
class Offer:
    """Audio that can be played."""

    law: Law
    payload_type: int
    address: Address
    direction: str  # of our answer


class Received(SIPMessage):  # type: ignore[misc]
    """One message. Raises `MalformedSip` if the datagram is none, or one that pyVoIP can't take."""

    def __init__(self, data: bytes, source: Address) -> None:
        message = parse(data)
        if message.from_tag is None or not message.raw(b"via"):
            raise MalformedSip("no_transaction", "a From without a tag, or no Via")
        self.message: SipMessage = message
        self.source = source
        self.vias = [unfolded(raw) for raw in message.raw(b"via")]
        self.record_route = [unfolded(raw) for raw in message.raw(b"record-route")]
        self.offer = None if not message.is_request else _offer(message)
        self.challenge = "Proxy-Authenticate" if message.status == 407 else "WWW-Authenticate"
        try:
            super().__init__(self._as_pyvoip_takes_it())
        except Exception as problem:  # whatever its parser raises: it has no error of its own for most
            raise MalformedSip("pyvoip", f"pyVoIP can't take it: {type(problem).__name__}") from problem
        self.headers["Call-ID"] = message.call_id
        for name, party in (("From", message.from_), ("To", message.to)):
            params = {key: value for key, value in party.params.items() if key != "tag"}
            self.headers[name]["raw"] = str(party._replace(params=params))

    @property
    def method(self) -> str:
        """INVITE, ACK, ...; of a response, the method that it answers."""
        return self.message.method

    @method.setter
    def method(self, value: str) -> None:
        """pyVoIP sets what is known already."""

    @property
    def call_id(self) -> str:
        return self.message.call_id

    def _as_pyvoip_takes_it(self) -> bytes:
        message = self.message
        start = (
            f"{message.method} {message.request_uri} SIP/2.0"
            if message.is_request
            else f"SIP/2.0 {message.status} {message.reason_phrase or 'Unknown'}"
        )
        via = message.via
        hop = "invalid" if via is None else f"{via.host}:{via.port or 5060}"
        lines = [
            start,
            f"Via: SIP/2.0/UDP {hop};branch={message.branch or ''}",
            f"From: <sip:caller@invalid>;tag={message.from_tag}",
            f"To: <sip:callee@invalid>;tag={message.to_tag or ''}",
            f"Call-ID: {message.call_id}",
            f"CSeq: {message.cseq} {message.method}",
        ]
        for name in HEADERS:
            value = self._challenge() if name == "WWW-Authenticate" else message.header(name)
            if value is not None:
                lines.append(f"{name}: {value}")
        lines += ["Content-Type: application/sdp", "Content-Length: 0"] if self.offer else ["Content-Length: 0"]
        return "\r\n".join([*lines, "", self._body()]).encode("utf-8", "replace")

    def _challenge(self) -> str | None:
        """The challenge that pyVoIP can answer, where there are several: that of MD5."""
        lines = [unfolded(raw) for raw in self.message.raw(self.challenge.lower().encode())]
        plain = [line for line in lines if "algorithm=" not in line.lower() or "algorithm=md5" in line.lower()]
        return next(iter(plain or lines), None)

    def _body(self) -> str:
        """The offer as pyVoIP reads SDP."""
        if self.offer is None:
            return ""
        host, port = self.offer.address
        kind = self.offer.payload_type
        return (
            f"v=0\r\no=- 1 1 IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\n"
            f"m=audio {port} RTP/AVP {kind}\r\na=rtpmap:{kind} {_NAMES[self.offer.law]}/8000\r\n"
        )


_NAMES = {Law.MU: "PCMU", Law.A: "PCMA"}
_LAWS = {name: law for law, name in _NAMES.items()}


def _offer(message: SipMessage) -> Offer | None:
    """What can be played of an offer; None if there is none, or if nothing of it can."""
    for body in message.sdp_bodies():
        try:
            session = sdp.parse(body)
        except sdp.MalformedSdp:
            continue
        for media in session.media:
            if media.kind != "audio" or not media.port or media.crypto or media.is_held:
                continue
            if media.direction not in _SENDS:
                continue
            host = _ipv4(media.address)
            for payload_type in media.formats:
                codec = media.codecs.get(payload_type) or sdp.STATIC.get(payload_type)
                if host and codec is not None and codec.rate == 8000 and codec.name in _LAWS:
                    return Offer(_LAWS[codec.name], payload_type, (host, media.port), _SENDS[media.direction])
    return None


def _ipv4(text: str | None) -> str | None:
    """An address that audio can be sent to."""
    try:
        return None if text is None else str(IPv4Address(text))
    except AddressValueError:
        return None
