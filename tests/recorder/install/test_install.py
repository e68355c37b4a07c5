"""`recorder install`, into a folder that stands for a machine."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from recorder.__main__ import main
from recorder.install.place import Place, checked
from recorder.problems import Unusable
from recorder.settings import load
from tests.packages import require

CONFIG = "etc/recorder/recorder.toml"
UNIT = "usr/local/lib/systemd/system/recorder-capture.service"


@pytest.fixture
def machine(tmp_path: Path, as_root: None) -> Path:
    """The accounts' ids are made by systemd's own tools, which want root."""
    require("systemd-analyze")
    return tmp_path / "machine"


def install(machine: Path, *more: str) -> int:
    return main(["install", "--root", str(machine), "--program", "/opt/recorder/bin/recorder", *more])


def everything(machine: Path) -> dict[str, tuple[int, int, bytes]]:
    """Mode, group and content of all that is there."""
    found = {}
    for folder, folders, names in os.walk(machine):
        for path in (os.path.join(folder, name) for name in folders + names):
            of = os.lstat(path)
            content = Path(path).read_bytes() if stat.S_ISREG(of.st_mode) else b""
            found[os.path.relpath(path, machine)] = (of.st_mode, of.st_gid, content)
    return found


def group(machine: Path, name: str) -> int:
    lines = [line.split(":") for line in (machine / "etc/group").read_text().splitlines()]
    [gid] = [int(fields[2]) for fields in lines if fields[0] == name]
    return gid


def test_all_is_put_in_place(machine: Path) -> None:
    assert install(machine, "--office", "yamagata", "--interface", "span0") == 0

    settings = load(machine / CONFIG)
    assert (settings.policy.office, settings.capture.interfaces) == ("yamagata", ("span0",))
    assert os.readlink(machine / "usr/local/bin/recorder") == "/opt/recorder/bin/recorder"
    assert "ExecStart=/opt/recorder/bin/recorder run " in (machine / UNIT).read_text()
    store = os.stat(machine / "var/lib/recorder")
    assert (stat.S_IMODE(store.st_mode), store.st_gid) == (0o2770, group(machine, "recorder"))
    config = os.stat(machine / CONFIG)
    assert (stat.S_IMODE(config.st_mode), config.st_gid) == (0o640, group(machine, "recorder"))
    wanted = sorted(os.listdir(machine / "etc/systemd/system/multi-user.target.wants"))
    assert wanted == ["recorder-capture.service", "recorder-keeper.service", "recorder-teller.service"]


def test_the_desk_is_put_in_place_and_starts_only_if_it_is_asked_for(
    machine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wants = machine / "etc/systemd/system/multi-user.target.wants"
    desk = {"recorder-door.service", "recorder-desk.service"}
    assert install(machine) == 0
    assert desk <= set(os.listdir(machine / "usr/local/lib/systemd/system"))
    assert not desk & set(os.listdir(wants))
    capsys.readouterr()

    assert install(machine, "--desk") == 0

    assert desk <= set(os.listdir(wants))
    said = capsys.readouterr().out
    assert "answers this machine alone" in said and "recorder first-manager --config" in said
    accounts, certificate = os.stat(machine / "var/lib/recorder-door"), os.stat(machine / "etc/recorder/desk")
    assert (stat.S_IMODE(accounts.st_mode), accounts.st_gid) == (0o700, group(machine, "recorder-door"))
    assert (stat.S_IMODE(certificate.st_mode), certificate.st_gid) == (0o750, group(machine, "recorder-desk"))
    assert stat.S_IMODE(os.stat(machine / "etc/recorder/door").st_mode) == 0o700
    lines = (machine / "etc/group").read_text().splitlines()
    assert {line.split(":")[0] for line in lines if "recorder-desk" in line.split(":")[3].split(",")} == {
        "recorder-door",
    }  # fmt: skip


def test_the_teller_is_not_of_the_stores_group(machine: Path) -> None:
    install(machine)

    [members] = [line for line in (machine / "etc/group").read_text().splitlines() if line.startswith("recorder:")]
    assert set(members.rpartition(":")[2].split(",")) == {
        "recorder-announce", "recorder-capture", "recorder-door", "recorder-keeper",
    }  # fmt: skip


def test_installing_again_changes_nothing(machine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    install(machine, "--office", "yamagata")
    before = everything(machine)

    assert install(machine) == 0

    assert everything(machine) == before
    assert "\nwrite " not in capsys.readouterr().out.partition("as it should be")[2]


def test_settings_are_never_overwritten(machine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nor is what they say told otherwise: the units follow them."""
    (machine / "etc/recorder").mkdir(parents=True)
    (machine / CONFIG).write_text('recording.store = "/srv/calls"\n[ring]\nsecond_store = "/srv/second"\n')

    assert install(machine, "--store", "/srv/others") == 2
    assert "recording.store; it is never overwritten" in capsys.readouterr().err
    assert install(machine) == 0

    assert (machine / CONFIG).read_text().startswith('recording.store = "/srv/calls"\n')
    assert "ReadWritePaths=/srv/calls\nReadWritePaths=-/srv/second\n" in (machine / UNIT).read_text()


def test_a_dry_run_changes_nothing(machine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert install(machine, "--dry-run") == 0

    assert everything(machine) == {}
    assert f"would write {machine / UNIT}" in capsys.readouterr().out


def test_an_office_that_there_is_not_is_refused_before_anything_is_done(
    machine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert install(machine, "--office", "yamagat") == 2

    assert "did you mean yamagata" in capsys.readouterr().err
    assert everything(machine) == {}


def test_uninstalling_leaves_recordings_and_settings(machine: Path) -> None:
    install(machine)
    (machine / "var/lib/recorder/2026").mkdir()

    assert main(["uninstall", "--root", str(machine)]) == 0

    assert not (machine / UNIT).exists() and not os.path.lexists(machine / "usr/local/bin/recorder")
    assert (machine / "var/lib/recorder/2026").is_dir() and (machine / CONFIG).exists()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"store": "/home/sato/calls"}, "Recordings can't be kept in /home/sato/calls"),
        ({"store": "/var/lib"}, "Recordings can't be kept in /var/lib"),
        ({"store": "/srv/my calls"}, "must be a full path of letters"),
        ({"store": "/srv/100%"}, "must be a full path of letters"),
        ({"second": "/tmp/second"}, "Recordings can't be kept in /tmp/second"),
        ({"program": "/home/sato/venv/bin/recorder"}, "its units don't see what is in /home"),
    ],
)
def test_a_place_where_the_units_could_not_work_is_refused(changes: dict[str, str], sentence: str) -> None:
    good = {"program": "/opt/recorder/bin/recorder", "store": "/srv/recorder"}

    with pytest.raises(Unusable, match=sentence):
        checked(Place(**{key: Path(value) for key, value in (good | changes).items()}))
