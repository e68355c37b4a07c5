"""Which alarms stand now. Each is raised once, stands as long as it is found, and is cleared once.

    board = Board()
    events = board.look(at_ns, found, about=codes)      # all alarms of these codes that are to be found at `at_ns`

An alarm that isn't found any more goes on standing for `REST_S`, so that one which comes and goes doesn't ring each
time. Nothing here reads a clock: time is an argument.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Literal

from recorder.alarms.alarm import Alarm
from recorder.alarms.code import Code

REST_S = 60
EVENTS = 200  # that are remembered, for who tells people and was away

Key = tuple[Code, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An alarm was raised, or cleared. Numbers go up by one."""

    number: int
    at_ns: int
    kind: Literal["raised", "cleared"]
    alarm: Alarm  # as it was then


@dataclass(slots=True)
class Standing:
    """An alarm that stands."""

    raised: Event
    alarm: Alarm  # as it is now
    found_ns: int  # when it was last found


@dataclass(slots=True)
class Board:
    """See above."""

    standing: dict[Key, Standing] = field(default_factory=dict)
    events: deque[Event] = field(default_factory=lambda: deque(maxlen=EVENTS))
    last: int = 0  # number of the last event

    def look(self, at_ns: int, found: Iterable[Alarm], about: Collection[Code]) -> list[Event]:
        """Somebody looked for alarms of these codes, and found these; what changes. Alarms of other codes stay as they
        are. ValueError for an alarm of a code that wasn't looked for."""
        now = {(alarm.code, alarm.about): alarm for alarm in found}
        if strange := {code for code, _ in now} - set(about):
            raise ValueError(f"alarms that nobody looked for: {', '.join(sorted(strange))}")
        events = []
        for key, alarm in now.items():
            if key in self.standing:
                self.standing[key].alarm, self.standing[key].found_ns = alarm, at_ns
            else:
                events.append(event := self._event(at_ns, "raised", alarm))
                self.standing[key] = Standing(event, alarm, at_ns)
        for key, one in list(self.standing.items()):
            if key[0] not in about or key in now:
                continue
            one.found_ns = min(one.found_ns, at_ns)  # the clock went back
            if at_ns - one.found_ns >= REST_S * 1_000_000_000:
                del self.standing[key]
                events.append(self._event(at_ns, "cleared", one.alarm))
        return events

    def alarms(self) -> list[Alarm]:
        """Those that stand, the worst first, and of these the oldest."""
        order = ["critical", "warning", "notice"]
        found = sorted(self.standing.values(), key=lambda one: (order.index(one.alarm.severity), one.raised.number))
        return [one.alarm for one in found]

    def _event(self, at_ns: int, kind: Literal["raised", "cleared"], alarm: Alarm) -> Event:
        self.last += 1
        self.events.append(event := Event(number=self.last, at_ns=at_ns, kind=kind, alarm=alarm))
        return event
