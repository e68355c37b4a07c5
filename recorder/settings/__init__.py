"""The settings: what an engineer may write into recorder.toml, its defaults, and what is wrong with a file.

`Settings()` is the default. `load` reads a file and either gives settings back or raises `UnusableSettings`, which
holds every fault with its key and line. `config/recorder.toml` shows each key with its default and what it means;
a test keeps the two equal.

    models      the tables and their keys
    checking    a file's text to settings or faults
    key_lines   where each key stands in the text
"""

from recorder.settings.checking import Fault, UnusableSettings, check, every_key, load
from recorder.settings.models import (
    Capture,
    Cdr,
    Limits,
    Lines,
    Media,
    Notice,
    Numbers,
    Recording,
    Section,
    Settings,
)

__all__ = [
    "Capture", "Cdr", "Fault", "Limits", "Lines", "Media", "Notice", "Numbers", "Recording", "Section", "Settings",
    "UnusableSettings", "check", "every_key", "load",
]  # fmt: skip
