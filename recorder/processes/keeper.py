"""The keeper of a capture process: what is to be kept goes to the process that writes, and is never waited for.

If that process stands still, what is said waits in memory, up to a bound; then the newest audio is shed, and each call
that this hurts says so, as with a disk that hangs (`recorder.keeping.deferred`).
"""

from __future__ import annotations

import socket
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from numpy.typing import NDArray

from recorder.figures.values import Figures
from recorder.keeping.deferred import join
from recorder.keeping.keeper import Decode, Ended, Kept, Part
from recorder.problems import Unusable
from recorder.processes import messages as say
from recorder.processes.link import Incoming, LinkClosed, Outgoing
from storage.records import CallRecord
from storage.wav import ENCODINGS, PCM16, RATE_HZ, Encoding

GONE = "The process that writes is gone."


class SentPart:
    """A growing recording whose file another process has. Frames and times are as the session knows them."""

    def __init__(self, outgoing: Outgoing, number: int, *, encoding: Encoding, starts_ns: int, frames: int = 0) -> None:
        self._outgoing = outgoing
        self.number = number
        self.encoding = encoding
        self.starts_ns = starts_ns
        self.frames = frames
        self.shed: list[tuple[int, int]] = []  # frames for which there was no room

    def write(self, frame: int, data: Any) -> None:
        copy = bytes(memoryview(data))
        end = frame + len(copy) // (2 * self.encoding.sample_bytes)
        if not self._outgoing.put(say.Audio(self.number, frame, copy), len(copy)):
            join(self.shed, frame, end)
        self.frames = max(self.frames, end)

    def write_channel(self, frame: int, channel: int, samples: NDArray[Any]) -> None:
        copy = samples.copy()
        if not self._outgoing.put(say.Channel(self.number, frame, channel, copy), copy.nbytes):
            join(self.shed, frame, frame + len(copy))

    def insert(self, frames: int) -> None:
        self.frames += frames
        self.starts_ns -= frames * 1_000_000_000 // RATE_HZ
        self.shed = [(lo + frames, hi + frames) for lo, hi in self.shed]
        self._outgoing.put(say.Inserted(self.number, frames))

    def write_packets(self, records: memoryview) -> None:
        copy = bytes(records)
        if not self._outgoing.put(say.Packets(self.number, copy), len(copy)):
            self.lack_packets()

    def lack_packets(self) -> None:
        self._outgoing.put(say.PacketsLacking(self.number))

    def discard(self) -> None:
        self._outgoing.put(say.Discarded(self.number))


class SentKeeper:
    """A keeper over one end of a socket, whose other end is `recorder.processes.served`."""

    def __init__(self, end: socket.socket, *, memory_bytes: int) -> None:
        """Waits until the store is open. `Unusable` if it never is."""
        self._incoming = Incoming(end)
        self._outgoing = Outgoing(end, most_bytes=memory_bytes)
        self._going_on: dict[str, Encoding] = {}
        self._parts = 0
        try:
            welcome: say.Welcome = self._incoming.wait(say.Welcome)
        except LinkClosed as problem:
            raise Unusable(GONE) from problem
        self.salt, self._notes = welcome

    # --- at the start ---------------------------------------------------------------------------------------

    def notes(self) -> dict[str, list[bytes]]:
        """What was noted of calls that an earlier process left under way."""
        return self._notes

    def go_on(self, ids: Collection[str]) -> set[str]:
        """With which of these calls' recordings it goes on. Waits."""
        self._outgoing.put(say.Stands(set(ids)))
        self._outgoing.flush()
        try:
            goes_on: say.GoesOn = self._incoming.wait(say.GoesOn)
        except LinkClosed as problem:
            raise Unusable(GONE) from problem
        self._going_on = {one: ENCODINGS[tag] for one, tag in goes_on.encodings.items()}
        return set(self._going_on)

    def ready(self, calls: int) -> None:
        """The start is over."""
        self._outgoing.put(say.Ready(calls))
        self._outgoing.flush()

    # --- as any keeper --------------------------------------------------------------------------------------

    @property
    def waiting_bytes(self) -> int:
        """Audio that waits to be sent."""
        return self._outgoing.waiting_bytes

    @property
    def shed_bytes(self) -> int:
        """Audio that was shed since the start."""
        return self._outgoing.shed_bytes

    def begin(self, call: CallRecord, *, encoding: Encoding, starts_ns: int) -> SentPart:
        encoding = self._going_on.pop(call.id, encoding)
        part = SentPart(self._outgoing, self._next(), encoding=encoding, starts_ns=starts_ns)
        self._outgoing.put(say.Begun(part.number, call, encoding.tag, starts_ns))
        return part

    def go_on_as_pcm(self, call: CallRecord, old: Part, decode: Decode) -> SentPart:
        assert isinstance(old, SentPart)
        part = SentPart(
            self._outgoing, self._next(), encoding=PCM16, starts_ns=old.starts_ns, frames=old.frames
        )
        part.shed = old.shed
        self._outgoing.put(say.AsPcm(part.number, old.number, call, decode))
        return part

    def describe(self, part: Part, call: CallRecord) -> None:
        assert isinstance(part, SentPart)
        self._outgoing.put(say.Described(part.number, call))

    def tally(self, day: str, grown: Mapping[str, int], at_ns: int | None) -> None:
        copy = {reason: count for reason, count in grown.items() if count}
        if copy or at_ns is not None:
            self._outgoing.put(say.Counted(day, copy, at_ns))

    def note(self, name: str, lines: bytes) -> None:
        """Note more of a call under way."""
        self._outgoing.put(say.Noted(name, lines))

    def drop_notes(self, names: Sequence[str]) -> None:
        """These calls came to nothing."""
        if names:
            self._outgoing.put(say.Dropped(list(names)))

    async def settle(self, ended: Sequence[Ended], *, sync: bool) -> Kept:
        """What becomes of the calls is told by who writes; what comes back are requests. `Unusable` if it is gone."""
        for call, part, notes in ended:
            assert part is None or isinstance(part, SentPart)
            number, shed = (None, []) if part is None else (part.number, part.shed)
            self._outgoing.put(say.Over(call, number, tuple(notes), shed))
        self._outgoing.put(say.Turn(sync))
        self._outgoing.flush()
        if self._outgoing.is_broken:
            raise Unusable(GONE)
        try:
            return Kept(requests=[one for message in self._incoming.take() for one in message.requests])
        except LinkClosed as problem:
            raise Unusable(GONE) from problem

    def tell(self, figures: Figures) -> None:
        """How things are, for who asks the process that writes."""
        self._outgoing.put(say.Told(figures))

    def close(self, *, timeout_s: float) -> Kept:
        """Send what is left."""
        kept = Kept()
        if not self._outgoing.close(timeout_s):
            kept.warnings.append("Not everything could be handed to the process that writes.")
        self.is_closed = not kept.warnings
        return kept

    is_closed = False

    def abandon(self, *, timeout_s: float) -> None:
        """As `close`; what goes wrong doesn't matter any more."""
        self._outgoing.close(timeout_s)

    def _next(self) -> int:
        self._parts += 1
        return self._parts
