"""Which prompt a caller hears: by line, by time of day, on holidays; and where there is none, why."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from capture.media.g711 import TABLE, Law
from recorder.announcement import prompts
from recorder.announcement.choice import NO_PROMPT, Choice
from recorder.announcement.prompts import Prompt
from recorder.announcement.timetable import Timetable, When
from recorder.notice.prompts import UnusablePrompt
from recorder.problems import Unusable
from recorder.settings.announcing import Announcement, PromptRule, SilentLine
from recorder.times import time_ns

ROOT = Path(__file__).resolve().parents[3]
HOURS = ("Mon-Fri 08:30-17:15",)
NEW_YEAR = ("12-29", "12-30", "12-31", "01-02", "01-03")


@pytest.mark.parametrize("at, when", [
    ("2026-11-24T08:29:59", When.CLOSED),
    ("2026-11-24T08:30:00", When.OPEN),
    ("2026-11-24T17:14:59", When.OPEN),
    ("2026-11-24T17:15:00", When.CLOSED),  # the end is no longer open
    ("2026-11-21T10:00:00", When.CLOSED),  # a Saturday
    ("2026-11-23T10:00:00", When.HOLIDAY),  # 勤労感謝の日, a Monday
    ("2026-05-06T10:00:00", When.HOLIDAY),  # 振替休日: the 3rd was a Sunday
    ("2026-09-22T10:00:00", When.HOLIDAY),  # 国民の休日: between two holidays
    ("2026-12-29T10:00:00", When.HOLIDAY),  # the office's own
    ("2026-12-28T10:00:00", When.OPEN),
    ("2026-08-14T10:00:00", When.HOLIDAY),  # once
    ("2027-08-13T10:00:00", When.OPEN),
])  # fmt: skip
def test_an_office_is_open_closed_or_has_a_holiday(at: str, when: When) -> None:
    table = Timetable(HOURS, closed_days=(*NEW_YEAR, "2026-08-14"), public_holidays=True)

    assert table.at(time_ns(at)) is when


def test_an_office_that_works_on_holidays_says_so() -> None:
    table = Timetable(("Sat-Mon 00:00-24:00",), closed_days=(), public_holidays=False)

    assert table.at(time_ns("2026-11-23T23:59:59")) is When.OPEN
    assert table.at(time_ns("2026-11-24T00:00:00")) is When.CLOSED


@pytest.mark.parametrize("spans, days", [(("Mon 25:00-26:00",), ()), (("Mon 17:00-08:00",), ()), ((), ("02-30",))])
def test_hours_that_cannot_be_are_refused(spans: tuple[str, ...], days: tuple[str, ...]) -> None:
    with pytest.raises(Unusable, match="announcement"):
        Timetable(spans, closed_days=days, public_holidays=False)


def named(path: Path) -> Prompt:
    return Prompt(path.name, "", 1000, {})


def heard(settings: Announcement, line: str | None, at: str) -> str:
    found = Choice(settings, named).of(line, time_ns(at))
    return found if isinstance(found, str) else found.name


def test_the_first_prompt_that_fits_line_and_time_is_played() -> None:
    settings = Announcement(
        prompts=(
            PromptRule(file=Path("tax.wav"), lines=("02364113XX",), when="open"),
            PromptRule(file=Path("new-year.wav"), when="holiday"),
            PromptRule(file=Path("closed.wav"), when="closed"),
            PromptRule(file=Path("open.wav")),
        )
    )

    assert heard(settings, "0236411301", "2026-11-24T10:00") == "tax.wav"
    assert heard(settings, "0236411301", "2026-11-24T18:00") == "closed.wav"
    assert heard(settings, "0236411212", "2026-11-24T10:00") == "open.wav"
    assert heard(settings, "0236411212", "2026-11-23T10:00") == "new-year.wav"
    assert heard(settings, None, "2026-11-24T10:00") == "open.wav"


def test_closed_is_for_holidays_too_if_nothing_else_is_named() -> None:
    settings = Announcement(prompts=(PromptRule(file=Path("closed.wav"), when="closed"),))

    assert heard(settings, "1", "2026-11-23T10:00") == "closed.wav"


def test_an_urgent_line_has_no_notice_and_its_reason_is_told() -> None:
    settings = Announcement(
        prompts=(PromptRule(file=Path("open.wav"), when="open"),),
        silent=(SilentLine(lines=("0236411299",), reason="urgent"),),
    )

    assert heard(settings, "0236411299", "2026-11-24T10:00") == "urgent"
    assert heard(settings, "0236411212", "2026-11-24T20:00") == NO_PROMPT


def write(path: Path, samples: np.ndarray, rate: int, **more: str) -> Path:
    soundfile.write(path, samples, rate, **more)
    return path


@pytest.mark.parametrize("law", list(Law))
def test_what_was_g711_before_is_sent_as_it_was(tmp_path: Path, law: Law) -> None:
    codes = np.random.default_rng(7).integers(0, 256, 8000).astype(np.uint8)
    values = TABLE[law][codes]
    prompt = prompts.load(write(tmp_path / "a.wav", values, 8000))

    sent = np.frombuffer(prompt.codes[law], np.uint8)

    assert np.array_equal(TABLE[law][sent], values)
    assert prompt.milliseconds == 1000 and prompt.packets == 50


@pytest.mark.parametrize("law", list(Law))
def test_each_sample_becomes_the_nearest_code_word(law: Law) -> None:
    samples = np.arange(-32768, 32768).astype(np.float32)

    sent = TABLE[law][np.frombuffer(prompts.encoded(samples, law), np.uint8)[: len(samples)]]

    nearest = np.abs(samples[::97, None] - np.unique(TABLE[law])[None, :]).min(axis=1)
    assert np.array_equal(np.abs(sent[::97] - samples[::97]), nearest)


def test_other_rates_and_stereo_become_the_same_sound(tmp_path: Path) -> None:
    moments = np.arange(48000 * 2) / 48000
    tone = 0.5 * np.sin(2 * np.pi * 440 * moments)
    prompt = prompts.load(write(tmp_path / "a.flac", np.stack([tone, tone], 1), 48000))

    sent = TABLE[Law.MU][np.frombuffer(prompt.codes[Law.MU], np.uint8)] / 32768

    wanted = 0.5 * np.sin(2 * np.pi * 440 * np.arange(16000) / 8000)
    error = (sent - wanted)[400:-400]
    assert 10 * np.log10(np.mean(wanted**2) / np.mean(error**2)) > 33  # µ-law's own noise is at about 37 dB


def test_a_prompt_is_read_where_memory_is_never_both_written_and_run(tmp_path: Path) -> None:
    """As MemoryDenyWriteExecute= of the units has it (PR_SET_MDWE; kernels older than 6.3 don't know it)."""
    path = write(tmp_path / "a.flac", 0.5 * np.sin(np.arange(8000)), 8000)
    script = (
        "import ctypes, sys; from pathlib import Path; from recorder.announcement import prompts; import soundfile\n"
        "if ctypes.CDLL(None).prctl(65, 1, 0, 0, 0): raise SystemExit(77)\n"
        "print(prompts.load(Path(sys.argv[1])).milliseconds)"
    )

    done = subprocess.run([sys.executable, "-c", script, str(path)], capture_output=True, text=True, cwd=ROOT)

    if done.returncode == 77:
        pytest.skip("kernel: no PR_SET_MDWE")
    assert done.stdout == "1000\n", done.stderr


@pytest.mark.parametrize("seconds, loud, words", [
    (0.2, 0.5, "lasts 0.2 s"), (130, 0.5, "lasts"), (2, 0, "silent"), (None, 0, "is not there"),
])  # fmt: skip
def test_a_prompt_that_cannot_serve_is_refused_by_name(
    tmp_path: Path, seconds: float | None, loud: float, words: str
) -> None:
    path = tmp_path / "prompt.wav"
    if seconds is not None:
        write(path, loud * np.sin(np.arange(int(seconds * 8000))), 8000)

    with pytest.raises(UnusablePrompt, match=words) as refused:
        prompts.load(path)

    assert "prompt.wav" in str(refused.value)
