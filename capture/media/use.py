"""A flow as (perhaps) one side of one call."""

from __future__ import annotations

from dataclasses import dataclass, field

from capture.media.careful import Source
from capture.media.flow_book import Flow
from capture.media.negotiation import CallMedia, Claim


@dataclass(slots=True, eq=False)
class Use(Source):
    """A flow that carries one side of a call, with the claim by which it does."""

    claim: Claim = field(kw_only=True)
    flow: Flow = field(kw_only=True)
    rank: int = field(kw_only=True)  # how sure it is that the right one sends: see CallMedia.rank

    @property
    def media(self) -> CallMedia:
        """The call."""
        return self.claim.media

    @property
    def channel(self) -> int:
        """Row of the side in `AudioBuffers`."""
        return 2 * self.audio.slot + self.side
