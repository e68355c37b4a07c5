"""What the tracker tells: each event with the frame and the time of the message, or of the moment, that brought it."""

from __future__ import annotations

from dataclasses import dataclass

from capture.dialogs.call import Call
from capture.sdp import SessionDescription
from capture.sip.message import SipMessage


@dataclass(slots=True)
class Began:
    """A call was seen."""

    frame: int
    at_ns: int
    call: Call


@dataclass(slots=True)
class Described:
    """A party of the call said where it listens."""

    frame: int
    at_ns: int
    call: Call
    party: int
    description: SessionDescription
    source: int  # endpoints of the SIP message
    destination: int
    round: int


@dataclass(slots=True)
class Ended:
    """The call is over; its fields are final. `counted` is False if it was none in the end."""

    frame: int
    at_ns: int
    call: Call
    counted: bool


@dataclass(slots=True)
class Answered:
    """Somebody took the call: the first 2xx to its INVITE."""

    frame: int
    at_ns: int
    call: Call


@dataclass(slots=True)
class Refused:
    """Nobody takes the call as it was asked for; the caller may ask again."""

    frame: int
    at_ns: int
    call: Call


@dataclass(slots=True)
class Referred:
    """A party asked that the other be connected elsewhere: a REFER, or a 3xx to the INVITE.

    `targets` are the values of Refer-To or Contact as they stood. Whether it comes to that is not known yet.
    """

    frame: int
    at_ns: int
    call: Call
    party: int  # who asks
    targets: tuple[str, ...]


@dataclass(slots=True)
class Replied:
    """Who was called has said something to the INVITE: a provisional answer above 100, or a 2xx."""

    frame: int
    at_ns: int
    call: Call
    message: SipMessage


@dataclass(slots=True)
class Pressed:
    """A party pressed keys, as INFO tells it."""

    frame: int
    at_ns: int
    call: Call
    party: int
    keys: str


Event = Began | Described | Answered | Replied | Pressed | Refused | Referred | Ended
