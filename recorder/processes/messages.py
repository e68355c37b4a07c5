"""What a capture process and the one that writes say to each other.

Parts of recordings have numbers that the capture process gives; encodings go by their WAV tags.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:  # a line is opened before all that listens is imported
    from numpy.typing import NDArray

    from recorder.figures.values import Figures
    from recorder.keeping.keeper import Decode
    from storage.records import CallRecord
    from storage.requests import Request

# --- from the writing process, in the order of a start ---


class Welcome(NamedTuple):
    """The store is open."""

    salt: bytes
    notes: dict[str, list[bytes]]  # of calls that an earlier capture process of this number left under way


class GoesOn(NamedTuple):
    """The calls whose recordings go on, with their encodings' tags."""

    encodings: dict[str, int]


class Requested(NamedTuple):
    """Commands have asked something of the recorder."""

    requests: list[Request]


# --- from a capture process ---


class Opened(NamedTuple):
    """Frames wait in its rings from then on."""

    since_ns: int


class Stands(NamedTuple):
    """These calls stand again after a start."""

    ids: set[str]


class Ready(NamedTuple):
    """It records from now on."""

    calls: int  # that go on


class Begun(NamedTuple):
    part: int
    call: CallRecord
    encoding: int
    starts_ns: int


class Audio(NamedTuple):
    """Whole frames of a part."""

    part: int
    frame: int
    data: bytes


class Channel(NamedTuple):
    """One side's samples, for frames that are there."""

    part: int
    frame: int
    channel: int
    samples: NDArray[Any]


class Packets(NamedTuple):
    """More of a part's packets: records of a pcap file."""

    part: int
    records: bytes


class PacketsLacking(NamedTuple):
    """Some of them are missing."""

    part: int


class Inserted(NamedTuple):
    part: int
    frames: int


class Discarded(NamedTuple):
    part: int


class AsPcm(NamedTuple):
    """The recording `old` goes on as `part`, in 16-bit samples."""

    part: int
    old: int
    call: CallRecord
    decode: Decode


class Described(NamedTuple):
    part: int
    call: CallRecord


class Counted(NamedTuple):
    day: str
    grown: dict[str, int]
    at_ns: int | None


class Noted(NamedTuple):
    name: str
    lines: bytes


class Dropped(NamedTuple):
    names: list[str]


class Over(NamedTuple):
    """A call has ended."""

    call: CallRecord
    part: int | None
    notes: tuple[str, ...]
    shed: list[tuple[int, int]]  # frames for which there was no room on the way


class Turn(NamedTuple):
    """A turn is done: sync what is written, if so. Said several times a second: so the process is alive."""

    sync: bool


class Told(NamedTuple):
    """How things are."""

    figures: Figures
