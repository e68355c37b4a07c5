"""What a session asks of whoever keeps its calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from numpy.typing import NDArray

from storage.records import CallRecord
from storage.requests import Request
from storage.wav import Encoding


class Part(Protocol):
    """A growing recording. `storage.parts.PartFile` is one; DiskFailed from those that do what they say at once."""

    encoding: Encoding
    frames: int  # so far
    starts_ns: int  # capture time of frame 0

    def write(self, frame: int, data: Any, /) -> None:
        """Put whole frames where they belong; a gap before them is silence."""

    def write_channel(self, frame: int, channel: int, samples: NDArray[Any], /) -> None:
        """Put one channel's samples into frames that are there."""

    def insert(self, frames: int, /) -> None:
        """The recording begins so many frames earlier, with silence."""

    def write_packets(self, records: memoryview, /) -> None:
        """More of its packets: records of a pcap file (`capture.media.records`). What can't be written is remembered
        as missing, and hurts nothing else."""

    def lack_packets(self) -> None:
        """Some of its packets are missing: none are kept, and the call says so."""

    def discard(self) -> None:
        """Erase it, and its packets."""


class Ended(NamedTuple):
    """A call that has ended, and its audio if it has any; as `storage.store.Finished`."""

    call: CallRecord
    part: Part | None
    notes: tuple[str, ...] = ()  # names under which something was noted of it, for a restart


@dataclass(slots=True)
class Kept:
    """What has become of calls."""

    entered: list[CallRecord] = field(default_factory=list)
    known: int = 0  # were in the store already
    requests: list[Request] = field(default_factory=list)  # what commands ask of the recorder
    warnings: list[str] = field(default_factory=list)


# G.711 code words to samples, by frame and channel; the number is the frame of the first.
Decode = Callable[[bytes, int], NDArray[Any]]


class Keeper(Protocol):
    """Takes calls into a store."""

    @property
    def salt(self) -> bytes:
        """The store's, for digests."""

    def begin(self, call: CallRecord, *, encoding: Encoding, starts_ns: int) -> Part | None:
        """A growing recording; None if the store has that call's already. DiskFailed if that is known at once."""

    def go_on_as_pcm(self, call: CallRecord, old: Part, decode: Decode) -> Part:
        """The same recording as 16-bit samples: what `old` holds, decoded. `old` is no more."""

    def describe(self, part: Part, call: CallRecord) -> None:
        """What has become known of a call whose recording grows."""

    def tally(self, day: str, grown: Mapping[str, int], at_ns: int | None) -> None:
        """So much more was counted on a Japanese day, up to that time of the capture if it is known."""

    async def settle(self, ended: Sequence[Ended], *, sync: bool) -> Kept:
        """Finish these calls, and, if so asked, sync what was written; says what has become of these or earlier ones.
        DiskFailed if that is known at once."""
