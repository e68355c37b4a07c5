"""What other commands ask of the process that writes to a store: one small file each, taken in the order of time.

Only the store's own account can put one there, or its group where the store is shared. A request that can't be read is
left out, and counted by the caller.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from typing import NamedTuple

from storage import layout
from storage.disk import Disk

MOST = 1000  # that wait at once; more are a mistake in somebody's script
LONGEST = 4096  # bytes


class Request(NamedTuple):
    """One request: what kind, for when, and what it says."""

    kind: str
    at_ns: int
    fields: Mapping[str, str]


def put(root: str, request: Request) -> None:
    """Leave a request in the store whose folder is `root`. OSError if it can't be written."""
    name = os.path.join(root, f"request-{request.at_ns:020d}-{secrets.token_hex(4)}.json")
    text = json.dumps({"kind": request.kind, "at_ns": request.at_ns, "fields": dict(request.fields)})
    disk = Disk()
    fd = disk.create(name + ".new")
    try:
        disk.write(fd, memoryview(text.encode()), 0)
        disk.sync_file(fd)
    finally:
        disk.close(fd)
    os.rename(name + ".new", name)


def take(root: str) -> tuple[list[Request], list[str]]:
    """The requests that wait, oldest first, removed; and the names of those that can't be read, removed too."""
    found: list[Request] = []
    unreadable: list[str] = []
    for name in sorted(name for name in os.listdir(root) if layout.is_request(name))[:MOST]:
        path = os.path.join(root, name)
        try:
            fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
            try:
                fields = json.loads(os.read(fd, LONGEST))
            finally:
                os.close(fd)
            texts = {str(key): str(value) for key, value in fields["fields"].items()}
            found.append(Request(str(fields["kind"]), int(fields["at_ns"]), texts))
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            unreadable.append(name)
        os.unlink(path)
    return found, unreadable
