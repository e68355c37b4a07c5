"""Which calls somebody looks for, and the SQL that finds them: docs/storage.md, "Search".

There are two ways to the same calls. Where a number's part or an extension has few calls, indexes name them and the
rest is asked of each. Else calls are walked through by their start, in one index that holds all a search asks for;
since many of them match, a page and a count up to COUNTED are soon full. `plan_of` chooses.

Here is no connection: `query` runs a SELECT with bound values and gives its rows.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from storage import text
from storage.records import CallRecord

PAGE = 500  # calls, at most; SQLite takes up to 999 parameters everywhere
COUNTED = 500  # so many calls are counted; beyond, it is "more than"
_FEW = 5000  # calls that are looked at one by one rather than walking through all: some 10 ms either way

_LONG_NS = 1800 * 10**9  # half an hour and more: these have an index of their own
_IS = "= ?"

RENEWED_FOR_NS = 20 * 3600 * 10**9  # a ring that overwrites erases calls all day: its indexes are made anew once

# One transaction each, a second or two for a million calls: whoever enters calls waits for no more than one.
RENEW = (
    ("reindex call_by_caller",),
    ("reindex call_by_callee",),
    ("reindex call_by_start",),
    (
        "delete from number",
        "insert into number (digits, calls) select digits, count(*) from "
        "(select caller as digits from call union all select callee from call) "
        "where digits is not null group by digits order by digits",
    ),
)

Query = Callable[[str, Sequence[Any]], Awaitable[list[tuple[Any, ...]]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a call must be; None: anything will do."""

    begin_ns: int | None = None  # it started then or later
    end_ns: int | None = None  # it started before then
    number: str | None = None  # a part of the caller's or the callee's number
    extension: str | None = None  # of somebody who took part, whole; * stands for any characters, as in 21*
    direction: str | None = None
    outcome: str | None = None
    sections: tuple[str, ...] | None = None  # it was one of these sections', by the settings of its time
    at_least_ns: int | None = None  # from the answer to the end
    at_most_ns: int | None = None


class Found(NamedTuple):
    """A page of what a search found."""

    calls: list[CallRecord]  # newest first (by start, then by id)
    total: int  # on all pages, as far as they were counted
    is_more: bool  # there are more than `total`


class Plan(NamedTuple):
    """A way to the calls that are wanted: `select ... from {source} where {where}`."""

    source: str
    where: str
    values: tuple[Any, ...]

    def page(self, columns: str) -> str:
        """A SELECT of a page, newest first: these columns, and how many calls there are. Its last three values are
        where to stop counting, limit and offset."""
        return (
            f"with found as materialized (select number as one from {self.source} where {self.where} "
            f"order by started_ns desc, id desc limit ?) "
            f"select {columns}, (select count(*) from found) from call "
            "where number in (select one from found limit ? offset ?) order by started_ns desc, id desc"
        )

    def next(self, columns: str, *, newest_first: bool) -> str:
        """A SELECT of the first calls in this order; its last value is how many."""
        order = "started_ns desc, id desc" if newest_first else "started_ns, id"
        return f"select {columns} from {self.source} where {self.where} order by {order} limit ?"

    def counting(self) -> str:
        """A SELECT of how many calls there are; its last value is where to stop counting."""
        return f"select count(*) from (select 1 from {self.source} where {self.where} limit ?)"

    def beyond(self, started_ns: int, call_id: str, *, newest_first: bool) -> Plan:
        """The same, of the calls that come after this one in that order."""
        where = f"(started_ns, id) {'<' if newest_first else '>'} (?, ?) and {self.where}"
        return Plan(self.source, where, (started_ns, call_id, *self.values))


async def plan_of(wanted: Wanted, query: Query) -> Plan:
    """The quickest way to these calls."""
    tests = ["started_ns >= ?", "started_ns < ?"]
    span = (
        -(2**63) if wanted.begin_ns is None else wanted.begin_ns,
        2**63 - 1 if wanted.end_ns is None else wanted.end_ns,
    )
    values: list[Any] = [*span]
    for column in ("direction", "outcome"):
        if (asked := getattr(wanted, column)) is not None:
            tests.append(f"{column} = ?")
            values.append(asked)
    if wanted.sections is not None and len(wanted.sections) == 1:  # a third quicker than a list of one
        tests.append("section = ?")
        values.append(text.escape(wanted.sections[0]))
    elif wanted.sections is not None:
        tests.append("section in (select value from json_each(?))")
        values.append(json.dumps([text.escape(one) for one in wanted.sections]))
    for test, bound in ((">= ?", wanted.at_least_ns), ("<= ?", wanted.at_most_ns)):
        if bound is not None:
            tests.append(f"iif(answered_ns is null, 0, ended_ns - answered_ns) {test}")
            values.append(bound)
    ways: list[_Way] = []
    if wanted.number is not None:
        part = text.escape(wanted.number)
        tests.append("(instr(caller, ?) or instr(callee, ?))")
        values += [part, part]
        ways.append(await _by_number(part, span, query))
    if wanted.extension is not None:
        fits, value = _test_of(wanted.extension)
        took_part = (
            f"number in (select call from call_party where extension {fits})"
            if fits == _IS  # few: found at once, rather than asked of each call
            else f"exists (select 1 from call_party as party where party.call = number and party.extension {fits})"
        )
        tests.append(f"(extension {fits} or {took_part})")
        values += [value, value]
        ways.append(await _by_extension(fits, value, span, query))
    if wanted.at_least_ns is not None and wanted.at_least_ns >= _LONG_NS:
        ways.append(await _by_length(wanted.at_least_ns, span, query))
    if wanted.outcome == "no_audio" and wanted.sections is not None:
        ways.append(await _without_audio([text.escape(one) for one in wanted.sections], span, query))
    best = min(ways, key=lambda way: way.calls, default=None)
    if best is None or best.calls > _FEW:
        return Plan("call indexed by call_by_start", " and ".join(tests), tuple(values))
    return Plan("call", " and ".join([f"number in ({best.select})", *tests]), (*best.values, *values))


class _Way(NamedTuple):
    """A SELECT of the numbers of all calls that may match."""

    calls: int  # at most so many; more than _FEW: nobody counted
    select: str
    values: tuple[Any, ...]


async def _by_number(part: str, span: tuple[int, int], query: Query) -> _Way:
    """By the caller's and the callee's index, for each number with this part."""
    found = await query("select digits, calls from number where instr(digits, ?) limit ?", (part, _FEW + 1))
    several = json.dumps([digits for digits, _ in found])
    return _Way(
        _FEW + 1 if len(found) > _FEW else sum(calls for _, calls in found),
        "select number from call where caller in (select value from json_each(?)) and started_ns >= ? and "
        "started_ns < ? union select number from call where callee in (select value from json_each(?)) and "
        "started_ns >= ? and started_ns < ?",
        (several, *span, several, *span),
    )


async def _by_extension(fits: str, value: str, span: tuple[int, int], query: Query) -> _Way:
    """By the indexes of extensions, for each that fits."""
    names = [value] if fits == _IS else await _extensions(value, query)
    several = json.dumps(names)
    [(calls,)] = await query(
        "select count(*) from (select 1 from call where extension in (select value from json_each(?)) union all "
        "select 1 from call_party where extension in (select value from json_each(?)) limit ?)",
        (several, several, _FEW + 1),
    )
    return _Way(
        calls,
        "select number from call where extension in (select value from json_each(?)) and started_ns >= ? and "
        "started_ns < ? union select call from call_party where extension in (select value from json_each(?))",
        (several, *span, several),
    )


async def _by_length(at_least_ns: int, span: tuple[int, int], query: Query) -> _Way:
    """By the index of long calls."""
    select = (
        "select number from call indexed by call_that_is_long "
        f"where ended_ns - answered_ns >= {_LONG_NS} and ended_ns - answered_ns >= ? and started_ns >= ? and "
        "started_ns < ?"
    )
    return await _counted(select, (at_least_ns, *span), query)


async def _without_audio(sections: list[str], span: tuple[int, int], query: Query) -> _Way:
    """By the index of calls without audio, of these sections."""
    select = (
        "select number from call indexed by call_without_audio where outcome = 'no_audio' and "
        "section in (select value from json_each(?)) and started_ns >= ? and started_ns < ?"
    )
    return await _counted(select, (json.dumps(sections), *span), query)


async def _counted(select: str, values: tuple[Any, ...], query: Query) -> _Way:
    [(calls,)] = await query(f"select count(*) from ({select} limit ?)", (*values, _FEW + 1))
    return _Way(calls, select, values)


async def _extensions(pattern: str, query: Query) -> list[str]:
    """Each extension that fits, once: a leap through the index from one to the next, not a walk past all calls."""
    names: set[str] = set()
    for table in ("call", "call_party"):
        rows = await query(
            f"with recursive one (name) as (select min(extension) from {table} union all "
            f"select (select min(extension) from {table} where extension > name) from one where name is not null) "
            "select name from one where name glob ?",
            (pattern,),
        )
        names.update(name for (name,) in rows)
    return sorted(names)


def _test_of(extension: str) -> tuple[str, str]:
    """The operator that tests an extension, and its value. In GLOB's language all but * stands for itself."""
    escaped = text.escape(extension)
    if "*" not in extension:
        return _IS, escaped
    return "glob ?", "".join(f"[{one}]" if one in "[?" else one for one in escaped)
