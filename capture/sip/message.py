"""Read one SIP message as a listener does: tolerant where the meaning is clear, refusing where it isn't.

`parse` takes the bytes of one datagram, or of one message cut from a TCP stream, and gives a
`SipMessage` or raises `MalformedSip`; nothing else. It is the only SIP parser here: whoever wants to
know a header asks the message, so that no two parts of the program understand the same bytes
differently. Start line, CSeq and Call-ID are judged at once; addresses, lists and bodies are read
when somebody asks for them.

What was tolerated is in `SipMessage.remarks`, as words for a counter:

    truncated               the body is shorter than Content-Length says, or the header has no end
    trailing_octets         there is more than Content-Length says; the rest is left out (RFC 3261 §18.3)
    bad_content_length      it is no number, or there are two; the body is all the rest
    header_line_too_long    a header was left out
    display_name_too_long   of such a header the name was left out, and the address counts
    too_many_headers        the headers past the cap were left out
    bad_header_line         a line without a colon was left out
    repeated_header         From, To, Call-ID or CSeq is there twice, with the same value
    contradictory_party     From or To is there twice with different values; the first one counts

See RFC 3261 §7, §18.3 and §20; RFC 4475 (torture messages).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from capture.sip.address import NameAddr, parse_name_addr, split_host
from capture.sip.multipart import sdp_bodies
from capture.sip.names import LISTS, USUAL, key_of
from capture.sip.values import SPACES, parse_params, quoted_end, split_commas, unfolded


class MalformedSip(ValueError):
    """Not a SIP message that a listener can use; `reason` is a fixed word for a counter."""

    def __init__(self, reason: str, sentence: str) -> None:
        super().__init__(sentence)
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """How much of a message is looked at; no telephone call needs more."""

    message: int = 64 * 1024  # bytes; more is refused
    headers: int = 200  # lines, with their folds; further ones are left out
    header_line: int = 8 * 1024  # bytes of one line with its folds; a longer one is left out


DEFAULT_CAPS = Caps()


class Via(NamedTuple):
    """Where the last sender of a message wants the answer (RFC 3261 §20.42)."""

    transport: str  # upper case: UDP, TCP, TLS, ...
    host: str  # lower case, IPv6 without brackets
    port: int | None  # None: the transport's own
    params: Mapping[str, str]  # names in lower case

    @property
    def branch(self) -> str | None:
        """The transaction's name; None in messages as RFC 2543 had them."""
        return self.params.get("branch") or None


@dataclass(slots=True)
class SipMessage:
    """One request or response; nobody changes it. Its repr shows neither headers nor body, where passwords and keys
    may be.

    Not a frozen dataclass, which takes three times as long to make. Headers are bytes by name, so that the garbage
    collector has nothing to look through.
    """

    method: str  # upper case; of a response, the method it answers
    status: int  # 100 to 699; 0 for a request
    reason_phrase: str  # "" for a request
    request_uri: str  # as it stood in the request line; "" for a response
    call_id: str
    cseq: int  # 0 to 2**32 - 1
    body: bytes = field(repr=False)
    raw_length: int  # bytes that were parsed
    remarks: tuple[str, ...]
    from_tag: str | None  # None in messages as RFC 2543 had them
    to_tag: str | None  # None as long as the called side gave none: the message is outside a dialog
    _headers: Mapping[bytes, bytes] = field(repr=False)  # the first of each, by long name in lower case; still folded
    _further: Mapping[bytes, list[bytes]] = field(repr=False)  # of headers that are there more than once, the others
    # What was asked for before:
    _from: NameAddr | None = field(default=None, init=False, repr=False, compare=False)
    _to: NameAddr | None = field(default=None, init=False, repr=False, compare=False)
    _bodies: tuple[list[bytes], tuple[str, ...]] | None = field(default=None, init=False, repr=False, compare=False)

    @property
    def is_request(self) -> bool:
        """Whether it is a request; otherwise it is a response."""
        return self.status == 0

    @property
    def cseq_method(self) -> str:
        """The method of the CSeq: always `method`, since a request that says two is refused."""
        return self.method

    @property
    def truncated(self) -> bool:
        """Whether there should be more of it than there is."""
        return "truncated" in self.remarks

    def header(self, name: str) -> str | None:
        """The first value of a header, unfolded; None if there is no such header.

        The name may be the long or the compact one, in any case.
        """
        key = key_of(name.encode("utf-8", "replace"))
        raw = self._headers.get(key)
        if raw is None:
            return None
        if key in LISTS:
            return next((value for line in self.raw(key) for value in split_commas(unfolded(line))), "")
        return unfolded(raw)

    def values(self, name: str) -> list[str]:
        """All values of a header in order: each line's, taken apart where commas separate values."""
        key = key_of(name.encode("utf-8", "replace"))
        texts = [unfolded(raw) for raw in self.raw(key)]
        return [value for text in texts for value in split_commas(text)] if key in LISTS else texts

    def raw(self, key: bytes) -> list[bytes]:
        """The lines of a header (long name in lower case) in order, as they came, without the name."""
        first = self._headers.get(key)
        return [] if first is None else [first, *self._further.get(key, ())]

    @property
    def from_(self) -> NameAddr:
        """The party that opened the dialog."""
        if self._from is None:
            self._from = _name_addr(self._headers[b"from"])
        return self._from

    @property
    def to(self) -> NameAddr:
        """The party that was called."""
        if self._to is None:
            self._to = _name_addr(self._headers[b"to"])
        return self._to

    @property
    def contact(self) -> str:
        """The URI of the first Contact, "" if there is none."""
        text = self.header("contact")
        return parse_name_addr(text).uri.text if text else ""

    @property
    def via(self) -> Via | None:
        """The topmost Via; None if there is none, or none that can be read. Read anew each time."""
        text = self.header("Via")
        return None if text is None else _parse_via(text)

    @property
    def hops(self) -> int:
        """How many Via values it has, that is, how many have sent it on; a comma in quotes counts too."""
        raw = self.raw(b"via")
        return len(raw) + sum(value.count(b",") for value in raw)

    @property
    def branch(self) -> str | None:
        """The branch of the topmost Via."""
        via = self.via
        return None if via is None else via.branch

    @property
    def content_type(self) -> str | None:
        """Type and subtype in lower case, without parameters; None if there are none."""
        text = self.header("content-type")
        return None if text is None else text.partition(";")[0].strip(SPACES).lower() or None

    def sdp_bodies(self) -> list[bytes]:
        """The session descriptions in the body: all of it, or parts (RFC 5621)."""
        return self._read_body()[0]

    def body_remarks(self) -> tuple[str, ...]:
        """Why parts of the body were left out, as words for a counter; see `capture.sip.multipart`."""
        return self._read_body()[1]

    def _read_body(self) -> tuple[list[bytes], tuple[str, ...]]:
        if self._bodies is None:
            headers = self._headers
            if self.body and headers.get(b"content-type") == b"application/sdp" and b"content-encoding" not in headers:
                self._bodies = [self.body], ()  # nearly all: what `sdp_bodies` says of them, without asking it
            else:
                encodings = self.values("content-encoding")
                self._bodies = sdp_bodies(self.body, self.header("content-type"), ",".join(encodings))
        return self._bodies


# A method is a token (RFC 3261 §25.1); one this long is none that anybody uses.
_METHOD = re.compile(rb"[A-Za-z0-9.!%*_+`'~-]{1,64}")
_CSEQ_MAX = 2**32 - 1  # RFC 3261 §8.1.1.5 says below 2**31; who counts on from there is still understood
_ONCE = {b"from": "From", b"to": "To", b"call-id": "Call-ID", b"cseq": "CSeq"}
# Headers whose value is a name and an address.
_PARTIES = frozenset((
    b"from", b"to", b"contact", b"p-asserted-identity", b"p-preferred-identity", b"remote-party-id", b"diversion",
    b"history-info", b"referred-by",
))  # fmt: skip
_IDENTITY = frozenset((b"call-id", b"cseq"))  # two of these, and nobody can say which call is meant
_ENDLESS = 10**9
# A From or To as most telephones write it, and its tag: what `parse_name_addr` would say of these, ten times as quick.
_USUAL_PARTY = re.compile(
    rb"""(?: "[^"\\\r\n]*" [ ]? )? <[^<>"\r\n]*> (?: ;tag= ([A-Za-z0-9.!%*_+`'~-]{1,128}) )?""", re.VERBOSE
)


def parse(data: bytes, *, caps: Caps = DEFAULT_CAPS) -> SipMessage:
    """Read one message; raises MalformedSip. Takes time linear in its length (RFC 3261 §7)."""
    length = len(data)
    if length > caps.message:
        raise MalformedSip("message_too_large", f"a SIP message of {length} bytes is over the cap")
    if data[:1] in b"\r\n\0":  # true of no bytes at all, too
        data = data.lstrip(b"\r\n\0")
    remarks: list[str] = []
    head, body = _split_head(data, remarks)
    start, _, fields = head.partition(b"\n")
    method, status, uri, phrase = _parse_start(start.rstrip(b" \t\r"), caps.header_line)
    headers, further = _parse_headers(fields, caps, remarks)
    # A dialog is named by these four: each has to be there, and should be there once.
    get = headers.get
    sender, target, call_id, cseq_text = get(b"from"), get(b"to"), get(b"call-id"), get(b"cseq")
    if not (sender and target and call_id and cseq_text) or further:
        _check_once(headers, further, remarks)
        sender, target, call_id, cseq_text = (headers[key] for key in _ONCE)
    cseq, cseq_method = _parse_cseq(cseq_text)
    if status:
        method = cseq_method
    elif method != cseq_method:
        raise MalformedSip("method_mismatch", f"the request line says {method}, the CSeq {cseq_method}")
    return SipMessage(
        method=method,
        status=status,
        reason_phrase=phrase,
        request_uri=uri,
        call_id=unfolded(call_id),
        cseq=cseq,
        body=_cut_body(body, get(b"content-length"), further.get(b"content-length"), remarks),
        raw_length=length,
        remarks=tuple(remarks),
        from_tag=_tag(sender),
        to_tag=_tag(target),
        _headers=headers,
        _further=further,
    )


def framing(head: bytes, *, caps: Caps = DEFAULT_CAPS) -> tuple[int | None, bool]:
    """Content-Length and whether there is a Content-Type, of a header without its empty line.

    For cutting a stream into messages, with the same eyes as `parse`. None: there is no Content-Length, or
    none that has one meaning. Numbers beyond nine digits are given as 10**9.
    """
    headers, further = _parse_headers(head.partition(b"\n")[2], caps, [])
    length = headers.get(b"content-length")
    has_type = b"content-type" in headers
    return None if length is None else _content_length(length, further.get(b"content-length")), has_type


_CALL_ID_LINE = re.compile(rb"\n(?:call-id|i)[ \t\r]*:([^\n]*)(\n[ \t])?", re.IGNORECASE)


def call_id_of(data: bytes) -> str | None:
    """The Call-ID that `parse` would find, at a thirtieth of its cost; None where it takes `parse` to tell.

    For who has to decide whether a message is worth reading. What has no Call-ID in its header may get one here out of
    its body: `parse` refuses it.
    """
    line = _CALL_ID_LINE.search(data)
    if line is None or line[2] is not None:  # unusual line ends, or a fold
        return None
    return unfolded(line[1].strip(b" \t\r"))


def _split_head(data: bytes, remarks: list[str]) -> tuple[bytes, bytes]:
    """The header with LF or CR LF at the end of its lines, the last one excepted; and what follows it."""
    crlf = data.find(b"\n\r\n")
    lf = data.find(b"\n\n", 0, crlf + 2 if crlf >= 0 else len(data))
    if lf >= 0:
        return data[:lf], data[lf + 2 :]
    if crlf >= 0:
        return data[:crlf], data[crlf + 3 :]
    if b"\n" not in data and b"\r" in data:
        # Bare CRs end lines only where there is no LF at all; elsewhere they are spaces.
        head, end, body = data.partition(b"\r\r")
        if end:
            return head.replace(b"\r", b"\n"), body
        data = head.replace(b"\r", b"\n")
    # What follows the last line end may be half a line, such as "To: 0312" of "To: 0312345678".
    remarks.append("truncated")
    return data[: max(data.rfind(b"\n"), 0)], b""


# Start lines and CSeqs are the same in many messages, so the last few hundred are remembered.
@lru_cache(maxsize=512)
def _parse_start(line: bytes, cap: int) -> tuple[str, int, str, str]:
    """Method, status, URI and phrase of a start line (RFC 3261 §7.1, §7.2)."""
    if not line:
        raise MalformedSip("not_sip", "there is no start line")
    if len(line) > cap:
        raise MalformedSip("start_line_too_long", f"the start line is longer than {cap} bytes")
    if line[:7].upper() == b"SIP/2.0":
        code, _, phrase = line[7:].lstrip(b" ").partition(b" ")
        if line[7:8] != b" " or len(code) != 3 or not code.isdigit() or not 100 <= int(code) <= 699:
            raise MalformedSip("bad_status", "the status is no number from 100 to 699")
        return "", int(code), "", unfolded(phrase)
    method, _, rest = line.partition(b" ")
    uri, _, version = rest.rpartition(b" ")
    if version.upper() != b"SIP/2.0":
        if version[:4].upper() == b"SIP/":
            raise MalformedSip("unknown_version", "the request line names another version than SIP/2.0")
        raise MalformedSip("not_sip", "the first line is neither a request line nor a status line of SIP")
    if _METHOD.fullmatch(method) is None:
        raise MalformedSip("bad_method", "the method is no token of at most 64 characters")
    uri = uri.strip(b" ")
    if not uri:
        raise MalformedSip("missing_request_uri", "the request line has no Request-URI")
    return method.decode("ascii").upper(), 0, unfolded(uri), ""


def _parse_headers(
    fields: bytes, caps: Caps, remarks: list[str]
) -> tuple[dict[bytes, bytes], dict[bytes, list[bytes]]]:
    """The first line of each header by its name, and the others of those that have several."""
    if b"\n " in fields or b"\n\t" in fields:
        # A fold stays in the value as a bare CR, until somebody reads the value.
        fields = fields.replace(b"\n ", b"\r ").replace(b"\n\t", b"\r\t")
    lines = fields.split(b"\n")
    if len(lines) > caps.headers:
        remarks.append("too_many_headers")
        del lines[caps.headers :]
    longest, usual = caps.header_line, USUAL
    headers: dict[bytes, bytes] = {}
    further: dict[bytes, list[bytes]] = {}
    if len(fields) <= longest:  # most messages: each header once, so that nothing is to be asked of each line
        known = usual.get
        for line in lines:
            name, colon, value = line.partition(b":")
            if not colon:
                break
            headers[known(name) or key_of(name)] = value.strip(b" \t\r")
        if len(headers) == len(lines):
            return headers, further
        headers = {}
    for line in lines:
        name, colon, value = line.partition(b":")
        if not colon:
            remarks.append("bad_header_line")
            continue
        key = usual.get(name) or key_of(name)
        value = value.strip(b" \t\r")
        if len(line) > longest:
            value = _nameless(value) if key in _PARTIES else b""
            if not value or len(value) > longest:
                remarks.append("header_line_too_long")
                continue
            remarks.append("display_name_too_long")
        if key not in headers:
            headers[key] = value
        else:
            further.setdefault(key, []).append(value)
    return headers, further


def _nameless(value: bytes) -> bytes:
    """A name and address without the name, by which nobody evades being recorded; empty if it isn't one."""
    if value[:1] != b'"':
        bracket = value.find(b"<")
        return value[bracket:] if bracket > 0 and b'"' not in value[:bracket] else b""
    # The eyes of `parse_name_addr`: no byte of a character in UTF-8 is a quote or a backslash.
    end = quoted_end(value.decode("latin-1"))
    rest = value[end:].lstrip(b" \t\r") if end > 0 else b""
    return rest if rest[:1] == b"<" else b""


def _check_once(headers: Mapping[bytes, bytes], further: Mapping[bytes, list[bytes]], remarks: list[str]) -> None:
    """Refuse a message that leaves one of the four out, or names two transactions (RFC 4475 §3.3.8)."""
    for key, name in _ONCE.items():
        first = headers.get(key)
        if not first:
            if "header_line_too_long" in remarks:
                raise MalformedSip("header_line_too_long", f"the {name} is missing, or longer than the cap")
            raise MalformedSip("missing_" + name.lower().replace("-", "_"), f"the message has no {name}")
        if key in further:
            if all(value == first for value in further[key]):
                remarks.append("repeated_header")
            elif key in _IDENTITY:
                raise MalformedSip("contradictory_header", f"the message has two different {name}")
            else:
                remarks.append("contradictory_party")


@lru_cache(maxsize=512)
def _parse_cseq(raw: bytes) -> tuple[int, str]:
    number, _, method = raw.replace(b"\t", b" ").replace(b"\r", b" ").partition(b" ")
    method = method.strip(b" ")
    if not number.isdigit() or _METHOD.fullmatch(method) is None:
        raise MalformedSip("bad_cseq", "the CSeq is not a number with a method")
    if len(number) > 10:
        number = number.lstrip(b"0") or b"0"
    if len(number) > 10 or int(number) > _CSEQ_MAX:
        raise MalformedSip("bad_cseq", "the CSeq number is beyond 2**32 - 1")
    return int(number), method.decode("ascii").upper()


def _cut_body(body: bytes, text: bytes | None, others: list[bytes] | None, remarks: list[str]) -> bytes:
    if text is None or "truncated" in remarks:
        return body
    length = _content_length(text, others)
    if length is None:
        remarks.append("bad_content_length")
    elif length > len(body):
        remarks.append("truncated")
    elif length < len(body):
        remarks.append("trailing_octets")
        return body[:length]
    return body


def _content_length(text: bytes, others: list[bytes] | None) -> int | None:
    if not text.isdigit() or others and any(other != text for other in others):
        return None
    if len(text) > 9:  # int() of thousands of digits is refused, and not worth its time
        text = text.lstrip(b"0")
        if len(text) > 9:
            return _ENDLESS
    return int(text or b"0")


def _name_addr(raw: bytes) -> NameAddr:
    return parse_name_addr(unfolded(raw))


def _tag(raw: bytes) -> str | None:
    """The tag of a From or To; None if it has none."""
    usual = _USUAL_PARTY.fullmatch(raw)
    if usual is None:
        return _name_addr(raw).params.get("tag") or None
    tag: bytes | None = usual[1]
    return None if tag is None else tag.decode("ascii")


def _parse_via(text: str) -> Via | None:
    place, _, params = text.partition(";")
    protocol = place.split("/", 2)
    if len(protocol) < 3:
        return None
    transport, _, sent_by = protocol[2].strip(SPACES).replace("\t", " ").partition(" ")
    host, port = split_host(sent_by)
    return Via(transport.upper(), host, port, parse_params(params) if params else {}) if host else None
