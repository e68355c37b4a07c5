"""Whether recordings can be made again from the packets kept beside them: `recorder verify --remake`.

Each pcap is replayed into a store of its own, in a temporary folder that is gone afterwards, and the samples are
compared. Packets that waited for their SDP stand in the file behind later ones, so it is put in order of time first.
"""

from __future__ import annotations

import os
import struct
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recorder.problems import Unusable
from recorder.replay import replay
from recorder.settings import Media, Recording, Settings
from storage.disk import Disk
from storage.packet_file import HEAD, path_of
from storage.reading import open_read_only
from storage.records import CallRecord
from storage.wav import RATE_HZ

_RECORD = struct.Struct("<IIII")
_AT_ONCE = 60 * RATE_HZ  # frames compared at once


@dataclass(frozen=True, slots=True)
class Remade:
    """What became of one recording."""

    where: str  # its path in the store
    differs: str  # "" if it is the same, else a sentence

    @property
    def is_same(self) -> bool:
        """Whether every sample is."""
        return not self.differs


async def remake(store: Path, media: Media) -> AsyncIterator[Remade]:
    """Each recording of the store that has packets, made again; `media` are the settings by which it was made.
    StoreError if there is no such store."""
    async with await open_read_only(store) as reader:
        async for call in reader.catalogue.calls():
            audio, path = call.recording, reader.path_of(call)
            if audio is not None and audio.packets_bytes is not None and path is not None:
                try:
                    differs = await _difference(call, path, media)
                except OSError as error:
                    differs = f"it can't be read: {error.strerror or error}"
                except Unusable as problem:
                    differs = str(problem)
                yield Remade(audio.path, differs and f"{audio.path} isn't what its packets give: {differs}.")


async def _difference(call: CallRecord, path: str, media: Media) -> str:
    """Where it differs, "" if nowhere. OSError."""
    audio = call.recording
    assert audio is not None
    encoding = "pcm16" if audio.encoding == "pcm16" else "g711"
    settings = Settings(recording=Recording(encoding=encoding), media=media)  # type: ignore[arg-type]
    with tempfile.TemporaryDirectory(prefix="recorder-remake-") as folder:
        capture, again = os.path.join(folder, "packets.pcap"), Path(folder, "store")
        _write_in_order(path_of(path), capture)
        await replay([capture], again, settings)
        async with await open_read_only(again) as reader:
            found = [one async for one in reader.catalogue.calls() if one.recording is not None]
            if len(found) != 1 or found[0].recording is None:
                return f"they give {len(found)} recordings"
            made = found[0].recording
            return _compare(path, reader.path_of(found[0]) or "", made.starts_ns - audio.starts_ns)


def _write_in_order(packets: str, capture: str) -> None:
    """The same packets, in the order in which they were captured. OSError; `Unusable` if it isn't such a file."""
    disk = Disk()
    fd = disk.open(packets)
    try:
        data = bytearray(disk.size(fd))
        view, at = memoryview(data), 0
        while at < len(data) and (got := disk.read_into(fd, view[at:], at)):
            at += got
    finally:
        disk.close(fd)
    if data[: len(HEAD)] != HEAD:
        raise Unusable("their file doesn't begin as one of ours")
    places: list[tuple[int, int, int, int]] = []
    at = len(HEAD)
    while at + _RECORD.size <= len(data):
        seconds, rest, size, _ = _RECORD.unpack_from(data, at)
        end = at + _RECORD.size + size
        if end > len(data):
            break
        places.append((seconds, rest, at, end))
        at = end
    if at != len(data):
        raise Unusable("their file is cut")
    with open(capture, "xb") as file:
        file.write(HEAD)
        for _, _, start, end in sorted(places):
            file.write(view[start:end])


def _compare(path: str, again: str, later_ns: int) -> str:
    """Two recordings, of which the second begins so much later. Behind the end of one, there is silence."""
    import soundfile

    if abs(later_ns) >= 1_000_000_000 // RATE_HZ:
        return f"they begin {abs(later_ns) / 1e9:.6f} s {'later' if later_ns > 0 else 'earlier'}"
    with soundfile.SoundFile(path) as one, soundfile.SoundFile(again) as other:
        first = 0
        while True:
            here, there = (_padded(file.read(_AT_ONCE, dtype="int16", always_2d=True)) for file in (one, other))
            wrong = np.flatnonzero((here != there).any(axis=1))
            if len(wrong):
                second = (first + int(wrong[0])) // RATE_HZ
                clock = f"{second // 3600}:{second // 60 % 60:02d}:{second % 60:02d}"
                return f"it differs from second {second} on ({clock})"
            first += _AT_ONCE
            if first >= max(one.frames, other.frames):
                return ""


def _padded(samples: NDArray[np.int16]) -> NDArray[np.int16]:
    missing = _AT_ONCE - len(samples)
    return samples if not missing else np.concatenate((samples, np.zeros((missing, samples.shape[1]), np.int16)))
