"""What an entry of the register says, in words. Pure: a page shows it, and a file that is taken away has the same."""

from __future__ import annotations

import re
from collections.abc import Mapping

from recorder.dates import at
from recorder.desk import showing, words
from recorder.desk.showing import Language

# What a person asks first stands first; all else by its name.
_FIRST = (
    "document", "document_on", "text", "ground", "article", "cause", "reason", "name", "login", "role", "section",
    "until_ns", "until",
)  # fmt: skip
_DAYS = frozenset({"until", "ends_on", "document_on", "backups_until", "received_on", "on"})
# What `recorder.lines` and `recorder.conversations.verdict` write.
_EXCLUDING = (
    (r"lines\.never_record (.+)", "excluding.never"),
    (r"sections (.+): never", "excluding.section_never"),
    (r"sections (.+): on_demand, and nobody asked", "excluding.on_demand"),
    (r"lines\.record: (inbound|outbound|internal) calls are not recorded", "excluding.{}"),
)
_OF_WORDS = frozenset({
    "role", "how", "form", "event", "command", "part", "old", "asks", "outcome", "medium", "about", "what",
})  # fmt: skip
# Where else a field's words stand: how a copy ended, how a complaint came; how a copy is packed.
_ELSE = {"how": ("ending.{}", "came.{}"), "form": ("packing.{}.short",)}


def kind(given: str, language: Language) -> str:
    """What was done."""
    return word(f"kind.{given}", given, language)


def person(login: str, name: str, language: Language) -> str:
    """Who did it."""
    return name or word(f"who.{login}", login, language)


def details(said: Mapping[str, str | int | bool], language: Language) -> list[tuple[str, str]]:
    """The entry's fields: what each is called, and what it says."""
    names = sorted(said, key=lambda name: (_FIRST.index(name) if name in _FIRST else len(_FIRST), name))
    return [(word(f"said.{name}", name, language), _value(name, said[name], language)) for name in names]


def word(key: str, instead: str, language: Language) -> str:
    """The word of that key; something else if there is none."""
    return words.say(key, language) if words.knows(key) else instead


def excluding(rule: str, language: Language) -> str:
    """The rule by which a call isn't recorded (`excluded_by`), in words; one of another form as it stands."""
    for pattern, key in _EXCLUDING:
        if found := re.fullmatch(pattern, rule):
            return words.say(key.format(found[1]), language, what=found[1])
    return rule


def _value(name: str, value: str | int | bool, language: Language) -> str:
    if isinstance(value, bool):
        return words.say("common.yes" if value else "common.no", language)
    if isinstance(value, int):
        return _time(name, value, language) if name.endswith("_ns") else f"{value:,}"
    if name in _DAYS:
        return _day(value, language)
    if name == "ground" and value == "provisional":
        return words.say("holds.provisional", language)
    if name == "of_kind":
        return kind(value, language)
    if name in _OF_WORDS:
        keys = (f"{name}.{value}", *(key.format(value) for key in _ELSE.get(name, ())))
        return next((words.say(key, language) for key in keys if words.knows(key)), value)
    if name == "section":
        return value or words.say("people.whole_office", language)
    return value


def _day(text: str, language: Language) -> str:
    """A day; what is none is shown as it stands."""
    try:
        return showing.of_day(text, language)
    except ValueError:
        return text


def _time(name: str, time_ns: int, language: Language) -> str:
    """What ends at midnight ends with the day before."""
    if name == "until_ns" and f"{at(time_ns):%H%M%S}" == "000000":
        return showing.day(time_ns - 1, language)
    return showing.moment(time_ns, language)
