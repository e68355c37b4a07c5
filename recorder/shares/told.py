"""What becomes of what an ear says, in the process that follows the conversations."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from capture.counters import Counters
from capture.dialogs.call import Call
from capture.media.far import Far
from capture.media.g711 import SILENCE, AudioBlock, Law
from capture.media.records import Records
from capture.packets import AddressBook
from capture.sink import CallName
from recorder.following import CLOCK_SET_BACK
from recorder.remembering import from_fields
from recorder.session import Session
from recorder.shares import messages as say


class Told:
    """Gives what is said of calls to `session`, by way of `far`, which knows them by name. `book` and `counters` are
    the listener's."""

    def __init__(self, session: Session, far: Far, book: AddressBook, counters: Counters) -> None:
        self._session, self._far, self._book, self._counters = session, far, book, counters
        self._clock_set_back = 0  # as the first ear that notices tells it

    def take(self, message: object) -> None:
        """What is of no call is not for here: TypeError."""
        match message:
            case say.Audio(name, start, codes, laws, starts_ns, silent):
                frames = np.frombuffer(codes, np.uint8).reshape(-1, 2)
                self._audio(name, AudioBlock(start, frames, (Law(laws[0]), Law(laws[1])), starts_ns, silent))
            case say.Shed(name, start, frames, laws, starts_ns):
                left, right = Law(laws[0]), Law(laws[1])
                lost = np.tile(np.array([SILENCE[left], SILENCE[right]], np.uint8), (frames, 1))
                self._audio(name, AudioBlock(start, lost, (left, right), starts_ns, [(0, 0, frames), (1, 0, frames)]))
                self._far.take(name, lambda call, _: self._session.lost_of(call))
            case say.Late(name, channel, frame, codes, law):
                words = np.frombuffer(codes, np.uint8)
                self._far.take(name, lambda call, _: self._session.late(call, channel, frame, words, Law(law)))
            case say.Prepended(name, frames):
                self._far.take(name, lambda call, _: self._session.prepend(call, frames))
            case say.Packets(name, time_ns, size, data):
                records = Records(
                    np.frombuffer(time_ns, np.int64), np.frombuffer(size, np.int64), np.frombuffer(data, np.uint8)
                )
                self._far.take(name, lambda call, _: self._session.packets(call, records))
            case say.Pressed(name, at_ns, party, key):
                self._far.take(name, lambda call, late_ns: self._session.pressed(call, at_ns + late_ns, party, key))
            case say.Reported(name, report, remembered):
                media = None if remembered is None else from_fields(remembered, self._book)
                self._far.take_report(name, report, media)
            case say.Heard(_, active, clock_set_back):
                if clock_set_back > self._clock_set_back:
                    self._counters.add(CLOCK_SET_BACK, clock_set_back - self._clock_set_back)
                    self._clock_set_back = clock_set_back
                for name, at_ns in active.items():
                    self._far.take_activity(name, at_ns)
            case _:
                raise TypeError(f"an ear said {message!r:.100}")

    def _audio(self, name: CallName, block: AudioBlock) -> None:
        def said(call: Call, late_ns: int) -> None:
            self._session.audio(call, replace(block, starts_ns=block.starts_ns + late_ns) if late_ns else block)

        self._far.take(name, said)
