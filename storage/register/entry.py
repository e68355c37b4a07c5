"""One entry of the register, and its one line of canonical JSON.

Canonical: ASCII, keys sorted, no spaces. `link` is the SHA-256 of the previous entry's link (nothing for the first) and
of this entry's canonical JSON without its link: whoever changes, drops or adds an entry has to write anew all that
come after it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_OURS = ("number", "at_ns", "kind", "who", "link")
_KIND = re.compile(r"[a-z_]{1,32}")
_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False).encode


@dataclass(frozen=True, slots=True)
class Draft:
    """What shall be entered. ValueError if a field bears a name of ours, or the kind isn't a word in snake_case."""

    at_ns: int  # when it was done, nanoseconds since 1970
    kind: str
    who: str  # the account that did it; "recorder" if it did so by itself
    fields: Mapping[str, Any]  # what JSON can hold

    def __post_init__(self) -> None:
        if not _KIND.fullmatch(self.kind) or any(name in self.fields for name in _OURS):
            raise ValueError(f"no entry can be of kind {self.kind!r} with the fields {sorted(self.fields)}")


@dataclass(frozen=True, slots=True)
class Entry:
    """What was entered."""

    number: int  # 1, 2, 3 and so on
    at_ns: int
    kind: str
    who: str
    fields: Mapping[str, Any]
    link: bytes


def written(draft: Draft, number: int, previous: bytes) -> tuple[Entry, bytes]:
    """The entry that a draft becomes behind the link `previous`, and its line with the newline."""
    values = {**draft.fields, "number": number, "at_ns": draft.at_ns, "kind": draft.kind, "who": draft.who}
    link = _link(previous, values)
    entry = Entry(number, draft.at_ns, draft.kind, draft.who, draft.fields, link)
    return entry, _encode({**values, "link": link.hex()}).encode("ascii") + b"\n"


def parse(line: bytes) -> Entry:
    """The entry that a line (without its newline) holds; its link is only read, not checked. ValueError if the line
    isn't one that `written` made."""
    try:
        values = json.loads(line)
        if _encode(values).encode("ascii") != line:
            raise ValueError("not in canonical form")
        number, at_ns, kind, who, link = (values.pop(name) for name in _OURS)
        if type(number) is not int or type(at_ns) is not int or not isinstance(who, str) or not _KIND.fullmatch(kind):
            raise TypeError
        entry = Entry(number, at_ns, kind, who, values, bytes.fromhex(link))
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError("not an entry") from error
    if len(entry.link) != 32:
        raise ValueError("not a link")
    return entry


def follows(entry: Entry, previous: bytes) -> bool:
    """Whether the entry is the one that was written behind the link `previous`."""
    values = {**entry.fields, "number": entry.number, "at_ns": entry.at_ns, "kind": entry.kind, "who": entry.who}
    return _link(previous, values) == entry.link


def _link(previous: bytes, values: Mapping[str, Any]) -> bytes:
    return hashlib.sha256(previous + _encode(values).encode("ascii")).digest()
