"""The register (通話記録管理簿), to read: by the auditor, and by whoever works with it.

Whoever was appointed for a section reads what is about its calls and people, and of the others that something was done.
What people wrote as a reason may hold a number: it is shown to those alone who may see the call.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from recorder.alarms.alarm import Alarm
from recorder.alarms.code import Code
from recorder.door.acts.calls import Instant, OneCall, require_call
from recorder.door.cases import sight
from recorder.door.cases.complaints import complaints_of
from recorder.door.ledger.index import Wanted, calls_of
from recorder.door.ledger.ledger import Unread
from recorder.door.ledger.signed import Signed
from recorder.door.operations import Caller, Nothing, operation
from recorder.door.people.values import Person
from recorder.door.refusals import Refused, Why
from recorder.door.rights import Right
from recorder.settings.bounds import STRICT, Within
from recorder.status import live
from storage.records import CallRecord
from storage.register import Entry
from storage.text import escape

if TYPE_CHECKING:
    from recorder.door.door import Door

SHOWN_CALLS = 5  # of one entry
# A number as people write one in running text: from 0 or + on, ten digits or so, in any width, with or without hyphens.
_NUMBER = re.compile(
    r"(?<![0-9０-９])[(（]?(?:[+＋][0-9０-９]|[0０]|81|８１)"
    r"(?:[-‐‑–—―−ー－.() （）]{0,2}[0-9０-９]){7,14}(?![0-9０-９])"
)
_HIDDEN = "（番号）"
# What proves, and tells a reader nothing: `recorder verify` and the evidence package show it.
_PROOFS = frozenset({
    "row", "audio", "party", "key", "sha256", "manifest_sha256", "paper", "basis", "store", "uuid", "call", "calls",
})  # fmt: skip
# What an entry has that is about somebody or something of one section, though it doesn't say of which.
_NOT_FOR_ALL = ("login", "account", "hold", "party", "part", "application", "copy", "complaint")
SEALS = frozenset({Code.CHECKPOINT_FAILED, Code.WITNESS_SILENT, Code.WITNESS_REFUSES, Code.STORE_DAMAGED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """The last entry of the page before."""

    __pydantic_config__ = STRICT

    at_ns: Instant
    number: Annotated[int, Within(ge=0, le=2**62)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """None and "": anything will do; but each recording's own entry is shown only if it is asked for."""

    __pydantic_config__ = STRICT

    begin_ns: Instant | None = None
    end_ns: Instant | None = None
    kind: Annotated[str, Within(pattern=r"^[a-z_]{0,32}$")] = ""
    who: Annotated[str, Within(max_length=64)] = ""
    call: Annotated[str, Within(pattern=r"^[0-9A-Za-z-]{0,64}$")] = ""
    with_recorded: bool = False

    def wanted(self) -> Wanted:
        """As the ledger has it. `Refused` if it makes no sense."""
        if self.begin_ns is not None and self.end_ns is not None and self.begin_ns >= self.end_ns:
            raise Refused(Why.NOT_UNDERSTOOD, field="end_ns")
        return Wanted(
            begin_ns=self.begin_ns, end_ns=self.end_ns, kind=self.kind, who=self.who, call=self.call,
            with_recorded=self.with_recorded,
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class FindEntries(Filter):
    """A page of what fits."""

    __pydantic_config__ = STRICT

    before: Before | None = None
    limit: Annotated[int, Within(ge=1, le=200)] = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class CallNamed:
    """A call that an entry is about."""

    id: str
    started_ns: int | None  # None: it isn't there any more, or not for the reader's eyes
    is_open: bool  # whether he may look at it


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryShown:
    number: int
    at_ns: int
    kind: str
    who: str
    name: str  # of whoever it was; "" if he has no account here
    calls: tuple[CallNamed, ...]  # the first few
    more_calls: int
    said: dict[str, str | int | bool]  # the entry's other fields
    is_withheld: bool  # it is about another section's call or person


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonNamed:
    login: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entries:
    entries: tuple[EntryShown, ...]
    is_more: bool
    kinds: tuple[str, ...]  # those that there are
    people: tuple[PersonNamed, ...]  # those who did anything


@dataclass(frozen=True, slots=True, kw_only=True)
class EntriesOfCall:
    entries: tuple[EntryShown, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmOfRegister:
    meaning_ja: str
    meaning_en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterState:
    """How many entries there are, and whether they are what was signed."""

    entries: int
    missing: int  # of these, not read yet: shown are the others
    signed: Signed
    damage: str  # why it can't be read; "" if it can
    alarms: tuple[AlarmOfRegister, ...]


@operation("register", Right.REGISTER)
async def find(door: Door, caller: Caller, asked: FindEntries) -> Entries:
    """A page of entries, newest first."""
    wanted = asked.wanted()
    before = (asked.before.at_ns, asked.before.number) if asked.before else None
    found = await _found(door, wanted, before, asked.limit + 1)
    counted = await door.ledger.counted()
    people = await door.people.people(caller.now_ns)
    names = {one.login: one.name for one in people}
    return Entries(
        entries=await shown(door, caller, Right.REGISTER, found[: asked.limit], people),
        is_more=len(found) > asked.limit,
        kinds=tuple(sorted(counted.kinds)),
        people=tuple(PersonNamed(login=escape(one), name=names.get(one, "")) for one in sorted(counted.people)),
    )


@operation("register.state", Right.REGISTER)
async def state(door: Door, caller: Caller, asked: Nothing) -> RegisterState:
    """What the register's heading says."""
    damage = ""
    try:
        await door.ledger.keep_up()
    except Unread as error:
        damage = str(error)
    standing = live.read(door.settings.status, door.store.root, caller.now_ns).alarms
    return RegisterState(
        entries=door.ledger.entries, missing=door.ledger.missing, signed=door.ledger.signed, damage=damage,
        alarms=tuple(_alarm(one) for one in standing if one.code in SEALS),
    )  # fmt: skip


@operation("call.entries", Right.CALLS)
async def of_call(door: Door, caller: Caller, asked: OneCall) -> EntriesOfCall:
    """What was done with one call: who heard it, when and why."""
    record = await require_call(door, caller, asked.id, Right.CALLS)
    found = await _found(door, Wanted(call=record.id), None, 200)
    people = await door.people.people(caller.now_ns)
    return EntriesOfCall(entries=await shown(door, caller, Right.CALLS, found, people))


async def _found(door: Door, wanted: Wanted, before: tuple[int, int] | None, limit: int) -> list[Entry]:
    try:
        await door.ledger.keep_up()
        return await door.ledger.find(wanted, before, limit)
    except Unread as error:
        raise Refused(Why.NOT_NOW, field="register", detail=str(error)) from error


async def shown(
    door: Door, caller: Caller, right: Right, entries: Sequence[Entry], people: Sequence[Person]
) -> tuple[EntryShown, ...]:
    """The entries as this caller may read them."""
    sees_calls = Right.CALLS in caller.rights
    sections = caller.sections(Right.CALLS) if sees_calls else frozenset()
    reads = caller.sections(right)
    names = {one.login: one.name for one in people}
    words = {"ground": {one.name: one.title for one in door.profile.grounds} if door.profile else {},
             "account": {one.id: f"{one.name} {one.login}" for one in people}}  # fmt: skip
    records: dict[str, CallRecord | None] = {}
    of_cases = await _sections_of_cases(door, entries) if reads is not None else {}
    found = []
    for entry in entries:
        ids = calls_of(entry)
        for one in ids[:SHOWN_CALLS]:
            if one not in records:
                records[one] = await door.store.get(one)
        named = [records.get(one) for one in ids[:SHOWN_CALLS]]
        withheld = reads is not None and entry.who != caller.login and (
            of_cases[entry.number] not in reads if entry.number in of_cases else not _is_of(entry, ids, named, reads)
        )  # fmt: skip
        calls = tuple(
            CallNamed(
                id=escape(one), started_ns=record.started_ns if record and not withheld else None,
                is_open=sees_calls and record is not None and (sections is None or record.section in sections),
            )
            for one, record in zip(ids, named, strict=False)
        )  # fmt: skip
        has_sight = sees_calls and all(one.is_open for one in calls)
        found.append(
            EntryShown(
                number=entry.number, at_ns=entry.at_ns, kind=entry.kind, who=escape(entry.who),
                name=names.get(entry.who, ""), calls=() if withheld else calls,
                more_calls=0 if withheld else max(0, len(ids) - SHOWN_CALLS),
                said={} if withheld else _said(entry, words, shows_numbers=has_sight), is_withheld=withheld,
            )
        )  # fmt: skip
    return tuple(found)


async def _sections_of_cases(door: Door, entries: Sequence[Entry]) -> dict[int, str]:
    """For each entry of a case, or about a copy or a complaint: the section whose it is."""
    about = [one for one in entries if {"application", "copy", "complaint"} & one.fields.keys()]
    if not about:
        return {}
    history = await sight.history(door)
    taken = {one.number: one for one in await complaints_of(door)}
    found = {}
    for entry in about:
        copy = history.copies.get(entry.fields.get("copy") or 0)
        case = history.cases.get(entry.fields.get("application") or (copy.application if copy else None) or 0)
        complaint = taken.get(entry.fields.get("complaint") or 0)
        if case is not None:
            found[entry.number] = case.section
        elif complaint is not None:
            found[entry.number] = str(complaint.fields.get("section", ""))
    return found


def _is_of(entry: Entry, ids: Sequence[str], named: Sequence[CallRecord | None], sections: frozenset[str]) -> bool:
    """Whether an entry is about these sections' calls or people, or about neither calls, people nor what the
    office as a whole set."""
    if ids:
        return any(record is not None and record.section in sections for record in named)
    section = entry.fields.get("section")
    if section is not None:
        return section in sections
    return not any(name in entry.fields for name in _NOT_FOR_ALL)


def _said(
    entry: Entry, words: Mapping[str, Mapping[str, str]], *, shows_numbers: bool
) -> dict[str, str | int | bool]:
    """The entry's fields that a person reads."""
    found: dict[str, str | int | bool] = {}
    for name, value in sorted(entry.fields.items()):
        if name == "sealed_for" and isinstance(value, list):
            value = "、".join(str(one[0]) for one in value if isinstance(one, list) and one)  # names, without keys
        if name in _PROOFS or value is None or value == "" or not isinstance(value, str | int):
            continue
        if isinstance(value, str):
            value = words.get(name, {}).get(value, value)
            if name == "account" and value.endswith(f" {entry.who}"):
                continue  # what somebody did with his own
            value = escape(value if shows_numbers else _NUMBER.sub(_HIDDEN, value))[:2000]
        found[escape(name)] = value
    return found


def _alarm(alarm: Alarm) -> AlarmOfRegister:
    return AlarmOfRegister(meaning_ja=alarm.meaning("ja"), meaning_en=alarm.meaning("en"))
