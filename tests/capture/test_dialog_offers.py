"""Who said that he listens where: offers and answers (RFC 3264), wherever SIP lets them stand."""

from __future__ import annotations

import pytest

from capture.dialogs.call import CALLEE, CALLER
from capture.dialogs.events import Described
from tests.capture.exchange import Exchange, ack, by_callee, invite, ok, talking, to_callee
from tests.sip_text import Header, request, response, sdp


def test_a_late_offer_is_in_the_200_and_its_answer_in_the_ack() -> None:
    """An INVITE without a body asks the callee for the offer (RFC 3261 §13.2.1)."""
    calls = Exchange()
    calls.see(0, request("INVITE"), response(180))
    calls.see(3, ok())
    calls.see(3.1, ack(sdp=sdp(port=41000)))

    assert calls.ports == [(CALLEE, 50000), (CALLER, 41000)]


def test_a_prack_may_answer_an_early_offer() -> None:
    """The offer in a reliable 183, the answer in its PRACK (RFC 3262 §5)."""
    calls = Exchange()
    reliable: list[Header] = [("Require", "100rel"), ("RSeq", "1")]
    calls.see(0, request("INVITE"), response(183, headers=reliable, sdp=sdp("192.0.2.20", 50000)))
    calls.see(0.1, request("PRACK", cseq=2, to_tag="b1", headers=[("RAck", "1 1 INVITE")], sdp=sdp(port=41000)))
    calls.see(0.2, response(200, method="PRACK", cseq=2))

    assert calls.ports == [(CALLEE, 50000), (CALLER, 41000)]


@pytest.mark.parametrize("answered", [False, True])
def test_an_update_moves_both_sides(answered: bool) -> None:
    """UPDATE carries offers before the answer and after it (RFC 3311 §5)."""
    calls = Exchange()
    calls.see(0, invite(), response(183, sdp=sdp("192.0.2.20", 50000)))
    if answered:
        calls.see(1, ok(sdp=None), ack())
    calls.see(2, request("UPDATE", cseq=2, to_tag="b1", sdp=sdp(port=42000)))
    calls.see(2.1, response(200, method="UPDATE", cseq=2, sdp=sdp("192.0.2.20", 52000)))

    assert calls.ports[-2:] == [(CALLER, 42000), (CALLEE, 52000)]


def test_a_re_invite_of_the_callee_moves_the_parties_by_who_they_are() -> None:
    """Either side may ask for new ports and codecs (RFC 3261 §14); From then is the callee."""
    calls = talking()
    calls.see(10, by_callee("INVITE", sdp=sdp("192.0.2.20", 53000, codecs=(8,))))
    assert calls.ports[2:] == []  # an offer alone moves nothing

    calls.see(10.1, to_callee(200, "INVITE", sdp=sdp(port=43000, codecs=(8,))))

    assert calls.ports[2:] == [(CALLEE, 53000), (CALLER, 43000)]
    described = [event for event in calls.events if isinstance(event, Described)]
    assert described[2].round == described[3].round > described[1].round
    assert described[2].description.media[0].formats == (8,)


@pytest.mark.parametrize("status", [488, 491, 401, 500])
def test_a_refused_re_invite_changes_nothing(status: int) -> None:
    """The session stays as it was (RFC 3261 §14.1), also when a 200 to another request comes later."""
    calls = talking()
    calls.see(10, invite(cseq=2, to_tag="b1", sdp=sdp(port=44000)), response(status, cseq=2), ack(cseq=2))
    calls.see(10.5, ok(cseq=2))

    assert calls.ports == [(CALLER, 40000), (CALLEE, 50000)]
    assert calls.calls == []


def test_a_strangers_re_invite_moves_nothing() -> None:
    """Wrong tags: not of this dialog (RFC 3261 §12.2.2)."""
    calls = talking()

    calls.see(10, invite(cseq=2, to_tag="b9", sdp=sdp(port=6666)), ok(cseq=2, to_tag="b9", sdp=sdp(port=6668)))

    assert calls.ports == [(CALLER, 40000), (CALLEE, 50000)]
    assert calls.counters["sip_wrong_tags"] == 2


def test_a_200_that_comes_again_after_the_next_re_invite_is_no_newer_word() -> None:
    """Retransmissions belong to their own round of offer and answer (RFC 3264 §4)."""
    calls = talking()
    calls.see(10, invite(cseq=2, to_tag="b1", sdp=sdp(port=41000)), ok(cseq=2, sdp=sdp("192.0.2.20", 51000)))
    calls.see(11, invite(cseq=3, to_tag="b1", sdp=sdp(port=42000)), ok(cseq=3, sdp=sdp("192.0.2.20", 52000)))

    calls.see(11.1, ok(cseq=2, sdp=sdp("192.0.2.20", 51000)))

    last = {
        event.description.media[0].port: event.round for event in calls.events if isinstance(event, Described)
    }
    assert last[51000] < last[52000]


def test_an_accepted_refer_is_noted() -> None:
    """A transfer begins with a REFER that is accepted (RFC 3515 §2.4)."""
    calls = talking()
    calls.see(10, by_callee("REFER", headers=[("Refer-To", "<sip:7300@192.0.2.20>")]))
    assert not calls.began[0].transferred

    calls.see(10.1, to_callee(202, "REFER"))

    assert calls.began[0].transferred
