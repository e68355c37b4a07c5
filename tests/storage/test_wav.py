"""The head of a WAV file, as other people's programs read it."""

from __future__ import annotations

import random
import struct
import wave
from pathlib import Path

import numpy as np
import pytest
import soundfile

from storage import wav
from storage.errors import WavError
from storage.wav import ALAW, HEADER_BYTES, PCM16, ULAW, Encoding
from tests.fuzz import fuzz_wav_repair
from tests.storage.build import audio

ENCODINGS = pytest.mark.parametrize("encoding", [PCM16, ULAW, ALAW], ids=["pcm16", "ulaw", "alaw"])
CHANNELS = pytest.mark.parametrize("channels", [1, 2])


def write_file(path: Path, encoding: Encoding, channels: int, frames: int, facts: bytes = b"") -> bytes:
    """A complete file; its samples."""
    samples = audio(frames, encoding=encoding, channels=channels)
    path.write_bytes(wav.header(encoding, channels, frames, facts) + samples + bytes(len(samples) % 2))
    return samples


@ENCODINGS
@CHANNELS
@pytest.mark.parametrize("frames", [0, 1, 2, 801])
def test_a_head_has_one_size_and_says_what_it_was_made_with(encoding: Encoding, channels: int, frames: int) -> None:
    head = wav.header(encoding, channels, frames, b'{"id":"c1"}')

    assert len(head) == HEADER_BYTES
    assert wav.parse_header(head) == wav.Header(encoding, channels, frames, b'{"id":"c1"}')


@CHANNELS
def test_pythons_wave_module_reads_pcm(channels: int, tmp_path: Path) -> None:
    samples = write_file(tmp_path / "a.wav", PCM16, channels, 801, b"facts")

    with wave.open(str(tmp_path / "a.wav")) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate(), file.getnframes()) == (
            channels, 2, 8000, 801,
        )  # fmt: skip
        assert file.readframes(801) == samples


@ENCODINGS
@CHANNELS
@pytest.mark.parametrize("frames", [1, 800, 801])
def test_libsndfile_reads_every_encoding(encoding: Encoding, channels: int, frames: int, tmp_path: Path) -> None:
    """An odd number of bytes is made even, and isn't taken for a sample."""
    path = tmp_path / "a.wav"
    write_file(path, encoding, channels, frames, b"facts")

    info = soundfile.info(str(path))
    read, _ = soundfile.read(str(path), dtype="int16", always_2d=True)

    assert path.stat().st_size % 2 == 0
    assert (info.format, info.channels, info.samplerate, info.frames) == ("WAV", channels, 8000, frames)
    assert info.subtype == {PCM16: "PCM_16", ULAW: "ULAW", ALAW: "ALAW"}[encoding]
    assert read.shape == (frames, channels)


@ENCODINGS
def test_silence_is_silent(encoding: Encoding, tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(wav.header(encoding, 2, 100) + encoding.silence * 200)

    read, _ = soundfile.read(str(path), dtype="int16")

    assert np.abs(read).max() <= 8  # A-law has no zero


@ENCODINGS
def test_beyond_4_gib_it_is_rf64(encoding: Encoding, tmp_path: Path) -> None:
    """JUNK has become ds64 (EBU Tech 3306), and the audio begins where it always does."""
    frames = (1 << 32) // (2 * encoding.sample_bytes) + 12_345
    path = tmp_path / "a.wav"
    with path.open("wb") as file:
        file.write(wav.header(encoding, 2, frames, b"facts"))
        file.truncate(wav.file_bytes(encoding, 2, frames))  # a hole: takes no room
        file.seek(HEADER_BYTES + (frames - 1) * 2 * encoding.sample_bytes)
        file.write(b"\x10" * 2 * encoding.sample_bytes)

    info = soundfile.info(str(path))
    last, _ = soundfile.read(str(path), start=frames - 1, dtype="int16")

    with path.open("rb") as file:
        head = file.read(HEADER_BYTES)
    assert head[:4] == b"RF64"
    assert head[12:16] == b"ds64"
    assert wav.parse_header(head) == wav.Header(encoding, 2, frames, b"facts")
    assert (info.format, info.frames) == ("RF64", frames)
    assert last.shape == (1, 2)
    assert (last != 0).all()


@pytest.mark.parametrize("more", [-1, 0, 1])
def test_the_change_to_rf64_is_where_32_bits_end(more: int) -> None:
    """The RIFF size, not the data's, is what runs over first."""
    frames = ((1 << 32) - 1 - (HEADER_BYTES - 8)) // 4 + more

    head = wav.header(PCM16, 2, frames)

    assert (head[:4] == b"RF64") == (HEADER_BYTES - 8 + frames * 4 >= 0xFFFFFFFF)
    assert wav.parse_header(head).frames == frames


def test_facts_that_dont_fit_are_refused() -> None:
    room = wav.facts_room(PCM16)

    assert wav.parse_header(wav.header(PCM16, 2, 1, b"x" * room)).facts == b"x" * room
    with pytest.raises(ValueError, match="don't fit"):
        wav.header(PCM16, 2, 1, b"x" * (room + 1))


HEAD = wav.header(PCM16, 2, 160)


@pytest.mark.parametrize(
    "head, sentence",
    [
        (HEAD[:-1], "The file is shorter than its header."),
        (b"RIFX" + HEAD[4:], "The file doesn't begin as a WAV file."),
        (HEAD[:16] + struct.pack("<I", 1 << 31) + HEAD[20:], "The header's chunks don't lead to the audio."),
        (HEAD[:56] + struct.pack("<H", 3) + HEAD[58:], "The audio is neither 16-bit PCM nor G.711 at 8000 Hz."),
        (HEAD[:58] + struct.pack("<H", 3) + HEAD[60:], "The audio is neither mono nor stereo."),
        (HEAD[:4] + bytes(4) + HEAD[8:], "The header's sizes contradict each other."),
        (b"RF64" + HEAD[4:], "An RF64 file without its ds64 chunk."),
        (HEAD[:48] + b"data" + HEAD[52:], "The audio doesn't begin where ours begins."),
        (HEAD[:48] + b"JUNK" + HEAD[52:], "The header's chunks don't lead to the audio."),
    ],
)
def test_a_head_that_isnt_ours_is_refused_in_a_sentence(head: bytes, sentence: str) -> None:
    with pytest.raises(WavError) as refused:
        wav.parse_header(head)

    assert str(refused.value) == sentence


def test_a_torn_head_whose_sizes_contradict_each_other_has_a_form_and_no_frames() -> None:
    """Also one that claims more than 64 bits can say."""
    long = wav.header(PCM16, 2, 1 << 40, b"facts")
    absurd = long[:20] + struct.pack("<QQ", 7, (1 << 64) - 4) + long[36:]

    for torn in (HEAD[:4] + bytes(4) + HEAD[8:], absurd):
        with pytest.raises(WavError, match="contradict"):
            wav.parse_header(torn)
        read = wav.parse_header(torn, torn=True)
        assert (read.encoding, read.channels, read.frames) == (PCM16, 2, 0)
    assert wav.parse_header(long, torn=True) == wav.parse_header(long)


def test_no_bytes_make_anything_but_the_named_error() -> None:
    """2,000 heads with bits flipped, pieces cut, doubled and overwritten, from one seed."""
    chance = random.Random(3550)
    for _ in range(2000):
        data = bytearray(chance.choice(fuzz_wav_repair.SEEDS))
        for _ in range(chance.randrange(1, 6)):
            at = chance.randrange(len(data)) if data else 0
            match chance.randrange(4):
                case 0 if data:
                    data[at] ^= 1 << chance.randrange(8)
                case 1:
                    del data[at : at + chance.randrange(64)]
                case 2:
                    data[at:at] = chance.randbytes(chance.randrange(8))
                case _:
                    data[at : at + 4] = chance.choice([b"\xff\xff\xff\xff", b"\0\0\0\0", b"data", b"ds64", b"call"])
        fuzz_wav_repair.one_input(bytes(data))
