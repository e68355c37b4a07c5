"""Calls with the consultation line, which must never be recorded, however they come there."""

from __future__ import annotations

from dataclasses import replace

from tests.pbx import exchange, groups
from tests.pbx.outbound import dial_out, told_internal, told_outbound
from tests.pbx.scene import Phone, Scene
from tests.pbx.steps import (
    answer_between,
    arrive,
    call_phone,
    consult,
    established,
    hang_up,
    lets_ring,
    pick_up,
    puts_on_hold,
    refers,
    take_over,
    talk,
    told_inbound,
)
from tests.pbx.truth import Call


def _line(scene: Scene) -> Phone:
    (phone,) = scene.phones(1, pool="consultation")
    return phone


def _never(call: Call) -> Call:
    """The same call, none of which may be recorded."""
    return replace(
        call,
        outcome="excluded",
        accept_outcomes=frozenset({"excluded"} | ({"unanswered"} if call.talk_ns is None else set())),
        recorded_call_id=None,
        must_not_record=True,
        forbidden_from_ns=call.started_ns,
    )


def inbound(scene: Scene, *, announced: str = "", own_number: bool = True, is_answered: bool = True) -> list[Call]:
    """From outside. `own_number`: the line's own number is dialled; else the main number, and the PBX leads there, so
    that nothing on the trunk leg tells."""
    caller, phone = scene.outsider(), _line(scene)
    dialled = exchange.CONSULTATION if own_number else exchange.MAIN
    trunk = arrive(scene, caller, dialled, announced=announced)
    leg = call_phone(scene, trunk, caller, phone, dialled)
    scene.wait(1.5)
    if is_answered:
        pick_up(scene, trunk, leg, caller, phone)
        talk(scene)
        hang_up(scene, trunk, leg)
    else:
        if trunk.accepted_ns is None:
            trunk.cancel()
        else:
            trunk.bye(by_far=True)
        leg.cancel()
    talked = leg if is_answered else None
    return [_never(told_inbound(scene, caller, trunk, [leg], talk_leg=talked, first=phone, dialled=dialled))]


def forwarded(scene: Scene) -> list[Call]:
    """The main number is dialled, an extension rings and says 302 to the consultation line."""
    caller, (first,), phone = scene.outsider(), scene.phones(1), _line(scene)
    trunk = arrive(scene, caller, exchange.MAIN, announced="answered")
    leg = scene.to_phone(first, caller.shown, of=trunk, dialled=exchange.MAIN)
    scene.dials(leg)
    leg.refuse(302, [("Contact", f"<sip:{phone.extension}@{scene.pbx_lan.host}>")])
    onward = call_phone(scene, trunk, caller, phone)
    scene.wait(1.0)
    pick_up(scene, trunk, onward, caller, phone)
    talk(scene)
    hang_up(scene, trunk, onward)
    return [_never(told_inbound(scene, caller, trunk, [leg, onward], talk_leg=onward, first=phone))]


def outbound(scene: Scene) -> list[Call]:
    """The consultation line calls somebody outside; the trunk leg shows the main number only."""
    called, phone = scene.outsider(), _line(scene)
    leg, trunk = dial_out(scene, phone, called.number)
    scene.wait(0.3)
    trunk.ring()
    leg.ring()
    scene.wait(1.2)
    answer_between(scene, leg, trunk, phone, called)
    talk(scene)
    hang_up(scene, leg, trunk)
    return [_never(told_outbound(scene, called, phone, leg, trunk, talk_leg=trunk))]


def internal(scene: Scene, *, from_line: bool = False) -> list[Call]:
    """Between the consultation line and another extension."""
    (other,), line = scene.phones(1), _line(scene)
    phones = (line, other) if from_line else (other, line)
    mine, theirs = consult(scene, *phones)
    talk(scene)
    hang_up(scene, mine, theirs)
    return [_never(told_internal(scene, *phones, mine, theirs))]


def blind(scene: Scene) -> list[Call]:
    """An extension talks with a caller and transfers them to the consultation line: from then on nothing is kept."""
    caller, (first,), phone = scene.outsider(), scene.phones(1), _line(scene)
    trunk, leg = established(scene, caller, first, announced="answered")
    refers(scene, leg, first, phone.extension)
    onward = scene.to_phone(phone, caller.shown, of=trunk)
    scene.dials(onward)
    scene.tells(trunk, phone)
    lets_ring(scene, trunk, onward)
    leg.notify("200 OK", over=True)
    leg.bye(by_far=True)
    scene.wait(1.2)
    pick_up(scene, trunk, onward, caller, phone)
    talk(scene, 3.0)
    hang_up(scene, trunk, onward)
    return [
        told_inbound(
            scene,
            caller,
            trunk,
            [leg, onward],
            talk_leg=leg,
            first=first,
            final=phone,
            outcomes=["excluded"],
            forbidden_from_ns=onward.accepted_ns,
        )
    ]


def attended(scene: Scene) -> list[Call]:
    """An extension asks the consultation line and transfers the caller to it: the asking is never recorded either."""
    caller, (first,), phone = scene.outsider(), scene.phones(1), _line(scene)
    trunk, leg = established(scene, caller, first)
    puts_on_hold(scene, leg, trunk)
    scene.wait(0.5)
    mine, theirs = consult(scene, first, phone)
    talk(scene, 2.5)
    refers(scene, leg, first, phone.extension, replacing=mine)
    leg.notify("200 OK", over=True)
    scene.tells(trunk, phone)
    moved_ns = scene.now
    scene.join(trunk, theirs)
    mine.bye(by_far=False)
    scene.wait(0.05)
    leg.bye(by_far=True)
    talk(scene, 3.0)
    hang_up(scene, trunk, theirs)
    ids = [frozenset(one.call_id for one in legs) for legs in ([trunk, leg], [mine, theirs])]
    late = [ids[0] | {theirs.call_id}, ids[1] - {theirs.call_id}]
    scene.groupings = [frozenset(ids), frozenset(late)]
    return [
        told_inbound(
            scene,
            caller,
            trunk,
            [leg],
            talk_leg=leg,
            first=first,
            final=phone,
            outcomes=["excluded"],
            forbidden_from_ns=moved_ns,
        ),
        _never(told_internal(scene, first, phone, mine, theirs)),
    ]


def ring_group(scene: Scene, *, line_answers: bool = True) -> list[Call]:
    """The consultation line rings in a group with others. Only if it answers, the call must not be recorded."""
    caller, phones = scene.outsider(), [*scene.phones(2), _line(scene)]
    trunk, legs = groups.ring_together(scene, caller, phones, announced="answered")
    scene.wait(1.2)
    answers = 2 if line_answers else 0
    groups.takes(scene, trunk, legs, caller, phones, answers)
    talk(scene)
    hang_up(scene, trunk, legs[answers])
    call = told_inbound(
        scene,
        caller,
        trunk,
        legs,
        talk_leg=legs[answers],
        first=phones[answers],
        dialled=exchange.GROUP,
        outcomes=["excluded"],
    )
    return [_never(call) if line_answers else call]


def picked_up(scene: Scene, *, by_line: bool = True) -> list[Call]:
    """The consultation line takes with *8 what rings elsewhere, or an extension what rings at the consultation line.

    The second is a call to the line's own number and must not be recorded either.
    """
    caller, (other,), line = scene.outsider(), scene.phones(1), _line(scene)
    rung, taker = (other, line) if by_line else (line, other)
    dialled = exchange.SECTION if by_line else exchange.CONSULTATION
    trunk = arrive(scene, caller, dialled, announced="")
    ringing = call_phone(scene, trunk, caller, rung, dialled)
    scene.wait(1.5)
    leg = scene.from_phone(taker, "*8")
    take_over(scene, trunk, ringing, leg, caller, taker)
    talk(scene)
    hang_up(scene, trunk, leg)
    return [_never(told_inbound(scene, caller, trunk, [ringing, leg], talk_leg=leg, first=taker, dialled=dialled))]
