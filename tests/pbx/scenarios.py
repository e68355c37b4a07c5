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
from tests.pbx import inbound, outbound, transfers, twins
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
    "pickup": Family(transfers.picked_up),
    "pickup-directed-announced": Family(partial(transfers.picked_up, directed=True, announced="answered")),
    "blind-transfer": Family(transfers.blind),
    "blind-transfer-fails": Family(partial(transfers.blind, ending="fails")),
    "blind-transfer-recalled": Family(partial(transfers.blind, ending="recalled")),
    "twins-inbound": Family(twins.inbound, Habits(tells_trunk=False)),
    "twins-inbound-sections": Family(partial(twins.inbound, same_section=False), Habits(tells_trunk=False)),
    "twins-withheld": Family(partial(twins.inbound, withheld="anonymous"), Habits(tells_trunk=False)),
    "twins-outbound": Family(twins.outbound),
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
