"""The recorder at work says how it is; the housekeeping and `recorder status` read it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from rich.console import Console

from recorder.figures import read as figures
from recorder.figures.values import CallFigures, Figures, InterfaceFigures, from_dict, to_dict
from recorder.status.live import Live
from recorder.status.watch import picture
from tests.recorder.daemon.runs import BEGIN_NS, ROOT, Talk, running
from tests.recorder.housekeeping.conftest import Keeper, wait_until


def status(keeper: Keeper, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "recorder", "status", "--store", str(keeper.store), "--config", str(keeper.config)]
    return subprocess.run([*command, *arguments], capture_output=True, text=True, cwd=ROOT, timeout=60, check=False)


def live(keeper: Keeper) -> dict[str, Any]:
    done = status(keeper, "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)["live"]
    assert isinstance(found, dict)
    return found


def test_one_direction_is_an_alarm_within_five_seconds_of_a_call(keeper: Keeper) -> None:
    """The mirror shows only what the telephone sends. The figures say so, and no number of anybody."""
    talk = Talk(1)
    one_way = [frame for frame in talk.says(0, 8) if frame[1][26:30] == bytes([192, 0, 2, 11])]
    assert len(one_way) == 400
    with running(keeper.store, "--config", str(keeper.config)) as run:
        keeper.start()
        wait_until(lambda: "ready" in keeper.said, 20)
        run.send(talk.setup())
        began = time.monotonic()
        for number in range(0, 400, 10):
            run.send(one_way[number : number + 10], pace=True)
            time.sleep(0.02)
            if "one_direction" in keeper.standing():
                break
        took_s = time.monotonic() - began

        now = live(keeper)
        text = keeper.live.read_text()
        page = status(keeper, "--lang", "en").stdout

    assert took_s < 5
    assert now["calls"] | {"now": 1, "answered": 1, "one_sided": 1, "unheard": 0} == now["calls"]
    assert now["packets"] > 100 and now["interfaces"][0]["name"] == "-"
    assert talk.names["call_id"] not in text and "192.0.2" not in text and "alice" not in text
    assert "[one_direction]" in page and "1 (" in page
    assert "[one_direction]" in keeper.said


def test_both_sides_heard_are_no_alarm_and_an_end_is_counted(keeper: Keeper) -> None:
    talk = Talk(1)
    with running(keeper.store, "--config", str(keeper.config)) as run:
        run.send([*talk.setup(), *talk.says(0, 5)])
        wait_until(lambda: _calls(keeper).long_enough == 1, 5)
        time.sleep(1.2)  # all five seconds came in an instant: the audio is handed over after that
        during = _calls(keeper)
        run.send(talk.bye(5.1))
        wait_until(lambda: (now := figures.read(keeper.live)) is not None and now.entered == 1, 5)
        run.stop()

    assert (during.one_sided, during.unheard) == (0, 0)
    assert not keeper.live.exists()  # nobody is at work any more
    assert status(keeper, "--json").returncode == 0


def _calls(keeper: Keeper) -> CallFigures:
    found = figures.read(keeper.live)
    return CallFigures() if found is None else found.calls


def test_a_recorder_without_the_folder_needs_none(keeper: Keeper) -> None:
    keeper.config.write_text('[status]\nlive = "/nonexistent/live.json"\n', "utf-8")

    with running(keeper.store, "--config", str(keeper.config)) as run:
        run.send(Talk(1).setup())
        assert run.end() == 0
        assert "figures" not in run.errors


SOME = Figures(
    at_ns=BEGIN_NS, started_ns=BEGIN_NS - 10**9, pid=7, store="/s", entered=3, recordings=2, late_s=0.0,
    calls=CallFigures(going_on=2, talking=1, by_direction={"inbound": 2}), waiting_bytes=0, shed_bytes=0,
    interfaces=(InterfaceFigures(name="eth1", state="up", frames=1000, dropped=0, last_frame_ns=BEGIN_NS),),
    counts={"rtp_short": 1},
)  # fmt: skip


def test_figures_survive_their_form() -> None:
    assert from_dict(json.loads(json.dumps(to_dict(SOME)))) == SOME


def test_figures_that_are_damaged_are_none(tmp_path: Path) -> None:
    for text in ("", "[]", '{"format": 2}', '{"format": 1, "at_ns": 3}'):
        (tmp_path / "f").write_text(text)
        assert figures.read(tmp_path / "f") is None


def test_the_table_shows_rates_and_japanese() -> None:
    later = from_dict(to_dict(SOME) | {"at_ns": SOME.at_ns + 2 * 10**9})
    console = Console(width=100, record=True, file=open("/dev/null", "w"))
    with console.file:
        console.print(picture(Live(later, True), SOME, "ja"))
        console.print(picture(Live(None, False), None, "en"))

    text = console.export_text()
    assert "着信 2" in text and "eth1 正常" in text and "毎秒" in text and "警報なし" in text
    assert "recorder keep isn't at work." in text
