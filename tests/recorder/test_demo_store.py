"""`recorder demo-store`: a store to try things on, which nobody can take for a real one."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import soundfile
from click.testing import CliRunner

from recorder.__main__ import main
from recorder.cli import program
from recorder.demo.office import calls_of, calls_of_day, days_until
from tests.recorder.stores import a_call, a_store


def run(*arguments: str | Path) -> str:
    result = CliRunner().invoke(program, [str(argument) for argument in arguments], standalone_mode=False)
    assert (result.exception, result.return_value) == (None, 0)
    return result.stdout


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("demo") / "store"
    run("demo-store", "--store", path, "--days", "8", "--calls-per-day", "40", "--until", "2026-03-02")
    return path


@pytest.fixture(scope="module")
def calls(store: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in run("calls", "--store", store, "--json").splitlines()]


def test_every_call_says_that_it_is_made_up(calls: list[dict[str, Any]]) -> None:
    assert len(calls) > 100
    assert all("synthetic" in call["flags"] for call in calls)
    numbers = {number for call in calls for number in (call["caller"], call["callee"]) if number}
    assert all(number.startswith(("02300", "09000")) for number in numbers), "a number that somebody may have"


def test_nothing_in_it_is_altered_lost_or_added(store: Path) -> None:
    assert main(["verify", "--store", str(store)]) == 0


def test_its_recordings_are_as_long_as_the_talk_and_not_silent(store: Path, calls: list[dict[str, Any]]) -> None:
    recorded = [call for call in calls if call["outcome"] == "recorded"]
    for call in recorded[:20]:
        samples, rate = soundfile.read(store / call["recording"]["path"], dtype="int16")

        assert len(samples) / rate == pytest.approx(call["duration_s"], abs=0.02)
        assert samples.any()


def test_days_have_the_rhythm_of_an_office() -> None:
    """From Monday to Friday, by day; the night and the weekend have next to nothing."""
    made = list(calls_of(days_until(date(2026, 3, 29), 28), 100))

    by_weekday = Counter(date.fromisoformat(call.id[5:9] + "-" + call.id[9:11] + "-" + call.id[11:13]).weekday()
                         for call in made)  # fmt: skip
    assert min(by_weekday[day] for day in range(5)) > 5 * max(by_weekday[5], by_weekday[6])
    outcomes = Counter(call.outcome for call in made)
    assert set(outcomes) == {"recorded", "unanswered", "excluded"}
    flags = Counter(flag for call in made for flag in call.flags)
    assert flags["withheld"] and flags["transferred"] and flags["payphone"]


def test_a_day_is_the_same_whatever_else_is_made() -> None:
    day = date(2026, 3, 2)

    assert calls_of_day(day, 40) == [call for call in calls_of([day, date(2026, 3, 3)], 40) if "20260302" in call.id]
    assert calls_of_day(day, 40, seed=2) != calls_of_day(day, 40)


def test_what_is_there_already_stays(store: Path) -> None:
    said = run("demo-store", "--json", "--store", store, "--days", "3", "--calls-per-day", "40", "--until=2026-03-02")

    assert json.loads(said)["calls"] == 0
    assert json.loads(said)["already_there"] > 40


def test_a_store_of_real_calls_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asyncio.run(a_store(tmp_path / "real", [(a_call("1", outcome="unanswered", answered_ns=None), None)]))

    assert main(["demo-store", "--store", str(tmp_path / "real"), "--days", "1"]) == 2
    assert "has calls of real people, such as 1" in capsys.readouterr().err
