"""`recorder status`: what an office reads in the morning."""

from __future__ import annotations

import asyncio
import json
import os
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from recorder.__main__ import main
from recorder.cli import program
from recorder.demo.fill import fill
from recorder.demo.office import calls_of, days_until
from recorder.settings import Settings
from recorder.settings.models import Policy, Ring

LAST = date(2026, 11, 21)
AT = "2026-11-22T09:15:00+09:00"


def run(*arguments: str | Path, **environment: str) -> str:
    words = [str(argument) for argument in arguments]
    result = CliRunner().invoke(program, words, standalone_mode=False, env={"LC_ALL": "C.UTF-8", **environment})
    assert (result.exception, result.return_value) == (None, 0), result.stderr
    return result.stdout


def status(store: Path, at: str = AT) -> dict[str, Any]:
    [line] = run("status", "--store", store, "--at", at, "--json").splitlines()
    found: dict[str, Any] = json.loads(line)
    return found


def codes(store: Path, at: str = AT) -> set[str]:
    return {alarm["code"] for alarm in status(store, at)["alarms"]}


def a_store(path: Path, *, days: int = 30, office: str = "matsumoto", per_day: int = 10, **ring: Any) -> Path:
    settings = Settings(policy=Policy(office=office), ring=Ring(**ring))
    asyncio.run(fill(path, calls_of(days_until(LAST, days), per_day, talk_s=0.3), settings))
    return path


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty days of calls, in a ring that holds three months of them; one call is held."""
    path = a_store(tmp_path_factory.mktemp("status") / "store", bytes=10_000_000)
    held = json.loads(run("calls", "--store", path, "--json").splitlines()[0])["id"]
    run("hold", "--store", path, held, "--reason", "開示請求", "--until", "2026-12-10")
    return path


def test_it_says_what_is_kept_by_which_rule_and_what_goes_next(store: Path) -> None:
    calls = [json.loads(line) for line in run("calls", "--store", store, "--json").splitlines()]
    recorded = [call for call in calls if call["recording"]]

    found = status(store)

    assert (found["calls"], found["recordings"]) == (len(calls), len(recorded))
    assert found["bytes"] == sum((store / call["recording"]["path"]).stat().st_size for call in recorded)
    hours = sum(call["recording"]["frames"] for call in recorded) / 8000 / 3600
    assert found["hours"] == pytest.approx(hours, abs=1e-3)
    assert (found["oldest"], found["newest"]) == (recorded[0]["started_at"], recorded[-1]["started_at"])
    assert found["policy"]["office"] == "松本市"
    assert found["policy"]["rules"] == [
        {"rule": "3 months", "japanese": "3か月間", "article": "第7条第5項", "for": None}
    ]
    first = next(call for call in recorded if call["id"] != calls[0]["id"])
    assert found["next"]["id"] == first["id"]
    assert found["next"]["expected_at"] == "2027-01-24T00:00:00.000000+09:00"  # of 23 October
    assert (found["due"], found["alarms"], found["swept_at"]) == (0, [], None)


def test_it_says_how_many_days_the_ring_holds(store: Path) -> None:
    found = status(store)

    a_day = found["bytes"] / 30
    assert found["ring"]["bytes_a_day"] == pytest.approx(a_day, rel=0.05)
    assert found["ring"]["holds_days"] == pytest.approx(10_000_000 / a_day, rel=0.05)
    assert found["ring"]["used"] == pytest.approx(found["bytes"] / 10_000_000, rel=1e-3)


def test_a_hold_that_ends_soon_is_named(store: Path) -> None:
    holds = status(store)["holds"]

    assert (holds["count"], holds["calls"]) == (1, 1)
    [ending] = holds["ending"]
    assert ending["until"] == "2026-12-11T00:00:00.000000+09:00"
    assert status(store, "2026-11-01")["holds"]["ending"] == []
    assert status(store, "2026-12-11")["holds"]["count"] == 0


def test_the_page_is_japanese_unless_the_locale_is_another(store: Path) -> None:
    japanese = run("status", "--store", store, "--at", AT)

    assert "時点          令和8年11月22日（日）2026-11-22 09:15" in japanese
    assert "次の消去      令和9年1月24日（日）2027-01-24 保存期間の満了" in japanese
    assert re.search("まもなく終了: H\\d+ 令和8年12月10日（木）2026-12-10まで（開示請求）", japanese)
    assert "警報          なし" in japanese
    assert run("status", "--store", store, "--at", AT, LC_ALL="ja_JP.UTF-8") == japanese
    assert run("status", "--store", store, "--at", AT, "--lang", "ja", LC_ALL="en_US.UTF-8") == japanese
    english = run("status", "--store", store, "--at", AT, LC_ALL="en_US.UTF-8")
    assert "goes next   2027-01-24 (Sun): its period is over" in english
    assert "alarms      none" in english


def test_a_store_without_a_rule_is_an_alarm(tmp_path: Path) -> None:
    asyncio.run(fill(tmp_path / "store", calls_of([LAST], 10), Settings()))

    found = status(tmp_path / "store")

    assert found["policy"] is None and found["next"] is None
    assert [alarm["code"] for alarm in found["alarms"]] == ["no_policy"]
    assert "recorder policy adopt --store" in found["alarms"][0]["remedy_ja"]


def test_recordings_past_their_time_are_an_alarm_until_they_are_swept(store: Path, tmp_path: Path) -> None:
    """The last call's three months end on 21 February; a sweep may take a day."""
    path = a_store(tmp_path / "store", days=3)
    assert codes(path, "2027-02-22T12:00") == {"sweep_overdue"}  # the first two days' calls
    assert status(path, "2027-02-20T01:00")["due"] > 0
    assert codes(path, "2027-02-20T01:00") == set()

    run("sweep", "--store", path, "--at", "2027-02-22T12:00")

    assert (codes(path, "2027-02-22T12:00"), status(path, "2027-02-22T12:00")["due"]) == (set(), 0)


def test_holds_that_fill_the_ring_are_an_alarm(tmp_path: Path) -> None:
    path = a_store(tmp_path / "store", days=7, holds_share=0.3, bytes=1_000_000)
    for line in run("calls", "--store", path, "--json").splitlines()[:40]:
        run("hold", "--store", path, json.loads(line)["id"], "--reason", "調査")

    assert "holds_fill" in codes(path)


def test_a_minimum_that_the_ring_comes_close_to_is_an_alarm_well_before(tmp_path: Path) -> None:
    """Hashima keeps at least three months; the ring holds about 95 days, so recordings are overwritten soon after."""
    path = a_store(tmp_path / "store", office="hashima", days=30, per_day=20, bytes=98 * 178_000)
    days = status(path)["ring"]["holds_days"]
    assert 92 < days < 105, "the test's ring isn't as it should be"

    [alarm] = [alarm for alarm in status(path)["alarms"] if alarm["code"] == "minimum_in_danger"]

    assert "at least 3 months" in alarm["meaning"] and "少なくとも3か月間" in alarm["meaning_ja"]


def test_a_ring_too_small_for_its_rule_says_when_room_runs_out(tmp_path: Path) -> None:
    """Three months must be kept, and twenty days fit."""
    path = a_store(tmp_path / "store", office="hashima", days=14, per_day=20, bytes=20 * 178_000)

    found = status(path)

    assert {alarm["code"] for alarm in found["alarms"]} == {"room_runs_out", "minimum_in_danger"}
    assert "2026-11-23" < found["ring"]["room_runs_out"][:10] < "2026-12-05"


def test_a_ring_that_is_overfull_with_what_must_be_kept_has_no_room(tmp_path: Path) -> None:
    path = a_store(tmp_path / "store", office="hashima", days=14, bytes=300_000)

    assert "no_room" in codes(path)


def test_a_second_store_that_is_missing_is_an_alarm(tmp_path: Path) -> None:
    path = a_store(tmp_path / "store", office="osaka-water", days=2, second_store=str(tmp_path / "second"))

    assert codes(path) == {"second_store_missing"}
    (tmp_path / "second").mkdir()
    assert codes(path) == set()


def test_a_clock_behind_the_newest_recording_is_an_alarm(tmp_path: Path) -> None:
    """The machine's clock is looked at only if no other time was asked about."""
    path = tmp_path / "store"
    settings = Settings(policy=Policy(office="matsumoto"))
    asyncio.run(fill(path, calls_of([date(2199, 1, 7)], 10), settings))

    found = json.loads(run("status", "--store", path, "--json"))

    assert "clock_not_plausible" in {alarm["code"] for alarm in found["alarms"]}
    assert "clock_not_plausible" not in codes(path)


def test_a_catalogue_made_anew_is_told_until_the_old_one_is_moved_away(tmp_path: Path) -> None:
    path = a_store(tmp_path / "store", days=2)
    catalogue = path / "catalogue.sqlite"
    catalogue.write_bytes(b"nothing" * 1000)
    run("demo-store", "--store", path, "--days", "1", "--until", LAST.isoformat())  # whoever opens it makes it anew

    found = status(path)

    [alarm] = found["alarms"]
    assert alarm["code"] == "catalogue_rebuilt" and "catalogue.sqlite.damaged-1" in alarm["meaning"]
    (path / "catalogue.sqlite.damaged-1").rename(tmp_path / "elsewhere")
    assert codes(path) == set()


def test_it_changes_nothing(store: Path) -> None:
    def state() -> list[tuple[str, int, int]]:
        files = [path for path in store.rglob("*") if path.is_file() and path.suffix != ".sqlite-shm"]
        return sorted((str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in files
                      if not path.name.endswith(("-shm", "-wal")))  # fmt: skip

    before = state()
    run("status", "--store", store)

    assert state() == before


def test_what_an_operator_wrote_reaches_no_terminal_as_it_is(tmp_path: Path) -> None:
    path = a_store(tmp_path / "store", days=1, per_day=40)
    call = json.loads(run("calls", "--store", path, "--json").splitlines()[0])["id"]
    run("hold", "--store", path, call, "--reason", "\x1b[31mred", "--until", "2026-12-01")

    assert "\x1b" not in run("status", "--store", path, "--at", AT)


def test_no_store_is_a_sentence_and_status_two(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", "--store", str(tmp_path)]) == 2
    assert "no store" in capsys.readouterr().err
    assert main(["status", "--store", str(tmp_path), "--at", "yesterday"]) == 2
    assert "is no time" in capsys.readouterr().err
    assert os.listdir(tmp_path) == []
