"""Proof that a leg belongs to one of several conversations: equal audio, or moments that they share.

A `Proof` listens, from the leg's answer on, to the leg and to those that it may belong to, and judges once. What it
judges is the same span of time however audio was handed over, so the outcome doesn't depend on that.
"""

from __future__ import annotations

from collections.abc import Sequence

from capture.dialogs.call import Call
from capture.media.g711 import AudioBlock
from recorder.conversations.conversation import Conversation
from recorder.conversations.evidence import Tie
from recorder.conversations.leg import Leg
from recorder.conversations.likeness import SPAN_S, Likeness, Sample, compare

SECOND = 1_000_000_000
HANDED_OVER_NS = 16 * SECOND  # audio reaches us within that time of its capture
SETTLES_NS = 2 * SECOND  # and what ends together has ended
MOMENT_NS = 15_000_000  # what an exchange passes on, it passes on within that time
PROOFS = 64  # at once
SAMPLES = 512  # of all proofs; each holds up to 640 KB once there is audio
LEGS = 4  # of one candidate


class Proof:
    """Whether `conversation`, one leg so far, is part of one of `candidates` (the likeliest first, with their ties)."""

    def __init__(self, conversation: Conversation, candidates: Sequence[tuple[Tie, Conversation]]) -> None:
        self.conversation = conversation
        self.candidates = [one for _, one in candidates]
        self._ties = [tie for tie, _ in candidates]
        self.since_ns: int | None = None
        self.samples: dict[Leg, Sample] = {}
        self.legs: dict[Leg, Conversation] = {
            leg: one for one in self.candidates for leg in [leg for leg in one.legs if leg.is_alive][:LEGS]
        }

    @property
    def leg(self) -> Leg:
        """The leg that is to be put somewhere."""
        return self.conversation.first

    def begin(self, at_ns: int) -> None:
        """The leg was answered: listen from now on."""
        if self.since_ns is None:
            self.since_ns = at_ns
            self.samples = {leg: Sample(at_ns) for leg in (self.leg, *self.legs)}

    def add(self, leg: Leg, block: AudioBlock) -> None:
        """Audio of one of the legs."""
        sample = self.samples.get(leg)
        if sample is not None:
            sample.add(block)

    def is_due(self, at_ns: int) -> bool:
        """Whether all that can be known is known."""
        ended_ns = self.leg.ended_ns
        if self.since_ns is not None and at_ns >= self.since_ns + SPAN_S * SECOND + HANDED_OVER_NS:
            return True
        if ended_ns is None or not self.leg.is_over:
            return False
        over = all(leg.is_over for leg in self.legs)
        return at_ns >= ended_ns + (SETTLES_NS if over or self.since_ns is None else HANDED_OVER_NS)

    def verdict(self) -> tuple[Conversation | None, str]:
        """Where the leg belongs, and by what it is known; None if it isn't known."""
        likeness: dict[Conversation, set[Likeness]] = {one: set() for one in self.candidates}
        if self.since_ns is not None:
            mine = self.samples[self.leg]
            for leg, one in self.legs.items():
                likeness[one].add(compare(mine, self.leg.far, self.samples[leg], leg.far))
        same = [one for one in self.candidates if Likeness.SAME in likeness[one]]
        if len(same) == 1:
            return same[0], "audio"
        left = same or [one for one in self.candidates if likeness[one] != {Likeness.DIFFERENT}]
        shared = [one for one in left if self._moments(one) >= self._moments_needed(one)]
        if len(shared) == 1:
            return shared[0], "moment"
        if self.since_ns is None and self._ties[0] <= Tie.WITHHELD and self._ties.count(self._ties[0]) == 1:
            return self.candidates[0], "numbers"  # it rang, and nobody spoke: the likeliest will do
        return None, ""

    def _moments_needed(self, one: Conversation) -> int:
        """Where numbers speak for it already, one shared moment will do; among strangers one may be chance."""
        return 1 if self._ties[self.candidates.index(one)] < Tie.POSSIBLE else 2

    def _moments(self, one: Conversation) -> int:
        """How many moments the leg shares with one of the conversation's: answered together, ended together, or
        another telephone stops ringing the moment this one is answered."""
        mine, most = self.leg.call, 0
        for leg in one.legs:
            theirs = leg.call
            rang = leg.role.is_of_exchange and not theirs.answered
            most = max(
                most,
                _near(mine.answered_ns, theirs.answered_ns)
                + any(_near(a, b) for a in _ends(mine) for b in _ends(theirs))
                + 2 * (rang and any(_near(mine.answered_ns, end) for end in _ends(theirs))),
            )
        return most


def _ends(call: Call) -> list[int | None]:
    return [call.cancelled_ns, call.ended_ns]


def _near(one: int | None, other: int | None) -> bool:
    return one is not None and other is not None and abs(one - other) <= MOMENT_NS


class Proofs:
    """The proofs under way, by leg."""

    def __init__(self) -> None:
        self._open: dict[Conversation, Proof] = {}
        self._of: dict[Leg, list[Proof]] = {}

    def open(self, conversation: Conversation, candidates: Sequence[tuple[Tie, Conversation]]) -> Proof | None:
        """Begin one; None if there are too many."""
        if len(self._open) >= PROOFS or conversation in self._open:
            return None
        proof = Proof(conversation, candidates)
        if sum(1 + len(other.legs) for other in self._open.values()) + 1 + len(proof.legs) > SAMPLES:
            return None
        self._open[conversation] = proof
        for leg in (proof.leg, *proof.legs):
            self._of.setdefault(leg, []).append(proof)
        return proof

    def of(self, leg: Leg) -> Sequence[Proof]:
        """The proofs that listen to a leg."""
        return self._of.get(leg, ())

    def about(self, conversation: Conversation) -> Proof | None:
        """The proof of where a conversation belongs."""
        return self._open.get(conversation)

    def due(self, at_ns: int | None) -> list[Proof]:
        """Those that can be judged; all of them if `at_ns` is None."""
        return [proof for proof in self._open.values() if at_ns is None or proof.is_due(at_ns)]

    def close(self, proof: Proof | None) -> None:
        """Forget one."""
        if proof is None or self._open.pop(proof.conversation, None) is None:
            return
        for leg in (proof.leg, *proof.legs):
            here = self._of.get(leg, [])
            if proof in here:
                here.remove(proof)
                if not here:
                    del self._of[leg]
