"""The settings that an office changes itself: proposed by one person, put in force by a second one.

Each step is an entry of the register, made before anything else happens. An approved change is written into the
office's file, which the services read (`recorder.settings.overlay`). If that is broken off, `settle` does the rest: the
file follows from the register.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

from recorder.door.acts.account import require_proof
from recorder.door.ledger.ledger import Unread
from recorder.door.office import parts
from recorder.door.office.approving import may_approve
from recorder.door.office.parts import Part, Tables
from recorder.door.office.proposals import PROPOSED, Proposal
from recorder.door.operations import Caller, Nothing, operation
from recorder.door.people.values import Person
from recorder.door.refusals import Refused, Why
from recorder.door.rights import Right
from recorder.problems import Unusable
from recorder.ring.adoption import adopt, history
from recorder.settings import Section, Settings
from recorder.settings.bounds import STRICT, Patterns, SectionName, Within
from storage.errors import StoreError
from storage.ring.ring import Ring
from storage.text import escape

if TYPE_CHECKING:
    from recorder.door.door import Door

SHOWN = 50
AGAIN_S = 5.0
log = logging.getLogger(__name__)

Number = Annotated[int, Within(ge=1, le=2**62)]
Reason = Annotated[str, Within(min_length=1, max_length=400)]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalShown:
    number: int
    part: Part
    section: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    old: str
    reason: str
    by: str
    by_name: str
    at_ns: int
    state: str
    ended_by: str
    ended_ns: int | None
    ended_reason: str
    may_approve: bool
    may_withdraw: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionShown:
    at: int  # its place among all of them
    name: str
    extensions: tuple[str, ...]
    since: date | None
    until: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsShown:
    is_kept: bool  # False: the engineer didn't say where such changes are kept
    is_whole: bool  # whether the caller may propose for the whole office
    excluded: tuple[str, ...]
    sections: tuple[SectionShown, ...]  # those of the caller
    retention: tuple[str, ...]
    proposals: tuple[ProposalShown, ...]  # open ones first, then the newest


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposeExcluded:
    __pydantic_config__ = STRICT

    numbers: Patterns
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposeSection:
    """A new section, or other extensions or days of one that there is."""

    __pydantic_config__ = STRICT

    at: Annotated[int, Within(ge=-1, le=10_000)] = -1  # -1: a new one
    name: SectionName
    extensions: Patterns
    since: date | None = None
    until: date | None = None
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OneProposal:
    __pydantic_config__ = STRICT

    proposal: Number


@dataclass(frozen=True, slots=True, kw_only=True)
class RefuseProposal:
    __pydantic_config__ = STRICT

    proposal: Number
    reason: Reason


@operation("settings", Right.SETTINGS)
async def shown(door: Door, caller: Caller, asked: Nothing) -> SettingsShown:
    """What is in force, and what was proposed."""
    mine = caller.sections(Right.SETTINGS)
    found = [one for one in await known_proposals(door) if _is_his(caller, one)]
    found.sort(key=lambda one: (one.state != "open", -one.number))
    people = {one.login: one for one in await door.people.people(caller.now_ns)}
    return SettingsShown(
        is_kept=door.office_file.is_kept, is_whole=mine is None,
        excluded=parts.lines(door.settings, "excluded") if mine is None else (),
        sections=tuple(
            SectionShown(at=at, name=one.name, extensions=one.extensions, since=one.since, until=one.until)
            for at, one in enumerate(door.settings.sections)
            if mine is None or one.name in mine
        ),
        retention=parts.lines(door.settings, "retention"),
        proposals=tuple(_shown(caller, one, people) for one in found[:SHOWN]),
    )


@operation("settings.one", Right.SETTINGS)
async def one(door: Door, caller: Caller, asked: OneProposal) -> ProposalShown:
    """One proposal, before and after."""
    found = await require_proposal(door, caller, asked.proposal)
    return _shown(caller, found, {one.login: one for one in await door.people.people(caller.now_ns)})


@operation("settings.propose.excluded", Right.SETTINGS)
async def propose_excluded(door: Door, caller: Caller, asked: ProposeExcluded) -> Proposed:
    """Lines that are never recorded, instead of those in force."""
    require_whole(caller)
    lines = replace(door.settings.lines, never_record=tuple(dict.fromkeys(asked.numbers)))
    return await propose(door, caller, "excluded", replace(door.settings, lines=lines), asked.reason)


@operation("settings.propose.section", Right.SETTINGS)
async def propose_section(door: Door, caller: Caller, asked: ProposeSection) -> Proposed:
    """One section as it is to be."""
    mine, known = caller.sections(Right.SETTINGS), list(door.settings.sections)
    if asked.at >= len(known) or (mine is not None and asked.name not in mine):
        raise Refused(Why.NOT_FOUND)
    if asked.since and asked.until and asked.since > asked.until:
        raise Refused(Why.NOT_UNDERSTOOD, field="since_until")
    if not asked.extensions:
        raise Refused(Why.NOT_UNDERSTOOD, field="extensions")
    given: dict[str, Any] = {
        "name": asked.name, "extensions": asked.extensions, "since": asked.since, "until": asked.until,
    }  # fmt: skip
    keeps_name = asked.at < 0 or known[asked.at].name == asked.name
    if asked.at < 0:
        known.append(Section(**given))
    elif mine is None or known[asked.at].name in mine:
        known[asked.at] = replace(known[asked.at], **given)
    else:
        raise Refused(Why.NOT_FOUND)
    settings = replace_checked(door.settings, sections=tuple(known))
    return await propose(door, caller, "sections", settings, asked.reason, section=asked.name if keeps_name else "")


@operation("settings.withdraw", Right.SETTINGS)
async def withdraw(door: Door, caller: Caller, asked: OneProposal) -> Nothing:
    """Takes one's own proposal back."""
    async with door.changing:
        found = await _require_open(door, caller, asked.proposal)
        if found.by != caller.login:
            raise Refused(Why.NOT_FOUND)
        await door.enter(caller, "settings_withdrawn", _end_of(found))
    return Nothing()


@operation("settings.refuse", Right.APPROVE)
async def refuse(door: Door, caller: Caller, asked: RefuseProposal) -> Nothing:
    """Leaves everything as it is."""
    async with door.changing:
        found = await _require_open(door, caller, asked.proposal)
        await _require_second_person(door, caller, found)
        await door.enter(caller, "settings_refused", {**_end_of(found), "reason": asked.reason})
    return Nothing()


@operation("settings.approve", Right.APPROVE)
async def approve(door: Door, caller: Caller, asked: OneProposal) -> Nothing:
    """Puts it in force. The second factor has to have been given a short while ago."""
    require_proof(caller)
    async with door.changing:
        found = await _require_open(door, caller, asked.proposal)
        await _require_second_person(door, caller, found)
        if parts.about(parts.of(door.settings, found.part), found.section) != parts.about(found.was, found.section):
            raise Refused(Why.CONFLICT, field="settings")  # the engineer changed it since
        office = parts.put(await door.proposals.in_force(), found.becomes, found.section)
        combined(door, office)
        if lost := await asyncio.to_thread(door.office_file.lost_prompt, office):
            raise Refused(Why.CONFLICT, field="prompt_lost", detail=lost)
        await door.enter(caller, "settings_approved", _end_of(found))
        await settle(door)
    return Nothing()


async def settle(door: Door) -> None:
    """Has the office's file, and the door itself, say what the register says. `Refused` if the file can't be
    written: the change is approved, and is put in force by the next who settles."""
    if not door.office_file.is_kept:
        return
    try:
        office = await door.proposals.in_force()
        settings = combined(door, office)
        await _adopt_rule(door, settings)
        await asyncio.to_thread(door.office_file.write, office)
    except Unread as error:
        raise Refused(Why.NOT_NOW, field="register", detail=str(error)) from error
    except (OSError, StoreError, sqlite3.Error) as error:
        raise Refused(Why.NOT_NOW, field="settings", detail=str(error)) from error
    door.adopt(settings)


async def settle_at_start(door: Door) -> None:
    """The same once the register is read, however long that takes: what was broken off is done."""
    while True:
        try:
            return await settle(door)
        except Refused as refused:
            log.warning("What the office changed can't be put in force yet: %s", refused)
            await asyncio.sleep(AGAIN_S)


async def _adopt_rule(door: Door, settings: Settings) -> None:
    """Has the store follow the rule that was approved last, unless it did so already."""
    approved = [one for one in await door.proposals.all() if one.part == "retention" and one.state == "approved"]
    if not approved:
        return
    last = max(approved, key=lambda one: one.ended_ns or 0)
    async with await Ring.open(door.store.root) as ring:
        if any(one.reason.startswith(_of(last)) for one in await history(ring.catalogue)):
            return
        await adopt(
            ring, settings, old_recordings=last.old, at_ns=last.ended_ns or 0, who=last.ended_by,
            reason=f"{_of(last)} {last.reason}",
        )  # fmt: skip


def _of(one: Proposal) -> str:
    """How a rule in the register names the proposal that it comes from."""
    return f"No.{one.number}:"


async def propose(
    door: Door, caller: Caller, part: Part, settings: Settings, reason: str, **about: str,
) -> Proposed:  # fmt: skip
    """Enters a change of one part to what these settings say of it, and what else there is to say. One proposal a part,
    or a section, at a time."""
    require_kept(door)
    async with door.changing:
        known, section = await known_proposals(door), about.get("section", "")
        if any((one.part, one.section, one.state) == (part, section, "open") for one in known):
            raise Refused(Why.CONFLICT, field="proposal")
        was, becomes = parts.of(door.settings, part), parts.of(settings, part)
        if was == becomes:
            raise Refused(Why.NOT_UNDERSTOOD, field="same")
        combined(door, parts.put(await door.proposals.in_force(), becomes, section))
        before, after = parts.lines(door.settings, part), parts.lines(settings, part)
        entry = await door.enter(caller, PROPOSED, {
            "part": part, "reason": reason, **_differing(before, after),
            "lines_before": list(before), "lines_after": list(after), "tables_before": was, "tables_after": becomes,
            **{name: value for name, value in about.items() if value},
        })  # fmt: skip
    return Proposed(number=entry.number)


def require_kept(door: Door) -> None:
    """`Refused` if the office changes no settings at the desk."""
    if not door.office_file.is_kept:
        raise Refused(Why.CONFLICT, field="settings_kept")


def require_whole(caller: Caller) -> None:
    """`Refused` unless he was appointed for the whole office."""
    if caller.sections(Right.SETTINGS) is not None:
        raise Refused(Why.NOT_FOUND)


async def require_proposal(door: Door, caller: Caller, number: int) -> Proposal:
    """`Refused` if there is none of that number that he may see."""
    found = [one for one in await known_proposals(door) if one.number == number and _is_his(caller, one)]
    if not found:
        raise Refused(Why.NOT_FOUND)
    return found[0]


def replace_checked(settings: Settings, **changes: Any) -> Settings:
    """Other settings. `Refused` if they don't go together."""
    try:
        return replace(settings, **changes)
    except ValueError as error:  # a rule for a section that there is no more
        raise Refused(Why.NOT_UNDERSTOOD, field="settings", detail=str(error)) from error


def combined(door: Door, office: Tables) -> Settings:
    """The settings with these tables of the office's. `Refused` if they don't go together."""
    try:
        return door.office_file.combined(office)
    except (Unusable, OSError) as error:
        raise Refused(Why.NOT_UNDERSTOOD, field="settings", detail=str(error)) from error


async def _require_open(door: Door, caller: Caller, number: int) -> Proposal:
    found = await require_proposal(door, caller, number)
    if found.state != "open":
        raise Refused(Why.CONFLICT)
    return found


async def _require_second_person(door: Door, caller: Caller, proposal: Proposal) -> None:
    people = await door.people.people(caller.now_ns)
    if not may_approve(caller, proposal.by, next((one for one in people if one.login == proposal.by), None)):
        raise Refused(Why.NOT_UNDERSTOOD, field="second_person")


async def known_proposals(door: Door) -> Sequence[Proposal]:
    """All that were made. `Refused` while the register can't be read."""
    try:
        return await door.proposals.all()
    except Unread as error:
        raise Refused(Why.NOT_NOW, field="register", detail=str(error)) from error


def _is_his(caller: Caller, one: Proposal) -> bool:
    mine = caller.sections(Right.SETTINGS)
    return mine is None or (one.section != "" and one.section in mine)


def _end_of(one: Proposal) -> dict[str, Any]:
    return {
        "proposal": one.number, "part": one.part, "proposed_by": one.by, **_differing(one.before, one.after),
        **({"section": one.section} if one.section else {}),
    }  # fmt: skip


def _differing(before: Sequence[str], after: Sequence[str]) -> dict[str, str]:
    """What a reader of the register sees: the lines that change."""
    return {
        "was": "、".join(line for line in before if line not in after),
        "becomes": "、".join(line for line in after if line not in before),
    }  # fmt: skip


def _shown(caller: Caller, one: Proposal, people: dict[str, Person]) -> ProposalShown:
    """To a section's own manager, its lines alone."""
    mine = caller.sections(Right.SETTINGS)
    before, after = (
        tuple(escape(line) for line in lines if mine is None or line.partition("：")[0] in mine)
        for lines in (one.before, one.after)
    )
    proposer = people.get(one.by)
    is_open = one.state == "open"
    known = asdict(one)
    for name in ("was", "becomes", "before", "after", "ended_reason", "reason", "section", "ended_by"):
        del known[name]
    return ProposalShown(
        **known, before=before, after=after, reason=escape(one.reason), section=escape(one.section),
        by_name=proposer.name if proposer else one.by, ended_reason=escape(one.ended_reason),
        ended_by=people[one.ended_by].name if one.ended_by in people else one.ended_by,
        may_approve=is_open and may_approve(caller, one.by, proposer),
        may_withdraw=is_open and one.by == caller.login,
    )  # fmt: skip
