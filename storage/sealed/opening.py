"""A sealed recording opened for who holds one of the keys that it was sealed for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from storage.disk import Disk
from storage.errors import SealedError
from storage.sealed.key import unwrapped
from storage.sealed.key_store import KeyStore
from storage.sealed.reader import Reader

if TYPE_CHECKING:
    from pyrage.x25519 import Identity


def open_sealed(disk: Disk, path: str, call_id: str, keys: KeyStore, identities: Sequence[Identity]) -> Reader:
    """The recording of that call, which lies at `path`. SealedError if its keys are gone, none of the identities opens
    it, or it isn't as it was sealed; OSError, DiskFailed."""
    wrapped = keys.keys(call_id)
    if not wrapped:
        raise SealedError(f"The key of call {call_id} is gone: it was erased, or the key store isn't the right one.")
    reader = Reader.open(disk, path, {one.segment: unwrapped(one.age, identities) for one in wrapped})
    if reader.call_id != call_id:
        reader.close()
        raise SealedError(f"The recording is that of call {reader.call_id}, not of {call_id}.")
    return reader
