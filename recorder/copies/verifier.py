"""The page on the medium that checks, without a network, whether its recordings are as they were copied."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from functools import cache
from html import escape
from importlib import resources


def page(sums: Mapping[str, str], office: str, title: str) -> bytes:
    """Its bytes, UTF-8: for these file names with their SHA-256. Whatever the texts hold, they stay text."""
    expected = json.dumps(sums, ensure_ascii=True, sort_keys=True)
    for sign in "<>&":  # no name ends the script
        expected = expected.replace(sign, f"\\u{ord(sign):04x}")
    script = _part("check.js").replace('"EXPECTED"', expected)
    allowed = base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii")
    text = _part("check.html")
    for place, value in (
        ("{script_sha256}", allowed), ("{office}", escape(office)), ("{title}", escape(title)), ("{script}", script),
    ):
        text = text.replace(place, value)
    return text.encode("utf-8")


@cache
def _part(name: str) -> str:
    return resources.files("recorder.copies.page").joinpath(name).read_text("utf-8")
