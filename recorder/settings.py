"""The settings: what an engineer may write into recorder.toml, its defaults, and what is wrong with a file.

`Settings()` is the default. `load` reads a file and either gives settings back or raises `UnusableSettings`, which
holds every fault with its key and line. `config/recorder.toml` shows each key with its default and what it means;
a test keeps the two equal.

The models are plain frozen dataclasses. Pydantic checks them, but is imported only when there is a file to check:
it costs more processor time than replaying a small capture.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast, get_type_hints

from recorder.problems import Unusable

if TYPE_CHECKING:
    from pydantic import TypeAdapter
    from pydantic_core import CoreSchema, ErrorDetails

_STRICT = {"extra": "forbid", "strict": True, "allow_inf_nan": False}


class Within:
    """Bounds of a value, in pydantic's names: ge, gt, le, min_length, max_length, pattern.

    (annotated-types would do, and takes 15 ms.)
    """

    def __init__(self, **bounds: float | str) -> None:
        self._bounds = bounds

    def __get_pydantic_core_schema__(self, source: Any, handler: Callable[[Any], CoreSchema]) -> CoreSchema:
        schema: dict[str, Any] = {**handler(source), **self._bounds}
        return cast("CoreSchema", schema)


class AgeKey:
    """An age public key. What isn't one is refused without being shown: it may be the secret half."""

    def __get_pydantic_core_schema__(self, source: Any, handler: Callable[[Any], CoreSchema]) -> CoreSchema:
        from pydantic_core.core_schema import no_info_after_validator_function

        return no_info_after_validator_function(self._checked, handler(source))

    @staticmethod
    def _checked(text: str) -> str:
        from recorder.numbers.hiding import UnusableKey, recipient

        try:
            recipient(text)
        except UnusableKey:
            secret = text.upper().startswith("AGE-SECRET-KEY-")
            what = "must be an age public key (age1...)"
            raise _Refused(what + ", not a secret key, which belongs in no file here" if secret else what) from None
        return text


class _Refused(ValueError):
    """A value that a function of ours refuses, with the sentence that says why."""


Count = Annotated[int, Within(ge=1, le=1 << 31)]
Bytes = Annotated[int, Within(ge=256, le=1 << 31)]
Seconds = Annotated[float, Within(gt=0, le=86_400)]
Port = Annotated[int, Within(ge=1, le=65_535)]
# A number, with X for any digit, and a dot at the end for any number of further ones: "21XX", "0236411212", "*8."
Pattern = Annotated[str, Within(pattern=r"^[0-9*#+Xx]+\.?$", max_length=32)]
HeaderName = Annotated[str, Within(pattern=r"^[A-Za-z0-9-]{1,64}$")]
Patterns = Annotated[tuple[Pattern, ...], Within(max_length=10_000)]
Words = Annotated[tuple[Annotated[str, Within(max_length=64)], ...], Within(max_length=256)]
Prefix = Annotated[str, Within(pattern="^[0-9*#]{1,4}$")]
CallerHeader = Literal["From", "P-Asserted-Identity", "Remote-Party-ID", "P-Preferred-Identity"]
Column = Annotated[str, Within(max_length=200)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """How audio is kept."""

    __pydantic_config__ = _STRICT

    encoding: Literal["pcm16", "g711"] = "pcm16"


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """When audio belongs to a call."""

    __pydantic_config__ = _STRICT

    silence_ends_call_s: Seconds = 60.0
    early_audio_wait_s: Annotated[float, Within(ge=0, le=60)] = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """How frames are read."""

    __pydantic_config__ = _STRICT

    vxlan_ports: Annotated[tuple[Port, ...], Within(max_length=64)] = (4789,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """Which way is outside."""

    __pydantic_config__ = _STRICT

    trunks: tuple[IPv4Network | IPv6Network, ...] = ()
    exchange: tuple[IPv4Network | IPv6Network, ...] = ()
    own_numbers: Patterns = ()
    extensions: Patterns = ()
    telephones_seen: bool = False
    record: tuple[Literal["inbound", "outbound", "internal"], ...] = ("inbound", "outbound")
    never_record: Patterns = ()
    keep_numbers_of_excluded: bool = False
    hold_back_s: Annotated[float, Within(ge=0, le=600)] = 60.0
    joining_headers: Annotated[tuple[HeaderName, ...], Within(max_length=16)] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One section (課) of the office, for as long as it has these extensions."""

    __pydantic_config__ = _STRICT

    name: Annotated[str, Within(min_length=1, max_length=64)]
    extensions: Patterns
    since: date | None = None
    until: date | None = None
    record: Literal["always", "on_demand", "never"] = "always"
    demand_code: Annotated[str, Within(max_length=16)] = ""
    from_the_beginning: bool = False
    buffer_s: Annotated[float, Within(ge=0, le=3600)] = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """Whose number counts, how it was dialled, and what becomes of one that its owner withheld."""

    __pydantic_config__ = _STRICT

    # From first: it is what telephones display, so it is what the office was presented with.
    caller_headers: Annotated[tuple[CallerHeader, ...], Within(max_length=4)] = (
        "From", "P-Asserted-Identity", "Remote-Party-ID", "P-Preferred-Identity",
    )  # fmt: skip
    outside_prefixes: Annotated[tuple[Prefix, ...], Within(max_length=16)] = ()
    withheld: Literal["digest", "drop", "seal"] = "digest"
    recipients: Annotated[tuple[Annotated[str, AgeKey()], ...], Within(max_length=16)] = ()
    withheld_words: Words = ("anonymous", "restricted", "private", "withheld", "非通知", "ヒツウチ")
    payphone_words: Words = ("coin line/payphone", "coin line", "payphone", "公衆電話", "コウシュウデンワ")
    unavailable_words: Words = (
        "unavailable", "unknown", "interaction with other service", "interface with other networks",
        "表示圏外", "ヒョウジケンガイ", "通知不可能", "通知不可",
    )  # fmt: skip

    def __post_init__(self) -> None:
        if self.withheld == "seal" and not self.recipients:
            raise _Refused('withheld = "seal" needs recipients, the age public keys of those who may read the numbers')


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What tells callers that their call is recorded."""

    __pydantic_config__ = _STRICT

    prompts: Annotated[tuple[Path, ...], Within(max_length=16)] = ()
    search_s: Annotated[float, Within(ge=5, le=600)] = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The most that strangers can make the recorder hold; what is beyond is left out and counted."""

    __pydantic_config__ = _STRICT

    sip_message_bytes: Bytes = 65_536
    sip_headers: Count = 200
    sip_header_bytes: Bytes = 8_192
    dialogs_without_answer: Count = 5_000
    reassembly_datagrams: Count = 1_024
    reassembly_bytes: Bytes = 4_194_304
    tcp_streams: Count = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Cdr:
    """How the exchange's list of calls is written, and how exactly it has to agree."""

    __pydantic_config__ = _STRICT

    preset: Literal["asterisk", "own"] = "asterisk"
    encoding: Literal["utf-8", "utf-8-sig", "cp932"] = "utf-8"
    delimiter: Literal[",", ";", "\t", "|"] = ","
    header: bool = True
    time: Column = "iso"
    timezone: Column = "Asia/Tokyo"
    start: Column = ""
    answer: Column = ""
    end: Column = ""
    duration: Column = ""
    caller: Column = ""
    callee: Column = ""
    channels: Annotated[tuple[Column, ...], Within(max_length=8)] = ()
    disposition: Column = ""
    conversation: Column = ""
    answered: Annotated[tuple[Column, ...], Within(max_length=64)] = ("ANSWERED",)
    lists_unanswered: bool = True
    tolerance_s: Seconds = 5.0
    duration_tolerance_s: Seconds = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that can be set."""

    __pydantic_config__ = _STRICT

    recording: Recording = field(default_factory=Recording)
    media: Media = field(default_factory=Media)
    capture: Capture = field(default_factory=Capture)
    lines: Lines = field(default_factory=Lines)
    sections: Annotated[tuple[Section, ...], Within(max_length=10_000)] = ()
    numbers: Numbers = field(default_factory=Numbers)
    notice: Notice = field(default_factory=Notice)
    limits: Limits = field(default_factory=Limits)
    cdr: Cdr = field(default_factory=Cdr)


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


def load(path: Path) -> Settings:
    """Read a settings file. Raises `UnusableSettings` if it has faults, `OSError` if it can't be read."""
    settings, faults = check(path.read_bytes())
    if settings is None:
        raise UnusableSettings(path, faults)
    return settings


def check(data: bytes) -> tuple[Settings | None, list[Fault]]:
    """Settings and no faults, or no settings and at least one fault, in the order of their lines."""
    import json
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

    from pydantic import ValidationError

    try:
        # As JSON, because strict checking of JSON still takes a network written as a string.
        return _adapter().validate_json(json.dumps(table, default=str)), []
    except ValidationError as refused:
        lines = _Lines(text)
        faults = [
            Fault(lines.of(key), _dotted(key), what)
            for key, what in _faults(refused.errors(include_url=False, include_context=True))
        ]
    return None, sorted(faults, key=lambda fault: fault.line)


def every_key() -> Iterator[tuple[str, Any]]:
    """Each dotted key of a table that there is once, with its default."""
    for table in fields(Settings):
        defaults = getattr(Settings(), table.name)
        if not is_dataclass(defaults):
            continue  # an array of tables: none by default
        for key in fields(defaults):
            yield f"{table.name}.{key.name}", getattr(defaults, key.name)


def _adapter() -> TypeAdapter[Settings]:
    from pydantic import TypeAdapter

    return TypeAdapter(Settings)


_Key = tuple[str | int, ...]


def _faults(errors: list[ErrorDetails]) -> Iterator[tuple[_Key, str]]:
    """Each refused key once, with a sentence."""
    seen: set[_Key] = set()
    for error in errors:
        key = _own_key(error["loc"])
        if key not in seen:
            seen.add(key)
            yield key, _sentence(error, key)


def _own_key(location: tuple[int | str, ...]) -> _Key:
    """Table, key and perhaps an entry's number: pydantic adds the branch of a union that it tried."""
    return location[:3] if len(location) > 2 and isinstance(location[2], int) else location[:2]


_A_NUMBER = "must be a number, with X for any digit and a dot at the end for any further ones"
_FORMS = {
    "outside_prefixes": 'must be one to four of 0 to 9, * and #, such as "0"',
    "joining_headers": "must be the name of a header",
}


def _sentence(error: ErrorDetails, key: _Key) -> str:
    context: Mapping[str, Any] = error.get("ctx", {})
    given = error["input"]
    match error["type"]:
        case "extra_forbidden" | "unexpected_keyword_argument":
            return _unknown(key)
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
        case "too_long":
            return f"must have at most {context['max_length']} entries"
        case "string_pattern_mismatch":
            return f"{_FORMS.get(str(key[1]), _A_NUMBER)}, not {_shown(given)}"
        case "value_error" if isinstance(context.get("error"), _Refused):
            return str(context["error"])
        case "value_error":  # a network
            return (
                'must be an address, or a network such as "192.0.2.0/24" with no bit set beyond its length, '
                f"not {_shown(given)}"
            )
        case "dataclass_type" | "dataclass_exact_type" | "model_attributes_type":
            return f"must be a table, written [{_dotted(key)}]"
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


def _unknown(key: _Key) -> str:
    """Say that there is no such key, and which one may be meant."""
    model: Any = Settings
    for part in key[:-1]:
        model = get_type_hints(model).get(str(part)) if is_dataclass(model) else None
    here = [known.name for known in fields(model)] if is_dataclass(model) else []
    kind = "table" if len(key) == 1 else "key"
    import difflib

    near = difflib.get_close_matches(str(key[-1]), here, n=1)
    if near:
        return f"there is no such {kind}; did you mean {_dotted((*key[:-1], near[0]))}?"
    elsewhere = [known for known, _ in every_key() if known.rpartition(".")[2] == key[-1]]
    if elsewhere:
        return f"there is no such {kind}; did you mean {elsewhere[0]}?"
    return f"there is no such {kind}; there are: {', '.join(here)}"


def _dotted(key: _Key) -> str:
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


class _Lines:
    """On which line each key of a valid TOML text stands.

    tomllib doesn't say. This is a scanner for texts that tomllib has already taken: it follows table headers, keys
    and brackets, and steps over strings and comments, but doesn't look into inline tables.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._line = 1
        self._lines: dict[_Key, int] = {}
        self._arrays: dict[_Key, int] = {}  # arrays of tables: the number of the last one
        self._scan()

    def of(self, key: _Key) -> int:
        """The line of a key, or of the nearest thing round it that has one."""
        while key and key not in self._lines:
            key = key[:-1]
        return self._lines.get(key, 1)

    def _scan(self) -> None:
        table: _Key = ()
        while self._blank():
            line = self._line
            if self._text.startswith("[", self._at):
                double = self._text.startswith("[[", self._at)
                self._step(2 if double else 1)
                table = self._resolve(self._key())
                if double:
                    self._arrays[table] = self._arrays.get(table, -1) + 1
                    table = (*table, self._arrays[table])
                self._note(table, line)
                self._end_of_line()
            else:
                key = (*table, *self._key())
                self._note(key, line)
                self._space()
                self._step(1)  # the equals sign
                self._value(key)
                self._end_of_line()

    def _note(self, key: _Key, line: int) -> None:
        for end in range(1, len(key) + 1):
            self._lines.setdefault(key[:end], line)

    def _resolve(self, key: _Key) -> _Key:
        """The full path of a header: [a.b] after [[a]] is in the last of a's tables."""
        path: _Key = ()
        for part in key[:-1]:
            path = (*path, part)
            if path in self._arrays:
                path = (*path, self._arrays[path])
        return (*path, *key[-1:])

    def _step(self, count: int) -> None:
        self._line += self._text.count("\n", self._at, self._at + count)
        self._at += count

    def _space(self) -> None:
        while self._text[self._at : self._at + 1] in (" ", "\t"):
            self._at += 1

    def _blank(self) -> bool:
        """Step over blank lines and comments; False at the end."""
        while self._at < len(self._text):
            if self._text[self._at] == "#":
                self._end_of_line()
            elif self._text[self._at] in " \t\r\n":
                self._step(1)
            else:
                return True
        return False

    def _end_of_line(self) -> None:
        end = self._text.find("\n", self._at)
        self._step((len(self._text) if end < 0 else end) - self._at)

    def _key(self) -> _Key:
        parts: list[str] = []
        while True:
            self._space()
            start = self._at
            if self._text[self._at] in "\"'":
                self._string()
                parts.append(_unquoted(self._text[start : self._at]))
            else:
                while self._text[self._at].isalnum() or self._text[self._at] in "_-":
                    self._at += 1
                parts.append(self._text[start : self._at])
            self._space()
            if self._text[self._at] != ".":
                return tuple(parts)
            self._at += 1

    def _string(self) -> None:
        quote = self._text[self._at]
        triple = self._text.startswith(quote * 3, self._at)
        end = quote * 3 if triple else quote
        self._step(len(end))
        while not self._text.startswith(end, self._at):
            self._step(2 if quote == '"' and self._text[self._at] == "\\" else 1)
        self._step(len(end))
        while triple and self._text.startswith(quote, self._at):  # up to two quotes more belong to the text
            self._step(1)

    def _value(self, key: _Key) -> None:
        """Step over a value; of an array, note the line of each entry."""
        depth, entry, fresh = 0, 0, True
        while self._at < len(self._text):
            character = self._text[self._at]
            if character == "#":
                self._end_of_line()
                continue
            if character == "\n" and depth == 0:
                return
            if depth == 1 and fresh and character not in " \t\r\n],":
                self._lines.setdefault((*key, entry), self._line)
                fresh = False
            if character in "\"'":
                self._string()
                continue
            if character in "[{":
                depth += 1
            elif character in "]}":
                depth -= 1
            elif character == "," and depth == 1:
                entry, fresh = entry + 1, True
            self._step(1)


def _unquoted(text: str) -> str:
    import tomllib

    key: str = tomllib.loads(f"key = {text}")["key"]
    return key
