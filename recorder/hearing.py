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


class Hearing:
    """One capture's decoder, listener and days. Calls begin in `session`; `put` takes what is counted, by day.

    `read` are the counters of whoever reads the frames, `counters` those of all that comes after, both by reference;
    `frames` is the reader's name for its frames.
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
    ) -> None:
        self._session = session
        book = AddressBook()
        self._decoder = NetworkDecoder(
            book,
            counters,
            vxlan_ports=settings.capture.vxlan_ports,
            max_datagrams=settings.limits.reassembly_datagrams,
            max_fragment_bytes=settings.limits.reassembly_bytes,
        )
        self._book = book
        session.attend(Lines(settings, book), counters)
        if journal is not None:
            journal.attend(book)
        keep = Keep(session.packets, redacted) if settings.recording.packets else None
        self._listener = Listener(session, book, counters, listener_settings(settings), tap=journal, keep=keep)
        session.reported_by(self._listener.report, self._listener.remembered)
        self._days = Days(read, counters, put, frames=frames)

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
        self._session.adopt(Lines(settings, self._book), encoding=settings.recording.encoding, prompts=prompts)
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
