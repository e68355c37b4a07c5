"""Calls from outside to one extension, answered or not."""

from __future__ import annotations

from tests.pbx import exchange
from tests.pbx.leg import Leg
from tests.pbx.media import Direct
from tests.pbx.scene import Outsider, Scene
from tests.pbx.steps import arrive, call_phone, hang_up, pick_up, puts_on_hold, resumes, talk
from tests.pbx.truth import Call


def flags_of(caller: Outsider) -> frozenset[str]:
    """The flags that a withheld number brings."""
    return frozenset({"withheld"} if caller.withheld else ())


def answered(
    scene: Scene,
    *,
    announced: str = "",
    withheld: str = "",
    number: str | None = None,
    by_caller: bool = True,
    dialled: str = exchange.MAIN,
) -> list[Call]:
    """A call to one extension that is answered there."""
    caller, (phone,) = scene.outsider(number, withheld=withheld), scene.phones(1)
    trunk = arrive(scene, caller, dialled, announced=announced)
    leg = call_phone(scene, trunk, caller, phone, dialled)
    scene.wait(1.2)
    pick_up(scene, trunk, leg, caller, phone)
    talk(scene)
    hang_up(scene, trunk, leg, by_caller=by_caller)
    return [_call(scene, caller, dialled, phone.extension, trunk, [leg], leg)]


def _call(
    scene: Scene,
    caller: Outsider,
    dialled: str,
    extension: str | None,
    trunk: Leg,
    legs: list[Leg],
    talk_leg: Leg | None,
) -> Call:
    return scene.told(
        direction="inbound",
        caller=caller.shown,
        callee=dialled,
        extension=extension,
        recorded=trunk,
        legs=[trunk, *legs],
        talk=talk_leg,
        flags=flags_of(caller),
    )


def abandoned(scene: Scene, *, when: str = "ringing", announced: str = "") -> list[Call]:
    """The caller hangs up in the announcement, or while it rings."""
    caller, (phone,) = scene.outsider(), scene.phones(1)
    trunk = arrive(scene, caller, exchange.MAIN, announced=announced)
    legs = []
    if when == "ringing":
        legs = [call_phone(scene, trunk, caller, phone)]
        scene.wait(2.5)
    if trunk.accepted_ns is None:
        trunk.cancel()
    else:
        trunk.bye(by_far=True)
    for leg in legs:
        scene.wait(0.002)
        leg.cancel()
    return [_unanswered(scene, caller, exchange.MAIN, trunk, legs)]


def _unanswered(scene: Scene, caller: Outsider, dialled: str, trunk: Leg, legs: list[Leg]) -> Call:
    # Nobody answered, but the telephone that rang may be named.
    rang = {leg.ends[1].party.name for leg in legs}
    return scene.told(
        direction="inbound",
        caller=caller.shown,
        callee=dialled,
        extension=None,
        accept=rang,
        recorded=trunk,
        legs=[trunk, *legs],
        talk=None,
        flags=flags_of(caller),
    )


def refused(scene: Scene, *, status: int = 486, announced: str = "") -> list[Call]:
    """The extension is busy (486), declines (603) or does not answer (0); the PBX says it in its own way."""
    caller, (phone,) = scene.outsider(), scene.phones(1)
    trunk = arrive(scene, caller, exchange.MAIN, announced=announced)
    if status == 486:
        leg = scene.to_phone(phone, caller.shown, of=trunk, dialled=exchange.MAIN)
        scene.dials(leg)
        scene.wait(0.3)
    else:
        leg = call_phone(scene, trunk, caller, phone)
        scene.wait(2.0 if status else 5.0)
    if status:
        leg.refuse(status)
    outside = {486: 486, 603: 403, 0: 480}[status]
    if trunk.accepted_ns is None:
        trunk.refuse(outside)
    else:
        trunk.bye(by_far=False, headers=[("Reason", f"Q.850;cause={17 if status == 486 else 21}")])
    if not status:
        leg.cancel()
    return [_unanswered(scene, caller, exchange.MAIN, trunk, [leg])]


def unknown_number(scene: Scene) -> list[Call]:
    """Nobody has the number that was dialled."""
    caller = scene.outsider()
    trunk = arrive(scene, caller, exchange.UNKNOWN, announced="")
    trunk.refuse(404)
    return [_unanswered(scene, caller, exchange.UNKNOWN, trunk, [])]


def held(scene: Scene, *, times: int = 2, on_trunk: bool = False, announced: str = "") -> list[Call]:
    """The extension puts the caller on hold. `on_trunk`: the PBX tells the carrier too."""
    caller, (phone,) = scene.outsider(), scene.phones(1)
    trunk = arrive(scene, caller, exchange.MAIN, announced=announced)
    leg = call_phone(scene, trunk, caller, phone)
    scene.wait(1.0)
    pick_up(scene, trunk, leg, caller, phone)
    for _ in range(times):
        talk(scene, 1.5)
        puts_on_hold(scene, leg, trunk)
        if on_trunk:
            trunk.reinvite(False, "sendonly")
        scene.wait(2.0)
        if on_trunk:
            trunk.reinvite(False)
        resumes(scene, leg, trunk, phone)
    talk(scene, 1.5)
    hang_up(scene, trunk, leg)
    return [
        scene.told(
            direction="inbound",
            caller=caller.shown,
            callee=exchange.MAIN,
            extension=phone.extension,
            recorded=trunk,
            legs=[trunk, leg],
            talk=leg,
            flags=frozenset({"held"}),
        )
    ]


def dtmf(scene: Scene, *, keys: str = "*5") -> list[Call]:
    """The extension presses keys while talking, to have the call recorded; the caller presses one too."""
    caller, (phone,) = scene.outsider(), scene.phones(1)
    trunk = arrive(scene, caller, exchange.MAIN, announced="answered")
    leg = call_phone(scene, trunk, caller, phone)
    scene.wait(1.0)
    pick_up(scene, trunk, leg, caller, phone)
    talk(scene, 1.0)
    for key in keys:
        leg.mic.dials(scene.now, key)
        scene.wait(0.4)
    trunk.mic.dials(scene.now, "1")
    talk(scene, 2.0)
    hang_up(scene, trunk, leg)
    return [_call(scene, caller, exchange.MAIN, phone.extension, trunk, [leg], leg)]


def direct_media(scene: Scene, *, back: bool = True) -> list[Call]:
    """The PBX steps out of the audio's way by re-INVITEs on both legs, and, with `back`, comes back.

    Both legs must have the same law, or the PBX would have to transcode.
    """
    if scene.habits.trunk_law != scene.habits.phone_law:
        raise ValueError("direct media needs one law")
    caller, (phone,) = scene.outsider(), scene.phones(1)
    trunk = arrive(scene, caller, exchange.MAIN, announced="")
    leg = call_phone(scene, trunk, caller, phone)
    scene.wait(1.0)
    pick_up(scene, trunk, leg, caller, phone)
    scene.wait(0.3)
    goes_direct(scene, trunk, leg)
    talk(scene, 3.0)
    if back:
        comes_back(scene, trunk, leg)
        talk(scene, 2.5)
    hang_up(scene, trunk, leg)
    return [_call(scene, caller, exchange.MAIN, phone.extension, trunk, [leg], leg)]


def goes_direct(scene: Scene, one: Leg, other: Leg) -> None:
    """The two far ends send to each other."""
    ends = [leg.media[leg.far] for leg in (one, other)]
    one.reinvite(False, media=(ends[0], ends[1]))
    other.reinvite(False, media=(ends[1], ends[0]))
    one.mic.moves(scene.now, *ends)
    other.mic.moves(scene.now, *ends[::-1])
    one.hears(Direct(other.mic))
    other.hears(Direct(one.mic))


def comes_back(scene: Scene, one: Leg, other: Leg) -> None:
    """The PBX relays again."""
    for leg in (one, other):
        leg.reinvite(False)
        leg.mic.moves(scene.now, leg.media[leg.far], leg.media[1 - leg.far])
    scene.join(one, other)
