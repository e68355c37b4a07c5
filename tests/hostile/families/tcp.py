"""Signalling over TCP that never ends, overlaps, or comes a byte at a time."""

from __future__ import annotations

import random

from tests import wire
from tests.hostile.casebook import case
from tests.hostile.good import (
    ANSWERED,
    ENDED,
    MS,
    Good,
    Sent,
)
from tests.hostile.parts import evil, on_tcp, pieces, spread, stranger


@case("tcp", shape="plain")
def tcp_message_of_three_hundred_kilobytes(good: Good, rng: random.Random) -> list[Sent]:
    return on_tcp(good, pieces(evil(good, body=b"x" * 300_000, content_type="text/plain", transport="TCP")))


@case("tcp", shape="tcp")
def tcp_register_of_four_megabytes(good: Good, rng: random.Random) -> list[Sent]:
    return on_tcp(good, pieces(evil(good, 0, "REGISTER", body=b"x" * 4_000_000, content_type="text/plain"), 1400))


@case("tcp")
def tcp_header_that_never_ends(good: Good, rng: random.Random) -> list[Sent]:
    return on_tcp(good, pieces(b"INVITE sip:x SIP/2.0\r\nSubject: " + b"s" * 1_000_000))


@case("tcp", shape="tcp")
def tcp_connections_opened_and_closed(good: Good, rng: random.Random) -> list[Sent]:
    sent = []
    for n, at in enumerate(spread(1500)):
        source = stranger(good, n, 1024 + n)
        for step, (flags, payload) in enumerate(((2, b""), (0x18, b"INVITE "), (1, b"") if n % 2 else (4, b""))):
            seq = n * 1000 + (step > 0) + (7 if step == 2 else 0)
            sent.append(Sent(at + step * 1000, wire.tcp(source, good.sip[1], payload, seq=seq, flags=flags)))
    return sent


@case("tcp", shape="tcp")
def tcp_connections_opened_and_left(good: Good, rng: random.Random) -> list[Sent]:
    """Each has begun a message that it never ends."""
    text = evil(good, transport="TCP")[:-10]
    return [
        Sent(at, wire.tcp(stranger(good, n, 1024 + n), good.sip[1], text, seq=n)) for n, at in enumerate(spread(1500))
    ]


@case("tcp", shape="plain")
def tcp_syn_flood(good: Good, rng: random.Random) -> list[Sent]:
    return [
        Sent(at, wire.tcp(stranger(good, n, 1024 + n), good.sip[1], b"", seq=n * 99991, flags=2))
        for n, at in enumerate(spread(8000))
    ]


@case("tcp")
def tcp_segments_out_of_order_with_holes(good: Good, rng: random.Random) -> list[Sent]:
    sent = on_tcp(good, pieces(b"".join(evil(good, n, transport="TCP") for n in range(400)), 300))
    kept = [one for n, one in enumerate(sent) if n % 7 or not n]
    frames = [one.frame for one in kept]
    rng.shuffle(frames)
    return [Sent(one.at, frame) for one, frame in zip(kept, frames, strict=True)]


@case("tcp")
def tcp_segments_that_overlap_and_differ(good: Good, rng: random.Random) -> list[Sent]:
    text, sent = b"".join(evil(good, n, transport="TCP") for n in range(50)), []
    for n, at in enumerate(spread(len(text) // 100)):
        part = text[n * 100 : n * 100 + 250]
        part = rng.randbytes(len(part)) if n % 3 == 1 else part
        sent.append(Sent(at, wire.tcp(stranger(good, 9, 40900), good.sip[1], part, seq=5000 + n * 100)))
    return sent


@case("tcp")
def tcp_segments_of_one_byte(good: Good, rng: random.Random) -> list[Sent]:
    text = b"".join(evil(good, n, transport="TCP") for n in range(6))
    return on_tcp(good, [text[n : n + 1] for n in range(len(text))])


@case("tcp")
def tcp_stream_of_empty_lines(good: Good, rng: random.Random) -> list[Sent]:
    return on_tcp(good, [b"\r\n\r\n" * 300] * 300)


@case("tcp", shape="tcp")
def tcp_resets_and_data_for_the_good_connection_with_wrong_numbers(good: Good, rng: random.Random) -> list[Sent]:
    """Blind: a reset or data outside the window belongs to nothing (RFC 9293 §3.10.7.4, RFC 5961)."""
    source = good.sip[0].rpartition(":")[0] + ":40001"
    sent = []
    for n, at in enumerate(spread(40, ANSWERED + 50 * MS, ENDED - 50 * MS)):
        seq, payload = 0x70000000 + n * 1_000_003, b"" if n % 2 else good.request("BYE", to_tag=good.to_tag, cseq=77)
        sent.append(Sent(at, wire.tcp(source, good.sip[1], payload, seq=seq, flags=0x18 if payload else 4)))
    return sent


@case("tcp")
def tcp_garbage_on_the_sip_port(good: Good, rng: random.Random) -> list[Sent]:
    return on_tcp(good, [rng.randbytes(1400) for _ in range(300)])
