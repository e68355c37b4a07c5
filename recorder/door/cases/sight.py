"""Who sees a case, and who works on it.

An applicant sees his own. Whoever works on cases sees those of the sections that he was appointed for; an application
of no section (a citizen's) belongs to the whole office, or to the section whose people took it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from recorder.door.cases.history import Case, History
from recorder.door.ledger.ledger import Unread
from recorder.door.operations import Caller
from recorder.door.refusals import Refused, Why
from recorder.door.rights import Right

if TYPE_CHECKING:
    from recorder.door.door import Door


def works_on(caller: Caller, case: Case, right: Right = Right.CASES) -> bool:
    """Whether the caller may treat the case so, as one who works on cases."""
    if right not in caller.rights:
        return False
    sections = caller.sections(right)
    return sections is None or case.section in sections


def is_own(caller: Caller, case: Case) -> bool:
    """Whether the caller applied; who typed in a paper for somebody else didn't."""
    is_typed_in = bool(case.applied.fields.get("on_paper"))
    return Right.APPLY in caller.rights and case.applied.who == caller.login and not is_typed_in


def sees(caller: Caller, case: Case) -> bool:
    """Whether the caller may know of the case."""
    return works_on(caller, case) or is_own(caller, case)


async def history(door: Door) -> History:
    """All cases. `Refused` if the register can't be read to its end."""
    try:
        return await door.cases.history()
    except Unread as error:
        raise Refused(Why.NOT_NOW, field="register", detail=str(error)) from error


async def require_case(door: Door, caller: Caller, number: int, right: Right) -> Case:
    """The case, if this caller may treat it so; with `Right.APPLY`, if he may know of it. `Refused` as if there were
    none, else."""
    case = (await history(door)).cases.get(number)
    if case is None or not (sees(caller, case) if right is Right.APPLY else works_on(caller, case, right)):
        raise Refused(Why.NOT_FOUND)
    return case
