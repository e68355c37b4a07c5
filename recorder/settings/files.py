"""What a configuration file says: settings, or just an office, whose profile it is."""

from __future__ import annotations

from pathlib import Path

from recorder.settings.checking import Fault, UnusableSettings
from recorder.settings.checking import check as check_as
from recorder.settings.models import Policy, Settings


def load(path: Path) -> Settings:
    """Read a configuration. A profile as config/offices has them stands for the defaults with that office.

    Raises `UnusableSettings` if it has faults, `OSError` if it can't be read.
    """
    data = path.read_bytes()
    if is_profile(data):
        faults = check_profile(data)
        settings: Settings | None = Settings(policy=Policy(office=_as_path(path)))
    else:
        settings, faults = check(data)
    if settings is None or faults:
        raise UnusableSettings(path, faults)
    return settings


def check(data: bytes) -> tuple[Settings | None, list[Fault]]:
    """Settings and no faults, or no settings and at least one fault, in the order of their lines."""
    return check_as(data, Settings)


def check_profile(data: bytes) -> list[Fault]:
    """The faults of an office's profile, in the order of their lines."""
    from recorder.policy.profile import Profile

    return check_as(data, Profile)[1]


def faults_of(data: bytes) -> list[Fault]:
    """The faults of a file, settings or profile."""
    return check_profile(data) if is_profile(data) else check(data)[1]


def is_profile(data: bytes) -> bool:
    """Whether this is an office's profile: it has a table [office], which settings don't have."""
    import tomllib

    try:
        table = tomllib.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        return False  # whoever checks the file says so
    return isinstance(table.get("office"), dict)


def _as_path(path: Path) -> str:
    """The path so that it can't be taken for the name of a profile."""
    return str(path) if "/" in str(path) or path.suffix == ".toml" else f"./{path}"
