"""What most families do: a call comes in, a telephone rings, somebody answers, somebody hangs up."""

from __future__ import annotations

from typing import Any

from tests.pbx import exchange
from tests.pbx.leg import Header, Leg
from tests.pbx.media import Quiet, Spoken
from tests.pbx.scene import ELSEWHERE, Outsider, Phone, Scene
from tests.pbx.truth import Call

ANNOUNCEMENTS = ("", "answered", "early")


def arrive(scene: Scene, caller: Outsider, dialled: str, *, announced: str = "answered", seconds: float = 2.4) -> Leg:
    """An INVITE from the carrier, and what the caller hears before a telephone rings.

    `announced`: "" nothing; "answered" the PBX answers and plays; "early" it plays in 183, before the answer.
    """
    trunk = scene.trunk_in(caller, dialled)
    scene.dials(trunk)
    if announced == "answered":
        trunk.accept()
        trunk.speaks(Spoken(caller.voice))
        scene.announces(trunk, seconds)
        trunk.hears(None)
    elif announced == "early":
        trunk.ring(183, early_media=True)
        scene.announces(trunk, seconds)
        trunk.hears(None)
    return trunk


def call_phone(scene: Scene, trunk: Leg, caller: Outsider, phone: Phone, dialled: str = exchange.MAIN) -> Leg:
    """The PBX calls an extension for a caller; it rings there, and with the caller."""
    leg = scene.to_phone(phone, caller.shown, of=trunk, dialled=dialled)
    scene.dials(leg)
    scene.tells(trunk, phone)
    lets_ring(scene, trunk, leg)
    return leg


def lets_ring(scene: Scene, trunk: Leg, *legs: Leg) -> None:
    """180 of the extensions, and the ringing tone for the caller."""
    scene.wait(0.1)
    for leg in legs:
        leg.ring()
    if trunk.accepted_ns is not None or trunk.ear.was_used:
        scene.rings_in_band(trunk)
        if trunk.accepted_ns is None:
            trunk.ring(183, early_media=True)
    else:
        trunk.ring()


def pick_up(scene: Scene, trunk: Leg, leg: Leg, caller: Outsider, phone: Phone) -> None:
    """Somebody answers an extension that the PBX called; the PBX answers the trunk if it has not, and connects."""
    leg.accept()
    leg.speaks(Spoken(phone.voice))
    answer_trunk(scene, trunk, caller)
    scene.join(trunk, leg)


def answer_trunk(scene: Scene, trunk: Leg, caller: Outsider) -> None:
    """200 to the carrier, unless an announcement had it already."""
    if trunk.accepted_ns is None:
        trunk.accept()
        trunk.speaks(Spoken(caller.voice))


def take_over(scene: Scene, trunk: Leg, ringing: Leg, leg: Leg, caller: Outsider, taker: Phone) -> None:
    """Another telephone has dialled, and has the caller; the one that rang falls silent."""
    scene.dials(leg)
    leg.accept()
    leg.speaks(Spoken(taker.voice))
    ringing.cancel([ELSEWHERE])
    answer_trunk(scene, trunk, caller)
    scene.join(trunk, leg)


def hang_up(scene: Scene, trunk: Leg, *others: Leg, by_caller: bool = True) -> None:
    """Somebody hangs up, and the PBX ends what is left. `trunk` is the caller's leg, or the dialling telephone's."""
    reason: list[Header] = [("Reason", "Q.850;cause=16")]
    order = [trunk, *others] if by_caller else [*others, trunk]
    for place, leg in enumerate(order):
        leg.bye(by_far=place == 0, headers=reason if place else ())
        scene.wait(0.002)


def puts_on_hold(scene: Scene, leg: Leg, other: Leg) -> None:
    """A telephone holds: re-INVITE, silence from it, music for the other. The PBX goes on sending to the telephone."""
    leg.reinvite(True, "sendonly")
    leg.speaks(Quiet())
    scene.music(other)


def resumes(scene: Scene, leg: Leg, other: Leg, phone: Phone) -> None:
    """Back from hold."""
    leg.reinvite(True)
    leg.speaks(Spoken(phone.voice))
    scene.join(leg, other)


def talk(scene: Scene, seconds: float = 4.0) -> None:
    """People talk, for about so long."""
    scene.wait(seconds + scene.rng.uniform(0, 0.5))


def consult(scene: Scene, phone: Phone, other: Phone, *, dialled: str | None = None) -> tuple[Leg, Leg]:
    """A telephone calls another one, which answers after a second: the caller's leg and the called one's."""
    mine, theirs = internal_call(scene, phone, other, dialled=dialled)
    scene.wait(1.0)
    answer_between(scene, mine, theirs, phone, other)
    return mine, theirs


def internal_call(scene: Scene, phone: Phone, other: Phone, *, dialled: str | None = None) -> tuple[Leg, Leg]:
    """A telephone calls another one, and it rings there."""
    mine = scene.from_phone(phone, dialled or other.extension)
    scene.dials(mine)
    theirs = scene.to_phone(other, phone.extension, of=mine, inner=True)
    scene.dials(theirs)
    scene.wait(0.1)
    theirs.ring()
    mine.ring()
    return mine, theirs


def answer_between(scene: Scene, mine: Leg, theirs: Leg, phone: Phone, other: Phone | Outsider) -> None:
    """Who was called from a telephone answers: a telephone, or somebody outside."""
    theirs.accept()
    theirs.speaks(Spoken(other.voice))
    mine.accept()
    mine.speaks(Spoken(phone.voice))
    scene.join(mine, theirs)


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


def established(
    scene: Scene, caller: Outsider, phone: Phone, *, announced: str = "", dialled: str = exchange.MAIN
) -> tuple[Leg, Leg]:
    """A call from outside that somebody has answered, and they have talked for some seconds: trunk and inner leg."""
    trunk = arrive(scene, caller, dialled, announced=announced)
    leg = call_phone(scene, trunk, caller, phone, dialled)
    scene.wait(1.0)
    pick_up(scene, trunk, leg, caller, phone)
    talk(scene, 2.5)
    return trunk, leg


def refers(scene: Scene, leg: Leg, phone: Phone, target: str, *, replacing: Leg | None = None) -> None:
    """A telephone asks the PBX to transfer the other end of `leg`, perhaps into a dialog that it has with the PBX."""
    to = f"sip:{target}@{scene.pbx_lan.host}"
    if replacing is not None:
        value = replacing.replaces(side=1 - replacing.far).replace(";", "%3B").replace("=", "%3D").replace("@", "%40")
        to += f"?Require=replaces&Replaces={value}"
    referred_by = ("Referred-By", f"<sip:{phone.extension}@{scene.pbx_lan.host}>")
    leg.ask(True, "REFER", [("Refer-To", f"<{to}>"), referred_by], status=202)
    leg.notify("100 Trying", over=False)


def presses(scene: Scene, leg: Leg, keys: str) -> None:
    """Keys of a telephone, as telephone-events."""
    for key in keys:
        leg.mic.dials(scene.now, key)
        scene.wait(0.3)
