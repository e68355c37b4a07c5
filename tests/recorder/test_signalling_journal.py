"""What is noted of calls under way, and given back; nothing secret, and nothing of a flood."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from capture.dialogs.call import Call
from capture.media.remembered import COLUMNS, RememberedMedia, RememberedStream
from capture.packets import AddressBook
from capture.sip.message import parse
from recorder import signalling_journal
from recorder.redaction import redacted
from recorder.signalling_journal import SignallingJournal
from tests.sip_text import request, response, sdp


class Notes:
    """Where a journal notes."""

    def __init__(self) -> None:
        self.lines: dict[str, bytes] = {}
        self.book = AddressBook()
        self.journal = self.another()
        self.ends = self.book.endpoint("192.0.2.1", 5060), self.book.endpoint("2001:db8::1", 5060)

    def another(self) -> SignallingJournal:
        journal = SignallingJournal(self._note, self._drop)
        journal.attend(self.book)
        return journal

    def hear(self, at_ns: int, message: bytes) -> None:
        self.journal.heard(at_ns, *self.ends, message, parse(message))

    def recalled(self) -> list[bytes]:
        notes = {name: text.splitlines() for name, text in self.lines.items()}
        return [one.payload for one in self.journal.recall(notes)]

    def _note(self, name: str, lines: bytes) -> None:
        self.lines[name] = self.lines.get(name, b"") + lines

    def _drop(self, names: Sequence[str]) -> None:
        for name in names:
            self.lines.pop(name, None)


def a_call(number: int, invite: bytes) -> Call:
    message = parse(invite)
    return Call(number, message.call_id, message, "a1", 1000)


def invite(name: str) -> bytes:
    return request("INVITE", call_id=name, sdp=sdp())


def test_a_call_is_noted_from_its_first_reply_on_and_given_back_in_order() -> None:
    notes, call = Notes(), a_call(1, invite("one"))
    replies = [response(180, call_id="one"), response(200, call_id="one")]
    messages = [invite("one"), *replies, request("ACK", call_id="one")]
    notes.hear(1, messages[0])
    notes.journal.began(call)
    notes.hear(2, messages[1])
    assert notes.lines == {}
    notes.journal.replied(call)
    for at_ns, message in enumerate(messages[2:], 3):
        notes.hear(at_ns, message)

    assert notes.recalled() == messages
    [first, *_] = notes.journal.recall({"x": next(iter(notes.lines.values())).splitlines()})
    assert (first.at_ns, first.source, first.destination) == (1, *notes.ends)


def test_nothing_is_left_of_a_call_that_is_over_once_all_its_legs_are() -> None:
    """Two calls of one Call-ID, as a message that passes two hops makes them."""
    notes, calls = Notes(), [a_call(1, invite("one")), a_call(2, invite("one"))]
    notes.hear(1, invite("one"))
    for call in calls:
        notes.journal.began(call)
        notes.journal.replied(call)

    assert notes.journal.over(calls[:1]) == ()
    [name] = notes.journal.over(calls[1:])
    assert name in notes.lines
    assert notes.journal.over(calls) == ()


def test_what_is_no_call_or_has_no_reply_is_never_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    """A flood of INVITEs stays within its memory, and pushes out the oldest; REGISTER is nobody's call."""
    monkeypatch.setattr(signalling_journal, "SILENT_BYTES", 20 * len(invite("flood-000")))
    notes = Notes()
    notes.hear(0, request("REGISTER", call_id="register"))
    for number in range(100):
        notes.hear(number, invite(f"flood-{number:03}"))
        notes.journal.began(a_call(number, invite(f"flood-{number:03}")))

    assert notes.lines == {}
    notes.journal.replied(a_call(0, invite("flood-000")))
    notes.journal.replied(a_call(99, invite("flood-099")))
    assert notes.recalled() == [invite("flood-099")]


def test_a_line_that_a_crash_cut_off_is_left_out() -> None:
    notes, call = Notes(), a_call(1, invite("one"))
    notes.hear(1, invite("one"))
    notes.journal.began(call)
    notes.journal.replied(call)
    [whole] = notes.lines.values()

    assert len(notes.journal.recall({"x": [*whole.splitlines(), whole[:100], b"{}", b"[1]", b"\xff"]})) == 1


def test_notes_of_calls_that_do_not_stand_again_are_dropped() -> None:
    notes = Notes()
    for name in ("one", "two"):
        notes.hear(1, invite(name))
        notes.journal.began(a_call(1, invite(name)))
        notes.journal.replied(a_call(1, invite(name)))
    there = dict(notes.lines)

    notes.journal = notes.another()
    notes.journal.recalled(there, ["two"])

    assert notes.recalled() == [invite("two")]


@pytest.mark.parametrize(
    "secret",
    [
        b"Authorization: Digest username=\"SECRET\", response=\"SECRET\"\r\n",
        b"proxy-authorization :Digest a=1,\r\n\tresponse=\"SECRET\"\r\n",
        b"Authentication-Info: nextnonce=\"SECRET\"\r\n",
        b"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:SECRET|2^20\r\n",
        b"a=crypto:2 F8_128_HMAC_SHA1_80 inline:SECRET;inline:SECRET\r\n",
        b"a=key-mgmt:mikey SECRET\r\n",
        b"k=base64:SECRET\r\n",
        b"k=clear:SECRET\n",
    ],
)
def test_secrets_become_unreadable_and_lengths_stay(secret: bytes) -> None:
    message = b"INVITE sip:a@b SIP/2.0\r\n" + secret + b"Via: kept\r\n"

    found = redacted(message)

    assert b"SECRET" not in found
    assert len(found) == len(message) and found.endswith(b"Via: kept\r\n")
    assert found.count(b"\n") == message.count(b"\n")


def test_a_refused_call_is_noted_and_a_flood_of_refusals_only_in_part(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another try may follow, and the call be counted, after a restart; a question for a password is no refusal."""
    monkeypatch.setattr(signalling_journal, "REFUSED", 3)
    notes = Notes()
    for number, status in enumerate((486, 401, 603, 503, 486, 486)):
        name = f"refused-{number}"
        notes.hear(number, invite(name))
        notes.journal.began(a_call(number, invite(name)))
        notes.hear(number, response(status, call_id=name))

    assert [message for message in notes.recalled() if message.startswith(b"SIP")] == [
        response(status, call_id=f"refused-{number}") for number, status in ((0, 486), (2, 603), (3, 503))
    ]


def test_one_that_was_refused_as_soon_as_it_began_is_noted_too() -> None:
    """INVITE and refusal came together, before anybody knew that it is a call."""
    notes = Notes()
    notes.hear(1, invite("one"))
    notes.hear(2, response(603, call_id="one"))
    notes.journal.began(a_call(1, invite("one")))

    assert notes.recalled() == [invite("one"), response(603, call_id="one")]


def test_whoever_stops_in_peace_notes_also_what_nobody_replied_to() -> None:
    notes = Notes()
    notes.hear(1, invite("one"))
    notes.journal.began(a_call(1, invite("one")))
    assert notes.lines == {}

    notes.journal.leave()

    assert notes.recalled() == [invite("one")]


def test_what_is_known_of_the_media_comes_back_under_the_calls_name_the_newest_word() -> None:
    notes, call = Notes(), a_call(1, invite("one"))
    notes.hear(1, invite("one"))
    notes.journal.began(call)
    notes.journal.replied(call)
    columns = dict.fromkeys(COLUMNS, 7) | {"seen": 0xFFFF_FFFF_FFFF_FFFF}
    stream = RememberedStream(*notes.ends, ssrc=0xFFFF_FFFF, columns=columns)
    media = RememberedMedia(origin_ns=5, last_ns=9, streams=(stream,), holders=((1, *notes.ends),))

    notes.journal.remember(call, RememberedMedia(origin_ns=None, last_ns=-1))
    notes.journal.remember(call, media)
    [name] = notes.lines
    notes.lines[name] += b'{"media": 1}\n{"media": {"streams": [{}]}, "call_id": "x", "started_ns": 1}\n'

    lines = {name: text.splitlines() for name, text in notes.lines.items()}
    assert notes.journal.recall_media(lines) == {("one", call.started_ns): media}
    assert notes.recalled() == [invite("one")]
