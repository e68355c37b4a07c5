"""What is said to the log: sentences, and with them what they are about, for logs that have fields."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Kind(StrEnum):
    """What happened: MESSAGE_ID of the journal, for `journalctl MESSAGE_ID=...`. An id keeps its meaning for ever."""

    READY = "e43f621c32934af59bcd21b376dfc9db"
    ALARM_RAISED = "17449fdd3c6b43e6899d2e5b2efa9b1a"
    ALARM_CLEARED = "937d7d3577544107a80c03185df92ce7"
    INTERFACE_CHANGED = "0953be2877484cd5914bb4841259ee04"
    DISK_REFUSED = "b5672937ceeb49f1a196c486fcca00ef"
    SETTINGS_READ = "717c1d07f8e840ca903cb6c02cd26c76"
    SETTINGS_REFUSED = "78c441e9126f4b669947993a9f039d59"
    SWEPT = "53cd35cdd6e14a228d97beeb7d3da901"
    CHECKED = "2233c8b7c09246189e1b03d68e1eff5c"
    FOUND_DAMAGED = "375b93024fc7450e998c7c161a300fb9"
    NOT_TOLD = "b313a08c431349d0ac4af9c45e19467d"


class Sentence(str):
    """A sentence for the log, and what it is about. To whoever doesn't ask, it is a sentence."""

    kind: Kind | None
    fields: Mapping[str, str]

    def __new__(cls, text: str, kind: Kind | None = None, **fields: str) -> Sentence:
        """`fields` by the names that the journal shall have, as in INTERFACE="eth1"; without `RECORDER_`."""
        made = super().__new__(cls, text)
        made.kind, made.fields = kind, fields
        return made
