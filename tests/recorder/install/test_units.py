"""The units as systemd judges them, filled in as `recorder install` does."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from recorder.install import files
from recorder.install.place import Place
from tests.packages import require

UNITS = files.EVERY
MOST = {
    "recorder-capture.service": 1.5, "recorder-keeper.service": 0.5, "recorder-teller.service": 1.5,
    "recorder-announce.service": 1.5, "recorder-witness.service": 1.5,
    "recorder-door.service": 0.5, "recorder-desk.service": 1.5,
}  # fmt: skip


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """A folder with all units; the program that they name is there, since systemd looks for it."""
    program = tmp_path / "bin/recorder"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    folder = tmp_path / "units"
    folder.mkdir()
    place = Place(program=program, store=Path("/var/lib/recorder"), second=Path("/srv/second"))
    for name in UNITS:
        (folder / name).write_text(files.filled(name, place))
    return folder


def analyze(*arguments: str) -> str:
    done = subprocess.run(
        [require("systemd-analyze"), "--no-pager", *arguments], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def test_each_unit_that_ships_has_its_measure() -> None:
    assert set(MOST) == set(UNITS)


@pytest.mark.parametrize("name", MOST)
def test_exposure_is_small(units: Path, name: str) -> None:
    """The figure that `systemd-analyze security` ends with: 10 is a unit without any restriction."""
    said = analyze("security", "--offline=yes", str(units / name))

    [line] = [line for line in said.splitlines() if "Overall exposure level" in line]
    assert float(line.split(": ")[1].split()[0]) <= MOST[name], said


def test_systemd_understands_every_line(units: Path) -> None:
    assert analyze("verify", "--man=no", *(str(units / name) for name in UNITS)) == ""


def test_capture_alone_has_a_capability_and_no_network(units: Path) -> None:
    """No process holds both the mirror port and a way out."""
    unmet = {}
    for name in UNITS:
        found = json.loads(analyze("security", "--offline=yes", "--json=short", str(units / name)))
        unmet[name] = {one["json_field"] for one in found if one["set"] is False}

    assert {name for name in unmet if "AmbientCapabilities" in unmet[name]} == {"recorder-capture.service"}
    internet = "RestrictAddressFamilies_AF_INET_INET6"
    with_network = {name for name in unmet if internet in unmet[name]}
    assert with_network == {
        "recorder-teller.service", "recorder-announce.service", "recorder-witness.service", "recorder-desk.service",
    }  # fmt: skip


def test_nothing_is_left_to_fill_in(units: Path) -> None:
    without = Place(program=Path("/opt/recorder/bin/recorder"), store=Path("/srv/calls"))
    for name in (*UNITS, files.SYSUSERS, files.TMPFILES):
        text = files.filled(name, without)
        assert "@STORE@" not in text and "@SECOND@" not in text and "@BIN@" not in text and "@CONFIG@" not in text
    assert "/srv/calls" in files.filled("recorder-capture.service", without)
    assert "ReadWritePaths=-/srv/second\n" in (units / "recorder-capture.service").read_text()
