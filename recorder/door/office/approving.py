"""Who may put a proposal in force: a second person, never whoever proposed it. Pure.

| who | |
| --- | --- |
| the office's manager | what others proposed |
| the office's deputy, while the manager is marked away | the same |
| the office's deputy, while the manager is there | what a manager proposed |

Without the last row an office with one manager could change nothing.

A section's own manager proposes what is about his section, and approves nothing: with another's extensions he would
give himself another's calls.
"""

from __future__ import annotations

from recorder.door.operations import Caller
from recorder.door.people.values import Person
from recorder.door.rights import Right, Role


def may_approve(caller: Caller, by: str, proposer: Person | None) -> bool:
    """Whether the caller may approve what `by` proposed; `proposer` is his account, None if there is none."""
    person = caller.person
    if person is None or person.login == by or Right.APPROVE not in caller.rights:
        return False
    roles = {one.role for one in person.appointments if not one.section}
    if Role.MANAGER in roles or (Role.DEPUTY in roles and "" in caller.away):
        return True
    return Role.DEPUTY in roles and proposer is not None and Role.MANAGER in proposer.roles
