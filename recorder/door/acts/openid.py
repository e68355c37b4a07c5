"""Logging in by the office's OpenID provider: out to it, and back. The second factor is asked for all the same."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from recorder.door.acts.login import LoggedIn, Secret, begin_by, note_failure
from recorder.door.operations import Caller, Nothing, operation
from recorder.door.people.book import may_come_in
from recorder.door.people.openid import Begun, NotVouchedFor, OpenId, Unreachable
from recorder.door.refusals import Refused, Why
from recorder.door.rights import Right
from recorder.settings.bounds import STRICT

if TYPE_CHECKING:
    from recorder.door.door import Door

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """How people may log in."""

    openid: bool  # also by the provider


@dataclass(frozen=True, slots=True, kw_only=True)
class CameBack:
    """What the browser brought from the provider, and what it had kept."""

    __pydantic_config__ = STRICT

    code: Secret
    state: Secret
    binding: Secret


@operation("login.ways", Right.ANYBODY)
async def ways(door: Door, caller: Caller, asked: Nothing) -> Ways:
    """How people may log in."""
    return Ways(openid=door.openid is not None)


@operation("login.openid", Right.ANYBODY)
async def begin(door: Door, caller: Caller, asked: Nothing) -> Begun:
    """Where the browser is sent."""
    openid = _openid(door)
    try:
        return await openid.begin(caller.source, caller.now_ns)
    except Unreachable as error:
        raise _down(error) from None


@operation("login.openid.return", Right.ANYBODY)
async def finish(door: Door, caller: Caller, asked: CameBack) -> LoggedIn:
    """Back from the provider."""
    openid = _openid(door)
    try:
        login = await openid.finish(asked.code, asked.state, asked.binding, caller.now_ns)
    except Unreachable as error:
        raise _down(error) from None
    except NotVouchedFor as error:
        log.warning("A login by the OpenID provider was refused: %s.", error)
        raise Refused(Why.WRONG, field="openid") from None
    person = await door.people.person_by_login(login, caller.now_ns)
    # Whose password the door keeps doesn't come in by the provider: else whoever rules there could be him.
    if person is None or not may_come_in(person, caller.now_ns) or not openid.is_asked_for(person.login):
        log.warning("The OpenID provider vouches for somebody who has no open account here.")
        await note_failure(door, caller, login[:64], True, person)
        raise Refused(Why.WRONG, field="openid")
    return await begin_by(door, caller, person, "openid")


def _openid(door: Door) -> OpenId:
    if door.openid is None:
        raise Refused(Why.NOT_FOUND)
    return door.openid


def _down(error: Unreachable) -> Refused:
    log.warning("The OpenID provider can't be asked: %s.", error)
    return Refused(Why.NOT_NOW, field="directory")
