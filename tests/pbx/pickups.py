"""Calls that another telephone takes: from ringing, from talking, from parking."""

from __future__ import annotations

from tests.pbx import exchange
from tests.pbx.media import Spoken
from tests.pbx.scene import ELSEWHERE, Scene
from tests.pbx.steps import (
    answer_trunk,
    arrive,
    call_phone,
    established,
    hang_up,
    pick_up,
    presses,
    refers,
    take_over,
    talk,
    told_inbound,
)
from tests.pbx.truth import Call


def picked_up(scene: Scene, *, announced: str = "", directed: bool = False) -> list[Call]:
    """One telephone rings, another dials *8 (or *8 and the first one's extension) and has the caller.

    Nothing in SIP links the second telephone's leg with the others, but the CANCEL of the first at that moment.
    """
    caller, (rung, taker) = scene.outsider(), scene.phones(2)
    trunk = arrive(scene, caller, exchange.SECTION, announced=announced)
    ringing = call_phone(scene, trunk, caller, rung, exchange.SECTION)
    scene.wait(1.8)
    leg = scene.from_phone(taker, "*8" + (rung.extension if directed else ""))
    scene.dials(leg)
    leg.accept()
    leg.speaks(Spoken(taker.voice))
    ringing.cancel([ELSEWHERE])
    answer_trunk(scene, trunk, caller)
    scene.tells(trunk, taker)
    scene.join(trunk, leg)
    talk(scene)
    hang_up(scene, trunk, leg, by_caller=scene.rng.random() < 0.5)
    return [told_inbound(scene, caller, trunk, [ringing, leg], talk_leg=leg, first=taker, dialled=exchange.SECTION)]


def replaced_ringing(scene: Scene) -> list[Call]:
    """A telephone that watches the ringing one takes its call by INVITE with Replaces (RFC 3891), early-only."""
    caller, (rung, taker) = scene.outsider(), scene.phones(2)
    trunk = arrive(scene, caller, exchange.SECTION, announced="")
    ringing = call_phone(scene, trunk, caller, rung, exchange.SECTION)
    scene.wait(1.5)
    value = ringing.replaces(side=0, early=True)
    leg = scene.from_phone(taker, rung.extension, [("Replaces", value), ("Require", "replaces")])
    take_over(scene, trunk, ringing, leg, caller, taker)
    talk(scene)
    hang_up(scene, trunk, leg)
    return [told_inbound(scene, caller, trunk, [ringing, leg], talk_leg=leg, first=taker, dialled=exchange.SECTION)]


def replaced_talking(scene: Scene) -> list[Call]:
    """Another telephone takes over a call that goes on, by INVITE with Replaces: the first one gets a BYE."""
    caller, (first, taker) = scene.outsider(), scene.phones(2)
    trunk, leg = established(scene, caller, first, announced="answered")
    value = leg.replaces(side=0)
    onward = scene.from_phone(taker, first.extension, [("Replaces", value)])
    scene.dials(onward)
    onward.accept()
    onward.speaks(Spoken(taker.voice))
    leg.bye(by_far=False, headers=[ELSEWHERE])
    scene.join(trunk, onward)
    scene.tells(trunk, taker)
    talk(scene, 3.0)
    hang_up(scene, trunk, onward)
    return [told_inbound(scene, caller, trunk, [leg, onward], talk_leg=leg, first=first, final=taker)]


def parked(scene: Scene, *, by_code: bool = False, returns: bool = False) -> list[Call]:
    """The caller is parked (REFER to 700, or #72) and hears music; another telephone dials the slot and has them.

    `returns`: nobody does, and the PBX calls the first one again.
    """
    caller, (first, taker) = scene.outsider(), scene.phones(2)
    trunk, leg = established(scene, caller, first)
    slot = scene.slot()
    if by_code:
        presses(scene, leg, "#72")
        scene.music(trunk)
        leg.hears(None)
        scene.wait(1.0)
        leg.bye(by_far=False)
    else:
        refers(scene, leg, first, exchange.PARKING)
        scene.music(trunk)
        leg.notify("200 OK", over=True)
        leg.bye(by_far=True)
    scene.wait(4.0)
    if returns:
        onward, final = call_phone(scene, trunk, caller, first), first
        scene.wait(1.0)
        pick_up(scene, trunk, onward, caller, first)
    else:
        onward, final = scene.from_phone(taker, slot), taker
        scene.dials(onward)
        onward.accept()
        onward.speaks(Spoken(taker.voice))
        scene.join(trunk, onward)
        scene.tells(trunk, taker)
    talk(scene, 3.0)
    hang_up(scene, trunk, onward)
    flags = frozenset() if by_code else frozenset({"transferred"})
    return [told_inbound(scene, caller, trunk, [leg, onward], talk_leg=leg, first=first, final=final, flags=flags)]
