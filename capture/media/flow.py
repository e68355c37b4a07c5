"""A flow: what goes from one endpoint to another, what is kept of it, and the sides of calls that it may be."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto

import numpy as np
from numpy.typing import NDArray

from capture.media.careful import Source
from capture.media.negotiation import CallMedia, Claim
from capture.media.records import Records
from capture.media.rtp import RtpRows

ROW_BYTES = 64  # what a kept row costs beside its payload


@dataclass(slots=True)
class Kept:
    """Some packets of a flow, in order, with bytes of their own."""

    rows: RtpRows
    data: NDArray[np.uint8]
    records: Records | None = None  # the same as records of a pcap file, if packets are kept

    @property
    def size(self) -> int:
        """Bytes it takes."""
        whole = 0 if self.records is None else len(self.records.data)
        return len(self.data) + whole + ROW_BYTES * len(self.rows)


class State(Enum):
    """What is done with a flow's packets."""

    WAITING = auto()  # kept for a while: nobody declared the destination, or the source isn't proven
    USED = auto()
    IGNORED = auto()  # a second source, or encrypted, or not to be recorded


@dataclass(slots=True, eq=False)
class Flow:
    """What goes from one endpoint to another."""

    number: int
    source: int
    destination: int
    first_ns: int
    first_frame: int  # number of the frame that it was first seen in
    stray: bool  # when it was first seen, nobody had declared its destination
    state: State = State.WAITING
    reason: str = "rtp_stray"  # under which its unused packets are counted
    uses: list[Use] = field(default_factory=list)
    kept: list[Kept] = field(default_factory=list)
    spent_ns: int = -1  # capture time of the last packet that was another call's, which has ended, or was left out
    unproven: int = 0  # packets that came for a claim and were not taken

    def ignore(self, reason: str, *, although_used: bool = False) -> None:
        """From now on its packets are only counted; as a rule not if another call has them (direct media)."""
        if self.uses and not although_used:
            return
        self.state, self.reason = State.IGNORED, reason

    @property
    def is_elsewhere(self) -> bool:
        """Whether another listener takes its packets, for all calls that it belongs to."""
        return bool(self.uses) and all(use.claim.media.elsewhere for use in self.uses)

    def reconsider(self, at_ns: int) -> None:
        """Nobody uses it now: it waits again."""
        self.state, self.reason, self.first_ns = State.WAITING, "rtp_stray", at_ns
        self.unproven = 0  # what came for the call before was taken for it


@dataclass(slots=True, eq=False)
class Use(Source):
    """A flow that carries one side of a call, with the claim by which it does."""

    claim: Claim = field(kw_only=True)
    flow: Flow = field(kw_only=True)
    rank: int = field(kw_only=True)  # how sure it is that the right one sends: see CallMedia.rank
    ended: bool = False  # the claim holds no longer

    @property
    def media(self) -> CallMedia:
        """The call."""
        return self.claim.media

    @property
    def channel(self) -> int:
        """Row of the side in `AudioBuffers`."""
        return 2 * self.audio.slot + self.side
