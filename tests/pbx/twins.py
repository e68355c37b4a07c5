"""Pairs of calls at the same time that numbers cannot tell apart."""

from __future__ import annotations

from tests.pbx import exchange
from tests.pbx.media import Spoken
from tests.pbx.outbound import told_outbound
from tests.pbx.scene import Scene
from tests.pbx.steps import hang_up, lets_ring, pick_up, talk
from tests.pbx.transfers import told_inbound
from tests.pbx.truth import Call


def inbound(
    scene: Scene,
    *,
    withheld: str = "",
    same_section: bool = True,
    announced: bool = True,
    crossed: bool = True,
    answer_gap_s: float = 0.4,
) -> list[Call]:
    """Two calls from one number (or two withheld ones) at the same moment.

    `crossed`: the PBX calls an extension for the second one first, so that order misleads. With an announcement,
    nothing but audio tells which extension belongs to which trunk leg (unless `Habits.link` or `tells_trunk` does).
    """
    one = scene.outsider(withheld=withheld)
    other = scene.outsider(None if withheld else one.number, withheld=withheld)
    callers, phones = [one, other], scene.phones(2)
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
        from tests.pbx import audio, media

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
    for n in (0, 1):
        hang_up(scene, trunks[n], legs[n])
    flags = frozenset({"withheld"} if withheld else ())
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
