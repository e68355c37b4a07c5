"""What a person sees of a damaged catalogue: a sentence with the command that mends it, and what that command did."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest

from recorder.__main__ import main
from tests.recorder.stores import a_call, a_store


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """One call that is recorded, one that nobody answered; its catalogue is no database any more."""
    import numpy as np

    path = tmp_path / "store"
    unanswered = a_call("2", outcome="unanswered", end_reason="busy", answered_ns=None)
    asyncio.run(a_store(path, [(a_call("1"), np.array([[1, -1], [2, -2]], dtype="<i2")), (unanswered, None)]))
    with open(path / "catalogue.sqlite", "r+b") as file:
        file.write(b"no database")
    return path


def test_who_only_reads_is_told_the_command_and_the_command_mends(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["calls", "--store", str(store), "--json"]) == 2
    assert "recorder repair --store DIR" in capsys.readouterr().err

    assert main(["repair", "--store", str(store)]) == 0
    assert capsys.readouterr().out == (
        "The catalogue can't be read (file is not a database) and was made anew from the recordings: 2 calls, "
        "1 recorded. The old one is kept as catalogue.sqlite.damaged-1. What was counted (recorder account) is lost. "
        "Look at the rest with: recorder verify\n"
    )

    assert main(["calls", "--store", str(store), "--json"]) == 0
    found = [json.loads(line)["outcome"] for line in capsys.readouterr().out.splitlines()]
    assert sorted(found) == ["recorded", "unanswered"]
    assert main(["verify", "--store", str(store)]) == 1  # as long as the old one lies there
    assert capsys.readouterr().out.startswith("set_aside: catalogue.sqlite.damaged-1 was replaced")


@pytest.mark.parametrize("lose", ["missing", "empty"])
def test_a_catalogue_that_is_gone_is_told_in_one_sentence(store: Path, lose: str) -> None:
    for file in store.glob("catalogue.sqlite*"):
        file.unlink()
    if lose == "empty":
        (store / "catalogue.sqlite").touch(0o600)

    for command in ("sweep", "calls", "holds"):
        ran = subprocess.run(
            [sys.executable, "-m", "recorder", command, "--store", str(store)], capture_output=True, text=True
        )
        assert ran.returncode == 2
        assert ran.stdout == ""
        assert ran.stderr.count("\n") == 1, ran.stderr
        assert "recorder repair --store" in ran.stderr
    assert main(["verify", "--store", str(store)]) == 1


def test_only_what_is_a_store_is_repaired(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["repair", "--store", str(tmp_path)]) == 2
    assert "There is no store in" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_repairing_what_is_whole_changes_nothing(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["repair", "--store", str(store)])
    capsys.readouterr()

    assert main(["repair", "--store", str(store)]) == 0

    assert capsys.readouterr().out == "The catalogue is as it was left.\n"
    assert len(list(store.glob("*.damaged-*"))) == 1


def test_a_replay_mends_by_itself_and_says_so(
    store: Path, demo_capture: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["replay", "--store", str(store), str(demo_capture)]) == 0
    assert "was made anew from the recordings: 2 calls, 1 recorded" in capsys.readouterr().err


def test_the_quick_check_names_what_is_missing_within_seconds(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["repair", "--store", str(store)])
    capsys.readouterr()
    assert main(["verify", "--store", str(store), "--quick"]) == 0
    assert "is there, with its size, and none too many" in capsys.readouterr().out

    [recording] = store.rglob("*.wav")
    recording.unlink()

    assert main(["verify", "--store", str(store), "--quick"]) == 1
    assert capsys.readouterr().out == f"file_missing: {recording.relative_to(store)} is missing.\n"
