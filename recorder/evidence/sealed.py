"""What a package has of a sealed recording beside its file: wrapped keys, and with a secret key a copy in the clear.

The copy (聴取用の複製) is for listening and proves nothing by itself: the sealed file is what was entered. It is, to
the byte, what docs/opener/open_sealed.py makes of that file, so an expert with the key makes his own and compares. It
is made in memory and goes from there into the package.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from recorder.evidence.value import Copy, File
from recorder.opening import opened
from recorder.problems import Unusable
from storage.sealed.key_store import KeyStore
from storage.wav import RATE_HZ

if TYPE_CHECKING:
    from pyrage.x25519 import Identity

    from storage.reading import StoreReader
    from storage.records import CallRecord
    from storage.sealed.reader import Reader

COPY_HEAD_BYTES = 44
_MOST_BYTES = (1 << 32) - 4096  # of samples: the sizes in the copy's head have 32 bits


def wrapped_keys(store: StoreReader, call: CallRecord) -> dict[int, bytes]:
    """The age files of a call's keys, by segment. `Unusable` if they are gone; StoreError, OSError."""
    keys = KeyStore.open(store.root, store.uuid, store.disk, read_only=True)
    try:
        found = {} if keys is None else {one.segment: one.age for one in keys.keys(call.id)}
    finally:
        if keys is not None:
            keys.close()
    if not found:
        raise Unusable(
            f"The keys of call {call.id} are gone, so nobody could ever open its package.",
            hint="Put the newest copy of keys.sqlite back.",
        )
    return found


def copy_of(store: StoreReader, call: CallRecord, name: str, secrets: Sequence[Identity]) -> Copy:
    """What its copy in the clear will be. Nothing is written. `Unusable` if none of the secrets opens it, or if it
    isn't as it was sealed; OSError."""
    whole, samples, size = hashlib.sha256(), hashlib.sha256(), 0
    with opened(store, call, secrets) as reader:
        head = _head(reader)
        whole.update(head)
        for piece in _samples(reader):
            whole.update(piece)
            samples.update(piece)
            size += len(piece)
        return Copy(
            file=File(name=name, size=len(head) + size, sha256=whole.hexdigest()), frames=reader.frames,
            channels=reader.channels, samples_sha256=samples.hexdigest(), cut_s=reader.cut,
        )  # fmt: skip


def pieces(store: StoreReader, call: CallRecord, secrets: Sequence[Identity]) -> Iterator[bytes]:
    """The copy's bytes, some at a time. Raises as `copy_of`."""
    with opened(store, call, secrets) as reader:
        yield _head(reader)
        yield from _samples(reader)


def _samples(reader: Reader) -> Iterator[bytes]:
    from recorder.export import as_samples

    for block in reader.blocks():
        yield as_samples(reader, block).tobytes()


def _head(reader: Reader) -> bytes:
    """That of the plainest WAV file of 16-bit samples."""
    block = 2 * reader.channels
    size = reader.frames * block
    if size > _MOST_BYTES:
        raise Unusable("The recording is too long for a copy in a package.", hint="Export it without --identity.")
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI", b"RIFF", size + COPY_HEAD_BYTES - 8, b"WAVE", b"fmt ", 16, 1, reader.channels, RATE_HZ,
        RATE_HZ * block, block, 16, b"data", size,
    )  # fmt: skip
