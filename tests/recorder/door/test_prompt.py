"""A notice that somebody brings as a WAV: what is taken, what is refused and why, and what is kept of it."""

from __future__ import annotations

import io
import random
import struct
import wave

import numpy as np
import pytest

from recorder.announcement.prompts import load
from recorder.door.office.prompt import MOST_BYTES, BadPrompt, accept
from tests.recorder.door.notices import voice, wav


@pytest.mark.parametrize("rate", [8000, 16_000, 44_100, 48_000])
@pytest.mark.parametrize("channels, width", [(1, 1), (1, 2), (2, 2), (2, 3), (1, 4)])
def test_every_usual_wav_becomes_what_callers_hear(tmp_path, rate, channels, width):
    kept = accept(wav(voice(1.5, rate=rate), rate=rate, channels=channels, width=width))
    path = tmp_path / "kept.wav"
    path.write_bytes(kept.wav)
    with wave.open(io.BytesIO(kept.wav)) as file:
        form = (file.getnchannels(), file.getsampwidth(), file.getframerate(), file.getnframes())

    assert form[:3] == (1, 2, 8000) and abs(form[3] - 12_000) <= 2
    assert abs(kept.milliseconds - 1500) <= 1
    assert load(path).sha256 == kept.sha256


def test_what_is_at_8_khz_already_stays_sample_for_sample():
    sound = voice(2.0)
    with wave.open(io.BytesIO(accept(wav(sound)).wav)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")

    assert np.array_equal(samples, np.rint(sound * 32768).astype(np.int16))


def test_a_wav_that_names_its_format_behind_is_read_too():
    """WAVE_FORMAT_EXTENSIBLE, as Windows writes for more than 16 bits: PCM alone."""
    plain = wav(voice(1.5))
    data = plain[plain.index(b"data") + 8 :]
    guid = struct.pack("<H", 1) + bytes.fromhex("000000001000800000aa00389b71")
    head = struct.pack("<HHIIHHHHI", 0xFFFE, 1, 8000, 16_000, 2, 16, 22, 16, 0) + guid
    chunks = b"fmt " + struct.pack("<I", len(head)) + head + b"data" + struct.pack("<I", len(data)) + data
    whole = b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks
    other = whole.replace(guid, struct.pack("<H", 3) + guid[2:])  # of floating point

    assert accept(whole).sha256 == accept(plain).sha256
    with pytest.raises(BadPrompt, match="format"):
        accept(other)


def cut_off() -> bytes:
    return wav(np.clip(voice(2.0) * 8, -1, 1))


@pytest.mark.parametrize("data, fault", [
    (b"", "format"), (b"RIFF", "format"), (b"ID3\x04 no WAV at all", "format"), (b"fLaC" + bytes(500), "format"),
    (wav(voice(2.0))[:44], "short"), (wav(voice(0.4)), "short"), (wav(voice(31.0)), "long"),
    (wav(voice(61.0)), "long"), (wav(np.zeros(16_000)), "quiet"), (wav(voice(2.0, peak=0.005)), "quiet"),
    (cut_off(), "clipped"), (wav(voice(2.0, rate=4000), rate=4000), "format"), (bytes(MOST_BYTES + 1), "large"),
    (wav(voice(1.0), channels=3), "format"), (wav(voice(0.001)), "short"),
])  # fmt: skip
def test_what_can_t_be_a_notice_is_refused_for_one_reason(data, fault):
    with pytest.raises(BadPrompt) as refused:
        accept(data)

    assert refused.value.fault == fault


def test_a_loud_one_that_touches_full_scale_isn_t_cut_off():
    loud = np.sin(np.arange(24_000) * 2 * np.pi * 440 / 8000)

    assert accept(wav(loud)).milliseconds == 3000


def test_whatever_is_broken_in_a_wav_is_a_notice_or_a_reason():
    """Bytes changed, cut off and put in, by a seed: nothing else is raised, and no more is kept."""
    chosen = random.Random(1)
    whole = wav(voice(1.2))
    for _ in range(400):
        broken = bytearray(whole)
        for _ in range(chosen.randint(1, 6)):
            broken[chosen.randrange(64)] = chosen.randrange(256)
        if chosen.random() < 0.4:
            del broken[chosen.randrange(len(broken)) :]
        try:
            assert len(accept(bytes(broken)).wav) <= 2 * len(whole) + 44
        except BadPrompt:
            pass
