"""What a copy is made of: the recordings as they are kept, checked against the catalogue before anything is promised.

A recording in the clear is copied byte by byte. A sealed one is opened in the door's memory, and becomes a WAV file of
16-bit samples while it is sent; it lies on no disk of ours in the clear.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from recorder.copies.content import Content, CopyFailed, of_file
from recorder.dates import at
from recorder.door import audio
from recorder.door.sound import Sealed, Unreadable, open_sound

if TYPE_CHECKING:
    from pyrage.x25519 import Identity

    from storage.reading import StoreReader
    from storage.records import CallRecord


def recording_of(store: StoreReader, record: CallRecord, identities: Sequence[Identity]) -> tuple[Content, str]:
    """The recording of a call, which has one, and its SHA-256. Reads it once. `CopyFailed` if it can't be read, or
    isn't what the catalogue says; `Sealed` if it can't be opened here. For a thread of its own."""
    assert record.recording is not None
    path = store.path_of(record)
    if path is None:
        raise CopyFailed("gone")
    if record.is_sealed:
        content = _sealed(store, record, identities)
        return content, content.sha256()
    content = of_file(name_of(record), path)
    sha256 = content.sha256()
    if sha256 != record.recording.sha256.hex():
        raise CopyFailed("altered")
    return content, sha256


def name_of(record: CallRecord) -> str:
    """As on the medium: the Japanese day and time at which the call began, and a part of its id."""
    return f"{at(record.started_ns):%Y%m%d-%H%M%S}-{record.id[-8:]}.wav"


def _sealed(store: StoreReader, record: CallRecord, identities: Sequence[Identity]) -> Content:
    def read() -> Iterator[bytes]:
        with _as_copy_failed(), contextlib.closing(open_sound(store, record, identities)) as sound:
            for begin in range(0, audio.size_of(sound), audio.AT_ONCE):
                yield audio.read(sound, begin, audio.AT_ONCE)

    with _as_copy_failed(), contextlib.closing(open_sound(store, record, identities)) as sound:
        return Content(name_of(record), audio.size_of(sound), read)


@contextlib.contextmanager
def _as_copy_failed() -> Iterator[None]:
    try:
        yield
    except Unreadable as error:
        raise CopyFailed(str(error)) from error
    except Sealed as error:
        if error.why == "altered":
            raise CopyFailed("altered") from error
        raise
