"""SDP and headers made to cost time and memory."""

from __future__ import annotations

import random
from collections.abc import Callable

from tests import sip_text, wire
from tests.hostile.casebook import Attack, add, case
from tests.hostile.good import (
    AUDIO,
    ENDED,
    MS,
    Good,
    Sent,
)
from tests.hostile.parts import evil, spread, stranger, to_exchange, told

# --- SDP bombs ---------------------------------------------------------------------------------------------------


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


# --- header bombs ------------------------------------------------------------------------------------------------


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
