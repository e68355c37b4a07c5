"""The audio of calls as another listener of the same line tells of it, who sees the packets.

Signalling is heard here, and there too: what a call is, when it begins and ends is decided here. `take` is given what
the other says, by the call's name; it says so of calls that aren't known here yet, or not any more, for the two are
never at the same packet. What it said of a call reaches the sink before the call's end does.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from capture.dialogs.call import Call
from capture.media.negotiation import CallMedia, Declaration
from capture.media.remembered import RememberedMedia
from capture.media.report import MediaReport
from capture.media.router import Point
from capture.media.rtp import RtpRows
from capture.sink import SAME_NS, CallName, is_same

FORGET_NS = 120_000_000_000  # what was said of a call that never became known here

# Something to tell a sink of a call, once it is known here which; and by how much its times have to be moved: after
# a clock was set the two may have other ideas of what time it is.
Said = Callable[[Call, int], None]


@dataclass(slots=True, eq=False)
class _Known:
    """A call, and what the other listener has said of it."""

    media: CallMedia
    active_ns: int = -1
    report: MediaReport | None = None
    remembered: RememberedMedia | None = None

    def late_ns(self, name: CallName) -> int:
        """By how much the other's clock is behind ours, who calls it that."""
        found = self.media.started_ns - name[1]
        return 0 if abs(found) < SAME_NS else found


@dataclass(slots=True)
class _Early:
    """What was said of a call that isn't known yet."""

    said: list[Said] = field(default_factory=list)
    active_ns: int = -1
    report: MediaReport | None = None
    remembered: RememberedMedia | None = None
    since_ns: int = 1 << 62  # by our clock, which the other's may not agree with


class Far:
    """A `capture.media.side.MediaSide`. `forbidden` is told the names of calls of which nothing may be kept."""

    def __init__(self, forbidden: Callable[[CallName], None]) -> None:
        self.believed_ns = 0
        self._forbidden = forbidden
        self._known: dict[str, list[_Known]] = {}  # by Call-ID
        self._early: dict[CallName, _Early] = {}
        self._ended: dict[str, list[CallName]] = {}  # by Call-ID: of these nothing more is taken
        self._over: deque[tuple[int, CallName]] = deque()  # the same, and when they ended, oldest first
        self._closing: list[tuple[CallMedia, Callable[[CallMedia], None]]] = []
        self._now_ns = 0

    # --- what the other listener says -----------------------------------------------------------------------

    def take(self, name: CallName, said: Said) -> None:
        """Something for the sink."""
        known = self._find(name)
        if known is not None:
            if known.media.wanted:
                said(known.media.call, known.late_ns(name))
        elif (early := self._early_of(name)) is not None:
            early.said.append(said)

    def take_report(self, name: CallName, report: MediaReport | None, remembered: RememberedMedia | None) -> None:
        """How its audio stands, or stood at its end."""
        known = self._find(name)
        if known is not None and report is not None and (late_ns := known.late_ns(name)):
            report = report.moved(late_ns)
        found = known or self._early_of(name)
        if found is not None:
            found.report, found.remembered = report, remembered
            found.active_ns = max(found.active_ns, -1 if report is None else report.last_ns)

    def take_activity(self, name: CallName, at_ns: int) -> None:
        """Its newest packet was then."""
        known = self._find(name)
        found = known or self._early_of(name)
        if found is not None:
            found.active_ns = max(found.active_ns, at_ns + (0 if known is None else known.late_ns(name)))

    # --- what the listener here says ------------------------------------------------------------------------

    def begun(self, media: CallMedia) -> None:
        known = _Known(media, media.last_ns)
        self._known.setdefault(media.call.call_id, []).append(known)
        if not media.wanted:
            self._forbidden(name_of(media))
        for name in _meant(name_of(media), [name for name in self._early if name[0] == media.call.call_id]):
            early = self._early.pop(name)
            known.active_ns = max(known.active_ns, early.active_ns + known.late_ns(name))
            known.report, known.remembered = early.report, early.remembered
            if known.report is not None:
                known.report = known.report.moved(known.late_ns(name))
            for said in early.said if media.wanted else ():
                said(media.call, known.late_ns(name))

    def declare(self, media: CallMedia, declared: Declaration, at_ns: int) -> None: ...

    def end(self, media: CallMedia, done: Callable[[CallMedia], None]) -> None:
        media.ended = True
        self._closing.append((media, done))

    def process(self, rows: RtpRows, data: NDArray[np.uint8], points: Sequence[Point]) -> None:
        for point in points:
            point.apply()
        self.settle()

    def settle(self) -> None:
        closing, self._closing = self._closing, []
        for media, done in closing:
            done(media)
            self._ended.setdefault(media.call.call_id, []).append(name_of(media))
            self._over.append((self._now_ns, name_of(media)))
            of_id = [one for one in self._known.pop(media.call.call_id, ()) if one.media is not media]
            if of_id:
                self._known[media.call.call_id] = of_id

    def sweep(self, at_ns: int) -> None:
        for name, early in list(self._early.items()):
            early.since_ns = min(early.since_ns, at_ns)
            if early.since_ns < at_ns - FORGET_NS:
                del self._early[name]
        self._now_ns = at_ns
        while self._over and self._over[0][0] < at_ns - FORGET_NS:
            self._ended.pop(self._over.popleft()[1][0], None)

    def finish(self) -> None:
        self._early.clear()

    def activity_ns(self, media: CallMedia) -> int:
        known = self._of(media)
        media.last_ns = max(media.last_ns, known.active_ns if known is not None else -1)
        return media.last_ns

    def forbid(self, media: CallMedia) -> None:
        media.wanted = False
        self._forbidden(name_of(media))

    def report(self, media: CallMedia) -> MediaReport | None:
        known = self._of(media)
        return None if known is None else known.report

    def remembered(self, media: CallMedia) -> RememberedMedia | None:
        known = self._of(media)
        return None if known is None else known.remembered

    # What concerns packets alone is the other's.

    def refuse(self, media: CallMedia) -> None: ...

    def encrypt(self, source: int, destination: int) -> None: ...

    def note_control(self, endpoint: int, at_ns: int) -> None: ...

    def hand_over(self, at_ns: int) -> None: ...

    def flush_due(self) -> None: ...

    def _of(self, media: CallMedia) -> _Known | None:
        return next((one for one in self._known.get(media.call.call_id, ()) if one.media is media), None)

    def _find(self, name: CallName) -> _Known | None:
        known = {name_of(one.media): one for one in self._known.get(name[0], ())}
        return next((known[one] for one in _meant(name, known)), None)

    def _early_of(self, name: CallName) -> _Early | None:
        """Where to keep what is said of a call that isn't known; None if it is over."""
        if any(is_same(name, ended) for ended in self._ended.get(name[0], ())):
            return None
        return self._early.setdefault(name, _Early())


def _meant(name: CallName, known: Collection[CallName]) -> list[CallName]:
    """Of names with its Call-ID those that mean the same, the nearest first. A single one does in any case: if a clock
    is set, two listeners don't believe it at the same packet."""
    near = [one for one in known if is_same(name, one)]
    return sorted(near, key=lambda one: abs(one[1] - name[1])) or (list(known) if len(known) == 1 else [])


def name_of(media: CallMedia) -> CallName:
    """What another listener may know the call by."""
    return media.call.call_id, media.started_ns
