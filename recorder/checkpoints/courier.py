"""Carries checkpoints to witnesses and to the log server: for `recorder tell`, which alone has a network.

The keeper writes `outbox.json` into its folder; this sends what is in it, and writes `answers.json` beside what it
remembers. Neither side believes the other anything: a witness's answer is a signature, which the keeper checks.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

OUTBOX, ANSWERS = "outbox.json", "answers.json"
TIMEOUT_S = 20.0
MOST_BYTES = 1 << 16
MODE = 0o640  # the keeper is of the teller's group


def read(path: Path) -> dict[str, Any]:
    """What lies there, an empty object if nothing does that can be read."""
    try:
        fields = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return fields if isinstance(fields, dict) else {}


def write(path: Path, fields: dict[str, Any]) -> None:
    """Whole, or as it was. OSError."""
    new = path.with_name(f"{path.name}.new")
    fd = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, MODE)
    os.fchmod(fd, MODE)  # whatever the umask says
    with os.fdopen(fd, "w") as file:
        json.dump(fields, file)
    os.replace(new, path)


def carry(outbox: dict[str, Any]) -> dict[str, Any]:
    """Sends each request of the keeper, and gives back the answers: a status of 0 where none came. Blocks."""
    import httpx

    answers = []
    for one in outbox.get("requests", []):
        url = f"{str(one['url']).rstrip('/')}/add-checkpoint"
        try:
            got = httpx.post(url, content=str(one["body"]).encode(), timeout=TIMEOUT_S)
            status, body = got.status_code, got.content[:MOST_BYTES].decode("utf-8", "replace")
        except httpx.HTTPError as error:
            status, body = 0, str(error)
        answers.append({"url": one["url"], "status": status, "body": body})
    return {"number": outbox.get("number", 0), "answers": answers}
