"""Holds as operators ask for them: on a ground of the office's profile, for a call, a number or a section."""

from __future__ import annotations

from recorder.policy import offices, value
from recorder.problems import Unusable
from recorder.ring import adoption
from storage.ring import holds
from storage.ring.ring import Ring
from storage.ring.values import Hold, hold_name


async def grounds(ring: Ring) -> dict[str, str]:
    """The grounds on which the office may keep recordings longer: by name, the words of its regulation. Empty if the
    store follows no office's profile, or that one lists none."""
    history = await adoption.history(ring.catalogue)
    if not history:
        return {}
    name = value.from_dict(history[-1].policy).profile
    if name not in offices.names():
        return {}
    return {ground.name: ground.title for ground in offices.load(name).grounds if "extend" in ground.allows()}


async def require_ground(ring: Ring, ground: str) -> None:
    """`Unusable`, with the grounds there are, if this isn't one of them."""
    known = await grounds(ring)
    if ground in known:
        return
    if not known:
        raise Unusable(
            f"There is no ground {ascii(ground)}: the store follows no office whose regulation lists any.",
            hint="Leave --ground out.",
        )
    listed = "; ".join(f"{name} ({title})" for name, title in known.items())
    raise Unusable(f"There is no ground {ascii(ground)}.", hint=f"The regulation lists: {listed}.")


async def holds_meant(ring: Ring, named: str) -> list[Hold]:
    """The holds that an operator means by H12, or by a call's id: those that were placed for that call alone, and hold
    still. `Unusable` if there are none."""
    holding = await holds.all_holds(ring, ended=False)
    number = hold_name(named)
    found = [hold for hold in holding if hold.number == number] or [
        hold for hold in holding if hold.scope.call == named
    ]
    if found:
        return found
    store = ring.root
    wide = [hold.name for hold in holding if await holds.holds_call(ring, hold, named)]
    if wide:
        raise Unusable(
            f"Call {ascii(named)[1:-1]} is held by {' and '.join(wide)}, with others.",
            hint=f"To end that hold for all of them: recorder release --store {store} {wide[0]} --reason TEXT",
        )
    raise Unusable(f"Nothing holds {ascii(named)[1:-1]}.", hint=f"List all holds with: recorder holds --store {store}")
