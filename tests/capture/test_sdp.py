"""Session descriptions (RFC 4566), as far as a recorder needs them."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.counters import Counters
from capture.sdp import (
    ATTRIBUTES_CAP,
    MEDIA_CAP,
    SIZE_CAP,
    STATIC,
    Codec,
    MalformedSdp,
    Media,
    SessionDescription,
    parse,
)
from tests.sip_text import sdp

HEAD = b"v=0\r\no=- 5 6 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"


def only(lines: bytes, counters: Counters | None = None) -> Media:
    [media] = parse(HEAD + lines, counters=counters).media
    return media


def test_an_offer_says_where_audio_will_arrive_and_how():
    offer = parse(sdp("192.0.2.10", 40000, codecs=(0, 8, 101), ptime=30, direction="sendonly", session=7, version=8))

    assert offer.origin is not None
    assert (offer.origin.session_id, offer.origin.version) == ("7", "8")
    assert offer.address == "192.0.2.10"
    assert offer.media == (
        Media(
            kind="audio",
            port=40000,
            proto="RTP/AVP",
            formats=(0, 8, 101),
            address="192.0.2.10",
            direction="sendonly",
            codecs={0: STATIC[0], 8: STATIC[8], 101: Codec("TELEPHONE-EVENT", 8000)},
            ptime=30,
        ),
    )


def test_media_override_the_session_and_inherit_the_rest():
    described = parse(
        b"v=0\nc=IN IP4 192.0.2.1/127\na=recvonly\na=ptime:20\n"
        b"m=audio 4000 RTP/AVP 0\nc=IN IP6 2001:db8::1\na=inactive\nc=IN IP4 192.0.2.9\n"
        b"m=video 0 RTP/AVP 31\n"
        b"m=image 6000 udptl t38\na=sendrecv\na=ptime:10\n"
    )

    audio, video, image = described.media
    assert (audio.address, audio.direction, audio.ptime) == ("2001:db8::1", "inactive", 20)
    assert (video.address, video.direction, video.port) == ("192.0.2.1", "recvonly", 0)
    assert (image.kind, image.proto, image.formats, image.direction, image.ptime) == (
        "image", "UDPTL", (), "sendrecv", 10,
    )  # fmt: skip
    assert (described.direction, described.origin) == ("recvonly", None)


@pytest.mark.parametrize("end", [b"\r\n", b"\n", b"\r", b" \r\n", b"\r\n\r\n"])
def test_line_ends_of_all_kinds(end):
    assert parse(sdp("192.0.2.10", 40000).replace(b"\r\n", end)) == parse(sdp("192.0.2.10", 40000))


@pytest.mark.parametrize(
    "line", [b" m=audio 49170/2 RTP/AVP 0", b"m = audio  49170  rtp/avp\t0 ", b"m=AUDIO 049170 RTP/AVP 0 0 0\0"]
)
def test_an_m_line_with_odd_spacing(line):
    media = only(line + b"\r\n")

    assert (media.kind, media.port, media.proto, media.formats) == ("audio", 49170, "RTP/AVP", (0,))


@pytest.mark.parametrize("line", [b"m=audio 65536 RTP/AVP 0", b"m=audio -1 RTP/AVP 0", b"m=audio +5 RTP/AVP 0",
                                  b"m=audio 1_0 RTP/AVP 0", b"m=audio", b"m=", b"m=audio 5",
                                  "m=audio ٥ RTP/AVP 0".encode(),
                                  b"m=audio " + b"9" * 5000 + b" RTP/AVP 0"])  # fmt: skip
def test_an_m_line_without_a_port_stays_in_its_place_as_refused(line):
    """Answers correspond to offers by position (RFC 3264 §6), so a line must not vanish."""
    counters = Counters()

    described = parse(HEAD + line + b"\r\nm=audio 4000 RTP/AVP 0\r\n", counters=counters)

    bad, good = described.media
    assert (bad.port, bad.formats) == (0, ())
    assert good.port == 4000
    assert counters.as_dict() == {"sdp_bad_media": 1}


def test_payload_types_out_of_range_are_left_out_one_by_one():
    counters = Counters()

    media = only(b"m=audio 4000 RTP/AVP 0 128 4294967296 -1 x 127\r\na=rtpmap:4294967296 PCMU/8000\r\n", counters)

    assert media.formats == (0, 127)
    assert counters.as_dict() == {"sdp_bad_attribute": 1, "sdp_bad_format": 4}


@pytest.mark.parametrize(
    "rtpmap, codec",
    [
        (b"96 opus/48000/2", Codec("OPUS", 48000, 2)),
        (b"96  pcma/8000", Codec("PCMA", 8000)),
        (b"96 PCMU/8000/1", Codec("PCMU", 8000)),
        (b"96 PCMU", None),
        (b"96 PCMU/0", None),
        (b"96 PCMU/8000/0", None),
        (b"96 PCMU/99999999999999999999", None),
        (b"96 /8000", None),
        (b"96", None),
        (b"", None),
    ],
)
def test_rtpmap(rtpmap, codec):
    assert only(b"m=audio 4000 RTP/AVP 96\r\na=rtpmap:" + rtpmap + b"\r\n").codecs.get(96) == codec


@pytest.mark.parametrize(
    "lines, secure",
    [
        (b"m=audio 1 RTP/AVP 0", False),
        (b"m=audio 1 RTP/SAVP 0", True),
        (b"m=audio 1 UDP/TLS/RTP/SAVPF 0", True),
        (b"m=audio 1 RTP/AVP 0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:k3y", True),
        (b"a=fingerprint:sha-256 AB\r\nm=audio 1 RTP/AVP 0", True),
        (b"m=audio 1 RTP/AVP 0\r\na=zrtp-hash:1.10 fe", True),
    ],
)
def test_encryption_is_noticed_and_its_keys_are_not_kept(lines, secure):
    media = only(lines)

    assert media.crypto is secure
    assert "k3y" not in repr(media)


def test_other_attributes():
    media = only(
        b"m=audio 4000 RTP/AVP 0\r\na=rtcp:53020 IN IP4 192.0.2.5\r\na=rtcp-mux\r\n"
        b"a=candidate:1 1 UDP 1 192.0.2.2 9\r\n"
        b"a=ptime:20.0\r\na=fmtp:101 0-15\0\r\na=SendOnly\r\nx=unknown\r\nnothing at all\r\n"
    )

    assert (media.rtcp_port, media.rtcp_mux, media.candidates) == (53020, True, True)
    assert (media.ptime, media.direction) == (20, "sendonly")


@pytest.mark.parametrize("ptime", [b"0", b"-20", b"1001", b"x", b""])
def test_a_ptime_that_cannot_be_is_none(ptime):
    assert only(b"m=audio 4000 RTP/AVP 0\r\na=ptime:" + ptime).ptime is None


@pytest.mark.parametrize(
    "address, held", [("0.0.0.0", True), ("::", True), ("192.0.2.1", False), ("pbx.example.jp", False)]
)
def test_hold_by_address(address, held):
    [media] = parse(sdp(address, 4000)).media

    assert (media.address, media.is_held) == (address, held)


def test_without_a_c_line_there_is_no_address():
    [media] = parse(b"v=0\r\nm=audio 4000 RTP/AVP 0\r\n").media

    assert (media.address, media.is_held) == (None, False)


@pytest.mark.parametrize("data, reason", [
    (b"", "not_sdp"),
    (b"hello\r\na=sendrecv\r\n", "not_sdp"),
    (b"v=0\r\n" + b"a" * SIZE_CAP, "sdp_too_large"),
])  # fmt: skip
def test_what_is_no_description_is_refused(data, reason):
    with pytest.raises(MalformedSdp, match="session description") as refused:
        parse(data)

    assert refused.value.reason == reason


def test_caps_leave_out_and_count():
    counters = Counters()

    media = parse(b"v=0\r\n" + b"m=audio 4 RTP/AVP 0\r\n" * (MEDIA_CAP + 3), counters=counters).media
    crowded = only(b"m=audio 4 RTP/AVP 0\r\n" + b"a=ptime:20\r\n" * (ATTRIBUTES_CAP + 5) + b"a=sendonly", counters)

    assert len(media) == MEDIA_CAP
    assert crowded.direction == "sendrecv"
    assert counters.as_dict() == {"sdp_too_many_attributes": 6, "sdp_too_many_media": 3}


def test_many_ice_candidates_do_not_hide_the_direction():
    media = only(b"m=audio 4 RTP/AVP 0\r\n" + b"a=candidate:1 1 UDP 1 192.0.2.2 9\r\n" * 100 + b"a=sendonly\r\n")

    assert (media.candidates, media.direction) == (True, "sendonly")


def printed(described: SessionDescription) -> bytes:
    lines = ["v=0"]
    if described.origin is not None:
        lines.append(f"o=- {described.origin.session_id} {described.origin.version} IN IP4 192.0.2.1")
    if described.address is not None:
        lines.append(f"c=IN IP4 {described.address}")
    lines.append(f"a={described.direction}")
    for media in described.media:
        lines.append(f"m={media.kind} {media.port} {media.proto} {' '.join(map(str, media.formats))}")
        if media.address is not None:
            lines.append(f"c=IN IP4 {media.address}")
        lines += [f"a=rtpmap:{pt} {name}/{rate}/{channels}" for pt, (name, rate, channels) in media.codecs.items()]
        lines.append(f"a={media.direction}")
        lines += [f"a=rtcp:{media.rtcp_port}"] if media.rtcp_port else []
        lines += ["a=rtcp-mux"] if media.rtcp_mux else []
        lines += [f"a=ptime:{media.ptime}"] if media.ptime else []
        lines += ["a=fingerprint:x"] if media.crypto else []
        lines += ["a=candidate:x"] if media.candidates else []
    return "\r\n".join(lines).encode()


@given(st.data())
def test_parse_of_print_is_the_same(data):
    """Of anything that parse can give, made by printing it with random line ends of random descriptions."""
    lines = data.draw(
        st.lists(
            st.sampled_from(
                [
                    "o=x 1 2 IN IP4 h", "c=IN IP4 192.0.2.3", "c=IN IP4 0.0.0.0", "a=sendonly", "a=inactive",
                    "m=audio 4000 RTP/AVP 0 8 96 101", "m=audio 0 RTP/SAVP 18", "m=video 5 RTP/AVP 31",
                    "a=rtpmap:96 opus/48000/2", "a=rtpmap:0 PCMA/8000", "a=ptime:40", "a=rtcp:9", "a=rtcp-mux",
                    "a=crypto:1 x y", "a=candidate:1",
                ]
            ),
            max_size=30,
        )
    )  # fmt: skip
    described = parse("\n".join(["v=0", *lines]).encode())

    assert parse(printed(described)) == described


OFFER = sdp("192.0.2.10", 40000, codecs=(0, 8, 101))


@given(at=st.integers(0, len(OFFER)), junk=st.binary(max_size=60))
def test_a_damaged_description_is_read_or_refused_and_nothing_else(at, junk):
    for data in (OFFER[:at] + junk, OFFER[:at] + junk + OFFER[at:]):
        try:
            described = parse(data)
        except MalformedSdp as refused:
            assert str(refused)
        else:
            for media in described.media:
                assert 0 <= media.port <= 65535
                assert all(0 <= payload_type <= 127 for payload_type in media.formats)
                assert media.codecs.keys() <= set(media.formats)


def test_the_largest_description_is_read_in_no_time():
    for line in (b"m=\r\n", b"a=rtpmap:0 PCMU/8000\r\n", b"\r", b"c=IN IP4 " + b" " * 50 + b"\n", b"0 " * 40):
        body = b"v=0\r\nm=audio 4 RTP/AVP " + line * ((SIZE_CAP - 100) // len(line))
        begun = time.process_time()
        parse(body)
        assert time.process_time() - begun < 0.25
