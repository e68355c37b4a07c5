"""Calls that an extension hands on to another one: blind or after asking, by REFER or by a feature code."""

from __future__ import annotations

from tests.pbx import exchange
from tests.pbx.leg import Leg
from tests.pbx.media import Spoken
from tests.pbx.outbound import told_internal
from tests.pbx.scene import Scene
from tests.pbx.steps import (
    call_phone,
    consult,
    established,
    hang_up,
    internal_call,
    lets_ring,
    pick_up,
    presses,
    puts_on_hold,
    refers,
    resumes,
    talk,
    told_inbound,
)
from tests.pbx.truth import Call

TRANSFERRED = frozenset({"transferred"})


def blind(scene: Scene, *, announced: str = "answered", ending: str = "") -> list[Call]:
    """REFER to another extension. `ending`: "" it answers there; "fails" busy there, and the first one still has the
    caller; "recalled" nobody answers there, and the PBX calls the first one again."""
    caller, (first, second) = scene.outsider(), scene.phones(2)
    trunk, leg = established(scene, caller, first, announced=announced)
    refers(scene, leg, first, second.extension)
    onward = scene.to_phone(second, caller.shown, of=trunk)
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
    return [told_inbound(scene, caller, trunk, legs, talk_leg=leg, first=first, final=final, flags=TRANSFERRED)]


def blind_by_code(scene: Scene) -> list[Call]:
    """The extension presses ## and a number: no REFER, the PBX ends its leg and calls the other one."""
    caller, (first, second) = scene.outsider(), scene.phones(2)
    trunk, leg = established(scene, caller, first, announced="answered")
    presses(scene, leg, "##" + second.extension)
    scene.music(trunk)
    leg.hears(None)
    scene.wait(0.8)
    leg.bye(by_far=False)
    onward = call_phone(scene, trunk, caller, second)
    scene.wait(1.2)
    pick_up(scene, trunk, onward, caller, second)
    talk(scene, 3.0)
    hang_up(scene, trunk, onward)
    return [
        told_inbound(scene, caller, trunk, [leg, onward], talk_leg=leg, first=first, final=second, flags=frozenset())
    ]


def attended(scene: Scene, *, refer_on: str = "held", announced: str = "") -> list[Call]:
    """Hold, ask another extension, then REFER with Replaces on the held dialog or on the consultation's.

    The called leg of the consultation lives on with the outside caller; so its Call-ID may be counted to either
    object.
    """
    caller, (first, second) = scene.outsider(), scene.phones(2)
    trunk, leg = established(scene, caller, first, announced=announced)
    puts_on_hold(scene, leg, trunk)
    scene.wait(0.8)
    mine, theirs = consult(scene, first, second)
    talk(scene, 3.0)
    on, replaced = (leg, mine) if refer_on == "held" else (mine, leg)
    refers(scene, on, first, second.extension if on is leg else caller.number, replacing=replaced)
    on.notify("200 OK", over=True)
    scene.tells(trunk, second)
    scene.join(trunk, theirs)
    identity = f"<sip:{caller.shown or 'anonymous'}@{scene.pbx_lan.host}>;party=calling;privacy=off;screen=no"
    theirs.ask(False, "UPDATE", [("Remote-Party-ID", identity)])
    mine.bye(by_far=False)
    _drops(scene, leg)
    talk(scene, 3.5)
    hang_up(scene, trunk, theirs)
    scene.groupings = [
        _grouped([trunk, leg], [mine, theirs]),
        _grouped([trunk, leg, theirs], [mine]),
    ]
    flags = TRANSFERRED | {"held"}
    return [
        told_inbound(scene, caller, trunk, [leg], talk_leg=leg, first=first, final=second, flags=flags),
        told_internal(scene, first, second, mine, theirs),
    ]


def attended_while_ringing(scene: Scene) -> list[Call]:
    """Hold, call another extension, and transfer before it answers: the telephone gives that call up and sends a
    plain REFER, so that the other one rings again for the caller."""
    caller, (first, second) = scene.outsider(), scene.phones(2)
    trunk, leg = established(scene, caller, first)
    puts_on_hold(scene, leg, trunk)
    scene.wait(0.8)
    mine, theirs = internal_call(scene, first, second)
    scene.wait(1.2)
    mine.cancel()
    theirs.cancel()
    refers(scene, leg, first, second.extension)
    onward = scene.to_phone(second, caller.shown, of=trunk)
    scene.dials(onward)
    scene.tells(trunk, second)
    lets_ring(scene, trunk, onward)
    leg.notify("200 OK", over=True)
    leg.bye(by_far=True)
    scene.wait(1.0)
    pick_up(scene, trunk, onward, caller, second)
    talk(scene, 3.0)
    hang_up(scene, trunk, onward)
    flags = TRANSFERRED | {"held"}
    return [
        told_inbound(scene, caller, trunk, [leg, onward], talk_leg=leg, first=first, final=second, flags=flags),
        told_internal(scene, first, second, mine, theirs, talked=False),
    ]


def _drops(scene: Scene, leg: Leg) -> None:
    scene.wait(0.05)
    leg.bye(by_far=True)


def _grouped(*objects: list[Leg]) -> frozenset[frozenset[str]]:
    return frozenset(frozenset(leg.call_id for leg in legs) for legs in objects)


def attended_by_code(scene: Scene) -> list[Call]:
    """The extension presses *2 and a number; the PBX calls that one itself, and the asking goes through the same leg.

    So the consultation is no dialog of its own: its audio is on the two inner legs while the trunk hears music.
    """
    caller, (first, second) = scene.outsider(), scene.phones(2)
    trunk, leg = established(scene, caller, first, announced="answered")
    presses(scene, leg, "*2" + second.extension)
    scene.music(trunk)
    leg.hears(None)
    onward = scene.to_phone(second, first.extension, of=leg, inner=True)
    scene.dials(onward)
    scene.wait(0.1)
    onward.ring()
    scene.rings_in_band(leg)
    scene.wait(1.0)
    onward.accept()
    onward.speaks(Spoken(second.voice))
    scene.join(leg, onward)
    talk(scene, 3.0)
    leg.bye(by_far=True)
    scene.join(trunk, onward)
    scene.tells(trunk, second)
    talk(scene, 3.5)
    hang_up(scene, trunk, onward)
    scene.groupings = [_grouped([trunk, leg, onward]), _grouped([trunk, leg], [onward])]
    return [told_inbound(scene, caller, trunk, [leg, onward], talk_leg=leg, first=first, final=second)]


def asked_and_returned(scene: Scene) -> list[Call]:
    """Hold, ask another extension, come back to the caller without a transfer: two calls of the same telephone."""
    caller, (first, second) = scene.outsider(), scene.phones(2)
    trunk, leg = established(scene, caller, first)
    puts_on_hold(scene, leg, trunk)
    scene.wait(0.8)
    mine, theirs = consult(scene, first, second)
    talk(scene, 2.5)
    hang_up(scene, mine, theirs)
    resumes(scene, leg, trunk, first)
    talk(scene, 2.5)
    hang_up(scene, trunk, leg)
    return [
        told_inbound(scene, caller, trunk, [leg], talk_leg=leg, first=first, flags=frozenset({"held"})),
        told_internal(scene, first, second, mine, theirs),
    ]


def call_waiting(scene: Scene) -> list[Call]:
    """A telephone with a caller on hold answers a second one, and goes back and forth between them."""
    (phone,) = scene.phones(1)
    one, other = scene.outsider(), scene.outsider()
    trunk, leg = established(scene, one, phone)
    second = scene.trunk_in(other, exchange.SECTION)
    scene.dials(second)
    inner = call_phone(scene, second, other, phone, exchange.SECTION)
    scene.wait(0.6)
    puts_on_hold(scene, leg, trunk)
    pick_up(scene, second, inner, other, phone)
    talk(scene, 2.0)
    puts_on_hold(scene, inner, second)
    resumes(scene, leg, trunk, phone)
    talk(scene, 2.0)
    hang_up(scene, trunk, leg)
    resumes(scene, inner, second, phone)
    talk(scene, 1.5)
    hang_up(scene, second, inner, by_caller=False)
    held = frozenset({"held"})
    return [
        told_inbound(scene, one, trunk, [leg], talk_leg=leg, first=phone, flags=held),
        told_inbound(scene, other, second, [inner], talk_leg=inner, first=phone, dialled=exchange.SECTION, flags=held),
    ]
