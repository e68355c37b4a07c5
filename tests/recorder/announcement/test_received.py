"""What strangers and odd exchanges send: it is read, or refused by a reason, and nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.media.g711 import Law
from capture.sip.message import MalformedSip
from recorder.announcement.line import line_of, own_call_of
from recorder.announcement.received import Received
from recorder.hook.inbound import listen, parse
from tests.recorder.daemon.runs import Talk, running
from tests.sip_text import request, sdp

SOURCE = ("192.0.2.20", 5060)
ROOT = Path(__file__).resolve().parents[3]
INVITE = request("INVITE", sdp=sdp("192.0.2.10", 40000, codecs=(9, 8, 0, 101)))


def test_an_invite_that_pyvoip_alone_could_not_read() -> None:
    """Compact names, spaces, a tel: URI, an attribute line that it would fail on."""
    body = sdp("192.0.2.10", 40000, extra=["a=ice-ufrag", "a=candidate:1 1 UDP 1 10.0.0.1 9 typ host", "b=TIAS"])
    text = (
        b"INVITE sip:8000@192.0.2.30 SIP/2.0\r\nv: SIP/2.0/UDP 192.0.2.20:5060;branch=z9hG4bK1;rport\r\n"
        b'f : "a;tag=x" <tel:+81-23-641-1212>;tag=abc\r\nt:<sip:8000@192.0.2.30>\r\ni:c1@x\r\nCSEQ: 7   INVITE\r\n'
        b"c: application/sdp\r\nl: %d\r\n\r\n%b" % (len(body), body)
    )

    found = Received(text, SOURCE)

    assert found.call_id == "c1@x" and found.headers["From"]["tag"] == "abc"
    assert "tel:+81-23-641-1212" in found.headers["From"]["raw"] and ";tag=" not in found.headers["From"]["raw"][10:]
    assert found.offer is not None and found.offer.law is Law.MU and found.offer.address == ("192.0.2.10", 40000)


@pytest.mark.parametrize("more, law", [
    ({"codecs": (9, 8, 0, 101)}, Law.A), ({"codecs": (0,)}, Law.MU), ({"codecs": (9, 18)}, None),
    ({"direction": "recvonly"}, Law.MU), ({"direction": "sendonly"}, None), ({"direction": "inactive"}, None),
    ({"protocol": "RTP/SAVP"}, None), ({"address": "2001:db8::1"}, None), ({"port": 0}, None),
    ({"address": "0.0.0.0"}, None),
])  # fmt: skip
def test_only_what_can_be_played_is_an_offer(more: dict, law: Law | None) -> None:  # type: ignore[type-arg]
    offer = Received(request("INVITE", sdp=sdp(**more)), SOURCE).offer

    assert (None if offer is None else offer.law) == law


@given(st.integers(0, len(INVITE)), st.binary(max_size=200))
def test_broken_messages_are_refused_by_a_reason(place: int, junk: bytes) -> None:
    for data in (INVITE[:place] + junk, INVITE[:place] + junk + INVITE[place + len(junk) :]):
        try:
            Received(data, SOURCE)
        except MalformedSip as problem:
            assert problem.reason


@pytest.mark.parametrize("headers, line", [
    ([("X-Line", "0238201111")], "0238201111"),
    ([("X-Line", "<sip:+81238201111@pbx>")], "0238201111"),
    ([("Diversion", "<sip:0238201111@pbx>;reason=unconditional")], "0238201111"),
    ([], None),  # To and the request URI have the unit's own name
])  # fmt: skip
def test_the_line_comes_from_the_first_header_that_has_one(headers: list[tuple[str, str]], line: str | None) -> None:
    extra = "".join(f"{name}: {value}\r\n" for name, value in [*headers, ("X-Call-ID", "trunk-1@192.0.2.1")]).encode()
    text = (
        b"INVITE sip:8000@192.0.2.30 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.20:5060;branch=z9hG4bK1\r\n"
        b"From: <sip:0236411212@pbx>;tag=a\r\nTo: <sip:8000@192.0.2.30>\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\n"
        + extra + b"Content-Length: 0\r\n\r\n"
    )  # fmt: skip
    message = Received(text, SOURCE).message

    assert line_of(message, ("X-Line", "Diversion", "To"), {"8000"}) == line
    assert own_call_of(message, "X-Call-ID") == "trunk-1@192.0.2.1"


def test_the_recorder_tells_of_a_call_from_outside_and_of_no_other(tmp_path: Path) -> None:
    """The daemon's end of the hook: the first call is from a trunk, the second isn't."""
    socket = tmp_path / "inbound.socket"
    config = tmp_path / "recorder.toml"
    outside, inside = Talk(0), Talk(1)
    config.write_text(
        f"[lines]\ntrunks = ['{outside.caller}']\n[hook]\nkind = 'command'\ncommand = ['true']\nsocket = '{socket}'\n"
    )
    events = listen(socket)
    events.settimeout(10)
    with running(tmp_path / "store", "--config", str(config)) as run:
        run.send([*inside.setup(), *outside.setup(), *outside.says(0, 1)])
        told = parse(events.recv(8192))
        run.stop()
        events.setblocking(False)
        with pytest.raises(BlockingIOError):
            events.recv(8192)
    events.close()

    assert told.call_id == outside.names["call_id"] and told.at_ns == outside.begin_ns


@pytest.mark.parametrize("settings, words", [
    ("", "there is no exchange"),
    ("[hook]\nkind = 'command'\ncommand = ['true']\n[announcement]\naddress = '127.0.0.1'\n"
     "prompts = [{file = 'a.wav'}]\nexchanges = [{address = '127.0.0.1', user = '8000', register = false}]",
     "twice"),
    ("[announcement]\naddress = '127.0.0.1'\nprompts = [{file = '/nowhere.wav'}]\n"
     "exchanges = [{address = '127.0.0.1', user = '8000', register = false}]", "/nowhere.wav is not there"),
    ("[announcement]\naddress = '127.0.0.1'\nprompts = [{file = 'PROMPT'}]\n"
     "exchanges = [{address = '127.0.0.1', user = '8000', password_file = './no'}]", "password in no can't be read"),
    ("[announcement]\naddress = '192.0.2.99'\nprompts = [{file = 'PROMPT'}]\n"
     "exchanges = [{address = '127.0.0.1', user = '8000', register = false}]", "of 192.0.2.99 can't be had"),
    ("[announcement]\nexchanges = [{address = '127.0.0.1', user = '8000', register = false}]", "own address"),
])  # fmt: skip
def test_what_is_wrong_is_told_in_one_sentence(tmp_path: Path, settings: str, words: str) -> None:
    prompt = ROOT / "tests/captures/notice/recorded-ja.flac"
    (tmp_path / "recorder.toml").write_text(settings.replace("PROMPT", str(prompt)))
    (tmp_path / "store").mkdir()

    done = subprocess.run(
        [sys.executable, "-m", "recorder", "announce", "--config", "recorder.toml", "--store", "store"],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=30,
    )  # fmt: skip

    assert done.returncode == 2 and words in done.stderr, done.stderr
    assert done.stderr.count("\n") == 1
