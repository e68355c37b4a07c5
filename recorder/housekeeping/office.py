"""Whether what the office changed at the desk can be used together with the engineer's settings."""

from __future__ import annotations

from pathlib import Path

from recorder.alarms.alarm import Alarm
from recorder.alarms.code import Code
from recorder.problems import Unusable
from recorder.settings import load_anyway

LOOKED_FOR = frozenset({Code.OFFICE_SETTINGS_BAD})


def alarms(config: Path) -> list[Alarm]:
    """The alarm, if the office's file is faulty. The engineer's own file is his to check."""
    try:
        said = load_anyway(config)[1]
    except (Unusable, OSError):
        return []  # a faulty recorder.toml is refused when it is read, and says so there
    return [Alarm(Code.OFFICE_SETTINGS_BAD, {"reason": said, "config": str(config)})] if said else []
