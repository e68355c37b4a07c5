"""Where a recording's samples come from: an ordinary file, or a sealed one that is opened in memory.

    sound = open_sound(store, record, identities)
    sound.read(8000, 8000)              # the second from 0:01 on, a row a frame, caller first
    sound.close()

Nothing of it touches a disk. Its methods may be called from any thread, but not two at once.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from recorder.export import as_samples
from storage.errors import DiskFailed, SealedError, StoreError, WavError
from storage.sealed.expand import table
from storage.sealed.key import unwrapped
from storage.sealed.key_store import KeyStore
from storage.sealed.opening import open_sealed
from storage.wav import HEADER_BYTES, PCM16, RATE_HZ, parse_header

if TYPE_CHECKING:
    from pyrage.x25519 import Identity

    from storage.reading import StoreReader
    from storage.records import CallRecord

Samples = NDArray[np.int16]


class Unreadable(Exception):
    """The recording can't be read; the text names the kind of fault, no path."""


class Sealed(Exception):
    """The recording is sealed, and can't be opened here. `why` is no_key, other_key or altered."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Sound(Protocol):
    """An open recording."""

    frames: int
    channels: int

    def read(self, first: int, count: int) -> Samples:
        """Up to `count` frames from `first` on, a row each; fewer at the end. `Unreadable`, `Sealed`."""
        ...

    def close(self) -> None: ...


def seconds(sound: Sound) -> float:
    return sound.frames / RATE_HZ


def open_sound(store: StoreReader, record: CallRecord, identities: Sequence[Identity]) -> Sound:
    """The recording of a call, which has one. `Unreadable`, `Sealed`."""
    assert record.recording is not None
    path = store.path_of(record)
    if path is None:
        raise Unreadable("gone")
    if record.is_sealed:
        return SealedSound(store, record.id, path, identities)
    return PlainSound(path, record.recording.frames, record.recording.channels)


class PlainSound:
    """An ordinary recording: WAV with 16-bit samples, or with the bytes of G.711."""

    def __init__(self, path: str, frames: int, channels: int) -> None:
        """`Unreadable` if the file at `path` isn't the one of which its row says so."""
        self.frames = frames
        self.channels = channels
        try:
            self._fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except OSError as error:
            raise Unreadable(type(error).__name__) from error
        try:
            encoding = parse_header(os.pread(self._fd, HEADER_BYTES, 0)).encoding
            size = os.fstat(self._fd).st_size
        except (WavError, OSError) as error:
            self.close()
            raise Unreadable(type(error).__name__) from error
        self._table = None if encoding is PCM16 else table(encoding)
        self._frame = channels * encoding.sample_bytes
        if size < HEADER_BYTES + frames * self._frame:
            self.close()
            raise Unreadable("cut")

    def read(self, first: int, count: int) -> Samples:
        wanted = max(0, min(count, self.frames - first)) * self._frame
        data = bytearray(wanted)
        got = 0
        try:
            while got < wanted:
                came = os.preadv(self._fd, [memoryview(data)[got:]], HEADER_BYTES + first * self._frame + got)
                if not came:
                    raise Unreadable("cut")
                got += came
        except OSError as error:
            raise Unreadable(type(error).__name__) from error
        if self._table is None:
            return np.frombuffer(data, "<i2").reshape(-1, self.channels)
        return self._table[np.frombuffer(data, np.uint8)].reshape(-1, self.channels)

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


class SealedSound:
    """A sealed recording, for a desk that has a key. Its key is in memory for as long as it is open."""

    def __init__(self, store: StoreReader, call_id: str, path: str, identities: Sequence[Identity]) -> None:
        """`Unreadable`; `Sealed` if no identity opens it, or it isn't as it was sealed."""
        if not identities:
            raise Sealed("no_key")
        try:
            keys = KeyStore.open(store.root, store.uuid, store.disk, read_only=True)
            if keys is None:
                raise Unreadable("no key store")
            with contextlib.closing(keys):
                wrapped = keys.keys(call_id)
                try:
                    for one in wrapped:
                        unwrapped(one.age, identities)
                except SealedError:
                    raise Sealed("other_key") from None
                self._reader = open_sealed(store.disk, path, call_id, keys, identities)
        except SealedError as error:
            raise Sealed("altered") from error
        except (StoreError, DiskFailed, OSError) as error:
            raise Unreadable(type(error).__name__) from error
        self.frames = self._reader.frames
        self.channels = self._reader.channels

    def read(self, first: int, count: int) -> Samples:
        try:
            return as_samples(self._reader, self._reader.read(first, count))
        except SealedError as error:
            raise Sealed("altered") from error
        except (DiskFailed, OSError) as error:
            raise Unreadable(type(error).__name__) from error

    def close(self) -> None:
        self._reader.close()
