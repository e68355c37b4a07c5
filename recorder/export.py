"""Copies of recordings as ordinary WAV files of 16-bit samples, for who has to hear them elsewhere.

`targets` says where each copy goes, `export` makes one, `export_sealed` one of a sealed recording. A copy has the
samples of the original: those of pcm16 unchanged, the bytes of g711 by the tables of G.711. Nothing that exists is
ever overwritten, and a copy that could not be finished is removed. `export_aligned` puts silence into one, so that two
sides whose clocks drift are together: see `recorder.aligning`.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from recorder.problems import Unusable
from storage.records import CallRecord
from storage.wav import RATE_HZ

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from soundfile import SoundFile

    from storage.sealed.reader import Reader

_FRAMES_AT_ONCE = 1 << 18
_MOST_IN_RIFF = (1 << 32) - 4096  # bytes of audio for which 32-bit sizes are enough, the head counted generously


def targets(calls: Sequence[CallRecord], output: Path) -> list[tuple[str, Path]]:
    """For each call the path of its recording in the store and that of its copy.

    One call goes into the file `output`, or under its own name into it if it is a folder; several need a folder,
    which is made if it isn't there. Raises `Unusable`, before anything is copied, if a call has no recording or a
    copy would overwrite something.
    """
    if output.is_dir() or len(calls) > 1:
        output.mkdir(parents=True, exist_ok=True)
        plan = [(_path(call), output / Path(_path(call)).with_suffix(".wav").name) for call in calls]
    else:
        plan = [(_path(call), output) for call in calls]
    for _, copy in plan:
        if copy.exists() or copy.is_symlink():
            raise _exists(copy)
    return plan


def export(original: Path, copy: Path) -> None:
    """Write a copy that only our own account may read. OSError or `Unusable` if it can't be done."""
    import soundfile

    with _new(copy) as file, original.open("rb") as source:
        try:
            with soundfile.SoundFile(source) as audio, _wav(file, audio.frames, audio.channels) as out:
                for block in audio.blocks(_FRAMES_AT_ONCE, dtype="int16"):
                    out.write(block)
        except soundfile.LibsndfileError as problem:
            raise _unreadable(original) from problem


def export_sealed(reader: Reader, copy: Path) -> None:
    """The same of a sealed recording: it is opened in memory, and in the clear in the copy alone. OSError, `Unusable`;
    SealedError if it isn't as it was sealed."""
    with _new(copy) as file, _wav(file, reader.frames, reader.channels) as out:
        for block in reader.blocks():
            out.write(as_samples(reader, block))


def export_aligned(call: CallRecord, source: Path | Reader, copy: Path) -> None:
    """The same of a recording, sealed if `source` is a reader, with silence put in where its sides' clocks part.
    OSError, `Unusable`; SealedError if it isn't as it was sealed."""
    from recorder.aligning import Aligned, insertions

    assert call.recording is not None
    with _new(copy) as file, contextlib.ExitStack() as opened:
        samples = opened.enter_context(_of_file(source)) if isinstance(source, Path) else _Opened(source)
        aligned = Aligned(samples, insertions(call.recording.clocks, samples.frames))
        with _wav(file, aligned.frames, 2) as out:
            for first in range(0, aligned.frames, _FRAMES_AT_ONCE):
                out.write(aligned.read(first, _FRAMES_AT_ONCE))


@contextlib.contextmanager
def _of_file(original: Path) -> Iterator[_Stored]:
    import soundfile

    try:
        with original.open("rb") as source, soundfile.SoundFile(source) as audio:
            yield _Stored(audio)
    except soundfile.LibsndfileError as problem:
        raise _unreadable(original) from problem


class _Stored:
    """`recorder.aligning.Samples` of an ordinary recording."""

    def __init__(self, audio: SoundFile) -> None:
        self._audio = audio
        self.frames: int = audio.frames

    def read(self, first: int, count: int) -> NDArray[np.int16]:
        self._audio.seek(first)
        samples: NDArray[np.int16] = self._audio.read(count, dtype="int16", always_2d=True)
        return samples


class _Opened:
    """`recorder.aligning.Samples` of a sealed one."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self.frames = reader.frames

    def read(self, first: int, count: int) -> NDArray[np.int16]:
        return as_samples(self._reader, self._reader.read(first, count))


def as_samples(reader: Reader, block: bytearray) -> NDArray[np.int16]:
    """What a reader gave as samples of 16 bits, a row a frame and a column a channel."""
    import numpy as np

    from storage.sealed.expand import table
    from storage.wav import PCM16

    if reader.encoding is PCM16:
        return np.frombuffer(block, np.int16).reshape(-1, reader.channels)
    return table(reader.encoding)[np.frombuffer(block, np.uint8)].reshape(-1, reader.channels)


def _unreadable(original: Path) -> Unusable:
    return Unusable(
        f"{original} is not a recording that can be read.", hint="Look for what happened with: recorder verify"
    )


@contextlib.contextmanager
def _new(copy: Path) -> Iterator[BinaryIO]:
    """A new file for our own account alone, which goes again if it can't be finished."""
    try:
        descriptor = os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise _exists(copy) from None
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
    except BaseException:
        copy.unlink()
        raise


def _wav(file: BinaryIO, frames: int, channels: int) -> SoundFile:
    import soundfile

    large = frames * channels * 2 > _MOST_IN_RIFF
    return soundfile.SoundFile(file, "w", RATE_HZ, channels, "PCM_16", format="RF64" if large else "WAV")


def _path(call: CallRecord) -> str:
    if call.recording is None or not call.recording.path:
        raise Unusable(f"Call {call.id} has no recording: {call.outcome}, {call.end_reason}.")
    return call.recording.path


def _exists(copy: Path) -> Unusable:
    return Unusable(f"{copy} exists and is not overwritten.", hint="Name another place with --output.")
