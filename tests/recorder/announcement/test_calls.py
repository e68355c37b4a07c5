"""The unit and a real peer: sipp as the exchange, the unit as a process, audio as the kernel got it."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from capture.media.g711 import SILENCE, Law
from recorder.announcement import prompts
from tests.recorder.announcement.peers import HOST, PROMPT, Announcer, Listener, announcing, calling, sipp

SHORT_S = 1.6
PAUSE = 10  # packets of 20 ms: the default of pause_ms


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The beginning of a real prompt: the tests needn't hear all of it."""
    samples, rate = soundfile.read(PROMPT)
    path = tmp_path_factory.mktemp("prompt") / "short.wav"
    soundfile.write(path, samples[: int(SHORT_S * rate)], rate)
    return path


SILENT = '[[announcement.silent]]\nlines = ["0238201199"]\nreason = "urgent"\n'


@pytest.fixture(scope="module")
def unit(tmp_path_factory: pytest.TempPathFactory, short: Path) -> Iterator[Announcer]:
    """One unit for all; its exchange is known by its address, so that sipp may have any port."""
    with announcing(tmp_path_factory.mktemp("unit"), f"{HOST}:5060", prompts=play(short) + SILENT) as one:
        yield one


@pytest.fixture(scope="module")
def early_unit(tmp_path_factory: pytest.TempPathFactory, short: Path) -> Iterator[Announcer]:
    """The same with early media."""
    folder = tmp_path_factory.mktemp("early")
    with announcing(folder, f"{HOST}:5060", prompts=play(short), announcement='play = "early"') as one:
        yield one


@pytest.fixture
def listener() -> Iterator[Listener]:
    one = Listener()
    yield one
    one.close()


def play(short: Path) -> str:
    return f'[[announcement.prompts]]\nfile = "{short}"\n'


def assert_is_prompt(audio: bytes, short: Path, law: Law = Law.MU) -> None:
    """Bit for bit, behind the silence while the exchange connects the two."""
    lead = bytes([SILENCE[law]]) * (PAUSE * 160)
    assert audio == lead + prompts.load(short).codes[law]


def test_a_caller_hears_the_prompt_bit_for_bit_and_is_hung_up_on(
    tmp_path: Path, unit: Announcer, short: Path, listener: Listener
) -> None:
    [record] = calling("hear", unit, tmp_path, listener.port)

    [heard] = listener.heard.values()
    assert_is_prompt(heard.audio, short)
    steps = np.diff(np.array(heard.timestamps)) % 2**32
    assert set(steps) == {160} and set(np.diff(np.array(heard.sequence)) % 2**16) == {1}
    assert heard.kinds[0] == 0x80 and set(heard.kinds[1:]) == {0}  # the marker at the beginning of speech
    assert len(heard.sources) == 1
    assert (record.caller, record.line, record.how) == ("0236411212", "0238201111", "answered")
    assert record.of_call_id == "trunk-1@192.0.2.1"
    assert record.sha256 == hashlib.sha256(short.read_bytes()).hexdigest()
    assert (record.milliseconds, record.of_milliseconds, record.ended_by) == (1600, 1600, "unit")
    assert record.complete


def test_the_exchange_chooses_the_law(tmp_path: Path, unit: Announcer, short: Path, listener: Listener) -> None:
    calling("hear-alaw", unit, tmp_path, listener.port)

    [heard] = listener.heard.values()
    assert_is_prompt(heard.audio, short, Law.A)
    assert set(heard.kinds[1:]) == {8}


def test_early_media_is_played_and_then_refused(
    tmp_path: Path, early_unit: Announcer, short: Path, listener: Listener
) -> None:
    [record] = calling("early", early_unit, tmp_path, listener.port)

    [heard] = listener.heard.values()
    assert_is_prompt(heard.audio, short)
    assert (record.how, record.ended_by, record.complete) == ("early", "unit", True)


@pytest.mark.parametrize("scenario", ["leave", "cancel"])
def test_who_hangs_up_before_the_end_is_told_with_what_was_heard(
    tmp_path: Path, unit: Announcer, early_unit: Announcer, listener: Listener, scenario: str
) -> None:
    [record] = calling(scenario, early_unit if scenario == "cancel" else unit, tmp_path, listener.port)

    assert record.ended_by == "exchange" and not record.complete
    [heard] = listener.heard.values()
    assert 500 <= record.milliseconds <= 1100
    assert record.milliseconds == (len(heard.payloads) - PAUSE) * 20


def test_an_urgent_line_goes_on_at_once_and_its_reason_is_kept(tmp_path: Path, unit: Announcer) -> None:
    [record] = calling("refused-480", unit, tmp_path, 9, line="0238201199")

    assert (record.reason, record.prompt, record.milliseconds, record.complete) == ("urgent", None, 0, False)


@pytest.mark.parametrize("scenario, reason", [
    ("refused-488", "no_common_codec"), ("refused-420", "unsupported_extension"),
])  # fmt: skip
def test_what_cannot_be_played_is_refused_and_kept(
    tmp_path: Path, unit: Announcer, scenario: str, reason: str
) -> None:
    [record] = calling(scenario, unit, tmp_path, 9)

    assert record.reason == reason and not record.complete


@pytest.mark.parametrize("scenario", ["no-ack", "no-bye-answer"])
def test_what_nobody_confirms_is_sent_again(
    tmp_path: Path, unit: Announcer, short: Path, listener: Listener, scenario: str
) -> None:
    before = unit.figures()["counts"].get("sip_sent_again", 0)

    [record] = calling(scenario, unit, tmp_path, listener.port)

    assert record.complete
    assert_is_prompt(next(iter(listener.heard.values())).audio, short)
    time.sleep(1.1)  # for the unit to say how it is
    assert unit.figures()["counts"]["sip_sent_again"] >= before + 2


def test_audio_follows_a_reinvite_without_losing_a_packet(
    tmp_path: Path, unit: Announcer, short: Path, listener: Listener
) -> None:
    other = Listener()
    calling("moves", unit, tmp_path, listener.port, keys={"moved": str(other.port)})
    other.close()

    [before], [after] = listener.heard.values(), other.heard.values()
    assert_is_prompt(before.audio + after.audio, short)


def test_an_exchange_that_asks_gets_an_answer(tmp_path: Path, unit: Announcer) -> None:
    calling("asks", unit, tmp_path, 9, records=0)


def test_one_call_too_many_is_refused_so_that_the_section_rings(tmp_path: Path, listener: Listener) -> None:
    with announcing(tmp_path, f"{HOST}:5060", announcement="at_once = 1") as unit:
        first = threading.Thread(target=sipp, args=("hear", unit, tmp_path, listener.port))
        first.start()
        while not listener.heard:
            time.sleep(0.01)
        done = sipp("busy", unit, tmp_path, 9)
        unit.stop()
        first.join()
        records = unit.records(2)

    assert done.returncode == 0, done.stdout
    assert sorted(str(record.reason) for record in records) == ["stopped", "too_many_at_once"]


def test_a_hundred_at_once_each_complete_and_bit_for_bit(
    tmp_path: Path, unit: Announcer, listener: Listener, short: Path
) -> None:
    """How evenly they are paced is measured by bench.announce; here nothing may be lost or mixed up."""
    records = calling("hear", unit, tmp_path, listener.port, calls=100, records=100)

    assert len(listener.heard) == 100
    for heard in listener.heard.values():
        assert_is_prompt(heard.audio, short)
    assert all(record.complete for record in records) and len({record.call_id for record in records}) == 100


def test_stopping_hangs_up_and_keeps_what_was_played(tmp_path: Path, listener: Listener) -> None:
    done = []
    with announcing(tmp_path, f"{HOST}:5060") as unit:
        caller = threading.Thread(target=lambda: done.append(sipp("hear", unit, tmp_path, listener.port)))
        caller.start()
        while not listener.heard:
            time.sleep(0.01)
        time.sleep(0.5)
        assert unit.stop() == 0
        caller.join()
        [record] = unit.records()

    assert done[0].returncode == 0  # it was hung up on as after the end
    assert (record.ended_by, record.reason, record.complete) == ("unit", "stopped", False)
    assert 0 < record.milliseconds < 2000


def test_what_the_office_approved_at_the_desk_is_played_without_a_restart(
    tmp_path: Path, short: Path, listener: Listener
) -> None:
    """And what it spoilt changes nothing."""
    changes, other = tmp_path / "office.toml", tmp_path / "other.wav"
    samples, rate = soundfile.read(PROMPT)
    soundfile.write(other, samples[int(SHORT_S * rate) : int(2.7 * rate)], rate)
    tables = play(short) + f'[desk]\nchanges = "{changes}"\n'
    with announcing(tmp_path, f"{HOST}:5060", prompts=tables) as unit:
        changes.write_text(play(other))
        unit.wait_for("The office's settings were read again: 1 prompts.")
        [now] = calling("hear", unit, tmp_path, listener.port)
        changes.write_text("[announcement\n")
        unit.wait_for("What is announced stays as it was.")
        [then] = calling("hear", unit, tmp_path, listener.port)
        status = unit.stop()

    for one in listener.heard.values():
        assert_is_prompt(one.audio, other)
    assert len(listener.heard) == 2 and status == 0
    assert now.sha256 == then.sha256 == hashlib.sha256(other.read_bytes()).hexdigest()
