"""Calls that a proxy passes on under one Call-ID: whose telephone took them, and may they be recorded.

The carrier at .1 calls the office's number, the proxy at .2 calls telephones at .11 and .12 by the Contacts that they
registered. baresip puts "2101-0x55d4f0a1b2c0" there, which nobody knows it by.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from recorder.settings import Settings, check
from tests import wire
from tests.recorder.daemon.runs import BEGIN_NS, Talk, calls, running
from tests.recorder.test_conversations import Object, recorded
from tests.sip_text import request, response, sdp
from tests.wire import SECOND, Frame

CARRIER, PROXY, ONE, OTHER = "192.0.2.1:5060", "192.0.2.2:5060", "192.0.2.11:5060", "192.0.2.12:5060"
SETTINGS = f"""
[lines]
trunks = ["{CARRIER.partition(":")[0]}"]
exchange = ["{PROXY.partition(":")[0]}"]
own_numbers = ["0398765432"]
extensions = ["21XX"]
telephones_seen = true
never_record = ["2109"]
"""
ODD, PLAIN = "2101-0x55d4f0a1b2c0", "2102"
NAMES: dict[str, Any] = {
    "call_id": "in@carrier", "from_host": "192.0.2.1", "from_tag": "c1",
    "to_user": "0398765432", "to_host": "192.0.2.2",
}  # fmt: skip


def settings() -> Settings:
    found, wrong = check(SETTINGS.encode())
    assert found is not None, wrong
    return found


def registration(number: str, user: str, telephone: str, at_ns: int = BEGIN_NS) -> Frame:
    """The registrar's word that somebody is there."""
    text = response(
        200, method="REGISTER", call_id=f"reg-{number}", from_user=number, to_user=number, to_host="192.0.2.2",
        contact=False, headers=[("Contact", f"<sip:{user}@{telephone}>;expires=60")],
    )  # fmt: skip
    return at_ns, wire.udp(PROXY, telephone, text)


class Inbound:
    """The frames of a call, a millisecond apart; `passed` to a telephone by its Contact, under a branch of its own."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self._at_ns = BEGIN_NS + SECOND
        self.add(CARRIER, PROXY, self.invite("0398765432@192.0.2.2", "b-carrier"))

    def add(self, source: str, destination: str, message: bytes) -> None:
        self.frames.append((self._at_ns, wire.udp(source, destination, message)))
        self._at_ns += 1_000_000

    def invite(self, target: str, branch: str, *vias: str) -> bytes:
        further = [("Via", f"SIP/2.0/UDP 192.0.2.1:5060;branch={via}") for via in vias]
        return request("INVITE", uri=f"sip:{target}", branch=branch, headers=further, sdp=sdp("192.0.2.1", 20000),
                       **NAMES)  # fmt: skip

    def passed(self, user: str, telephone: str) -> None:
        self.add(PROXY, telephone, self.invite(f"{user}@{telephone}", f"b-{user}", "b-carrier"))

    def answers(self, status: int, user: str, telephone: str) -> None:
        """The telephone's reply, and the proxy's copy for the carrier."""
        tag = f"t-{user}"
        body = sdp(telephone.partition(":")[0], 30000) if status == 200 else None
        for source, destination, branch in ((telephone, PROXY, f"b-{user}"), (PROXY, CARRIER, "b-carrier")):
            reply = response(status, branch=branch, to_tag=tag, contact=False, sdp=body,
                             headers=[("Contact", f"<sip:{user}@{telephone}>")], **NAMES)  # fmt: skip
            self.add(source, destination, reply)
        if status == 200:
            self.add(CARRIER, telephone, request("ACK", to_tag=tag, **NAMES))

    def speaks(self, telephone: str, user: str, seconds: float = 2.0) -> None:
        """Both sides, and a BYE."""
        ends = "192.0.2.1:20000", f"{telephone.partition(':')[0]}:30000"
        talk, began_ns = Talk(1), self._at_ns
        for k in range(round(seconds * 50)):
            for side, (source, destination) in enumerate((ends, ends[::-1])):
                packet = wire.rtp(talk.payload(side, k), seq=k, timestamp=k * 160, ssrc=side + 1)
                self.frames.append((began_ns + k * 20_000_000, wire.udp(source, destination, packet)))
        self._at_ns = began_ns + round(seconds * SECOND)
        self.add(CARRIER, telephone, request("BYE", cseq=2, to_tag=f"t-{user}", **NAMES))
        self.add(telephone, CARRIER, response(200, method="BYE", cseq=2, to_tag=f"t-{user}", **NAMES))


async def told(frames: Sequence[Frame], folder: Path) -> Object:
    [one] = await recorded(frames, folder, settings())
    return one


@pytest.mark.parametrize("user, wanted", [(ODD, "2101"), ("2101", "2101"), ("f3e9", "2101")])
async def test_who_took_the_call_is_told_by_registration(user: str, wanted: str, tmp_path: Path) -> None:
    """Whatever a telephone calls itself, its number is the name that it registered under (RFC 3261 §10)."""
    call = Inbound()
    call.passed(user, ONE)
    call.answers(180, user, ONE)
    call.answers(200, user, ONE)
    call.speaks(ONE, user)

    one = await told([registration("2101", user, ONE), *call.frames], tmp_path)

    assert (one["direction"], one["caller"], one["callee"]) == ("inbound", "0312345678", "0398765432")
    assert (one["extension"], one["outcome"], one["flags"]) == (wanted, "recorded", [])
    assert one["talk_at"] == one["answered_at"]


async def test_without_registration_the_request_uri_tells_if_it_is_an_extension(tmp_path: Path) -> None:
    found = []
    for number, user in enumerate((PLAIN, ODD)):
        call = Inbound()
        call.passed(user, ONE)
        call.answers(200, user, ONE)
        call.speaks(ONE, user)
        (folder := tmp_path / str(number)).mkdir()
        found.append((await told(call.frames, folder))["extension"])

    assert found == [PLAIN, None]


async def test_of_a_fork_the_telephone_that_took_it_counts(tmp_path: Path) -> None:
    """Both ring, the second answers: a 200 has the branch of the INVITE that it answers (RFC 3261 §17.1.3)."""
    call = Inbound()
    call.passed(PLAIN, OTHER)
    call.passed(ODD, ONE)
    call.answers(180, ODD, ONE)
    call.answers(180, PLAIN, OTHER)
    call.answers(200, PLAIN, OTHER)
    call.speaks(OTHER, PLAIN)

    one = await told([registration("2101", ODD, ONE), registration("2102", PLAIN, OTHER), *call.frames], tmp_path)

    assert one["extension"] == "2102"


@pytest.mark.parametrize("answered", [True, False])
async def test_a_line_that_is_never_recorded_is_known_by_its_registration(answered: bool, tmp_path: Path) -> None:
    """The consultation line took it, under a Contact that no rule names: nothing of it is kept."""
    call = Inbound()
    call.passed(ODD, ONE)
    call.answers(180, ODD, ONE)
    if answered:
        call.answers(200, ODD, ONE)
        call.speaks(ONE, ODD)
    else:
        call.add(CARRIER, PROXY, request("CANCEL", branch="b-carrier", **NAMES))
        call.add(PROXY, CARRIER, response(200, method="CANCEL", branch="b-carrier", **NAMES))
        call.answers(487, ODD, ONE)

    one = await told([registration("2109", ODD, ONE), *call.frames], tmp_path)

    assert (one["outcome"], one["recording"], one["caller"], one["extension"]) == ("excluded", None, None, None)
    assert not list((tmp_path / "store").rglob("*.wav*"))


async def test_a_contact_that_two_have_registered_tells_nobody(tmp_path: Path) -> None:
    """A telephone with two lines under one Contact: which of them rang can't be known."""
    call = Inbound()
    call.passed(ODD, ONE)
    call.answers(200, ODD, ONE)
    call.speaks(ONE, ODD)

    both = [registration(number, ODD, ONE) for number in ("2101", "2103")]
    assert (await told([*both, *call.frames], tmp_path))["extension"] is None


async def test_a_registration_that_ran_out_long_ago_tells_nothing(tmp_path: Path) -> None:
    call = Inbound()
    call.passed(ODD, ONE)
    call.answers(200, ODD, ONE)
    call.speaks(ONE, ODD)

    old = registration("2101", ODD, ONE, at_ns=BEGIN_NS - 200 * SECOND)
    assert (await told([old, *call.frames], tmp_path))["extension"] is None


async def test_an_exchange_that_calls_by_contact_has_the_telephones_number_all_the_same(tmp_path: Path) -> None:
    """Asterisk puts a telephone's Contact into To as well: a leg to it has no number but the registered one."""
    names: dict[str, Any] = {
        "call_id": "leg@pbx", "from_host": "192.0.2.2", "to_user": ODD, "to_host": ONE.partition(":")[0],
    }  # fmt: skip
    talk, begin_ns = Talk(1), BEGIN_NS + SECOND
    ends = "192.0.2.2:20000", f"{ONE.partition(':')[0]}:30000"
    messages = [
        (PROXY, ONE, request("INVITE", uri=f"sip:{ODD}@{ONE}", sdp=sdp("192.0.2.2", 20000), **names)),
        (ONE, PROXY, response(200, sdp=sdp(ONE.partition(":")[0], 30000), **names)),
        (PROXY, ONE, request("ACK", to_tag="b1", **names)),
    ]
    frames = [(begin_ns + n * 1_000_000, wire.udp(*message)) for n, message in enumerate(messages)]
    for k in range(100):
        for side, (source, destination) in enumerate((ends, ends[::-1])):
            packet = wire.rtp(talk.payload(side, k), seq=k, timestamp=k * 160, ssrc=side + 1)
            frames.append((begin_ns + 10_000_000 + k * 20_000_000, wire.udp(source, destination, packet)))

    one = await told([registration("2101", ODD, ONE), *frames], tmp_path)

    assert (one["extension"], one["direction"]) == ("2101", "inbound")


def test_a_restart_in_mid_call_remembers_whose_telephone_it_is(tmp_path: Path) -> None:
    """The registration was an hour ago; noted with the call, so a rule for that telephone goes on holding."""
    config, store = tmp_path / "recorder.toml", tmp_path / "store"
    config.write_text(SETTINGS)
    call = Inbound()
    call.passed(ODD, ONE)
    call.answers(200, ODD, ONE)
    setup = [registration("2101", ODD, ONE), *call.frames]
    call.speaks(ONE, ODD)
    with running(store, "--config", str(config)) as run:
        run.send(setup)
        run.process.terminate()
        assert run.process.wait(20) == 0
    with running(store, "--config", str(config)) as run:
        run.send(call.frames[len(setup) - 1 :])
        assert run.end() == 0

    [one] = calls(store)
    assert (one["extension"], one["outcome"], one["end_reason"]) == ("2101", "recorded", "bye")
