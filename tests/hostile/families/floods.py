"""Floods of signalling."""

from __future__ import annotations

import random

from tests import sip_text, wire
from tests.hostile.casebook import Attack, add, case
from tests.hostile.good import (
    ANSWERED,
    INVITED,
    MS,
    Good,
    Sent,
)
from tests.hostile.parts import evil, spread, stranger, to_exchange, told


@case("flood", shape="plain")
def flood_of_invites_from_one_source(good: Good, rng: random.Random) -> list[Sent]:
    return told(good, (evil(good, n) for n in range(6000)))


@case("flood", shape="plain")
def flood_of_invites_from_many_sources_while_the_good_call_rings(good: Good, rng: random.Random) -> list[Sent]:
    """More dialogs than a recorder may hold, none answered by anyone, between the good INVITE and its 200."""
    frames = (to_exchange(good, evil(good, n), 256 + n) for n in range(8000))
    return [Sent(at, frame) for at, frame in zip(spread(8000, INVITED + 3 * MS, ANSWERED), frames, strict=True)]


def _flood(method: str) -> Attack:
    return lambda good, rng: told(good, (evil(good, n, method) for n in range(4000)))


for _method in ("REGISTER", "OPTIONS", "SUBSCRIBE", "BYE", "CANCEL"):
    add("flood", f"flood_of_{_method.lower()}", _flood(_method))


@case("flood")
def flood_of_answers_to_nothing(good: Good, rng: random.Random) -> list[Sent]:
    body = sip_text.sdp("192.0.2.99", 40000)
    texts = (
        sip_text.response(rng.choice((180, 183, 200, 404, 487)), call_id=f"none-{n}", sdp=body) for n in range(4000)
    )
    return told(good, texts)


@case("flood")
def flood_of_answered_calls_without_audio(good: Good, rng: random.Random) -> list[Sent]:
    """Two strangers call each other again and again, and never speak."""
    sent = []
    ends = stranger(good, 1), stranger(good, 2)
    for n, at in enumerate(spread(1200)):
        sent.append(Sent(at, wire.udp(*ends, evil(good, n))))
        answer = sip_text.response(
            200,
            call_id=f"evil-{n}@{stranger(good).rpartition(':')[0]}",
            from_tag=f"e{n}",
            sdp=sip_text.sdp("198.18.0.2", 20000 + n * 2),
        )
        sent.append(Sent(at + MS, wire.udp(ends[1], ends[0], answer)))
    return sent
