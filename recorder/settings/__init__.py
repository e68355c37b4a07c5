"""The settings: what an engineer may write into recorder.toml, its defaults, and what is wrong with a file.

`Settings()` is the default. `load` reads a file and either gives settings back or raises `UnusableSettings`, which
holds every fault with its key and line. `config/recorder.toml` shows each key with its default and what it means;
a test keeps the two equal.

    files       a file to settings; an office's profile does, too
    overlay     what the office changes itself, in a file of its own
    models      the tables and their keys
    sealing     for whom recordings are sealed
    keeping     how long recordings are kept, as a person writes it
    announcing  the spoken notice: the unit that plays it, or the hook
    desk        the web page for the section in charge
    bounds      what bounds a value
    checking    a text to a model or faults
    shape       the tables and keys that a model has
    key_lines   where each key stands in the text
"""

from recorder.settings.checking import Fault, UnusableSettings
from recorder.settings.desk import Desk
from recorder.settings.files import check, load, load_anyway
from recorder.settings.models import (
    Capture,
    Cdr,
    Evidence,
    Limits,
    Lines,
    Media,
    Notice,
    Numbers,
    OwnRule,
    Policy,
    Recording,
    Ring,
    Section,
    Settings,
    Status,
    Tell,
)
from recorder.settings.sealing import Sealing

__all__ = [
    "Capture", "Cdr", "Desk", "Evidence", "Fault", "Limits", "Lines", "Media", "Notice", "Numbers", "OwnRule", "Policy",
    "Recording", "Ring", "Sealing", "Section", "Settings", "Status", "Tell", "UnusableSettings", "check", "load",
    "load_anyway",
]  # fmt: skip
