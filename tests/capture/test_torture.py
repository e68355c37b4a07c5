"""Torture messages: those of RFC 4475 and RFC 5118 where they are at hand, and some in their spirit always.

The RFCs' own files are no part of this project. They are taken from the folder `torture` of what the variable
RECORDER_SHARED names, or of `../shared` beside the checkout.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from capture import sdp
from capture.sip.message import MalformedSip, SipMessage, parse
from capture.sip.sniffing import looks_like_sip

SHARED = Path(os.environ.get("RECORDER_SHARED") or Path(__file__).resolve().parents[2].parent / "shared")
TORTURE = SHARED / "torture"

with_files = pytest.mark.skipif(
    not TORTURE.is_dir(),
    reason=f"THE TORTURE MESSAGES OF RFC 4475 AND 5118 WERE NOT TRIED: there is no {TORTURE}; set RECORDER_SHARED",
)


def torture(name: str) -> SipMessage:
    data = (TORTURE / f"{name}.dat").read_bytes()
    if name.startswith("rfc5118"):  # the archive has bare LF; on the wire it is CR LF
        data = data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    return parse(data)


CALLS = [
    # name, Call-ID, user of From, user of To, port of the audio in the SDP
    ("rfc4475-wsinv", "wsinv.ndaksdj@192.0.2.1", "jdrosen", "vivekg", 49217),
    ("rfc4475-esc01", "esc01.239409asdfakjkn23onasd0-3234", "I have spaces", "user", 49217),
    ("rfc4475-inv2543", "inv2543.1717@ift.client.example.com", "+13035551111", "+16505552222", 49217),
    ("rfc4475-unreason", "unreason.1234ksdfak3j2erwedfsASdf", "user", "user", 49217),
    ("rfc4475-bcast", "bcast.0384840201234ksdfak3j2erwedfsASdf", "user", "user", 49217),
    ("rfc4475-badinv01", "badinv01.0ha0isndaksdjasdf3234nas", "caller", "j.user", 49217),
    ("rfc4475-clerr", "clerr.0ha0isndaksdjweiafasdk3", "caller", "j.user", 49217),
    ("rfc4475-quotbal", "quotbal.aksdj", "caller", "j.user", 49217),
    ("rfc4475-lwsstart", "lwsstart.dfknq234oi243099adsdfnawe3@example.com", "caller", "user", 49217),
    ("rfc4475-invut", "invut.0ha0isndaksdjadsfij34n23d", "caller", "j.user", None),  # no SDP
    ("rfc5118-ipv6-in-sdp", "SSG9559905523997077@hlau_4100", "user", "user", 6000),
]


@with_files
@pytest.mark.parametrize("name, call_id, caller, callee, port", CALLS)
def test_calls_are_taken_from_torture_messages(name, call_id, caller, callee, port):
    parsed = torture(name)

    assert (parsed.call_id, parsed.from_.uri.user, parsed.to.uri.user) == (call_id, caller, callee)
    media = [sdp.parse(body).media[0] for body in parsed.sdp_bodies()]
    assert [(audio.kind, audio.port) for audio in media] == ([] if port is None else [("audio", port)])


@with_files
@pytest.mark.parametrize("name, reason", [
    ("rfc4475-scalarlg", "bad_cseq"),
    ("rfc4475-bigcode", "bad_status"),
    ("rfc4475-mismatch01", "method_mismatch"),
    ("rfc4475-multi01", "contradictory_header"),
])  # fmt: skip
def test_torture_messages_without_one_meaning_are_refused(name, reason):
    with pytest.raises(MalformedSip) as refused:
        torture(name)

    assert refused.value.reason == reason


@with_files
def test_every_torture_message_is_seen_to_be_sip_and_is_read_or_refused():
    files = sorted(TORTURE.glob("*.dat"))

    assert files
    for file in files:
        data = file.read_bytes()
        assert looks_like_sip(data), file.name
        try:
            parsed = parse(data)
        except MalformedSip as refused:
            assert refused.reason, file.name
        else:
            assert parsed.call_id, file.name
            assert parsed.from_.uri.scheme, file.name


@with_files
def test_fine_points_of_the_torture_messages():
    assert torture("rfc4475-wsinv").to_tag == "1918181833n"
    assert torture("rfc4475-wsinv").from_.display == 'J Rosenberg \\"'
    assert torture("rfc4475-wsinv").branch == "390skdjuw"
    assert [via.split(";")[0].split()[-1] for via in torture("rfc4475-wsinv").values("Via")] == [
        "192.0.2.2",
        "spindle.example.com",
        "192.168.255.111",
    ]
    assert torture("rfc4475-esc02").method == "RE%47IST%45R"
    assert torture("rfc4475-noreason").reason_phrase == ""
    assert torture("rfc4475-clerr").truncated
    assert torture("rfc4475-baddn").from_.display == "Bell, Alexander"
    assert torture("rfc4475-unksm2").to.uri.scheme == "isbn"
    assert torture("rfc4475-longreq").from_tag is not None
    via = torture("rfc5118-via-received-param-with-delim").via
    assert via is not None and via.params["received"].startswith("[2001:db8:")


OWN: list[tuple[str, bytes, tuple[str, str, str, int] | str]] = [
    (
        "folds, spaces, compact names and a name in pieces",
        b"INVITE   sip:%37201@city.example;x  SIP/2.0  \r\nI  :\r\n  own-1@pbx\r\n"
        b'F : "Kato \\\\ \\"K\\"" \r\n\t<sips:03-1111-2222@city.example>\r\n ; TAG\r\n = f1\r\n'
        b"t\t:tel:+81-3-3333-4444\r\ncSeQ:\r\n\t0042\r\n INVITE\r\nV: SIP / 2.0 / UDP 192.0.2.7 : 5070 ;branch = b\r\n"
        b"C: application/sdp\r\n\r\nv=0\nc=IN IP4 192.0.2.7\nm=audio 5004 RTP/AVP 8\n",
        ("own-1@pbx", "03-1111-2222", "+81333334444", 5004),
    ),
    (
        "nothing but line feeds, no Via, unknown headers with odd names and values",
        b"INVITE tel:7201 SIP/2.0\n!%*_+`'~: ;;,,\"<\nX:\nCall-ID: own 2\nTo: tel:7201\nFrom: sip:a@b;tag=,\n"
        b"CSeq: 4294967295 INVITE\nContent-Length: 4000\n\nv=0\nm=audio 6 RTP/AVP 0\n",
        ("own 2", "a", "7201", 6),
    ),
    (
        "Latin-1 in a display name, UTF-8 separators that are no line ends",
        b'INVITE sip:1@a SIP/2.0\r\nFrom: "M\xfcller" <sip:11@a>;tag=1\r\nTo: "a\xe2\x80\xa8b\xc2\x85'
        b'\x0b\x1c" <sip:12@a>'
        b"\r\nCall-ID: own-3\r\nCSeq: 1 INVITE\r\n\r\nv=0\r\nm=audio 8 RTP/AVP 0\r\n",
        ("own-3", "11", "12", 8),
    ),
    (
        "a header hidden behind a bare CR is no header",
        b"INVITE sip:1@a SIP/2.0\r\nSubject: x\rCall-ID: forged\r\nFrom: sip:11@a\r\nTo: sip:12@a\r\n"
        b"Call-ID: own-4\r\nCSeq: 1 INVITE\r\n\r\nv=0\r\nm=audio 10 RTP/AVP 0\r\n",
        ("own-4", "11", "12", 10),
    ),
    (
        "a letter that only folds to the name of a header is no header",
        "INVITE sip:1@a SIP/2.0\r\nFrom: sip:11@a\r\nTo: sip:12@a\r\nCall-\u0130D: forged\r\n"
        "Call-ID: own-5\r\nCSeq: 1 INVITE\r\n\r\nv=0\r\nm=audio 12 RTP/AVP 0\r\n".encode(),
        ("own-5", "11", "12", 12),
    ),
    (
        "two Call-IDs, the second behind a space before the colon",
        b"INVITE sip:1@a SIP/2.0\r\nFrom: sip:11@a\r\nTo: sip:12@a\r\nCall-ID: a\r\nCall-ID : b\r\n"
        b"CSeq: 1 INVITE\r\n\r\n",
        "contradictory_header",
    ),
    ("a method with a line of its own", b"INVITE\r\n sip:1@a SIP/2.0\r\nFrom: a\r\n\r\n", "not_sip"),
    ("a version of its own", b"INVITE sip:1@a SIP/2.01\r\n\r\n", "unknown_version"),
    ("a status of four digits", b"SIP/2.0 2000 OK\r\n\r\n", "bad_status"),
    ("nothing but line ends", b"\r\n" * 500, "not_sip"),
    ("nothing but NULs", bytes(500), "not_sip"),
]


@pytest.mark.parametrize("data, expected", [case[1:] for case in OWN], ids=[case[0] for case in OWN])
def test_messages_in_the_spirit_of_the_torture_tests(data, expected):
    if isinstance(expected, str):
        with pytest.raises(MalformedSip) as refused:
            parse(data)
        assert refused.value.reason == expected
        return

    parsed = parse(data)

    [body] = parsed.sdp_bodies()
    assert (parsed.call_id, parsed.from_.uri.user, parsed.to.uri.user, sdp.parse(body).media[0].port) == expected
