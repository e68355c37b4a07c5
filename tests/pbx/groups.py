"""Calls that ring at several telephones, together or one after the other, and calls that leave again."""

from __future__ import annotations

from tests.pbx import exchange
from tests.pbx.leg import Leg
from tests.pbx.media import Spoken
from tests.pbx.scene import ELSEWHERE, Outsider, Phone, Scene
from tests.pbx.steps import arrive, call_phone, hang_up, lets_ring, pick_up, talk, told_inbound
from tests.pbx.truth import Call


def ring_group(scene: Scene, *, announced: str = "answered", answers: int | None = 1) -> list[Call]:
    """Three telephones ring together; the others get CANCEL when one answers. `answers` None: the caller gives up."""
    caller, phones = scene.outsider(), scene.phones(3)
    trunk, legs = ring_together(scene, caller, phones, announced=announced)
    scene.wait(1.5)
    if answers is None:
        if trunk.accepted_ns is None:
            trunk.cancel()
        else:
            trunk.bye(by_far=True)
        for leg in legs:
            leg.cancel()
        rang = [phone.extension for phone in phones]
        return [
            told_inbound(scene, caller, trunk, legs, talk_leg=None, first=None, dialled=exchange.GROUP, accept=rang)
        ]
    takes(scene, trunk, legs, caller, phones, answers)
    talk(scene)
    hang_up(scene, trunk, legs[answers], by_caller=False)
    return [
        told_inbound(scene, caller, trunk, legs, talk_leg=legs[answers], first=phones[answers], dialled=exchange.GROUP)
    ]


def ring_together(
    scene: Scene, caller: Outsider, phones: list[Phone], *, announced: str, dialled: str = exchange.GROUP
) -> tuple[Leg, list[Leg]]:
    """A call comes in and rings at all of these."""
    trunk = arrive(scene, caller, dialled, announced=announced)
    legs = [scene.to_phone(phone, caller.shown, of=trunk, dialled=dialled) for phone in phones]
    for leg in legs:
        scene.dials(leg)
    lets_ring(scene, trunk, *legs)
    return trunk, legs


def takes(scene: Scene, trunk: Leg, legs: list[Leg], caller: Outsider, phones: list[Phone], answers: int) -> None:
    """One of them answers, the others stop ringing."""
    pick_up(scene, trunk, legs[answers], caller, phones[answers])
    for n, leg in enumerate(legs):
        if n != answers:
            leg.cancel([ELSEWHERE])
    scene.tells(trunk, phones[answers])


def forwarded(scene: Scene, *, how: str = "302", announced: str = "") -> list[Call]:
    """The call goes on from one extension to another. `how`: "302" the telephone says so; "busy" and "no-answer" the
    PBX does it; "always" the first telephone is not even called."""
    caller, (first, second) = scene.outsider(), scene.phones(2)
    trunk = arrive(scene, caller, exchange.MAIN, announced=announced)
    legs = []
    if how != "always":
        leg = scene.to_phone(first, caller.shown, of=trunk, dialled=exchange.MAIN)
        scene.dials(leg)
        legs.append(leg)
        if how == "302":
            leg.refuse(302, [("Contact", f"<sip:{second.extension}@{scene.pbx_lan.host}>")])
        elif how == "busy":
            leg.refuse(486)
        else:
            lets_ring(scene, trunk, leg)
            scene.wait(3.0)
            leg.cancel()
    onward = call_phone(scene, trunk, caller, second, first.extension)
    legs.append(onward)
    scene.wait(1.2)
    pick_up(scene, trunk, onward, caller, second)
    talk(scene)
    hang_up(scene, trunk, onward)
    return [told_inbound(scene, caller, trunk, legs, talk_leg=onward, first=second)]


def forwarded_outside(scene: Scene, *, how: str = "always", own_shown: bool = True) -> list[Call]:
    """The PBX sends the call on to a mobile telephone: in by the trunk, and out by it again.

    `own_shown`: the office's number is presented to the mobile, else the caller's.
    """
    caller, mobile, (first,) = scene.outsider(), scene.outsider(), scene.phones(1)
    trunk = arrive(scene, caller, exchange.MAIN, announced="")
    legs = []
    if how == "302":
        leg = scene.to_phone(first, caller.shown, of=trunk, dialled=exchange.MAIN)
        scene.dials(leg)
        leg.refuse(302, [("Contact", f"<sip:{exchange.PREFIX}{mobile.number}@{scene.pbx_lan.host}>")])
        legs.append(leg)
    diversion = ("Diversion", f"<sip:{exchange.MAIN}@{scene.pbx_trunk.host}>;reason=unconditional")
    out = scene.trunk_out(exchange.MAIN if own_shown else caller.number, mobile.number, [diversion], of=trunk)
    scene.dials(out)
    legs.append(out)
    scene.wait(0.4)
    out.ring()
    trunk.ring()
    scene.wait(1.5)
    out.accept()
    out.speaks(Spoken(mobile.voice))
    trunk.accept()
    trunk.speaks(Spoken(caller.voice))
    scene.join(trunk, out)
    talk(scene)
    hang_up(scene, trunk, out)
    accept = [mobile.number, first.extension]
    return [told_inbound(scene, caller, trunk, legs, talk_leg=out, first=None, accept=accept)]
