"""The small grammar that SIP header values share: quotes, commas, parameters, escapes.

Every function takes any text and raises nothing; each passes over its text once, whatever the text is,
so that nobody can make us slow with it. See RFC 3261 §7.3.1 and §25.1.
"""

from __future__ import annotations

import re
from urllib.parse import unquote_to_bytes

# Spaces are named each time: str.strip() without an argument also takes U+2028, U+0085 and others away.
SPACES = " \t\r\n"

# The possessive quantifiers (`++`, `*+`) keep these expressions from ever going back.
_FOLD = re.compile(rb"[\r\n][ \t\r\n]*+")
_QUOTED = re.compile(r'"((?:[^"\\]++|\\.)*+)"', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_BY_COMMA = re.compile(r'"(?:[^"\\]++|\\.)*+"?|<[^>]*+>?|[^",<]++|,', re.DOTALL)
_BY_SEMICOLON = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[^";]++|;', re.DOTALL)


def decoded(raw: bytes) -> str:
    """Bytes as text: UTF-8 if they are that, else Latin-1, which takes any and leaves no surrogates."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def unfolded(raw: bytes) -> str:
    """A raw value as one line of text: what ends lines in it, a fold or a bare CR, becomes a space (§7.3.1)."""
    if b"\r" in raw or b"\n" in raw:
        raw = _FOLD.sub(b" ", raw).strip(b" \t")
    return decoded(raw)


def quoted_end(text: str) -> int:
    """The position after the quoted string that `text` begins with; -1 if it is never closed."""
    found = _QUOTED.match(text)
    return -1 if found is None else found.end()


def unquoted(text: str) -> str:
    """The content of a quoted string, escapes undone; other text as it is."""
    if len(text) >= 2 and text[0] == '"' and text[-1] == '"':
        text = text[1:-1]
        return _ESCAPED.sub(r"\1", text) if "\\" in text else text
    return text


def quote(text: str) -> str:
    """Text as a quoted string."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def unescaped(text: str) -> str:
    """%-escapes undone (RFC 3261 §19.1.2); a % that starts no escape stays."""
    if "%" not in text:
        return text
    return decoded(unquote_to_bytes(text.encode("utf-8", "surrogatepass")))


def split_commas(text: str) -> list[str]:
    """The values of a list; commas in quotes or angle brackets separate nothing, empty values go."""
    if "," not in text:
        text = text.strip(SPACES)
        return [text] if text else []
    if '"' not in text and "<" not in text:
        pieces = text.split(",")
    else:
        pieces = _split(_BY_COMMA, ",", text)
    return [value for piece in pieces if (value := piece.strip(SPACES))]


def parse_params(text: str) -> dict[str, str]:
    """";a=b;c" as {"a": "b", "c": ""}: names in lower case, quotes undone, the first of a name counts."""
    params: dict[str, str] = {}
    for piece in text.split(";") if '"' not in text else _split(_BY_SEMICOLON, ";", text):
        name, _, value = piece.partition("=")
        name = name.strip(SPACES).lower()
        if name and name not in params:
            params[name] = unquoted(value.strip(SPACES)) if value else ""
    return params


def _split(tokens: re.Pattern[str], separator: str, text: str) -> list[str]:
    pieces: list[str] = []
    piece: list[str] = []
    for token in tokens.findall(text):
        if token == separator:
            pieces.append("".join(piece))
            piece = []
        else:
            piece.append(token)
    pieces.append("".join(piece))
    return pieces
