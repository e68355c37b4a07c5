"""From frames to a listener: what everybody does who follows a line, whatever becomes of what is heard."""

from __future__ import annotations

from abc import ABC, abstractmethod

from capture.counters import Counters
from capture.frames import FrameBlock
from capture.listener import Listener
from capture.listener import Settings as ListenerSettings
from capture.network.decoder import NetworkDecoder
from capture.packets import AddressBook
from capture.sip.admission import Rates
from capture.sip.message import Caps
from recorder.days import Days, Put
from recorder.settings import Settings

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


class Following(ABC):
    """One capture's decoder, listener and days. `put` takes what is counted, by day.

    `read` are the counters of whoever reads the frames, `counters` those of all that comes after, both by reference;
    `frames` is the reader's name for its frames. Who inherits calls `_begin` when it can make a listener.
    """

    def __init__(self, settings: Settings, *, read: Counters, counters: Counters, put: Put, frames: str) -> None:
        self._settings = settings
        self.counters = counters
        self._read, self._put, self._frames = read, put, frames
        self.book = AddressBook()
        self._decoder = NetworkDecoder(
            self.book,
            counters,
            vxlan_ports=settings.capture.vxlan_ports,
            max_datagrams=settings.limits.reassembly_datagrams,
            max_fragment_bytes=settings.limits.reassembly_bytes,
        )

    @abstractmethod
    def _new_listener(self) -> Listener:
        """A listener that knows no call yet."""

    def _begin(self) -> None:
        self._listener = self._new_listener()
        self._days = Days(self._read, self.counters, self._put, frames=self._frames)
        self._set_back = self.counters[CLOCK_SET_BACK]

    @property
    def _speak(self) -> bool:
        """Whether any call is under way."""
        return bool(self._listener.calls)

    @property
    def now_ns(self) -> int:
        """The capture's present, -1 before the first packet."""
        return self._listener.now_ns

    def feed(self, block: FrameBlock) -> None:
        """Take the next frames."""
        for piece in self._days.pieces(block):
            self._hear(piece)

    def _hear(self, block: FrameBlock) -> None:
        self._listener.feed(self._decoder.decode(block))

    def elapse(self, at_ns: int) -> None:
        """It is `at_ns` in the capture's time, and no frame has come since the last one."""
        self._listener.elapse(at_ns)
        self._days.finish(at_ns)

    def hand_over(self) -> None:
        """Let the audio that came until now go on its way."""
        self._listener.hand_over()

    def believe_the_clock(self) -> None:
        """On a live line, often: a clock that was set back is believed again once no call is under way.

        Until then times go on from where they were, for the sake of those that are.
        """
        if self.counters[CLOCK_SET_BACK] > self._set_back and not self._speak:
            before = self._listener
            self._days.finish()
            self._begin()
            self._listener.goes_on_from(before)

    def leave(self) -> None:
        """Stop here, though calls go on: all audio until now is handed over, and everything is counted."""
        self._listener.leave()
        self._leave_calls()
        self._days.finish(self._listener.now_ns if self._listener.now_ns >= 0 else None)

    @abstractmethod
    def _leave_calls(self) -> None:
        """What else there is to say of calls that go on."""
