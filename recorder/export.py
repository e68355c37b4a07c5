"""Copies of recordings as ordinary WAV files of 16-bit samples, for who has to hear them elsewhere.

`targets` says where each copy goes, `export` makes one. A copy has the samples of the original: those of pcm16
unchanged, the bytes of g711 by the tables of G.711. Nothing that exists is ever overwritten, and a copy that could
not be finished is removed.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from recorder.problems import Unusable
from storage.records import CallRecord

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
        plan = [(_path(call), output / Path(_path(call)).name) for call in calls]
    else:
        plan = [(_path(call), output) for call in calls]
    for _, copy in plan:
        if copy.exists() or copy.is_symlink():
            raise _exists(copy)
    return plan


def export(original: Path, copy: Path) -> None:
    """Write a copy that only our own account may read. OSError or `Unusable` if it can't be done."""
    import soundfile

    try:
        descriptor = os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise _exists(copy) from None
    try:
        with os.fdopen(descriptor, "wb") as file, original.open("rb") as source, soundfile.SoundFile(source) as audio:
            large = audio.frames * audio.channels * 2 > _MOST_IN_RIFF
            with soundfile.SoundFile(
                file, "w", audio.samplerate, audio.channels, "PCM_16", format="RF64" if large else "WAV"
            ) as out:
                for block in audio.blocks(_FRAMES_AT_ONCE, dtype="int16"):
                    out.write(block)
    except soundfile.LibsndfileError as problem:
        copy.unlink()
        raise Unusable(
            f"{original} is not a recording that can be read.", hint="Look for what happened with: recorder verify"
        ) from problem
    except BaseException:
        copy.unlink()
        raise


def _path(call: CallRecord) -> str:
    if call.recording is None or not call.recording.path:
        raise Unusable(f"Call {call.id} has no recording: {call.outcome}, {call.end_reason}.")
    return call.recording.path


def _exists(copy: Path) -> Unusable:
    return Unusable(f"{copy} exists and is not overwritten.", hint="Name another place with --output.")
