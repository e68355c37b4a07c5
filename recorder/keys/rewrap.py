"""Keys wrapped for others, without touching audio: when a key is lost, or somebody leaves."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

from recorder.keys.state import REWRAPPED
from recorder.problems import Unusable
from recorder.ring.who import account
from storage.errors import SealedError
from storage.register import Draft
from storage.ring.ring import Ring, to_its_end
from storage.sealed.key import identity, recipient, rewrapped
from storage.sealed.key_store import KeyStore, Named

if TYPE_CHECKING:
    from pyrage.x25519 import Identity

_AT_ONCE = 2000  # keys in one transaction: a recorder waits no longer for its own
_PIECE = 250
_FEW = 1000  # for fewer, other processes cost more than they bring


@dataclass(frozen=True, slots=True)
class Rewrapped:
    """What was done."""

    wrapped: int
    refused: int  # not opened by the keys given


async def rewrap(
    store: Path, secrets: Sequence[Identity], recipients: Sequence[Named], *, at_ns: int
) -> Rewrapped:
    """Wraps all keys of the store for these recipients alone, and enters that. `Unusable` if nothing is sealed;
    StoreError."""
    async with await Ring.open(store) as ring:
        keys = KeyStore.open(ring.root, ring.uuid, ring.disk)
        if keys is None:
            raise Unusable(f"Nothing in {store} is sealed.")
        try:
            done = await to_its_end(lambda: wrap_all(keys, secrets, recipients))
        finally:
            keys.close()
        fields = {
            "wrapped": done.wrapped, "refused": done.refused, "recipients": [list(one) for one in recipients],
        }  # fmt: skip
        async with ring.writing() as pen:
            await pen.enter([Draft(at_ns, REWRAPPED, account(), fields)])
        return done


def wrap_all(keys: KeyStore, secrets: Sequence[Identity], recipients: Sequence[Named]) -> Rewrapped:
    """The same in an open key store; blocks for as long as it takes."""
    audience = keys.audience(recipients)
    texts, public = [str(one) for one in secrets], [one.key for one in recipients]
    wrapped = refused = number = 0
    total = sum(count for one, count in keys.count().items() if one != audience)
    workers = os.cpu_count() or 1
    # A fresh interpreter each: what this process holds of secrets and of SQLite isn't passed on by a fork.
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        while some := keys.after(number, audience, _AT_ONCE):
            number = some[-1][0]
            pieces = [
                ([(row, one.age) for row, one in some[start : start + _PIECE]], texts, public)
                for start in range(0, len(some), _PIECE)
            ]
            done = [_wrap(piece) for piece in pieces] if total < _FEW else list(pool.map(_wrap, pieces))
            found = [one for piece in done for one in piece]
            keys.replace(found, audience)
            wrapped += len(found)
            refused += len(some) - len(found)
    keys.sync()
    keys.tidy()
    return Rewrapped(wrapped, refused)


def _wrap(piece: tuple[list[tuple[int, bytes]], list[str], list[str]]) -> list[tuple[int, bytes]]:
    """Some keys wrapped anew, by their numbers; those that don't open are left out."""
    some, texts, public = piece
    secrets, recipients = [identity(text) for text in texts], [recipient(key) for key in public]
    found = []
    for number, age in some:
        try:
            found.append((number, rewrapped(age, secrets, recipients)))
        except SealedError:  # counted by the caller
            continue
    return found
