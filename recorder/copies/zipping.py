"""A copy as a ZIP file, made while it is sent: encrypted with AES-256 (WinZip's AE-2), or plain, to be unpacked into a
folder."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import datetime

from stream_zip import ZIP_AUTO, stream_zip

from recorder.copies.bundle import Bundle

_MODE = 0o100600
# Without letters and digits that look alike in print; each is 5 bits, so that 20 of them are 100.
_LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
_GROUPS, _OF = 5, 4


def new_password() -> str:
    """Five groups of four letters and digits, 99 bits: to be written on a sheet of paper, and typed from it."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(_OF)) for _ in range(_GROUPS))


def as_zip(bundle: Bundle, made_at: datetime, folder: str, password: str | None = None) -> Iterator[bytes]:
    """The file's bytes; everything lies in one folder. Raises what reading the contents does."""
    members = (
        # Level 0: audio hardly becomes smaller, and a recording that lies as it is can be looked at with less.
        (f"{folder}/{one.name}", made_at, _MODE, ZIP_AUTO(one.size, level=0), one.read())
        for one in bundle.contents
    )
    yield from stream_zip(members, password=password)
