"""Who may know of a copy, and who works on it.

One of a case belongs to who sees the case. One that an instruction asked for belongs to who works on cases of its
calls' sections, and to the contractor who made it, as long as the instruction is in force.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from recorder.door.cases import sight
from recorder.door.cases.history import Case, Copy, History
from recorder.door.operations import Caller
from recorder.door.refusals import Refused, Why
from recorder.door.rights import Right

if TYPE_CHECKING:
    from recorder.door.door import Door


def case_of(history: History, copy: Copy) -> Case | None:
    return history.cases.get(copy.application or 0)


async def works_on(door: Door, caller: Caller, history: History, copy: Copy, right: Right = Right.CASES) -> bool:
    """Whether the caller may treat the copy so, as one who works on cases."""
    case = case_of(history, copy)
    if case is not None:
        return sight.works_on(caller, case, right)
    if right not in caller.rights:
        return False
    sections = caller.sections(right)
    if sections is None:
        return True
    records = [await door.store.get(call) for call in copy.calls]
    return all(record is not None and record.section in sections for record in records)


def is_own(caller: Caller, history: History, copy: Copy) -> bool:
    """Whether it was made for the caller's own application."""
    case = case_of(history, copy)
    return case is not None and sight.is_own(caller, case)


def is_instructed(caller: Caller, copy: Copy) -> bool:
    """Whether the caller made it on an instruction that is in force."""
    return copy.made.who == caller.login and copy.instruction in caller.instructed.values()


async def sees(door: Door, caller: Caller, history: History, copy: Copy) -> bool:
    return (
        is_own(caller, history, copy)
        or is_instructed(caller, copy)
        or await works_on(door, caller, history, copy)
    )


async def require_copy(door: Door, caller: Caller, number: int, right: Right) -> tuple[History, Copy]:
    """The copy, if the caller may treat it so; with `Right.COPIES`, if he may know of it. `Refused` as if there were
    none, else."""
    history = await sight.history(door)
    copy = history.copies.get(number)
    if copy is None:
        raise Refused(Why.NOT_FOUND)
    may = await (sees(door, caller, history, copy) if right is Right.COPIES
                 else works_on(door, caller, history, copy, right))  # fmt: skip
    if not may:
        raise Refused(Why.NOT_FOUND)
    return history, copy
