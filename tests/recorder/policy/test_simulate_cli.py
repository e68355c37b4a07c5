"""recorder policy simulate: what a change would erase in a real store, and that it erases nothing."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from recorder.cli import program
from recorder.times import time_ns
from tests.recorder.stores import a_call, a_store

DAYS = {"old": "2026-01-05", "middle": "2026-02-20", "new": "2026-03-28"}


def run(*arguments: str) -> Result:
    return CliRunner().invoke(program, ["policy", *arguments])


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Three recordings and an unanswered call."""
    calls: list[Any] = []
    for name, day in DAYS.items():
        at = time_ns(f"{day}T09:15:00")
        call = a_call(name, started_ns=at, answered_ns=at, talk_ns=at, ended_ns=at + 10**9)
        calls.append((call, np.ones((800, 2), np.int16)))
    at = time_ns("2026-01-06T09:15:00")
    missed = a_call("missed", started_ns=at, ended_ns=at, answered_ns=None, talk_ns=None, outcome="unanswered")
    asyncio.run(a_store(tmp_path / "store", [*calls, (missed, None)]))
    return tmp_path / "store"


def simulated(store: Path, *arguments: str) -> list[dict[str, Any]]:
    result = run("simulate", "--store", str(store), "--at", "2026-04-01", *arguments, "--json")
    assert result.exit_code == 0, result.stderr
    return [json.loads(line) for line in result.stdout.splitlines()]


def files(store: Path) -> set[Path]:
    return set(store.rglob("*.wav"))


def test_a_store_without_a_rule_is_told_what_the_first_would_erase(store: Path) -> None:
    before = files(store)

    *calls, summary = simulated(store, "--office", "hachioji")

    assert [(call["id"], call["change"]) for call in calls] == [
        ("old", "erased_at_once"), ("missed", "erased_at_once"), ("middle", "erased_at_once"), ("new", "sooner"),
    ]  # fmt: skip
    assert calls[3]["kept_through_before"] is None and calls[3]["kept_through_after"] == "2026-04-27"
    assert calls[0]["verdict_before"] == "keep" and calls[0]["article"] == "松本市資料別紙2の7番"
    assert summary["calls"] == 4 and summary["erased_at_once"] == 3 and summary["unchanged"] == 0
    assert files(store) == before and len(before) == 3


def test_a_change_is_told_against_the_rule_in_force(store: Path) -> None:
    """From 90 days to 30."""
    assert run("adopt", "--store", str(store), "koshigaya", "--reason", "first").exit_code == 0

    *calls, summary = simulated(store, "--office", "hachioji")
    *kept, nothing = simulated(store, "--office", "hachioji", "--old-recordings", "keep")

    told = [(one["id"], one["change"], one["kept_through_before"], one["kept_through_after"]) for one in calls]
    assert told == [
        ("old", "erased_at_once", "2026-04-05", "2026-02-04"), ("missed", "erased_at_once", "2026-04-06", "2026-02-05"),
        ("middle", "erased_at_once", "2026-05-21", "2026-03-22"), ("new", "sooner", "2026-06-26", "2026-04-27"),
    ]  # fmt: skip
    assert kept == [] and nothing["unchanged"] == summary["calls"] == 4


def test_what_is_held_is_not_listed(store: Path) -> None:
    held = CliRunner().invoke(program, ["hold", "--store", str(store), "old", "--reason", "a complaint"])
    assert held.exit_code == 0, held.stderr

    *calls, summary = simulated(store, "--office", "hachioji")

    assert "old" not in [call["id"] for call in calls] and summary["held"] == 1


def test_own_rules_of_a_configuration_are_tried_first(store: Path, tmp_path: Path) -> None:
    """Everybody's extension is 2101."""
    path = tmp_path / "own.toml"
    path.write_text('[policy]\noffice = "hachioji"\n[[policy.rules]]\nextensions = ["21XX"]\nmonths = 2\n', "utf-8")

    *calls, _ = simulated(store, "--config", str(path))

    assert [(call["id"], call["rule"]) for call in calls if call["change"] == "erased_at_once"] == [
        ("old", "2 months"), ("missed", "2 months"),
    ]  # fmt: skip


def test_people_get_sums_and_days(store: Path) -> None:
    result = run("simulate", "--store", str(store), "--office", "hachioji", "--at", "2026-04-01")

    assert "4 calls, 0 as with the rule in force, 0 held." in result.stdout
    assert "  3 would be erased at once, which the rule in force keeps" in result.stdout
    assert "2026-04-27" in result.stdout


@pytest.mark.parametrize("arguments, sentence", [
    ([], "Which rule would it be? Name --office NAME, or --config FILE."),
    (["--office", "nowhere"], "There is no office 'nowhere'. List all with: recorder policy offices"),
    (["--office", "tsu", "--at", "soon"], "'soon' is no time."),
    (["--config", "{defaults}"], "The configuration names no office and no rules."),
])  # fmt: skip
def test_an_unusable_argument_is_told_in_one_sentence(store: Path, arguments: list[str], sentence: str) -> None:
    defaults = Path(__file__).resolve().parents[3] / "config" / "recorder.toml"
    given = [one.format(defaults=defaults) for one in arguments]

    result = run("simulate", "--store", str(store), *given)

    assert result.exit_code == 2
    assert sentence in result.stderr and result.stderr.count("\n") == 1
