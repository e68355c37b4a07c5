"""From frames to a session: what stands between one capture and the store, be it a file or a live line.

Feed every block to `Hearing.feed`; on a live line say `quiet` when none came, and `hand_over` several times a second.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from capture.counters import Counters
from capture.frames import FrameBlock
from capture.listener import Listener
from capture.listener import Settings as ListenerSettings
from capture.media.remembered import RememberedMedia
from capture.media.side import MediaSide
from capture.media.taken import Keep
from capture.network.decoder import NetworkDecoder
from capture.packets import AddressBook
from capture.sink import CallName, Recalled
from capture.sip.admission import Rates
from capture.sip.message import Caps
from recorder.days import Days, Put
from recorder.lines import Lines
from recorder.notice import Prompts
from recorder.redaction import redacted
from recorder.session import Session
from recorder.settings import Settings
from recorder.signalling_journal import SignallingJournal

CLOCK_SET_BACK = "clock_set_back"


def listener_settings(settings: Settings) -> ListenerSettings:
    """The office's settings, as far as they concern listening."""
    return ListenerSettings(
        silence_ns=int(settings.media.silence_ends_call_s * 1e9),
        wait_ns=int(settings.media.early_audio_wait_s * 1e9),
        keys=any(section.record == "on_demand" for section in settings.sections),
        streams=settings.limits.tcp_streams,
        unheard_calls=settings.limits.dialogs_without_answer,
        caps=Caps(
            message=settings.limits.sip_message_bytes,
            headers=settings.limits.sip_headers,
            header_line=settings.limits.sip_header_bytes,
        ),
        rates=Rates(
            dialogs=settings.limits.new_dialogs_a_second,
            dialogs_of_source=settings.limits.new_dialogs_a_second_of_a_source,
            others=settings.limits.other_sip_a_second,
        ),
    )


def decoder_of(settings: Settings, book: AddressBook, counters: Counters) -> NetworkDecoder:
    """A decoder of frames, as the office has it."""
    return NetworkDecoder(
        book,
        counters,
        vxlan_ports=settings.capture.vxlan_ports,
        max_datagrams=settings.limits.reassembly_datagrams,
        max_fragment_bytes=settings.limits.reassembly_bytes,
    )


class Hearing:
    """One capture's decoder, listener and days. Calls begin in `session`; `put` takes what is counted, by day.

    `read` are the counters of whoever reads the frames, `counters` those of all that comes after, both by reference;
    `frames` is the reader's name for its frames. With `far`, audio is not taken from packets here: it tells of it.
    """

    def __init__(
        self,
        session: Session,
        settings: Settings,
        *,
        read: Counters,
        counters: Counters,
        put: Put,
        frames: str = "file_frames",
        journal: SignallingJournal | None = None,
        far: MediaSide | None = None,
    ) -> None:
        self._session, self._settings = session, settings
        self._read, self._counters, self._put, self._frames = read, counters, put, frames
        self._journal, self._far = journal, far
        self.book = AddressBook()
        self._decoder = decoder_of(settings, self.book, counters)
        if journal is not None:
            journal.attend(self.book)
        self._lines = Lines(settings, self.book)
        self._begin()

    def _begin(self) -> None:
        self._session.attend(self._lines, self._counters)
        is_kept = self._settings.recording.packets and self._far is None
        self._listener = Listener(
            self._session, self.book, self._counters, listener_settings(self._settings), tap=self._journal,
            keep=Keep(self._session.packets, redacted) if is_kept else None, far=self._far,
        )  # fmt: skip
        self._session.reported_by(self._listener.report, self._listener.remembered)
        self._days = Days(self._read, self._counters, self._put, frames=self._frames)
        self._set_back = self._counters[CLOCK_SET_BACK]

    def believe_the_clock(self) -> None:
        """On a live line, often: a clock that was set back is believed again once no call is under way.

        Until then times go on from where they were, for the sake of those that are.
        """
        if self._counters[CLOCK_SET_BACK] > self._set_back and not (
            self._session.calls_under_way or self._listener.calls
        ):
            before = self._listener
            self._days.finish()
            self._begin()
            self._listener.goes_on_from(before)

    @property
    def now_ns(self) -> int:
        """The capture's present, -1 before the first packet."""
        return self._listener.now_ns

    def feed(self, block: FrameBlock) -> None:
        """Take the next frames."""
        for piece in self._days.pieces(block):
            self._listener.feed(self._decoder.decode(piece))

    def recall(
        self, messages: Sequence[Recalled], media: Mapping[CallName, RememberedMedia], now_ns: int | None
    ) -> None:
        """Before the first frame: calls that another process left under way stand again."""
        with self._session.recalling():
            self._listener.recall(messages, now_ns, media)

    def elapse(self, at_ns: int) -> None:
        """It is `at_ns` in the capture's time, and no frame has come since the last one."""
        self._listener.elapse(at_ns)
        self._days.finish(at_ns)

    def lost_in_capture(self) -> None:
        """Packets of the calls under way, or of some of them, were lost before they could be read."""
        self._session.lost_in_capture()

    def hand_over(self) -> None:
        """Let the audio that came until now go on its way to the disk."""
        self._listener.hand_over()

    def adopt(self, settings: Settings) -> None:
        """Settings have changed: they hold for calls that begin from now on, as far as they can without a restart."""
        prompts = Prompts.load(settings.notice.prompts) if settings.notice.prompts else None
        self._settings, before = settings, self._lines
        self._lines = Lines(settings, self.book)
        self._lines.remember(before)
        self._session.adopt(self._lines, encoding=settings.recording.encoding, prompts=prompts)
        self._listener.adopt(listener_settings(settings))

    def leave(self) -> None:
        """Stop here, though calls go on: all audio until now is handed over, and everything is counted."""
        self._listener.leave()
        self._session.leave()
        self._days.finish(self._listener.now_ns if self._listener.now_ns >= 0 else None)

    def finish(self) -> None:
        """The capture is over, and so is every call."""
        self._listener.finish()
        self._session.finish()
        self._days.finish()
