"""Dialogs that nobody means."""

from __future__ import annotations

import random
from typing import Any

from tests import sip_text, wire
from tests.hostile.casebook import MIDDLE, case
from tests.hostile.good import (
    ANSWERED,
    AUDIO,
    BEGIN,
    ENDED,
    INVITED,
    MS,
    Good,
    Sent,
)
from tests.hostile.parts import evil, spread, stranger, to_exchange, told


@case("dialogs")
def dialog_call_id_reused_before_with_other_tags(good: Good, rng: random.Random) -> list[Sent]:
    text = evil(good, call_id=good.call_id)
    return [Sent(BEGIN + n * 20 * MS, to_exchange(good, text)) for n in range(20)]


@case("dialogs")
def dialog_call_id_reused_within_with_other_tags(good: Good, rng: random.Random) -> list[Sent]:
    return told(good, (evil(good, n, call_id=good.call_id) for n in range(300)), INVITED + 20 * MS)


@case("dialogs", shape="plain")
def dialog_call_id_reused_for_a_whole_call(good: Good, rng: random.Random) -> list[Sent]:
    """The stranger's call is answered and ended within the good one; each is a call of its own."""
    names: dict[str, Any] = {
        "call_id": good.call_id,
        "from_tag": "e0",
        "from_user": "09000000000",
        "to_user": "0120000000",
    }
    invite = evil(good, call_id=good.call_id)
    answer = sip_text.response(200, **names, to_tag="et", sdp=sip_text.sdp(good.hosts[1], 19998))
    bye = evil(good, 0, "BYE", call_id=good.call_id, to_tag="et", cseq=2)
    gone = sip_text.response(200, method="BYE", **names, to_tag="et", cseq=2)
    at = AUDIO + 300 * MS
    return [
        Sent(at, to_exchange(good, invite)),
        Sent(at + 50 * MS, wire.udp(good.sip[1], stranger(good), answer)),
        Sent(at + 600 * MS, to_exchange(good, bye)),
        Sent(at + 602 * MS, wire.udp(good.sip[1], stranger(good), gone)),
    ]


@case("dialogs")
def dialog_invite_sent_again_two_hundred_times(good: Good, rng: random.Random) -> list[Sent]:
    invite = [one.frame for one in good.frames if INVITED - 2 * MS <= one.at <= INVITED]
    return [Sent(INVITED + (n + 1) * 2 * MS, frame) for n in range(200) for frame in invite[-1:]]


@case("dialogs", shape="plain")
def dialog_answer_sent_again_two_hundred_times(good: Good, rng: random.Random) -> list[Sent]:
    answer = next(one.frame for one in good.frames if one.at == ANSWERED)
    return [Sent(at, answer) for at in spread(200, ANSWERED + 10 * MS, ENDED)]


@case("dialogs")
def dialog_flood_with_the_same_tags(good: Good, rng: random.Random) -> list[Sent]:
    return told(good, (evil(good, n, from_tag=good.from_tag, to_tag=good.to_tag) for n in range(2000)))


@case("dialogs")
def dialog_flood_with_one_call_id_and_many_tags(good: Good, rng: random.Random) -> list[Sent]:
    return told(good, (evil(good, n, call_id="one@evil") for n in range(4000)))


@case("dialogs")
def dialog_storm_of_replaces(good: Good, rng: random.Random) -> list[Sent]:
    """Strangers ask to take the good call over; nobody lets them."""
    value = f"{good.call_id};to-tag={good.to_tag};from-tag={good.from_tag}"
    texts = [evil(good, n, headers=[("Replaces", value), ("Require", "replaces")]) for n in range(300)]
    return told(good, texts, ANSWERED)


@case("dialogs")
def dialog_storm_of_refers(good: Good, rng: random.Random) -> list[Sent]:
    refer = [("Refer-To", "<sip:evil@198.18.0.9?Replaces=%00%00>"), ("Referred-By", "<sip:evil@198.18.0.9>")]
    texts = [
        good.request("REFER", to_tag="x" if n % 2 else good.to_tag, cseq=100 + n, headers=refer, transport="UDP")
        for n in range(300)
    ]
    return told(good, texts, ANSWERED)


@case("dialogs")
def dialog_tags_with_nul_and_worse(good: Good, rng: random.Random) -> list[Sent]:
    tags = ("\0", good.from_tag + "\0", "", " ", ";tag=" + good.from_tag, "\udcff" * 500, '"' + good.from_tag + '"')
    texts = [
        good.request("BYE", from_tag=tag, to_tag=tag, cseq=70 + n, transport="UDP", branch=f"z9hG4bK{n}")
        for n, tag in enumerate(tags)
    ]
    return told(good, texts, MIDDLE, ENDED - 200 * MS)


@case("dialogs", shape="plain")
def dialog_frames_shown_twice(good: Good, rng: random.Random) -> list[Sent]:
    """A mirror that shows every frame of the good call again after 40 microseconds."""
    return [Sent(one.at + 40_000, one.frame) for one in good.frames]
