"""Three people at once: mixed in a telephone, or in the PBX."""

from __future__ import annotations

from tests.pbx.media import Mixed, Spoken
from tests.pbx.outbound import told_internal
from tests.pbx.scene import Scene
from tests.pbx.steps import consult, established, hang_up, presses, puts_on_hold, resumes, talk, told_inbound
from tests.pbx.truth import Call


def at_the_telephone(scene: Scene) -> list[Call]:
    """A telephone holds the caller, calls another extension, and then mixes both: two dialogs, each with a mix.

    Nothing in SIP says that there is a conference.
    """
    caller, (first, second) = scene.outsider(), scene.phones(2)
    trunk, leg = established(scene, caller, first)
    puts_on_hold(scene, leg, trunk)
    scene.wait(0.8)
    mine, theirs = consult(scene, first, second)
    talk(scene, 2.0)
    resumes(scene, leg, trunk, first)
    leg.speaks(Spoken(first.voice, (mine.ear,)))
    mine.speaks(Spoken(first.voice, (leg.ear,)))
    talk(scene, 4.0)
    hang_up(scene, trunk, leg)
    mine.speaks(Spoken(first.voice))
    scene.wait(0.5)
    hang_up(scene, mine, theirs)
    apart = frozenset({frozenset({trunk.call_id, leg.call_id}), frozenset({mine.call_id, theirs.call_id})})
    scene.groupings = [apart, frozenset({frozenset().union(*apart)})]
    return [
        told_inbound(scene, caller, trunk, [leg], talk_leg=leg, first=first, flags=frozenset({"held"})),
        told_internal(scene, first, second, mine, theirs),
    ]


def at_the_pbx(scene: Scene) -> list[Call]:
    """An extension has the PBX (by *3 and a number) call another one into the conversation, and mix."""
    caller, (first, second) = scene.outsider(), scene.phones(2)
    trunk, leg = established(scene, caller, first, announced="answered")
    presses(scene, leg, "*3" + second.extension)
    joining = scene.to_phone(second, first.extension, of=leg, inner=True)
    scene.dials(joining)
    scene.wait(0.1)
    joining.ring()
    scene.wait(1.0)
    joining.accept()
    joining.speaks(Spoken(second.voice))
    everybody = (trunk, leg, joining)
    for one in everybody:
        one.hears(Mixed(tuple(other.mic for other in everybody if other is not one)))
    talk(scene, 4.0)
    joining.bye(by_far=True)
    scene.join(trunk, leg)
    talk(scene, 1.5)
    hang_up(scene, trunk, leg)
    together = frozenset({trunk.call_id, leg.call_id})
    scene.groupings = [
        frozenset({together | {joining.call_id}}),
        frozenset({together, frozenset({joining.call_id})}),
    ]
    return [told_inbound(scene, caller, trunk, [leg, joining], talk_leg=leg, first=first)]
