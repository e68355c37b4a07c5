"""Reading a settings file: settings, or every fault with its line and key, as a sentence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from recorder.problems import Unusable
from recorder.settings import shape
from recorder.settings.bounds import Refused
from recorder.settings.key_lines import Key, KeyLines

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

Model = TypeVar("Model")


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a settings file."""

    line: int  # counted from 1; the line of the key, or of the nearest table above a key that has none
    key: str  # dotted, as in "media.silence_ends_call_s"; empty if the file is not TOML at all
    what: str

    def __str__(self) -> str:
        return f"{self.line}: {self.key}: {self.what}" if self.key else f"{self.line}: {self.what}"


class UnusableSettings(Unusable):
    """A settings file with faults, all of them."""

    def __init__(self, path: Path, faults: list[Fault]) -> None:
        self.path = path
        self.faults = faults
        more = f" ({len(faults) - 1} more)" if len(faults) > 1 else ""
        super().__init__(f"{path}:{faults[0]}{more}.", hint=f"See all with: recorder config check {path}")


def check(data: bytes, model: type[Model]) -> tuple[Model | None, list[Fault]]:
    """What the text says as the model has it and no faults, or None and at least one fault, in the order of their
    lines."""
    import tomllib

    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = data.count(b"\n", 0, problem.start) + 1
        return None, [Fault(line, "", "this is not UTF-8; save the file as UTF-8")]
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        return None, [_syntax_fault(text, str(problem))]
    except RecursionError:
        return None, [Fault(1, "", "brackets are nested too deeply")]

    return check_table(table, model, text)


def check_table(table: Mapping[str, Any], model: type[Model], text: str) -> tuple[Model | None, list[Fault]]:
    """The same of tables that were read already; `text` is where the lines are counted."""
    import json

    from pydantic import TypeAdapter, ValidationError

    try:
        # As JSON, because strict checking of JSON still takes a network written as a string.
        return TypeAdapter(model).validate_json(json.dumps(table, default=str)), []
    except ValidationError as refused:
        lines = KeyLines(text)
        faults = [
            Fault(lines.of(key), dotted(key), what)
            for key, what in _faults(refused.errors(include_url=False, include_context=True), model)
        ]
    return None, sorted(faults, key=lambda fault: fault.line)


def _faults(errors: list[ErrorDetails], model: Any) -> Iterator[tuple[Key, str]]:
    """Each refused key once, with a sentence."""
    seen: set[Key] = set()
    for error in errors:
        refused = error.get("ctx", {}).get("error")
        further = refused.key if isinstance(refused, Refused) else ()
        key = shape.own_key((*error["loc"], *further), model)
        if key not in seen:
            seen.add(key)
            yield key, _sentence(error, key, model)


_A_NUMBER = "must be a number, with X for any digit and a dot at the end for any further ones"
_FORMS = {
    "outside_prefixes": 'must be one to four of 0 to 9, * and #, such as "0"',
    "joining_headers": "must be the name of a header",
    "line_headers": "must be the name of a header",
    "call_id_header": "must be the name of a header",
    "address": 'must be a name or an IPv4 address, with a port behind a colon if need be, such as "192.0.2.20:5060"',
    "user": 'must be the user part of a SIP address, such as "8000"',
    "open_hours": 'must be days and times such as "Mon-Fri 08:30-17:15"',
    "closed_days": 'must be a day such as "2026-08-14", or "12-29" for each year',
    "reason": 'must be a word of small letters, digits, "-" and "_", such as "urgent"',
    "mail_to": "must be an address such as kanri@example.jp",
    "mail_from": "must be an address such as recorder@example.jp",
    "mail_server": 'must be a server with its port, such as "mail.example.jp:587"',
    "syslog_server": 'must be a server with its port, such as "log.example.jp:6514"',
    "webhook_url": "must begin with https://, or be on this machine",
    "changes": 'must be empty, or a whole path such as "/var/lib/recorder-office/office.toml"',
    "forms": 'must be empty, or a whole path such as "/etc/recorder/forms"',
    "listen": 'must be empty, or an address of this machine alone with a port, such as "127.0.0.1:9180"',
}


def _sentence(error: ErrorDetails, key: Key, model: Any) -> str:
    context: Mapping[str, Any] = error.get("ctx", {})
    given = error["input"]
    match error["type"]:
        case "extra_forbidden" | "unexpected_keyword_argument":
            return _unknown(key, model)
        case "literal_error":
            return f"must be {context['expected']}, not {_shown(given)}".replace("'", '"')
        case "greater_than":
            return f"must be more than {context['gt']:.15g}, not {_shown(given)}"
        case "greater_than_equal":
            return f"must be at least {context['ge']:.15g}, not {_shown(given)}"
        case "less_than_equal":
            return f"must be at most {context['le']:.15g}, not {_shown(given)}"
        case "int_type" | "int_from_float" | "int_parsing" | "int_parsing_size":
            return f"must be a whole number, not {_shown(given)}"
        case "float_type" | "float_parsing" | "finite_number":
            return f"must be a number, not {_shown(given)}"
        case "string_type":
            return f"must be text in quotes, not {_shown(given)}"
        case "string_too_short":
            return "must not be empty"
        case "date_type" | "date_from_datetime_parsing" | "date_parsing":
            return f"must be a date such as 2026-04-01, not {_shown(given)}"
        case "bool_type" | "bool_parsing":
            return f"must be true or false, not {_shown(given)}"
        case "string_too_long":
            return f"must have at most {context['max_length']} characters"
        case "tuple_type" | "list_type":
            return f"must be a list in square brackets, not {_shown(given)}"
        case "too_short":
            return f"must have at least {context['min_length']} entries"
        case "too_long":
            return f"must have at most {context['max_length']} entries"
        case "string_pattern_mismatch":
            name = next((part for part in reversed(key) if isinstance(part, str)), "")
            return f"{_FORMS.get(name, _A_NUMBER)}, not {_shown(given)}"
        case "value_error" if isinstance(context.get("error"), Refused):
            return str(context["error"])
        case "value_error":  # a network
            return (
                'must be an address, or a network such as "192.0.2.0/24" with no bit set beyond its length, '
                f"not {_shown(given)}"
            )
        case "dataclass_type" | "dataclass_exact_type" | "model_attributes_type":
            return f"must be a table, written [{dotted(key)}]"
    return error["msg"]


def _shown(given: object) -> str:
    """A refused value, short, on one line."""
    match given:
        case bool():
            return "true" if given else "false"
        case dict():
            return "a table"
        case list():
            return "a list"
        case str():
            text = ascii(given) if not given.isprintable() else f'"{given}"'
        case _:
            text = str(given)
    return text if len(text) <= 60 else text[:57] + "..."


def _unknown(key: Key, model: Any) -> str:
    """Say that there is no such key, and which one may be meant."""
    here = shape.keys_beside(key, model)
    kind = "table" if len(key) == 1 else "key"
    import difflib

    near = difflib.get_close_matches(str(key[-1]), here, n=1)
    if near:
        return f"there is no such {kind}; did you mean {dotted((*key[:-1], near[0]))}?"
    elsewhere = [known for known in shape.every_key(model) if known.rpartition(".")[2] == key[-1]]
    if elsewhere:
        return f"there is no such {kind}; did you mean {elsewhere[0]}?"
    return f"there is no such {kind}; there are: {', '.join(here)}"


def dotted(key: Key) -> str:
    """A key as sentences name it: blocks[3].title."""
    text = ""
    for part in key:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text if text.isprintable() else ascii(text)[1:-1]


def _syntax_fault(text: str, message: str) -> Fault:
    """tomllib says "Invalid value (at line 3, column 7)": the line goes in front."""
    import re

    what, line = message, text.count("\n") + 1
    found = re.search(r" \(at (?:line (\d+), column \d+|end of document)\)$", message)
    if found:
        what = message[: found.start()]
        line = int(found[1]) if found[1] else max(1, text.rstrip("\n").count("\n") + 1)
    return Fault(line, "", what[:1].lower() + what[1:])
