"""Who signs checkpoints: a key for each day (an epoch), of which only the newest has a private part anywhere.

The public part of each is entered in the register, as an entry `epoch`, and the checkpoint that covers exactly this
entry is signed by the key before, too. Then that one's private part is destroyed: a key stolen today can't sign
yesterday. The file lies in a folder of the keeper's own, never in the store.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from storage.disk import Disk

_MOST = 4096


@dataclass(frozen=True, slots=True)
class Key:
    """One private key."""

    epoch: int
    day: str  # Japanese, on which it begins
    private: str  # 64 hex digits

    @property
    def signer(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(self.private))

    def __repr__(self) -> str:
        return f"Key(epoch={self.epoch}, day={self.day!r})"  # never the key itself


@dataclass(frozen=True, slots=True)
class Held:
    """What the keeper holds. Both only for the moment between two days."""

    current: Key | None
    following: Key | None = None


def fresh(epoch: int, day: str) -> Key:
    """A new key."""
    return Key(epoch, day, Ed25519PrivateKey.generate().private_bytes_raw().hex())


def path_of(folder: str, uuid: str) -> str:
    """Where the key for a store's register lies."""
    return os.path.join(folder, f"{uuid}.key.json")


def read(folder: str, uuid: str, disk: Disk) -> Held:
    """The keys for a store's register. OSError if the file can't be read; ValueError if it isn't one."""
    path = path_of(folder, uuid)
    if disk.status(path) is None:
        return Held(None)
    fd = disk.open(path)
    try:
        data = bytearray(_MOST)
        size = disk.read_into(fd, memoryview(data), 0)
    finally:
        disk.close(fd)
    try:
        fields = json.loads(data[:size])
        current, following = (None if fields[one] is None else Key(**fields[one]) for one in ("current", "following"))
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path} isn't a file of keys") from error
    return Held(current, following)


def write(folder: str, uuid: str, held: Held, disk: Disk) -> None:
    """Puts these keys in the place of those that were there, whose bytes are written over. OSError."""
    path = path_of(folder, uuid)
    new = f"{path}.new"
    old = disk.open(path, write=True) if disk.status(path) is not None else None
    try:
        if disk.status(new) is not None:  # a crash came before it had its name
            disk.unlink(new)
        fd = disk.create(new)
        try:
            disk.write(fd, memoryview(_encoded(held)), 0)
            disk.sync_file(fd)
        finally:
            disk.close(fd)
        disk.replace(new, path)
        disk.sync_directory(folder)
        if old is not None:  # it has no name any more. Flash may keep old cells all the same: encrypt that disk
            disk.write(old, memoryview(bytes(disk.size(old))), 0)
            disk.sync_file(old)
    finally:
        if old is not None:
            disk.close(old)


def _encoded(held: Held) -> bytes:
    of = {"current": held.current, "following": held.following}
    return json.dumps({name: None if key is None else asdict(key) for name, key in of.items()}).encode()
