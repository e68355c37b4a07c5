"""Keys in the body of an INFO request, as telephones that don't send them in RTP do it.

There is no standard; what is seen are `application/dtmf-relay` ("Signal=5", "Duration=160") and `application/dtmf`
(the key alone).
"""

from __future__ import annotations

from capture.sip.message import SipMessage

_KEYS = frozenset("0123456789*#ABCD")
_NAMED = {"10": "*", "11": "#"}


def keys_of_info(message: SipMessage) -> str:
    """The key that an INFO tells of, "" if it tells of none."""
    kind = message.content_type
    body = message.body[:256].decode("ascii", "replace")
    if kind == "application/dtmf":
        value = body.strip()
    elif kind == "application/dtmf-relay":
        lines = (line.partition("=") for line in body.replace("\r", "\n").split("\n"))
        value = next((value.strip() for name, _, value in lines if name.strip().lower() == "signal"), "")
    else:
        return ""
    value = _NAMED.get(value, value.upper())
    return value if value in _KEYS else ""
