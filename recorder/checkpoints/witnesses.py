"""What each witness signed, what to send it next, and what its answer means. Pure but for `Known.read` and `write`."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Literal

from recorder.witness.book import request
from storage.disk import Disk
from storage.register import checkpoint
from storage.register.checkpoint import Checkpoint, Note, Signature, Vkey
from storage.register.leaves import Leaves

Said = Literal["signed", "again", "silent", "refused"]


@dataclass(slots=True)
class Known:
    """What is known of one witness."""

    size: int = 0  # so many entries had the checkpoint that it signed last
    epoch: int = 0  # by this key; 0: not known
    signed_ns: int = 0  # when; 0: never
    refusal: str = ""  # its last word, if that was no signature


@dataclass(slots=True)
class Book:
    """By address."""

    known: dict[str, Known] = field(default_factory=dict)

    @classmethod
    def read(cls, path: str, disk: Disk) -> Book:
        """What was written. One that can't be read costs one more question to each witness, and nothing else."""
        if disk.status(path) is None:
            return cls()
        fd = disk.open(path)
        try:
            data = bytearray(disk.size(fd))
            disk.read_into(fd, memoryview(data), 0)
            return cls({url: Known(**one) for url, one in json.loads(bytes(data)).items()})
        except (ValueError, TypeError, AttributeError):
            return cls()
        finally:
            disk.close(fd)

    def write(self, path: str, disk: Disk) -> None:
        """OSError."""
        new = f"{path}.new"
        if disk.status(new) is not None:
            disk.unlink(new)
        fd = disk.create(new)
        try:
            disk.write(fd, memoryview(json.dumps({url: asdict(one) for url, one in self.known.items()}).encode()), 0)
            disk.sync_file(fd)
        finally:
            disk.close(fd)
        disk.replace(new, path)
        disk.sync_directory(os.path.dirname(path))


def next_note(known: Known, latest: tuple[int, Note], last_of: Callable[[int], Note | None]) -> tuple[int, Note] | None:
    """Which checkpoint a witness has to see now, with its key's number: the last one of a key that it still believes,
    if that has ended since; else the newest. None if it signed that already."""
    epoch, note = latest
    if 0 < known.epoch < epoch:
        ended = last_of(known.epoch)
        if ended is not None:
            return known.epoch, ended
    return None if known.size == Checkpoint.parse(note.text).size and known.epoch == epoch else (epoch, note)


def ask(known: Known, note: Note, leaves: Leaves) -> str | None:
    """The request for a witness's signature, None if it has seen more than there is."""
    size = Checkpoint.parse(note.text).size
    if known.size > size:
        return None
    proof = leaves.consistency(known.size, size) if known.size else []
    return request(known.size, proof, note).decode()


def understand(
    known: Known, key: Vkey, epoch: int, note: Note, status: int, body: str, now_ns: int
) -> tuple[Said, tuple[Signature, ...]]:
    """What an answer means; `known` is brought up to date."""
    if status == 200:
        try:
            signed = note.with_signatures(checkpoint.parse_signatures(body))
        except ValueError:
            signed = note
        if checkpoint.cosigned_at(signed, key.name, key.key) is None:
            known.refusal = "its signature is not by its key"
            return "refused", ()
        said = Checkpoint.parse(note.text)
        known.size, known.signed_ns, known.refusal = said.size, now_ns, ""
        known.epoch = epoch + 1 if said.extension(checkpoint.NEXT) is not None else epoch
        return "signed", tuple(one for one in signed.signatures if one.name == key.name)
    text = body.strip()
    if status == 409 and checkpoint.is_number(text) and int(text) != known.size:
        if int(text) > Checkpoint.parse(note.text).size:
            known.refusal = f"it saw {text} entries, and there are only {Checkpoint.parse(note.text).size}"
            return "refused", ()
        known.size = int(text)
        return "again", ()
    if status in (0, 429, 500, 502, 503, 504):
        return "silent", ()
    known.refusal = f"it answers {status}: {text[:200]}"
    return "refused", ()
