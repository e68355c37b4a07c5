"""Facts from a command line: `call.day=R8.11.20`, `applicant.section=税務課`, as people write them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from datetime import date
from typing import Any, get_type_hints

from recorder.desk import reading
from recorder.forms.facts import Facts
from recorder.forms.vocabulary import REPEATED, fault_of_fact, kinds
from recorder.problems import Unusable

_IS = {"yes": True, "no": False}


def facts_from(pairs: Iterable[str], *, today: date) -> Facts:
    """The facts that pairs NAME=VALUE say; one of several words is given by several pairs. `call`, `copy` and `row` are
    the first of their kind. `Unusable` with a sentence for what isn't understood."""
    found: dict[str, Any] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals:
            raise Unusable(f"{pair!r} isn't NAME=VALUE, as in call.day=R8.11.20.")
        if fault := fault_of_fact(name):
            raise Unusable(f"{fault[0].upper()}{fault[1:]}{'' if fault.endswith('?') else '.'}")
        if name.rpartition(".")[2] == "title":
            raise Unusable(f"{name} follows from section and post; give these.")
        *path, last = name.split(".")
        table = found
        for part in path:
            table = table.setdefault(part, {})
        value = _value(kinds()[name], text, name, today)
        table[last] = (*table.get(last, ()), value) if kinds()[name] == "tuple" else value
    for single, many in REPEATED.items():
        if single in found:
            found[many] = (found.pop(single),)
    made = _made(Facts, found)
    assert isinstance(made, Facts)
    return made


def _value(kind: str, text: str, name: str, today: date) -> object:
    try:
        match kind:
            case "date":
                return reading.day(text, today=today)
            case "time":
                return reading.clock(text)
            case "float":
                return reading.length(text)
            case "int":
                return int(text)
            case "bool":
                return _IS[text]
    except (ValueError, KeyError):
        forms = {"date": "a day", "time": "a time", "float": "a length", "int": "a number", "bool": "yes or no"}
        raise Unusable(f"{name} must be {forms[kind]}, not {text!r}.") from None
    return text


def _made(model: Any, table: dict[str, Any]) -> object:
    """The dataclass, with those inside it."""
    hints = get_type_hints(model)
    values: dict[str, Any] = {}
    for one in fields(model):
        if one.name not in table:
            continue
        value = table[one.name]
        if isinstance(value, dict):
            value = _made(hints[one.name], value)
        elif one.name in REPEATED.values():
            value = tuple(_made(hints[one.name].__args__[0], inner) for inner in value)
        values[one.name] = value
    return model(**values)
