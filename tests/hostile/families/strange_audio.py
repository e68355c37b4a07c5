"""Audio of strangers: sprayed at the good call's ports, and injected before the true peer's first packet."""

from __future__ import annotations

import random

from tests import wire
from tests.hostile.casebook import Attack, add, case
from tests.hostile.good import (
    AUDIO,
    ENDED,
    MISSING,
    MS,
    Good,
    Sent,
)
from tests.hostile.parts import both_ways, spread, stranger, to_media

# --- spray of RTP to the good call's ports -----------------------------------------------------------------------


@case("spray", shape="plain")
def spray_from_two_hundred_sources(good: Good, rng: random.Random) -> list[Sent]:
    return both_ways(
        spread(2000),
        lambda d, n: to_media(
            good,
            d,
            wire.rtp(rng.randbytes(160), seq=n, timestamp=n * 160, ssrc=n % 200),
            source=stranger(good, n % 200, 4000),
        ),
    )


@case("spray")
def spray_with_the_right_ssrc(good: Good, rng: random.Random) -> list[Sent]:
    return both_ways(
        spread(1000),
        lambda d, n: to_media(good, d, wire.rtp(rng.randbytes(160), seq=n, timestamp=n * 160, ssrc=good.ssrc[d])),
    )


@case("spray")
def spray_with_the_right_ssrc_number_and_timestamp(good: Good, rng: random.Random) -> list[Sent]:
    """Each forged packet comes 2 ms before the true one, the lost one's too."""
    times = (AUDIO + n * 20 * MS - 2 * MS for n in range(100))
    return both_ways(times, lambda d, n: to_media(good, d, good.rtp(d, n, rng.randbytes(160))))


@case("spray")
def spray_from_the_right_address_and_a_wrong_port(good: Good, rng: random.Random) -> list[Sent]:
    return both_ways(
        spread(500, AUDIO),
        lambda d, n: to_media(
            good, d, good.rtp(d, n, rng.randbytes(160)), source=good.media[d].rpartition(":")[0] + ":6000"
        ),
    )


@case("spray")
def spray_into_the_hole_that_a_lost_packet_left(good: Good, rng: random.Random) -> list[Sent]:
    at = AUDIO + MISSING * 20 * MS + MS
    return both_ways([at, at + 30 * MS], lambda d, n: to_media(good, d, good.rtp(d, MISSING, rng.randbytes(160))))


@case("spray")
def spray_of_ten_thousand_ssrcs_from_one_stranger(good: Good, rng: random.Random) -> list[Sent]:
    payload = rng.randbytes(160)
    frames = (
        to_media(good, n & 1, wire.rtp(payload, seq=n, timestamp=n, ssrc=rng.getrandbits(32))) for n in range(10_000)
    )
    return [Sent(at, frame) for at, frame in zip(spread(10_000), frames, strict=True)]


@case("spray", shape="plain")
def spray_of_ten_thousand_ssrcs_from_ten_thousand_strangers(good: Good, rng: random.Random) -> list[Sent]:
    payload = rng.randbytes(20)
    frames = (
        to_media(good, n & 1, wire.rtp(payload, seq=n, timestamp=n, ssrc=n), source=stranger(good, n, 2000 + n))
        for n in range(10_000)
    )
    return [Sent(at, frame) for at, frame in zip(spread(10_000), frames, strict=True)]


@case("spray")
def spray_with_numbers_jumping_at_random(good: Good, rng: random.Random) -> list[Sent]:
    return both_ways(
        spread(1000),
        lambda d, n: to_media(
            good,
            d,
            wire.rtp(rng.randbytes(160), seq=rng.getrandbits(16), timestamp=rng.getrandbits(32), ssrc=good.ssrc[d]),
        ),
    )


@case("spray")
def spray_after_the_hang_up(good: Good, rng: random.Random) -> list[Sent]:
    """What comes to a port after the BYE is no part of the call."""
    return both_ways(
        spread(300, ENDED + 10 * MS), lambda d, n: to_media(good, d, good.rtp(d, 100 + n, rng.randbytes(160)))
    )


@case("spray", shape="plain")
def spray_to_every_port_of_the_exchange(good: Good, rng: random.Random) -> list[Sent]:
    host, payload = good.media[1].rpartition(":")[0], rng.randbytes(160)
    frames = (
        wire.udp(stranger(good, n, 4000), f"{host}:{10000 + n}", wire.rtp(payload, seq=n, timestamp=n, ssrc=n))
        for n in range(8000)
    )
    return [Sent(at, frame) for at, frame in zip(spread(8000), frames, strict=True)]


# --- injection before the true peer's first packet ---------------------------------------------------------------


def _injected(before_ms: int, packets: int, *, exact: bool, port_only: bool = False) -> Attack:
    def attack(good: Good, rng: random.Random) -> list[Sent]:
        sent = []
        for direction in (0, 1):
            for n in range(packets):
                k = n - packets if exact else 5000 + n
                source = good.media[direction].rpartition(":")[0] + ":6000" if port_only else None
                frame = to_media(good, direction, good.rtp(direction, k, rng.randbytes(160)), source=source)
                sent.append(Sent(good.audio_ns[direction] - before_ms * MS + n * before_ms * MS // packets, frame))
        return sent

    return attack


add("injection", "injected_just_before_the_first_packet", _injected(25, 2, exact=True), shape="plain")
add("injection", "injected_since_before_the_answer", _injected(200, 10, exact=True))
add("injection", "injected_with_other_numbers", _injected(100, 5, exact=False))
add("injection", "injected_from_the_right_address_and_a_wrong_port", _injected(25, 2, exact=True, port_only=True))
add("injection", "injected_while_the_callee_is_silent", _injected(600, 30, exact=True), call={"callee_silent_ms": 700})
add("injection", "injected_all_through_the_ringing", _injected(400, 20, exact=False), shape="prack")
