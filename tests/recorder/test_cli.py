from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import types
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner, Result

from recorder.__main__ import main
from recorder.cli import COMMANDS, program
from recorder.cli.calls import length
from recorder.problems import Unusable
from recorder.settings import Settings
from tests.recorder.stores import a_call, a_store

ROOT = Path(__file__).resolve().parents[2]
AUDIO = np.array([[1, -1], [2, -2]], dtype="<i2")


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(program, [str(argument) for argument in arguments], standalone_mode=False)


def status(*arguments: str | Path) -> int:
    """The exit status as a shell would see it."""
    return main([str(argument) for argument in arguments])


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Three calls: recorded, recorded with hostile names, unanswered from a withheld number."""
    path = tmp_path / "store"
    calls = [
        (a_call("1"), AUDIO),
        (a_call("2", started_ns=a_call().started_ns + 10**9, caller="\x1b[31m山田[b]", direction="outbound"), AUDIO),
        (a_call("3", started_ns=a_call().started_ns + 2 * 10**9, outcome="unanswered", end_reason="busy", caller=None,
                answered_ns=None, flags=("withheld",)), None),
    ]  # fmt: skip
    asyncio.run(a_store(path, calls))
    return path


@pytest.mark.parametrize("command", [*COMMANDS, "config check"])
def test_each_command_explains_itself(command: str) -> None:
    result = CliRunner().invoke(program, [*command.split(), "--help"])

    assert result.exit_code == 0
    assert result.output.startswith("Usage: ")


def test_an_unknown_command_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert status("recrod") == 2
    assert "No such command 'recrod'" in capsys.readouterr().err


# calls


def test_calls_prints_one_object_a_line_oldest_first(store: Path) -> None:
    result = run("calls", "--store", store, "--json")

    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [line["id"] for line in lines] == ["1", "2", "3"]
    assert lines[0]["recording"]["frames"] == 2
    assert result.stderr == ""


def test_the_table_is_for_people_and_harmless(store: Path) -> None:
    result = run("calls", "--store", store)

    assert result.return_value == 0
    assert "\x1b" not in result.stdout
    assert r"\u001b[31m山田[b]" in result.stdout
    [unanswered] = [line for line in result.stdout.splitlines() if "unanswered" in line]
    assert unanswered.split()[2] == "withheld"
    assert result.stdout.splitlines()[-1] == "3 calls"


@pytest.mark.parametrize(
    "options, ids",
    [
        ([], ["1", "2", "3"]),
        (["--limit", "2"], ["2", "3"]),
        (["--from", "2026-11-22T09:15:03"], ["2", "3"]),
        (["--from", "2026-11-22", "--to", "2026-11-22T00:15:03Z"], ["1"]),
        (["--to", "2026-11-22"], []),
        (["--number", "234-56"], ["1"]),
        (["--number", "２３４ ５６"], ["1"]),
        (["--number", "+81312345678"], ["1"]),
        (["--number", "987654"], ["1", "2", "3"]),
        (["--number", "987654", "--limit", "1"], ["3"]),
        (["--extension", "2101"], ["1", "2", "3"]),
        (["--extension", "210"], []),
        (["--extension", "21*", "--direction", "outbound"], ["2"]),
        (["--outcome", "unanswered"], ["3"]),
    ],
)
def test_calls_lists_those_looked_for(store: Path, options: list[str], ids: list[str]) -> None:
    """Oldest first as always; of a limit, the newest."""
    result = run("calls", "--store", store, "--json", *options)

    assert [json.loads(line)["id"] for line in result.stdout.splitlines()] == ids
    assert run("calls", "--store", store, *options).stdout.splitlines()[-1].split()[0] == str(len(ids))


@pytest.mark.parametrize(
    "options, sentence",
    [
        (["--number", "山田"], r"'\u5c71\u7530' is no part of a number."),
        (["--from", "2026-11-22", "--to", "2026-11-22"], "--from must be before --to."),
        (["--from", "yesterday"], "'yesterday' is no time."),
        (["--limit", "0"], "0 is not in the range x>=1"),
        (["--direction", "up"], "'up' is not one of"),
    ],
)
def test_calls_says_what_it_cannot_look_for(
    store: Path, options: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert status("calls", "--store", store, *options) == 2
    assert sentence in capsys.readouterr().err


@pytest.mark.parametrize("seconds, text", [(0, "0:00"), (59.6, "1:00"), (61, "1:01"), (3661, "1:01:01")])
def test_lengths_read_as_clocks_do(seconds: float, text: str) -> None:
    assert length(seconds) == text


@pytest.mark.parametrize("command", [["calls"], ["calls", "--json"], ["verify"], ["export", "1", "--output", "x.wav"]])
def test_no_store_is_one_sentence_with_the_command_that_makes_one(
    tmp_path: Path, command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert status(*command, "--store", tmp_path / "none") == 2

    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("recorder: There is no store in") and "recorder replay --store DIR" in err
    assert err.count("\n") == 1


# export


def test_export_writes_a_copy_and_says_where(store: Path, tmp_path: Path) -> None:
    result = run("export", "--store", store, "1", "--output", tmp_path / "copy.wav")

    assert result.stdout == f"{tmp_path / 'copy.wav'}\n"
    assert np.array_equal(soundfile.read(tmp_path / "copy.wav", dtype="int16")[0], AUDIO)


def test_export_of_several_goes_into_a_folder(store: Path, tmp_path: Path) -> None:
    run("export", "--store", store, "1", "2", "1", "--output", tmp_path / "copies")

    assert sorted(path.name for path in (tmp_path / "copies").iterdir()) == ["091502-1.wav", "091503-2.wav"]


@pytest.mark.parametrize(
    "wanted, sentence",
    [(["nobody"], "There is no call nobody in"), (["1", "3"], "Call 3 has no recording: unanswered, busy.")],
)
def test_export_refuses_all_if_one_can_not_be_had(
    store: Path, tmp_path: Path, wanted: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert status("export", "--store", store, *wanted, "--output", tmp_path / "copies") == 2

    assert sentence in capsys.readouterr().err
    assert list(tmp_path.glob("**/copies/*.wav")) == []


# verify


def test_verify_of_an_untouched_store_finds_nothing(store: Path) -> None:
    result = run("verify", "--store", store)

    assert (result.return_value, result.stdout) == (0, f"Nothing in {store} was altered, lost or added.\n")


@pytest.mark.parametrize("as_json", [False, True])
def test_verify_tells_each_finding_on_a_line(store: Path, as_json: bool) -> None:
    [victim] = store.glob("**/*-1.wav")
    data = bytearray(victim.read_bytes())
    data[-1] ^= 1
    victim.write_bytes(data)

    result = run("verify", "--store", store, *(["--json"] if as_json else []))

    assert result.return_value == 1
    [line] = result.stdout.splitlines()
    if as_json:
        assert set(json.loads(line)) == {"kind", "where", "text"}
    assert victim.name in line


# config check


def test_the_settings_that_ship_are_usable() -> None:
    result = run("config", "check", ROOT / "config" / "recorder.toml")

    assert (result.return_value, result.stderr) == (0, "")


def test_faults_are_told_by_file_line_and_key(tmp_path: Path) -> None:
    path = tmp_path / "r.toml"
    path.write_text("[media]\nsilence = 1\n[limits]\nsip_headers = 0\n")

    result = run("config", "check", path)

    assert result.return_value == 1
    assert result.stderr.splitlines() == [
        f"{path}:2: media.silence: there is no such key; there are: silence_ends_call_s, early_audio_wait_s",
        f"{path}:4: limits.sip_headers: must be at least 1, not 0",
    ]


def test_settings_that_can_not_be_read_are_no_finding(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert status("config", "check", tmp_path / "none.toml") == 2
    assert capsys.readouterr().err == f"recorder: {tmp_path / 'none.toml'}: No such file or directory.\n"


# replay: the command alone, with a replay that does as the test says


@dataclass
class Summary:
    packets: int = 4780
    calls: int = 2
    recordings: int = 1
    seconds: float = 0.26
    counters: dict[str, int] = field(default_factory=lambda: {"frames": 4780})
    warnings: list[str] = field(default_factory=lambda: ["a.pcap is cut in mid-packet."])


@pytest.fixture
def fake_replay(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[Any]]:
    def install(problem: BaseException | None = None) -> list[Any]:
        seen: list[Any] = []

        async def replay(captures: Sequence[str], store: Path, settings: Settings, *, progress: object) -> Summary:
            seen.extend((captures, store, settings, progress))
            if problem is not None:
                raise problem
            return Summary()

        module = types.ModuleType("recorder.replay")
        module.replay = replay  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "recorder.replay", module)
        return seen

    return install


def test_replay_hands_over_what_it_was_given_and_ends_with_a_summary(fake_replay: Callable[..., list[Any]]) -> None:
    seen = fake_replay()

    result = run("replay", "--store", "s", "a.pcap", "-")

    assert seen == [("a.pcap", "-"), Path("s"), Settings(), None]
    assert result.stdout == "2 calls, 1 recorded, from 4,780 packets in 0.26 s\n"
    assert result.stderr == "recorder: a.pcap is cut in mid-packet.\n"


def test_replay_as_json_prints_one_object_and_nothing_else(fake_replay: Callable[..., list[Any]]) -> None:
    fake_replay()

    result = run("replay", "--store", "s", "--json", "a.pcap")

    told = {"packets": 4780, "calls": 2, "recordings": 1, "seconds": 0.26, "counters": {"frames": 4780}}
    assert json.loads(result.stdout) == told


def test_replay_reads_its_settings_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "r.toml"
    path.write_text("[recording]\nencoding = 'mp3'\n")

    assert status("replay", "--store", tmp_path / "s", "--config", path, "a.pcap") == 2
    assert capsys.readouterr().err == (
        f'recorder: {path}:2: recording.encoding: must be "pcm16" or "g711", not "mp3". '
        f"See all with: recorder config check {path}\n"
    )


@pytest.mark.parametrize(
    "problem, expected, sentence",
    [
        (Unusable("a.pcap is a cake.", hint="Eat it."), 2, "recorder: a.pcap is a cake. Eat it.\n"),
        (OSError(28, "No space left on device", "s/x"), 2, "recorder: s/x: No space left on device.\n"),
        (KeyboardInterrupt(), 130, ""),
    ],
)
def test_what_is_not_our_fault_is_said_in_one_sentence(
    fake_replay: Callable[..., list[Any]], problem: BaseException, expected: int, sentence: str,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    fake_replay(problem)

    assert status("replay", "--store", "s", "a.pcap") == expected
    assert capsys.readouterr().err.lstrip("\n") == sentence


def test_a_fault_of_the_program_is_no_finding(
    fake_replay: Callable[..., list[Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    fake_replay(ZeroDivisionError("ours"))

    assert status("replay", "--store", "s", "a.pcap") == 70
    assert "ZeroDivisionError: ours" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["replay", "a.pcap"], ["replay", "--store", "s"], ["replay", "--speed", "2"]])
def test_arguments_that_are_missing_or_unknown_are_usage_errors(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert status(*arguments) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("recorder: ")
    assert said.err.endswith(" See: recorder replay --help\n")
    assert said.err.count("\n") == 1


# the real program, in a process of its own


def real(*arguments: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "recorder", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=60, **options)


def test_the_program_starts_as_a_module_too(store: Path) -> None:
    done = real("calls", "--store", store, "--json")

    assert (done.returncode, len(done.stdout.splitlines()), done.stderr) == (0, 3, "")


def test_a_reader_that_goes_away_is_no_traceback(store: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "recorder", "calls", "--store", str(store), "--json"]

    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True, cwd=ROOT, timeout=60)
    os.close(writing)

    assert (done.returncode, done.stderr) == (128 + signal.SIGPIPE, "")


def test_starting_loads_nothing_that_only_a_terminal_or_a_settings_file_needs() -> None:
    """Replaying a small capture takes less time than importing these."""
    code = (
        "import sys, recorder.__main__, recorder.cli.replay, asyncio, storage.store\n"
        "print(*[name for name in ('rich', 'pydantic', 'soundfile', 'pyVoIP') if name in sys.modules])"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=60)

    assert done.stdout.strip() == ""
