"""What a listener must remember of a call's media so that another one, in another process, goes on where it stopped.

Positions count from the call's origin as in `capture.media.state`; who goes on moves both (`moved`), by whole samples,
so that positions stay small however long the call was left alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

SAMPLE_NS = 125_000
Holder = tuple[int, int, int]  # a side, and from which endpoint to which the flow goes that has its channel
# Of `StreamColumns`, all that isn't given by where the stream is taken up again.
COLUMNS = (
    "payload_type", "law", "sequence", "first_sequence", "seen", "base_timestamp", "base_position", "base_sequence",
    "base_length", "base_time_ns", "time_ns", "packets", "arrived", "duplicates", "late",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class RememberedStream:
    """One SSRC over one flow: its row of `StreamColumns`."""

    source: int
    destination: int
    ssrc: int
    columns: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class RememberedMedia:
    """A call's media."""

    origin_ns: int | None  # None: nothing was taken for audio yet
    last_ns: int  # capture time of the newest packet, -1 if there was none
    encrypted: bool = False
    secret: bool = False
    second_source: bool = False
    other_codec: bool = False
    no_room: bool = False
    streams: tuple[RememberedStream, ...] = ()
    holders: tuple[Holder, ...] = ()

    def moved(self, near_ns: int) -> RememberedMedia:
        """The same, with an origin at `near_ns` or less than a sample before it."""
        assert self.origin_ns is not None
        samples = (near_ns - self.origin_ns) // SAMPLE_NS
        streams = tuple(
            replace(one, columns={**one.columns, "base_position": one.columns["base_position"] - samples})
            for one in self.streams
        )
        return replace(self, origin_ns=self.origin_ns + samples * SAMPLE_NS, streams=streams)

    def yields(self, side: int, source: int, destination: int) -> bool:
        """Whether another flow than this had the side's channel."""
        ends = [holder[1:] for holder in self.holders if holder[0] == side]
        return bool(ends) and (source, destination) not in ends

    def of_flow(self, source: int, destination: int) -> dict[int, Mapping[str, int]]:
        """Rows by SSRC."""
        ends = source, destination
        return {one.ssrc: one.columns for one in self.streams if (one.source, one.destination) == ends}
