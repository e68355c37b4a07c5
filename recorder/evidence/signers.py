"""Whose signatures a checkpoint bears: from the first key of the register to the day's, and the witnesses'.

A key signs for its own epoch alone. The entry that begins an epoch names its key, and the checkpoint that ends with
this entry is signed by the key before, too. So whoever trusts the first key can follow to any later one, and a later
key can't sign an earlier register: its own entry isn't in it.

keys.json holds this chain: `epochs`, each with its `entry` (the line), the `proof` that this is the last entry
below its checkpoint, and that checkpoint (`note`); and `witnesses`, their public keys (C2SP's vkey).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from recorder.contract_form import rfc3339
from recorder.evidence.remark import Remark
from storage.register import tree
from storage.register.checkpoint import LOG, WITNESS, Checkpoint, Note, Vkey, cosigned_at, parse_vkey, verify, vkey

_LATEST_S = 10**11 - 1  # what no clock says
_TIME = re.compile(r"time [0-9]{1,11}")


class Epoch(NamedTuple):
    """One key, and since which entry it signs."""

    key: Vkey
    number: int  # of the entry that begins it


@dataclass(frozen=True, slots=True)
class Published:
    """A public key that was made known."""

    key: Vkey


def published(line: str) -> Published:
    """The key in a line as `recorder key` prints it. ValueError if it is none."""
    return Published(parse_vkey(line))


def chain(keys: Any) -> list[Epoch]:
    """The epochs in keys.json, each signed for by the one before. ValueError if they aren't."""
    found: list[Epoch] = []
    try:
        for one in keys["epochs"]:
            line, note = one["entry"].encode("ascii"), Note.parse(one["note"].encode())
            entry, checkpoint = json.loads(line), Checkpoint.parse(note.text)
            epoch = Epoch(parse_vkey(entry["key"]), entry["number"])
            proof = [bytes.fromhex(node) for node in one["proof"]]
            is_last = tree.verify_inclusion(
                tree.leaf_hash(line), epoch.number - 1, checkpoint.size, proof, checkpoint.root
            )
            signers = [epoch.key] + ([found[-1].key] if found else [])
            if (
                entry["kind"] != "epoch" or checkpoint.size != epoch.number or not is_last
                or not all(verify(note, key.name, key.key) for key in signers)
                or any(key.name != checkpoint.origin for key in signers)
                or (found and found[-1].number >= epoch.number)
            ):  # fmt: skip
                raise ValueError("a key doesn't follow from the one before")
            found.append(epoch)
    except (KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise ValueError("no chain of keys") from error
    if not found:
        raise ValueError("no keys")
    return found


def judge(keys: Any, note: Note, checkpoint: Checkpoint, trusted: Published | None) -> Iterator[Remark]:
    """What there is to say of who signed a checkpoint."""
    try:
        epochs = chain(keys)
        witnesses = [parse_vkey(line) for line in keys["witnesses"]]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        yield Remark("keys_differ")
        return
    at_the_time = [one for one in epochs if one.number <= checkpoint.size]
    signer = at_the_time[-1] if at_the_time else None
    is_signed = signer is not None and checkpoint.origin == signer.key.name and _signed(note, signer.key)
    if not is_signed or signer is None:
        yield Remark("not_signed")
    else:
        yield Remark("signed", {"name": signer.key.name, "time": made_at(checkpoint)})
    first = epochs[0].key
    if trusted is None:
        yield Remark("key_unknown", {"key": vkey(first.name, first.key)})
    elif any(_is_same(trusted.key, one.key) for one in epochs):
        yield Remark("published")
    else:
        yield Remark("key_not_published")
    yield from _cosignatures(note, witnesses)


def made_at(checkpoint: Checkpoint) -> str:
    """When a checkpoint says that it was made, in Japan; "?" if it doesn't."""
    for one in checkpoint.extensions:
        if _TIME.fullmatch(one):
            return rfc3339(int(one[5:]) * 1_000_000_000)[:19]
    return "?"


def _cosignatures(note: Note, witnesses: list[Vkey]) -> Iterator[Remark]:
    known = {one.name: one for one in witnesses if one.kind == WITNESS}
    ours = Checkpoint.parse(note.text).origin
    names = sorted({one.name for one in note.signatures if one.name != ours} | set(known))
    if not names:
        yield Remark("no_witness")
    for name in names:
        key = known.get(name)
        at_s = None if key is None else cosigned_at(note, name, key.key)
        if key is None or at_s is None or at_s > _LATEST_S:
            yield Remark("not_cosigned", {"name": name})
            continue
        yield Remark("cosigned", {"name": name, "time": rfc3339(at_s * 1_000_000_000)[:19]})
        yield Remark("witness_unknown", {"key": vkey(name, key.key, WITNESS)})


def _signed(note: Note, key: Vkey) -> bool:
    return key.kind == LOG and verify(note, key.name, key.key)


def _is_same(one: Vkey, other: Vkey) -> bool:
    return (one.name, one.key.public_bytes_raw(), one.kind) == (other.name, other.key.public_bytes_raw(), other.kind)
