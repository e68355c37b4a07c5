"""On which grounds of the regulation an application of some kind may be granted, and what must have been done first.

| what is asked for | acts that the ground has to allow |
| --- | --- |
| `copy`, `disclosure` | `copy` |
| `investigation` | `copy`; and `provide`, where the regulation speaks of providing at all |
| `extension` | `provide` or `use`: nothing is copied, somebody is told |

An office whose regulation lists no grounds (its text wasn't at hand) grants without one, for a reason that is kept.
"""

from __future__ import annotations

from recorder.door.refusals import Refused, Why
from recorder.policy.profile import Act, Ground, Profile


def ground_named(profile: Profile | None, name: str) -> Ground | None:
    return next((one for one in profile.grounds if one.name == name), None) if profile and name else None


def is_for(ground: Ground, asks: str) -> bool:
    """Whether the ground is for applications of that kind."""
    return asks in ground.asks if ground.asks else asks != "extension"


def article_for(profile: Profile | None, ground: Ground, asks: str) -> str | None:
    """The articles by which an application of that kind may be granted on it, the ground's own first; None: it may
    not."""
    act = _article_of_act(profile, ground, asks)
    if act is None or ground.article.startswith(act):
        return act and ground.article
    return act if act.startswith(ground.article) else f"{ground.article}、{act}"


def _article_of_act(profile: Profile | None, ground: Ground, asks: str) -> str | None:
    if not is_for(ground, asks):
        return None
    acts = ground.allows()
    if asks == "extension":
        return acts.get("provide") or acts.get("use")
    needed: list[Act] = ["copy"]
    provides = any(one.provide for one in (profile.grounds if profile else ()))
    if asks == "investigation" and provides:
        needed.append("provide")
    return acts["copy"] if all(one in acts for one in needed) else None


def usable(profile: Profile | None, asks: str) -> tuple[Ground, ...]:
    """Those on which an application of that kind may be granted."""
    return tuple(one for one in (profile.grounds if profile else ()) if article_for(profile, one, asks) is not None)


def require(profile: Profile | None, name: str, asks: str) -> tuple[Ground | None, str]:
    """The ground, and the article by which it may be granted. `Refused` if it may not."""
    if not profile or not profile.grounds:
        if name:
            raise Refused(Why.NOT_UNDERSTOOD, field="ground")
        return None, ""
    found = ground_named(profile, name)
    if found is None:
        raise Refused(Why.NOT_UNDERSTOOD, field="ground")
    article = article_for(profile, found, asks)
    if article is None:
        raise Refused(Why.FORBIDDEN_BY_RULE, field="ground_act", detail=found.article)
    return found, article
