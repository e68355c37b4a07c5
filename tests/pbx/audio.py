"""Sound for synthetic conversations: voices that no two people share, and tones that everybody hears.

A voice is speech-like: syllables of harmonics and noise in phrases with pauses, over a room's murmur. All of it is
16-bit PCM at 8 kHz, made from a seed; `encode` makes G.711 of it. The tables are built from the Recommendation, not
taken from the code under test.
"""

from __future__ import annotations

import functools
from typing import Final

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.int16]

RATE: Final = 8000
PACKET: Final = 160  # samples in 20 ms
MU: Final = 0  # payload types, which here also name the laws
A: Final = 8

_BLOCK_S: Final = 4  # a voice is made this much at a time


def _decoding() -> dict[int, Samples]:
    """The values of ITU-T G.711, by payload type."""
    mu = ~np.arange(256) & 0xFF
    size = (((mu & 15) << 3) + 132 << (mu >> 4 & 7)) - 132
    a = np.arange(256) ^ 0x55
    segment, step = a >> 4 & 7, ((a & 15) << 4) + 8
    step = np.where(segment == 0, step, (step + 256) << np.maximum(segment - 1, 0))
    return {
        MU: np.where(mu & 128, -size, size).astype(np.int16),
        A: np.where(a & 128, step, -step).astype(np.int16),
    }


def _encoding(values: Samples) -> NDArray[np.uint8]:
    """The nearest code word for each sample, indexed by sample + 32768; of two alike the higher code word."""
    order = np.argsort(values, kind="stable")
    ladder = values[order].astype(np.int64)
    middles = (ladder[1:] + ladder[:-1] + 1) // 2
    table: NDArray[np.uint8] = order[np.searchsorted(middles, np.arange(-32768, 32768), side="right")].astype(np.uint8)
    return table


DECODING: Final = _decoding()
_ENCODING: Final = {law: _encoding(values) for law, values in DECODING.items()}
_TRANSCODING: Final = {
    (one, other): bytes(_ENCODING[other][DECODING[one].astype(np.int64) + 32768]) for one, other in ((MU, A), (A, MU))
}
SILENCE: Final = {MU: 0xFF, A: 0xD5}


def encode(samples: Samples, law: int) -> bytes:
    """G.711 of PCM."""
    return _ENCODING[law][samples.astype(np.int64) + 32768].tobytes()


def decode(payload: bytes, law: int) -> Samples:
    """PCM of G.711."""
    values: Samples = DECODING[law][np.frombuffer(payload, np.uint8)]
    return values


def transcode(payload: bytes, law: int, wanted: int) -> bytes:
    """The same sound in the other law, code word by code word; unchanged if it is the same law."""
    return payload if law == wanted else payload.translate(_TRANSCODING[law, wanted])


def mix(parts: list[Samples]) -> Samples:
    """What a conference hears: the sum, clipped."""
    if len(parts) == 1:
        return parts[0]
    total = np.sum([part.astype(np.int32) for part in parts], axis=0)
    return np.clip(total, -32768, 32767).astype(np.int16)


class Voice:
    """One person's microphone, endless. Frame n is what was said in the n-th 20 ms of the scene."""

    def __init__(self, seed: int, *, murmur: int = 12, silent_s: float = 0.0) -> None:
        """`murmur` is the room's noise (0: digital silence in pauses); nothing is said in the first `silent_s`."""
        self._rng = np.random.default_rng(seed)
        self._pitch = float(self._rng.uniform(90, 240))
        self._murmur = murmur
        self._silent = round(silent_s * RATE)
        self._made = np.zeros(0, np.int16)

    def frame(self, number: int) -> Samples:
        """160 samples."""
        while len(self._made) < (number + 1) * PACKET:
            block = self._block()
            quiet = max(0, self._silent - len(self._made))
            block[:quiet] = 0
            self._made = np.concatenate([self._made, block])
        return self._made[number * PACKET : (number + 1) * PACKET]

    def _block(self) -> Samples:
        rng, length = self._rng, _BLOCK_S * RATE
        sound = rng.normal(0, self._murmur, length) if self._murmur else np.zeros(length)
        at = int(rng.uniform(0, 0.3) * RATE)
        while at < length:
            for _ in range(int(rng.integers(4, 12))):
                size = int(rng.uniform(0.09, 0.26) * RATE)
                part = sound[at : at + size]
                part += self._syllable(size)[: len(part)]
                at += size
            at += int(rng.uniform(0.25, 0.9) * RATE)
        return np.clip(sound, -32000, 32000).astype(np.int16)

    def _syllable(self, size: int) -> NDArray[np.float64]:
        rng = self._rng
        time = np.arange(size) / RATE
        envelope = np.sin(np.pi * np.arange(size) / size) ** 0.7 * rng.uniform(1500, 6000)
        if rng.random() < 0.2:  # a consonant
            return envelope * rng.normal(0, 0.4, size)
        pitch = self._pitch * rng.uniform(0.9, 1.15) * (1 + rng.uniform(-0.1, 0.1) * time)
        first, second = rng.uniform(300, 900), rng.uniform(900, 2600)
        turning = np.exp(2j * np.pi / RATE * np.cumsum(pitch))
        frequencies = np.arange(1, 14) * self._pitch
        weights = np.exp(-(((frequencies - first) / 150) ** 2)) + 0.5 * np.exp(-(((frequencies - second) / 250) ** 2))
        sound = np.zeros(size, np.complex128)
        for weight in weights[::-1]:  # the sum of weight * turning ** harmonic, by Horner's rule
            sound = (sound + weight + 0.03) * turning
        return envelope * sound.imag / 1.5 + rng.normal(0, 25, size)


@functools.cache
def announcement(seconds: float) -> Samples:
    """ "This call is recorded", the same for every caller; its last packet is a short one."""
    voice = Voice(20_260_401)
    whole = np.concatenate([voice.frame(n) for n in range(round(seconds * 50))])
    return whole[: -PACKET + 126]


@functools.cache
def music() -> Samples:
    """20 s of music on hold, which begins anew when it is over; the same for everybody."""
    rng = np.random.default_rng(77)
    time = np.arange(2000) / RATE
    notes = []
    for _ in range(80):
        base = 262 * 2 ** (int(rng.integers(0, 13)) / 12)
        chord = sum(np.sin(2 * np.pi * base * ratio * time) for ratio in (1, 1.26, 1.5))
        notes.append(2500 * np.exp(-time * 3) * chord)
    return np.concatenate(notes).astype(np.int16)


@functools.cache
def ringing() -> Samples:
    """A Japanese ringing tone: 400 Hz modulated by 16 Hz, one second on and two off; 3 s, to be repeated."""
    time = np.arange(RATE) / RATE
    tone = 3000 * np.sin(2 * np.pi * 400 * time) * (0.6 + 0.4 * np.sin(2 * np.pi * 16 * time))
    return np.concatenate([tone, np.zeros(2 * RATE)]).astype(np.int16)


def looped(samples: Samples, packet: int, offset: int = 0) -> Samples:
    """The n-th 20 ms of a sound that begins anew when it is over."""
    at = (offset + packet * PACKET) % len(samples)
    piece = samples[at : at + PACKET]
    return piece if len(piece) == PACKET else np.concatenate([piece, samples[: PACKET - len(piece)]])
