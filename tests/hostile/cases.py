"""The hostile captures by name: `CASES["spoofed_bye_with_wrong_tags"].build()`.

A case is an attack upon a good call of some shape, and the kind of file it is kept in. An attack is a
function of the good call and a random generator seeded by the case's name; it gives frames to be merged by
their place in time. Its strangers write from 198.18.0.0/15 (RFC 2544) and 2001:db8:bad::/48. None of them is
ever answered by the good call's peers unless the case says so. Cases whose name begins with `good_` have an
unusual good call instead.
"""

from __future__ import annotations

import gzip
import random
import struct
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tests import sip_text, wire
from tests.hostile.good import (
    ANSWERED,
    AUDIO,
    BEGIN,
    END,
    ENDED,
    INVITED,
    MISSING,
    MS,
    SECOND,
    SHAPES,
    Good,
    Sent,
    Truth,
    fragment,
    fragments,
    good_call,
)

Attack = Callable[[Good, random.Random], Iterable[Sent]]
RINGING = INVITED + 100 * MS
MIDDLE = AUDIO + 900 * MS


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """A finished case: the file's bytes, how its name ends, and the truth of the good call."""

    data: bytes
    ending: str  # pcap or pcapng
    truth: Truth


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A case before it is built."""

    name: str
    family: str
    shape: str
    attack: Attack
    ending: str = "pcap"
    finish: Callable[[bytes], bytes] = bytes  # makes of a sound file's bytes those of the case
    call: dict[str, Any] | None = None  # further arguments to good_call

    def build(self) -> Capture:
        """The same bytes every time."""
        rng = random.Random(self.name)
        good = good_call(self.shape, rng, **(self.call or {}))
        sent = sorted([*good.frames, *self.attack(good, rng)], key=lambda one: one.at)
        frames = [(one.at if one.stamp is None else one.stamp, one.frame) for one in sent]
        data = wire.pcap(frames) if self.ending == "pcap" else pcapng(frames)
        return Capture(data=self.finish(data), ending=self.ending, truth=good.truth)


CASES: dict[str, Case] = {}
# Every other case has a plain good call; the others take turns.
_TURNS = [shape for rare in SHAPES[1:] for shape in ("plain", rare)]


def add(family: str, name: str, attack: Attack, *, shape: str | None = None, **more: Any) -> None:
    """Add a case; without a shape it gets the next in turn."""
    if name in CASES:
        raise ValueError(f"there are two cases {name}")
    shape = _TURNS[len(CASES) % len(_TURNS)] if shape is None else shape
    CASES[name] = Case(name=name, family=family, shape=shape, attack=attack, **more)


def case(family: str, *, shape: str | None = None, **more: Any) -> Callable[[Attack], Attack]:
    """Add the function as a case of its own name."""

    def register(attack: Attack) -> Attack:
        add(family, attack.__name__, attack, shape=shape, **more)
        return attack

    return register


def nothing(good: Good, rng: random.Random) -> list[Sent]:
    """For cases in which the good call itself, or the file, is the trouble."""
    return []


# --- what attacks are made of ----------------------------------------------------------------------------------


def spread(count: int, begin: int = BEGIN, end: int = END) -> Iterator[int]:
    """That many times, evenly over the capture."""
    return (begin + (end - begin) * n // count for n in range(count))


def stranger(good: Good, n: int = 9, port: int = 5060) -> str:
    """An endpoint that has nothing to do with the call, in its family of addresses."""
    if good.v6:
        return f"[2001:db8:bad::{n:x}]:{port}"
    return f"198.{18 + (n >> 16 & 1)}.{n >> 8 & 255}.{n & 255}:{port}"


def evil(good: Good, n: int = 0, method: str = "INVITE", **changes: Any) -> bytes:
    """A stranger's request to the exchange."""
    host = stranger(good).rpartition(":")[0]
    fields: dict[str, Any] = {
        "call_id": f"evil-{n}@{host}",
        "from_user": "09000000000",
        "to_user": "0120000000",
        "from_host": host,
        "to_host": good.hosts[1],
        "from_tag": f"e{n}",
        **changes,
    }
    if method == "INVITE" and not {"sdp", "body"} & set(changes):
        fields["sdp"] = sip_text.sdp(host.strip("[]"), 40000)
    return sip_text.request(method, **fields)


def to_exchange(good: Good, message: bytes, n: int = 9) -> bytes:
    """A frame from a stranger to the callee's SIP port."""
    return wire.udp(stranger(good, n), good.sip[1], message)


def told(good: Good, messages: Iterable[bytes], begin: int = BEGIN, end: int = END) -> list[Sent]:
    """Messages of one stranger, spread over the capture."""
    messages = list(messages)
    times = spread(len(messages), begin, end)
    return [Sent(at, to_exchange(good, text)) for at, text in zip(times, messages, strict=True)]


def on_tcp(good: Good, chunks: Iterable[bytes], *, port: int = 40900, begin: int = BEGIN, end: int = END) -> list[Sent]:
    """One TCP connection of a stranger to the callee's SIP port, opened, used, left open."""
    source, seq = stranger(good, 9, port), 5000
    chunks = list(chunks)
    sent = [Sent(begin, wire.tcp(source, good.sip[1], b"", seq=seq - 1, flags=2))]
    for at, chunk in zip(spread(len(chunks), begin + MS, end), chunks, strict=True):
        sent.append(Sent(at, wire.tcp(source, good.sip[1], chunk, seq=seq)))
        seq += len(chunk)
    return sent


def pieces(data: bytes, size: int = 1400) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


def packet(frame: bytes) -> bytes:
    """The IP packet of an untagged Ethernet frame."""
    return frame[14:]


def to_media(good: Good, direction: int, payload: bytes, *, source: str | None = None) -> bytes:
    """A frame to the port where what `direction` says is awaited."""
    return wire.udp(stranger(good, 9, 7078) if source is None else source, good.media[1 - direction], payload)


def from_peer(good: Good, direction: int, payload: bytes) -> bytes:
    """The same from the true endpoint: what a spoofing stranger sends, or a broken telephone."""
    return wire.udp(good.media[direction], good.media[1 - direction], payload, vlans=good.vlans)


def both_ways(times: Iterable[int], make: Callable[[int, int], bytes]) -> list[Sent]:
    """`make(direction, n)` at each of the times for both directions."""
    return [Sent(at, make(direction, n)) for n, at in enumerate(times) for direction in (0, 1)]


# --- 1 floods --------------------------------------------------------------------------------------------------


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


# --- 2 spray of RTP to the good call's ports -------------------------------------------------------------------


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


# --- 3 injection before the true peer's first packet -----------------------------------------------------------


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


# --- 4 spoofed requests and answers ----------------------------------------------------------------------------


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


# --- 5 SDP bombs -----------------------------------------------------------------------------------------------

_SDP_HEAD = b"v=0\r\no=- 1 1 IN IP4 198.18.0.9\r\ns=-\r\nc=IN IP4 198.18.0.9\r\nt=0 0\r\n"
_SDP_BOMBS = {
    "of_two_thousand_media": _SDP_HEAD + b"m=audio 40000 RTP/AVP 0\r\n" * 2000,
    "of_five_thousand_attributes": _SDP_HEAD + b"m=audio 40000 RTP/AVP 0\r\n" + b"a=x:yyyy\r\n" * 5000,
    "of_ten_thousand_payload_types": _SDP_HEAD + b"m=audio 40000 RTP/AVP" + b" 0" * 10_000 + b"\r\n",
    "with_payload_type_4294967296": _SDP_HEAD
    + b"m=audio 40000 RTP/AVP 4294967296 -1 256 99999999999999999999\r\na=rtpmap:4294967296 PCMU/8000\r\n"
    + b"a=rtpmap:-1 PCMA/8000\r\na=rtpmap:99999999999999999999 PCMU/8000\r\n",
    "with_ports_out_of_range": b"".join(
        _SDP_HEAD + b"m=audio %s RTP/AVP 0\r\n" % port
        for port in (b"-1", b"65536", b"99999999999999999999", b"4e4", b"40000/2147483648", b"", b"+5", b"4_0")
    ),
    "with_nul_everywhere": _SDP_HEAD.replace(b"-", b"\0")
    + b"m=audio 40\x0000 RTP/AVP 0\0\r\na=fmtp:0 \0\0\0\r\n\0\0\0",
    "with_a_clock_rate_of_zero_and_more": _SDP_HEAD
    + b"m=audio 40000 RTP/AVP 96 97\r\na=rtpmap:96 PCMU/0\r\na=rtpmap:97 PCMU/999999999999/0\r\n"
    + b"a=ptime:0\r\na=ptime:-20\r\na=ptime:1e308\r\na=ptime:nan\r\n",
    "of_one_line_of_sixty_kilobytes": _SDP_HEAD + b"a=" + b"z" * 60_000,
    "without_a_version_or_sense": b"m=\r\nc=\r\n=\r\nv\r\nm=audio\r\nc=IN\r\n"
    + b"c=IN IP9 x\r\nm=audio 1 2 3 4 5\r\n\xff\xfe\r\n",
    "with_arabic_digits": (_SDP_HEAD.decode() + "m=audio ٤٠٠٠٠ RTP/AVP ٠\r\na=rtpmap:٠ PCMU/٨٠٠٠\r\n").encode(),
    "with_addresses_that_are_none": b"".join(
        b"v=0\r\nc=IN IP4 %s\r\nm=audio 40000 RTP/AVP 0\r\n" % address
        for address in (
            b"256.1.1.1",
            b"1",
            b"0x7f000001",
            b"::1",
            b"255.255.255.255",
            b"224.0.0.1/127/3",
            b"../../etc",
            b"",
        )
    ),
    "with_crypto_lines_without_end": _SDP_HEAD
    + b"m=audio 40000 RTP/SAVP 0\r\n"
    + b"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:"
    + b"A" * 50_000
    + b"\r\n",
}


def _sdp_bomb(body: bytes) -> Attack:
    return lambda good, rng: told(good, (evil(good, n, sdp=body) for n in range(20)))


for _name, _bytes in _SDP_BOMBS.items():
    add("sdp", f"sdp_{_name}", _sdp_bomb(_bytes))


@case("sdp")
def sdp_that_names_the_good_calls_ports(good: Good, rng: random.Random) -> list[Sent]:
    """A stranger's offers, never answered, say that the good call's audio is theirs."""
    bodies = []
    for n in range(200):
        host, _, port = good.media[n & 1].rpartition(":")
        bodies.append(evil(good, n, sdp=sip_text.sdp(host.strip("[]"), int(port), codecs=(8,))))
    return told(good, bodies)


@case("sdp", shape="plain")
def sdp_of_an_answered_call_that_names_the_good_callers_port(good: Good, rng: random.Random) -> list[Sent]:
    """The exchange answers with a port of its own, and speaks from there to the good caller's port."""
    host, _, port = good.media[0].rpartition(":")
    other = good.media[1].rpartition(":")[0] + ":19998"
    answer = sip_text.response(
        200, call_id="evil-0@198.18.0.9", from_tag="e0", to_tag="pbx", sdp=sip_text.sdp(good.hosts[1], 19998)
    )
    sent = [
        Sent(AUDIO + 200 * MS, to_exchange(good, evil(good, 0, sdp=sip_text.sdp(host, int(port))))),
        Sent(AUDIO + 250 * MS, wire.udp(good.sip[1], stranger(good), answer)),
    ]
    for n, at in enumerate(spread(50, AUDIO + 260 * MS, ENDED)):
        speech = wire.rtp(rng.randbytes(160), seq=n, timestamp=n * 160, ssrc=77)
        sent.append(Sent(at, wire.udp(other, good.media[0], speech)))
    return sent


# --- 6 header bombs --------------------------------------------------------------------------------------------


def _with_lines(lines: bytes) -> Callable[[Good, int], bytes]:
    return lambda good, n: evil(good, n).replace(b"Max-Forwards: 70\r\n", b"Max-Forwards: 70\r\n" + lines, 1)


def _headers(lines: bytes, count: int = 30) -> Attack:
    return lambda good, rng: told(good, (_with_lines(lines)(good, n) for n in range(count)))


_HEADER_BOMBS = {
    "folded_ten_thousand_times": b"Subject: x" + b"\r\n y" * 10_000 + b"\r\n",
    "of_one_thousand_vias": b"".join(b"Via: SIP/2.0/UDP h%d;branch=z9hG4bK%d\r\n" % (n, n) for n in range(1000)),
    "of_one_thousand_vias_in_a_line": b"v:" + b",".join(b"SIP/2.0/UDP h%d" % n for n in range(1000)) + b"\r\n",
    "of_sixty_kilobytes": b"Subject: " + b"s" * 60_000 + b"\r\n",
    "of_five_thousand_names": b"".join(b"X-%d: y\r\n" % n for n in range(5000)),
    "without_names_or_colons": b": x\r\n:\r\nnothing\r\n \r\n\t\r\n=:=\r\n" * 100,
    "of_blanks": b"Subject:" + b" " * 50_000 + b"x" + b" " * 5000 + b":\r\n",
    "of_quotes_without_end": b'Contact: "' + b'\\"' * 20_000 + b"\r\n",
    "of_parameters_without_end": b"Contact: <sip:x@y>" + b";a=b" * 12_000 + b"\r\n",
    "of_angle_brackets": b"Contact: " + b"<" * 20_000 + b">" * 20_000 + b"\r\n",
    "of_routes": b"Record-Route: <sip:r;lr>\r\n" * 2000,
    "of_empty_warnings": b"Warning:\r\nReplaces:\r\nRSeq:\r\nRAck:\r\nRefer-To:\r\nReferred-By:\r\n" * 20,
}
for _name, _bytes in _HEADER_BOMBS.items():
    add("headers", f"header_{_name}", _headers(_bytes))


@case("headers")
def header_call_id_of_ten_kilobytes(good: Good, rng: random.Random) -> list[Sent]:
    return told(good, (evil(good, n, call_id=f"{n}" + "c" * 10_000, from_tag="t" * 10_000) for n in range(100)))


# --- 7 names ---------------------------------------------------------------------------------------------------

_NAMES = {
    "path_traversal": "../../../../../../tmp/hostile",
    "an_absolute_path": "/etc/cron.d/hostile",
    "nul": "a\0b",
    "control_characters": "".join(map(chr, range(1, 9))) + "\x0e\x1f\x7f",
    "a_formula": "=cmd|' /C calc'!A0",
    "a_formula_of_another_kind": "@SUM(1+1)*cmd",
    "terminal_codes": "\x1b[2J\x1b]0;owned\x07\x1b[31m\u202e\u009b",
    "script": "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>",
    "sql": "'; drop table recording; --",
    "bytes_that_are_no_utf8": "\udcff\udcfe\udcc0\udcaf\udced\udca0\udc80",
    "format_directives": "%s%n%d{0.__class__}${jndi:ldap://x}",
}


def _everywhere(name: str) -> Attack:
    """Strangers of that name in every header that a catalogue could keep."""

    def attack(good: Good, rng: random.Random) -> list[Sent]:
        headers = [(h, name) for h in ("User-Agent", "Subject", "Organization", "Session-ID", "Diversion")]
        texts = [
            evil(
                good,
                n,
                call_id=f"{name}{n}",
                from_user=name,
                to_user=name,
                from_display=name,
                from_tag=name,
                to_display=name,
                headers=[*headers, ("P-Asserted-Identity", f'"{name}" <sip:{name}@x>')],
            )
            for n in range(10)
        ]
        return told(good, texts)

    return attack


for _name, _text in _NAMES.items():
    add("names", f"names_with_{_name}", _everywhere(_text))

add("names", "good_call_id_that_climbs_out", nothing, call={"call_id": "../../../../tmp/good@192.0.2.10"})
add("names", "good_display_name_is_a_formula", nothing, call={"display": "=1+1;tag=x <sip:0120@evil>"})
add("names", "good_display_name_with_terminal_codes", nothing, call={"display": "\x1b[2J\x1b]0;x\x07"})
add("names", "good_display_name_in_japanese", nothing, shape="plain", call={"display": "山形市役所"})
add("names", "good_display_name_that_is_no_utf8", nothing, shape="plain", call={"display": "\udc8eR\udc8c`\udc8es"})
add("names", "good_display_name_of_eight_thousand_characters", nothing, shape="plain", call={"display": "n" * 8000})


# --- 8 line breaks that are none, and those that are -----------------------------------------------------------

_BREAKS = {"u2028": "\u2028", "u0085": "\u0085", "vertical_tab": "\x0b", "form_feed": "\x0c", "u001c": "\x1c"}
for _name, _text in _BREAKS.items():
    _lies = [("Subject", f"a{_text}From: <sip:9999@evil>;tag=evil{_text}Call-ID: evil{_text}{_text}v=0")]
    add("breaks", f"good_subject_with_{_name}", nothing, shape="plain", call={"headers": _lies})


@case("breaks")
def breaks_of_every_kind(good: Good, rng: random.Random) -> list[Sent]:
    kinds = (b"\r", b"\n", b"\n\r", b"\r\r\n", b"\0\r\n", b"\x0b", b"\xe2\x80\xa8", b"\x85", b"\x1c", b"")
    return told(good, (evil(good, n).replace(b"\r\n", kind) for n, kind in enumerate(kinds * 5)))


# --- 9 numbers -------------------------------------------------------------------------------------------------

_CSEQS = (b"4294967296", b"-1", b"+5", b"1_0", b"9" * 5000, "١٢".encode(), b"0x10", b"1e3", b"", b"\0", b"1 2")


@case("numbers")
def numbers_of_cseq(good: Good, rng: random.Random) -> list[Sent]:
    return told(
        good, (evil(good, n).replace(b"CSeq: 1 ", b"CSeq: " + text + b" ") for n, text in enumerate(_CSEQS * 5))
    )


@case("numbers")
def numbers_of_cseq_in_the_good_dialog(good: Good, rng: random.Random) -> list[Sent]:
    bye = good.request("BYE", to_tag=good.to_tag, cseq=1, transport="UDP", branch="z9hG4bKn")
    return told(good, (bye.replace(b"CSeq: 1 ", b"CSeq: " + text + b" ") for text in _CSEQS), MIDDLE, ENDED - 100 * MS)


@case("numbers")
def numbers_of_status(good: Good, rng: random.Random) -> list[Sent]:
    """Answers to the good INVITE with a status that none has."""
    texts = [b"0", b"99", b"-200", b"700", b"999", b"2000", b"9" * 5000, "٢٠٠".encode(), b"+200", b"2_0", b"200.0", b""]
    return [
        Sent(at, wire.udp(stranger(good), good.sip[0], good.response(486).replace(b"SIP/2.0 486", b"SIP/2.0 " + text)))
        for at, text in zip(spread(len(texts), RINGING, ANSWERED), texts, strict=True)
    ]


@case("numbers")
def numbers_of_telephones(good: Good, rng: random.Random) -> list[Sent]:
    users = ("٠٩٠", "090", "+" * 3000, "0" * 5000, "+81" * 500, "%00", "%zz%", "184184184", ";;;", "@@@", "-1", "1e9")
    return told(good, (evil(good, n, from_user=user, to_user=user) for n, user in enumerate(users * 4)))


@case("numbers")
def numbers_of_other_headers(good: Good, rng: random.Random) -> list[Sent]:
    huge = b"9" * 400
    lines = b"".join(name + b": " + huge + b"\r\n" for name in (b"Expires", b"RSeq", b"Session-Expires", b"Min-SE"))
    lines += b"RAck: " + huge + b" " + huge + b" INVITE\r\nMax-Forwards: nan\r\nTimestamp: inf\r\nDate: 1e999\r\n"
    return told(good, (_with_lines(lines)(good, n) for n in range(20)))


# --- 10 Content-Length -----------------------------------------------------------------------------------------

_LENGTHS = (b"-1", b"4294967295", b"999999999999999999999", b"nan", b"+130", b"1_30", b"0", b"1", b"", b"1, 2", b"0x82")


@case("length")
def length_of_content_in_datagrams(good: Good, rng: random.Random) -> list[Sent]:
    texts = []
    for n, value in enumerate(_LENGTHS * 4):
        head, _, body = evil(good, n).partition(b"Content-Length: ")
        texts.append(head + b"Content-Length: " + value + b"\r\n" + body.partition(b"\r\n")[2])
    return told(good, texts)


def _length_on_tcp(value: bytes) -> Attack:
    def attack(good: Good, rng: random.Random) -> list[Sent]:
        head, _, body = evil(good, transport="TCP").partition(b"Content-Length: ")
        line = b"Content-Length: " + value + b"\r\n" if value else b""
        text = head + line + body.partition(b"\r\n")[2] + evil(good, 1, transport="TCP") * 20
        return on_tcp(good, pieces(text))

    return attack


for _name, _value in {
    "negative": b"-1",
    "of_four_gigabytes": b"4294967296",
    "of_five_thousand_digits": b"9" * 5000,
    "that_is_no_number": b"NaN",
    "missing": b"",
    "said_twice_and_differently": b"0\r\nContent-Length: 200",
}.items():
    add("length", f"length_on_tcp_{_name}", _length_on_tcp(_value))


# --- 11 bodies -------------------------------------------------------------------------------------------------


def _body(content_type: str, body: bytes, *, headers: Sequence[tuple[str, str]] = ()) -> Attack:
    return lambda good, rng: told(
        good, (evil(good, n, body=body, content_type=content_type, headers=headers) for n in range(10))
    )


def _nested(depth: int) -> bytes:
    body = b"--b0\r\nContent-Type: application/sdp\r\n\r\n" + _SDP_HEAD + b"\r\n--b0--\r\n"
    for n in range(1, depth):
        inner = b"--b%d\r\nContent-Type: multipart/mixed;boundary=b%d\r\n\r\n" % (n, n - 1)
        body = inner + body + b"--b%d--\r\n" % n
    return body


add("bodies", "multipart_nested_six_hundred_deep", _body("multipart/mixed;boundary=b599", _nested(600)))
add(
    "bodies",
    "multipart_of_five_thousand_parts",
    _body("multipart/mixed;boundary=x", b"--x\r\n\r\ny\r\n" * 5000 + b"--x--"),
)
add("bodies", "multipart_without_a_boundary", _body("multipart/mixed", b"--\r\n\r\n" + _SDP_HEAD + b"\r\n----\r\n"))
add("bodies", "multipart_with_an_empty_boundary", _body('multipart/mixed;boundary=""', b"--\r\n\r\n\r\n--" * 3000))
add(
    "bodies",
    "multipart_with_itself_for_a_part",
    _body("multipart/mixed;boundary=x", b"--x\r\nContent-Type: multipart/mixed;boundary=x\r\n\r\n" * 500),
)
add("bodies", "multipart_that_never_ends", _body("multipart/mixed;boundary=x", b"--x\r\nA: b\r\n" * 4000))
add(
    "bodies",
    "body_that_grows_when_unpacked",
    _body("application/sdp", gzip.compress(b"a=x\r\n" * 4_000_000, 9, mtime=0), headers=[("Content-Encoding", "gzip")]),
)
add(
    "bodies",
    "body_of_xml_entities",
    _body(
        "application/rs-metadata+xml",
        b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a0 "ha">'
        + b"".join(b'<!ENTITY a%d "&a%d;&a%d;">' % (n, n - 1, n - 1) for n in range(1, 40))
        + b"]><x>&a39;</x>",
    ),
)


# --- 12 TCP ----------------------------------------------------------------------------------------------------


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


# --- 13 fragments ----------------------------------------------------------------------------------------------


def _big(n: int = 0, size: int = 6000) -> bytes:
    """An IPv4 frame with a large REGISTER."""
    text = sip_text.request(
        "REGISTER", call_id=f"evil-{n}", body=b"x" * size, content_type="text/plain", from_host="198.18.0.9"
    )
    return wire.udp("198.18.0.9:5060", "192.0.2.20:5060", text)


def _raw_fragment(part: bytes, offset: int, *, more: bool, ident: int, source: str = "198.18.0.9") -> bytes:
    frame = wire.udp(f"{source}:5060", "192.0.2.20:5060", b"")
    return fragment(frame[:14], frame[14:34], part, offset, more=more, ident=ident)


@case("fragments", shape="fragmented")
def fragments_that_overlap_and_differ(good: Good, rng: random.Random) -> list[Sent]:
    sent = []
    for n, at in enumerate(spread(300)):
        for step, offset in enumerate((0, 800, 400, 1600, 8)):
            part = _big(n)[34 + offset : 34 + offset + 1200] if step % 2 else rng.randbytes(1200)
            sent.append(Sent(at + step * 1000, _raw_fragment(part, offset, more=step < 4, ident=n)))
    return sent


@case("fragments", shape="fragmented")
def fragments_first_ones_only(good: Good, rng: random.Random) -> list[Sent]:
    """The room for reassembly is full when the good INVITE's two halves come."""
    part = _big()[34:1514]
    return [
        Sent(at, _raw_fragment(part, 0, more=True, ident=n, source=f"198.18.{n >> 8}.{n & 255}"))
        for n, at in enumerate(spread(6000))
    ]


@case("fragments", shape="fragmented")
def fragments_last_ones_only(good: Good, rng: random.Random) -> list[Sent]:
    return [Sent(at, _raw_fragment(b"y" * 64, 65_400, more=False, ident=n)) for n, at in enumerate(spread(6000))]


@case("fragments", shape="fragmented")
def fragments_of_eight_bytes(good: Good, rng: random.Random) -> list[Sent]:
    sent = []
    for n, at in enumerate(spread(6)):
        frame = wire.udp("198.18.0.9:5060", "192.0.2.20:5060", evil(good, n))
        parts = fragments(frame, [8] * ((len(frame) - 34) // 8), ident=n)
        sent += [Sent(at + k * 1000, part) for k, part in enumerate(parts)]
    return sent


@case("fragments", shape="fragmented")
def fragments_beyond_the_largest_datagram(good: Good, rng: random.Random) -> list[Sent]:
    """The ping of death: offset and length add up to more than 65,535."""
    sent = []
    for n, at in enumerate(spread(100)):
        sent.append(Sent(at, _raw_fragment(rng.randbytes(1480), 65_528, more=False, ident=n)))
        sent.append(Sent(at + 1000, _raw_fragment(rng.randbytes(1480), 0, more=True, ident=n)))
    return sent


@case("fragments")
def fragments_inside_one_another(good: Good, rng: random.Random) -> list[Sent]:
    """Teardrop: the second lies within the first."""
    sent = []
    for n, at in enumerate(spread(200)):
        sent.append(Sent(at, _raw_fragment(rng.randbytes(64), 0, more=True, ident=n)))
        sent.append(Sent(at + 1000, _raw_fragment(rng.randbytes(16), 24, more=False, ident=n)))
    return sent


@case("fragments")
def fragments_without_payload(good: Good, rng: random.Random) -> list[Sent]:
    return [Sent(at, _raw_fragment(b"", n % 8 * 8, more=True, ident=7)) for n, at in enumerate(spread(2000))]


@case("fragments", shape="fragmented")
def fragments_with_the_good_ones_number_from_elsewhere(good: Good, rng: random.Random) -> list[Sent]:
    """Same number, another source: no part of the good datagram (RFC 791 §2.3)."""
    return [
        Sent(
            INVITED - 2 * MS + n * 100_000, _raw_fragment(rng.randbytes(1480), n % 3 * 1480, more=n % 2 == 0, ident=101)
        )
        for n in range(40)
    ]


@case("fragments")
def fragments_of_sixty_kilobytes(good: Good, rng: random.Random) -> list[Sent]:
    sent = []
    for n, at in enumerate(spread(30)):
        parts = fragments(_big(n, 60_000), [1480] * 41, ident=n)
        rng.shuffle(parts)
        sent += [Sent(at + k * 1000, part) for k, part in enumerate(parts)]
    return sent


@case("fragments", shape="ipv6")
def fragments_of_ipv6_never_completed(good: Good, rng: random.Random) -> list[Sent]:
    source, _ = wire.endpoint(stranger(good))
    target, _ = wire.endpoint(good.sip[1])
    sent = []
    for n, at in enumerate(spread(3000)):
        head = struct.pack(">BBHI", 17, 0, (n % 7 * 8) | 1, n)
        sent.append(Sent(at, wire.ethernet(wire.ip(source, target, 44, head + rng.randbytes(512)))))
    return sent


# --- 14 the pcap file's end, and its records -------------------------------------------------------------------


def _record(
    caplen: int, wirelen: int, data: bytes, *, seconds: int = END // SECOND, fraction: int = 999_999_999
) -> bytes:
    return struct.pack("<IIII", seconds, fraction, caplen, wirelen) + data


for _name, _bytes in {
    "with_a_record_of_four_gigabytes": _record(0xFFFFFFFF, 0xFFFFFFFF, b"x" * 100),
    "with_a_record_of_two_gigabytes": _record(0x7FFFFFFF, 60, b"x" * 100),
    "with_a_record_longer_than_the_file": _record(5000, 5000, b"x" * 100),
    "in_the_middle_of_a_record": _record(60, 60, b"x" * 30),
    "in_the_middle_of_a_records_head": _record(60, 60, b"")[:9],
    "with_zeros": bytes(5000),
    "with_rubbish": random.Random(1).randbytes(5000),
    "with_another_file": wire.pcap([(END + SECOND, b"x" * 60)]),
    "with_more_captured_than_sent": _record(60, 20, b"x" * 60) * 5,
    "with_empty_frames": _record(0, 0, b"") * 500 + _record(0, 1500, b"") * 500,
    "with_a_fraction_of_four_seconds": _record(60, 60, b"x" * 60, fraction=0xFFFFFFFF) * 3,
}.items():
    add("pcap", f"pcap_ends_{_name}", nothing, finish=lambda data, tail=_bytes: data + tail)


@case("pcap")
def pcap_with_frames_of_every_length(good: Good, rng: random.Random) -> list[Sent]:
    """Each beginning of a good frame, from no byte on."""
    frame = to_exchange(good, evil(good))
    return [Sent(at, frame[:n]) for n, at in enumerate(spread(len(frame)))]


@case("pcap")
def pcap_with_frames_of_rubbish(good: Good, rng: random.Random) -> list[Sent]:
    return [Sent(at, rng.randbytes(rng.randrange(1, 1600))) for at in spread(2000)]


# --- 15 pcapng -------------------------------------------------------------------------------------------------


def block(kind: int, body: bytes) -> bytes:
    """A pcapng block."""
    body += b"\0" * (-len(body) % 4)
    return struct.pack("<II", kind, 12 + len(body)) + body + struct.pack("<I", 12 + len(body))


_SECTION = block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))
_INTERFACE = block(1, struct.pack("<HHI", 1, 0, 0) + struct.pack("<HHB3xHH", 9, 1, 9, 0, 0))  # nanoseconds
_HEAD = len(_SECTION + _INTERFACE)


def _enhanced(at: int, frame: bytes, *, interface: int = 0, captured: int | None = None) -> bytes:
    captured = len(frame) if captured is None else captured
    return block(6, struct.pack("<IIIII", interface, at >> 32, at & 0xFFFFFFFF, captured, len(frame)) + frame)


def pcapng(frames: Iterable[wire.Frame]) -> bytes:
    """A capture file of the newer form, in nanoseconds."""
    return b"".join([_SECTION, _INTERFACE, *(_enhanced(at, frame) for at, frame in frames)])


for _name, _bytes in {
    "with_a_block_of_no_length": struct.pack("<II", 6, 0) + bytes(40),
    "with_a_block_shorter_than_its_head": struct.pack("<II", 6, 8) + bytes(40),
    "with_a_block_of_an_odd_length": struct.pack("<II", 6, 35) + bytes(40),
    "with_a_block_of_four_gigabytes": struct.pack("<II", 6, 0xFFFFFFFC) + bytes(40),
    "with_lengths_that_differ": block(6, bytes(40))[:-4] + struct.pack("<I", 16),
    "with_a_packet_longer_than_its_block": _enhanced(END, b"x" * 60, captured=0x7FFFFFFF),
    "with_a_packet_of_an_unknown_interface": _enhanced(END, b"x" * 60, interface=77),
    "with_a_section_of_no_byte_order": block(0x0A0D0D0A, struct.pack("<IHHq", 0x12345678, 1, 0, -1)),
    "with_an_interface_of_a_mad_resolution": block(
        1, struct.pack("<HHI", 1, 0, 0) + struct.pack("<HHB3xHH", 9, 1, 255, 0, 0)
    )
    + _enhanced(END, b"x" * 60, interface=1),
    "with_options_without_end": block(
        6, struct.pack("<IIIII", 0, END >> 32, END & 0xFFFFFFFF, 4, 4) + b"xxxx" + b"\1\0\xff\xff"
    ),
    "with_ten_thousand_interfaces": _INTERFACE * 10_000,
    "with_unknown_blocks": block(0x80000BAD, b"x" * 100) * 500 + block(5, bytes(8)) + block(4, b"\1\0\xff\xff"),
    "in_the_middle_of_a_block": _enhanced(END, b"x" * 60)[:30],
    "with_rubbish": random.Random(2).randbytes(5000),
}.items():
    add("pcapng", f"pcapng_ends_{_name}", nothing, ending="pcapng", finish=lambda data, tail=_bytes: data + tail)

add(
    "pcapng",
    "pcapng_with_unknown_blocks_among_the_packets",
    nothing,
    ending="pcapng",
    finish=lambda data: data[:_HEAD] + block(0x0BAD, b"x" * 1000) * 50 + data[_HEAD:],
)


# --- 16 lengths and fields of IP and UDP -----------------------------------------------------------------------


def _bent(offset: int, *values: bytes, media: bool = False) -> Attack:
    """Frames of a stranger in IPv4 with bytes changed, counted from the IP header on."""

    def attack(good: Good, rng: random.Random) -> list[Sent]:
        sent = []
        for n, at in enumerate(spread(200)):
            text = wire.rtp(rng.randbytes(160), seq=n, timestamp=n) if media or n % 2 else evil(good, n)
            target = "192.0.2.20:10000" if media or n % 2 else "192.0.2.20:5060"
            frame = bytearray(wire.udp("198.18.0.9:5060", target, text))
            value = values[n % len(values)]
            frame[14 + offset : 14 + offset + len(value)] = value
            sent.append(Sent(at, bytes(frame)))
        return sent

    return attack


add("lengths", "ip_header_lengths", _bent(0, b"\x40", b"\x44", b"\x4f", b"\x41"))
add("lengths", "ip_versions", _bent(0, b"\x05", b"\x65", b"\xf5", b"\x55"))
add("lengths", "ip_total_lengths", _bent(2, b"\0\0", b"\0\x13", b"\0\x14", b"\xff\xff", b"\0\x1b", b"\0\x30"))
add("lengths", "ip_protocols", _bent(9, *(bytes([n]) for n in (0, 1, 2, 4, 6, 33, 41, 47, 50, 51, 58, 115, 132, 255))))
add("lengths", "udp_lengths", _bent(24, b"\0\0", b"\0\x07", b"\0\x08", b"\xff\xff", b"\0\x10", b"\x10\0"))
add("lengths", "udp_lengths_of_audio", _bent(24, b"\0\0", b"\0\x07", b"\0\x13", b"\xff\xff", media=True))
add(
    "lengths",
    "ip_lengths_cut_in_mid_header",
    lambda good, rng: [Sent(at, to_exchange(good, evil(good))[: 14 + n % 30]) for n, at in enumerate(spread(300))],
)
add(
    "lengths",
    "ip_options_without_end",
    lambda good, rng: [
        Sent(
            at,
            b"\2" * 12
            + b"\x08\0"
            + struct.pack(">BBHHHBBH4s4s", 0x4F, 0, 68, 0, 0, 64, 17, 0, b"\xc6\x12\0\x09", b"\xc0\0\2\x14")
            + bytes([n % 256, n % 5]) * 20
            + b"\x13\xc4\x13\xc4\0\x08\0\0",
        )
        for n, at in enumerate(spread(500))
    ],
)


# --- 17 tags and tunnels ---------------------------------------------------------------------------------------

_MACS = b"\2\0\0\0\0\7\2\0\0\0\0\x08"


def _wrapped(wrap: Callable[[bytes], bytes], depth: int) -> Attack:
    """A forged BYE, a call and audio of a stranger's within so many layers."""

    def attack(good: Good, rng: random.Random) -> list[Sent]:
        sent = []
        for n, at in enumerate(spread(60)):
            inner = packet(wire.udp("198.18.0.9:5060", "192.0.2.20:5060", evil(good, n)))
            for _ in range(depth):
                inner = wrap(inner)
            kind = b"\x86\xdd" if inner[0] >> 4 == 6 else b"\x08\0"
            sent.append(Sent(at, _MACS + kind + inner))
        return sent

    return attack


def _outer(protocol: int, payload: bytes) -> bytes:
    return wire.ip(b"\xc6\x12\0\x01", b"\xc6\x12\0\x02", protocol, payload)


def _vxlan(inner: bytes) -> bytes:
    frame = b"\x08\0\0\0\0\0\1\0" + wire.ethernet(inner)
    return _outer(17, struct.pack(">HHHH", 50000, 4789, 8 + len(frame), 0) + frame)


def _tags(count: int, kind: int) -> Attack:
    def attack(good: Good, rng: random.Random) -> list[Sent]:
        tag = struct.pack(">HH", kind, 5)
        return [Sent(at, _MACS + tag * count + b"\x08\0" + packet(_big(n, 10))) for n, at in enumerate(spread(100))]

    return attack


add("tunnels", "vlan_tags_twenty_deep", _tags(20, 0x8100))
add("tunnels", "vlan_tags_of_providers_two_hundred_deep", _tags(200, 0x88A8))
add(
    "tunnels",
    "vlan_tags_and_nothing_else",
    lambda good, rng: [Sent(at, _MACS + b"\x81\0\0\5" * (n % 10)) for n, at in enumerate(spread(200))],
)
add("tunnels", "ip_in_ip_twenty_deep", _wrapped(lambda inner: _outer(4, inner), 20))
add("tunnels", "gre_twenty_deep", _wrapped(lambda inner: _outer(47, b"\0\0\x08\0" + inner), 20))
add("tunnels", "gre_nine_hundred_deep", _wrapped(lambda inner: _outer(47, b"\0\0\x08\0" + inner), 900))
add("tunnels", "vxlan_twenty_deep", _wrapped(_vxlan, 20))
add(
    "tunnels",
    "erspan_cut_short",
    lambda good, rng: [
        Sent(at, _MACS + b"\x08\0" + _outer(47, b"\x10\0" + (b"\x88\xbe", b"\x22\xeb")[n % 2] + bytes(n % 24)))
        for n, at in enumerate(spread(300))
    ],
)
add(
    "tunnels",
    "gre_with_mad_flags",
    lambda good, rng: [
        Sent(at, _MACS + b"\x08\0" + _outer(47, rng.randbytes(2) + b"\x08\0" + rng.randbytes(n % 60)))
        for n, at in enumerate(spread(500))
    ],
)
add(
    "tunnels",
    "vxlan_cut_short",
    lambda good, rng: [
        Sent(at, wire.udp(stranger(good, 9, 50000), stranger(good, 8, 4789), b"\x08\0\0\0\0\0\1\0" + bytes(n % 40)))
        for n, at in enumerate(spread(300))
    ],
)


# --- 18 IPv6 extension headers ---------------------------------------------------------------------------------


def _extended(chain: Callable[[int, random.Random], tuple[int, bytes]]) -> Attack:
    """IPv6 packets with a chain of extension headers before a forged INVITE."""

    def attack(good: Good, rng: random.Random) -> list[Sent]:
        ends = wire.endpoint("[2001:db8:bad::9]:5060")[0], wire.endpoint("[2001:db8::20]:5060")[0]
        sent = []
        for n, at in enumerate(spread(100)):
            text = evil(good, n)
            datagram = struct.pack(">HHHH", 5060, 5060, 8 + len(text), 0) + text
            first, headers = chain(n, rng)
            sent.append(Sent(at, wire.ethernet(wire.ip(*ends, first, headers + datagram))))
        return sent

    return attack


add(
    "ipv6",
    "ipv6_options_two_hundred_deep",
    _extended(lambda n, rng: (60, b"\x3c\0\1\4\0\0\0\0" * 199 + b"\x11\0\1\4\0\0\0\0")),
)
add("ipv6", "ipv6_hop_by_hop_again_and_again", _extended(lambda n, rng: (0, bytes(8) * 100)), shape="ipv6")
add("ipv6", "ipv6_header_longer_than_the_packet", _extended(lambda n, rng: (60, b"\x11\xff\1\4\0\0\0\0")), shape="ipv6")
add(
    "ipv6",
    "ipv6_routing_and_authentication",
    _extended(lambda n, rng: (43, b"\x33\0" + rng.randbytes(6) + b"\x11\xff" + rng.randbytes(6))),
)
add("ipv6", "ipv6_nothing_follows", _extended(lambda n, rng: (59, b"")))
add(
    "ipv6",
    "ipv6_headers_of_rubbish",
    _extended(lambda n, rng: (rng.choice((0, 43, 44, 50, 51, 60, 135, 139)), rng.randbytes(n * 3))),
    shape="ipv6",
)
add(
    "ipv6",
    "ipv6_payload_lengths",
    lambda good, rng: [
        Sent(
            at,
            (lambda f: f[:18] + struct.pack(">H", (0, 1, 7, 8, 39, 65535)[n % 6]) + f[20:])(
                wire.udp("[2001:db8:bad::9]:5060", "[2001:db8::20]:5060", evil(good, n))
            ),
        )
        for n, at in enumerate(spread(200))
    ],
)


# --- 19 RTP that isn't -----------------------------------------------------------------------------------------


def _malformed(make: Callable[[Good, int, random.Random], bytes]) -> Attack:
    """Packets with the good call's SSRC that no receiver accepts (RFC 3550 A.1), from the true endpoint and others.

    They bear the number of the packet that is missing, so that one taken for good fills the hole.
    """

    def attack(good: Good, rng: random.Random) -> list[Sent]:
        sent = []
        at = AUDIO + MISSING * 20 * MS + 500_000
        for n in range(40):
            for direction in (0, 1):
                text = make(good, direction, rng)
                frame = (from_peer if n % 2 == 0 else to_media)(good, direction, text)
                sent.append(Sent(at + n * 400_000, frame))
        return sent

    return attack


def _missing(good: Good, direction: int, payload: bytes) -> bytes:
    return good.rtp(direction, MISSING, payload)


def _first_byte(value: int, payload: bytes) -> Attack:
    return _malformed(lambda good, d, rng: bytes([value]) + _missing(good, d, payload)[1:])


add("rtp", "rtp_of_version_1", _first_byte(0x40, b"\x55" * 160))
add(
    "rtp",
    "rtp_of_version_0_and_3",
    _malformed(lambda good, d, rng: bytes([rng.choice((0x00, 0xC0))]) + _missing(good, d, b"\x11" * 160)[1:]),
)
add("rtp", "rtp_with_more_sources_than_bytes", _first_byte(0x8F, b"\x11" * 40))
add("rtp", "rtp_with_an_extension_longer_than_the_packet", _first_byte(0x90, b"\xbe\xde\xff\xff" + b"\x11" * 156))
add("rtp", "rtp_with_an_extension_and_no_room_for_it", _first_byte(0x90, b"\xbe\xde"))
add("rtp", "rtp_with_padding_longer_than_the_payload", _first_byte(0xA0, b"\x11" * 159 + b"\xff"))
add("rtp", "rtp_with_padding_of_nothing", _first_byte(0xA0, b""))
add("rtp", "rtp_cut_in_mid_header", _malformed(lambda good, d, rng: _missing(good, d, b"")[: rng.randrange(12)]))
add("rtp", "rtp_without_payload", _malformed(lambda good, d, rng: _missing(good, d, b"")))
add(
    "rtp",
    "rtp_of_types_nobody_negotiated_from_strangers",
    lambda good, rng: both_ways(
        spread(1000), lambda d, n: to_media(good, d, good.rtp(d, n, rng.randbytes(160), payload_type=n % 128))
    ),
)
add(
    "rtp",
    "rtp_of_sixty_kilobytes",
    lambda good, rng: both_ways(spread(20), lambda d, n: to_media(good, d, good.rtp(d, n, rng.randbytes(60_000)))),
)
add(
    "rtp",
    "rtp_of_one_byte_payloads",
    lambda good, rng: both_ways(
        spread(2000), lambda d, n: to_media(good, d, wire.rtp(b"x", seq=n, timestamp=n * 2**20, ssrc=5))
    ),
)


# --- 20 RTCP, STUN, DTLS to the media ports --------------------------------------------------------------------


def _to_media_ports(make: Callable[[Good, int, int, random.Random], bytes], *, spoof: bool = True) -> Attack:
    def attack(good: Good, rng: random.Random) -> list[Sent]:
        send = from_peer if spoof else to_media
        return both_ways(spread(200, AUDIO), lambda d, n: send(good, d, make(good, d, n, rng)))

    return attack


def _rtcp(kind: int, count: int, words: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0x80 | count, kind, words & 0xFFFF) + body


add(
    "control",
    "rtcp_bye_of_the_right_source",
    _to_media_ports(lambda good, d, n, rng: _rtcp(203, 1, 1, struct.pack(">I", good.ssrc[d]))),
)
add(
    "control",
    "rtcp_bye_from_strangers",
    _to_media_ports(lambda good, d, n, rng: _rtcp(203, 1, 1, struct.pack(">I", good.ssrc[d])), spoof=False),
)
add(
    "control",
    "rtcp_with_bad_lengths",
    _to_media_ports(
        lambda good, d, n, rng: _rtcp(
            rng.choice((200, 201, 202, 207)), n % 32, rng.choice((0, 1, 0xFFFF, 99)), rng.randbytes(n % 60)
        )
    ),
)
add(
    "control",
    "rtcp_descriptions_without_end",
    _to_media_ports(
        lambda good, d, n, rng: _rtcp(202, 31, 40, struct.pack(">I", good.ssrc[d]) + b"\1\xff" + b"n" * 150)
    ),
)
add(
    "control",
    "stun_on_the_media_ports",
    _to_media_ports(
        lambda good, d, n, rng: (
            struct.pack(">HHI", (1, 0x101)[n % 2], n % 9 * 4, 0x2112A442) + rng.randbytes(12 + n % 40)
        )
    ),
)
add(
    "control",
    "dtls_hellos_on_the_media_ports",
    _to_media_ports(
        lambda good, d, n, rng: b"\x16\xfe\xff\0\0" + rng.randbytes(6) + b"\0\xc8\1\0\0\xbc" + rng.randbytes(180)
    ),
)
add(
    "control",
    "rubbish_on_the_media_ports",
    _to_media_ports(
        lambda good, d, n, rng: bytes([rng.randrange(128)]) + rng.randbytes(rng.randrange(300)), spoof=False
    ),
)


# --- 21 dialogs ------------------------------------------------------------------------------------------------


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


# --- 22 clocks -------------------------------------------------------------------------------------------------


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


# --- 23 what only looks like SIP -------------------------------------------------------------------------------


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


# --- 24 several at once ----------------------------------------------------------------------------------------


def _together(*names: str) -> Attack:
    return lambda good, rng: [sent for name in names for sent in CASES[name].attack(good, rng)]


add(
    "together",
    "spray_and_forged_byes_and_a_flood",
    _together(
        "spray_with_the_right_ssrc_number_and_timestamp",
        "spoofed_bye_with_right_tags_never_answered",
        "flood_of_options",
    ),
    shape="plain",
)
add(
    "together",
    "injection_and_replaces_and_reused_call_id",
    _together(
        "injected_since_before_the_answer", "dialog_storm_of_replaces", "dialog_call_id_reused_within_with_other_tags"
    ),
    shape="alaw",
)
add(
    "together",
    "fragments_and_connections_and_tunnels",
    _together("fragments_first_ones_only", "tcp_connections_opened_and_left", "gre_twenty_deep"),
    shape="fragmented",
)
add(
    "together",
    "control_and_malformed_audio",
    _together(
        "rtcp_bye_of_the_right_source", "rtp_of_version_1", "dtls_hellos_on_the_media_ports", "stun_on_the_media_ports"
    ),
    shape="plain",
    call={"caller_hangs_up": False},
)


# --- 25 good calls of every shape, with nothing else in the file -----------------------------------------------

for _shape in SHAPES:
    add("alone", f"good_call_{_shape}_alone", nothing, shape=_shape, call={"caller_hangs_up": False})
