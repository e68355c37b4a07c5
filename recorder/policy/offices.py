"""The profiles of offices: where they lie, and a policy from one.

They are data of the package, `offices/NAME.toml` beside the code; in the source tree that is a link to config/offices.
"""

from __future__ import annotations

import difflib
from pathlib import Path

from recorder.policy.profile import Profile
from recorder.policy.value import Policy, ScopedRule
from recorder.problems import Unusable
from recorder.settings import UnusableSettings
from recorder.settings import models as settings
from recorder.settings.checking import check

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


def policy_of(chosen: settings.Policy) -> Policy | None:
    """The policy that the settings choose: their own rules, then the office's. None if they choose nothing."""
    own = tuple(
        ScopedRule(rule=rule, sections=one.sections, extensions=one.extensions, lines=one.lines)
        for one in chosen.rules
        if (rule := one.rule()) is not None
    )
    if not chosen.office:
        return Policy(office="", profile="", regulation="", rules=own) if own else None
    profile = load(chosen.office)
    rule = profile.retention.rule()
    assert rule is not None, "Retention refuses to be without"
    covered = bool(own) and own[-1].is_for_all
    return Policy(
        office=profile.office.name,
        profile=find(chosen.office).stem,
        regulation=profile.regulation.title,
        rules=own if covered else (*own, ScopedRule(rule=rule)),
        copies=None if profile.copies is None else profile.copies.rule(),
    )


def policy_of_office(office: str) -> Policy:
    """The policy of a profile alone."""
    policy = policy_of(settings.Policy(office=office))
    assert policy is not None
    return policy
