"""From frames to a session: what stands between one capture and the store, be it a file or a live line.

Feed every block to `Hearing.feed`; on a live line say `elapse` when none came, and `hand_over` several times a second.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from capture.counters import Counters
from capture.listener import Listener
from capture.media.remembered import RememberedMedia
from capture.media.side import MediaSide
from capture.media.taken import Keep
from capture.sink import CallName, Recalled
from recorder.days import Put
from recorder.following import Following, listener_settings
from recorder.lines import Lines
from recorder.notice import Prompts
from recorder.redaction import redacted
from recorder.session import Session
from recorder.settings import Settings
from recorder.signalling_journal import SignallingJournal


class Hearing(Following):
    """Calls begin in `session`; `journal` is told what has to be known of them after a restart. With `far`, audio is
    not taken from packets here: it tells of it."""

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
        super().__init__(settings, read=read, counters=counters, put=put, frames=frames)
        self._session = session
        self._journal, self._far = journal, far
        if journal is not None:
            journal.attend(self.book)
        self._lines = Lines(settings, self.book)
        self._begin()

    def _new_listener(self) -> Listener:
        self._session.attend(self._lines, self.counters)
        is_kept = self._settings.recording.packets and self._far is None
        listener = Listener(
            self._session, self.book, self.counters, listener_settings(self._settings), tap=self._journal,
            keep=Keep(self._session.packets, redacted) if is_kept else None, far=self._far,
        )  # fmt: skip
        self._session.reported_by(listener.report, listener.remembered)
        return listener

    @property
    def _speak(self) -> bool:
        return bool(self._session.calls_under_way) or super()._speak

    def recall(
        self, messages: Sequence[Recalled], media: Mapping[CallName, RememberedMedia], now_ns: int | None
    ) -> None:
        """Before the first frame: calls that another process left under way stand again."""
        with self._session.recalling():
            self._listener.recall(messages, now_ns, media)

    def lost_in_capture(self) -> None:
        """Packets of the calls under way, or of some of them, were lost before they could be read."""
        self._session.lost_in_capture()

    def adopt(self, settings: Settings) -> None:
        """Settings have changed: they hold for calls that begin from now on, as far as they can without a restart."""
        prompts = Prompts.load(settings.notice.prompts) if settings.notice.prompts else None
        self._settings, before = settings, self._lines
        self._lines = Lines(settings, self.book)
        self._lines.remember(before)
        self._session.adopt(self._lines, encoding=settings.recording.encoding, prompts=prompts)
        self._listener.adopt(listener_settings(settings))

    def _leave_calls(self) -> None:
        self._session.leave()

    def finish(self) -> None:
        """The capture is over, and so is every call."""
        self._listener.finish()
        self._session.finish()
        self._days.finish()
