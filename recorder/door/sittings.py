"""Who listens to what just now, and until when.

A sitting is in the register before it is here (`acts.listening`); when the door is started anew, all are over.
"""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace

A_MINUTE = 30  # sittings that one person may open; a person who listens opens fewer, one who copies more
_MINUTE_NS = 60 * 10**9
_KEPT = 10_000


@dataclass(frozen=True, slots=True)
class Sitting:
    """Somebody listens to something, until then."""

    person: str
    call: str
    until_ns: int
    said: Mapping[str, str]  # what the register has of it: ground, cause, article


class Sittings:
    """All that are open, each for `lasting_ns`. `now_ns` never goes back."""

    def __init__(self, lasting_ns: int = 30 * 60 * 10**9) -> None:
        self.lasting_ns = lasting_ns
        self._open: dict[str, Sitting] = {}
        self._of_late: dict[str, deque[int]] = {}

    def wait_ns(self, person: str, now_ns: int) -> int:
        """How long this person has to wait before the next one; 0: not at all."""
        late = self._of_late.setdefault(person, deque(maxlen=A_MINUTE))
        return max(0, late[0] + _MINUTE_NS - now_ns) if len(late) == A_MINUTE else 0

    def over(self, now_ns: int) -> list[str]:
        """The names of those that have ended by themselves; each is named once."""
        return self._end(lambda one: one.until_ns <= now_ns)

    def of_person(self, person: str) -> list[str]:
        """The names of his; they are over."""
        return self._end(lambda one: one.person == person)

    def of_calls(self, calls: Collection[str], persons: Collection[str]) -> list[str]:
        """The names of those in which one of these people listens to one of these calls; they are over."""
        return self._end(lambda one: one.call in calls and one.person in persons)

    def _end(self, is_meant: Callable[[Sitting], bool]) -> list[str]:
        names = [name for name, one in self._open.items() if is_meant(one)]
        for name in names:
            del self._open[name]
        return names

    def open(self, person: str, call: str, said: Mapping[str, str], now_ns: int) -> tuple[str, Sitting]:
        self._open = dict(list(self._open.items())[-_KEPT:])
        self._of_late.setdefault(person, deque(maxlen=A_MINUTE)).append(now_ns)
        name, sitting = secrets.token_urlsafe(16), Sitting(person, call, now_ns + self.lasting_ns, said)
        self._open[name] = sitting
        return name, sitting

    def find(self, name: str, person: str, now_ns: int) -> Sitting | None:
        found = self._open.get(name)
        return found if found is not None and found.person == person and now_ns < found.until_ns else None

    def lengthen(self, name: str, now_ns: int) -> Sitting:
        """One that is open goes on; it counts as one that was opened now."""
        found = self._open[name]
        self._of_late.setdefault(found.person, deque(maxlen=A_MINUTE)).append(now_ns)
        self._open[name] = longer = replace(found, until_ns=now_ns + self.lasting_ns)
        return longer

    def close(self, name: str) -> None:
        self._open.pop(name, None)
