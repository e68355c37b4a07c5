"""From the figures of the recorder at work to alarms. Pure: time and figures go in once a second, alarms come out."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from recorder.alarms.alarm import Alarm
from recorder.alarms.board import Key
from recorder.alarms.code import Code
from recorder.figures.values import Figures, InterfaceFigures
from recorder.status.assess import bytes_in_words

LOOKED_FOR = frozenset({
    Code.CAPTURE_DOWN, Code.INTERFACE_DOWN, Code.NO_PACKETS, Code.ONE_DIRECTION, Code.CALLS_WITHOUT_AUDIO,
    Code.PACKETS_DROPPED, Code.AUDIO_SHED, Code.CATALOGUE_LATE,
})  # fmt: skip
DOWN_S = 10.0  # without new figures
INTERFACE_DOWN_S = 3.0
QUIET_S = 60.0  # without a frame
LATE_S = 10.0
MINUTES = 60  # that the usual level is taken from
LEAST_MINUTES = 5
BUSY_SHARE = 0.95  # of these had frames, or silence is nothing unusual
BUSY_A_MINUTE = 10.0  # frames, on average


@dataclass(slots=True)
class _Level:
    """How many frames usually come: counted minute by minute while they do."""

    minutes: deque[int] = field(default_factory=lambda: deque(maxlen=MINUTES))
    frames: int = -1  # at the last look
    minute_frames: int = 0  # in the minute that goes on
    minute_s: float = 0.0  # when it began
    frame_s: float = 0.0  # when the last one came
    has_had_frames: bool = False

    def look(self, frames: int, now_s: float) -> None:
        if self.frames < 0 or frames < self.frames:  # the first look, or another recorder
            self.frames, self.minute_s, self.frame_s, self.minute_frames = frames, now_s, now_s, 0
            return
        if frames > self.frames:
            self.frame_s, self.has_had_frames = now_s, True
        self.minute_frames += frames - self.frames
        self.frames = frames
        if now_s - self.minute_s >= 60.0:
            if now_s - self.frame_s < QUIET_S:  # what is told as an alarm doesn't become usual
                self.minutes.append(self.minute_frames)
            self.minute_frames, self.minute_s = 0, now_s

    @property
    def usual(self) -> float | None:
        """Frames a minute, None if silence for a minute is nothing unusual, or nobody knows."""
        if len(self.minutes) < LEAST_MINUTES:
            return None
        busy = sum(count > 0 for count in self.minutes) / len(self.minutes)
        mean = sum(self.minutes) / len(self.minutes)
        return mean if busy >= BUSY_SHARE and mean >= BUSY_A_MINUTE else None


@dataclass(slots=True)
class _Growth:
    """By how much a count has grown within the last minute."""

    seen: deque[tuple[float, int]] = field(default_factory=deque)

    def look(self, count: int, now_s: float) -> int:
        if self.seen and count < self.seen[-1][1]:
            self.seen.clear()  # another recorder counts from 0
            self.seen.append((now_s, 0))
        if not self.seen or count != self.seen[-1][1]:
            self.seen.append((now_s, count))
        while len(self.seen) > 1 and now_s - self.seen[1][0] > 60.0:
            self.seen.popleft()
        return count - self.seen[0][1]


class CaptureWatch:
    """Watches one recorder."""

    def __init__(self) -> None:
        self._figures: Figures | None = None
        self._alive_s: float | None = None  # when the figures were last new, or the store was seen to be written to
        self._levels: dict[str, _Level] = {}
        self._up_s: dict[str, float] = {}  # when an interface was last up
        self._dropped, self._shed = _Growth(), _Growth()

    def look(
        self, figures: Figures | None, *, is_written_to: bool, now_s: float, standing: Collection[Key] = ()
    ) -> list[Alarm]:
        """What is amiss at `now_s` (monotonic). `is_written_to`: somebody has the store open for writing, which is all
        there is to see of a recorder without figures. `standing` are alarms from before a restart."""
        if self._alive_s is None:
            self._alive_s = now_s
        is_new = figures is not None and (self._figures is None or figures.at_ns != self._figures.at_ns)
        if is_new or (figures is None and is_written_to):
            self._alive_s = now_s
        self._figures = figures
        silent_s = now_s - self._alive_s
        if silent_s >= DOWN_S:
            return [Alarm(Code.CAPTURE_DOWN, {"seconds": int(silent_s)})]
        if figures is None:
            return []
        return [*self._interfaces(figures, now_s, standing), *self._calls(figures), *self._losses(figures, now_s)]

    def _interfaces(self, figures: Figures, now_s: float, standing: Collection[Key]) -> Iterator[Alarm]:
        for one in figures.interfaces:
            level = self._levels.setdefault(one.name, _Level())
            level.look(one.frames, now_s)
            if one.state == "up":
                self._up_s[one.name] = now_s
            if now_s - self._up_s.setdefault(one.name, now_s) >= INTERFACE_DOWN_S:
                yield Alarm(Code.INTERFACE_DOWN, {"interface": one.name, "state": one.state}, about=one.name)
            else:
                yield from self._quiet(one, level, now_s, standing)

    @staticmethod
    def _quiet(one: InterfaceFigures, level: _Level, now_s: float, standing: Collection[Key]) -> Iterator[Alarm]:
        quiet_s, usual = now_s - level.frame_s, level.usual
        stood = (Code.NO_PACKETS, one.name) in standing and not level.has_had_frames
        if stood or (usual is not None and quiet_s >= QUIET_S):
            values: dict[str, str | int] = {"interface": one.name, "seconds": int(quiet_s), "usual": round(usual or 0)}
            yield Alarm(Code.NO_PACKETS, values, about=one.name)

    @staticmethod
    def _calls(figures: Figures) -> Iterator[Alarm]:
        calls = figures.calls
        for code, count in ((Code.ONE_DIRECTION, calls.one_sided), (Code.CALLS_WITHOUT_AUDIO, calls.unheard)):
            if count and 2 * count >= calls.long_enough:
                yield Alarm(code, {"calls": count})

    def _losses(self, figures: Figures, now_s: float) -> Iterator[Alarm]:
        if dropped := self._dropped.look(figures.dropped, now_s):
            yield Alarm(Code.PACKETS_DROPPED, {"count": dropped})
        if shed := self._shed.look(figures.shed_bytes, now_s):
            yield Alarm(Code.AUDIO_SHED, {"size": bytes_in_words(shed)})
        if figures.late_s >= LATE_S:
            yield Alarm(Code.CATALOGUE_LATE, {"seconds": int(figures.late_s)})
