"""What was last seen of a register: by a witness (http, https), or in a file of its own, or on a second path."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

from recorder.problems import Unusable
from storage.register import heads
from storage.register.checkpoint import Checkpoint, Note
from storage.register.proof import Outside

TIMEOUT_S = 20.0
MOST_BYTES = 1 << 16


def ask(place: str, origin: str) -> Outside:
    """The newest checkpoint that a witness at this address, or a file, has of the register. Raises `Unusable`."""
    if place.startswith(("http://", "https://")):
        return Outside(f"the witness {place}", _ask(place, origin))
    try:
        data = Path(place).read_bytes()
    except OSError as error:
        raise Unusable(f"{place} can't be read: {error.strerror}.") from error
    found = [note for line in (data, *data.splitlines(keepends=True)) if (note := _parse(line)) is not None]
    ours = [one for one in found if Checkpoint.parse(one.text).origin == origin]
    if not ours:
        what = "of another register" if found else "no checkpoint in it"
        raise Unusable(f"{place} has {what}." if not found else f"{place} is {what}.")
    return Outside(f"the checkpoint in {place}", max(ours, key=lambda one: Checkpoint.parse(one.text).size))


def _parse(data: bytes) -> Note | None:
    return heads.parse(data.rstrip(b"\n") if data.startswith(b"{") else data)


def _ask(place: str, origin: str) -> Note:
    import httpx

    try:
        got = httpx.get(f"{place.rstrip('/')}/latest?{quote(origin, safe='')}", timeout=TIMEOUT_S)
    except httpx.HTTPError as error:
        raise Unusable(f"The witness {place} doesn't answer: {error}.") from error
    if got.status_code == 404:
        raise Unusable(f"The witness {place} saw nothing of this register.")
    note = _parse(got.content[:MOST_BYTES]) if got.status_code == 200 else None
    if note is None:
        raise Unusable(f"{place} doesn't answer as a witness does ({got.status_code}).")
    return note
