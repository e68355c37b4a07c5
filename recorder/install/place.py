"""Where things are on the machine that is installed on."""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from recorder.problems import Unusable

CONFIG = Path("/etc/recorder/recorder.toml")
LINK = Path("/usr/local/bin/recorder")
LIBRARY = Path("/usr/local/lib")  # below it systemd looks for what doesn't come from Debian

# What units of ours don't see (ProtectHome=, PrivateTmp=, PrivateDevices=), or see anew at each start.
_HIDDEN = tuple(Path(name) for name in ("/home", "/root", "/run", "/tmp", "/var/tmp", "/dev", "/proc", "/sys"))
# What belongs to the system: no folder of recordings.
_TAKEN = (Path("/"), Path("/etc"), Path("/usr"), Path("/boot"), Path("/var"), Path("/var/lib"))
_PLAIN = re.compile(r"(/[A-Za-z0-9][A-Za-z0-9._-]*)+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Paths as that machine sees them. `root` is put before them while files are staged for it."""

    program: Path
    store: Path
    second: Path | None = None  # the second store
    root: Path = Path("/")

    @property
    def is_staged(self) -> bool:
        """Whether files are only put together, for another machine or an image of one."""
        return self.root != Path("/")

    def at(self, path: Path) -> Path:
        """Where a path of that machine is now."""
        return self.root / path.relative_to("/")


def checked(place: Place) -> Place:
    """The same place. Raises `Unusable` if the units couldn't work there."""
    _check_plain(place.program, "The program")
    if hidden := _within(place.program, _HIDDEN):
        raise _program_hidden(place.program, hidden)
    for path in (place.store, place.second):
        if path is not None:
            _check_plain(path, "The store")
            if path in _TAKEN or _within(path, (*_HIDDEN, Path("/etc"), Path("/usr"), Path("/boot"))):
                raise Unusable(
                    f"Recordings can't be kept in {path}: it belongs to the system, or the units don't see it.",
                    hint="Name another folder: --store /srv/recorder",
                )
    return place


def this_program() -> Path:
    """The program that runs now. Raises `Unusable` if no unit could start it, by its own place or by Python's."""
    program = Path(sys.argv[0]).absolute()
    if program.name != "recorder":  # python -m recorder
        program = Path(sys.executable).parent / "recorder"
    if not os.access(program, os.X_OK):
        raise Unusable(
            f"There is no program {program} for the units to start.",
            hint="Name it: --program /opt/recorder/bin/recorder",
        )
    package = Path(__file__).resolve().parents[1]
    for path in (program, Path(sys.base_prefix).resolve(), Path(sys.prefix).resolve(), package):
        if hidden := _within(path, _HIDDEN):
            raise _program_hidden(path, hidden)
    return program


def _program_hidden(path: Path, hidden: Path) -> Unusable:
    return Unusable(
        f"The program is in {path}, and its units don't see what is in {hidden}.",
        hint="Install it into /opt/recorder: python3 -m venv /opt/recorder",
    )


def _within(path: Path, folders: tuple[Path, ...]) -> Path | None:
    return next((folder for folder in folders if path.is_relative_to(folder)), None)


def _check_plain(path: Path, what: str) -> None:
    """Unit files give a meaning to blanks, quotes, percent signs and backslashes."""
    if not _PLAIN.fullmatch(str(path)):
        raise Unusable(
            f"{what} can't be at {str(path)!r}: it must be a full path of letters, digits, dots, hyphens and "
            "underscores."
        )
