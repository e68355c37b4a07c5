"""What a witness saw of each register, and when it signs (C2SP tlog-witness, tlog-cosignature).

`add` is the whole protocol but HTTP. What it answers was on the disk before: a witness that was killed never signs two
registers that contradict each other. A key is believed as long as the one before names its successor in a checkpoint.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import threading
from dataclasses import dataclass
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from storage.disk import Disk
from storage.register import checkpoint, tree
from storage.register.checkpoint import KEY, NEXT, WITNESS, Checkpoint, Note, parse_vkey, vkey

MOST_BYTES = 1 << 16  # of a request
MOST_PROOF = 63
PLAIN, SIZE = "text/plain; charset=utf-8", "text/x.tlog.size"


class Answer(NamedTuple):
    """An answer of HTTP."""

    status: int
    body: bytes
    kind: str = PLAIN


@dataclass(frozen=True, slots=True)
class Seen:
    """What was last seen of a register."""

    key: str  # whose checkpoints are believed, in the form of `vkey`
    note: str  # the checkpoint that was signed last, "" if none was


class WitnessBook:
    """A witness's state, in a folder of its own. `takes_new` is whether it follows registers it never heard of, from
    the first key that they show."""

    def __init__(self, folder: str, name: str, disk: Disk, *, takes_new: bool = False) -> None:
        self._folder, self._name, self._disk, self._takes_new = folder, name, disk, takes_new
        self._lock = threading.Lock()
        disk.make_directory(folder)
        self._key = self._own_key()

    @property
    def vkey(self) -> str:
        """The witness's own public key, for those who check what it signed."""
        return vkey(self._name, self._key.public_key(), WITNESS)

    def allow(self, line: str) -> None:
        """From now on the register that this key names is followed, by this key. ValueError if it is no key."""
        key = parse_vkey(line)
        with self._lock:
            seen = self._read(key.name)
            self._write(key.name, Seen(line.strip(), seen.note if seen else ""))

    def forget(self, origin: str) -> bool:
        """Sets what was seen of a register aside; whether there was anything. It may begin anew, after a repair."""
        path = self._path(origin)
        with self._lock:
            if self._disk.status(path) is None:
                return False
            number = 1
            while self._disk.status(f"{path}.forgotten-{number}") is not None:
                number += 1
            self._disk.rename_new(path, f"{path}.forgotten-{number}")
            self._disk.sync_directory(self._folder)
        return True

    def latest(self, origin: str) -> Note | None:
        """The checkpoint of that register which was signed last."""
        seen = self._read(origin)
        return Note.parse(seen.note.encode()) if seen is not None and seen.note else None

    def add(self, body: bytes, at_s: int) -> Answer:
        """`add-checkpoint` at that time (seconds since 1970)."""
        try:
            old, proof, note = _parse(body)
            said = Checkpoint.parse(note.text)
        except ValueError as error:
            return Answer(400, f"{error}\n".encode())
        with self._lock:
            return self._add(old, proof, note, said, at_s)

    def _add(self, old: int, proof: list[bytes], note: Note, said: Checkpoint, at_s: int) -> Answer:
        seen = self._read(said.origin) or self._first(said)
        if seen is None:
            return Answer(404, b"This register isn't known here.\n")
        if not checkpoint.verify(note, said.origin, parse_vkey(seen.key).key):
            return Answer(403, b"It isn't signed by the key that is believed.\n")
        if old > said.size:
            return Answer(400, b"The old size is more than the new one.\n")
        known = Checkpoint.parse(Note.parse(seen.note.encode()).text) if seen.note else None
        size = known.size if known is not None else 0
        if old != size or (known is not None and said.size == size and said.root != known.root):
            return Answer(409, f"{size}\n".encode(), SIZE)
        is_grown = known is None or tree.verify_consistency(size, said.size, known.root, said.root, proof)
        if not is_grown or (known is None and proof):
            return Answer(422, b"It isn't what was seen here, grown.\n")
        following = said.extension(NEXT)
        signed = checkpoint.cosignature(note.text, self._name, self._key, at_s)
        try:
            key = seen.key if following is None else _successor(following, said.origin)
            self._write(said.origin, Seen(key, note.with_signatures((signed,)).encoded.decode()))
        except ValueError as error:
            return Answer(400, f"{error}\n".encode())
        except OSError as error:
            return Answer(500, f"It can't be written down: {error.strerror}.\n".encode())
        return Answer(200, signed.line.encode())

    def _first(self, said: Checkpoint) -> Seen | None:
        """What to believe of a register that was never heard of."""
        shown = said.extension(KEY)
        if not self._takes_new or shown is None or not said.origin.startswith(checkpoint.ORIGIN):
            return None
        try:
            return Seen(_successor(shown, said.origin), "")
        except ValueError:
            return None

    def _path(self, origin: str) -> str:
        return os.path.join(self._folder, f"{hashlib.sha256(origin.encode()).hexdigest()[:32]}.json")

    def _read(self, origin: str) -> Seen | None:
        path = self._path(origin)
        if self._disk.status(path) is None:
            return None
        fields = json.loads(_read_all(path, self._disk))
        return Seen(fields["key"], fields["note"])

    def _write(self, origin: str, seen: Seen) -> None:
        data = json.dumps({"origin": origin, "key": seen.key, "note": seen.note}).encode() + b"\n"
        _replace(self._path(origin), data, self._disk)

    def _own_key(self) -> Ed25519PrivateKey:
        path = os.path.join(self._folder, "witness.key")
        if self._disk.status(path) is None:
            _replace(path, Ed25519PrivateKey.generate().private_bytes_raw().hex().encode(), self._disk)
        return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(_read_all(path, self._disk).decode()))


def request(old: int, proof: list[bytes], note: Note) -> bytes:
    """The body of `add-checkpoint`."""
    lines = [f"old {old}", *(base64.b64encode(one).decode() for one in proof), ""]
    return "\n".join(lines).encode() + b"\n" + note.encoded


def _parse(body: bytes) -> tuple[int, list[bytes], Note]:
    """Old size, proof and checkpoint. ValueError if it isn't of that form."""
    head, gap, rest = body.partition(b"\n\n")
    first, *proof = head.decode().split("\n")
    number = first.removeprefix("old ")
    if not gap or not first.startswith("old ") or not checkpoint.is_number(number) or len(proof) > MOST_PROOF:
        raise ValueError("not a request of add-checkpoint")
    hashes = [checkpoint.unbase64(one) for one in proof]
    if any(len(one) != 32 for one in hashes):
        raise ValueError("not a proof of hashes")
    return int(number), hashes, Note.parse(rest)


def _successor(line: str, origin: str) -> str:
    if parse_vkey(line).name != origin:
        raise ValueError("the key is of another register")
    return line


def _read_all(path: str, disk: Disk) -> bytes:
    fd = disk.open(path)
    try:
        data = bytearray(disk.size(fd))
        disk.read_into(fd, memoryview(data), 0)
        return bytes(data)
    finally:
        disk.close(fd)


def _replace(path: str, data: bytes, disk: Disk) -> None:
    """The file is whole under its name and on the disk, or as it was."""
    new = f"{path}.new"
    if disk.status(new) is not None:
        disk.unlink(new)
    fd = disk.create(new)
    try:
        disk.write(fd, memoryview(data), 0)
        disk.sync_file(fd)
    finally:
        disk.close(fd)
    disk.replace(new, path)
    disk.sync_directory(os.path.dirname(path))
