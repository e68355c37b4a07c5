"""What the office changes itself at the desk: a file beside recorder.toml, which the door keeps (`[desk] changes`).

A key that stands there takes the place of the same key of recorder.toml, whole; all others are the engineer's. It is
written after a second person approved, and never by hand: the register says what stands in it, and the door writes it
anew where it differs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from recorder.problems import Unusable

# The keys that an office may change, and no others.
KEYS = frozenset({
    ("lines", "never_record"), ("sections",), ("policy", "office"), ("policy", "rules"),
    ("announcement", "prompts"), ("notice", "prompts"),
})  # fmt: skip
PREVIOUS = ".before"  # behind the file's name: as it was before the last change
PROMPTS = "prompts"  # the folder beside it, of what was brought to the desk: <SHA-256 of the file>.wav


def read(data: bytes, name: str) -> dict[str, Any]:
    """The file's keys. `Unusable` if it isn't TOML, or has a key that isn't the office's to change."""
    import tomllib

    try:
        table = tomllib.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        hint = "The door writes it anew: restart recorder-door."
        raise Unusable(f"{name} can't be read: {error}.", hint=hint) from None
    for top, value in table.items():
        names = [(top,)] if not isinstance(value, dict) else [(top, key) for key in value]
        for key in names:
            if key not in KEYS:
                raise Unusable(
                    f"{name}: {'.'.join(key)} isn't a key that an office changes itself.",
                    hint="Write it into recorder.toml.",
                )
    return table


def lost_prompt(office: Mapping[str, Any], changes: Path) -> str:
    """The first prompt of the office's own that isn't there as it was approved; "" if all are."""
    rules = office.get("announcement", {}).get("prompts", ())
    named = [*(one.get("file", "") for one in rules), *office.get("notice", {}).get("prompts", ())]
    for path in map(Path, dict.fromkeys(named)):
        if path.parent == changes.parent / PROMPTS and not is_as_approved(path):
            return str(path)
    return ""


def is_as_approved(path: Path) -> bool:
    """Whether a prompt is there, and has the bytes that its name says."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest() == path.stem
    except OSError:
        return False


def merged(base: Mapping[str, Any], office: Mapping[str, Any]) -> dict[str, Any]:
    """The tables of recorder.toml, with the office's keys in their place."""
    found = dict(base)
    for top, value in office.items():
        found[top] = {**found.get(top, {}), **value} if isinstance(value, dict) else value
    return found
