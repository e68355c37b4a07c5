"""The ring from the command line: sweep, hold, release, holds, policy adopt."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from recorder.cli import program
from recorder.times import time_ns
from storage.records import CallRecord
from storage.store import Store
from storage.verification import verify
from tests.recorder.stores import a_call, a_store

CAPTURE = Path(__file__).parents[2] / "captures" / "demo.pcap"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(program, [str(argument) for argument in arguments])


def verdicts(result: Result) -> dict[str, tuple[str, bool]]:
    assert result.exit_code == 0, result.stderr
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    return {line["id"]: (line["verdict"], line["done"]) for line in lines}


def make(path: Path, *calls: CallRecord) -> None:
    sound = np.ones((80, 2), np.int16)
    asyncio.run(a_store(path, [(call, sound if call.outcome == "recorded" else None) for call in calls]))


def ids(path: Path) -> list[str]:
    async def read() -> list[str]:
        async with await Store.open_read_only(path) as store:
            return [call.id async for call in store.calls()]

    return asyncio.run(read())


def findings(path: Path) -> list[str]:
    async def look() -> list[str]:
        return [str(found) async for found in verify(path)]

    return asyncio.run(look())


def at(day: str, call_id: str, **changes: object) -> CallRecord:
    start = time_ns(f"{day}T12:00:00")
    times = {"started_ns": start, "answered_ns": start + 1, "talk_ns": start + 1, "ended_ns": start + 20_000_000}
    return a_call(call_id, **(times | changes))


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Three months after 2025-11-15 end on 2026-02-15, those after 2025-11-30 on 2026-02-28 (Civil Code 143)."""
    path = tmp_path / "store"
    make(
        path,
        at("2025-11-15", "a"),
        at("2025-11-30", "b", section="税務課", extension="2201"),
        at("2025-11-30", "u", outcome="unanswered", answered_ns=None, talk_ns=None, end_reason="cancelled"),
    )
    return path


def adopt(path: Path, office: str = "matsumoto", *more: str) -> None:
    assert run("policy", "adopt", "--store", path, office, "--reason", "要綱のとおり", *more).exit_code == 0


def test_a_store_that_follows_no_rule_keeps_everything_and_says_so(store: Path) -> None:
    result = run("sweep", "--store", store, "--at", "2099-01-01", "--json")

    assert set(verdicts(result).values()) == {("keep", False)}
    assert "follows no rule: everything is kept" in result.stderr
    assert ids(store) == ["a", "b", "u"]


def test_a_sweep_erases_what_the_rule_no_longer_keeps_and_says_why(store: Path) -> None:
    adopt(store)
    keep = ("keep", False)
    assert verdicts(run("sweep", "--store", store, "--at", "2026-02-15T23:59:59", "--json")) == {
        "a": keep, "b": keep, "u": keep,
    }  # fmt: skip

    result = run("sweep", "--store", store, "--at", "2026-02-16", "--json")

    assert verdicts(result) == {"a": ("erase", True), "b": keep, "u": keep}
    first = json.loads(result.stdout.splitlines()[0])
    assert first == {
        "id": "a", "verdict": "erase", "reason": "erased: kept through 2026-02-15, which is over: 3 months",
        "rule": "3 months", "article": "第7条第5項", "kept_through": "2026-02-15",
        "started_at": "2025-11-15T12:00:00.000000+09:00", "bytes": 4096 + 320, "held": False, "done": True,
    }  # fmt: skip
    assert ids(store) == ["b", "u"]
    assert run("sweep", "--store", store, "--at", "2026-03-01").stdout.splitlines()[-2:] == [
        "2 calls erased.", "0 kept, 0 of them held.",
    ]  # fmt: skip
    assert ids(store) == []
    assert findings(store) == []


def test_a_dry_run_erases_nothing_and_may_try_another_rule(store: Path) -> None:
    adopt(store)

    by_adopted = run("sweep", "--store", store, "--at", "2026-01-10", "--dry-run", "--json")
    by_other = run("sweep", "--store", store, "--at", "2026-01-10", "--dry-run", "--json", "--office", "hachioji")

    assert {verdict for verdict, _ in verdicts(by_adopted).values()} == {"keep"}
    assert set(verdicts(by_other).values()) == {("erase", False)}
    assert ids(store) == ["a", "b", "u"]


def test_another_office_than_the_one_adopted_erases_nothing(store: Path) -> None:
    adopt(store)

    result = run("sweep", "--store", store, "--at", "2026-01-10", "--office", "hachioji")

    assert result.exit_code == 2
    assert "follows the policy of 松本市" in result.stderr and "recorder policy adopt" in result.stderr
    assert ids(store) == ["a", "b", "u"]


def test_a_hold_beats_the_rule_until_its_day(store: Path) -> None:
    adopt(store)
    placed = run("hold", "--store", store, "a", "--reason", "苦情", "--until", "2026-04-30", "--ground", "law")
    assert placed.exit_code == 0, placed.stderr

    held = run("sweep", "--store", store, "--at", "2026-04-30T23:59:59", "--json")
    after = run("sweep", "--store", store, "--at", "2026-05-01", "--json")

    assert verdicts(held) == {"a": ("keep", False), "b": ("erase", True), "u": ("erase", True)}
    assert json.loads(held.stdout.splitlines()[0])["reason"] == "kept: it is held"
    assert verdicts(after) == {"a": ("erase", True)}
    [ended] = [json.loads(line) for line in run("holds", "--store", store, "--all", "--json").stdout.splitlines()]
    assert (ended["hold"], ended["until"], ended["ground"]) == (placed.stdout.strip(), "2026-04-30", "law")
    assert ended["ended_at"] is not None
    assert findings(store) == []


def test_a_released_recording_follows_its_rule_at_the_next_sweep(store: Path) -> None:
    adopt(store)
    name = run("hold", "--store", store, "--section", "税務課", "--reason", "r", "--who", "佐藤").stdout.strip()
    assert verdicts(run("sweep", "--store", store, "--at", "2026-06-01", "--json"))["b"] == ("keep", False)

    by_call = run("release", "--store", store, "b", "--reason", "r")
    by_name = run("release", "--store", store, name, "--reason", "r")

    assert by_call.exit_code == 2 and f"is held by {name}, with others" in by_call.stderr
    assert by_name.stdout.strip() == name
    assert verdicts(run("sweep", "--store", store, "--at", "2026-06-01", "--json")) == {"b": ("erase", True)}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nobody", "--reason", "r"], "There is no call nobody"),
        (["--reason", "r"], "A hold is for one call, or for a number or a section."),
        (["a", "--number", "0312345678", "--reason", "r"], "A hold is for one call"),
        (["a", "--reason", " "], "A reason must be given"),
        (["a", "--reason", "r", "--until", "2026-02-30"], "'2026-02-30' is no day"),
        (["a", "--reason", "r", "--ground", "whim"], "There is no ground 'whim'"),
        (["--number", "nonsense", "--reason", "r"], "'nonsense' is no number"),
        (["--section", " ", "--reason", "r"], "is no section"),
        (["--number", "0312345678", "--from", "2026-02-02", "--to", "2026-02-01", "--reason", "r"], "ends before it"),
    ],
)
def test_a_hold_that_can_not_be_is_refused(store: Path, arguments: Sequence[str], sentence: str) -> None:
    result = run("hold", "--store", store, *arguments)

    assert result.exit_code == 2
    assert sentence in result.stderr
    assert run("holds", "--store", store).stdout == "0 holds\n"


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["a", "--until", "2025-12-31"], "its last day has passed"),
        (["--section", "税務科"], "no call fits it yet"),
        (["--number", "0999999999"], "no call fits it yet"),
        (["--section", "税務課"], ""),
        (["a", "--until", "2199-12-31"], ""),
    ],
)
def test_a_hold_that_keeps_nothing_says_so(store: Path, arguments: Sequence[str], why: str) -> None:
    result = run("hold", "--store", store, *arguments, "--reason", "r")

    name = result.stdout.strip()
    assert result.exit_code == 0
    assert result.stderr == (f"recorder: {name} keeps nothing: {why}.\n" if why else "")


def test_grounds_come_from_the_office_and_are_listed(store: Path) -> None:
    adopt(store)

    result = run("hold", "--store", store, "a", "--reason", "r", "--ground", "whim")

    assert "law (法令に基づく場合)" in result.stderr


def test_a_number_is_held_however_it_is_written(store: Path) -> None:
    adopt(store)
    assert run("hold", "--store", store, "--number", "+81 3-1234-5678", "--reason", "r").exit_code == 0

    assert {one for one, _ in verdicts(run("sweep", "--store", store, "--at", "2099-01-01", "--json")).values()} == {
        "keep"
    }


def test_the_first_configuration_that_names_an_office_is_adopted_and_a_different_one_is_told(tmp_path: Path) -> None:
    path = tmp_path / "store"
    for office in ("matsumoto", "hachioji"):
        (tmp_path / f"{office}.toml").write_text(f'[policy]\noffice = "{office}"\n')

    first = run("replay", "--store", path, "--config", tmp_path / "matsumoto.toml", CAPTURE)
    again = run("replay", "--store", path, "--config", tmp_path / "matsumoto.toml", CAPTURE)
    other = run("replay", "--store", path, "--config", tmp_path / "hachioji.toml", CAPTURE)

    assert first.stderr == "" and "policy" not in again.stderr
    assert "follows the policy of 松本市" in other.stderr
    assert {one for one, _ in verdicts(run("sweep", "--store", path, "--at", "2027-02-22", "--json")).values()} == {
        "keep"
    }
    assert set(verdicts(run("sweep", "--store", path, "--at", "2027-02-23", "--json")).values()) == {("erase", True)}


@pytest.mark.parametrize(("old", "gone"), [("follow", ["a", "b", "u"]), ("keep", [])])
def test_a_change_of_rule_says_what_becomes_of_old_recordings(store: Path, old: str, gone: list[str]) -> None:
    adopt(store)
    unsaid = run("policy", "adopt", "--store", store, "hachioji", "--reason", "r")
    assert unsaid.exit_code == 2 and "--old-recordings" in unsaid.stderr

    adopt(store, "hachioji", "--old-recordings", old)

    found = verdicts(run("sweep", "--store", store, "--at", "2026-01-31", "--json"))
    assert [call_id for call_id, (verdict, _) in found.items() if verdict == "erase"] == gone


def test_a_clock_that_can_not_be_right_erases_nothing(tmp_path: Path) -> None:
    """The newest call is of tomorrow: the machine's clock must have been set back."""
    path = tmp_path / "store"
    start = time.time_ns() + 86_400 * 10**9
    make(path, at("2020-01-01", "old"), a_call("new", started_ns=start, answered_ns=start, ended_ns=start + 1))
    adopt(path)

    refused = run("sweep", "--store", path)
    assert refused.exit_code == 2
    assert "it must be wrong. Nothing was erased." in refused.stderr and "--confirm-clock" in refused.stderr
    assert ids(path) == ["old", "new"]

    assert run("sweep", "--store", path, "--confirm-clock").exit_code == 0
    assert ids(path) == ["new"]


def test_a_sweep_beside_the_recorder_that_writes(store: Path) -> None:
    """The store is open for writing all the while; both go on."""
    adopt(store)

    async def write() -> None:
        async with await Store.open(store) as opened:
            result = await asyncio.to_thread(run, "sweep", "--store", store, "--at", "2026-02-16", "--json")
            assert verdicts(result)["a"] == ("erase", True)
            hold = await asyncio.to_thread(run, "hold", "--store", store, "b", "--reason", "r")
            assert hold.exit_code == 0
            await opened.sync()
            assert [call.id async for call in opened.calls()] == ["b", "u"]

    asyncio.run(write())
    assert findings(store) == []


def test_holds_that_fill_too_much_are_an_alarm(store: Path, tmp_path: Path) -> None:
    adopt(store, "yamagata")
    config = tmp_path / "small.toml"
    config.write_text("[ring]\nbytes = 10_000\nholds_share = 0.4\n")
    assert run("hold", "--store", store, "a", "--reason", "r").exit_code == 0

    result = run("sweep", "--store", store, "--config", config, "--at", "2026-06-01", "--json")

    assert "Holds fill 44% of the ring; 40% is set as the most." in result.stderr


def test_a_ring_that_is_full_overwrites_the_oldest_that_is_not_held(store: Path, tmp_path: Path) -> None:
    adopt(store, "yamagata")
    config = tmp_path / "small.toml"
    config.write_text("[ring]\nbytes = 5_000\n")
    assert run("hold", "--store", store, "a", "--reason", "r").exit_code == 0

    found = verdicts(run("sweep", "--store", store, "--config", config, "--at", "2026-01-01", "--json"))

    assert found["a"] == ("keep", False) and found["b"] == ("erase", True)


def test_a_damaged_register_stops_sweeps_and_holds_but_no_recording(tmp_path: Path) -> None:
    """What was held can't be known then, so nothing is erased; a call that isn't recorded would be lost for good."""
    store, profile = tmp_path / "s", "kumamoto"
    config = tmp_path / "recorder.toml"
    config.write_text(f'[policy]\noffice = "{profile}"\n')
    make(store)
    adopted = run("policy", "adopt", "--store", store, profile, "--old-recordings", "follow", "--reason", "x")
    assert adopted.exit_code == 0
    register = store / "register" / "00000001.jsonl"
    register.write_bytes(register.read_bytes().replace(b'"reason":"x"', b'"reason":"y"'))

    recorded = run("replay", "--store", store, "--config", config, CAPTURE)

    assert recorded.exit_code == 0 and "2 recorded" in recorded.stdout
    assert "The register is damaged" in recorded.stderr
    assert run("sweep", "--store", store, "--at", "2030-01-01").exit_code == 2
    assert len(ids(store)) == 2
