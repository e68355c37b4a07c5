"""A recording as a browser plays it: WAV with 16-bit samples, made while it is read.

Browsers play no G.711, so its bytes come decoded (`sound`); samples of 16 bits go as they are.
"""

from __future__ import annotations

import struct

from recorder.door.sound import Sound
from storage.wav import RATE_HZ

AT_ONCE = 1 << 18
HEAD = 44  # bytes of a WAV's head
_MOST = 0xFFFFFFFF


def size_of(sound: Sound) -> int:
    """Bytes of the WAV."""
    return HEAD + sound.frames * sound.channels * 2


def read(sound: Sound, at: int, count: int) -> bytes:
    """Up to `count` bytes of the WAV from byte `at` on. What `Sound.read` raises."""
    frame = sound.channels * 2
    out = _head(sound.channels, sound.frames * frame)[at : at + count]
    at, count = max(at - HEAD, 0), count - len(out)
    if count <= 0:
        return out
    first, end = at // frame, min(-(-(at + count) // frame), sound.frames)
    samples = sound.read(first, end - first).tobytes()
    begin = at - first * frame
    return out + samples[begin : begin + count]


def _head(channels: int, data: int) -> bytes:
    return b"RIFF" + struct.pack(
        "<I4s4sIHHIIHH4sI", min(data + HEAD - 8, _MOST), b"WAVE", b"fmt ", 16, 1, channels, RATE_HZ,
        RATE_HZ * channels * 2, channels * 2, 16, b"data", min(data, _MOST),
    )  # fmt: skip
