"""An ear: hears all signalling of a line, and takes the audio of its share of the calls.

What it finds it says in `recorder.shares.messages`, in the order of capture. It follows no conversation and keeps no
file; of calls that aren't its own it says nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from capture.counters import Counters
from capture.dialogs.call import Call
from capture.frames import FrameBlock
from capture.listener import Listener
from capture.media.g711 import AudioBlock, Law
from capture.media.records import Records
from capture.media.report import MediaReport
from capture.media.taken import Keep
from capture.sink import CallName
from capture.sip.message import SipMessage
from recorder.days import Put
from recorder.figures.calls import sides_of
from recorder.following import CLOCK_SET_BACK, Following, listener_settings
from recorder.redaction import redacted
from recorder.remembering import as_fields
from recorder.settings import Settings
from recorder.shares import messages as say
from recorder.shares.account import RTP_PACKETS
from recorder.shares.owner import owner_of
from recorder.signalling_journal import SignallingJournal

Tell = Callable[[object, int], bool]  # a message, and how much audio is in it; whether there was room for that
ACTIVITY_NS = 1_000_000_000  # how often it is told which calls have packets


class Ear(Following):
    """The share `number` of `of`; a `recorder.live.Heeded`. `read` are the counters of whoever reads the frames, which
    it counts as `frames`; `put` takes what is counted, by day."""

    def __init__(
        self, number: int, of: int, settings: Settings, tell: Tell, *, read: Counters, put: Put,
        frames: str = "wire_frames",
    ) -> None:  # fmt: skip
        super().__init__(settings, read=read, counters=Counters(), put=put, frames=frames)
        self._number, self._of = number, of
        self._tell = tell
        self._begin()

    def _new_listener(self) -> Listener:
        self._active: dict[CallName, int] = {}
        self._active_ns = 0  # a clock that is believed anew may be an hour behind
        sink = _Telling(self._is_ours, self._report, self._tell)
        keep = Keep(sink.packets, redacted) if self._settings.recording.packets else None
        return Listener(
            sink, self.book, self.counters, listener_settings(self._settings), keep=keep, is_ours=self._is_ours
        )

    def recall(self, notes: Mapping[str, Sequence[bytes]], now_ns: int) -> None:
        """Before the first frame: calls that another recorder left under way stand again."""
        journal = SignallingJournal(lambda name, lines: None, lambda names: None)
        journal.attend(self.book)
        self._listener.recall(journal.recall(notes), now_ns, journal.recall_media(notes))

    def _hear(self, block: FrameBlock) -> None:
        before = self._listener.rtp_packets
        super()._hear(block)
        self.counters.add(RTP_PACKETS, self._listener.rtp_packets - before)

    def lost_in_capture(self) -> None:
        """Packets were lost before they could be read."""
        self._tell(say.Lost(1), 0)

    def turn(self, until_ns: int) -> None:
        """Say how far it has come: it was fed all frames up to then (`recorder.shares.moments`)."""
        now_ns = self._listener.now_ns
        news: dict[CallName, int] = {}
        if now_ns - self._active_ns >= ACTIVITY_NS:
            active, self._active_ns = self._listener.activity, now_ns
            news = {name: at_ns for name, at_ns in active.items() if self._active.get(name) != at_ns}
            self._active = active
        self._tell(say.Heard(until_ns, news, self.counters[CLOCK_SET_BACK]), 0)

    def forbid(self, call: CallName) -> None:
        """Nothing of this call may be kept."""
        self._listener.forbid(call)

    def adopt(self, settings: Settings) -> None:
        """Settings have changed."""
        self._settings = settings
        self._listener.adopt(listener_settings(settings))

    def _leave_calls(self) -> None:
        for call in self._listener.calls:
            if self._is_ours(call):
                self._tell(self._report(call), 0)

    def finish(self) -> None:
        """The capture is over, and so is every call."""
        self._listener.finish()
        self._days.finish()

    def _is_ours(self, call: Call) -> bool:
        return owner_of(call.call_id, self._of) == self._number

    def _report(self, call: Call) -> say.Reported:
        remembered = self._listener.remembered(call)
        fields = None if remembered is None else as_fields(remembered, self.book)
        return say.Reported(_name(call), self._listener.report(call), fields)


class _Telling:
    """A `capture.sink.CallSink` that tells of its own calls. Before audio that changes what there is to say of
    a call, it says that."""

    def __init__(self, is_ours: Callable[[Call], bool], report: Callable[[Call], say.Reported], tell: Tell) -> None:
        self._is_ours, self._report, self._tell = is_ours, report, tell
        self._sides: dict[int, int] = {}  # by call: on which anything was heard

    def audio(self, call: Call, block: AudioBlock) -> None:
        before = self._sides.get(call.number)
        sides = (before or 0) | sides_of(block)
        if sides != before:
            self._sides[call.number] = sides
            self._tell(self._report(call), 0)
        laws = (block.laws[0].value, block.laws[1].value)
        message = say.Audio(_name(call), block.start, block.codes.tobytes(), laws, block.starts_ns, list(block.silent))
        if not self._tell(message, block.codes.nbytes):
            self._tell(say.Shed(_name(call), block.start, len(block.codes), laws, block.starts_ns), 0)

    def late(self, call: Call, channel: int, frame: int, codes: NDArray[np.uint8], law: Law) -> None:
        self._tell(say.Late(_name(call), channel, frame, codes.tobytes(), law.value), 0)

    def prepend(self, call: Call, frames: int) -> None:
        self._tell(say.Prepended(_name(call), frames), 0)

    def packets(self, call: Call, records: Records) -> None:
        columns = records.time_ns.tobytes(), records.size.tobytes(), records.data.tobytes()
        self._tell(say.Packets(_name(call), *columns), 0)

    def pressed(self, call: Call, at_ns: int, party: int, key: str) -> None:
        if self._is_ours(call):
            self._tell(say.Pressed(_name(call), at_ns, party, key), 0)

    def ended(self, call: Call, media: MediaReport | None) -> None:
        if self._is_ours(call):
            self._sides.pop(call.number, None)
            self._tell(say.Reported(_name(call), media, None), 0)

    def dropped(self, call: Call) -> None:
        self._sides.pop(call.number, None)

    def began(self, call: Call) -> bool:
        return True

    # Signalling is heard by the leading process itself.

    def answered(self, call: Call) -> None: ...

    def replied(self, call: Call, at_ns: int, message: SipMessage) -> None: ...

    def referred(self, call: Call, at_ns: int, party: int, targets: Sequence[str]) -> None: ...

    def listens(self, call: Call, at_ns: int, party: int, endpoints: Sequence[int]) -> None: ...

    def passed(self, at_ns: int) -> None: ...


def _name(call: Call) -> CallName:
    return call.call_id, call.started_ns
