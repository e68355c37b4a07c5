"""What becomes of the calls that `capture` finds: legs are told as conversations, and these go into the store.

`Session` is the sink of a `capture.listener.Listener`. Its methods are called in the midst of a batch and only
write; `settle`, called between batches, syncs and finishes what is due. Nothing here reads packets or SQL.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from capture.counters import Counters
from capture.dialogs.call import Call
from capture.media.g711 import TABLE, AudioBlock, Law
from capture.media.records import Records
from capture.media.remembered import RememberedMedia
from capture.media.report import MediaReport
from capture.sip.message import SipMessage
from recorder.contract_form import rfc3339
from recorder.conversations.book import ConversationBook
from recorder.conversations.conversation import Conversation
from recorder.conversations.demand import Demand, concerns, presses, section_of
from recorder.conversations.leg import Leg
from recorder.conversations.verdict import Verdict, forbid, recording_leg, verdict
from recorder.entry import CLOCK_STEPPED, record_of
from recorder.figures.calls import sides_of
from recorder.hook.inbound import Inbound
from recorder.keeping.keeper import Decode, Ended, Keeper, Kept, Part
from recorder.lines import Lines, Role
from recorder.notice import NoticeFinder, Prompts
from recorder.numbers import callee
from recorder.signalling_journal import SignallingJournal
from recorder.tape import Tape
from storage.errors import DiskFailed
from storage.records import CallRecord
from storage.wav import Encoding

GROUP = 256  # calls that are finished together; more would hold the audio of the others up
SYNC_S = 0.7  # so that what a power cut takes, hand-over and a slow disk included, stays below two seconds
# Of many calls more is written at once, and a sync takes longer: what comes meanwhile waits for the one after it.
SYNC_OF_MANY_S = 0.35
MANY = 500  # calls under way
WARNINGS = 100
WAITING_BYTES = 512 << 20  # of audio that waits in memory; 16 KB a second of a leg
SHED_TO_S = 10.0
LOST_IN_CAPTURE = "packets_lost_in_capture"
LEAP_NS = 30 * 1_000_000_000  # of time, without any packet: a very quiet line, or a clock that was set
DEMANDS = 1000  # that are remembered


class Session:
    """Gives calls to a keeper. `monotonic_s` is a clock for the once-a-second sync, and for nothing else; `prompts`
    are the notices that callers may hear; `tell` is told of each inbound call that begins, and must not wait."""

    def __init__(
        self,
        keeper: Keeper,
        *,
        encoding: str,
        monotonic_s: Callable[[], float],
        prompts: Prompts | None = None,
        journal: SignallingJournal | None = None,
        tell: Callable[[Inbound], None] | None = None,
    ) -> None:
        self._keeper = keeper
        self._g711 = encoding == "g711"
        self._monotonic_s = monotonic_s
        self._prompts = prompts
        self._journal = journal
        self._tell = tell
        self._recalling = False
        self._book: ConversationBook
        self._report: Callable[[Call], MediaReport | None] = lambda call: None
        self._remembered: Callable[[Call], RememberedMedia | None] = lambda call: None
        self._finished: list[Ended] = []
        self._changed: dict[int, Conversation] = {}  # those of which more is known than their recordings tell
        self._synced_s = monotonic_s()
        self._sync_s = SYNC_S
        self.demands: list[Demand] = []  # that commands have made
        self.waiting_bytes = WAITING_BYTES
        self.calls = 0
        self.recordings = 0
        self.already_kept = 0
        self.handed_over = 0  # calls that have ended, known ones among them
        self.warnings: list[str] = []

    def attend(self, lines: Lines, counters: Counters) -> None:
        """Calls come from a capture of these lines from now on."""
        self._counters = counters
        self._steps_back = counters["clock_set_back"]
        self._passed_ns = -1
        self._book = ConversationBook(
            lines, counters, tape=self._tape, closed=self._close, id_of=_id_of, changed=self._decide
        )

    def reported_by(
        self, report: Callable[[Call], MediaReport | None], remembered: Callable[[Call], RememberedMedia | None]
    ) -> None:
        """Who knows what there is to say of the audio of calls that go on, and what of it must be remembered."""
        self._report, self._remembered = report, remembered

    def adopt(self, lines: Lines, *, encoding: str, prompts: Prompts | None) -> None:
        """The settings have changed: this holds for calls that begin from now on."""
        self._book.lines, self._prompts, self._g711 = lines, prompts, encoding == "g711"

    def lost_in_capture(self) -> None:
        """Packets were lost before we could read them: whose, nobody knows, but one of the calls under way."""
        for one in self._book.open.values():
            one.flags.add(LOST_IN_CAPTURE)

    def lost_of(self, call: Call) -> None:
        """Packets of this one."""
        leg = self._book.leg(call)
        if leg is not None:
            leg.conversation.flags.add(LOST_IN_CAPTURE)

    @contextlib.contextmanager
    def recalling(self) -> Iterator[None]:
        """Calls that begin in a `with` of this began before this process did."""
        self._recalling = True
        yield
        self._recalling = False

    def open_ids(self) -> set[str]:
        """The conversations that aren't entered yet."""
        return {one.id for one in self._book.open.values()} | {one.call.id for one in self._finished}

    def open_call_ids(self) -> set[str]:
        """The SIP Call-IDs of their legs."""
        return {leg.call.call_id for one in self._book.open.values() for leg in one.legs}

    def goes_on(self, ids: Collection[str]) -> None:
        """These have recordings already: whatever had to be said for that has been said."""
        for one in self._book.open.values():
            if one.id in ids and one.demanded_ns is None and one.lines.has_demands:
                one.demanded_ns = one.started_ns

    @property
    def calls_under_way(self) -> int:
        return len(self._book.open)

    @property
    def under_way(self) -> Collection[Conversation]:
        """The conversations that go on."""
        return self._book.open.values()

    # --- the listener's sink --------------------------------------------------------------------------------

    def began(self, call: Call) -> bool:
        """A leg was seen; the answer says whether its audio may be looked at at all."""
        if self._journal is not None:
            self._journal.began(call)
        leg = self._book.began(call)
        leg.tape.is_recalled = self._recalling
        if self._prompts is not None and not self._recalling and leg.role is Role.FROM_OUTSIDE:
            leg.finder = NoticeFinder(self._prompts, search_s=self._book.lines.notice.search_s)
        if self._tell is not None and not self._recalling:
            self._tell_of(leg)
        # An excluded telephone that calls nobody outside may pick up somebody's call: its audio is listened to as
        # proof of that, and kept nowhere.
        may_pick_up = leg.role is Role.FROM_TELEPHONE and not self._book.lines.is_outside_number(leg.called)
        return leg.conversation.excluded_by is None or may_pick_up

    def answered(self, call: Call) -> None:
        """Somebody took the call."""
        if self._journal is not None:
            self._journal.answered(call)
        self._book.answered(call)
        self._more_is_known(call)

    def replied(self, call: Call, at_ns: int, message: SipMessage) -> None:
        """Who was called has answered in some way."""
        if self._journal is not None:
            self._journal.replied(call)
        self._book.replied(call, at_ns, message)

    def referred(self, call: Call, at_ns: int, party: int, targets: Sequence[str]) -> None:
        """A party asked that the other be connected elsewhere."""
        self._book.referred(call, at_ns, party, targets)

    def pressed(self, call: Call, at_ns: int, party: int, key: str) -> None:
        """A party pressed a key: perhaps the last of the code with which its section asks for a recording."""
        leg = self._book.leg(call)
        if leg is not None and presses(leg, party, key, leg.conversation.lines):
            self._demand(leg.serves, at_ns)

    def listens(self, call: Call, at_ns: int, party: int, endpoints: Sequence[int]) -> None:
        """A party said where it listens."""
        self._book.listens(call, at_ns, party, endpoints)

    def passed(self, at_ns: int) -> None:
        """Time has come to `at_ns`."""
        leap_ns = at_ns - self._passed_ns if self._passed_ns >= 0 else 0
        self._passed_ns = at_ns
        if leap_ns > LEAP_NS:
            for one in self._book.open.values():
                one.leapt_ns += leap_ns
        self._book.passed(at_ns)
        self._sync_s = SYNC_S if len(self._book.open) < MANY else SYNC_OF_MANY_S
        self._shed()

    def audio(self, call: Call, block: AudioBlock) -> None:
        """Take a block of a leg's audio."""
        leg = self._book.heard(call, block)
        if leg is not None:
            if (sides := leg.sides | sides_of(block)) != leg.sides:
                leg.sides = sides
                if self._journal is not None:
                    self._changed[leg.conversation.number] = leg.conversation
                    if (media := self._remembered(call)) is not None:  # without counts, which will not hold for long
                        self._journal.remember(call, replace(media, streams=()))
            if leg.finder is not None and not leg.finder.done:
                heard = TABLE[block.laws[1]][block.codes[:, 1]]  # what the exchange says to who calls
                leg.finder.feed(block.start - leg.prepended, heard)
            leg.tape.audio(block)
            one = leg.conversation
            for demand in self.demands:
                if concerns(demand, one):
                    self._meet(demand, one)
            self._decide(one)
            if one.lines.has_demands and not one.candidates and (section := section_of(one, one.lines)):
                if section.record == "on_demand" and one.demanded_ns is None:
                    leg.tape.keep_newest(section.buffer_s if section.from_the_beginning else 0.0)

    def late(self, call: Call, channel: int, frame: int, codes: NDArray[np.uint8], law: Law) -> None:
        """Put code words into frames that came already."""
        leg = self._book.leg(call)
        if leg is not None:
            leg.tape.late(channel, frame, codes, law)

    def packets(self, call: Call, records: Records) -> None:
        """Keep a leg's packets beside its audio, or let them wait as it does."""
        leg = self._book.leg(call)
        if leg is not None:
            leg.tape.packets(records)

    def prepend(self, call: Call, frames: int) -> None:
        """The leg's audio began so many frames earlier."""
        leg = self._book.leg(call)
        if leg is not None:
            leg.prepended += frames
            leg.tape.prepend(frames)
            self._more_is_known(call)

    def ended(self, call: Call, media: MediaReport | None) -> None:
        """A leg is over."""
        self._book.over(call, media)

    def dropped(self, call: Call) -> None:
        """It was no call: leave nothing of it."""
        self._book.dropped(call)
        if self._journal is not None:
            self._journal.dropped(call)

    # --- between batches ------------------------------------------------------------------------------------

    def finish(self) -> None:
        """The capture is over: so is every conversation."""
        self._book.finish()

    async def settle(self, *, all_of_it: bool = False) -> None:
        """Finish calls that have ended, and sync what is written, when it is time."""
        now_s = self._monotonic_s()
        due = now_s - self._synced_s >= self._sync_s
        group: list[Ended] = []
        if self._finished and (all_of_it or due or len(self._finished) >= GROUP):
            group, self._finished = self._finished, []
            self.handed_over += len(group)
        if due:
            self._describe()
        self.take(await self._keeper.settle(group, sync=due))
        if group or due:
            self._synced_s = now_s

    def told(self) -> list[str]:
        """The warnings until now, each given once: for who doesn't wait for the end."""
        warnings, self.warnings = self.warnings, []
        return warnings

    def leave(self) -> None:
        """Calls go on, but not here: tell their recordings and the journal all that is known, for whoever goes on."""
        if self._journal is not None:
            self._journal.leave()
        for one in self._book.open.values():
            for leg in one.legs:
                media = self._remembered(leg.call)
                if media is not None and self._journal is not None:
                    self._journal.remember(leg.call, media)
            self._changed[one.number] = one
        self._describe()

    def take(self, kept: Kept) -> None:
        """What has become of calls, and what commands have asked."""
        self.calls += len(kept.entered)
        self.recordings += sum(call.recording is not None for call in kept.entered)
        self.already_kept += kept.known
        self._warn(kept.warnings)
        for one in kept.requests:
            if one.kind == "demand":
                self.demands = [*self.demands, Demand(one.fields.get("extension", ""), one.at_ns)][-DEMANDS:]

    # --- in detail ------------------------------------------------------------------------------------------

    def unmet(self) -> list[str]:
        """A sentence for each demand that no call was there for."""
        return [
            f"Extension {one.extension} had no call at {rfc3339(one.at_ns)}: the demand of that time kept nothing."
            for one in self.demands
            if not one.is_met
        ]

    def _tell_of(self, leg: Leg) -> None:
        """An inbound call has begun: whoever plays notices may want to know. Calls that aren't recorded need none."""
        one = leg.conversation
        if self._tell is not None and leg is one.first and leg.role is Role.FROM_OUTSIDE and one.excluded_by is None:
            line = callee(leg.call.invite.to).number
            self._tell(
                Inbound(call_id=leg.call.call_id, caller=leg.presented.number, line=line, at_ns=one.started_ns)
            )

    def _meet(self, demand: Demand, one: Conversation) -> None:
        demand.is_met = True
        self._demand(one, demand.at_ns)

    def _demand(self, one: Conversation, at_ns: int) -> None:
        if one.demanded_ns is None:
            one.demanded_ns = at_ns
            self._decide(one)

    def _shed(self) -> None:
        """Audio that waits takes too much memory: what waits longest is written, or cut if it must not be."""
        waiting = sum(leg.tape.waiting_bytes for one in self._book.open.values() for leg in one.legs)
        for one in list(self._book.open.values()):
            if waiting <= self.waiting_bytes:
                return
            before = sum(leg.tape.waiting_bytes for leg in one.legs)
            one.patience_over = True
            self._decide(one)
            for leg in one.legs:
                if leg.tape.keep_newest(SHED_TO_S):
                    one.flags.add("recording_cut")
            waiting += sum(leg.tape.waiting_bytes for leg in one.legs) - before

    def _decide(self, one: Conversation) -> None:
        """Let each leg's audio be written, wait, or be forgotten, as the rules say now."""
        if not one.lines.are_named:
            for leg in one.legs:
                leg.tape.write()
            return
        forbid(one, one.lines)
        for leg in one.legs:
            now = verdict(one, leg, one.lines)
            if now is Verdict.WRITE:
                self._write(one, leg)
            elif now is Verdict.FORGET:
                leg.tape.forget()
            else:
                leg.tape.wait()

    def _write(self, one: Conversation, leg: Leg) -> None:
        """Write a leg's audio, from the demand on where it takes one."""
        section = section_of(one, one.lines) if one.lines.has_demands else None
        from_now = section is not None and section.record == "on_demand" and not section.from_the_beginning
        leg.tape.write(one.demanded_ns if from_now else None)

    def _tape(self, call: Call) -> Tape:
        return Tape(partial(self._begin, call), partial(self._as_pcm, call), self._fail, g711=self._g711)

    def _begin(self, call: Call, encoding: Encoding, starts_ns: int) -> Part | None:
        part = self._keeper.begin(self._known_of(call), encoding=encoding, starts_ns=starts_ns)
        leg = self._book.leg(call)
        if self._journal is None and leg is not None and len(leg.conversation.legs) == 1:
            self._changed.pop(leg.conversation.number, None)  # its only recording tells all of it by now
        return part

    def _as_pcm(self, call: Call, old: Part, decode: Decode) -> Part:
        return self._keeper.go_on_as_pcm(self._known_of(call), old, decode)

    def _record_of(self, one: Conversation) -> CallRecord:
        return record_of(one, one.lines, self._keeper.salt)

    def _known_of(self, call: Call) -> CallRecord:
        leg = self._book.leg(call)
        assert leg is not None, "audio of a leg that was forgotten"
        return self._record_of(leg.conversation)

    def _close(self, one: Conversation) -> None:
        """Enter a conversation, with its recording if it was answered and has one."""
        if self._counters["clock_set_back"] > self._steps_back:  # its times, or its end, aren't the machine's
            one.flags.add(CLOCK_STEPPED)
        for demand in self.demands:
            if concerns(demand, one):
                self._meet(demand, one)
        self._decide(one)
        main = recording_leg(one)
        if not main.tape.has_audio and one.excluded_by is None:
            # The leg that should be the recording is mute: another has what was said.
            main = next((leg for leg in one.legs if leg.tape.has_audio and not leg.tape.is_forgotten), main)
            one.recorder = main
        record = self._record_of(one)
        if record.outcome != "excluded" and record.answered_ns is not None and not main.tape.is_known:
            if not main.tape.is_written:
                self._write(one, main)
                record = self._record_of(one)
        notes = self._journal.over([leg.call for leg in one.legs]) if self._journal is not None else ()
        if main.tape.is_known:
            self.already_kept += 1
            self.handed_over += 1
            return
        for leg in one.legs:
            if leg is not main or record.outcome != "recorded":
                leg.tape.forget()
        self._finished.append(Ended(record, main.tape.part, notes))

    def _more_is_known(self, call: Call) -> None:
        leg = self._book.leg(call)
        if leg is not None:
            self._changed[leg.conversation.number] = leg.conversation

    def _describe(self) -> None:
        """Tell the recordings that grow what has become known of their calls: after a crash it is all there is."""
        changed, self._changed = self._changed, {}
        for one in changed.values():
            if one.number not in self._book.open:
                continue
            for leg in one.legs:
                if leg.tape.part is not None:
                    try:
                        self._keeper.describe(leg.tape.part, self._record_by_now(one))
                    except DiskFailed as error:
                        self._fail(error)

    def _record_by_now(self, one: Conversation) -> CallRecord:
        """What is known of a conversation, its audio until now included."""
        going_on = [leg for leg in one.legs if not leg.is_over and leg.tape.part is not None]
        for leg in going_on:
            leg.media = self._report(leg.call)
        record = self._record_of(one)
        for leg in going_on:
            leg.media = None
        return record

    def _fail(self, error: DiskFailed) -> None:
        self._warn([str(error)])

    def _warn(self, sentences: Sequence[str]) -> None:
        self.warnings += sentences[: max(0, WARNINGS - len(self.warnings))]


def _id_of(call: Call) -> str:
    name = f"{call.call_id}\0{call.caller_tag}\0{call.started_ns}".encode("utf-8", "surrogateescape")
    return f"{call.started_ns // 1_000_000_000:x}-{hashlib.sha256(name).hexdigest()[:12]}"
