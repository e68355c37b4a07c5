"""Appointing and dismissing: the manager's acts. Each is in the register before it counts.

Where sections are their own managers, a section's manager sees and appoints people of his section alone. Nobody
appoints, dismisses or resets himself, so that one stolen session can't make itself another account; and the last
manager of the office stays.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Annotated

from recorder.dates import at
from recorder.door.acts.account import require_proof
from recorder.door.operations import Caller, Nothing, operation
from recorder.door.people.book import LoginTaken
from recorder.door.people.passwords import TooBusy
from recorder.door.people.values import Person
from recorder.door.refusals import Refused, Why
from recorder.door.rights import Right, Role
from recorder.settings.bounds import STRICT, Within
from storage.layout import JAPAN

if TYPE_CHECKING:
    from recorder.door.door import Door

# A login is ASCII in small letters: nobody can have one that looks like another's.
LoginName = Annotated[str, Within(pattern=r"^[a-z][a-z0-9._-]{1,31}$")]
Words = Annotated[str, Within(min_length=1, max_length=100)]
Account = Annotated[str, Within(pattern=r"^[0-9a-f]{16}$")]
Section = Annotated[str, Within(max_length=64)]
LONGEST_DAYS = 3 * 366  # an account ends within so many days: people move each April


@dataclass(frozen=True, slots=True, kw_only=True)
class Everybody:
    people: tuple[Person, ...]
    away: tuple[str, ...]  # the sections whose manager is away
    sections: tuple[str, ...]  # those of the settings


@dataclass(frozen=True, slots=True, kw_only=True)
class AddPerson:
    __pydantic_config__ = STRICT

    login: LoginName
    name: Words
    post: Words
    ends_on: date
    role: Role
    section: Section = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstPassword:
    """Shown once, for the person to change at his first login."""

    account: str
    password: str  # "": the office's directory has it


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePerson:
    __pydantic_config__ = STRICT

    account: Account
    name: Words
    post: Words
    ends_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Appoint:
    __pydantic_config__ = STRICT

    account: Account
    role: Role
    section: Section = ""
    until: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dismiss:
    __pydantic_config__ = STRICT

    appointment: Annotated[int, Within(ge=1, le=2**62)]
    reason: Words


@dataclass(frozen=True, slots=True, kw_only=True)
class OfPerson:
    __pydantic_config__ = STRICT

    account: Account


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAbsent:
    __pydantic_config__ = STRICT

    section: Section = ""
    is_away: bool


@operation("people", Right.PEOPLE)
async def people(door: Door, caller: Caller, asked: Nothing) -> Everybody:
    """Everybody whom the caller may appoint or dismiss."""
    sections = caller.sections(Right.PEOPLE)
    everybody = await door.people.people(caller.now_ns)
    if sections is not None:
        everybody = [one for one in everybody if any(given.section in sections for given in one.appointments)]
    known = tuple(sorted({one.name for one in door.settings.sections}))
    return Everybody(people=tuple(everybody), away=tuple(sorted(caller.away)), sections=known)


@operation("people.add", Right.PEOPLE)
async def add(door: Door, caller: Caller, asked: AddPerson) -> FirstPassword:
    """An account, with its first appointment."""
    require_proof(caller)
    _require_section(door, caller, asked.section)
    _require_end(asked.ends_on, caller.now_ns)
    if await door.people.person_by_login(asked.login, caller.now_ns) is not None:
        raise Refused(Why.CONFLICT, field="login")
    password, kept = await _first_password(door)
    fields = {"login": asked.login, "name": asked.name, "post": asked.post, "ends_on": asked.ends_on.isoformat()}
    await door.enter(caller, "account_opened", fields)
    try:
        account = await door.people.add(
            login=asked.login, name=asked.name, post=asked.post, ends_on=asked.ends_on, password=kept,
        )  # fmt: skip
    except LoginTaken:
        raise Refused(Why.CONFLICT, field="login") from None
    await _appoint(door, caller, account, asked.login, asked.name, asked.role, asked.section, None)
    return FirstPassword(account=account, password=password if door.keeps_password(asked.login) else "")


@operation("people.change", Right.PEOPLE)
async def change(door: Door, caller: Caller, asked: ChangePerson) -> Nothing:
    """Another name, post or last day."""
    require_proof(caller)
    person = await _other(door, caller, asked.account)
    _require_end(asked.ends_on, caller.now_ns)
    fields = {"login": person.login, "name": asked.name, "post": asked.post, "ends_on": asked.ends_on.isoformat()}
    await door.enter(caller, "account_changed", fields)
    await door.people.change(person.id, name=asked.name, post=asked.post, ends_on=asked.ends_on)
    return Nothing()


@operation("people.appoint", Right.PEOPLE)
async def appoint(door: Door, caller: Caller, asked: Appoint) -> Nothing:
    """One more role."""
    require_proof(caller)
    _require_section(door, caller, asked.section)
    person = await _other(door, caller, asked.account)
    if any(one.role is asked.role and one.section == asked.section for one in person.appointments):
        raise Refused(Why.CONFLICT, field="role")
    await _appoint(door, caller, person.id, person.login, person.name, asked.role, asked.section, asked.until)
    return Nothing()


@operation("people.dismiss", Right.PEOPLE)
async def dismiss(door: Door, caller: Caller, asked: Dismiss) -> Nothing:
    """A role less. Whoever has it is shut out at once."""
    require_proof(caller)
    found = await door.people.appointment(asked.appointment, caller.now_ns)
    if found is None:
        raise Refused(Why.NOT_FOUND)
    account, given = found
    sections = caller.sections(Right.PEOPLE)
    if sections is not None and given.section not in sections:
        raise Refused(Why.NOT_FOUND)
    person = await _other(door, caller, account)
    fields = {"login": person.login, "name": person.name, "role": given.role, "section": given.section}
    await door.enter(caller, "dismissed", {**fields, "reason": asked.reason})
    await door.people.dismiss(given.number, caller.now_ns)
    await door.players.drop(*door.sittings.of_person(person.id))  # what he hears breaks off
    return Nothing()


@operation("people.close", Right.PEOPLE)
async def close(door: Door, caller: Caller, asked: OfPerson) -> Nothing:
    """Ends an account, and all its roles. The account stays as a name in the register."""
    require_proof(caller)
    person = await _other(door, caller, asked.account)
    await door.enter(caller, "account_closed", {"login": person.login, "name": person.name})
    await door.people.close_account(person.id, caller.now_ns)
    await door.players.drop(*door.sittings.of_person(person.id))
    return Nothing()


@operation("people.reset", Right.PEOPLE)
async def reset(door: Door, caller: Caller, asked: OfPerson) -> FirstPassword:
    """For somebody who forgot his password and lost his telephone: a first password again, and no second factor."""
    require_proof(caller)
    person = await _other(door, caller, asked.account)
    password, kept = await _first_password(door)
    if not door.keeps_password(person.login):
        password = ""
    await door.enter(caller, "account_reset", {"login": person.login, "name": person.name})
    await door.people.set_password(person.id, kept, must_change=True)
    await door.people.set_factor(person.id, None, ())
    await door.players.drop(*door.sittings.of_person(person.id))
    return FirstPassword(account=person.id, password=password)


@operation("people.absent", Right.PEOPLE)
async def set_absent(door: Door, caller: Caller, asked: SetAbsent) -> Nothing:
    """The manager is away, so that his deputy acts; or is back."""
    _require_section(door, caller, asked.section)
    await door.enter(caller, "manager_away" if asked.is_away else "manager_back", {"section": asked.section})
    await door.people.set_absent(asked.section, is_away=asked.is_away, now_ns=caller.now_ns)
    return Nothing()


async def first_manager(door: Door, now_ns: int, *, login: str, name: str, post: str, by: str) -> FirstPassword:
    """The first manager, whom nobody can appoint: a command of the console does. `Refused` if there is one."""
    if await door.people.has_manager(now_ns):
        raise Refused(Why.CONFLICT)
    caller = Caller(now_ns=now_ns, source="", unnamed="console")
    password, kept = await _first_password(door)
    fields = {"login": login, "name": name, "post": post, "ends_on": "", "by": by}
    await door.enter(caller, "account_opened", fields)
    account = await door.people.add(login=login, name=name, post=post, ends_on=None, password=kept)
    await door.enter(caller, "appointed", {"login": login, "name": name, "role": Role.MANAGER, "section": "", "by": by})
    await door.people.appoint(account, Role.MANAGER, "", now_ns=now_ns, until_ns=None, by="console")
    return FirstPassword(account=account, password=password)


async def _appoint(
    door: Door, caller: Caller, account: str, login: str, name: str, role: Role, section: str, until: date | None
) -> None:
    until_ns = None
    if until is not None:
        _require_end(until, caller.now_ns)
        until_ns = _end_of(until)
    fields = {"login": login, "name": name, "role": role, "section": section}
    await door.enter(caller, "appointed", {**fields, "until": until.isoformat() if until else ""})
    await door.people.appoint(account, role, section, now_ns=caller.now_ns, until_ns=until_ns, by=caller.login)


async def _other(door: Door, caller: Caller, account: str) -> Person:
    """Somebody else, whom the caller may appoint or dismiss."""
    person = await door.people.person(account, caller.now_ns)
    sections = caller.sections(Right.PEOPLE)
    if person is None or (
        sections is not None and not any(one.section in sections for one in person.appointments)
    ):
        raise Refused(Why.NOT_FOUND)
    if sections is not None and any(one.section not in sections for one in person.appointments):
        raise Refused(Why.NOT_ALLOWED)  # he has a role elsewhere: the office's manager does it
    if caller.person is not None and person.id == caller.person.id:
        raise Refused(Why.NOT_UNDERSTOOD, field="account", detail="oneself")
    return person


def _require_section(door: Door, caller: Caller, section: str) -> None:
    if section and section not in {one.name for one in door.settings.sections}:
        raise Refused(Why.NOT_UNDERSTOOD, field="section")
    sections = caller.sections(Right.PEOPLE)
    if sections is not None and section not in sections:
        raise Refused(Why.NOT_UNDERSTOOD, field="section")


def _require_end(day: date, now_ns: int) -> None:
    today = at(now_ns).date()
    if not today <= day <= today + timedelta(days=LONGEST_DAYS):
        raise Refused(Why.NOT_UNDERSTOOD, field="ends_on", detail=str(LONGEST_DAYS))


async def _first_password(door: Door) -> tuple[str, str]:
    """Four groups of letters and digits that can't be mixed up, and what is kept of them."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    password = "-".join("".join(secrets.choice(letters) for _ in range(4)) for _ in range(4))
    try:
        return password, await door.passwords.hash(password)
    except TooBusy:
        raise Refused(Why.WAIT, detail="5") from None


def _end_of(day: date) -> int:
    return int(datetime.combine(day + timedelta(days=1), time(), JAPAN).timestamp()) * 10**9
