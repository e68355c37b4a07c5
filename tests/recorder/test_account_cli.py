"""`recorder account`, from a capture file to lines and exit status."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from recorder.cli.account import print_table
from recorder.replay import replay
from recorder.settings import Settings
from tests.recorder.stores import a_call, a_store
from tests.recorder.test_cli import run, status

HEADER = "src,dst,channel,dstchannel,start_utc,answer_utc,end_utc,billsec,disposition,uniqueid\n"
DAY = "2026-11-22"
FIRST = f"0312345678,0398765432,,,{DAY} 11:10:31,{DAY} 11:10:34,{DAY} 11:10:57,23,ANSWERED,1795345831.1\n"
SECOND = f"0398765432,08012345678,,,{DAY} 11:11:02,{DAY} 11:11:06,{DAY} 11:11:30,24,ANSWERED,1795345862.2\n"


@pytest.fixture
def store(tmp_path: Path, demo_capture: Path) -> Path:
    """What the capture that ships with the project becomes."""
    asyncio.run(replay([str(demo_capture)], tmp_path / "store", Settings()))
    return tmp_path / "store"


def a_list(folder: Path, *rows: str) -> Path:
    path = folder / "cdr.csv"
    path.write_text(HEADER + "".join(rows))
    return path


def objects(*arguments: str | Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in run("account", *arguments, "--json").stdout.splitlines()]


def test_a_store_balances(store: Path) -> None:
    result = run("account", "--store", store)

    assert result.return_value == 0
    assert result.stdout.splitlines() == [
        "Frames: 4,818 seen = 4,818 used + 0 left out + 0 dropped by the kernel. Balanced.",
        "  run 1: 4,818 frames of demo.pcap",
        "Calls: 2 seen = 2 recorded + 0 excluded + 0 unanswered + 0 damaged. Balanced.",
    ]


def test_both_sides_agree(store: Path, tmp_path: Path) -> None:
    result = run("account", "--store", store, "--cdr", a_list(tmp_path, FIRST, SECOND))

    assert result.return_value == 0
    assert result.stdout.splitlines()[-1] == (
        "Exchange's list, 2026-11-22: 2 lines, 2 calls compared. Both sides agree."
    )


def test_what_either_side_lacks_is_a_line_each_with_time_numbers_and_reason(store: Path, tmp_path: Path) -> None:
    other = FIRST.replace("0312345678", "0311112222")
    listed = a_list(tmp_path, other, SECOND)

    result = run("account", "--store", store, "--cdr", listed)

    assert result.return_value == 1
    theirs, ours = result.stdout.splitlines()[-2:]
    assert theirs == (
        "2026-11-22 20:10:31  0311112222 -> 0398765432  line_without_call, line 2: "
        "the exchange lists this call (ANSWERED, 23 s), and none was seen"
    )
    assert ours.startswith("2026-11-22 20:10:31  0312345678 -> 0398765432  call_without_line, call 6b02cda7-")
    told = objects("--store", store, "--cdr", listed)
    assert [one["kind"] for one in told] == [
        "frames", "run", "calls", "cdr", "line_without_call", "call_without_line"
    ]  # fmt: skip
    assert told[3] == {
        "kind": "cdr", "days": ["2026-11-22"], "lines": 2, "calls": 2, "findings": 2, "clock_offset_s": None
    }  # fmt: skip
    assert told[4]["lines"] == [2] and told[4]["at"] == "2026-11-22T20:10:31.000000+09:00"


def test_a_day_has_its_own_account(store: Path, tmp_path: Path) -> None:
    listed = a_list(tmp_path, FIRST)

    assert objects("--store", store, "--day", "2026-11-23")[0]["seen"] == 0
    assert run("account", "--store", store, "--day", "2026-11-23", "--cdr", listed).return_value == 0
    assert run("account", "--store", store, "--day", "2026-11-22", "--cdr", listed).return_value == 1


def test_the_columns_are_those_of_the_settings(store: Path, tmp_path: Path) -> None:
    settings = tmp_path / "r.toml"
    settings.write_text(
        '[cdr]\npreset = "own"\nencoding = "cp932"\nstart = "開始"\ncaller = "発信"\ncallee = "着信"\n'
        'time = "%Y/%m/%d %H:%M:%S"\nduration = "秒"\n'
    )
    listed = tmp_path / "calls.csv"
    listed.write_bytes(
        "開始,発信,着信,秒\n2026/11/22 20:10:31,03-1234-5678,03-9876-5432,23\n"
        "2026/11/22 20:11:02,03-9876-5432,080-1234-5678,24\n".encode("cp932")
    )

    result = run("account", "--store", store, "--cdr", listed, "--config", settings)

    assert (result.return_value, "Both sides agree." in result.stdout) == (0, True)


def test_the_same_capture_twice_is_told(store: Path, demo_capture: Path) -> None:
    asyncio.run(replay([str(demo_capture)], store, Settings()))

    result = run("account", "--store", store)

    assert result.return_value == 0
    assert "9,636 seen" in result.stdout
    assert "Note: demo.pcap was read 2 times, and its frames count each time." in result.stdout


def test_damage_has_its_cause_and_strangers_names_are_harmless(tmp_path: Path) -> None:
    path = tmp_path / "store"
    hurt = a_call("1", outcome="no_audio", flags=("encrypted",), caller="\x1b[31mred")
    asyncio.run(a_store(path, [(hurt, None)]))

    result = run("account", "--store", path)

    assert result.return_value == 0  # it adds up, with a cause
    assert result.stdout.splitlines()[-1] == (
        r"2026-11-22 09:15:02  \u001b[31mred -> 0398765432  damaged, call 1: encrypted"
    )
    assert "1 damaged. Balanced." in result.stdout
    assert [one["text"] for one in objects("--store", path) if one["kind"] == "damaged"] == ["encrypted"]


@pytest.mark.parametrize(
    "arguments, sentence",
    [
        (["--day", "22.11.2026"], "recorder: '22.11.2026' is no day. Write it as 2026-11-22.\n"),
        (["--cdr", "none.csv"], "recorder: none.csv: No such file or directory.\n"),
        (["--config", "none.toml"], "recorder: none.toml: No such file or directory.\n"),
    ],
)
def test_unusable_input_is_one_sentence(
    store: Path, arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert status("account", "--store", store, *arguments) == 2
    assert capsys.readouterr() == ("", sentence)


def test_a_line_that_can_not_be_read_is_named(store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    listed = a_list(tmp_path, FIRST, SECOND.replace("11:11:06", "noon"))

    assert status("account", "--store", store, "--cdr", listed) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"recorder: {listed}:3: the answer of the call, '2026-11-22 noon', is not a time")


def test_on_a_terminal_findings_are_a_table(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "150")

    print_table([("2026-11-22 20:10:31", "[b]0312345678", "0398765432", "line_without_call, line 2", "none was seen")])

    heading, _, row = capsys.readouterr().out.splitlines()
    assert heading.split() == ["time", "from", "to", "what", "why"]
    assert "[b]0312345678" in row and row.rstrip().endswith("none was seen")
