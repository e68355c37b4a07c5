"""Names and addresses in SIP headers (RFC 3261 §19.1, §20.10; RFC 3966; RFC 5118)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.sip.address import DISPLAY_CAP, NameAddr, parse_name_addr, parse_uri
from capture.sip.values import parse_params, split_commas


@pytest.mark.parametrize(
    "text, display, user, host, params",
    [
        ("<sip:7201@192.0.2.1>;tag=x", "", "7201", "192.0.2.1", {"tag": "x"}),
        ("sip:7201@192.0.2.1;tag=x", "", "7201", "192.0.2.1", {"tag": "x"}),
        ("sip:7201@192.0.2.1;tag=x@y", "", "7201", "192.0.2.1", {"tag": "x@y"}),
        ("sip:192.0.2.1;tag=x@y", "", "", "192.0.2.1", {"tag": "x@y"}),
        ("sip:7201;p=1@192.0.2.1;tag=x", "", "7201;p=1", "192.0.2.1", {"tag": "x"}),
        ("<sip:7201@192.0.2.1;transport=udp> ; TAG = x ; lr", "", "7201", "192.0.2.1", {"tag": "x", "lr": ""}),
        ('"Sato \\"Ken\\" \\\\" <sip:a@b>', 'Sato "Ken" \\', "a", "b", {}),
        ('"Mr. J. User <sip:j.user@example.com>', "Mr. J. User", "j.user", "example.com", {}),
        ('"Mr. J. User <sip:j@a>;x="y"', "Mr. J. User", "j", "a", {"x": "y"}),
        ("Bell, Alexander <sip:a.g.bell@a>;tag=43", "Bell, Alexander", "a.g.bell", "a", {"tag": "43"}),
        ('"<sip:evil@x>" <sip:good@a>', "<sip:evil@x>", "good", "a", {}),
        ('sip:good@a;x="<sip:evil@b>"', "", "good", "a", {"x": "<sip:evil@b>"}),
        ("市役所 <sip:1@a>", "市役所", "1", "a", {}),
        ('"" <sip:1@a>;tag=', "", "1", "a", {"tag": ""}),
        ("<sip:1@a", "", "1", "a", {}),
        ('"a" sip:1@b', "a", "1", "b", {}),
        ("<sip:1@a>;tag=one;tag=two", "", "1", "a", {"tag": "one"}),
        ("<sip:1@a>, <sip:2@b>;tag=x", "", "1", "a", {"tag": "x"}),
        ("", "", "", "", {}),
        ('"', "", "", "", {}),
        ("<", "", "", "", {}),
    ],
)
def test_name_addr(text, display, user, host, params):
    found = parse_name_addr(text)

    assert (found.display, found.uri.user, found.uri.host, found.params) == (display, user, host, params)


@pytest.mark.parametrize(
    "text, scheme, user, number, host, port, params",
    [
        ("sip:+81312345678@a.example:5070", "sip", "+81312345678", "+81312345678", "a.example", 5070, {}),
        ("SIPS:Bob@EXAMPLE.com", "sips", "Bob", "Bob", "example.com", None, {}),
        ("sip:bob:secret@a", "sip", "bob", "bob", "a", None, {}),
        ("sip:a", "sip", "", "", "a", None, {}),
        ("sip:a:5062;lr", "sip", "", "", "a", 5062, {"lr": ""}),
        (
            "sip:+8133;phone-context=+81@a;user=phone",
            "sip", "+8133;phone-context=+81", "+8133", "a", None, {"user": "phone"},
        ),
        ("sip:user;par=u%40example.net@a", "sip", "user;par=u@example.net", "user", "a", None, {}),
        ("sip:sips%3Auser%40example.com@a", "sip", "sips:user@example.com", "sips:user@example.com", "a", None, {}),
        ("sip:%75se%72@a", "sip", "user", "user", "a", None, {}),
        ("sip:%Z%4@a", "sip", "%Z%4", "%Z%4", "a", None, {}),
        ("sip:03-1234-5678@a", "sip", "03-1234-5678", "0312345678", "a", None, {}),
        ("sip:first.last@a", "sip", "first.last", "first.last", "a", None, {}),
        ("sip:u@[2001:DB8::10]:5070;x", "sip", "u", "u", "2001:db8::10", 5070, {"x": ""}),
        ("sip:[2001:db8::10:5070]", "sip", "", "", "2001:db8::10:5070", None, {}),
        ("sip:u@2001:db8::10", "sip", "u", "u", "2001:db8::10", None, {}),
        ("sip:u@a:99999", "sip", "u", "u", "a", None, {}),
        ("sip:u@a:+80", "sip", "u", "u", "a", None, {}),
        ("sip:u@a:٥", "sip", "u", "u", "a", None, {}),
        ("sip:u@a?Route=%3Csip:x%3E", "sip", "u", "u", "a", None, {}),
        ("sip:what?now@a", "sip", "what?now", "what?now", "a", None, {}),
        ("tel:+81-3-(1234).5678;x=1", "tel", "+81312345678", "+81312345678", "", None, {"x": "1"}),
        ("tel:7201;phone-context=a.jp", "tel", "7201", "7201", "", None, {"phone-context": "a.jp"}),
        ("nobodyKnowsThis:opaque@x", "nobodyknowsthis", "", "", "", None, {}),
        ("no uri at all", "", "", "", "", None, {}),
    ],
)  # fmt: skip
def test_uri(text, scheme, user, number, host, port, params):
    found = parse_uri(text)

    assert (found.scheme, found.user, found.number) == (scheme, user, number)
    assert (found.host, found.port, found.params, found.text) == (host, port, params, text)


def test_a_display_name_is_kept_to_its_cap():
    assert parse_name_addr('"' + "x" * 1000 + '" <sip:1@a>').display == "x" * DISPLAY_CAP
    assert parse_name_addr("x" * 1000 + " <sip:1@a>").display == "x" * DISPLAY_CAP
    assert parse_name_addr('"' + "x" * 1000 + " <sip:1@a>").display == "x" * DISPLAY_CAP


def test_commas_in_quotes_and_brackets_separate_nothing():
    assert split_commas(' "a, \\", b" <sip:x,y@z> ;p="1,2", ,, <tel:1> , c') == [
        '"a, \\", b" <sip:x,y@z> ;p="1,2"',
        "<tel:1>",
        "c",
    ]
    assert split_commas('"never closed, <sip:a>, <sip:b>') == ['"never closed, <sip:a>, <sip:b>']


def test_parameters_with_quotes_keep_their_semicolons():
    assert parse_params('a="x;\\"y=";B = c ;;d') == {"a": 'x;"y=', "b": "c", "d": ""}


NAMES = st.text(st.characters(exclude_characters="\r\n", codec="utf-8"), max_size=DISPLAY_CAP)


@given(display=NAMES, tag=st.text("abcXYZ019-.", max_size=8), odd=st.text('";\\,<> =', max_size=8))
def test_parse_of_print_is_the_same(display, tag, odd):
    printed = NameAddr(display, parse_uri("sip:7201@192.0.2.1:5060;transport=tcp"), {"tag": tag, "odd": odd})

    assert parse_name_addr(str(printed)) == printed


@given(st.text() | st.text('"<>;=\\,:@?%[] sip', max_size=40))
def test_any_text_gives_an_address(text):
    found = parse_name_addr(text)

    assert len(found.display) <= DISPLAY_CAP
    assert isinstance(found.uri.number, str)
    parse_uri(text)
    split_commas(text)
    parse_params(text)
    parse_name_addr(str(found))
