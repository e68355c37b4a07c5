"""Read a session description: where audio will arrive, in which payload types, in which direction.

`parse` takes the bytes of one body and gives a `SessionDescription` or raises `MalformedSdp`; nothing
else. It is tolerant where the meaning is clear: line ends of CR LF, LF or CR, missing t= or s=, unknown
lines, a missing c=. Keys (a=crypto, k=) are noticed and never kept. Addresses are text as written,
names included; nothing is looked up.

What was left out is counted, if counters are given:

    sdp_bad_media               an m= line without a port that exists; it stays in its place, as refused
    sdp_bad_format              a payload type that is no number, or beyond 127
    sdp_bad_attribute           an rtpmap, rtcp or ptime that says nothing usable
    sdp_too_many_attributes     attributes past the cap of one media
    sdp_too_many_media          m= lines past the cap

See RFC 4566 and 8866 (SDP), 3551 (static payload types), 3605 (a=rtcp), 5761 (a=rtcp-mux), 4568 (a=crypto),
5763 (DTLS), 6189 (ZRTP), 8839 (ICE).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from capture.counters import Counters

SIZE_CAP = 16 * 1024  # bytes; more is refused
MEDIA_CAP = 32  # m= lines; further ones are left out
ATTRIBUTES_CAP = 64  # of one media; only those that are read here count, not the many of ICE


class MalformedSdp(ValueError):
    """Not a session description that can be used; `reason` is a fixed word for a counter."""

    def __init__(self, reason: str, sentence: str) -> None:
        super().__init__(sentence)
        self.reason = reason


class Codec(NamedTuple):
    """What a payload type stands for."""

    name: str  # encoding name in upper case: PCMU, PCMA, TELEPHONE-EVENT, ...
    rate: int  # of the RTP clock, in Hz
    channels: int = 1


# What a payload type means where no rtpmap says it (RFC 3551 tables 4 and 5; G722's clock is 8000 by decree).
STATIC: dict[int, Codec] = {
    0: Codec("PCMU", 8000),
    3: Codec("GSM", 8000),
    4: Codec("G723", 8000),
    5: Codec("DVI4", 8000),
    6: Codec("DVI4", 16000),
    7: Codec("LPC", 8000),
    8: Codec("PCMA", 8000),
    9: Codec("G722", 8000),
    10: Codec("L16", 44100, 2),
    11: Codec("L16", 44100),
    12: Codec("QCELP", 8000),
    13: Codec("CN", 8000),
    14: Codec("MPA", 90000),
    15: Codec("G728", 8000),
    16: Codec("DVI4", 11025),
    17: Codec("DVI4", 22050),
    18: Codec("G729", 8000),
    25: Codec("CELB", 90000),
    26: Codec("JPEG", 90000),
    28: Codec("NV", 90000),
    31: Codec("H261", 90000),
    32: Codec("MPV", 90000),
    33: Codec("MP2T", 90000),
    34: Codec("H263", 90000),
}


@dataclass(slots=True)
class Origin:
    """The o= line: names a session, and tells its versions apart (RFC 4566 §5.2)."""

    session_id: str  # digits by the RFC, not always in practice
    version: str


@dataclass(slots=True, kw_only=True)
class Media:
    """One m= line and what belongs to it; what it doesn't say itself is taken from the session."""

    kind: str  # lower case: audio, video, image, ...
    port: int  # 0: refused, or switched off
    proto: str  # upper case: RTP/AVP, RTP/SAVP, UDP/TLS/RTP/SAVPF, UDPTL, ...
    formats: tuple[int, ...] = ()  # payload types in their order, each once; () if the proto isn't RTP
    address: str | None = None  # where it will arrive; None: no c= line says it
    rtcp_port: int | None = None  # from a=rtcp; None: not given, that is port + 1
    rtcp_mux: bool = False
    direction: str = "sendrecv"  # or sendonly, recvonly, inactive; as the sender of this description sees it
    codecs: dict[int, Codec] = field(default_factory=dict)  # by payload type; only those that are known
    ptime: int | None = None  # milliseconds of audio in a packet
    crypto: bool = False  # offers or takes encryption: SAVP, a=crypto, DTLS or ZRTP
    candidates: bool = False  # ICE: the address may still become another

    @property
    def is_held(self) -> bool:
        """Held in the way of RFC 2543: nowhere to send to (RFC 3264 §8.4)."""
        return self.address in _NOWHERE


@dataclass(slots=True, kw_only=True)
class SessionDescription:
    """A whole description."""

    origin: Origin | None  # None: missing or unreadable
    address: str | None  # of the c= line of the session
    direction: str
    media: tuple[Media, ...]  # offer and answer correspond by position (RFC 3264 §6)


_NOWHERE = frozenset(("0.0.0.0", "::", "0:0:0:0:0:0:0:0"))
_DIRECTIONS = {name.encode(): name for name in ("sendrecv", "sendonly", "recvonly", "inactive")}
_SECURING = frozenset((b"crypto", b"fingerprint", b"zrtp-hash", b"key-mgmt"))
_READ = _SECURING | _DIRECTIONS.keys() | {b"rtpmap", b"ptime", b"rtcp", b"rtcp-mux"}

# rtpmap values as most telephones write them, so that they need not be taken apart each time.
_KNOWN = {f"{codec.name}/{codec.rate}".encode(): codec for codec in STATIC.values() if codec.channels == 1}
_KNOWN[b"telephone-event/8000"] = Codec("TELEPHONE-EVENT", 8000)

_TEXT_CAP = 255  # characters of an address or a name that are kept
_RATE_MAX = 1_000_000


class _Section:
    """What the lines of the session, or of one media, have said so far."""

    __slots__ = (
        "address", "attributes", "candidates", "codecs", "direction", "line", "ptime", "rtcp_mux", "rtcp_port", "secure"
    )  # fmt: skip

    def __init__(self, line: bytes) -> None:
        self.line = line  # value of the m= line
        self.address: str | None = None
        self.attributes = 0
        self.candidates = False
        self.codecs: dict[int, Codec] = {}
        self.direction: str | None = None
        self.ptime: int | None = None
        self.rtcp_mux = False
        self.rtcp_port: int | None = None
        self.secure = False


def parse(data: bytes, *, counters: Counters | None = None) -> SessionDescription:
    """Read one description; raises MalformedSdp. Takes time linear in its length (RFC 4566 §5)."""
    if len(data) > SIZE_CAP:
        raise MalformedSdp("sdp_too_large", f"a session description of {len(data)} bytes is over the cap")
    counters = Counters() if counters is None else counters
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    session = section = _Section(b"")
    sections: list[_Section] = []
    origin: Origin | None = None
    versioned = False
    for line in data.split(b"\n"):
        kind, is_line, value = line.partition(b"=")
        if len(kind) != 1:
            kind = kind.strip(b" \t\0")  # " m = audio" has one meaning only
        if not is_line:
            continue
        if kind == b"a":
            _read_attribute(section, value.strip(b" \t\0"), counters)
        elif kind == b"m":
            section = _Section(value)
            sections.append(section)
        elif kind == b"c":
            if section.address is None:  # of several the first, which is the unicast sender's own
                section.address = _address(value)
        elif kind == b"o":
            origin = _origin(value) if origin is None else origin
        elif kind == b"v":
            versioned = True
    if not versioned and not sections:
        raise MalformedSdp("not_sdp", "a session description has neither a v= nor an m= line")
    if len(sections) > MEDIA_CAP:
        counters.add("sdp_too_many_media", len(sections) - MEDIA_CAP)
        del sections[MEDIA_CAP:]
    return SessionDescription(
        origin=origin,
        address=session.address,
        direction=session.direction or "sendrecv",
        media=tuple([_media(section, session, counters) for section in sections]),
    )


def _read_attribute(section: _Section, text: bytes, counters: Counters) -> None:
    name, _, value = text.partition(b":")
    if name not in _READ:
        name = name.strip(b" ").lower()  # some write a=SendRecv
        if name not in _READ:
            section.candidates |= name == b"candidate"
            return
    section.attributes += 1
    if section.attributes > ATTRIBUTES_CAP:
        counters.add("sdp_too_many_attributes")
    elif name == b"rtpmap":
        number, _, mapping = value.strip(b" ").partition(b" ")
        payload_type, codec = _number(number, 127), _KNOWN.get(mapping) or _codec(mapping)
        if payload_type is None or codec is None:
            counters.add("sdp_bad_attribute")
        else:
            section.codecs.setdefault(payload_type, codec)
    elif name in _DIRECTIONS:
        section.direction = _DIRECTIONS[name]
    elif name == b"ptime":
        section.ptime = _number(value.strip(b" ").partition(b".")[0], 1000) or None
        if section.ptime is None:
            counters.add("sdp_bad_attribute")
    elif name == b"rtcp":
        section.rtcp_port = _number(value.strip(b" ").partition(b" ")[0], 65535) or None
        if section.rtcp_port is None:
            counters.add("sdp_bad_attribute")
    elif name == b"rtcp-mux":
        section.rtcp_mux = True
    else:
        section.secure = True


def _media(section: _Section, session: _Section, counters: Counters) -> Media:
    words = section.line.replace(b"\t", b" ").strip(b" \0").split(b" ")
    if b"" in words:
        words = [word for word in words if word]
    kind = _text(words[0]).lower() if words else ""
    port = _number(words[1].partition(b"/")[0], 65535) if len(words) > 1 else None
    proto = _text(words[2]).upper() if len(words) > 2 else ""
    address = section.address if section.address is not None else session.address
    if port is None or not proto:
        counters.add("sdp_bad_media")
        return Media(kind=kind, port=0, proto=proto, address=address, direction="inactive")
    formats: dict[int, None] = {}
    codecs: dict[int, Codec] = {}
    if "RTP" in proto:
        for word in words[3:]:
            payload_type = _number(word, 127)
            if payload_type is None:
                counters.add("sdp_bad_format")
                continue
            formats[payload_type] = None
            codec = section.codecs.get(payload_type) or STATIC.get(payload_type)
            if codec is not None:
                codecs[payload_type] = codec
    return Media(
        kind=kind,
        port=port,
        proto=proto,
        formats=tuple(formats),
        address=address,
        rtcp_port=section.rtcp_port,
        rtcp_mux=section.rtcp_mux,
        direction=section.direction or session.direction or "sendrecv",
        codecs=codecs,
        ptime=section.ptime or session.ptime,
        crypto=section.secure or session.secure or "SAVP" in proto,
        candidates=section.candidates or session.candidates,
    )


def _number(text: bytes, most: int) -> int | None:
    """A number of ASCII digits up to `most`. int() alone would also take "+5", "1_0" and any length."""
    if text.isdigit() and len(text) <= 9:
        number = int(text)
        return number if number <= most else None
    return None


def _codec(mapping: bytes) -> Codec | None:
    name, _, rest = mapping.strip(b" ").partition(b"/")
    rate_text, _, channels_text = rest.partition(b"/")
    rate = _number(rate_text.strip(b" "), _RATE_MAX)
    channels = _number(channels_text.strip(b" "), 255) if channels_text else 1
    if not name or not rate or not channels:
        return None
    return Codec(_text(name).upper(), rate, channels)


def _address(value: bytes) -> str | None:
    """The address of "IN IP4 233.252.0.1/127", without the time to live (RFC 4566 §5.7)."""
    words = [word for word in value.replace(b"\t", b" ").strip(b" \0").split(b" ", 8) if word]
    if len(words) < 3:
        return None
    return _text(words[2].partition(b"/")[0]).strip("[]") or None


def _origin(value: bytes) -> Origin | None:
    words = [word for word in value.replace(b"\t", b" ").strip(b" \0").split(b" ", 16) if word]
    if len(words) < 3:
        return None
    # A user name with spaces in it pushes the others back: they are counted from the end, where all six are there.
    first = len(words) - 5 if len(words) > 6 else 1
    return Origin(_text(words[first]), _text(words[first + 1]))


def _text(raw: bytes) -> str:
    raw = raw[:_TEXT_CAP]
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")
