"""The exchange's own list of calls (CDR): a CSV file whose columns the settings name.

One line that can't be read makes the file unusable, with its number: a list that is half understood would find calls
missing that are not.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

from recorder.numbers import normalised
from recorder.problems import Unusable
from recorder.settings import Cdr
from storage.layout import JAPAN

# Asterisk's Master.csv (cdr_csv), whose columns have no names in the file. What follows them is a matter of its
# settings, and told by how many there are.
_MASTER = (
    "accountcode src dst dcontext clid channel dstchannel lastapp lastdata start answer end duration billsec "
    "disposition amaflags"
).split()
_BEHIND = {
    1: "uniqueid",
    2: "uniqueid userfield",
    3: "peeraccount linkedid sequence",
    4: "uniqueid peeraccount linkedid sequence",
    5: "uniqueid userfield peeraccount linkedid sequence",
}
# For each setting, the names that Asterisk's back ends give to the column; the first that is there counts.
_ASTERISK = {
    "start": ("start", "calldate", "start_utc"),
    "answer": ("answer", "answer_utc"),
    "end": ("end", "end_utc"),
    "duration": ("billsec",),
    "caller": ("src",),
    "callee": ("dst",),
    "disposition": ("disposition",),
    "conversation": ("linkedid", "uniqueid"),
}
_ASTERISK_CHANNELS = ("channel", "dstchannel")
_ASTERISK_ID = re.compile(r"(?:.+-)?\d{9,}\.\d+")  # 1795319301.42; one column may hold something else instead
_CHANNEL = re.compile(r"[A-Za-z0-9_]+/([0-9*#+]+)(?:[-@/;].*)?")  # PJSIP/2101-0000002b
_NOBODY = frozenset({"", "anonymous", "unknown", "restricted", "private", "unavailable", "s", "<unknown>"})
_SECOND = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the list. Times are nanoseconds since 1970, UTC, by the exchange's clock."""

    number: int  # in the file, counted from 1
    start_ns: int
    answer_ns: int | None = None
    end_ns: int | None = None
    talk_s: float | None = None  # from the answer on; None: not told
    caller: str | None = None  # as `recorder.numbers` writes numbers; None: not shown
    callee: str | None = None
    extensions: frozenset[str] = frozenset()  # numbers that its channels name
    answered: bool = False
    disposition: str = ""
    conversation: str = ""  # equal for lines of one conversation; empty: not told

    @property
    def last_ns(self) -> int:
        """When it was over, as far as the line tells."""
        return self.start_ns if self.end_ns is None else max(self.end_ns, self.start_ns)


def read(data: bytes, name: str, cdr: Cdr) -> list[Line]:
    """The lines of a file. `Unusable` names the line and column at fault."""
    try:
        text = data.decode("utf-8-sig" if cdr.encoding.startswith("utf-8") else cdr.encoding)
    except UnicodeDecodeError as problem:
        line = data.count(b"\n", 0, problem.start) + 1
        raise Unusable(f"{name}:{line}: this is not {cdr.encoding}.", hint="Set cdr.encoding.") from problem
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=cdr.delimiter, strict=True)
    rows: list[tuple[int, list[str]]] = []
    try:
        while True:
            number = reader.line_num + 1
            try:
                row = next(reader)
            except StopIteration:
                break
            if any(cell.strip() for cell in row):
                rows.append((number, row))
    except csv.Error as problem:
        raise Unusable(f"{name}:{reader.line_num}: {problem}.", hint="Is cdr.delimiter right?") from problem
    if not rows:
        return []
    names = _names(rows[0][1], cdr)
    if names is not None and [cell.strip() for cell in rows[0][1]] == names:
        rows = rows[1:]
    columns = _Columns(name, cdr, names)
    return [columns.line(number, row) for number, row in rows]


def _names(first: Sequence[str], cdr: Cdr) -> list[str] | None:
    """The names of the columns, None if they are numbered."""
    cells = [cell.strip() for cell in first]
    if cdr.preset == "asterisk":
        behind = _BEHIND.get(len(cells) - len(_MASTER), "").split()
        return cells if {"src", "dst"} <= set(cells) else [*_MASTER, *behind]
    return cells if cdr.header else None


class _Columns:
    """Where each value stands in a row."""

    def __init__(self, name: str, cdr: Cdr, names: list[str] | None) -> None:
        self._name = name
        self._cdr = cdr
        self._names = names
        self._zone = _zone(cdr.timezone)
        self._answered = {word.strip().casefold() for word in cdr.answered}
        self._at = {setting: self._places(setting) for setting in _ASTERISK}
        self._utc = {setting: places is not None and self._is_utc(places) for setting, places in self._at.items()}
        channels = cdr.channels or (_ASTERISK_CHANNELS if cdr.preset == "asterisk" else ())
        self._channels = [self._place(column, "channels") for column in channels if cdr.channels or self._has(column)]
        for needed in ("start", "caller", "callee"):
            if self._at[needed] is None:
                raise Unusable(
                    f"Which column of {name} holds the {needed} of a call, isn't known.",
                    hint=f"Set cdr.{needed} in the settings, and name them with --config.",
                )

    def line(self, number: int, row: Sequence[str]) -> Line:
        """The values of one row."""
        start = self._time(number, row, "start")
        if start is None:
            raise self._fault(number, "start", "", "a time")
        answer, end = self._time(number, row, "answer"), self._time(number, row, "end")
        talk_s = self._duration(number, row)
        disposition = self._text(number, row, "disposition")
        if self._at["disposition"] is not None:
            answered = disposition.casefold() in self._answered and (talk_s is None or talk_s > 0)
        else:
            answered = answer is not None or bool(talk_s)
        line = Line(
            number=number,
            start_ns=start,
            answer_ns=answer,
            end_ns=end,
            talk_s=talk_s,
            caller=_party(self._text(number, row, "caller")),
            callee=_party(self._text(number, row, "callee")),
            extensions=frozenset(
                found for at in self._channels if (found := _extension(self._cell(number, row, at))) is not None
            ),
            answered=answered,
            disposition=disposition,
            conversation=self._conversation(number, row),
        )
        if end is None and talk_s is not None:
            line = replace(line, end_ns=(start if answer is None else answer) + round(talk_s * _SECOND))
        elif talk_s is None and answer is not None and end is not None:
            line = replace(line, talk_s=max(end - answer, 0) / _SECOND)
        return line

    def _conversation(self, number: int, row: Sequence[str]) -> str:
        text = self._text(number, row, "conversation")
        preset = self._cdr.preset == "asterisk" and not self._cdr.conversation
        return "" if preset and not _ASTERISK_ID.fullmatch(text) else text

    def _places(self, setting: str) -> list[int] | None:
        """The columns that a setting names, as places counted from 0; None if it names none."""
        column: str = getattr(self._cdr, setting)
        if column:
            whole = self._names is not None and column in self._names
            return [self._place(part, setting) for part in ([column] if whole else column.split("+"))]
        if self._cdr.preset == "asterisk":
            for known in _ASTERISK[setting]:
                if self._has(known):
                    return [self._place(known, setting)]
        return None

    def _has(self, column: str) -> bool:
        return self._names is not None and column in self._names

    def _is_utc(self, places: list[int]) -> bool:
        return self._cdr.preset == "asterisk" and self._names is not None and self._names[places[0]].endswith("_utc")

    def _place(self, column: str, setting: str) -> int:
        if self._names is not None:
            if column in self._names:
                return self._names.index(column)
            raise Unusable(
                f"{self._name} has no column {column!r}, which cdr.{setting} names; it has: {', '.join(self._names)}."
            )
        if not column.isascii() or not column.isdigit() or int(column) < 1:
            raise Unusable(f"cdr.{setting} must be the number of a column, since cdr.header is false, not {column!r}.")
        return int(column) - 1

    def _cell(self, number: int, row: Sequence[str], at: int) -> str:
        if at < len(row):
            return row[at].strip()
        raise Unusable(f"{self._name}:{number}: this line has {len(row)} columns, and column {at + 1} is needed.")

    def _text(self, number: int, row: Sequence[str], setting: str) -> str:
        places = self._at[setting]
        return "" if places is None else " ".join(self._cell(number, row, at) for at in places).strip()

    def _time(self, number: int, row: Sequence[str], setting: str) -> int | None:
        text = self._text(number, row, setting)
        if not text or text.startswith("0000-00-00"):  # what MySQL has for no time
            return None
        try:
            return _nanoseconds(text, self._cdr.time, UTC if self._utc[setting] else self._zone)
        except (ValueError, InvalidOperation, OverflowError) as problem:
            raise self._fault(number, setting, text, f'a time written as "{self._cdr.time}"') from problem

    def _duration(self, number: int, row: Sequence[str]) -> float | None:
        text = self._text(number, row, "duration")
        if not text:
            return None
        if not re.fullmatch(r"\d{1,9}(\.\d+)?|(\d{1,6}:)?\d{1,6}:\d\d", text, re.ASCII):
            raise self._fault(number, "duration", text, "a number of seconds, or H:MM:SS")
        seconds = 0.0
        for part in text.split(":"):
            seconds = 60 * seconds + float(part)
        return seconds

    def _fault(self, number: int, setting: str, text: str, wanted: str) -> Unusable:
        return Unusable(
            f"{self._name}:{number}: the {setting} of the call, {ascii(text)}, is not {wanted}.",
            hint="See cdr in the settings.",
        )


def _zone(name: str) -> tzinfo:
    """The zone of a name; Japan and UTC need no data of the system."""
    if name == "Asia/Tokyo":
        return JAPAN
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as problem:
        raise Unusable(f"cdr.timezone is no zone that this system knows: {name!r}.") from problem


_EPOCH: dict[str, Callable[[str], int]] = {
    "epoch": lambda text: int(Decimal(text) * _SECOND),
    "epoch_ms": lambda text: int(Decimal(text) * 1_000_000),
}


def _nanoseconds(text: str, form: str, zone: tzinfo) -> int:
    """A time as written. ValueError, InvalidOperation or OverflowError if it isn't one, or too far off."""
    if form in _EPOCH:
        time_ns = _EPOCH[form](text)
    else:
        time = datetime.fromisoformat(text) if form == "iso" else datetime.strptime(text, form)
        time = time if time.tzinfo is not None else time.replace(tzinfo=zone)
        since = time - datetime(1970, 1, 1, tzinfo=UTC)
        time_ns = (since.days * 86_400 + since.seconds) * _SECOND + since.microseconds * 1000
    if not 0 <= time_ns < 1 << 62:
        raise OverflowError
    return time_ns


def _party(text: str) -> str | None:
    """A number in the register's form, whatever its writing; None if none is shown."""
    number = normalised(unicodedata.normalize("NFKC", text).strip())
    return None if number.casefold() in _NOBODY else number


def _extension(channel: str) -> str | None:
    """The number that a channel's name holds, or that stands in its place."""
    match = _CHANNEL.fullmatch(channel)
    number = match[1] if match else _party(channel)
    return number if number and number.lstrip("+*#").isdigit() else None
