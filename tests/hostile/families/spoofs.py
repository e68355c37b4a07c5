"""Forged requests and answers."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from tests import sip_text, wire
from tests.hostile.casebook import MIDDLE, RINGING, Attack, add, case
from tests.hostile.good import (
    ENDED,
    MS,
    Good,
    Sent,
)
from tests.hostile.parts import both_ways, spread, stranger, to_media


def _spoofed(
    make: Callable[[Good], bytes],
    *,
    at: int = MIDDLE,
    from_peer: bool = False,
    reply: int | None = None,
    method: str = "BYE",
    times: int = 3,
) -> Attack:
    """A message that passes for one of the call's, perhaps refused by the exchange."""

    def attack(good: Good, rng: random.Random) -> list[Sent]:
        source = good.sip[0] if from_peer else stranger(good)
        sent = []
        for n in range(times):
            sent.append(Sent(at + n * 50 * MS, wire.udp(source, good.sip[1], make(good), vlans=good.vlans)))
            if reply is not None:
                answer = good.response(reply, method=method, cseq=77, branch="z9hG4bKspoof")
                sent.append(Sent(at + n * 50 * MS + MS, wire.udp(good.sip[1], source, answer, vlans=good.vlans)))
        return sent

    return attack


def _bye(**changes: Any) -> Callable[[Good], bytes]:
    return lambda good: good.request(
        "BYE", **{"to_tag": good.to_tag, "cseq": 77, "branch": "z9hG4bKspoof", "transport": "UDP", **changes}
    )


def _hijack(**changes: Any) -> Callable[[Good], bytes]:
    """A re-INVITE that would lead the audio away."""
    sdp = sip_text.sdp("198.18.0.9", 7078)
    return lambda good: good.request(
        changes.get("method", "INVITE"),
        to_tag=changes.get("to_tag", good.to_tag),
        from_tag=changes.get("from_tag", good.from_tag),
        cseq=77,
        branch="z9hG4bKspoof",
        transport="UDP",
        sdp=sdp,
    )


add("spoof", "spoofed_bye_with_wrong_tags", _spoofed(_bye(to_tag="x", from_tag="y")))
add("spoof", "spoofed_bye_with_a_wrong_to_tag", _spoofed(_bye(to_tag="x")))
add("spoof", "spoofed_bye_with_a_wrong_from_tag", _spoofed(_bye(from_tag="x")))
add("spoof", "spoofed_bye_without_tags", _spoofed(_bye(to_tag=None)))
add("spoof", "spoofed_bye_with_right_tags_never_answered", _spoofed(_bye()))
add("spoof", "spoofed_bye_with_right_tags_from_the_peers_address_never_answered", _spoofed(_bye(), from_peer=True))
add("spoof", "spoofed_bye_with_right_tags_refused_with_481", _spoofed(_bye(), reply=481))
add("spoof", "spoofed_bye_with_right_tags_refused_with_403", _spoofed(_bye(), reply=403))
add("spoof", "spoofed_bye_before_the_answer", _spoofed(_bye(to_tag=None), at=RINGING))
add(
    "spoof",
    "spoofed_cancel_after_the_answer",
    _spoofed(lambda good: good.request("CANCEL", branch=good.branch, transport="UDP"), reply=481, method="CANCEL"),
)
add(
    "spoof",
    "spoofed_cancel_of_another_transaction",
    _spoofed(
        lambda good: good.request("CANCEL", branch="z9hG4bKother", cseq=9, transport="UDP"),
        at=RINGING,
        reply=481,
        method="CANCEL",
    ),
)
add(
    "spoof",
    "spoofed_cancel_that_the_answer_overtakes",
    _spoofed(lambda good: good.request("CANCEL", branch=good.branch, transport="UDP"), at=RINGING, from_peer=True),
)
add("spoof", "spoofed_reinvite_with_wrong_tags", _spoofed(_hijack(to_tag="x", from_tag="y")))
add("spoof", "spoofed_reinvite_with_right_tags_never_answered", _spoofed(_hijack()))
add("spoof", "spoofed_reinvite_refused_with_488", _spoofed(_hijack(), reply=488, method="INVITE"))
add("spoof", "spoofed_update_never_answered", _spoofed(_hijack(method="UPDATE")))
add("spoof", "spoofed_update_refused_with_481", _spoofed(_hijack(method="UPDATE"), reply=481, method="UPDATE"))


@case("spoof")
def spoofed_reinvite_never_answered_with_audio_to_follow(good: Good, rng: random.Random) -> list[Sent]:
    """Audio from the address that the forged offer named goes to where the good call listens."""
    begin = good.audio_ns[0] + 300 * MS
    sent = _spoofed(_hijack(), at=begin, times=1)(good, rng)
    frames = both_ways(
        spread(60, begin + 10 * MS, ENDED), lambda d, n: to_media(good, d, good.rtp(d, 300 + n, rng.randbytes(160)))
    )
    return [*sent, *frames]


def _spoofed_answer(status: int, **changes: Any) -> Attack:
    def attack(good: Good, rng: random.Random) -> list[Sent]:
        text = good.response(status, **{"to_tag": "forged", "branch": "z9hG4bKforged", **changes})
        return [Sent(RINGING + n * 20 * MS, wire.udp(stranger(good), good.sip[0], text)) for n in range(3)]

    return attack


add("spoof", "spoofed_refusal_of_another_transaction", _spoofed_answer(603, cseq=55))
add("spoof", "spoofed_refusal_with_a_wrong_from_tag", _spoofed_answer(486, from_tag="forged"))
add(
    "spoof",
    "spoofed_answer_of_another_transaction",
    _spoofed_answer(200, cseq=55, sdp=sip_text.sdp("198.18.0.9", 7078)),
)
add("spoof", "spoofed_answer_to_a_bye_nobody_sent", _spoofed_answer(200, method="BYE", cseq=55))
