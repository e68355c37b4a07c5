"""How a fact is written on a form, and what stands there for the pen if there is none.

`{call.day:both}` is the fact `call.day` in the format `both`. Which formats a fact has follows from its type; the first
is what counts if none is named. `{remarks:12}` of a text leaves room for twelve characters where it is missing, and
`{document|　　発第　　号}` leaves what stands behind the bar.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, time
from functools import cache
from types import UnionType
from typing import Any, NamedTuple, Union, get_args, get_origin, get_type_hints

from recorder.dates import in_era, weekday
from recorder.forms.facts import Facts, Person
from recorder.numbers.grouping import grouped

PLACEHOLDER = re.compile(r"\{([a-z0-9_.]+)(?::([a-z0-9_]+))?(?:\|([^{}|]*))?\}")
REPEATED = {"call": "calls", "copy": "copies", "row": "rows"}  # a placeholder's first word, and the field of `Facts`
SPACE = "　"
_MOST_ROOM = 60
_FULL_WIDTH = str.maketrans("0123456789-:", "０１２３４５６７８９－：")


class Format(NamedTuple):
    """A way of writing, and what is left for the pen without a fact."""

    write: Callable[[Any], str]
    blank: str
    has_digits: bool = True  # that may be full width; free text is as it was written


def _brackets(number: str) -> str:
    """(023)641-1212, as some offices' forms have it."""
    first, dash, rest = grouped(number).partition("-")
    return f"（{first}）{rest}" if dash and "-" in rest else grouped(number)


def _length(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return (f"{hours}時間" if hours else "") + (f"{minutes}分" if hours or minutes else "") + f"{rest}秒"


def _both(day: date) -> str:
    era, _, rest = in_era(day).partition("年")
    return f"{era}年（{day.year}年）{rest}"


_PAIR = (SPACE * 2, SPACE * 2)
FORMATS: dict[str, dict[str, Format]] = {
    "date": {
        "era": Format(in_era, "　　　年　　　月　　　日"),
        "both": Format(_both, "令和　　　年（20　　　年）　　　月　　　日"),
        "plain": Format(in_era, ""),
        "weekday": Format(lambda day: f"{in_era(day)}（{weekday(day)}）", "　　　年　　　月　　　日（　　）"),
    },
    "time": {
        "clock": Format(lambda at: f"{at.hour}時{at.minute:02d}分", "　　　時　　　分"),
        "short": Format(lambda at: f"{at:%H:%M}", "　　　：　　　"),
    },
    "float": {
        "minutes": Format(lambda seconds: str(max(1, round(seconds / 60))), "　　　"),
        "length": Format(_length, "　　　分　　　秒"),
    },
    "int": {"digits": Format(str, "　　　")},
    "phone": {
        "hyphens": Format(grouped, "　　　　－　　　　－　　　　"),
        "brackets": Format(_brackets, "（　　　　）　　　　－　　　　"),
        "plain": Format(grouped, ""),
    },
    "str": {"text": Format(str, "", has_digits=False)},
    "tuple": {"lines": Format("\n".join, "", has_digits=False)},
}  # fmt: skip


@cache
def kinds() -> Mapping[str, str]:
    """The kind of every fact that a placeholder can name, by its dotted name: a key of `FORMATS`, or `bool`."""
    return dict(_kinds(Facts, ""))


def _kinds(model: Any, before: str) -> list[tuple[str, str]]:
    hints = get_type_hints(model)
    found: list[tuple[str, str]] = []
    for one in fields(model):
        hint, name = hints[one.name], before + one.name
        inner = get_args(hint)
        if is_dataclass(hint):
            found += _kinds(hint, f"{name}.")
        elif get_origin(hint) is tuple and is_dataclass(inner[0]):
            single = next(word for word, many in REPEATED.items() if many == one.name)
            found += _kinds(inner[0], f"{single}.")
        elif get_origin(hint) is tuple:
            found.append((name, "tuple"))
        else:
            (plain,) = [kind for kind in (inner if get_origin(hint) in (Union, UnionType) else (hint,))
                        if kind is not type(None)]  # fmt: skip
            found.append((name, "phone" if one.metadata.get("is_phone") else plain.__name__))
    if model is Person:
        found.append((f"{before}title", "str"))
    return found


def fault_of(text: str, words: Mapping[str, str]) -> str:
    """What is wrong with the placeholders of a text, as a sentence; "" if nothing is. `words` are the office's own."""
    for name, form, _ in PLACEHOLDER.findall(text):
        if name in words:
            continue
        kind = kinds().get(name)
        if kind is None or kind == "bool":
            known = [one for one, its in kinds().items() if its != "bool"] + list(words)
            near = difflib.get_close_matches(name, known, n=1)
            return f"there is no fact {{{name}}}" + (f"; did you mean {{{near[0]}}}?" if near else "")
        if form and not _is_format(kind, form):
            return f"{{{name}}} has no format {form!r}; there are: {', '.join(FORMATS[kind])}".replace("'", '"')
    rest = PLACEHOLDER.sub("", text)
    if "{" in rest or "}" in rest:
        return "a brace { } belongs to no placeholder; one is written {call.day} or {call.day:both}"
    return ""


def fault_of_fact(name: str) -> str:
    """The same for the name of a fact alone, where it isn't written but asked for."""
    if name in kinds():
        return ""
    near = difflib.get_close_matches(name, kinds(), n=1)
    return f'there is no fact "{name}"' + (f'; did you mean "{near[0]}"?' if near else "")


def _is_format(kind: str, form: str) -> bool:
    if form in FORMATS[kind]:
        return True
    return kind in ("str", "tuple") and form.isdigit() and 1 <= int(form) <= _MOST_ROOM


def written(value: object, name: str, form: str, instead: str | None, *, full_width: bool) -> str:
    """A fact as text; what is left for the pen if it is None, "" or (): `instead`, if that is given."""
    found = FORMATS[kinds()[name]]
    room = int(form) if form.isdigit() else 0
    chosen = found[form] if form in found else next(iter(found.values()))
    if value is None or value == "" or value == ():
        return instead if instead is not None else SPACE * room if room else chosen.blank
    text = chosen.write(value).replace("\r\n", "\n")
    return text.translate(_FULL_WIDTH) if full_width and chosen.has_digits else text


__all__ = ["FORMATS", "PLACEHOLDER", "REPEATED", "Format", "date", "fault_of", "kinds", "time", "written"]
