"""A sealed recording opened for a person with a key, in memory: for copies, drills and playback."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from recorder.problems import Unusable
from storage.errors import SealedError
from storage.sealed.key_store import KeyStore
from storage.sealed.opening import open_sealed

if TYPE_CHECKING:
    from pyrage.x25519 import Identity

    from storage.reading import StoreReader
    from storage.records import CallRecord
    from storage.sealed.reader import Reader


@contextlib.contextmanager
def opened(store: StoreReader, call: CallRecord, secrets: Sequence[Identity]) -> Iterator[Reader]:
    """The sealed recording of a call, for as long as the block lasts. `Unusable` if it can't be opened, also in the
    middle of it; OSError, StoreError."""
    if not secrets:
        raise Unusable(
            f"The recording of call {call.id} is sealed.", hint="Name the file of a key that opens it: --identity FILE"
        )
    keys = KeyStore.open(store.root, store.uuid, store.disk, read_only=True)
    if keys is None:
        raise Unusable(
            f"The key store of {store.root} is gone: no sealed recording can be opened.",
            hint="Put its newest copy back: keys.sqlite.",
        )
    try:
        with open_sealed(store.disk, store.path_of(call) or "", call.id, keys, secrets) as reader:
            yield reader
    except SealedError as problem:
        raise Unusable(
            f"The recording of call {call.id} can't be opened: {problem}",
            hint=f"Look for what happened with: recorder verify --store {store.root}",
        ) from problem
    finally:
        keys.close()
