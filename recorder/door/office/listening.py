"""May a recording be heard where it lies? By the regulation's own words:

| `[listening] how` | | as in |
| --- | --- | --- |
| `copies_only` | never; copies alone are heard | Saitama, article 4 (1) and (5) |
| `on_grounds` | on a ground that the regulation lists for listening, with its cause | Kumamoto, article 4 (3) |
| `for_the_purpose` | for the purpose of recording, which is entered | Matsumoto, article 7 (3) |

Where the regulation says nothing, a cause has to be given: nobody is to listen without one, and the register shows it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from recorder.policy.profile import Ground, Profile

How = Literal["copies_only", "on_grounds", "for_the_purpose", "with_cause"]


class MayNotListen(Exception):
    """The regulation forbids it, or wants more said first; `missing` is "ground" or "cause", "" if it is forbidden."""

    def __init__(self, article: str, missing: str = "") -> None:
        super().__init__(f"{missing or 'forbidden'} ({article})")
        self.article = article
        self.missing = missing


@dataclass(frozen=True, slots=True)
class Allowed:
    """On what the register says that it was heard."""

    article: str
    ground: str  # its name in the profile; "" if none is needed
    cause: str


def how(profile: Profile | None) -> How:
    """Which kind of rule the office has."""
    if profile is None or profile.listening is None:
        return "with_cause"
    return profile.listening.how


def grounds(profile: Profile | None) -> list[Ground]:
    """The grounds on which this office listens; empty if it needs none."""
    if profile is None or how(profile) != "on_grounds":
        return []
    return [ground for ground in profile.grounds if ground.listen]


def judge(profile: Profile | None, *, ground: str, cause: str) -> Allowed:
    """On what somebody may listen who gives this ground and this cause ("" for none). `MayNotListen`."""
    article = profile.listening.article if profile is not None and profile.listening is not None else ""
    cause = cause.strip()
    match how(profile):
        case "copies_only":
            raise MayNotListen(article)
        case "on_grounds":
            found = next((one for one in grounds(profile) if one.name == ground), None)
            if found is None:
                raise MayNotListen(article, "ground")
            if not cause:
                raise MayNotListen(found.listen, "cause")
            return Allowed(found.listen, found.name, cause)
        case "for_the_purpose":
            assert profile is not None
            said = cause or (profile.purposes[0].says if profile.purposes else "")
            return Allowed(article, "", said)
        case "with_cause":
            if not cause:
                raise MayNotListen(article, "cause")
            return Allowed(article, "", cause)
