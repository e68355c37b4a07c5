"""A SIP message without its secrets, as long as it was: passwords' digests and media keys become rows of x.

Digest responses (RFC 3261 §22) can be tried against a list of passwords; keys in SDP (RFC 4568, RFC 4567, k= of RFC
4566) open what was said. Neither may be written down. Lengths stay, so that Content-Length still holds.
"""

from __future__ import annotations

import re

# The value of a header with a secret, its continuation lines included (RFC 3261 §7.3.1).
_CREDENTIALS = re.compile(
    rb"^((?:proxy-)?authorization[ \t]*:|(?:proxy-|www-)?authenticat(?:e|ion-info)[ \t]*:)"
    rb"([^\r\n]*(?:\r?\n[ \t][^\r\n]*)*)",
    re.IGNORECASE | re.MULTILINE,
)
_KEYS = re.compile(
    rb"^(a=crypto:[^\r\n]*?inline:|a=key-mgmt:[^ \r\n]*[ ]?|k=[a-z0-9]*:)([^\r\n]+)", re.IGNORECASE | re.MULTILINE
)
_TEXT = re.compile(rb"[^\r\n \t]")


def redacted(message: bytes) -> bytes:
    """The message without secrets."""
    for secret in (_CREDENTIALS, _KEYS):
        message = secret.sub(lambda found: found[1] + _TEXT.sub(b"x", found[2]), message)
    return message
