"""Pairs of calls at the same time that numbers cannot tell apart."""

from __future__ import annotations

from tests.pbx import audio, exchange, media
from tests.pbx.media import Spoken
from tests.pbx.outbound import told_outbound
from tests.pbx.scene import Scene
from tests.pbx.steps import (
    arrive,
    call_phone,
    hang_up,
    lets_ring,
    pick_up,
    puts_on_hold,
    resumes,
    talk,
    told_inbound,
)
from tests.pbx.truth import Call


def inbound(
    scene: Scene,
    *,
    withheld: str = "",
    same_section: bool = True,
    announced: bool = True,
    crossed: bool = True,
    answer_gap_s: float = 0.4,
    silent_s: float = 0.0,
    held: bool = False,
) -> list[Call]:
    """Two calls from one number (or two withheld ones) at the same moment.

    `crossed`: the PBX calls an extension for the second one first, so that order misleads. With an announcement,
    nothing but audio tells which extension belongs to which trunk leg (unless `Habits.link` or `tells_trunk` does).
    `silent_s`: all four say nothing but digital silence until then. `held`: both are put on hold at the same time.
    """
    one = scene.outsider(withheld=withheld, silent_s=silent_s)
    other = scene.outsider(None if withheld else one.number, withheld=withheld, silent_s=silent_s)
    callers, phones = [one, other], scene.phones(2, silent_s=silent_s)
    dialled = [exchange.MAIN, exchange.MAIN if same_section else exchange.SECTION]
    trunks = []
    for caller, number in zip(callers, dialled, strict=True):
        trunk = scene.trunk_in(caller, number)
        scene.dials(trunk)
        if announced:
            trunk.accept()
            trunk.speaks(Spoken(caller.voice))
        trunks.append(trunk)
    order = [1, 0] if crossed else [0, 1]
    if announced:
        tone = media.Tone("announcement", audio.announcement(2.4), False, lead_ns=500 * media.MS)
        for trunk in trunks:
            trunk.hears(tone)
        scene.wait(3.0)
        for trunk in trunks:
            trunk.hears(None)
    legs = {}
    for n in order:
        leg = scene.to_phone(phones[n], callers[n].shown, of=trunks[n], dialled=dialled[n])
        scene.dials(leg)
        legs[n] = leg
    for n in order:
        scene.tells(trunks[n], phones[n])
        lets_ring(scene, trunks[n], legs[n])
    scene.wait(1.0)
    for n in (0, 1):
        pick_up(scene, trunks[n], legs[n], callers[n], phones[n])
        scene.wait(answer_gap_s if n == 0 else 0)
    talk(scene)
    if held:
        for n in (0, 1):
            puts_on_hold(scene, legs[n], trunks[n])
        scene.wait(3.0)
        for n in (0, 1):
            resumes(scene, legs[n], trunks[n], phones[n])
        talk(scene, 2.0)
    for n in (0, 1):
        hang_up(scene, trunks[n], legs[n])
    flags = frozenset(({"withheld"} if withheld else set()) | ({"held"} if held else set()))
    return [
        told_inbound(
            scene,
            callers[n],
            trunks[n],
            [legs[n]],
            talk_leg=legs[n],
            first=phones[n],
            dialled=dialled[n],
            flags=flags,
        )
        for n in (0, 1)
    ]


def outbound(scene: Scene, *, gap_s: float = 0.0, crossed: bool = True) -> list[Call]:
    """Two extensions dial the same outside number at the same moment, and the PBX presents the same own number."""
    called, phones = scene.outsider(), scene.phones(2)
    voices = [called, scene.outsider(called.number)]
    legs = []
    for phone in phones:
        leg = scene.from_phone(phone, exchange.PREFIX + called.number)
        scene.dials(leg)
        scene.wait(gap_s)
        legs.append(leg)
    order = [1, 0] if crossed else [0, 1]
    trunks = {}
    for n in order:
        trunk = scene.trunk_out(exchange.MAIN, called.number, of=legs[n])
        scene.dials(trunk)
        trunks[n] = trunk
    scene.wait(0.3)
    for n in order:
        trunks[n].ring()
        legs[n].ring()
    scene.wait(1.0)
    for n in order:
        trunks[n].accept()
        trunks[n].speaks(Spoken(voices[n].voice))
        legs[n].accept()
        legs[n].speaks(Spoken(phones[n].voice))
        scene.join(legs[n], trunks[n])
    talk(scene)
    for n in (0, 1):
        hang_up(scene, legs[n], trunks[n])
    return [told_outbound(scene, called, phones[n], legs[n], trunks[n], talk_leg=trunks[n]) for n in (0, 1)]


def unanswered(scene: Scene) -> list[Call]:
    """Two calls from one number ring at two extensions and are given up at the same moment, without any audio.

    Which extension rang for which of them cannot be known.
    """
    one = scene.outsider()
    callers, phones = [one, scene.outsider(one.number)], scene.phones(2)
    trunks = [scene.trunk_in(caller, exchange.MAIN) for caller in callers]
    legs = [scene.to_phone(phone, one.shown, of=trunk) for phone, trunk in zip(phones, trunks, strict=True)]
    for leg in [*trunks, *legs[::-1]]:
        scene.dials(leg)
    scene.wait(0.1)
    for leg in [*legs, *trunks[::-1]]:
        leg.ring()
    scene.wait(2.0)
    for leg in [*trunks, *legs[::-1]]:
        leg.cancel()
    scene.groupings = [
        frozenset(frozenset({trunks[n].call_id, legs[m].call_id}) for n, m in pairs)
        for pairs in (((0, 0), (1, 1)), ((0, 1), (1, 0)))
    ]
    rang = [phone.extension for phone in phones]
    return [
        told_inbound(
            scene,
            callers[n],
            trunks[n],
            [legs[n]],
            talk_leg=None,
            first=None,
            accept=rang,
            ambiguous="two calls of one number, no audio, given up together",
        )
        for n in (0, 1)
    ]


def calls_again(scene: Scene) -> list[Call]:
    """A caller gives up while it rings and calls again at once; the second time another extension rings."""
    one = scene.outsider()
    calls = list[Call]()
    for phone in scene.phones(2):
        trunk = arrive(scene, one, exchange.MAIN, announced="")
        leg = call_phone(scene, trunk, one, phone)
        scene.wait(1.0)
        if not calls:
            trunk.cancel()
            leg.cancel()
            calls.append(told_inbound(scene, one, trunk, [leg], talk_leg=None, first=None, accept=[phone.extension]))
            scene.wait(0.3)
    pick_up(scene, trunk, leg, one, phone)
    talk(scene)
    hang_up(scene, trunk, leg)
    return [*calls, told_inbound(scene, one, trunk, [leg], talk_leg=leg, first=phone)]
