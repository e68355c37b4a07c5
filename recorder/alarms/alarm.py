"""One alarm, and how it reads."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from recorder.alarms import english, japanese
from recorder.alarms.code import Code, Severity

Language = Literal["ja", "en"]
Values = dict[str, str | int]
_BOOK = {"ja": japanese.MEANING_AND_REMEDY, "en": english.MEANING_AND_REMEDY}


@dataclass(frozen=True, slots=True)
class Alarm:
    """One thing that is amiss now. Two alarms of one code are about different things, such as two interfaces."""

    code: Code
    values: Values = field(default_factory=dict)
    about: str = ""  # which of several, "" if there can only be one

    @property
    def severity(self) -> Severity:
        """How bad it is."""
        return self.code.severity

    def meaning(self, language: Language) -> str:
        """What it means, in a sentence."""
        return _BOOK[language][self.code][0].format(**self.values)

    def remedy(self, language: Language) -> str:
        """What to do."""
        return _BOOK[language][self.code][1].format(**self.values)
