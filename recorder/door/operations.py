"""What can be asked of the door: one table, by name, and the right that each operation needs.

    @operation("holds.place", Right.HOLD)
    async def place(door: Door, who: Caller, asked: PlaceHold) -> HoldShown: ...

An operation takes one frozen dataclass of what is asked and gives one of what is answered; both go over the socket as
JSON.
`call` finds out who asks, whether he may, and whether what he asks is well formed, in this order, so that nobody learns
of anything that he has no right to. One that plays audio gives an `Audio` instead, whose bytes follow.

What changes a case or a copy is `in_turn`: one such act ends before the next one looks at the register, so that two
clicks, or two people, never both act on what only one of them may.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar, get_type_hints

from pydantic import TypeAdapter, ValidationError

from recorder.door.people.book import may_come_in
from recorder.door.people.values import Person, Session
from recorder.door.refusals import Refused, Why
from recorder.door.rights import INSTRUCTED, Right, Role, rights_of
from recorder.settings.bounds import STRICT

if TYPE_CHECKING:
    from recorder.door.door import Door

_MOST_BYTES = 1 << 20
# What somebody may ask whose password somebody else knows, or who has no second factor yet.
_BEFORE_ALL_IS_SET = frozenset({Right.ANYBODY, Right.OWN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks, when, and from where."""

    now_ns: int
    source: str  # the address of his machine, as the desk says it
    person: Person | None = None  # None: nobody is logged in
    session: Session | None = None
    rights: frozenset[Right] = frozenset()
    away: frozenset[str] = frozenset()  # the sections whose manager is away
    instructed: Mapping[str, int] = field(default_factory=dict)  # calls, and the entry of the instruction in force
    unnamed: str = "nobody"  # as the register calls him while nobody is logged in

    @property
    def login(self) -> str:
        """As the register has it."""
        return self.person.login if self.person else self.unnamed

    def sections(self, right: Right) -> frozenset[str] | None:
        """The sections whose calls he may treat so; None: all of the office."""
        assert self.person is not None
        found: set[str] = set()
        for one in self.person.appointments:
            if right in rights_of((one.role,), manager_is_away=one.section in self.away):
                if not one.section:
                    return None
                found.add(one.section)
        return frozenset(found)

    def is_instructed(self, call: str, section: str | None, right: Right) -> bool:
        """Whether an instruction in force gives him this right to a call of that section."""
        if call not in self.instructed or right not in INSTRUCTED:
            return False
        sections = self.sections(Right.INSTRUCTIONS)
        return sections is None or section in sections


@dataclass(frozen=True, slots=True, kw_only=True)
class Nothing:
    """Nothing more is asked, or answered."""

    __pydantic_config__ = STRICT


@dataclass(frozen=True, slots=True, kw_only=True)
class Audio:
    """An answer of bytes."""

    headers: Mapping[str, str]
    chunks: AsyncIterator[bytes] = field(repr=False)
    status: int = 200


Act = Callable[["Door", Caller, Any], Awaitable[Any]]
Decorated = TypeVar("Decorated", bound=Act)


@dataclass(frozen=True, slots=True)
class Operation:
    """One row of the table."""

    name: str
    right: Right
    act: Act
    asked: TypeAdapter[Any]
    answer: TypeAdapter[Any] | None  # None: audio
    most_bytes: int  # of what is asked
    in_turn: bool


TABLE: dict[str, Operation] = {}


def operation(
    name: str, right: Right, *, most_bytes: int = _MOST_BYTES, in_turn: bool = False
) -> Callable[[Decorated], Decorated]:
    """Puts a function into the table. ValueError if there is one of that name."""

    def enter(act: Decorated) -> Decorated:
        if name in TABLE:
            raise ValueError(f"there are two operations {name}")
        hints = get_type_hints(act, localns={"Door": Any})
        _, _, asked = (hint for at, hint in hints.items() if at != "return")
        given = hints["return"]
        TABLE[name] = Operation(
            name, right, act, TypeAdapter(asked), None if given is Audio else TypeAdapter(given), most_bytes,
            in_turn,
        )  # fmt: skip
        return act

    return enter


def most_bytes(name: str) -> int:
    """How much may be asked of that operation."""
    return TABLE[name].most_bytes if name in TABLE else _MOST_BYTES


async def identify(door: Door, token: str | None, source: str, now_ns: int) -> Caller:
    """Who has this token; somebody unknown if it is none, or no longer."""
    session = await door.people.session(token, now_ns) if token else None
    person = await door.people.person(session.person, now_ns) if session else None
    if session is None or person is None or not may_come_in(person, now_ns):
        return Caller(now_ns=now_ns, source=source)
    if not door.keeps_password(person.login):
        person = replace(person, must_change_password=False)  # nobody here knows it
    away = await door.people.absent_sections(now_ns)
    rights = set(rights_of((), manager_is_away=False))
    for one in person.appointments:
        rights |= rights_of((one.role,), manager_is_away=one.section in away)
    instructed = await door.instructions.calls(now_ns) if Role.CONTRACTOR in person.roles else {}
    if instructed:
        rights |= INSTRUCTED
    return Caller(
        now_ns=now_ns, source=source, person=person, session=session, rights=frozenset(rights), away=away,
        instructed=instructed,
    )  # fmt: skip


async def call(door: Door, name: str, caller: Caller, given: bytes) -> tuple[Operation, Any]:
    """Does what is asked. `Refused` if it isn't done; `given` is JSON."""
    found = TABLE.get(name)
    if found is None:
        raise Refused(Why.NOT_FOUND)
    require(found.right, caller)
    try:
        asked = found.asked.validate_json(given or b"{}")
    except ValidationError as error:
        where = error.errors()[0]["loc"]
        raise Refused(Why.NOT_UNDERSTOOD, field=str(where[0]) if where else "") from None
    async with door.turn if found.in_turn else contextlib.nullcontext():
        return found, await found.act(door, caller, asked)


def require(right: Right, caller: Caller) -> None:
    """`Refused` if the caller hasn't this right, or has to set up his account first."""
    if right is Right.ANYBODY:
        return
    if caller.person is None:
        raise Refused(Why.NOT_LOGGED_IN)
    if right not in _BEFORE_ALL_IS_SET:
        if caller.person.must_change_password:
            raise Refused(Why.PASSWORD_FIRST)
        if not caller.person.has_second_factor:
            raise Refused(Why.SECOND_FACTOR_FIRST)
    if right not in caller.rights:
        raise Refused(Why.NOT_ALLOWED)


__all__ = [
    "TABLE", "Audio", "Caller", "Nothing", "Operation", "Role", "call", "identify", "most_bytes", "operation",
    "require",
]  # fmt: skip
