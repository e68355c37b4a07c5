"""Where the daemon's frames come from: interfaces, or a capture that comes through standard input.

The daemon asks both in the same words: read, what was lost, what has become of the interfaces.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

from capture.files import FollowedCapture
from capture.wire import RingSettings, State, Wire, WireError
from capture.wire.wire import InterfaceStats
from recorder.live_source import LiveSource
from recorder.problems import Unusable
from recorder.sentences import Kind, Sentence
from recorder.settings import Settings

if TYPE_CHECKING:  # the line is opened before all that listens is imported
    from capture.counters import Counters
    from capture.media.side import MediaSide
    from capture.packets import AddressBook
    from recorder.days import Put
    from recorder.session import Session

Opened = TypeVar("Opened")
STANDARD_INPUT = "-"
BLOCK = RingSettings().block_bytes  # a ring is a whole number of them


class Source(LiveSource, Protocol):
    """What the daemon reads, and is told of it."""

    frames: str  # the name under which its frames are counted
    clock_is_ours: bool  # its times are this machine's

    def since_ns(self) -> int | None:
        """Since when no frame is missed, by the machine's clock; None if its times are others'. Raises `Unusable`."""

    def news(self) -> list[str]:
        """A sentence for each change of an interface that wasn't told yet."""

    def status(self) -> str:
        """How it is, in a few words."""

    def stats(self) -> list[InterfaceStats]:
        """The account of each interface."""

    # Where several processes share the line (`recorder.shares`), one of them is this:

    @property
    def far(self) -> MediaSide | None:
        """Who tells of the audio, if it isn't found in these frames."""

    def attend(self, session: Session, book: AddressBook, counters: Counters, put: Put) -> Put:
        """What is told of calls goes to the session, and what is counted to `put`; gives back where what is counted
        here goes. Endpoints are of this book; `counters` those of whoever follows the frames."""

    def recall(self, notes: Mapping[str, list[bytes]], now_ns: int | None) -> None:
        """Before the first frame: notes of calls that an earlier recorder left under way."""

    def reload(self) -> None:
        """The settings have changed."""

    def stop(self) -> None:
        """No more is wanted than what came before now."""

    def counts(self, here: Mapping[str, int]) -> Mapping[str, int]:
        """What was counted, given what was counted here."""


class Alone:
    """Of a source that no other process shares."""

    @property
    def far(self) -> MediaSide | None:
        return None

    def attend(self, session: Session, book: AddressBook, counters: Counters, put: Put) -> Put:
        return put

    def recall(self, notes: Mapping[str, list[bytes]], now_ns: int | None) -> None: ...

    def reload(self) -> None: ...

    def stop(self) -> None: ...

    def counts(self, here: Mapping[str, int]) -> Mapping[str, int]:
        return here


class Interfaces(Alone, Wire):
    """Network interfaces."""

    ended = False
    frames = "wire_frames"
    clock_is_ours = True

    def __init__(self, names: Sequence[str], rings: RingSettings) -> None:
        super().__init__(names, rings)
        self._since_ns = time.time_ns()

    def since_ns(self) -> int | None:
        return self._since_ns

    def lost(self) -> int:
        return sum(loss.frames for loss in self.losses())

    def news(self) -> list[str]:
        return [
            Sentence(one.text, Kind.INTERFACE_CHANGED, INTERFACE=one.interface, REASON=one.state.name.lower())
            for one in self.changes()
        ]

    def status(self) -> str:
        stats = self.stats()
        up = sum(one.state is State.UP for one in stats)
        dropped = sum(one.dropped for one in stats)
        return f"{up} of {len(stats)} interfaces up, {dropped:,} frames dropped"


class StandardInput(Alone, FollowedCapture):
    """A capture as tcpdump -w - writes it, say on another machine."""

    frames = "file_frames"
    clock_is_ours = False

    def since_ns(self) -> int | None:
        return None

    def news(self) -> list[str]:
        return []

    def status(self) -> str:
        return "reading standard input"

    def stats(self) -> list[InterfaceStats]:
        frames = self.counters["file_frames"]
        return [InterfaceStats(STANDARD_INPUT, State.UP, frames, frames, 0)]


def open_source(names: Sequence[str], settings: Settings, config: Path | None) -> Source:
    """The interfaces of these names, or standard input for a single `-`. `Unusable` says what is wrong."""
    if not names:
        raise Unusable(
            "No interface is named.", hint="Name one: --interface eth1, or capture.interfaces in the configuration."
        )
    if STANDARD_INPUT in names:
        if len(names) > 1:
            raise Unusable("Standard input and interfaces can't be followed together.")
        return StandardInput(sys.stdin.fileno())
    if settings.capture.shares > 1:
        from recorder.shares.line import SharedLine

        return open_wire(lambda how: SharedLine(names, how, settings, config), settings, audio=False)
    return open_interfaces(names, settings)


def open_interfaces(names: Sequence[str], settings: Settings) -> Interfaces:
    """The interfaces of these names. `Unusable` says what is wrong."""
    return open_wire(lambda how: Interfaces(names, how), settings)


def open_wire(open_with: Callable[[RingSettings], Opened], settings: Settings, *, audio: bool = True) -> Opened:
    """What is opened with rings as the settings have them. `Unusable` says what is wrong."""
    try:
        return open_with(RingSettings(ring_bytes=settings.capture.ring_bytes // BLOCK * BLOCK, audio=audio))
    except WireError as problem:
        raise Unusable(str(problem)) from problem
