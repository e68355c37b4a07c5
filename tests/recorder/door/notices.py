"""Spoken notices as somebody brings them: speech-like sound, as WAV of any kind."""

from __future__ import annotations

import io
import wave

import numpy as np
from numpy.typing import NDArray


def voice(seconds: float = 2.0, *, rate: int = 8000, peak: float = 0.5, seed: int = 1) -> NDArray[np.float64]:
    """Noise in bursts, like syllables; between -1 and 1."""
    random = np.random.default_rng(seed)
    count = round(seconds * rate)
    sound = random.uniform(-1, 1, count) * (0.3 + 0.7 * (np.arange(count) // (rate // 8) % 2))
    return sound * peak / max(float(np.abs(sound).max()), 1e-9)


def wav(
    samples: NDArray[np.float64] | None = None, *, rate: int = 8000, channels: int = 1, width: int = 2, seed: int = 1
) -> bytes:
    """PCM of so many bytes a sample; each channel has the same."""
    sound = voice(rate=rate, seed=seed) if samples is None else samples
    whole = np.clip(np.rint(sound * 2 ** (8 * width - 1)), -(2 ** (8 * width - 1)), 2 ** (8 * width - 1) - 1)
    raw = whole.astype("<i8").view(np.uint8).reshape(-1, 8)[:, :width]
    if width == 1:
        raw = (raw.astype(np.int16) + 128).astype(np.uint8)  # the only one without a sign
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(np.repeat(raw, channels, axis=0).tobytes())
    return out.getvalue()
