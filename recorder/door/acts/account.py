"""What everybody does with his own account: password, second factor, where he is logged in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from recorder.door.acts.login import Secret, proof_of
from recorder.door.operations import Caller, Nothing, operation
from recorder.door.people import second_factor
from recorder.door.people.passwords import TooBusy, WeakPassword, require_strong
from recorder.door.people.sessions import PROVED_NS
from recorder.door.people.values import Session
from recorder.door.refusals import Refused, Why
from recorder.door.rights import Right, Role
from recorder.settings.bounds import STRICT, Within

if TYPE_CHECKING:
    from recorder.door.door import Door

SECOND_NS = 10**9


@dataclass(frozen=True, slots=True, kw_only=True)
class Appointed:
    role: Role
    section: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Me:
    """Who is logged in, and what he may."""

    account: str
    login: str
    name: str
    post: str
    appointments: tuple[Appointed, ...]
    rights: tuple[Right, ...]
    is_of_a_section: bool  # what concerns the whole office is another's
    session: int
    password_first: bool
    second_factor_first: bool
    has_second_factor: bool
    office: str  # as in 松本市; "" if the settings name none
    recovery_codes: int  # that are left
    idle_s: int  # after so long without an act the session ends
    left_s: int  # after so long it ends in any case
    password_elsewhere: bool  # the office's directory has it


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePassword:
    __pydantic_config__ = STRICT

    old: Secret
    new: Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFactor:
    """What a telephone is given, once."""

    secret: str
    uri: str  # the same, for the picture


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmFactor:
    __pydantic_config__ = STRICT

    secret: Secret
    code: Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryCodes:
    """Shown once."""

    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prove:
    __pydantic_config__ = STRICT

    code: Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Sessions:
    sessions: tuple[Session, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EndSession:
    __pydantic_config__ = STRICT

    number: Annotated[int, Within(ge=1, le=2**62)]


@operation("me", Right.OWN)
async def me(door: Door, caller: Caller, asked: Nothing) -> Me:
    """Who is logged in."""
    person, session = caller.person, caller.session
    assert person is not None and session is not None
    return Me(
        account=person.id, login=person.login, name=person.name, post=person.post,
        appointments=tuple(Appointed(role=one.role, section=one.section) for one in person.appointments),
        rights=tuple(sorted(caller.rights)), is_of_a_section=caller.sections(Right.PUBLISH) is not None,
        session=session.number, password_first=person.must_change_password,
        second_factor_first=not person.has_second_factor,
        has_second_factor=person.has_second_factor, office=door.office_name,
        recovery_codes=await door.people.recovery_codes_left(person.id),
        idle_s=door.people.lasting.idle_ns // SECOND_NS,
        left_s=max(0, session.begun_ns + door.people.lasting.longest_ns - caller.now_ns) // SECOND_NS,
        password_elsewhere=not door.keeps_password(person.login),
    )  # fmt: skip


@operation("me.password", Right.OWN)
async def change_password(door: Door, caller: Caller, asked: ChangePassword) -> Nothing:
    """Another password. All his sessions end, this one too."""
    person = caller.person
    assert person is not None
    if not door.keeps_password(person.login):
        raise Refused(Why.CONFLICT, field="directory")
    try:
        if not await door.passwords.fits(asked.old, (await door.people.secrets(person.id)).password):
            door.attempts.failed(person.login, caller.source, caller.now_ns, knows_source=True)
            raise Refused(Why.WRONG, field="old")
        if asked.old == asked.new:
            raise Refused(Why.NOT_UNDERSTOOD, field="new", detail="same")
        require_strong(asked.new, login=person.login)
        kept = await door.passwords.hash(asked.new)
    except WeakPassword as weak:
        raise Refused(Why.NOT_UNDERSTOOD, field="new", detail=weak.reason) from None
    except TooBusy:
        raise Refused(Why.WAIT, detail="5") from None
    await door.enter(caller, "password_changed", {"account": person.id})
    await door.people.set_password(person.id, kept, must_change=False)
    return Nothing()


@operation("me.factor.new", Right.OWN)
async def new_factor(door: Door, caller: Caller, asked: Nothing) -> NewFactor:
    """A secret for a telephone. It counts once a code of it was given: `me.factor.confirm`."""
    person = caller.person
    assert person is not None
    if person.has_second_factor:
        require_proof(caller)
    secret = second_factor.new_secret()
    return NewFactor(secret=secret, uri=second_factor.uri(secret, person.login, door.office_name or "recorder"))


@operation("me.factor.confirm", Right.OWN)
async def confirm_factor(door: Door, caller: Caller, asked: ConfirmFactor) -> RecoveryCodes:
    """The telephone has it: its code says so."""
    person = caller.person
    assert person is not None and caller.session is not None
    if person.has_second_factor:
        require_proof(caller)
    try:
        step = second_factor.step_of(asked.secret, asked.code, caller.now_ns, after=0)
    except ValueError:  # no base 32
        raise Refused(Why.NOT_UNDERSTOOD, field="secret") from None
    if step is None or len(asked.secret) < 32:
        raise Refused(Why.WRONG, field="code")
    codes = second_factor.new_recovery_codes()
    await door.enter(caller, "second_factor_set", {"account": person.id})
    sealed = door.sealed.seal(asked.secret, person.id)
    await door.people.set_factor(person.id, sealed, [second_factor.recovery_digest(code) for code in codes])
    await door.people.use_step(person.id, step)
    await door.people.prove(caller.session.number, caller.now_ns)
    return RecoveryCodes(codes=tuple(codes))


@operation("me.recovery.new", Right.OWN)
async def new_recovery(door: Door, caller: Caller, asked: Nothing) -> RecoveryCodes:
    """Other recovery codes, such as when the paper was lost. Those of before count no more."""
    person = caller.person
    assert person is not None
    if not person.has_second_factor:
        raise Refused(Why.SECOND_FACTOR_FIRST)
    require_proof(caller)
    codes = second_factor.new_recovery_codes()
    await door.enter(caller, "recovery_codes_renewed", {"account": person.id})
    await door.people.set_recovery_codes(person.id, [second_factor.recovery_digest(code) for code in codes])
    return RecoveryCodes(codes=tuple(codes))


@operation("me.prove", Right.OWN)
async def prove(door: Door, caller: Caller, asked: Prove) -> Nothing:
    """The second factor again, for an act that asks for it."""
    person = caller.person
    assert person is not None and caller.session is not None
    wait_ns = door.attempts.wait_ns(person.login, caller.source, caller.now_ns, knows_source=True)
    if wait_ns > 0:
        raise Refused(Why.WAIT, detail=str(-(-wait_ns // 10**9)))
    if await proof_of(door, person, asked.code, caller.now_ns) is None:
        door.attempts.failed(person.login, caller.source, caller.now_ns, knows_source=True)
        raise Refused(Why.WRONG, field="code")
    await door.people.prove(caller.session.number, caller.now_ns)
    return Nothing()


@operation("me.sessions", Right.OWN)
async def sessions(door: Door, caller: Caller, asked: Nothing) -> Sessions:
    """Where he is logged in."""
    assert caller.person is not None
    return Sessions(sessions=tuple(await door.people.sessions_of(caller.person.id, caller.now_ns)))


@operation("me.sessions.end", Right.OWN)
async def end_session(door: Door, caller: Caller, asked: EndSession) -> Nothing:
    """Logs himself out somewhere else."""
    person = caller.person
    assert person is not None
    there = [one for one in await door.people.sessions_of(person.id, caller.now_ns) if one.number == asked.number]
    if not there:
        raise Refused(Why.NOT_FOUND)
    await door.enter(caller, "logout", {"source": there[0].source})
    await door.people.end_session(asked.number, person.id)
    return Nothing()


def require_proof(caller: Caller) -> None:
    """`Refused` unless the second factor was given a short while ago."""
    if caller.session is None or caller.now_ns - caller.session.proved_ns > PROVED_NS:
        raise Refused(Why.PROVE_AGAIN)
