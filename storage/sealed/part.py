"""A recording that grows, sealed as it is written: each write becomes records, and nothing of it is in the clear.

What is late is one more record for the same frames: the later one counts. Silence is what no record is for. So a file
only ever grows at its end, and a crash costs the records that weren't written yet.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from storage import facts, records
from storage.parts import FilePool, PartFile, with_audio
from storage.records import CallRecord
from storage.sealed import form
from storage.sealed.form import BOTH, HEAD_BYTES, LEFT, MOST_FRAMES, RECORD_BYTES, RIGHT, TAG_BYTES
from storage.sealed.key import Key
from storage.sealed.key_store import KeyStore
from storage.wav import PCM16, RATE_HZ, Encoding

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from typing_extensions import Buffer


MOST_RECORD_BYTES = RECORD_BYTES + MOST_FRAMES * 2 * PCM16.sample_bytes + TAG_BYTES


class _Room(threading.local):
    """Where a thread makes records before it writes them. Fresh memory for each would cost as much as the sealing."""

    def __init__(self) -> None:
        self.bytes = memoryview(bytearray(8 * MOST_RECORD_BYTES))


_room = _Room()


class SealedPart(PartFile):
    """A `PartFile` whose file is sealed. Without a `key` it was left by a crash: it can be completed, not written.

    Frames count from the first of the recording as it is now; in the file they count from the first as it began, which
    is `origin` frames later.
    """

    __slots__ = ("_count", "_end", "_head", "_key", "_keys", "_number", "_tags", "call_id", "origin", "segment")

    def __init__(
        self, pool: FilePool, path: str, name: str, *, call_id: str, encoding: Encoding, channels: int, starts_ns: int,
        keys: KeyStore | None, key: Key | None = None, segment: int = 1, frames: int = 0, origin: int = 0, end: int = 0,
        head: form.Head | None = None,
    ) -> None:  # fmt: skip
        """`end` is the size of a file that is there already, which has that `head`."""
        super().__init__(pool, path, name, encoding=encoding, channels=channels, starts_ns=starts_ns, frames=frames)
        self.call_id = call_id
        self.segment = segment
        self.origin = origin
        self._keys = keys
        self._key = key
        self._number = 0  # of the next record
        self._count = 0  # records of audio in the file
        self._tags = hashlib.sha256()  # of their tags
        self._end = end  # where it will lie
        self._head = form.pack_head(form.Head(encoding, channels, starts_ns, call_id) if head is None else head)

    @property
    def file_bytes(self) -> int:
        return self._end

    @property
    def sealed_bytes(self) -> int | None:
        return self._end

    @property
    def ends_silent(self) -> bool:
        return self._key is not None and self.frames > 0

    def begin(self) -> None:
        """Writes the head of a new file. DiskFailed."""
        self._put(memoryview(self._head), 0)
        self._end = HEAD_BYTES

    def describe(self, call: CallRecord) -> None:
        """What is known of the call goes into the key store: the file says nothing of it. DiskFailed."""
        if self._keys is not None:
            self._keys.describe(self.call_id, facts.all_of(with_audio(call, self), complete=False))

    def write(self, frame: int, data: Buffer | NDArray[Any]) -> None:
        buffer: Any = data  # arrays are buffers; before Python 3.12 their types don't say so
        view = memoryview(buffer).cast("B")
        count, rest = divmod(view.nbytes, self.frame_bytes)
        if rest or frame < 0 or self.closed:
            raise ValueError("not whole frames, a frame before the first, or a part that is finished")
        self._seal(BOTH, frame, count, view, self.frame_bytes)
        if frame + count > self.frames:
            self.frames = frame + count

    def write_channel(self, frame: int, channel: int, samples: NDArray[Any]) -> None:
        samples = np.ascontiguousarray(samples[: max(0, self.frames - frame)])
        if len(samples):
            side = RIGHT if channel else LEFT
            self._seal(side, frame, len(samples), samples.data.cast("B"), self.encoding.sample_bytes)

    def silence(self, frame: int, end: int) -> None:
        self.frames = max(self.frames, end)

    def insert(self, frames: int) -> None:
        self.origin += frames
        self.frames += frames
        self.starts_ns -= frames * 1_000_000_000 // RATE_HZ

    def read(self, frame: int, count: int) -> bytes:
        raise ValueError("what is sealed isn't read back while it grows")

    def go_on_as_pcm(self) -> None:
        """What comes is 16-bit samples; who opens the recording expands what came before."""
        self.encoding = PCM16
        self.frame_bytes = self.channels * PCM16.sample_bytes

    def write_head(self, facts: bytes) -> None:
        raise ValueError("a sealed recording's head says nothing of its call")

    def discard(self) -> None:
        """Destroys its key, then erases the file."""
        self._forget_key()
        if self._keys is not None:
            self._keys.drop([self.call_id])
        super().discard()

    def complete(self, fd: int, call: CallRecord) -> bool:
        """Writes the last record, with all that is known of the call, and forgets the key. Without one, nothing: then
        the recording ends where it was cut off. The key store knows the call before (`Seals.ended`). OSError."""
        if self._key is None or not self.frames:
            return False
        first, audio = -self.origin, call.recording
        try:
            said = {
                "encoding": self.encoding.name, "law": self.encoding.law, "channels": self.channels,
                "rate_hz": RATE_HZ, "first_frame": first, "frames": self.frames,
                "gaps": [list(gap) for gap in audio.gaps] if audio is not None else [],
                "records": self._count, "records_sha256": self._tags.hexdigest(),
            }  # fmt: skip
            rest = json.dumps(said, sort_keys=True, separators=(",", ":")).encode("ascii")
            plain = b'{"call":%b,%b' % (records.to_json(call), rest[1:])
            sealed = bytearray(RECORD_BYTES + len(plain) + TAG_BYTES)
            self._fill(memoryview(sealed), form.LAST, BOTH, first, 0, plain)
            self._pool.disk.write(fd, memoryview(sealed), self._end)
            self._end += len(sealed)
        finally:
            self._forget_key()
        return False  # whoever has no key must learn it elsewhere

    def _seal(self, side: int, frame: int, count: int, view: memoryview, width: int) -> None:
        """Puts samples into records of at most a second, as many in one write as there is room for."""
        if self._key is None:
            raise ValueError("a part that has its key no more")
        position, room, end, ends = frame - self.origin, _room.bytes, 0, []
        for at in range(0, count, MOST_FRAMES):
            some = min(MOST_FRAMES, count - at)
            begin, end = end, end + RECORD_BYTES + some * width + TAG_BYTES
            piece = view[at * width : (at + some) * width]
            self._fill(room[begin:end], form.AUDIO, side, position + at, some, piece)
            ends.append(end)
            if end + MOST_RECORD_BYTES > len(room) or at + some == count:
                self._put(room[:end], self._end)
                self._end += end
                self._count += len(ends)
                for end in ends:
                    self._tags.update(room[end - TAG_BYTES : end])
                end, ends = 0, []

    def has_before(self, tags: Iterable[bytes]) -> None:
        """What an earlier process left in the file: the tags of its records, in their order."""
        for tag in tags:
            self._tags.update(tag)
            self._count += 1

    def _fill(
        self, place: memoryview, kind: bytes, side: int, frame: int, frames: int, plain: bytes | memoryview
    ) -> None:
        """Makes one record, in memory."""
        assert self._key is not None
        number, self._number = self._number, self._number + 1  # used up, whatever the disk says to it
        length = len(place) - RECORD_BYTES
        head = form.record_head(kind, self.segment, number, frame, frames, self.encoding.tag, side, length)
        place[:RECORD_BYTES] = head
        self._key.cipher.encrypt_into(form.nonce(number), plain, self._head + head, place[RECORD_BYTES:])

    def _forget_key(self) -> None:
        key, self._key = self._key, None
        if key is not None:
            key.wipe()
