"""Whether the register, as it lies there, is what its newest checkpoint was made of (照合).

Each look reads only what came since the last one. It is no `recorder verify`: that compares every checkpoint, every key
and every recording; this tells whoever has the page open that what he reads is what was signed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from recorder.door.ledger.index import Index
from recorder.settings.models import Witness
from storage.disk import Disk
from storage.register import Register, heads
from storage.register.checkpoint import KEY, ORIGIN, TIME, Checkpoint, Note, cosigned_at, parse_vkey, verify
from storage.register.code import code_of
from storage.register.segments import Tail
from storage.register.tree import Tree, leaf_hash


class Fits(StrEnum):
    """What a look came to."""

    YES = "yes"
    NO = "no"  # the entries aren't those that were signed
    UNKNOWN_KEY = "unknown_key"  # it is signed by no key that the register names
    NONE = "none"  # nothing was signed yet


@dataclass(frozen=True, slots=True, kw_only=True)
class Witnessed:
    """What a witness signed last."""

    name: str
    size: int  # so many entries; 0: nothing of late
    at_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """The newest checkpoint."""

    fits: Fits
    size: int = 0  # so many entries
    at_ns: int = 0
    code: str = ""  # as it is printed
    witnesses: tuple[Witnessed, ...] = ()


def written(root: str, disk: Disk) -> tuple[int, ...]:
    """What differs once a checkpoint or a witness's signature was written. OSError."""
    epochs = heads.epochs(root, disk)
    found = disk.status(heads.path_of(root, epochs[-1])) if epochs else None
    return (epochs[-1], found.size, found.changed_ns) if found else ()


def look(register: Register, tail: Tail, index: Index, root: str, uuid: str, disk: Disk,
         witnesses: Sequence[Witness]) -> Signed:  # fmt: skip
    """Compares. OSError, or StoreError, if something can't be read."""
    latest = heads.latest(root, disk)
    if latest is None:
        return Signed(fits=Fits.NONE)
    epoch, note = latest
    said = Checkpoint.parse(note.text)
    time = said.extension(TIME) or ""
    return Signed(
        fits=_fits(register, tail, index, note, said, ORIGIN + uuid), size=said.size, code=code_of(said),
        at_ns=int(time) * 10**9 if time.isdecimal() and len(time) < 12 else 0,
        witnesses=_witnessed(root, epoch, disk, witnesses),
    )  # fmt: skip


def _fits(register: Register, tail: Tail, index: Index, note: Note, said: Checkpoint, origin: str) -> Fits:
    if said.origin != origin or said.size > tail.number:
        return Fits.NO
    if not _is_signed(register, index, note, said, origin):
        return Fits.UNKNOWN_KEY
    tree = Tree.resumed(*index.signed)
    if tree.size > said.size:  # an older checkpoint than one that fitted
        return Fits.NO
    for line in register.lines(tail, tree.size):
        if tree.size == said.size:
            break
        tree.append(leaf_hash(line))
    if tree.root() != said.root:
        return Fits.NO
    index.set_signed(tree.size, tree.edge)
    return Fits.YES


def _is_signed(register: Register, index: Index, note: Note, said: Checkpoint, origin: str) -> bool:
    """Whether the key that the checkpoint names is one that the register names, and signed it."""
    key = said.extension(KEY)
    for found in index.newest("epoch", 3):  # the day's own, and what was before midnight
        fields = register.at(found.number, found.place).fields
        if fields.get("key") == key and key is not None:
            return verify(note, origin, parse_vkey(key).key)
    return False


def _witnessed(root: str, epoch: int, disk: Disk, witnesses: Sequence[Witness]) -> tuple[Witnessed, ...]:
    """What each of them signed last, in the checkpoints of this key and the one before."""
    keys = [parse_vkey(one.key) for one in witnesses]
    found: dict[str, Witnessed] = {}
    for number in (epoch, epoch - 1):
        if len(found) == len(keys):
            break
        for head in reversed(list(heads.read(heads.path_of(root, number), number, disk))):
            if head.note is None or head.checkpoint is None:
                continue
            for key in keys:
                if key.name in found or all(one.name != key.name for one in head.note.signatures):
                    continue
                at_s = cosigned_at(head.note, key.name, key.key)
                if at_s is not None:
                    found[key.name] = Witnessed(name=key.name, size=head.checkpoint.size, at_ns=at_s * 10**9)
    return tuple(found.get(key.name, Witnessed(name=key.name, size=0, at_ns=0)) for key in keys)
