"""The notice in calls that are made here: prompts of tests/captures/notice, coded as a telephone exchange would."""

from __future__ import annotations

import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import dpkt
import numpy as np
import pytest
import soundfile
import soxr
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from capture.media.g711 import TABLE, Law
from recorder.notice import Heard, NoticeFinder, Prompts, UnusablePrompt
from recorder.notice.cells import CELL, alike
from recorder.notice.finder import BEFORE
from recorder.notice.places import BAND_HZ, HOP, STEP, TAPS, band

FOLDER = Path(__file__).resolve().parents[1] / "captures" / "notice"
RATE = 8000
PACKET = 160

Pcm = NDArray[np.int16]


def said(name: str) -> Pcm:
    samples, rate = soundfile.read(FOLDER / f"{name}.flac", dtype="int16")
    assert rate == RATE
    return samples


def prompts(*names: str) -> Prompts:
    return Prompts.load([FOLDER / f"{name}.flac" for name in names])


def through(*laws: Law, pcm: NDArray[np.generic]) -> Pcm:
    """Samples as they come out of one coder and decoder after the other: each the nearest value of the table."""
    for law in laws:
        values = np.unique(TABLE[law].astype(np.int32))
        pcm = values[np.searchsorted((values[1:] + values[:-1]) / 2, pcm)]
    return pcm.astype(np.int16)


def silence(seconds: float) -> Pcm:
    return np.zeros(int(seconds * RATE), np.int16)


def tone(seconds: float, *, on_s: float, off_s: float, modulated_hz: float = 0) -> Pcm:
    """400 Hz, on and off: Japan's busy tone, or its ringing tone with a modulation of 16 Hz."""
    t = np.arange(int(seconds * RATE)) / RATE
    loud = 6000 * (t % (on_s + off_s) < on_s) * np.cos(np.pi * modulated_hz * t)
    return through(Law.MU, pcm=loud * np.sin(2 * np.pi * 400 * t))


def ringing(seconds: float) -> Pcm:
    return tone(seconds, on_s=1, off_s=2, modulated_hz=16)


def busy(seconds: float) -> Pcm:
    return tone(seconds, on_s=0.5, off_s=0.5)


def music(seconds: float) -> Pcm:
    """A tune with overtones, three notes a second, each fading."""
    t = np.arange(int(seconds * RATE)) / RATE
    hz = np.array([261.6, 329.6, 392.0, 523.3, 440.0, 349.2, 293.7, 392.0])[(3 * t).astype(int) % 8]
    phase = 2 * np.pi * np.cumsum(hz) / RATE
    wave = np.sin(phase) + 0.5 * np.sin(2 * phase) + 0.3 * np.sin(3 * phase)
    return through(Law.MU, pcm=4000 * wave * np.exp(-2 * (3 * t % 1)))


def finder_of(wanted: Prompts, *parts: Pcm, search_s: float = 60) -> NoticeFinder:
    finder = NoticeFinder(wanted, search_s=search_s)
    finder.feed(0, np.concatenate(parts))
    return finder


def heard(wanted: Prompts, *parts: Pcm, search_s: float = 60) -> Heard | None:
    return finder_of(wanted, *parts, search_s=search_s).heard()


def matched_ms(finder: NoticeFinder) -> int:
    """What matched of all prompts, enough or not."""
    return sum(20 * int(np.count_nonzero(track.frames >= 0)) for track in finder._tracks)


JA, EN = "recorded-ja", "recorded-en"
WHOLE_MS = {JA: 8260, EN: 4520}
BEGINS = {JA: 1600, EN: 1920}  # samples of silence at the beginning of the file, to a cell


# --- heard ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [JA, EN])
@pytest.mark.parametrize("gain", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("laws", [(Law.MU,), (Law.A,), (Law.MU, Law.A, Law.MU), (Law.A, Law.MU)])
def test_whatever_the_law_and_the_gain_all_of_it_is_heard(laws: tuple[Law, ...], gain: float, name: str) -> None:
    line = through(*laws, pcm=np.clip(said(name) * gain, -32768, 32767))

    assert heard(prompts(name), line) == Heard(f"{name}.flac", WHOLE_MS[name], WHOLE_MS[name], BEGINS[name])


@pytest.fixture(scope="module")
def both() -> Prompts:
    return prompts(JA, EN)


@given(before=st.integers(0, 5 * RATE), after=st.integers(0, RATE), name=st.sampled_from([JA, EN]))
def test_wherever_it_begins_that_frame_is_told(before: int, after: int, name: str, both: Prompts) -> None:
    found = heard(both, np.zeros(before, np.int16), through(Law.MU, pcm=said(name)), np.zeros(after, np.int16))

    assert found == Heard(f"{name}.flac", WHOLE_MS[name], WHOLE_MS[name], before + BEGINS[name])


@pytest.mark.parametrize("seconds", [3.0, 7.31, 20.777])
@pytest.mark.parametrize("before", [ringing, busy, music])
def test_what_comes_before_does_not_matter(before: Callable[[float], Pcm], seconds: float) -> None:
    noise = before(seconds)

    found = heard(prompts(JA), noise, through(Law.MU, pcm=said(JA)))

    assert found == Heard(f"{JA}.flac", WHOLE_MS[JA], WHOLE_MS[JA], len(noise) + BEGINS[JA])


@pytest.mark.parametrize("name", [JA, EN])
def test_quiet_line_noise_costs_nothing_and_loud_noise_little(name: str) -> None:
    chance = np.random.default_rng(1)
    line = said(name)

    quiet = heard(prompts(name), through(Law.MU, pcm=line + chance.normal(0, 30, len(line))))
    loud = heard(prompts(name), through(Law.MU, pcm=line + chance.normal(0, 300, len(line))))

    assert quiet is not None and quiet.milliseconds >= 0.98 * WHOLE_MS[name]
    assert loud is not None and loud.milliseconds >= 0.7 * WHOLE_MS[name]


@pytest.mark.parametrize("seconds", [3.2, 4.1, 5.55, 7.9])
def test_of_a_caller_who_hangs_up_what_he_heard_counts(seconds: float) -> None:
    line = through(Law.MU, pcm=said(JA))[: BEGINS[JA] + int(seconds * RATE)]

    found = heard(prompts(JA), ringing(5), line)

    assert found is not None
    assert 1000 * seconds - 300 <= found.milliseconds <= 1000 * seconds  # a pause that nothing follows doesn't count


@pytest.mark.parametrize("seconds", [0.5, 1.5, 2.4])
def test_less_than_two_and_a_half_seconds_of_it_are_not_enough(seconds: float) -> None:
    line = through(Law.MU, pcm=said(JA))[: BEGINS[JA] + int(seconds * RATE)]

    assert heard(prompts(JA), line) is None


@pytest.mark.parametrize("cut", [3333, 12_345, 30_000])
def test_a_prompt_without_its_beginning(cut: int) -> None:
    found = heard(prompts(JA), through(Law.MU, pcm=said(JA))[cut:])

    assert found is not None
    missing_ms = (cut - BEGINS[JA]) / 8
    assert abs(found.milliseconds - (WHOLE_MS[JA] - missing_ms)) <= 200
    assert found.start_frame < 0.4 * RATE


@pytest.mark.parametrize("share", [0.02, 0.05, 0.1])
def test_packets_that_were_lost_do_not_count(share: float) -> None:
    chance = np.random.default_rng(7)
    line = through(Law.MU, pcm=said(JA))
    lost = np.flatnonzero(chance.random(len(line) // PACKET) < share)
    for packet in lost:
        line[packet * PACKET : (packet + 1) * PACKET] = 0

    wanted = prompts(JA)
    found = heard(wanted, np.zeros(37, np.int16), line)

    cells = lost - BEGINS[JA] // PACKET  # a packet is a cell here
    sounding = wanted.all[0].sounding
    missing = int(np.count_nonzero(sounding[cells[(cells >= 0) & (cells < len(sounding))]]))
    assert missing >= 2
    assert found is not None
    assert WHOLE_MS[JA] * (1 - share) - 20 * missing <= found.milliseconds <= WHOLE_MS[JA] - 20 * missing


def test_a_second_that_was_lost_does_not_count() -> None:
    line = through(Law.MU, pcm=said(JA))
    line[20_000:28_000] = 0

    found = heard(prompts(JA), line)

    # A pause of 0.2 s beside it was lost with it: who heard only one side of a pause can't tell how long it was.
    assert found is not None and abs(found.milliseconds - (WHOLE_MS[JA] - 1200)) <= 60


@pytest.mark.parametrize("inserted_ms", [20, 33, 60, 700])
def test_silence_put_in_the_middle_takes_nothing_away(inserted_ms: int) -> None:
    line = through(Law.A, pcm=said(JA))
    first, second, third = line[:21_000], line[21_000:40_000], line[40_000:]
    gap = silence(inserted_ms / 1000)

    found = heard(prompts(JA), first, gap, second, gap, third)

    assert found is not None and found.milliseconds >= WHOLE_MS[JA] - 60
    assert found.start_frame == BEGINS[JA]


@pytest.mark.parametrize("before", range(0, RATE, 500))
def test_a_jump_soon_after_the_beginning_loses_nothing_of_what_was_before_it(before: int) -> None:
    line = through(Law.MU, pcm=said(JA))
    at = BEGINS[JA] + 5120

    found = heard(prompts(JA), np.zeros(before, np.int16), line[:at], silence(0.06), line[at:])

    assert found is not None and found.milliseconds >= WHOLE_MS[JA] - 60
    assert found.start_frame == before + BEGINS[JA]


def test_what_a_jump_left_out_does_not_count() -> None:
    line = through(Law.MU, pcm=said(JA))

    found = heard(prompts(JA), line[:24_000], line[24_000 + 4000 :])

    assert found is not None and abs(found.milliseconds - (WHOLE_MS[JA] - 700)) <= 60  # with a pause, as above


def test_a_prompt_played_twice_counts_once() -> None:
    line = through(Law.MU, pcm=said(EN))
    half = line[: len(line) // 2]

    assert heard(prompts(EN), line, line) == heard(prompts(EN), line)
    assert heard(prompts(EN), half, silence(2), line) == Heard(
        f"{EN}.flac", WHOLE_MS[EN], WHOLE_MS[EN], BEGINS[EN]
    )


def test_a_file_that_says_the_same_twice_is_heard_wholly(tmp_path: Path) -> None:
    twice = np.concatenate((said(EN), said(EN)))
    soundfile.write(tmp_path / "twice.wav", twice, RATE)
    wanted = Prompts.load([tmp_path / "twice.wav"])

    for before_s in (4, 4.25, 4.5, 4.75):
        found = heard(wanted, ringing(before_s), through(Law.MU, pcm=twice))

        assert found is not None and found.milliseconds == found.of_milliseconds > 2 * WHOLE_MS[EN]


@pytest.mark.parametrize("before_s", [2.0, 2.3, 2.6, 2.9])
def test_of_two_prompts_that_begin_alike_the_one_that_went_on_is_named(before_s: float) -> None:
    for name in (JA, "busy-ja"):
        found = heard(prompts(JA, "busy-ja"), music(before_s), through(Law.MU, pcm=said(name)))

        assert found is not None and found.prompt == f"{name}.flac"
        assert found.milliseconds == found.of_milliseconds


def test_a_prompt_of_another_rate_with_two_channels_is_the_same_prompt(tmp_path: Path) -> None:
    high = soxr.resample(said(JA).astype(np.float32) / 32768, RATE, 44_100)
    soundfile.write(tmp_path / "high.wav", np.stack((high, high), axis=1), 44_100)

    found = heard(Prompts.load([tmp_path / "high.wav"]), through(Law.MU, pcm=said(JA)))

    assert found is not None and found.milliseconds >= 0.99 * found.of_milliseconds


# --- not heard --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name, other",
    [(name, other) for name in (JA, EN) for other in (JA, EN, "busy-ja", "closed-ja", "closed-en") if name != other],
)
def test_other_words_of_the_same_voice_are_not_the_notice(name: str, other: str) -> None:
    line = through(Law.MU, pcm=said(other))
    finder = finder_of(prompts(name), line, line[1234:], line, silence(1))

    assert finder.heard() is None
    # busy-ja begins with the very sentence that recorded-ja begins with: that matches, and is too short to count.
    assert (matched_ms(finder) > 1000) == ({name, other} == {JA, "busy-ja"})
    assert matched_ms(finder) < 1900


@pytest.mark.parametrize("sound", [ringing, busy, music, silence])
def test_no_tone_tune_or_silence_is_the_notice(sound: Callable[[float], Pcm]) -> None:
    finder = finder_of(prompts(JA, EN), sound(60))

    assert finder.heard() is None
    assert matched_ms(finder) == 0


def test_a_beep_in_the_prompt_is_not_heard_in_a_ringing_tone(tmp_path: Path) -> None:
    beep = tone(1.5, on_s=2, off_s=1)
    soundfile.write(tmp_path / "beep.wav", np.concatenate((beep, said(EN))), RATE)

    assert heard(Prompts.load([tmp_path / "beep.wav"]), ringing(20), busy(20)) is None


def test_noise_is_not_the_notice() -> None:
    noise = np.random.default_rng(3).normal(0, 3000, 60 * RATE).astype(np.int16)

    assert matched_ms(finder_of(prompts(JA, EN), noise)) == 0


def test_nobody_who_speaks_in_the_demo_says_any_prompt(demo_capture: Path) -> None:
    """Two people who speak Japanese and two who speak English, by the engine that said the prompts."""
    streams: dict[bytes, list[bytes]] = defaultdict(list)
    with demo_capture.open("rb") as file:
        for _, frame in dpkt.pcap.Reader(file):
            data = bytes(dpkt.ethernet.Ethernet(frame).data.data.data)
            if len(data) == 172 and data[0] == 0x80 and data[1] & 0x7F == 0:
                streams[data[8:12]].append(data[12:])
    speech = [TABLE[Law.MU][np.frombuffer(b"".join(packets), np.uint8)] for packets in streams.values()]
    names = [path.stem for path in sorted(FOLDER.glob("*.flac"))]

    assert len(speech) == 4 and len(names) == 5
    assert sum(len(line) for line in speech) > 90 * RATE
    assert [matched_ms(finder_of(prompts(name), line)) for name in names for line in speech] == [0] * 20


# --- blocks, time and memory ------------------------------------------------------------------------------------


def a_hard_call() -> Pcm:
    """Ringing, half a prompt, silence put in, packets lost, the rest, music."""
    line = through(Law.A, Law.MU, pcm=said(JA))
    line[30_000:30_320] = 0
    return np.concatenate(
        (ringing(2.3), line[:24_000], silence(0.04), line[24_000:50_000], music(1.7), line[50_000:], music(4))
    )


HARD = a_hard_call()


@given(cuts=st.lists(st.integers(0, len(HARD)), max_size=25), begins=st.sampled_from([0, 17, 1 << 40]))
def test_however_it_is_cut_the_result_is_the_same(cuts: list[int], begins: int, both: Prompts) -> None:
    whole = NoticeFinder(both)
    whole.feed(begins, HARD)
    pieces = NoticeFinder(both)
    edges = [0, *sorted(cuts), len(HARD)]
    for lo, hi in zip(edges, edges[1:], strict=False):
        pieces.feed(begins + lo, HARD[lo:hi])
        pieces.heard()  # to ask changes nothing

    assert pieces.heard() == whole.heard() is not None
    for one, other in zip(pieces._tracks, whole._tracks, strict=True):
        assert np.array_equal(one.frames, other.frames)


@given(end=st.integers(0, len(HARD)), cut=st.integers(1, 30_000))
def test_wherever_the_call_ends_the_result_is_the_same(end: int, cut: int, both: Prompts) -> None:
    pieces = NoticeFinder(both)
    for lo in range(0, end, cut):
        pieces.feed(lo, HARD[lo : min(end, lo + cut)])

    assert pieces.heard() == heard(both, HARD[:end])


@pytest.mark.parametrize("end", range(9 * RATE, 14 * RATE, 5000))
def test_to_ask_changes_nothing(end: int, both: Prompts) -> None:
    finder = finder_of(both, HARD[:end])
    before = [(track.frames.copy(), track.lies_at, track.last) for track in finder._tracks]
    in_vain = finder._in_vain
    finder.heard()

    assert finder._in_vain == in_vain
    for track, (frames, lies_at, last) in zip(finder._tracks, before, strict=True):
        assert np.array_equal(track.frames, frames) and (track.lies_at, track.last) == (lies_at, last)


def test_frames_that_no_block_brought_are_silence_and_frames_brought_twice_are_ignored() -> None:
    line = through(Law.MU, pcm=said(JA))
    zeroed = line.copy()
    zeroed[20_000:27_000] = 0
    wanted = prompts(JA)
    gap = NoticeFinder(wanted)
    gap.feed(0, line[:20_000])
    gap.feed(15_000, line[15_000:20_000])
    gap.feed(27_000, line[27_000:])

    assert gap.heard() == heard(wanted, zeroed)


def test_a_gap_of_a_year_ends_the_search_at_once() -> None:
    finder = NoticeFinder(prompts(JA))
    finder.feed(0, silence(1))
    finder.feed(RATE * 86_400 * 365, through(Law.MU, pcm=said(JA)))

    assert finder.done
    assert finder.heard() is None


def test_beyond_the_time_of_the_search_nothing_is_found() -> None:
    line = through(Law.MU, pcm=said(JA))

    assert heard(prompts(JA), silence(20), line, search_s=15) is None
    assert heard(prompts(JA), silence(20), line, search_s=25) is not None


def test_what_has_begun_in_time_is_followed_to_its_end() -> None:
    finder = finder_of(prompts(JA), silence(10), through(Law.MU, pcm=said(JA)), silence(2), search_s=12)

    assert finder.done
    found = finder.heard()
    assert found is not None and found.milliseconds == WHOLE_MS[JA]


def test_once_it_was_heard_wholly_the_finder_is_done_and_keeps_no_audio() -> None:
    finder = finder_of(prompts(JA, EN), through(Law.MU, pcm=said(JA)), silence(1))
    before = finder.heard()

    assert finder.done and not len(finder._audio)
    finder.feed(20 * RATE, through(Law.MU, pcm=said(EN)))
    assert finder.heard() == before


def test_a_finder_holds_little() -> None:
    finder = NoticeFinder(prompts(JA, EN), search_s=600)
    speech = through(Law.MU, pcm=said("closed-ja"))
    most = 0
    for number in range(20):
        finder.feed(number * len(speech), speech)
        assert finder._audio.base is None  # it doesn't keep the block alive that it came in
        most = max(most, finder._audio.nbytes + sum(track.frames.nbytes for track in finder._tracks))

    assert not finder.done
    assert most <= 2 * (BEFORE + HOP) + 8 * (WHOLE_MS[JA] + WHOLE_MS[EN]) // 20


def test_without_prompts_there_is_nothing_to_do() -> None:
    finder = NoticeFinder(Prompts.load([]))
    finder.feed(0, ringing(3))

    assert finder.done and finder.heard() is None


# --- prompts that can't be used ---------------------------------------------------------------------------------


def written(folder: Path, name: str, samples: NDArray[np.generic]) -> Path:
    soundfile.write(folder / name, samples, RATE, subtype="FLOAT" if samples.dtype.kind == "f" else "PCM_16")
    return folder / name


def test_each_file_that_can_not_serve_is_named_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "text.wav").write_text("RIFF, but not really")
    speech = np.tile(said(JA), 5)
    cases = {
        tmp_path / "missing.wav": "is not there",
        tmp_path: "is no file",
        tmp_path / "text.wav": "is no audio file that can be read",
        written(tmp_path, "silent.wav", silence(5)): "is silent",
        written(tmp_path, "empty.wav", silence(0)): "is silent",
        written(tmp_path, "short.wav", said(JA)[BEGINS[JA] : BEGINS[JA] + 7000]): "s of sound; a prompt has 1 to 30 s",
        written(tmp_path, "long.wav", speech): "s of sound; a prompt has 1 to 30 s",
        written(tmp_path, "very-long.wav", silence(121)): "lasts longer than 120 s",
        written(tmp_path, "odd.wav", np.full(16_000, np.nan, np.float32)): "holds samples that are no numbers",
    }
    for path, reason in cases.items():
        with pytest.raises(UnusablePrompt) as refused:
            Prompts.load([FOLDER / f"{EN}.flac", path])
        assert path.name in refused.value.sentence and reason in refused.value.sentence


def test_prompts_that_are_too_long_together_are_refused() -> None:
    with pytest.raises(UnusablePrompt, match="of sound together; 60 s are the most"):
        Prompts.load([FOLDER / f"{JA}.flac"] * 8)


def test_what_reads_files_is_not_imported_before_there_is_a_file() -> None:
    script = "import sys, recorder.notice; print(*[name for name in ('soundfile', 'soxr') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == ""


# --- against slow twins -----------------------------------------------------------------------------------------


def slow_band(samples: NDArray[np.float32]) -> NDArray[np.complex128]:
    """A band-pass by the book: shift the middle of the band to 0 Hz, low-pass, take every sixteenth sample."""
    n = np.arange(TAPS) - (TAPS - 1) / 2
    low, high = BAND_HZ
    taps = np.sinc(n * (high - low) / RATE) * np.hamming(TAPS)
    turning = np.exp(-1j * np.pi * (low + high) * n / RATE)
    places = range(0, len(samples) // STEP * STEP - TAPS + 1, STEP)
    return np.array([np.sum(samples[at : at + TAPS] * taps * turning) for at in places])


def test_the_band_is_that_of_a_filter_by_the_book() -> None:
    samples = said(JA)[5000 : 5000 + 2345].astype(np.float32)

    assert np.allclose(band(samples), slow_band(samples), atol=1e-3 * np.abs(slow_band(samples)).max())


def test_the_band_holds_what_it_is_named_for_and_little_else() -> None:
    t = np.arange(RATE) / RATE
    strength = {hz: float(np.abs(band(np.sin(2 * np.pi * hz * t).astype(np.float32))).mean()) for hz in
                (50, 150, 350, 525, 700, 900, 2000, 3000)}  # fmt: skip
    inside = min(strength[350], strength[525], strength[700])

    assert all(strength[hz] < 0.1 * inside for hz in (50, 150, 900, 2000, 3000))


@pytest.mark.parametrize("at", [0, 9000, 33_333])
def test_scores_are_those_of_a_correlation_written_out(at: int) -> None:
    wanted = prompts(EN)
    hop = through(Law.MU, pcm=said(EN))[at : at + HOP].astype(np.float32)
    probe = slow_band(hop)
    values = slow_band(np.concatenate((wanted.all[0].samples, np.zeros(TAPS, np.float32))))
    lead = 280
    padded = np.concatenate((np.zeros(lead), values, np.zeros(len(band(np.zeros(HOP, np.float32))))))
    windows = np.array([padded[place : place + len(probe)] for place in range(lead + len(values))])
    energy = np.sum(np.abs(windows) ** 2, axis=1)
    slow = np.abs(windows @ probe.conj()) ** 2 / np.maximum(energy, 0.1 * energy.max()) / np.sum(np.abs(probe) ** 2)

    if len(hop) == HOP:  # a shorter piece is weighed by the energy of a whole one
        assert np.allclose(wanted.index.scores(hop)[: len(slow)], slow, atol=0.01)
    [(number, sample)] = wanted.index.candidates(hop, beside=False)
    assert number == 0
    assert abs(sample - (at - BEGINS[EN])) <= 2 * STEP
    assert abs((int(slow.argmax()) - lead) * STEP - sample) <= STEP


def test_cells_are_alike_as_a_loop_finds_them() -> None:
    one = said(JA)[1600 : 1600 + 200 * CELL].astype(np.float32)
    chance = np.random.default_rng(5)
    other = one + np.repeat(chance.choice([0, 300, 3000], 200), CELL).astype(np.float32) * chance.normal(0, 1, len(one))
    other[40 * CELL : 43 * CELL] = 0

    def correlation(lo: int, hi: int) -> float:
        a, b = (part[max(0, lo) * CELL : hi * CELL].astype(np.float64) for part in (one, other))
        return float(a @ b / max(1e-9, np.sqrt((a @ a) * (b @ b))))

    alone = [correlation(cell, cell + 1) for cell in range(200)]
    together = [correlation(cell - 1, cell + 2) for cell in range(200)]
    slow = [a >= 0.8 or (b >= 0.7 and a >= 0.4) for a, b in zip(alone, together, strict=True)]
    assert 20 < sum(slow) < 180
    assert alike(one, other.astype(np.float32)).tolist() == slow
