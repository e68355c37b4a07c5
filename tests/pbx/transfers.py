"""Calls that go from one extension to another: picked up, forwarded, transferred, parked."""

from __future__ import annotations

from typing import Any

from tests.pbx import exchange
from tests.pbx.leg import Leg
from tests.pbx.media import Spoken
from tests.pbx.scene import ELSEWHERE, Outsider, Phone, Scene
from tests.pbx.steps import answer_trunk, arrive, call_phone, hang_up, lets_ring, pick_up, talk
from tests.pbx.truth import Call

_TRANSFERRED = frozenset({"transferred"})


def told_inbound(
    scene: Scene,
    caller: Outsider,
    trunk: Leg,
    legs: list[Leg],
    *,
    talk_leg: Leg | None,
    first: Phone | None,
    final: Phone | None = None,
    dialled: str = exchange.MAIN,
    **more: Any,
) -> Call:
    """The truth of a call from outside that several extensions had to do with."""
    return scene.told(
        direction="inbound",
        caller=caller.shown,
        callee=dialled,
        extension=first.extension if first else None,
        final=final.extension if final else None,
        recorded=trunk,
        legs=[trunk, *legs],
        talk=talk_leg,
        **more,
    )


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


def blind(scene: Scene, *, announced: str = "answered", ending: str = "") -> list[Call]:
    """REFER to another extension. `ending`: "" it answers there; "fails" busy there, and the first one still has the
    caller; "recalled" nobody answers there, and the PBX calls the first one again."""
    caller, (first, second) = scene.outsider(), scene.phones(2)
    trunk = arrive(scene, caller, exchange.MAIN, announced=announced)
    leg = call_phone(scene, trunk, caller, first)
    scene.wait(1.0)
    pick_up(scene, trunk, leg, caller, first)
    talk(scene, 3.0)
    leg.ask(True, "REFER", _refer(scene, first, second.extension), status=202)
    leg.notify("100 Trying", over=False)
    onward = scene.to_phone(second, caller.shown, of=trunk, dialled=exchange.MAIN)
    scene.dials(onward)
    legs = [leg, onward]
    if ending == "fails":
        scene.wait(0.3)
        onward.refuse(486)
        leg.notify("486 Busy Here", over=True)
        talk(scene, 2.0)
        hang_up(scene, trunk, leg)
        return [told_inbound(scene, caller, trunk, legs, talk_leg=leg, first=first)]
    scene.tells(trunk, second)
    lets_ring(scene, trunk, onward)
    leg.notify("200 OK", over=True)
    leg.bye(by_far=True)
    scene.wait(1.5)
    last, final = onward, second
    if ending == "recalled":
        onward.cancel()
        last, final = call_phone(scene, trunk, caller, first), first
        legs.append(last)
        scene.wait(1.0)
    pick_up(scene, trunk, last, caller, final)
    talk(scene, 3.0)
    hang_up(scene, trunk, last)
    return [told_inbound(scene, caller, trunk, legs, talk_leg=leg, first=first, final=final, flags=_TRANSFERRED)]


def _refer(scene: Scene, phone: Phone, target: str) -> list[tuple[str, str]]:
    return [
        ("Refer-To", f"<sip:{target}@{scene.pbx_lan.host}>"),
        ("Referred-By", f"<sip:{phone.extension}@{scene.pbx_lan.host}>"),
    ]
