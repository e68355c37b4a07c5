"""The names of SIP headers: compact forms, and which headers are lists.

See RFC 3261 §7.3.3 and §20, and the registry of SIP parameters at IANA.
"""

from __future__ import annotations

_COMPACT = {
    b"a": b"accept-contact",
    b"b": b"referred-by",
    b"c": b"content-type",
    b"d": b"request-disposition",
    b"e": b"content-encoding",
    b"f": b"from",
    b"i": b"call-id",
    b"j": b"reject-contact",
    b"k": b"supported",
    b"l": b"content-length",
    b"m": b"contact",
    b"n": b"identity-info",
    b"o": b"event",
    b"r": b"refer-to",
    b"s": b"subject",
    b"t": b"to",
    b"u": b"allow-events",
    b"v": b"via",
    b"x": b"session-expires",
    b"y": b"identity",
}

# Where a comma separates values. In all others (Date, From, Subject, WWW-Authenticate, ...) it doesn't.
LISTS = frozenset(
    (
        b"accept accept-contact accept-encoding accept-language alert-info allow allow-events call-info "
        b"contact content-encoding content-language diversion error-info geolocation history-info "
        b"in-reply-to p-associated-uri p-asserted-identity p-asserted-service p-preferred-identity path "
        b"proxy-require reason record-route reject-contact remote-party-id request-disposition require "
        b"route security-client security-server security-verify service-route supported unsupported "
        b"user-to-user via warning"
    ).split(b" ")
)

# Keys of names as most telephones spell them, which saves folding them for every line.
USUAL: dict[bytes, bytes] = {
    name: name.lower()
    for name in (
        b"Accept Allow Allow-Events Authorization Call-ID Call-Id Contact Content-Disposition "
        b"Content-Length Content-Type CSeq Cseq Date Diversion Event Expires From Max-Forwards Min-SE "
        b"P-Asserted-Identity Privacy Proxy-Authenticate Proxy-Authorization RAck Reason Record-Route "
        b"Remote-Party-ID Require Route RSeq Server Session-Expires Session-ID Subscription-State "
        b"Supported To User-Agent Via Warning WWW-Authenticate"
    ).split(b" ")
}
USUAL |= {short: name for short, name in _COMPACT.items()}


def key_of(name: bytes) -> bytes:
    """One name for all spellings of a header's: long, lower case, without spaces before the colon."""
    known = USUAL.get(name)
    if known is not None:
        return known
    # Bytes fold ASCII alone: no other letter becomes one of these, as the Kelvin sign would a k.
    name = name.strip(b" \t\r").lower()
    return _COMPACT.get(name, name)
