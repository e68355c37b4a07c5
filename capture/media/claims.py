"""The claims that hold now, by endpoint: who listens where, and for which call."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from capture.media.negotiation import CallMedia, Claim, Declaration

STALE_NS = 200_000_000  # a call without audio for so long has left the port that another is given


class ClaimBook:
    """Claims by the endpoint where audio arrives. Several calls may share one (direct media between two legs)."""

    def __init__(self, activity_ns: Callable[[CallMedia], int]) -> None:
        self._activity_ns = activity_ns
        self.by_endpoint: dict[int, list[Claim]] = {}

    def at(self, endpoint: int) -> Sequence[Claim]:
        """The claims to what arrives there, oldest first."""
        return self.by_endpoint.get(endpoint, ())

    def find(self, media: CallMedia, declared: Declaration) -> Claim | None:
        """The claim that this party of this call has made to this endpoint already."""
        for claim in media.claims:
            if claim.declared.endpoint == declared.endpoint and claim.declared.party == declared.party:
                return claim
        return None

    def add(self, media: CallMedia, declared: Declaration, at_ns: int) -> list[Claim]:
        """Make a claim; gives back the claims of other calls that it ends.

        Two ends can't talk to each other for two calls: if a node says so and the other call is quiet, that one's BYE
        was missed. One end alone they may share: a carrier sends several calls from one port.
        """
        claim = Claim(media, declared, at_ns)
        media.claims.append(claim)
        here = self.by_endpoint.setdefault(declared.endpoint, [])
        over = {
            id(other.media): other.media
            for other in here
            if other.media is not media
            and other.declared.node == declared.node
            and _opposite(claim) & _opposite(other)
            and self._activity_ns(other.media) < at_ns - STALE_NS
        }
        pair = {declared.endpoint} | _opposite(claim)
        ended = [one for other in over.values() for one in other.claims if one.declared.endpoint in pair]
        here.append(claim)
        for other in ended:
            self.remove(other)
        return ended

    def remove(self, claim: Claim) -> None:
        """The claim holds no longer."""
        here = self.by_endpoint.get(claim.declared.endpoint, [])
        if claim in here:
            here.remove(claim)
            if not here:
                del self.by_endpoint[claim.declared.endpoint]


def _opposite(claim: Claim) -> set[int]:
    """Where the other party of its call listens."""
    mine = claim.declared.party
    return {other.declared.endpoint for other in claim.media.claims if other.declared.party != mine}
