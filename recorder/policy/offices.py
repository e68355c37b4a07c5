"""The profiles of offices, and where they lie.

They are data of the package, `offices/NAME.toml` beside the code; in the source tree that is a link to config/offices.
"""

from __future__ import annotations

import difflib
from pathlib import Path

from recorder.policy.profile import Profile
from recorder.problems import Unusable
from recorder.settings.checking import UnusableSettings, check

FOLDER = Path(__file__).resolve().parents[1] / "offices"
ENDING = ".toml"


def names() -> list[str]:
    """The names of all profiles that come with the program."""
    return sorted(path.stem for path in FOLDER.glob(f"*{ENDING}"))


def is_path(office: str) -> bool:
    """Whether this is a path to a profile, not the name of one."""
    return "/" in office or office.endswith(ENDING)


def find(office: str) -> Path:
    """Where the profile of that name or path lies. Raises `Unusable` if there is none of that name."""
    if is_path(office):
        return Path(office)
    known = names()
    if office in known:
        return FOLDER / f"{office}{ENDING}"
    near = difflib.get_close_matches(office, known, n=1)
    meant = f"; did you mean {near[0]}" if near else ""
    raise Unusable(f"There is no office {ascii(office)}{meant}.", hint="List all with: recorder policy offices")


def load(office: str) -> Profile:
    """Read the profile of that name or path. Raises `Unusable` with its first fault, `OSError` if it can't be read."""
    path = find(office)
    profile, faults = check(path.read_bytes(), Profile)
    if profile is None:
        raise UnusableSettings(path, faults)
    return profile
