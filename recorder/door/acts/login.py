"""Logging in: login and password, then the second factor; and logging out.

Who gives a right password and has a second factor gets a ticket for two minutes, with which the code is given. Nothing
tells a wrong login from a wrong password, or from an account that has ended.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from secrets import token_hex
from typing import TYPE_CHECKING, Annotated

from recorder.door.operations import Caller, Nothing, operation
from recorder.door.people.book import may_come_in
from recorder.door.people.directory import Unreachable
from recorder.door.people.passwords import TooBusy
from recorder.door.people.second_factor import recovery_digest, step_of
from recorder.door.people.values import Person
from recorder.door.refusals import Refused, Why
from recorder.door.rights import Right
from recorder.settings.bounds import STRICT, Within

if TYPE_CHECKING:
    from recorder.door.door import Door

log = logging.getLogger(__name__)
Secret = Annotated[str, Within(max_length=1024)]
Login = Annotated[str, Within(min_length=1, max_length=64)]


@dataclass(frozen=True, slots=True, kw_only=True)
class LogIn:
    __pydantic_config__ = STRICT

    login: Login
    password: Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveCode:
    __pydantic_config__ = STRICT

    ticket: Secret
    code: Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedIn:
    """Either a token, or a ticket with which the code is to be given."""

    token: str = ""
    ticket: str = ""


@operation("login", Right.ANYBODY)
async def log_in(door: Door, caller: Caller, asked: LogIn) -> LoggedIn:
    """Login and password."""
    login = asked.login.strip().casefold()
    _require_patience(door, caller, login, True)  # who hammers at it makes the door look nothing up
    person = await door.people.person_by_login(login, caller.now_ns)
    # Of nobody, the same is asked as of somebody: how long it takes tells nothing.
    account = person.id if person else ""
    knows = await door.people.knows_source(account, caller.source)
    _require_patience(door, caller, login, knows)
    try:
        fits = await _fits(door, login, person, asked.password, caller.now_ns)
    except TooBusy:
        raise Refused(Why.WAIT, detail="5") from None
    except Unreachable as error:
        log.warning("The directory %s can't be asked: %s", door.settings.directory.server, error)
        raise Refused(Why.NOT_NOW, field="directory") from None
    if not fits or person is None or not may_come_in(person, caller.now_ns):
        await note_failure(door, caller, login, knows, person)
        raise Refused(Why.WRONG)
    return await begin_by(door, caller, person, "password" if door.keeps_password(login) else "directory")


@operation("login.code", Right.ANYBODY)
async def give_code(door: Door, caller: Caller, asked: GiveCode) -> LoggedIn:
    """The code, behind the password."""
    account = door.tickets.holder(asked.ticket, caller.source, caller.now_ns)
    person = await door.people.person(account, caller.now_ns) if account else None
    if person is None or not may_come_in(person, caller.now_ns):
        raise Refused(Why.NOT_LOGGED_IN)
    _require_patience(door, caller, person.login, True)
    how = await proof_of(door, person, asked.code, caller.now_ns)
    if how is None:
        await note_failure(door, caller, person.login, True, person)
        raise Refused(Why.WRONG)
    first = door.tickets.how(asked.ticket)
    if first != "password" and how == "code":
        how = f"{first}_code"
    door.tickets.drop(asked.ticket)
    return LoggedIn(token=await _begin(door, caller, person, how))


@operation("logout", Right.OWN)
async def log_out(door: Door, caller: Caller, asked: Nothing) -> Nothing:
    """Ends this session."""
    assert caller.session is not None
    await door.people.end_session(caller.session.number, caller.session.person)
    await door.enter(caller, "logout", {"source": caller.source})
    return Nothing()


async def proof_of(door: Door, person: Person, code: str, now_ns: int) -> str | None:
    """What a code proves him by, "code" or "recovery_code", and uses it up; None if it is none."""
    kept = await door.people.secrets(person.id)
    if kept.factor is None:
        return None
    step = step_of(door.sealed.open(kept.factor, person.id), code, now_ns, after=kept.factor_step)
    if step is not None and await door.people.use_step(person.id, step):
        return "code"
    if await door.people.use_recovery_code(person.id, recovery_digest(code)):
        return "recovery_code"
    return None


async def begin_by(door: Door, caller: Caller, person: Person, how: str) -> LoggedIn:
    """For whom has proved once who he is: the code is asked for, or he is in, to register a telephone."""
    if person.has_second_factor:
        return LoggedIn(ticket=door.tickets.give(person.id, caller.source, caller.now_ns, how))
    return LoggedIn(token=await _begin(door, caller, person, how))


async def _fits(door: Door, login: str, person: Person | None, password: str, now_ns: int) -> bool:
    """Whether the password is right, as the door knows or as the directory does."""
    if door.directory is None or not door.directory.is_asked_for(login):
        # Who comes in by the OpenID provider has no password that counts.
        kept = await door.people.password(person.id if person else "")
        return await door.passwords.fits(password, kept if door.keeps_password(login) else None)
    # The directory hears of nobody who has no account here, or strangers could lock the office's people out of it; it
    # is asked of somebody all the same, so that it takes as long.
    known = person is not None and may_come_in(person, now_ns)
    return await door.directory.vouches_for(login if known else f"nobody-{token_hex(6)}", password) and known


async def _begin(door: Door, caller: Caller, person: Person, how: str) -> str:
    caller = Caller(now_ns=caller.now_ns, source=caller.source, person=person)
    await door.enter(caller, "login", {"account": person.id, "how": how, "source": caller.source})
    door.attempts.succeeded(person.login, caller.source)
    if door.keeps_password(person.login) and (door.directory is not None or door.openid is not None):
        log.warning("%s came in with a password of the door's own, past the office's directory.", person.login)
    return await door.people.begin_session(person.id, caller.source, caller.now_ns)


def _require_patience(door: Door, caller: Caller, login: str, knows: bool) -> None:
    wait_ns = door.attempts.wait_ns(login, caller.source, caller.now_ns, knows_source=knows)
    if wait_ns > 0:
        raise Refused(Why.WAIT, detail=str(-(-wait_ns // 10**9)))


async def note_failure(door: Door, caller: Caller, login: str, knows: bool, person: Person | None) -> None:
    """Somebody was wrong: it counts against him, and is entered."""
    door.attempts.failed(login, caller.source, caller.now_ns, knows_source=knows)
    # What somebody typed as a login may be his password: it isn't entered unless it is a login.
    await door.enter(caller, "login_failed", {"account": person.id if person else "", "source": caller.source})
