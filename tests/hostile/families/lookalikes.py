"""Clocks that jump, and what only looks like SIP."""

from __future__ import annotations

import random
import zlib
from collections.abc import Sequence

from tests.hostile.casebook import Attack, add, case
from tests.hostile.good import (
    BEGIN,
    ENDED,
    INVITED,
    MS,
    SECOND,
    Good,
    Sent,
)
from tests.hostile.parts import evil, spread, to_exchange, told

# --- clocks ------------------------------------------------------------------------------------------------------


def _stamped(stamps: Sequence[int]) -> Attack:
    def attack(good: Good, rng: random.Random) -> list[Sent]:
        frames = (to_exchange(good, evil(good, n, "OPTIONS")) for n in range(20))
        times = spread(20, INVITED + 10 * MS, ENDED - 10 * MS)
        return [
            Sent(at, frame, stamps[n % len(stamps)]) for n, (at, frame) in enumerate(zip(times, frames, strict=True))
        ]

    return attack


add("clock", "clock_of_1970_in_between", _stamped([0, 1, 999_999_999]), shape="plain")
add(
    "clock",
    "clock_of_2106_in_between",
    _stamped([0xFFFFFFFF * SECOND, 0xFFFFFFFF * SECOND + 999_999_999]),
    shape="plain",
)
add("clock", "clock_an_hour_ahead_in_between", _stamped([BEGIN + 3600 * SECOND]), shape="plain")
add("clock", "clock_an_hour_behind_in_between", _stamped([BEGIN - 3600 * SECOND, BEGIN - 7200 * SECOND]))
add(
    "clock",
    "clock_of_all_times_in_between",
    _stamped([BEGIN + s * SECOND for s in (-86400, 61, 121, 900, 86400, -5, 30)]),
)


# --- what only looks like SIP ------------------------------------------------------------------------------------


@case("garbage")
def garbage_on_the_sip_port(good: Good, rng: random.Random) -> list[Sent]:
    return told(good, (rng.randbytes(rng.randrange(1400)) for _ in range(2000)))


@case("garbage")
def garbage_that_begins_like_sip(good: Good, rng: random.Random) -> list[Sent]:
    heads = (
        b"INVITE ",
        b"SIP/2.0 ",
        b"BYE sip:",
        b"ACK ",
        b"SIP/2.0 200 OK\r\n",
        b"INVITE sip:a SIP/2.0\r\n\r\n",
        b"SIP/",
    )
    return told(good, (heads[n % len(heads)] + rng.randbytes(rng.randrange(600)) for n in range(2000)))


@case("garbage")
def garbage_made_of_true_messages_cut_anywhere(good: Good, rng: random.Random) -> list[Sent]:
    text = evil(good)
    return told(good, (text[:n] for n in range(len(text))))


@case("garbage")
def garbage_made_of_true_messages_with_bytes_changed(good: Good, rng: random.Random) -> list[Sent]:
    texts = []
    for n in range(1500):
        text = bytearray(evil(good, n))
        for _ in range(8):
            text[rng.randrange(len(text))] = rng.randrange(256)
        texts.append(bytes(text))
    return told(good, texts)


@case("garbage")
def garbage_of_other_protocols(good: Good, rng: random.Random) -> list[Sent]:
    texts = [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x16\x03\x01\x02\0\1",
        b"OPTIONS rtsp://x RTSP/1.0\r\n\r\n",
        zlib.compress(bytes(100_000)),
        b"\0" * 1400,
        b"\r\n\r\n",
        b"\0\0\0\0",
        b"jaK",
        b"HEP3\0\x10" + bytes(10),
    ]
    return told(good, texts * 100)


@case("garbage", shape="plain")
def garbage_of_registers_of_sixty_kilobytes(good: Good, rng: random.Random) -> list[Sent]:
    return told(good, (evil(good, n, "REGISTER", body=b"x" * 60_000, content_type="text/plain") for n in range(80)))
