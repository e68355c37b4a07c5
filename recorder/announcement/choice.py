"""What a caller is to hear: a prompt, or nothing, for a reason that is kept."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from recorder.announcement.prompts import Prompt
from recorder.announcement.timetable import Timetable, When
from recorder.lines import Patterns
from recorder.settings.announcing import Announcement

NO_PROMPT = "no_prompt"  # no rule names one for this line at this time


class Choice:
    """Chooses by the settings. `load` reads a file once; what it raises goes on. `Unusable` if a time can't be."""

    def __init__(self, settings: Announcement, load: Callable[[Path], Prompt]) -> None:
        self._timetable = Timetable(
            settings.open_hours, closed_days=settings.closed_days, public_holidays=settings.public_holidays
        )
        self._silent = [(Patterns(rule.lines), rule.reason) for rule in settings.silent]
        files = {path: load(path) for path in dict.fromkeys(rule.file for rule in settings.prompts)}
        self._rules = [(Patterns(rule.lines), rule.when, files[rule.file]) for rule in settings.prompts]
        self.prompts = tuple(files.values())

    def has_silent(self, line: str | None) -> bool:
        """Whether a rule says that there is no notice on this line."""
        return any(lines.match(line) for lines, _ in self._silent)

    def of(self, line: str | None, time_ns: int) -> Prompt | str:
        """The prompt for a call to this number of the office at this time; or the reason why there is none.

        `line` is None if the exchange didn't tell it: then only what is for all lines counts.
        """
        for lines, reason in self._silent:
            if lines.match(line):
                return reason
        now = self._timetable.at(time_ns)
        for lines, when, prompt in self._rules:
            if (not lines or lines.match(line)) and _fits(when, now):
                return prompt
        return NO_PROMPT


def _fits(when: str, now: When) -> bool:
    return when in ("always", now) or (when == "closed" and now is When.HOLIDAY)
