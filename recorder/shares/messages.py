"""What an ear and the process that leads say to each other. Calls go by name: both hear their signalling."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:  # a line is opened before all that listens is imported
    from capture.media.report import MediaReport
    from capture.sink import CallName
    from capture.wire.wire import InterfaceStats

# --- from the leading process ---


class Recall(NamedTuple):
    """Before the first packet: the notes of calls that an earlier recorder left under way."""

    notes: dict[str, list[bytes]]
    now_ns: int


class Forbid(NamedTuple):
    """Nothing of this call may be kept."""

    call: CallName


# --- from an ear ---


class Opened(NamedTuple):
    """Frames wait in its rings from then on."""

    since_ns: int


class Ready(NamedTuple):
    """It listens."""


class Audio(NamedTuple):
    """A block of a call's audio: `capture.media.g711.AudioBlock`, its code words as bytes."""

    call: CallName
    start: int
    codes: bytes
    laws: tuple[int, int]
    starts_ns: int
    silent: list[tuple[int, int, int]]


class Shed(NamedTuple):
    """A block for which there was no room on the way."""

    call: CallName
    start: int
    frames: int
    laws: tuple[int, int]
    starts_ns: int


class Late(NamedTuple):
    call: CallName
    channel: int
    frame: int
    codes: bytes
    law: int


class Prepended(NamedTuple):
    call: CallName
    frames: int


class Packets(NamedTuple):
    """Records of a pcap file (`capture.media.records.Records`), its columns as bytes."""

    call: CallName
    time_ns: bytes
    size: bytes
    data: bytes


class Pressed(NamedTuple):
    call: CallName
    at_ns: int
    party: int
    key: str


class Reported(NamedTuple):
    """How a call's audio stands, or stood at its end."""

    call: CallName
    report: MediaReport | None
    remembered: dict[str, Any] | None  # `recorder.remembering`


class Heard(NamedTuple):
    """All that was captured up to then has been dealt with, and told. Said with each turn: so the process is alive."""

    until_ns: int  # of a clock that nobody sets (`recorder.shares.moments`)
    active: dict[CallName, int]  # when the newest packets came, of calls of which it is news
    clock_set_back: int  # how often, since the start


class Lost(NamedTuple):
    """Frames were lost before the ear could read them."""

    frames: int


class Counted(NamedTuple):
    day: str
    grown: dict[str, int]
    at_ns: int | None


class Stats(NamedTuple):
    """How its interfaces are."""

    interfaces: list[InterfaceStats]
    counts: dict[str, int]
    waiting_bytes: int
    shed_bytes: int


class Left(NamedTuple):
    """It has said all it had to say."""
