"""A dialog tracker and the SIP messages that it is shown: what tests of dialogs have in common."""

from __future__ import annotations

from typing import Any

from capture.counters import Counters
from capture.dialogs.call import Call
from capture.dialogs.events import Began, Described, Ended, Event
from capture.dialogs.tracker import DialogTracker
from capture.sip.message import parse
from tests.sip_text import request, response, sdp

BEGIN_S = 1_795_306_500  # 2026-11-22 09:15:00 in Japan
CALLERS_SIP, CALLEES_SIP = 0xC000020A << 16 | 5060, 0xC0000214 << 16 | 5060
CALL = "call-1@192.0.2.10"


def ns(seconds: float) -> int:
    """A time after the beginning of the capture."""
    return BEGIN_S * 1_000_000_000 + round(seconds * 1000) * 1_000_000


class Exchange:
    """A tracker, and all that came of what it saw. Times are seconds from the beginning."""

    def __init__(self, *, silence_s: float = 60.0) -> None:
        self.counters = Counters()
        self.audio: dict[str, float] = {}  # by Call-ID: when its newest packet came
        self.events: list[Event] = []
        self.frame = 0
        self.now_s = 0.0
        self._tracker = DialogTracker(
            self.counters, activity_ns=self._activity_ns, silence_ns=round(silence_s * 1e9)
        )

    def _activity_ns(self, call: Call) -> int:
        return ns(self.audio[call.call_id]) if call.call_id in self.audio else -1

    def see(self, at_s: float, *messages: bytes) -> list[Event]:
        """Messages one after the other; what the last one caused."""
        self.wait(at_s)
        caused: list[Event] = []
        for message in messages:
            self.frame += 1
            caused = self._tracker.receive(ns(at_s), self.frame, CALLERS_SIP, CALLEES_SIP, parse(message))
            self.events += caused
        return caused

    def wait(self, until_s: float) -> None:
        """Let time pass, as the listener does: with a look at the clock every two seconds."""
        while self.now_s + 2 <= until_s:
            self.now_s += 2
            self.events += self._tracker.expire(ns(self.now_s), self.frame)

    def finish(self, at_s: float) -> list[Call]:
        """The capture ends."""
        self.wait(at_s)
        self.events += self._tracker.finish(ns(at_s), self.frame + 1)
        return self.calls

    @property
    def began(self) -> list[Call]:
        return [event.call for event in self.events if isinstance(event, Began)]

    @property
    def calls(self) -> list[Call]:
        """The calls that are over and were calls."""
        return [event.call for event in self.events if isinstance(event, Ended) and event.counted]

    @property
    def dropped(self) -> list[Call]:
        return [event.call for event in self.events if isinstance(event, Ended) and not event.counted]

    @property
    def ports(self) -> list[tuple[int, int]]:
        """Who said that he listens where, in their order: (party, port)."""
        return [
            (event.party, event.description.media[0].port) for event in self.events if isinstance(event, Described)
        ]


def invite(**changes: Any) -> bytes:
    return request("INVITE", **{"sdp": sdp(), **changes})


def ok(**changes: Any) -> bytes:
    return response(200, **{"sdp": sdp("192.0.2.20", 50000), **changes})


def ack(**changes: Any) -> bytes:
    return request("ACK", **{"to_tag": "b1", **changes})


def bye(**changes: Any) -> bytes:
    """The caller's."""
    return request("BYE", **{"to_tag": "b1", "cseq": 2, **changes})


def bye_ok(status: int = 200, **changes: Any) -> bytes:
    return response(status, method="BYE", **{"cseq": 2, **changes})


CALLEES: dict[str, Any] = {"from_tag": "b1", "to_tag": "a1", "from_user": "7201", "to_user": "0312345678"}


def by_callee(method: str, **changes: Any) -> bytes:
    """A request of the callee within the dialog."""
    return request(method, **{**CALLEES, "cseq": 1, **changes})


def to_callee(status: int, method: str, **changes: Any) -> bytes:
    """What the caller answers to it."""
    return response(status, method=method, **{**CALLEES, "cseq": 1, **changes})


def talking(**changes: Any) -> Exchange:
    """An exchange with a call that was answered after 3 s."""
    calls = Exchange(**changes)
    calls.see(0, invite(), response(100))
    calls.see(1, response(180))
    calls.see(3, ok(), ack())
    return calls
