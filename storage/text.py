r"""Strings of strangers, made fit for a database and a terminal.

A Call-ID may hold NUL, control characters, or bytes that are no UTF-8 (in Python: lone surrogates). SQLite takes
the first badly and the last not at all. So each such character is kept as `\uXXXX`, and a backslash as `\\`; every
other character stands for itself. `unescape(escape(s)) == s` for every string.
"""

from __future__ import annotations

import re

_UNFIT = re.compile("[\\\\\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_ESCAPED = re.compile(r"\\(?:\\|u([0-9a-f]{4}))")


def escape(value: str) -> str:
    """The string in the form in which it is stored: printable, and valid UTF-8 once encoded."""
    if value.isascii() and value.isprintable() and "\\" not in value:
        return value  # nearly all
    return _UNFIT.sub(_escape_one, value)


def unescape(value: str) -> str:
    """The string that `escape` was given; a backslash that stands alone is left as it is."""
    return _ESCAPED.sub(_unescape_one, value) if "\\" in value else value


def _escape_one(match: re.Match[str]) -> str:
    return "\\\\" if match[0] == "\\" else f"\\u{ord(match[0]):04x}"


def _unescape_one(match: re.Match[str]) -> str:
    return chr(int(match[1], 16)) if match[1] else "\\"
