"""The signalling of calls under way, noted so that a recorder that starts again knows them.

It hears every SIP message (as a `capture.sink.Tap`), keeps those of calls until somebody replies, and notes them
from then on, one name a Call-ID. So what nobody ever answers, a flood say, never reaches the disk, and of what is only
refused no more than `REFUSED` calls at once. When the recorder is stopped in peace (`leave`), all of it is noted, and
`remember` adds what the listener knows of a call's media. `recall` and `recall_media` give it all back. Secrets are
redacted before anything is noted.
"""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence

from capture.dialogs.call import Call
from capture.media.remembered import RememberedMedia
from capture.packets import AddressBook
from capture.sink import CallName, Recalled
from capture.sip.message import SipMessage
from recorder.redaction import redacted
from recorder.remembering import as_fields, endpoint, from_fields

KEPT = 64  # messages of a call that nobody has replied to
REGISTERED = 20_000  # names whose registration is remembered
REFUSED = 200  # calls of which nobody said more than no, and which are noted all the same
PENDING_BYTES = 4 << 20  # of messages that belong to no call yet, the newest
OF_CALLS = frozenset({"INVITE", "ACK", "BYE", "CANCEL", "PRACK", "UPDATE", "INFO", "REFER"})
CHALLENGES = 401, 407
SILENT_BYTES = 32 << 20  # of all calls that nobody has replied to; those that wait longest go first, as in a flood

Heard = tuple[int, int, int, bytes]  # when, from which endpoint, to which, what


class SignallingJournal:
    """`note` takes a name and lines to be noted, `drop` names of which nothing has to be remembered."""

    def __init__(self, note: Callable[[str, bytes], None], drop: Callable[[Sequence[str]], None]) -> None:
        self._note = note
        self._drop = drop
        self._book: AddressBook
        self._pending: dict[str, list[Heard]] = {}  # by Call-ID, oldest first; they may turn out to be calls
        self._pending_bytes = 0
        self._silent: dict[str, list[Heard]] = {}  # of calls that nobody has replied to, oldest first
        self._silent_bytes = 0
        self._calls: dict[str, set[int]] = {}  # numbers of the calls of a Call-ID
        self._noted: set[str] = set()
        self._refused: set[str] = set()  # of these, but nobody said anything else than no
        self._registered: OrderedDict[str, Heard] = OrderedDict()  # the registrar's newest word, by name

    def attend(self, book: AddressBook) -> None:
        """Endpoints are of this book."""
        self._book = book

    def heard(self, at_ns: int, source: int, destination: int, payload: bytes, message: SipMessage) -> None:
        """A message, whosesoever."""
        call_id, heard = message.call_id, (at_ns, source, destination, payload)
        if message.method == "REGISTER":
            if 200 <= message.status < 300:
                self._registered.pop(name := message.to.uri.text, None)
                self._registered[name] = heard
                if len(self._registered) > REGISTERED:
                    self._registered.popitem(last=False)
            return
        if message.method not in OF_CALLS:
            return
        if call_id in self._noted:
            self._note(_name(call_id), self._line(heard))
        elif call_id in self._silent:
            self._wait_for_reply(call_id, [heard])
            if _is_refusal(message):
                self._was_refused(call_id)
        else:
            self._keep_pending(call_id, heard)
            if _is_refusal(message):
                self._refused.add(call_id)

    def began(self, call: Call) -> None:
        """A Call-ID is a call."""
        self._calls.setdefault(call.call_id, set()).add(call.number)
        if call.call_id not in self._noted:
            self._wait_for_reply(call.call_id, self._no_longer_pending(call.call_id))
            if call.answered:
                self.replied(call)
            elif call.call_id in self._refused:
                self._refused.discard(call.call_id)
                self._was_refused(call.call_id)

    def replied(self, call: Call) -> None:
        """Somebody has replied: the call is no flood."""
        self._refused.discard(call.call_id)
        self._note_from_now_on(call.call_id)

    def leave(self) -> None:
        """The recorder stops: whoever starts next shall know also of the calls that nobody has replied to."""
        for call_id in list(self._silent):
            self._note_from_now_on(call_id)

    def remember(self, call: Call, media: RememberedMedia) -> None:
        """What the listener knows of the media of a call that goes on."""
        if call.call_id in self._noted:
            fields = {"call_id": call.call_id, "started_ns": call.started_ns, "media": as_fields(media, self._book)}
            self._note(_name(call.call_id), json.dumps(fields).encode("ascii") + b"\n")

    def _was_refused(self, call_id: str) -> None:
        if len(self._refused) < REFUSED and call_id in self._silent:
            self._refused.add(call_id)
            self._note_from_now_on(call_id)

    def _note_from_now_on(self, call_id: str) -> None:
        kept = self._heard_until_now(call_id)
        if kept is not None:
            self._noted.add(call_id)
            if kept:
                self._note(_name(call_id), b"".join(map(self._line, kept)))

    def answered(self, call: Call) -> None:
        """Somebody took it: under which names the two are registered belongs to it, since whoever starts again may hear
        of that in an hour only."""
        names = {call.caller_registered, call.callee_registered, *(call.reached.uris if call.reached else ())}
        heard = [self._registered[name] for name in names if name is not None and name in self._registered]
        if heard and call.call_id in self._noted:
            self._note(_name(call.call_id), b"".join(map(self._line, heard)))

    def over(self, calls: Iterable[Call]) -> tuple[str, ...]:
        """Calls are over; under which names nothing has to be remembered any more, once they are entered."""
        names = []
        for call in calls:
            numbers = self._calls.get(call.call_id, set())
            numbers.discard(call.number)
            if not numbers:
                self._calls.pop(call.call_id, None)
                self._heard_until_now(call.call_id)
                self._refused.discard(call.call_id)
                if call.call_id in self._noted:
                    self._noted.discard(call.call_id)
                    names.append(_name(call.call_id))
        return tuple(names)

    def dropped(self, call: Call) -> None:
        """It was no call."""
        self._drop(self.over([call]))

    def recall(self, notes: Mapping[str, Iterable[bytes]]) -> list[Recalled]:
        """The messages that were noted, oldest first."""
        found: list[Recalled] = []
        for lines in notes.values():
            for line in lines:
                try:
                    said = json.loads(line)
                    if "media" in said:
                        continue
                    source, destination = (endpoint(said[one], self._book) for one in ("source", "destination"))
                    message = said["message"].encode("latin-1")
                    found.append(Recalled(int(said["at_ns"]), source, destination, message))
                except (ValueError, KeyError, TypeError, AttributeError):
                    continue  # cut or damaged: the others still tell most of the call
        return sorted(found, key=lambda one: one.at_ns)

    def recall_media(self, notes: Mapping[str, Iterable[bytes]]) -> dict[CallName, RememberedMedia]:
        """What was known of the media of the calls that were noted, the newest word."""
        found = {}
        for lines in notes.values():
            for line in lines:
                try:
                    said = json.loads(line)
                    if "media" in said:
                        found[str(said["call_id"]), int(said["started_ns"])] = from_fields(said["media"], self._book)
                except (ValueError, KeyError, TypeError, AttributeError):
                    continue  # cut or damaged: then its streams begin anew
        return found

    def recalled(self, notes: Mapping[str, object], call_ids: Iterable[str]) -> None:
        """The calls of these Call-IDs stand again, and are noted further; other names are nobody's."""
        self._noted = {call_id for call_id in call_ids if _name(call_id) in notes}
        for call_id in self._noted:
            self._heard_until_now(call_id)
        mine = {_name(call_id) for call_id in self._noted}
        self._drop([name for name in notes if name not in mine])

    def _wait_for_reply(self, call_id: str, messages: list[Heard]) -> None:
        kept = self._silent.setdefault(call_id, [])
        for heard in messages:
            if len(kept) < KEPT and sum(heard[3] == other[3] for other in kept) < 2:  # what is sent again, once
                kept.append(heard)
                self._silent_bytes += len(heard[3])
            elif kept and kept[-1][3] == heard[3]:
                kept[-1] = heard  # until when it was sent again
        while self._silent_bytes > SILENT_BYTES:
            self._heard_until_now(next(iter(self._silent)))

    def _heard_until_now(self, call_id: str) -> list[Heard] | None:
        """What waited for a reply, and waits no longer; None if nothing did."""
        kept = self._silent.pop(call_id, None)
        self._silent_bytes -= sum(len(heard[3]) for heard in kept or ())
        return kept

    def _line(self, heard: Heard) -> bytes:
        at_ns, source, destination, payload = heard
        fields = {
            "at_ns": at_ns, "source": self._book.text(source), "destination": self._book.text(destination),
            "message": redacted(payload).decode("latin-1"),
        }  # fmt: skip
        return json.dumps(fields).encode("ascii") + b"\n"

    def _keep_pending(self, call_id: str, heard: Heard) -> None:
        kept = self._pending.setdefault(call_id, [])
        if len(kept) < KEPT:
            kept.append(heard)
            self._pending_bytes += len(heard[3])
        while self._pending_bytes > PENDING_BYTES:
            oldest = next(iter(self._pending))
            self._no_longer_pending(oldest)
            self._refused.discard(oldest)

    def _no_longer_pending(self, call_id: str) -> list[Heard]:
        kept = self._pending.pop(call_id, [])
        self._pending_bytes -= sum(len(heard[3]) for heard in kept)
        return kept


def _is_refusal(message: SipMessage) -> bool:
    """A final answer that is no yes, and no question for a password."""
    return message.method == "INVITE" and message.status >= 300 and message.status not in CHALLENGES


def _name(call_id: str) -> str:
    """A file's name, whatever strangers call their calls."""
    return hashlib.sha256(call_id.encode("utf-8", "surrogateescape")).hexdigest()[:32] + ".jsonl"
