"""Which steps, in which order."""

from __future__ import annotations

from pathlib import Path

from recorder.install import files
from recorder.install.place import CONFIG, LIBRARY, LINK, Place
from recorder.install.steps import Folder, Link, Remove, Run, Step, WriteFile

_UNIT_FOLDER = LIBRARY / "systemd/system"
_SYSUSERS = LIBRARY / "sysusers.d/recorder.conf"
_TMPFILES = LIBRARY / "tmpfiles.d/recorder.conf"
RUNNING = Path("/run/systemd/system")  # is there while systemd runs the machine: sd_booted(3)


def install(place: Place, settings: str, *, desk: bool = False) -> list[Step]:
    """Put everything in place. `settings` is for a machine that has none; with `desk` the desk and its door start with
    the machine, too."""
    steps: list[Step] = [
        Link(place.at(LINK), place.program),
        Folder(place.at(CONFIG.parent)),
        # Its group, the store's, is set by tmpfiles.d, which runs after the accounts are made.
        WriteFile(place.at(CONFIG), settings, mode=0o640, is_kept=True),
        WriteFile(place.at(_SYSUSERS), files.filled(files.SYSUSERS, place)),
        Run(["systemd-sysusers", *_root(place), *_named(place, _SYSUSERS)]),
        Folder(place.at(place.store.parent)),
        WriteFile(place.at(_TMPFILES), files.filled(files.TMPFILES, place)),
        Run(["systemd-tmpfiles", "--create", *_root(place), *_named(place, _TMPFILES)]),
    ]
    steps += [WriteFile(place.at(_UNIT_FOLDER / name), files.filled(name, place)) for name in files.EVERY]
    if _systemd_runs(place):
        steps.append(Run(["systemctl", "daemon-reload"]))
    steps.append(Run(["systemctl", *_root(place), "enable", *files.UNITS, *(files.DESK if desk else ())]))
    return steps


def uninstall(place: Place) -> list[Step]:
    """Take away what `install` put in place, except settings, secrets, accounts and the store."""
    stop = ["--now"] if _systemd_runs(place) else []
    units = [place.at(_UNIT_FOLDER / name) for name in files.EVERY]
    steps: list[Step] = []
    if any(unit.exists() for unit in units):
        steps.append(Run(["systemctl", *_root(place), "disable", *stop, *files.EVERY], may_fail=True))
    steps += [Remove(unit) for unit in units]
    steps += [Remove(place.at(path)) for path in (_SYSUSERS, _TMPFILES, LINK)]
    if _systemd_runs(place):
        steps.append(Run(["systemctl", "daemon-reload"]))
    return steps


def _systemd_runs(place: Place) -> bool:
    return not place.is_staged and RUNNING.is_dir()


def _root(place: Place) -> list[str]:
    return [f"--root={place.root}"] if place.is_staged else []


def _named(place: Place, path: Path) -> list[str]:
    """The file that is meant. With --root, both tools look for it by its name below the root."""
    return [path.name if place.is_staged else str(path)]
