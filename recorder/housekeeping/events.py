"""What the housekeeping enters in the register: gaps in capture, steps of the clock, and what its checks came to."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence

from recorder.alarms.board import Event
from recorder.alarms.code import Code
from storage.errors import StoreError
from storage.register import Draft
from storage.ring.ring import Ring
from storage.verification import Finding

BY = "recorder"
GAPS = frozenset({
    Code.CAPTURE_DOWN, Code.INTERFACE_DOWN, Code.NO_PACKETS, Code.PACKETS_DROPPED, Code.AUDIO_SHED, Code.DISK_FULL,
    Code.DISK_READ_ONLY,
})  # fmt: skip
STEP_NS = 1_000_000_000  # less is the ordinary work of NTP
MOST = 1000  # that wait while the register can't be written


class Events:
    """What waits to be entered; the oldest give way if it gets too much."""

    def __init__(self) -> None:
        self._waiting: deque[Draft] = deque(maxlen=MOST)
        self._ahead_ns: int | None = None  # of the wall clock before the one that only runs forward

    def note_alarms(self, events: Iterable[Event]) -> None:
        """A time in which calls may have gone unrecorded begins or ends."""
        for event in events:
            if event.alarm.code in GAPS:
                fields: dict[str, object] = {"alarm": event.alarm.code.value, "event": event.kind}
                if event.alarm.about:
                    fields["about"] = event.alarm.about
                self._waiting.append(Draft(event.at_ns, "gap", BY, fields))

    def look_at_clock(self, now_ns: int, monotonic_ns: int) -> None:
        """The machine's two clocks, read together."""
        ahead_ns = now_ns - monotonic_ns
        if self._ahead_ns is not None and abs(ahead_ns - self._ahead_ns) >= STEP_NS:
            by_ms = (ahead_ns - self._ahead_ns) // 1_000_000
            self._waiting.append(Draft(now_ns, "clock_step", BY, {"by_ms": by_ms}))
        self._ahead_ns = ahead_ns

    def note_check(self, at_ns: int, share: int, shares: int, findings: Sequence[Finding]) -> None:
        """A night's check."""
        kinds = sorted({one.kind for one in findings})
        fields = {"share": share, "of": shares, "findings": len(findings), "kinds": kinds}
        self._waiting.append(Draft(at_ns, "checked", BY, fields))

    async def enter(self, store: str) -> None:
        """Enters what waits. What the register doesn't take now waits for the next time."""
        some = list(self._waiting)
        if not some:
            return
        try:
            async with await Ring.open(store) as ring, ring.writing() as pen:
                await pen.enter(some)
        except StoreError:  # told by the checkpoints' alarm, and by the disk's
            return
        for one in some:
            if self._waiting and self._waiting[0] is one:
                self._waiting.popleft()
