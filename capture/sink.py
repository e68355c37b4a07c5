"""What a listener tells, and whom: calls to a sink, SIP messages to a tap, packets to a watch.

All of it is told in the order of capture, however packets were cut into batches.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from capture.dialogs.call import Call
from capture.media.buffers import AudioSink
from capture.media.report import MediaReport
from capture.media.rtp import MediaRows
from capture.packets import PacketBatch
from capture.sdp import SessionDescription
from capture.sip.message import SipMessage

CallName = tuple[str, int]  # of a call, for another listener: its Call-ID, and when it began
SAME_NS = 1_000_000_000  # two listeners stamp a packet at times that differ by less


def is_same(one: CallName, other: CallName) -> bool:
    """Whether two listeners mean the same call."""
    return one[0] == other[0] and abs(one[1] - other[1]) < SAME_NS


class CallSink(AudioSink, Protocol):
    """Takes what the listener finds. Calls are `capture.dialogs.call.Call`."""

    def began(self, call: Call) -> bool:
        """A call was seen; the answer says whether its audio may be kept at all."""

    def answered(self, call: Call) -> None:
        """Somebody took the call, as of `call.answered_ns`."""

    def replied(self, call: Call, at_ns: int, message: SipMessage) -> None:
        """Who was called has answered the INVITE in some way, provisional or 2xx; told a few times at most."""

    def referred(self, call: Call, at_ns: int, party: int, targets: Sequence[str]) -> None:
        """A party asked that the other be connected elsewhere; `targets` as they stood in Refer-To or Contact."""

    def pressed(self, call: Any, at_ns: int, party: int, key: str) -> None:
        """A party pressed a key: a digit, *, #, or A to D. Told only if the settings ask for keys."""

    def listens(self, call: Call, at_ns: int, party: int, endpoints: Sequence[int]) -> None:
        """A party of the call said that it listens for audio at these endpoints."""

    def passed(self, at_ns: int) -> None:
        """Time has come to `at_ns`, the beginning of a slice; said in the same order however batches were cut."""

    def ended(self, call: Call, media: MediaReport | None) -> None:
        """A call is over, and all its audio has been handed over. `media` is None if there was none."""

    def dropped(self, call: Call) -> None:
        """What began was no call in the end (refused for want of a password, or a flood): forget it."""


class Tap(Protocol):
    """Hears SIP messages as they were captured, malformed ones and a mirror's second copies left out."""

    def heard(self, at_ns: int, source: int, destination: int, payload: bytes, message: SipMessage) -> None:
        """A message from one endpoint to another; `payload` is the whole of it."""


class Watch(Protocol):
    """Sees what the listener found in packets, for who judges the line and not the calls."""

    def described(self, description: SessionDescription) -> None:
        """A party of a call said where it listens."""

    def packets(self, batch: PacketBatch, media: MediaRows) -> None:
        """A batch with its times settled, and what in it is RTP, RTCP or keys; valid until the next one."""


class Recalled(NamedTuple):
    """A message that a tap heard, before the program was started again."""

    at_ns: int
    source: int
    destination: int
    payload: bytes
