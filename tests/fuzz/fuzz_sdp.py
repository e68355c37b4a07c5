"""Fuzz target: one session description. Whatever the octets, it is read or refused with a reason."""

from __future__ import annotations

from capture.counters import Counters
from capture.sdp import MEDIA_CAP, SIZE_CAP, MalformedSdp, parse
from tests.sip_text import sdp

SEEDS: list[bytes] = [
    sdp("192.0.2.10", 40000, codecs=(0, 8, 101), direction="sendonly"),
    sdp("2001:db8::1", 65534, codecs=(9, 18), protocol="RTP/SAVP", extra=["a=crypto:1 AES inline:a", "a=rtcp-mux"]),
    sdp("0.0.0.0", 0, extra=["m=video 5000/2 RTP/AVP 96", "a=rtpmap:96 H264/90000", "c=IN IP4 pbx", "a=inactive"]),
    sdp("192.0.2.10", 4000, extra=["a=candidate:1 1 UDP 1 192.0.2.1 9", "m=image 9 udptl t38", "a=rtcp:9"]),
]


def one_input(data: bytes) -> None:
    """Parse it and check every range; raises only on a fault of ours."""
    counters = Counters()
    try:
        described = parse(data, counters=counters)
    except MalformedSdp as refused:
        assert refused.reason in ("not_sdp", "sdp_too_large")
        return
    assert len(data) <= SIZE_CAP
    assert len(described.media) <= MEDIA_CAP
    for media in described.media:
        assert 0 <= media.port <= 65535
        assert media.rtcp_port is None or 0 < media.rtcp_port <= 65535
        assert media.direction in ("sendrecv", "sendonly", "recvonly", "inactive")
        assert media.ptime is None or 0 < media.ptime <= 1000
        assert len(set(media.formats)) == len(media.formats)
        assert all(0 <= payload_type <= 127 for payload_type in media.formats)
        assert media.codecs.keys() <= set(media.formats)
        assert all(codec.rate > 0 and 0 < codec.channels <= 255 for codec in media.codecs.values())
        (media.address or "").encode()
    assert described == parse(data)
