"""All conversations that are under way: legs come in as signalling shows them, and are told as one.

`ConversationBook` is fed in the order of capture: `began`, `answered`, `referred`, `listens`, `heard`, `over`, and
`passed` as time goes on. A leg that the exchange makes is joined at once if it surely belongs to one conversation
(`evidence`). If it may belong to several, or if nothing but the time speaks for one, it stands alone until audio
(`likeness`) or a moment that two legs share shows where it belongs; if neither does, it stays alone, flagged
`unjoined`. Conversations that have ended are handed to `closed`, once, when nothing more can come of them.

Counted: `legs_joined_by_` what (signalled, numbers, audio, moment), `legs_unjoined`, `legs_not_compared` (too many
at once), `legs_not_joined` (more than a call can have).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence

from capture.counters import Counters
from capture.dialogs.call import Call
from capture.media.g711 import AudioBlock
from capture.media.report import MediaReport
from capture.sip.address import parse_name_addr
from capture.sip.message import SipMessage
from recorder import numbers
from recorder.conversations.conversation import Conversation
from recorder.conversations.evidence import PROVED, Tie, judge, tie
from recorder.conversations.leg import Leg, numbers_of, replaced, tokens_of
from recorder.conversations.proof import Proof, Proofs
from recorder.conversations.verdict import stop
from recorder.lines import Lines, Role
from recorder.tape import Tape

LEGS = 64  # of one conversation
NEAR = 64  # conversations that a new leg is compared with
LINGERS_NS = 2_000_000_000  # legs of a conversation end within that time of each other
SECOND = 1_000_000_000

Key = tuple[str, str]
WITHHELD: Key = ("caller", "")


class ConversationBook:
    """The conversations under way.

    `tape` makes the tape for a leg. `closed` takes a conversation whose legs are over. `id_of` names
    one by the call that began it. `changed` is told of one whose legs, or their answers, have changed.
    """

    def __init__(
        self,
        lines: Lines,
        counters: Counters,
        *,
        tape: Callable[[Call], Tape],
        closed: Callable[[Conversation], None],
        id_of: Callable[[Call], str],
        changed: Callable[[Conversation], None],
    ) -> None:
        self.lines = lines
        self._counters = counters
        self._tape = tape
        self._closed = closed
        self._id_of = id_of
        self._changed = changed
        self._legs: dict[int, Leg] = {}  # by the call's number
        self._by_call_id: dict[str, Leg] = {}
        self.open: dict[int, Conversation] = {}  # by number, oldest first
        self._by_key: dict[Key, dict[int, Conversation]] = {}  # by what may tie a leg to it
        self._by_endpoint: dict[int, list[tuple[Leg, int]]] = {}
        self._proofs = Proofs()
        self._count = 0

    # --- what signalling shows ------------------------------------------------------------------------------

    def began(self, call: Call) -> Leg:
        """A leg was seen: put it where it belongs."""
        alone = self._new_conversation(call)
        leg = Leg(
            call=call, presented=numbers.calling(call.invite, self.lines.numbers), tape=self._tape(call),
            conversation=alone, serves=alone, joined_ns=call.started_ns,
        )  # fmt: skip
        alone.legs.append(leg)
        self._legs[call.number] = leg
        if self.lines.are_named:
            self._tell_apart(leg)
            self._by_call_id[call.call_id] = leg
            self._index(alone)
            if not call.met_on_its_way:
                self._place(leg)
        if call.answered:
            self.answered(call)
        else:
            self._tell(leg.conversation)
        return leg

    def answered(self, call: Call) -> None:
        """Somebody took the call."""
        leg = self._legs.get(call.number)
        if leg is None or call.answered_ns is None:
            return
        leg.reached = self.lines.reached(call)
        conversation = leg.conversation
        if leg.role is Role.FROM_TELEPHONE and leg is conversation.first and not conversation.candidates:
            # The exchange answers by itself: a pick-up, somebody parked, a conference, or its own voice.
            alone = not conversation.undecided and not any(other.call.answered for other in conversation.connecting)
            if alone and not self.lines.is_outside_number(leg.called):
                waiting = [one for one in self._others(conversation) if _may_be_picked_up(one)]
                self._doubt(conversation, [(Tie.POSSIBLE, one) for one in waiting[-PROVED:]])
        proof = self._proofs.about(conversation)
        if proof is not None and proof.leg is leg:
            proof.begin(call.answered_ns)
        self._tell(conversation)

    def replied(self, call: Call, at_ns: int, message: SipMessage) -> None:
        """Who was called has answered in some way; perhaps with a name of the conversation that the INVITE had not."""
        leg = self._legs.get(call.number)
        if leg is None or not self.lines.are_named:
            return
        if not call.answered and leg.reached != (reached := self.lines.reached(call)):
            leg.reached = reached
            self._tell(leg.conversation)
        more = tokens_of(message, self.lines.settings.joining_headers) - leg.tokens
        if not more:
            return
        leg.tokens |= more
        self._index(leg.conversation)
        found = {number: one for token in sorted(more) for number, one in self._by_key.get(token, {}).items()}
        found.pop(leg.conversation.number, None)
        for number in sorted(found):
            part, whole = sorted((leg.conversation, found[number]), key=lambda one: one.number)[::-1]
            if len(part.legs) == 1 and part.first.role.is_of_exchange and not part.is_closed and whole.is_alive:
                self._join(part, whole, "signalled", part.started_ns)
                return

    def referred(self, call: Call, at_ns: int, party: int, targets: Sequence[str]) -> None:
        """Somebody asked that the other party of a leg be connected elsewhere."""
        leg = self._legs.get(call.number)
        if leg is None:
            return
        for text in targets:
            target = parse_name_addr(text)
            other = self._by_call_id.get(_replaced_by(target.uri.text) or "")
            if other is not None and other is not leg:
                self._connect(leg, other, at_ns)
            else:
                number = numbers.normalised(target.uri.user)
                known = frozenset((number, self.lines.dialled(number))) if number else frozenset()
                leg.serves.expect(known, at_ns)
                self._index(leg.serves)

    def listens(self, call: Call, at_ns: int, party: int, endpoints: Sequence[int]) -> None:
        """A party said where it listens. An address that the far end of one leg has told, told by the exchange on
        another, is that far end: the exchange has them send to each other directly."""
        leg = self._legs.get(call.number)
        if leg is None or not self.lines.are_named:
            return
        for endpoint in endpoints:
            if endpoint in leg.endpoints[party]:
                continue
            leg.endpoints[party].add(endpoint)
            told = self._by_endpoint.setdefault(endpoint, [])
            for other, its_party in told:
                between = (party == leg.far) != (its_party == other.far)
                if between and other.is_alive and leg.conversation is not other.conversation:
                    self._prove(leg, other, "signalled")
            told.append((leg, party))

    def heard(self, call: Call, block: AudioBlock) -> Leg | None:
        """Audio of a leg; gives back the leg, None if it is forgotten."""
        leg = self._legs.get(call.number)
        if leg is not None:
            for proof in self._proofs.of(leg):
                proof.add(leg, block)
        return leg

    def leg(self, call: Call) -> Leg | None:
        """The leg of a call, None if its conversation is closed."""
        return self._legs.get(call.number)

    def over(self, call: Call, media: MediaReport | None) -> None:
        """A leg has ended, and all its audio was handed over."""
        leg = self._legs.get(call.number)
        if leg is None:
            return
        leg.is_over, leg.media = True, media
        if not call.answered:
            leg.reached = self.lines.reached(call)
        for one in dict.fromkeys((leg.conversation, leg.serves)):
            self._tell(one)
            self._close_if_done(one)

    def dropped(self, call: Call) -> None:
        """It was no call: it was refused for want of a password, or was part of a flood."""
        leg = self._legs.get(call.number)
        if leg is None:
            return
        leg.is_over = True
        leg.tape.forget()
        conversation = leg.conversation
        if leg in leg.serves.serving:
            leg.serves.serving.remove(leg)
        if len(conversation.legs) == 1:
            self._proofs.close(self._proofs.about(conversation))
            for one in self._clear_doubt(conversation):
                self._close_if_done(one)
            self._forget(conversation)
        else:
            self._forget_leg(leg)
            conversation.legs.remove(leg)
            self._close_if_done(conversation)

    def passed(self, at_ns: int) -> None:
        """Time has come to `at_ns`."""
        for proof in self._proofs.due(at_ns):
            self._settle(proof)
        patience_ns = int(self.lines.settings.hold_back_s * SECOND)
        for one in list(self.open.values()):
            if not one.patience_over and at_ns - one.started_ns > patience_ns:
                one.patience_over = True
                self._tell(one)
            if not one.is_alive and not one.undecided and not one.candidates and not _still_serves_others(one):
                ended = [leg.ended_ns for leg in one.legs if leg.ended_ns is not None]
                if ended and at_ns - max(ended) > LINGERS_NS and one.first.is_over:
                    self._close(one)

    def finish(self) -> None:
        """The capture has ended, and every leg with it."""
        for proof in self._proofs.due(None):
            self._settle(proof)
        for one in list(self.open.values()):
            self._close(one)

    def _tell_apart(self, leg: Leg) -> None:
        """Enter into a leg what may tie it to others."""
        invite = leg.call.invite
        leg.callers, leg.called, leg.diverted = numbers_of(leg.call)
        leg.role = self.lines.role(leg.call.nodes, leg.callers, leg.called)
        if leg.role is Role.FROM_TELEPHONE:
            leg.called |= {self.lines.dialled(number) for number in leg.called}
        own = ("call-id", leg.call.call_id)
        leg.tokens = tokens_of(invite, self.lines.settings.joining_headers) | {own}
        leg.replaces = replaced(invite.header("replaces"))

    # --- where a leg belongs --------------------------------------------------------------------------------

    def _place(self, leg: Leg) -> None:
        if leg.replaces is not None:
            other = self._by_call_id.get(leg.replaces)
            if other is not None and other is not leg:
                other.left_ns = leg.call.started_ns
                self._join(leg.conversation, other.serves, "signalled", leg.call.started_ns)
                return
        if not leg.role.is_of_exchange:
            return
        judgement = judge(leg, self._near(leg))
        if judgement.joined is not None:
            self._join(leg.conversation, judgement.joined, "numbers", leg.call.started_ns)
        elif judgement.candidates:
            self._doubt(leg.conversation, judgement.candidates)

    def _near(self, leg: Leg) -> Iterable[Conversation]:
        """The conversations that a leg may have to do with, oldest first: those that share a number or a name with
        it, or else those that wait."""
        keys: set[Key] = {("caller", number) for number in leg.callers}
        keys |= {WITHHELD} if leg.is_withheld else set()
        keys |= {("called", number) for number in leg.called | leg.diverted | leg.callers}
        keys |= {("expected", number) for number in leg.called} | set(leg.tokens)
        found: dict[int, Conversation] = {}
        for key in keys:
            newest = itertools.islice(reversed(self._by_key.get(key, {}).items()), NEAR)
            found |= {number: one for number, one in newest if not one.candidates}
        found.pop(leg.conversation.number, None)
        near = [found[number] for number in sorted(found) if tie(leg, found[number]) is not Tie.NONE]
        named = [one for one in found.values() if one.tokens & leg.tokens]
        if near or named:
            return list({one.number: one for one in (*near, *named)}.values())
        waiting = (one for one in reversed(self.open.values()) if one is not leg.conversation)
        waiting = (one for one in waiting if not one.candidates and not one.talks)
        return list(itertools.islice(waiting, NEAR))[::-1]

    def _others(self, conversation: Conversation) -> Iterable[Conversation]:
        return [one for one in self.open.values() if one is not conversation and not one.candidates]

    def _doubt(self, conversation: Conversation, candidates: Sequence[tuple[Tie, Conversation]]) -> None:
        """It may belong to one of these: audio shall tell."""
        if not candidates:
            return
        proof = self._proofs.open(conversation, candidates)
        if proof is None:
            self._counters.add("legs_not_compared")
            return
        conversation.candidates = list(proof.candidates)
        for one in proof.candidates:
            one.undecided.add(conversation)

    def _prove(self, leg: Leg, other: Leg, by: str) -> None:
        """Two legs are connected: the later conversation is part of the earlier, if it may be."""
        mine, theirs = leg.conversation, other.conversation
        late, early = (mine, theirs) if mine.number > theirs.number else (theirs, mine)
        if early in late.candidates:
            self._join(late, early, by, late.started_ns)

    def _settle(self, proof: Proof) -> None:
        """Decide with what has been heard."""
        conversation = proof.conversation
        found, by = proof.verdict()
        self._proofs.close(proof)
        if found is not None and self._join(conversation, found, by, proof.since_ns or conversation.started_ns):
            return
        for one in self._clear_doubt(conversation):
            self._tell(one)
            self._close_if_done(one)
        if conversation.first.role.is_of_exchange:
            conversation.flags.add("unjoined")
            self._counters.add("legs_unjoined")
        self._close_if_done(conversation)

    def _clear_doubt(self, conversation: Conversation) -> list[Conversation]:
        candidates, conversation.candidates = conversation.candidates, []
        for one in candidates:
            one.undecided.discard(conversation)
        return candidates

    def _join(self, part: Conversation, whole: Conversation, by: str, at_ns: int) -> bool:
        """Make the legs of `part` legs of `whole`; False if that is over, or has more than any call has."""
        if whole.is_closed or len(whole.legs) + len(part.legs) > LEGS:
            self._counters.add("legs_not_joined")
            return False
        self._counters.add(f"legs_joined_by_{by}", len(part.legs))
        self._proofs.close(self._proofs.about(part))
        left = self._clear_doubt(part)
        for undecided in list(part.undecided):
            undecided.candidates = [whole if one is part else one for one in undecided.candidates]
            whole.undecided.add(undecided)
        for leg in part.legs:
            leg.conversation = whole
            if leg.serves is part:
                leg.serves = whole
            leg.joined_ns = max(leg.joined_ns, at_ns)
            whole.legs.append(leg)
        for leg in part.serving:
            leg.serves = whole
            whole.serving.append(leg)
        whole.expected += part.expected
        whole.expected = [one for one in whole.expected if not any(one.numbers & leg.called for leg in part.legs)]
        whole.flags |= part.flags
        self._forget(part, keep_legs=True)
        self._index(whole)
        for one in (*left, whole):
            self._tell(one)
            self._close_if_done(one)
        return True

    def _connect(self, leg: Leg, other: Leg, at_ns: int) -> None:
        """A telephone that has two calls connects them and leaves (attended transfer).

        The conversation with the outside goes on with whom the telephone had consulted; the consultation has ended
        as a call of its own, though a leg of it goes on.
        """
        mine, theirs = leg.serves, other.serves
        if mine is theirs or mine.is_closed or theirs.is_closed:
            return
        main, asked = (mine, theirs) if _is_outside(mine) or not _is_outside(theirs) else (theirs, mine)
        going, staying = (leg, other) if main is mine else (other, leg)
        going.left_ns = staying.left_ns = at_ns
        main.flags.add("transferred")
        if asked.excluded_by is not None:
            stop(main, asked.excluded_by, at_ns)  # whoever is talked to now must not be recorded
        if _is_outside(asked):
            asked.flags.add("transferred")
            self._tell(main)
            return
        further = [one for one in (*asked.connecting, asked.first) if one is not staying and one.is_alive]
        for one in further[:1]:
            if one in one.serves.serving:
                one.serves.serving.remove(one)
            one.serves, one.joined_ns = main, at_ns
            main.serving.append(one)
        self._tell(main)

    # --- the end --------------------------------------------------------------------------------------------

    def _close_if_done(self, one: Conversation) -> None:
        if one.is_closed or one.undecided or one.candidates or _still_serves_others(one):
            return
        if all(leg.is_over for leg in (*one.legs, *one.serving)):
            self._close(one)

    def _close(self, one: Conversation) -> None:
        if one.is_closed:
            return
        self._closed(one)
        self._forget(one)

    def _forget(self, one: Conversation, *, keep_legs: bool = False) -> None:
        one.is_closed = True
        self.open.pop(one.number, None)
        for leg in one.serving:
            leg.serves, leg.left_ns = leg.conversation, leg.joined_ns  # which it had left for this one
        for key in one.keys:
            here = self._by_key.get(key, {})
            here.pop(one.number, None)
            if not here:
                self._by_key.pop(key, None)
        if not keep_legs:
            for leg in one.legs:
                self._forget_leg(leg)
        # Legs know their conversation: without this, memory would come back only when cycles are looked for.
        one.legs, one.serving, one.undecided, one.candidates = [], [], set(), []

    def _forget_leg(self, leg: Leg) -> None:
        self._legs.pop(leg.call.number, None)
        if self._by_call_id.get(leg.call.call_id) is leg:
            del self._by_call_id[leg.call.call_id]
        for party, endpoints in enumerate(leg.endpoints):
            for endpoint in endpoints:
                told = self._by_endpoint.get(endpoint, [])
                if (leg, party) in told:
                    told.remove((leg, party))
                    if not told:
                        del self._by_endpoint[endpoint]

    def _tell(self, one: Conversation) -> None:
        """Tell of a change, and those that it may be part of: what they may write depends on it."""
        for other in (one, *one.candidates):
            if not other.is_closed:
                self._changed(other)

    # --- in detail ------------------------------------------------------------------------------------------

    def _new_conversation(self, call: Call) -> Conversation:
        self._count += 1
        one = Conversation(self._count, self._id_of(call), self.lines)
        self.open[one.number] = one
        return one

    def _index(self, one: Conversation) -> None:
        if one.is_closed:
            return
        for key in _keys(one) - one.keys:
            one.keys.add(key)
            self._by_key.setdefault(key, {})[one.number] = one


def _keys(one: Conversation) -> set[Key]:
    keys: set[Key] = {("caller", number) for number in one.callers}
    keys |= {WITHHELD} if one.first.is_withheld else set()
    keys |= {("called", number) for number in one.reached | one.dialled}
    keys |= {("expected", number) for expected in one.asked for number in expected}
    return keys | set(one.tokens)


def _may_be_picked_up(one: Conversation) -> bool:
    first = one.first
    if first.role not in (Role.FROM_OUTSIDE, Role.FROM_TELEPHONE) or not first.is_alive or one.talks:
        return False
    return first.call.answered or not one.has_outside_leg_alive  # nobody here can answer what rings outside


def _still_serves_others(one: Conversation) -> bool:
    """Whether a telephone that was consulted in it talks to somebody else's caller now."""
    return any(leg.serves is not one and not leg.serves.is_closed and leg.is_alive for leg in one.legs)


def _is_outside(one: Conversation) -> bool:
    return any(leg.role.is_outside for leg in one.legs)


def _replaced_by(uri: str) -> str | None:
    """The Call-ID of a Replaces header inside a Refer-To URI (RFC 3261 §19.1.1, RFC 3891)."""
    from urllib.parse import unquote

    for header in uri.partition("?")[2].split("&"):
        name, _, value = header.partition("=")
        if name.strip().lower() == "replaces":
            return replaced(unquote(value))
    return None
