"""Names, line breaks, numbers, lengths and bodies that are read in more than one way."""

from __future__ import annotations

import gzip
import random
from collections.abc import Sequence

from tests import wire
from tests.hostile.casebook import MIDDLE, RINGING, Attack, add, case, nothing
from tests.hostile.families.bombs import _SDP_HEAD, _with_lines
from tests.hostile.good import (
    ANSWERED,
    ENDED,
    MS,
    Good,
    Sent,
)
from tests.hostile.parts import evil, on_tcp, pieces, spread, stranger, told

# --- names -------------------------------------------------------------------------------------------------------


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


# --- line breaks that are none, and those that are ---------------------------------------------------------------


_BREAKS = {"u2028": "\u2028", "u0085": "\u0085", "vertical_tab": "\x0b", "form_feed": "\x0c", "u001c": "\x1c"}
for _name, _text in _BREAKS.items():
    _lies = [("Subject", f"a{_text}From: <sip:9999@evil>;tag=evil{_text}Call-ID: evil{_text}{_text}v=0")]
    add("breaks", f"good_subject_with_{_name}", nothing, shape="plain", call={"headers": _lies})


@case("breaks")
def breaks_of_every_kind(good: Good, rng: random.Random) -> list[Sent]:
    kinds = (b"\r", b"\n", b"\n\r", b"\r\r\n", b"\0\r\n", b"\x0b", b"\xe2\x80\xa8", b"\x85", b"\x1c", b"")
    return told(good, (evil(good, n).replace(b"\r\n", kind) for n, kind in enumerate(kinds * 5)))


# --- numbers -----------------------------------------------------------------------------------------------------


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


# --- Content-Length ----------------------------------------------------------------------------------------------


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


# --- bodies ------------------------------------------------------------------------------------------------------


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
