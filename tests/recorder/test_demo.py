"""`make demo`, from the capture that ships to WAV files, against what was said in it."""

from __future__ import annotations

import json
import re
import shlex
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner

from recorder.cli import program

ROOT = Path(__file__).resolve().parents[2]
CHANNEL = {"caller": 0, "callee": 1}


def run(*arguments: str | Path) -> str:
    result = CliRunner().invoke(program, [str(argument) for argument in arguments], standalone_mode=False)
    assert (result.exception, result.return_value) == (None, 0)
    return result.stdout


@pytest.fixture(scope="module")
def store(demo_capture: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("demo") / "store"
    run("replay", "--store", path, demo_capture)
    return path


@pytest.fixture(scope="module")
def pairs(demo_capture: Path, store: Path) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Each call as it was made, with the same as it was recorded."""
    truth = json.loads(demo_capture.with_suffix(".truth.json").read_text("utf-8"))["calls"]
    calls = [json.loads(line) for line in run("calls", "--store", store, "--json").splitlines()]
    return list(zip(truth, calls, strict=True))


def test_numbers_times_and_streams_are_those_of_the_calls(pairs: list[tuple[dict[str, Any], dict[str, Any]]]) -> None:
    for made, call in pairs:
        assert (call["caller"], call["callee"], call["call_ids"]) == (made["caller"], made["callee"], [made["call_id"]])
        assert (call["outcome"], call["end_reason"], call["flags"]) == ("recorded", "bye", [])
        for ours, theirs in (("started", "invited"), ("answered", "answered"), ("ended", "ended")):
            assert datetime.fromisoformat(call[f"{ours}_at"]).timestamp() == pytest.approx(
                float(made[f"{theirs}_at"]), abs=2e-6
            )
        kept = {stream["party"]: stream for stream in call["recording"]["streams"]}
        for stream in made["streams"]:
            assert {name: kept[stream["party"]][name] for name in ("ssrc", "source", "destination", "packets")} == {
                name: stream[name] for name in ("ssrc", "source", "destination", "packets")
            }


def test_each_person_is_heard_on_the_own_side_alone(
    store: Path, pairs: list[tuple[dict[str, Any], dict[str, Any]]]
) -> None:
    for made, call in pairs:
        sound, rate = soundfile.read(store / call["recording"]["path"], dtype="int16")
        loudness = []
        for line in made["spoken"]:
            middle = sound[int((line["at_s"] + 0.2) * rate) : int((line["at_s"] + line["lasts_s"] - 0.2) * rate)]
            loud = np.sqrt(np.mean(middle.astype(np.float64) ** 2, axis=0))
            loudness.append((loud[CHANNEL[line["party"]]] > 500, loud[1 - CHANNEL[line["party"]]] < 20))

        assert loudness == [(True, True)] * len(made["spoken"])


def test_nothing_is_found_wrong_with_the_store(store: Path) -> None:
    run("verify", "--store", store)


def test_the_session_in_the_readme_is_what_the_commands_print(
    demo_capture: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All but the time it took."""
    [session] = re.findall(r"^\$ make demo\n(.*?)^```", (ROOT / "README.md").read_text("utf-8"), re.M | re.S)
    store = tmp_path / "demo-store"
    printed = ""
    for line in session.splitlines():
        if line.startswith(".venv/bin/recorder "):
            words = [{"demo-store": str(store)}.get(word, word) for word in shlex.split(line)[1:]]
            monkeypatch.chdir(ROOT)
            printed += line + "\n" + run(*words)

    def timeless(text: str) -> str:
        return re.sub(r" in \d+\.\d+ s$", "", text, flags=re.M)

    assert timeless(session).startswith(timeless(printed))
    assert session.splitlines()[-1] in (ROOT / "Makefile").read_text("utf-8").replace("$(DEMO)", "demo-store")
