"""Calls from an extension, to the outside and to another extension."""

from __future__ import annotations

from tests.pbx import exchange, media
from tests.pbx.leg import Leg
from tests.pbx.media import Spoken
from tests.pbx.scene import Outsider, Phone, Scene
from tests.pbx.steps import answer_between, consult, hang_up, internal_call, talk
from tests.pbx.truth import Call


def dial_out(scene: Scene, phone: Phone, number: str, *, own: str = exchange.MAIN) -> tuple[Leg, Leg]:
    """A telephone dials 0 and a number; the PBX calls the carrier without the 0: telephone's leg, trunk leg."""
    leg = scene.from_phone(phone, exchange.PREFIX + number)
    scene.dials(leg)
    trunk = scene.trunk_out(own, number, of=leg)
    scene.dials(trunk)
    return leg, trunk


def told_outbound(
    scene: Scene,
    called: Outsider,
    phone: Phone,
    leg: Leg,
    trunk: Leg,
    *,
    talk_leg: Leg | None,
    own: str = exchange.MAIN,
) -> Call:
    """The truth of a call to the outside."""
    return scene.told(
        direction="outbound",
        caller=own,
        callee=called.number,
        extension=phone.extension,
        recorded=trunk,
        legs=[leg, trunk],
        talk=talk_leg,
    )


def answered(
    scene: Scene, *, early: bool = False, number: str | None = None, by_caller: bool = True, own: str = exchange.MAIN
) -> list[Call]:
    """Outbound, answered; `early`: the carrier plays something in 183 first."""
    called, (phone,) = scene.outsider(number), scene.phones(1)
    leg, trunk = dial_out(scene, phone, called.number, own=own)
    scene.wait(0.3)
    if early:
        _early_media(scene, leg, trunk)
        scene.wait(2.0)
    else:
        trunk.ring()
        leg.ring()
        scene.wait(1.5)
    answer_between(scene, leg, trunk, phone, called)
    talk(scene)
    hang_up(scene, leg, trunk, by_caller=by_caller)
    return [told_outbound(scene, called, phone, leg, trunk, talk_leg=trunk, own=own)]


def _early_media(scene: Scene, leg: Leg, trunk: Leg) -> None:
    trunk.ring(183, early_media=True)
    leg.ring(183, early_media=True)
    trunk.speaks(Spoken(scene.voice()))
    leg.hears(media.Relayed(trunk.mic))


def refused(scene: Scene, *, status: int = 486, early: bool = False) -> list[Call]:
    """Busy (486), not in use (404, with `early` after a talkie in 183), and the like."""
    called, (phone,) = scene.outsider(), scene.phones(1)
    leg, trunk = dial_out(scene, phone, called.number)
    scene.wait(0.3)
    if early:
        _early_media(scene, leg, trunk)
        scene.wait(3.0)
    trunk.refuse(status)
    leg.refuse(status)
    return [told_outbound(scene, called, phone, leg, trunk, talk_leg=None)]


def abandoned(scene: Scene) -> list[Call]:
    """The extension gives up while it rings outside."""
    called, (phone,) = scene.outsider(), scene.phones(1)
    leg, trunk = dial_out(scene, phone, called.number)
    scene.wait(0.3)
    trunk.ring()
    leg.ring()
    scene.wait(3.0)
    leg.cancel()
    trunk.cancel()
    return [told_outbound(scene, called, phone, leg, trunk, talk_leg=None)]


def internal(scene: Scene, *, by_caller: bool = True) -> list[Call]:
    """One extension calls another."""
    phone, other = scene.phones(2)
    mine, theirs = consult(scene, phone, other)
    talk(scene)
    hang_up(scene, mine, theirs, by_caller=by_caller)
    return [told_internal(scene, phone, other, mine, theirs)]


def told_internal(scene: Scene, phone: Phone, other: Phone, mine: Leg, theirs: Leg, *, talked: bool = True) -> Call:
    """The truth of a call between extensions."""
    return scene.told(
        direction="internal",
        caller=phone.extension,
        callee=other.extension,
        extension=other.extension,
        accept=[phone.extension, None],
        recorded=mine,
        legs=[mine, theirs],
        talk=theirs if talked else None,
    )


def internal_unanswered(scene: Scene) -> list[Call]:
    """The other extension rings until the caller gives up."""
    phone, other = scene.phones(2)
    mine, theirs = internal_call(scene, phone, other)
    scene.wait(2.0)
    mine.cancel()
    theirs.cancel()
    return [told_internal(scene, phone, other, mine, theirs, talked=False)]


def only_challenged(scene: Scene) -> list[Call]:
    """A telephone without the password is refused with 401, and gives up: no call at all."""
    phone, other = scene.phones(2)
    leg = scene.from_phone(phone, other.extension)
    leg.is_challenged(401)
    scene.not_calls.append(leg.call_id)
    return []
