"""What has to be told on one channel, and when to try again. Pure.

A channel remembers the number of the last event that it delivered. Who was away tells what still stands, and what
came and went meanwhile, as far as the board remembers; who begins tells what stands.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from recorder.alarms.board import Event
from recorder.alarms.code import Severity
from recorder.alarms.notes import NamedBoard

FIRST_WAIT_S = 5.0
LONGEST_WAIT_S = 900.0
_ORDER = (Severity.CRITICAL, Severity.WARNING, Severity.NOTICE)


@dataclass(slots=True)
class Told:
    """What was told: of which board, and by channel the number of the last event."""

    board: str = ""
    last: dict[str, int] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        return {"format": 1, "board": self.board, "last": self.last}

    @classmethod
    def from_dict(cls, given: Any) -> Told:
        """ValueError if it isn't what `to_dict` gave."""
        try:
            return cls(str(given["board"]), {str(name): int(number) for name, number in given["last"].items()})
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError("not what was told") from error


def pending(of: NamedBoard, told: Told, channel: str, least: Severity) -> list[Event]:
    """The events that this channel has still to tell, oldest first."""
    standing = {one.raised.number: one.raised for one in of.board.standing.values()}
    last = told.last.get(channel) if told.board == of.name else None
    known = {event.number: event for event in of.board.events} if last is not None else {}
    return [
        event for number, event in sorted((standing | known).items())
        if number > (last or 0) and _ORDER.index(event.alarm.severity) <= _ORDER.index(least)
    ]  # fmt: skip


@dataclass(slots=True)
class Patience:
    """When to try again: soon at first, then less and less often. `now_s` is monotonic."""

    failures: int = 0
    until_s: float = 0.0

    def is_over(self, now_s: float) -> bool:
        """Whether to try now."""
        return now_s >= self.until_s

    def failed(self, now_s: float) -> float:
        """It failed; in how many seconds to try again."""
        wait_s = min(FIRST_WAIT_S * 2.0 ** min(self.failures, 20), LONGEST_WAIT_S)
        self.failures += 1
        self.until_s = now_s + wait_s
        return wait_s

    def succeeded(self) -> None:
        self.failures, self.until_s = 0, 0.0
