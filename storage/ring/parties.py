"""The numbers that holds are for, each in a small file of its own beside the register.

The register is never shortened, so no caller's number may stand in it; yet a hold must not be lost with the catalogue.
So the number stands in `register/held/<name>.json` with random salt, and the register has the SHA-256 of that file.
When the hold ends, the file goes, and with the salt the last way to tell from the register whose number it was.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
from typing import NamedTuple

from storage import text
from storage.disk import Disk
from storage.register import segments

FOLDER = f"{segments.FOLDER}/held"
_NAME = re.compile(r"([0-9a-f]{16})\.json")
_LONGEST = 4096  # bytes


class Kept(NamedTuple):
    """Where a number stands, as the register says it."""

    name: str
    sha256: str  # of the file, in hexadecimal


def is_file(name: str) -> bool:
    """Whether a name in the folder is that of a number."""
    return _NAME.fullmatch(name) is not None


def keep(root: str, party: str, disk: Disk) -> Kept:
    """Writes a number down; it is on the disk when this returns. OSError if it can't be."""
    folder = os.path.join(root, FOLDER)
    disk.make_directory(folder)
    name = secrets.token_hex(8)
    data = json.dumps({"number": text.escape(party), "salt": secrets.token_hex(32)}).encode()
    fd = disk.create(os.path.join(folder, f"{name}.json"))
    try:
        disk.write(fd, memoryview(data), 0)
        disk.sync_file(fd)
    finally:
        disk.close(fd)
    disk.sync_directory(folder)
    return Kept(name, hashlib.sha256(data).hexdigest())


def find(root: str, kept: Kept, disk: Disk) -> str | None:
    """The number, None if its file is gone or isn't the one that was written."""
    try:
        fd = disk.open(os.path.join(root, FOLDER, f"{kept.name}.json"))
    except OSError:
        return None
    try:
        buffer = bytearray(_LONGEST)
        data = bytes(buffer[: disk.read_into(fd, memoryview(buffer), 0)])
    finally:
        disk.close(fd)
    if hashlib.sha256(data).hexdigest() != kept.sha256:
        return None
    return text.unescape(json.loads(data)["number"])


def forget_others(root: str, needed: set[str], disk: Disk) -> None:
    """Takes away every number that no hold needs. OSError if the disk prevents it."""
    folder = os.path.join(root, FOLDER)
    if disk.status(folder) is None:
        return
    doomed = [
        entry.name for entry in disk.list(folder) if (match := _NAME.fullmatch(entry.name)) and match[1] not in needed
    ]
    for name in doomed:
        disk.unlink(os.path.join(folder, name))
    if doomed:
        disk.sync_directory(folder)
