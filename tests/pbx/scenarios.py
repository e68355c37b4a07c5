"""All families of conversations, by name, and the making of one.

    conversation = make("blind-transfer", random.Random(1), start_ns)

A family is a function that plays its steps on a `Scene`; its variants are its keyword arguments and the `Habits` of
PBX and carrier. The same seed gives the same bytes.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

from tests import wire
from tests.pbx import conferences, consultation, groups, inbound, outbound, pickups, transfers, twins
from tests.pbx.audio import A
from tests.pbx.exchange import Exchange, Habits
from tests.pbx.media import Packet, Stream
from tests.pbx.scene import Scene
from tests.pbx.truth import Call, Conversation, Grouping

START_NS = 1_795_306_500 * wire.SECOND  # 2026-11-22 09:15:00 in Japan


@dataclass(frozen=True, slots=True)
class Family:
    """How a family is played, and the habits that its point needs."""

    play: Callable[[Scene], list[Call]]
    habits: Habits = field(default_factory=Habits)


FAMILIES: Mapping[str, Family] = {
    "inbound": Family(inbound.answered),
    "inbound-announced": Family(partial(inbound.answered, announced="answered")),
    "inbound-announced-early": Family(partial(inbound.answered, announced="early")),
    "inbound-abandoned-in-announcement": Family(partial(inbound.abandoned, when="announcement", announced="answered")),
    "inbound-abandoned-ringing": Family(inbound.abandoned),
    "inbound-abandoned-ringing-announced": Family(partial(inbound.abandoned, announced="answered")),
    "inbound-busy": Family(inbound.refused),
    "inbound-busy-announced": Family(partial(inbound.refused, announced="answered")),
    "inbound-declined": Family(partial(inbound.refused, status=603)),
    "inbound-no-answer": Family(partial(inbound.refused, status=0)),
    "inbound-unknown-number": Family(inbound.unknown_number),
    "inbound-withheld": Family(partial(inbound.answered, withheld="anonymous")),
    "inbound-withheld-with-identity": Family(partial(inbound.answered, withheld="with-identity")),
    "hold": Family(inbound.held),
    "hold-told-to-trunk": Family(partial(inbound.held, on_trunk=True)),
    "dtmf": Family(inbound.dtmf),
    "direct-media": Family(inbound.direct_media),
    "outbound": Family(outbound.answered),
    "outbound-early-media": Family(partial(outbound.answered, early=True)),
    "outbound-busy": Family(outbound.refused),
    "outbound-refused-after-early-media": Family(partial(outbound.refused, status=404, early=True)),
    "outbound-abandoned": Family(outbound.abandoned),
    "internal": Family(outbound.internal),
    "internal-unanswered": Family(outbound.internal_unanswered),
    "only-challenged": Family(outbound.only_challenged),
    "ring-group": Family(groups.ring_group),
    "ring-group-plain": Family(partial(groups.ring_group, announced="", answers=2)),
    "ring-group-abandoned": Family(partial(groups.ring_group, answers=None)),
    "pickup": Family(pickups.picked_up),
    "pickup-directed-announced": Family(partial(pickups.picked_up, directed=True, announced="answered")),
    "replaces-ringing": Family(pickups.replaced_ringing),
    "replaces-talking": Family(pickups.replaced_talking),
    "park": Family(pickups.parked),
    "park-by-code": Family(partial(pickups.parked, by_code=True)),
    "park-returns": Family(partial(pickups.parked, returns=True)),
    "forward-302": Family(groups.forwarded),
    "forward-302-announced": Family(partial(groups.forwarded, announced="answered")),
    "forward-always": Family(partial(groups.forwarded, how="always")),
    "forward-busy": Family(partial(groups.forwarded, how="busy")),
    "forward-no-answer": Family(partial(groups.forwarded, how="no-answer", announced="answered")),
    "forward-outside": Family(groups.forwarded_outside),
    "forward-outside-302-caller-shown": Family(partial(groups.forwarded_outside, how="302", own_shown=False)),
    "blind-transfer": Family(transfers.blind),
    "blind-transfer-fails": Family(partial(transfers.blind, ending="fails")),
    "blind-transfer-recalled": Family(partial(transfers.blind, ending="recalled")),
    "blind-transfer-by-code": Family(transfers.blind_by_code),
    "attended-transfer": Family(transfers.attended),
    "attended-transfer-other-dialog": Family(partial(transfers.attended, refer_on="consultation")),
    "attended-transfer-ringing": Family(transfers.attended_while_ringing),
    "attended-transfer-by-code": Family(transfers.attended_by_code),
    "asked-and-returned": Family(transfers.asked_and_returned),
    "call-waiting": Family(transfers.call_waiting),
    "conference-at-telephone": Family(conferences.at_the_telephone),
    "conference-at-pbx": Family(conferences.at_the_pbx),
    "consultation-inbound": Family(consultation.inbound),
    "consultation-inbound-unanswered": Family(partial(consultation.inbound, is_answered=False)),
    "consultation-by-main-number": Family(partial(consultation.inbound, announced="answered", own_number=False)),
    "consultation-forwarded": Family(consultation.forwarded),
    "consultation-outbound": Family(consultation.outbound),
    "consultation-internal": Family(consultation.internal),
    "consultation-calls-extension": Family(partial(consultation.internal, from_line=True)),
    "consultation-blind-transfer": Family(consultation.blind),
    "consultation-attended-transfer": Family(consultation.attended),
    "consultation-in-ring-group": Family(consultation.ring_group),
    "consultation-in-ring-group-other-answers": Family(partial(consultation.ring_group, line_answers=False)),
    "consultation-picks-up": Family(consultation.picked_up),
    "consultation-picked-up": Family(partial(consultation.picked_up, by_line=False)),
    "twins-inbound": Family(twins.inbound, Habits(tells_trunk=False)),
    "twins-inbound-sections": Family(partial(twins.inbound, same_section=False), Habits(tells_trunk=False)),
    "twins-withheld": Family(partial(twins.inbound, withheld="anonymous"), Habits(tells_trunk=False)),
    "twins-silent-at-first": Family(partial(twins.inbound, silent_s=6.0), Habits(tells_trunk=False, murmur=0)),
    "twins-held": Family(partial(twins.inbound, held=True), Habits(tells_trunk=False, moh_shared=True)),
    "twins-unanswered": Family(twins.unanswered),
    "twins-outbound": Family(twins.outbound),
    "calls-again": Family(twins.calls_again),
}


# Exchanges and carriers with other ways. Not each of them can have every family: direct media need one law.
HABITS: Mapping[str, Habits] = {
    "asterisk": Habits(),
    "quiet": Habits(tells_trunk=False),
    "tcp-phones": Habits(phone_transport="TCP"),
    "tcp-trunk": Habits(trunk_transport="TCP", tells_trunk=False),
    "ipv6-trunk": Habits(ipv6="trunk"),
    "ipv6-phones": Habits(ipv6="phones"),
    "alaw-trunk": Habits(trunk_law=A),
    "alaw-phones": Habits(phone_law=A, tells_trunk=False),
    "alaw": Habits(trunk_law=A, phone_law=A),
    "shows-pai": Habits(shows="pai"),
    "shows-own": Habits(shows="own"),
    "shows-own-quiet": Habits(shows="own", tells_trunk=False),
    "shows-nothing": Habits(shows="anonymous", tells_trunk=False),
    "session-id": Habits(link="session-id", shows="own"),
    "icid": Habits(link="icid", shows="own"),
    "diversion": Habits(link="diversion"),
    "history-info": Habits(link="history-info"),
    "x-header": Habits(link="x-header", shows="own", tells_trunk=False),
    "x-call-id": Habits(link="x-call-id", shows="own", tells_trunk=False),
    "plus81": Habits(plus81=True),
    "own-stamps": Habits(carries_stamps=False, new_ssrc=False),
    "challenged": Habits(challenges_pbx=True),
    "trusting": Habits(challenges_phones=False),
    "silent-rooms": Habits(murmur=0, tells_trunk=False),
    "lossy": Habits(loss=0.02),
}


def make(
    name: str,
    rng: random.Random,
    start_ns: int = START_NS,
    *,
    shared: Exchange | None = None,
    habits: Habits | None = None,
) -> Conversation:
    """Play one family. `shared` is what it shares a mirror port with; `habits` in place of the family's own.

    Raises `exchange.Busy` if no telephone or port is free at that time.
    """
    family = FAMILIES[name]
    scene = Scene(shared or Exchange(), rng, start_ns, habits or family.habits)
    calls = family.play(scene)
    streams = [stream for leg in scene.legs for stream in (leg.mic, leg.ear)]
    packets = [packet for stream in streams for packet in stream.own_packets()]
    frames = scene.frames + [packet.frame() for packet in packets if packet.captured]
    if scene.habits.rtcp:
        frames += [frame for stream in streams for frame in stream.rtcp()]
    frames.sort(key=lambda frame: frame[0])
    scene.give_back(frames[-1][0] + wire.SECOND // 2)
    return Conversation(
        family=name,
        frames=frames,
        calls=calls,
        legs={leg.call_id: leg.truth() for leg in scene.legs if leg.invited_ns is not None},
        groupings=scene.groupings or [frozenset(call.call_ids for call in calls)],
        not_calls=frozenset(scene.not_calls),
        note=scene.note,
    )


__all__ = ["FAMILIES", "START_NS", "Conversation", "Family", "Grouping", "Habits", "Packet", "Stream", "make"]
