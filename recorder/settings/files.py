"""What a configuration file says: settings, or just an office, whose profile it is."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from recorder.problems import Unusable
from recorder.settings import overlay
from recorder.settings.checking import Fault, UnusableSettings, check_table
from recorder.settings.checking import check as check_as
from recorder.settings.models import Policy, Settings


def load(path: Path) -> Settings:
    """Read a configuration, and what the office changed at the desk where it names that file. A profile as
    config/offices has them stands for the defaults with that office.

    Raises `UnusableSettings` if one of them has faults, `Unusable`, `OSError` if one can't be read.
    """
    settings, data = _engineers(path)
    return settings if not settings.desk.changes else with_office(settings, data, Path(settings.desk.changes))


def load_anyway(path: Path) -> tuple[Settings, str]:
    """The same for a service, which what the office changed never stops: if that is faulty, the settings with what it
    was before, or with none of it, and a sentence that says so ("" if all is well)."""
    settings, data = _engineers(path)
    if not settings.desk.changes:
        return settings, ""
    changes = Path(settings.desk.changes)
    try:
        return with_office(settings, data, changes), ""
    except (Unusable, OSError) as problem:
        said = str(problem)
    with contextlib.suppress(Unusable, OSError):  # the fault is said already, and holds for both
        previous = changes.with_name(changes.name + overlay.PREVIOUS)
        if previous.exists():
            return with_office(settings, data, previous), f"{said} The office's settings before them are in force."
    return settings, f"{said} The settings of {path} alone are in force."


def with_office(settings: Settings, data: bytes, changes: Path) -> Settings:
    """These settings, read from `data`, with the office's own in their place. As `load`."""
    try:
        office = changes.read_bytes()
    except FileNotFoundError:
        return settings  # nothing was changed yet
    tables = overlay.read(office, str(changes))
    combined = combine(data, tables, changes, office.decode())
    if lost := overlay.lost_prompt(tables, changes):
        hint = "Propose it once more at the desk, or put it back from a backup."
        raise Unusable(f"{changes}: the prompt {lost} isn't there as it was approved.", hint=hint)
    return combined


def combine(data: bytes, office: Mapping[str, Any], changes: Path, text: str = "") -> Settings:
    """The engineer's file with the office's tables. `UnusableSettings` if they don't go together."""
    import tomllib

    tables = overlay.merged(tomllib.loads(data.decode("utf-8-sig")), office)
    settings, faults = check_table(tables, Settings, text)
    if settings is None:
        raise UnusableSettings(changes, faults)
    return settings


def _engineers(path: Path) -> tuple[Settings, bytes]:
    data = path.read_bytes()
    if is_profile(data):
        faults = check_profile(data)
        settings: Settings | None = Settings(policy=Policy(office=_as_path(path)))
    else:
        settings, faults = check(data)
    if settings is None or faults:
        raise UnusableSettings(path, faults)
    return settings, data


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
