"""A spoken notice that somebody brings to the desk: a WAV, checked, and made into what callers are to hear. Pure.

What is kept is a file of our own making: mono, 8 kHz, 16 bits. A stranger's bytes are read here alone, by Python's own
`wave`, which is no C code that a crafted file could break; the announcement unit and the recorder read only ours.
"""

from __future__ import annotations

import hashlib
import io
import struct
import wave
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from recorder.notice.cells import CELL, RATE, energies
from recorder.notice.prompts import Prompt, UnusablePrompt

MOST_BYTES = 10 << 20
SHORTEST_S, LONGEST_S = 1.0, 30.0  # of sound, as the recorder can find it in calls
LONGEST_FILE_S = 60.0
QUIETEST = 10 ** (-40 / 20)  # of full scale: root mean square of the loudest cells
FULL = 0.9998  # of full scale
CUT_OFF = 4  # samples in a row at full scale: a loud wave touches it with one or two
CUT_OFFS = 2  # so often, and it was recorded too loud

_RATES = (8000, 192_000)
_EXTENSIBLE = 0xFFFE  # a format that names another one behind it: what Windows writes, too

Fault = Literal["format", "large", "short", "long", "quiet", "clipped"]
Samples = NDArray[np.float32]


class BadPrompt(ValueError):
    """It can't be a notice, and why."""

    def __init__(self, fault: Fault, detail: str = "") -> None:
        super().__init__(f"{fault} {detail}".strip())
        self.fault: Fault = fault
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Notice:
    """What is kept of it."""

    wav: bytes = field(repr=False)  # mono, 8 kHz, 16 bits
    sha256: str  # of these bytes, in hexadecimal
    milliseconds: int


def accept(data: bytes) -> Notice:
    """The notice in these bytes of a WAV. `BadPrompt`."""
    if len(data) > MOST_BYTES:
        raise BadPrompt("large", f"{MOST_BYTES >> 20}")
    samples, rate = _read(data)
    if len(samples) > LONGEST_FILE_S * rate:
        raise BadPrompt("long", f"{len(samples) / rate:.0f}")
    if _is_cut_off(samples):
        raise BadPrompt("clipped")
    mono = samples.mean(axis=1, dtype=np.float32)
    if rate != RATE:
        import soxr

        mono = soxr.resample(mono, rate, RATE)
    _require_loud(mono)
    whole = np.clip(np.rint(mono * 32768), -32768, 32767).astype("<i2")
    _require_length(whole)
    wav = as_wav(whole)
    return Notice(wav, hashlib.sha256(wav).hexdigest(), len(whole) * 1000 // RATE)


def as_wav(samples: NDArray[np.int16]) -> bytes:
    """Mono at 8 kHz as a WAV."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.astype("<i2").tobytes())
    return out.getvalue()


def _read(data: bytes) -> tuple[Samples, int]:
    """Samples between -1 and 1, shape (frames, channels), and their rate."""
    try:
        with wave.open(io.BytesIO(_as_plain(data)), "rb") as file:
            channels, width, rate = file.getnchannels(), file.getsampwidth(), file.getframerate()
            if channels > 2 or not 1 <= width <= 4 or not _RATES[0] <= rate <= _RATES[1]:
                raise BadPrompt("format")
            raw = file.readframes(file.getnframes())
    except (wave.Error, EOFError, struct.error, OverflowError, RuntimeError) as error:
        raise BadPrompt("format") from error
    raw = raw[: len(raw) // (width * channels) * width * channels]
    if not raw:
        raise BadPrompt("short", "0.0")
    return _scaled(raw, width).reshape(-1, channels), rate


def _as_plain(data: bytes) -> bytes:
    """The same with WAVE_FORMAT_EXTENSIBLE of PCM written as plain PCM, which `wave` reads in every Python."""
    at = data.find(b"fmt ", 12, 4096)
    if at < 0 or len(data) < at + 34:
        return data
    if struct.unpack_from("<H", data, at + 8)[0] == _EXTENSIBLE and struct.unpack_from("<H", data, at + 32)[0] == 1:
        return data[: at + 8] + b"\x01\x00" + data[at + 10 :]
    return data


def _scaled(raw: bytes, width: int) -> Samples:
    if width == 1:  # the only one without a sign
        return (np.frombuffer(raw, np.uint8).astype(np.float32) - 128) / np.float32(128)
    if width == 3:
        whole = np.zeros((len(raw) // 3, 4), np.uint8)
        whole[:, 1:] = np.frombuffer(raw, np.uint8).reshape(-1, 3)
        return whole.view("<i4").ravel().astype(np.float32) / np.float32(2**31)
    kind, full = ("<i2", 2**15) if width == 2 else ("<i4", 2**31)
    return np.frombuffer(raw, kind).astype(np.float32) / np.float32(full)


def _is_cut_off(samples: Samples) -> bool:
    for channel in samples.T:
        for full in (channel >= FULL, channel <= -FULL):
            steps = np.diff(np.concatenate(([0], full.astype(np.int8), [0])))
            runs = np.flatnonzero(steps < 0) - np.flatnonzero(steps > 0)
            if np.count_nonzero(runs >= CUT_OFF) >= CUT_OFFS:
                return True
    return False


def _require_loud(mono: Samples) -> None:
    whole = mono[: len(mono) // CELL * CELL]
    if not len(whole):
        raise BadPrompt("short", f"{len(mono) / RATE:.1f}")
    loud = float(np.sqrt(np.quantile(energies(whole), 0.95) / CELL))
    if loud < QUIETEST:
        raise BadPrompt("quiet")


def _require_length(whole: NDArray[np.int16]) -> None:
    """Long enough, and short enough, to be found in calls."""
    try:
        Prompt("", whole.astype(np.float32))
    except UnusablePrompt as error:
        length_s = len(whole) / RATE
        raise BadPrompt("long" if length_s > LONGEST_S else "short", f"{length_s:.1f}") from error
