"""What the process that writes does with what a capture process says."""

from __future__ import annotations

import socket
import time
from collections.abc import Mapping

from recorder.figures.values import Figures
from recorder.keeping.deferred import DeferredKeeper, DeferredPart
from recorder.keeping.keeper import Ended
from recorder.processes import messages as say
from recorder.processes.link import Incoming, LinkClosed, send
from storage.requests import Request
from storage.wav import ENCODINGS


class Served:
    """One capture process, as the keeper that it has here. `number` tells it from the others, from start to start."""

    def __init__(self, number: int, end: socket.socket) -> None:
        self.number = number
        self._socket = end
        self._incoming = Incoming(end)
        self._parts: dict[int, DeferredPart] = {}
        self._keeper: DeferredKeeper
        self.stands: set[str] | None = None  # the calls that stand again, once it has said so
        self.ready: int | None = None  # how many go on, once it records
        self.ended: list[Ended] = []  # since they were last taken
        self.wants_sync = False
        self.handed_over = 0  # calls that have ended
        self.figures: Figures | None = None
        self.heard_s = time.monotonic()  # when it last said anything
        self.is_over = False

    def fileno(self) -> int:
        return self._incoming.fileno()

    @property
    def prefix(self) -> str:
        """Of the names under which its calls are noted."""
        return f"{self.number}-"

    def since_ns(self) -> int:
        """Since when its rings are open; waits until they are. `LinkClosed` if they can't be."""
        opened: say.Opened = self._incoming.wait(say.Opened)
        return opened.since_ns

    def welcome(self, keeper: DeferredKeeper, notes: Mapping[str, list[bytes]]) -> None:
        """The store is open; `notes` are all that an earlier recorder left. `LinkClosed` if it is gone."""
        self._keeper = keeper
        mine = {name.removeprefix(self.prefix): lines for name, lines in notes.items() if name.startswith(self.prefix)}
        send(self._socket, [say.Welcome(keeper.salt, mine)])

    def go_on(self, encodings: Mapping[str, int]) -> None:
        """These recordings go on, of whichever process: it knows its own. `LinkClosed` if it is gone."""
        send(self._socket, [say.GoesOn(dict(encodings))])

    def tell(self, requests: list[Request]) -> None:
        """Commands ask something."""
        if not self.is_over:
            try:
                send(self._socket, [say.Requested(requests)])
            except LinkClosed:
                self.is_over = True

    def take(self) -> None:
        """Do what it has said by now. `is_over` once it will say nothing more."""
        try:
            messages = self._incoming.take()
        except LinkClosed:
            self.is_over = True
            return
        self.heard_s = time.monotonic()
        for message in messages:
            self._do(message)

    def _do(self, message: object) -> None:
        keeper, parts = self._keeper, self._parts
        match message:
            case say.Audio(part, frame, data):
                parts[part].write(frame, data)
            case say.Packets(part, records):
                parts[part].write_packets(memoryview(records))
            case say.PacketsLacking(part):
                parts[part].lack_packets()
            case say.Turn(sync):
                self.wants_sync |= sync
            case say.Begun(part, call, encoding, starts_ns):
                parts[part] = keeper.begin(call, encoding=ENCODINGS[encoding], starts_ns=starts_ns)
            case say.Described(part, call):
                keeper.describe(parts[part], call)
            case say.Over(call, part, notes, shed):
                ending = None if part is None else parts.pop(part)
                if ending is not None:
                    ending.shed += shed
                self.ended.append(Ended(call, ending, tuple(self.prefix + name for name in notes)))
                self.handed_over += 1
            case say.Noted(name, lines):
                keeper.note(self.prefix + name, lines)
            case say.Dropped(names):
                keeper.drop_notes([self.prefix + name for name in names])
            case say.Counted(day, grown, at_ns):
                keeper.tally(day, grown, at_ns)
            case say.Channel(part, frame, channel, samples):
                parts[part].write_channel(frame, channel, samples)
            case say.Inserted(part, frames):
                parts[part].insert(frames)
            case say.Discarded(part):
                parts.pop(part).discard()
            case say.AsPcm(part, old, call, decode):
                parts[part] = keeper.go_on_as_pcm(call, parts.pop(old), decode)
            case say.Told(figures):
                self.figures = figures
            case say.Stands(ids):
                self.stands = ids
            case say.Ready(calls):
                self.ready = calls
            case _:
                raise TypeError(f"a capture process said {message!r:.100}")
