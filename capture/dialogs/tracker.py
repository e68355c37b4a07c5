"""Follow each call from its SIP messages.

Feed every message to `DialogTracker.receive` with the time and place of its capture; call `expire` as time goes on
and `finish` when the capture ends. All return the events this caused, oldest first.

Nothing here opens a socket, reads a clock or knows of audio, so a replayed capture file and the live mirror port
give the same events. A message that fits no call is counted: `sip_no_such_call` (a response or an in-dialog request
without a call), `sip_wrong_tags` (it names the call, but not its parties), `sip_unmatched` (a response to nothing
that was asked), `sip_call_id_reused` (an INVITE of another dialog under a Call-ID that is in use),
`dialogs_shed` (calls over a cap: without any response, or without any audio), `bye_not_believed` (nobody agreed, and
audio went on),
`challenged_only` (an INVITE that only got 401 or 407 is no call).

See RFC 3261 §9 (CANCEL), §12 (dialogs), §14 (re-INVITE), §15 (BYE), §17 (retransmissions); RFC 3262, 3311, 3515.
"""

from __future__ import annotations

import itertools
from collections import OrderedDict
from collections.abc import Callable

from capture.clock import SECOND
from capture.counters import Counters
from capture.dialogs.call import Attempt, Call, Farewell, Offer, Reached, Seen, State
from capture.dialogs.events import Answered, Began, Described, Ended, Event, Pressed, Referred, Refused, Replied
from capture.dialogs.place import Place
from capture.dialogs.registrations import Registrations
from capture.parties import CALLEE, CALLER
from capture.sdp import MalformedSdp
from capture.sdp import parse as parse_sdp
from capture.sip.info import keys_of_info
from capture.sip.message import SipMessage

UNHEARD_CALLS = 5000  # INVITEs that nobody has answered in any way, or only with a refusal; more are a flood
CALLS = 20_000  # in all; past that the oldest without any audio is ended
OFFERS = 16  # of one call that wait for an answer
FAREWELLS = 8  # BYEs of one call that wait for an answer
TAGS = 64  # callee's tags of one call: forks
REPLIES = 4  # answers to an INVITE that are told
REFERRALS = 8  # addresses of one REFER or redirection
RIVALS = 8  # INVITEs of different dialogs under one Call-ID, none of them answered
SHED_AMONG = 64
NO_RESPONSE_NS = 40 * SECOND  # timer B of RFC 3261 is 32 s
RINGING_NS = 600 * SECOND  # timer C is more than 3 minutes; exchanges let it ring longer
ANOTHER_TRY_NS = 32 * SECOND  # within this after a refusal the caller may try again under the same Call-ID
PASSWORD_NS = 180 * SECOND  # and within this after 401 or 407: somebody may have to type it
REMEMBERED_NS = 40 * SECOND  # an ended call, for its retransmissions
SILENT_REMEMBERED_NS = 3600 * SECOND  # one that silence ended: its BYE may still come
BYE_DOUBTED_NS = 5 * SECOND  # a BYE that nobody answers: by then audio has stopped, or it was not meant
BYE_TAIL_NS = 1 * SECOND  # audio that may be under way when a BYE is sent
HELD_SILENCE_NS = 4 * 3600 * SECOND  # a caller on hold hears nothing and says nothing; so may a call without audio


class DialogTracker:
    """All calls that are under way.

    `activity_ns` tells the capture time of a call's newest media packet, -1 if there was none.
    """

    def __init__(
        self,
        counters: Counters,
        *,
        activity_ns: Callable[[Call], int],
        silence_ns: int = 60 * SECOND,
        unheard_calls: int = UNHEARD_CALLS,
    ) -> None:
        self._counters = counters
        self._activity_ns = activity_ns
        self.silence_ns = silence_ns
        self.listening_since_ns = -1  # silence is not counted from before: nobody listened
        self._unheard_calls = unheard_calls
        self._calls: dict[int, Call] = {}  # by number
        self._by_id: dict[str, list[Call]] = {}  # by Call-ID; two only if strangers took the same
        self._unheard: OrderedDict[int, Call] = OrderedDict()  # by number, oldest first
        self._count = 0
        self.registrations = Registrations()

    def receive(
        self, at_ns: int, frame: int, source: int, destination: int, message: SipMessage
    ) -> list[Event]:
        """Take one message, captured at `at_ns` on its way between two endpoints."""
        events: list[Event] = []
        if message.method == "REGISTER":
            self.registrations.receive(at_ns, message)
            return events
        call = self._find(message)
        place = Place(at_ns, frame, source, destination)
        if message.is_request:
            self._request(call, message, place, events)
        else:
            self._response(call, message, place, events)
        return events

    def knows(self, call_id: str) -> bool:
        """Whether a call of that Call-ID is under way, or was until a short while ago."""
        return call_id in self._by_id

    def _find(self, message: SipMessage) -> Call | None:
        """The call of that Call-ID; of several, the one whose tags the message has."""
        calls = self._by_id.get(message.call_id)
        if not calls:
            return None
        if len(calls) > 1:
            for call in reversed(calls):
                if message.from_tag == call.caller_tag or call.party_of(message.from_tag, message.to_tag) is not None:
                    return call
        return calls[-1]

    # --- requests -------------------------------------------------------------------------------------------

    def _request(self, call: Call | None, message: SipMessage, place: Place, events: list[Event]) -> None:
        if message.method == "INVITE":
            if message.to_tag is None:
                self._first_invite(call, message, place, events)
                return
            call = call or self._meet(message, place, events)
        elif call is None:
            if message.method == "BYE":
                call = self._meet(message, place, events)
            else:
                if message.method in ("ACK", "CANCEL", "UPDATE", "PRACK"):
                    self._counters.add("sip_no_such_call")
                return
        if call is None:
            return
        party = call.party_of(message.from_tag, message.to_tag)
        if message.method == "CANCEL":
            if message.from_tag == call.caller_tag and call.cancelled_ns is None and message.cseq in call.attempts:
                call.cancelled_ns = place.at_ns
            return
        if party is None:
            self._counters.add("sip_wrong_tags")
            return
        call.heard_ns = place.at_ns
        if message.method == "ACK":
            if call.answered:
                self._describe(call, party, message, place, events)
        elif message.method == "BYE":
            tag = message.to_tag if party == CALLER else message.from_tag
            if len(call.farewells) < FAREWELLS:
                call.farewells.setdefault((message.cseq, party), Farewell(place.at_ns, tag))
        elif message.method == "INFO":
            keys = keys_of_info(message)
            if keys and (message.cseq, party) != call.last_info:
                call.last_info = message.cseq, party
                events.append(Pressed(place.frame, place.at_ns, call, party, keys))
        elif message.method in ("INVITE", "UPDATE", "PRACK", "REFER"):
            key = (message.cseq, message.method, party)
            if len(call.offers) >= OFFERS:  # session refreshes: those that were answered are done with
                taken = [old for old, offer in call.offers.items() if offer.taken] or list(call.offers)
                del call.offers[taken[0]]
            if key not in call.offers:
                call.offers[key] = Offer(party, message, place.source, place.destination)
                if message.method == "REFER":
                    self._refer(call, party, message.values("refer-to"), place, events)

    def _first_invite(
        self, call: Call | None, message: SipMessage, place: Place, events: list[Event]
    ) -> None:
        if call is not None and call.met_on_its_way and not call.answered:
            self._forget(call)  # a stray message went before its INVITE
            call = None
        if call is not None and call.state is State.ENDED:
            if message.cseq not in call.attempts or message.from_tag != call.caller_tag:
                call = None  # the Call-ID is used again, for another call
        if call is not None and message.from_tag != call.caller_tag:
            if call.state in (State.CHALLENGED, State.REFUSED):
                call.caller_tag = message.from_tag  # some telephones take a new tag when they come back with a password
            elif call.state is State.CALLING or call.nodes == place.nodes:
                self._make_rival(call, place, events)
                call = None
            else:
                self._counters.add("sip_call_id_reused")
                return
        if call is None:
            call = self._begin(message, place, events)
        if message.cseq not in call.attempts:
            if call.attempts and message.cseq < max(call.attempts) or len(call.attempts) >= 16:
                return
            call.move(Seen.INVITE_AGAIN)
            call.attempts[message.cseq] = Attempt()
            call.rounds += 1
        attempt = call.attempts[message.cseq]
        attempt.add(message.branch, message.hops)
        to = Reached(place.nodes[1], self.registrations.uris_of(message.request_uri, place.at_ns))
        if attempt.relay(message.branch, message.hops, to) and not call.answered:
            call.reached = to
        call.heard_ns = place.at_ns
        self._describe(call, CALLER, message, place, events)

    def _begin(self, message: SipMessage, place: Place, events: list[Event]) -> Call:
        self._count += 1
        call = Call(
            self._count, message.call_id, message, message.from_tag, place.at_ns, place.nodes, heard_ns=place.at_ns
        )
        call.caller_registered = self.registrations.name_of(message.contact, place.at_ns)
        call.callee_registered = self.registrations.name_of(message.request_uri, place.at_ns)
        if len(self._calls) >= CALLS:
            self._shed(place, events)
        self._remember(call)
        self._unheard[call.number] = call
        events.append(Began(place.frame, place.at_ns, call))
        if len(self._unheard) > self._unheard_calls:
            _, oldest = self._unheard.popitem(last=False)
            self._forget(oldest)
            if oldest.state is State.CALLING:
                self._counters.add("dialogs_shed")
                self._end(oldest, place.at_ns, "timeout", place, events, counted=False)
            else:
                self._give_up(oldest, place, events)
        return call

    def _meet(self, message: SipMessage, place: Place, events: list[Event]) -> Call | None:
        """A call whose INVITE was before the capture began. Not announced before somebody bears it out."""
        self._count += 1
        call = Call(
            self._count, message.call_id, message, message.from_tag, place.at_ns, place.nodes, heard_ns=place.at_ns
        )
        call.met_on_its_way = True
        call.callee_tags.add(message.to_tag)
        if len(self._calls) >= CALLS:
            self._counters.add("dialogs_shed")
            return None
        self._remember(call)
        return call

    def _shed(self, place: Place, events: list[Event]) -> None:
        """Too many calls: end the oldest of those that nobody has been heard in."""
        for call in itertools.islice(self._calls.values(), SHED_AMONG):
            if call.state is State.ENDED or self._activity_ns(call) < 0:
                self._forget(call)
                if call.state is not State.ENDED:
                    self._counters.add("dialogs_shed")
                    reason = "silence" if call.answered else call.unanswered_reason()
                    self._end(call, call.heard_ns, reason, place, events, counted=not call.met_on_its_way)
                return

    def _make_rival(self, call: Call, place: Place, events: list[Event]) -> None:
        """Another INVITE under a Call-ID that nobody has answered yet: either may be the call that is meant."""
        self._counters.add("sip_call_id_reused")
        unheard = [other for other in self._by_id[call.call_id] if other.state is State.CALLING]
        if len(unheard) >= RIVALS:
            self._forget(unheard[0])
            self._end(unheard[0], place.at_ns, "timeout", place, events, counted=False)

    def _remember(self, call: Call) -> None:
        self._calls[call.number] = call
        self._by_id.setdefault(call.call_id, []).append(call)

    # --- responses ------------------------------------------------------------------------------------------

    def _response(self, call: Call | None, message: SipMessage, place: Place, events: list[Event]) -> None:
        if call is None:
            if message.method == "INVITE" and 200 <= message.status < 300 and message.to_tag:
                call = self._meet(message, place, events)
                if call is None:
                    return
                call.attempts[message.cseq] = Attempt()
            else:
                if message.method in ("INVITE", "BYE"):
                    self._counters.add("sip_no_such_call")
                return
        if message.method == "INVITE" and message.from_tag == call.caller_tag and message.cseq in call.attempts:
            self._to_first_invite(call, message, place, events)
            return
        asking = call.party_of(message.from_tag, message.to_tag)
        if asking is None:
            self._counters.add("sip_wrong_tags")
            return
        if message.method == "BYE":
            self._to_bye(call, asking, message, place, events)
        elif message.method == "CANCEL":
            call.cancel_agreed |= 200 <= message.status < 300
        elif message.method in ("INVITE", "UPDATE", "PRACK", "REFER"):
            self._to_offer(call, asking, message, place, events)

    def _to_first_invite(self, call: Call, message: SipMessage, place: Place, events: list[Event]) -> None:
        call.heard_ns = place.at_ns
        status = message.status
        if 100 < status < 300 and call.replies < REPLIES:
            call.replies += 1
            events.append(Replied(place.frame, place.at_ns, call, message))
        if status < 300:
            self._unheard.pop(call.number, None)
        if status < 200:
            call.move(Seen.PROGRESS)
            if status > 100:
                if len(call.callee_tags) < TAGS:
                    call.callee_tags.add(message.to_tag)
                self._describe(call, CALLEE, message, place, events)
        elif status < 300:
            if call.state is State.ENDED:
                return
            call.move(Seen.ANSWER)
            if call.answered_ns is None:
                call.answered_ns = place.at_ns
                call.reached = self.registrations.taker(call.attempts[message.cseq], message, place.at_ns)
                if call.met_on_its_way:
                    events.append(Began(place.frame, place.at_ns, call))
                events.append(Answered(place.frame, place.at_ns, call))
            if message.to_tag not in call.answered_tags and len(call.answered_tags) < 16:
                call.callee_tags.add(message.to_tag)
                call.answered_tags.add(message.to_tag)
            self._describe(call, CALLEE, message, place, events)
        else:
            whole = call.attempts[message.cseq].refuse(message.branch)
            newest = message.cseq == max(call.attempts)
            if whole and newest and call.move(Seen.CHALLENGE if status in (401, 407) else Seen.REFUSAL):
                call.refusal, call.refused_ns = status, place.at_ns
                self._unheard[call.number] = call
                events.append(Refused(place.frame, place.at_ns, call))
                if status < 400:
                    self._refer(call, CALLEE, message.values("contact"), place, events)

    def _to_offer(
        self, call: Call, asking: int, message: SipMessage, place: Place, events: list[Event]
    ) -> None:
        key = (message.cseq, message.method, asking)
        offer = call.offers.get(key)
        if offer is None:
            self._counters.add("sip_unmatched")
            return
        if message.status < 200 or offer.taken:
            return
        if message.status >= 300:
            del call.offers[key]
            return
        offer.taken = True
        call.heard_ns = place.at_ns
        if message.method == "REFER":
            call.transferred = True
            return
        if call.met_on_its_way and call.answered_ns is None:
            call.state, call.answered_ns = State.TALKING, place.at_ns
            call.answered_tags |= call.callee_tags
            events.append(Began(place.frame, place.at_ns, call))
        asked = Place(place.at_ns, place.frame, offer.source, offer.destination)
        call.rounds += 1
        self._describe(call, asking, offer.message, asked, events)
        self._describe(call, 1 - asking, message, place, events)

    def _to_bye(self, call: Call, asking: int, message: SipMessage, place: Place, events: list[Event]) -> None:
        farewell = call.farewells.get((message.cseq, asking))
        if farewell is None:
            self._counters.add("sip_unmatched")
        elif message.status >= 300:
            del call.farewells[message.cseq, asking]  # asked for a password, or no such dialog
        elif message.status >= 200:
            self._part(call, farewell, place, events)

    def _part(self, call: Call, farewell: Farewell, place: Place, events: list[Event]) -> None:
        call.answered_tags.discard(farewell.callee_tag)
        if call.answered_tags or call.state is State.ENDED:
            return  # another fork's dialog goes on
        if call.met_on_its_way and call.answered_ns is None:
            call.state, call.answered_ns = State.TALKING, call.started_ns
            events.append(Began(place.frame, place.at_ns, call))
        call.refused_ns = farewell.at_ns
        if call.move(Seen.PARTED) and call.state is State.ENDED:
            self._end(call, farewell.at_ns, "bye", place, events)
        elif call.state is State.REFUSED:
            call.cancelled_ns = farewell.at_ns

    def _refer(self, call: Call, party: int, targets: list[str], place: Place, events: list[Event]) -> None:
        if targets:
            events.append(Referred(place.frame, place.at_ns, call, party, tuple(targets[:REFERRALS])))

    # --- descriptions ---------------------------------------------------------------------------------------

    def _describe(self, call: Call, party: int, message: SipMessage, place: Place, events: list[Event]) -> None:
        if not message.body or call.state is State.ENDED:
            return
        for remark in message.body_remarks():
            self._counters.add(remark)
        for body in message.sdp_bodies()[:1]:
            try:
                description = parse_sdp(body, counters=self._counters)
            except MalformedSdp as error:
                self._counters.add(error.reason)
                continue
            audio = [media for media in description.media if media.kind == "audio" and media.port]
            if audio:
                holds = any(media.direction in ("sendonly", "inactive") or media.is_held for media in audio)
                (call.held_by.add if holds else call.held_by.discard)(party)
                call.was_held |= holds and call.answered
            events.append(
                Described(
                    place.frame, place.at_ns, call, party, description, place.source, place.destination, call.rounds
                )
            )

    # --- time -----------------------------------------------------------------------------------------------

    def expire(self, at_ns: int, frame: int) -> list[Event]:
        """End the calls that nothing more is to be expected of."""
        events: list[Event] = []
        place = Place(at_ns, frame, 0, 0)
        for call in list(self._calls.values()):
            if call.state is State.ENDED:
                remembered_ns = SILENT_REMEMBERED_NS if call.end_reason == "silence" else REMEMBERED_NS
                if at_ns - max(call.heard_ns, call.ended_ns or 0) > remembered_ns:
                    self._forget(call)
            elif call.state in (State.REFUSED, State.CHALLENGED):
                challenged = call.state is State.CHALLENGED
                if at_ns - call.refused_ns > (PASSWORD_NS if challenged else ANOTHER_TRY_NS):
                    self._give_up(call, place, events)
            elif call.state is State.TALKING:
                self._expire_talk(call, place, events)
            elif call.met_on_its_way:
                if at_ns - call.heard_ns > NO_RESPONSE_NS:
                    self._forget(call)
            elif at_ns - call.heard_ns > (NO_RESPONSE_NS if call.state is State.CALLING else RINGING_NS):
                self._give_up(call, place, events)
            elif call.cancel_agreed and at_ns - (call.cancelled_ns or at_ns) > NO_RESPONSE_NS:
                self._give_up(call, place, events)
        return events

    def _expire_talk(self, call: Call, place: Place, events: list[Event]) -> None:
        media_ns = -1
        for key, farewell in list(call.farewells.items()):
            if place.at_ns - farewell.at_ns > BYE_DOUBTED_NS and farewell.callee_tag in call.answered_tags | {None}:
                media_ns = self._activity_ns(call)
                del call.farewells[key]
                if media_ns > farewell.at_ns + BYE_TAIL_NS:
                    self._counters.add("bye_not_believed")
                else:
                    self._part(call, farewell, place, events)
                    return
        newest = max(media_ns, call.heard_ns)
        if place.at_ns - max(newest, self.listening_since_ns) <= self.silence_ns:
            return
        media_ns = self._activity_ns(call)
        newest = max(media_ns, call.heard_ns)
        patience = HELD_SILENCE_NS if call.held or media_ns < 0 else self.silence_ns
        if place.at_ns - max(newest, self.listening_since_ns) > patience:
            self._end(call, media_ns if media_ns >= 0 else newest, "silence", place, events)

    def _give_up(self, call: Call, place: Place, events: list[Event]) -> None:
        """Nobody answered, and nobody will."""
        at_ns = call.cancelled_ns or call.refused_ns or call.heard_ns
        self._end(call, at_ns, call.unanswered_reason(), place, events, counted=self._counts(call))

    def _counts(self, call: Call) -> bool:
        """Whether an unanswered call is one: not if it only lacked a password, or another was meant."""
        if call.state is State.CHALLENGED:
            self._counters.add("challenged_only")
            return False
        rivals = (other for other in self._by_id.get(call.call_id, ()) if other is not call)
        return call.state is not State.CALLING or not any(other.state is not State.CALLING for other in rivals)

    def _end(
        self, call: Call, ended_ns: int, reason: str, place: Place, events: list[Event], *, counted: bool = True
    ) -> None:
        call.state = State.ENDED
        call.ended_ns, call.end_reason = ended_ns, reason
        call.offers.clear()
        call.farewells.clear()
        self._unheard.pop(call.number, None)
        events.append(Ended(place.frame, place.at_ns, call, counted))

    def _forget(self, call: Call) -> None:
        self._unheard.pop(call.number, None)
        if self._calls.pop(call.number, None) is not None:
            alike = self._by_id[call.call_id]
            alike.remove(call)
            if not alike:
                del self._by_id[call.call_id]

    def finish(self, at_ns: int, frame: int) -> list[Event]:
        """The capture ends: so does, as far as it can tell, every call in it."""
        events: list[Event] = []
        place = Place(at_ns, frame, 0, 0)
        for call in list(self._calls.values()):
            if call.state is State.TALKING:
                told = list(call.farewells.values())
                left = call.answered_tags - {farewell.callee_tag for farewell in told}
                if told and not left and self._activity_ns(call) <= told[0].at_ns + BYE_TAIL_NS:
                    self._end(call, told[0].at_ns, "bye", place, events)
                else:
                    self._end(call, max(self._activity_ns(call), call.heard_ns), "capture_end", place, events)
            elif call.state in (State.REFUSED, State.CHALLENGED) or call.cancelled_ns is not None:
                self._give_up(call, place, events)
            elif call.state is not State.ENDED and not call.met_on_its_way:
                self._end(call, call.heard_ns, "capture_end", place, events, counted=self._counts(call))
        self._calls.clear()
        self._by_id.clear()
        self._unheard.clear()
        return events
