"""Every sentence of the pages, by its key: Japanese, and English behind the switch.

A key is `page.what`. A sentence may have places for values, `{name}`. A test reads all templates and pages for keys
that aren't here.
"""

from __future__ import annotations

from recorder.desk.showing import Language
from recorder.desk.words import (
    account,
    applications,
    calls,
    common,
    copies,
    export,
    forms,
    holds,
    instructions,
    listening,
    login,
    mirror,
    morning,
    people,
    refused,
    register,
    reports,
    settings,
)

_BOOK: dict[str, tuple[str, str]] = {}
_CHAPTERS = (
    account, applications, calls, common, copies, export, forms, holds, instructions, listening, login, mirror, morning,
    people, refused, register, reports, settings,
)  # fmt: skip
for _chapter in _CHAPTERS:
    for _key, _said in _chapter.WORDS.items():
        if _key in _BOOK:
            raise ValueError(f"{_key} is said twice")
        _BOOK[_key] = _said


def knows(key: str) -> bool:
    """Whether there is such a key."""
    return key in _BOOK


def keys() -> frozenset[str]:
    """All keys."""
    return frozenset(_BOOK)


def say(key: str, language: Language, **values: object) -> str:
    """The sentence. KeyError if there is none."""
    japanese, english = _BOOK[key]
    return (english if language == "en" else japanese).format(**values)
