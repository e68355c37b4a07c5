"""Which role may what: one table, and nothing beside it.

A right is a kind of act. What a right means for one call (its section, its ground, whether it may be heard where it
lies) is decided by the operation that needs it.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class Right(StrEnum):
    """A kind of act."""

    ANYBODY = "anybody"  # logging in: nobody is known yet
    OWN = "own"  # one's own account: password, second factor, sessions
    HEALTH = "health"  # whether recording goes on, without a number or a name
    MIRROR = "mirror"  # what the mirror port shows, for the engineer
    CALLS = "calls"  # finding calls, with their numbers, without audio
    CALL = "call"  # looking at one whose id is known
    LISTEN = "listen"  # as the office's rule allows
    NOTICE = "notice"  # say why the other party of a call wasn't told
    HOLD = "hold"  # keep a recording beyond its period
    RELEASE = "release"  # end that
    REGISTER = "register"  # read the register
    APPLY = "apply"  # ask for a copy; see what became of one's own applications
    CASES = "cases"  # all applications and copies of one's sections; prepare, check identities, report ends
    DECIDE = "decide"  # grant or refuse what was applied for, and reply
    COPIES = "copies"  # see what became of copies: one's own, or those of one's sections
    COPY = "copy"  # make copies of what was granted, or what an instruction names
    HAND_OVER = "hand_over"  # give copies away
    COMPLAINTS = "complaints"  # take them, and answer
    PUBLISH = "publish"  # the notice that calls are recorded, and the yearly report
    EXPORT = "export"  # take the register away as a file or a print
    INSTRUCTIONS = "instructions"  # see what the contractor is instructed to do
    INSTRUCT = "instruct"  # give him an instruction, and end it
    PEOPLE = "people"  # appoint and dismiss
    SETTINGS = "settings"  # propose a change
    APPROVE = "approve"  # put another's proposal in force


class Role(StrEnum):
    """A role, as the regulations name them."""

    MANAGER = "manager"  # 管理責任者
    DEPUTY = "deputy"  # 代理者, while the manager is away
    OPERATOR = "operator"  # 取扱者
    APPLICANT = "applicant"  # 主管課長、所属長
    CONTRACTOR = "contractor"  # 受託者, on a written instruction alone
    AUDITOR = "auditor"  # 監査
    MAINTENANCE = "maintenance"  # 保守


_ALL = frozenset({Right.OWN, Right.HEALTH})
_MANAGER = frozenset({
    *_ALL, Right.MIRROR, Right.CALLS, Right.CALL, Right.LISTEN, Right.NOTICE, Right.HOLD, Right.RELEASE, Right.REGISTER,
    Right.APPLY, Right.CASES, Right.DECIDE, Right.COPIES, Right.COPY, Right.HAND_OVER, Right.COMPLAINTS, Right.PUBLISH,
    Right.EXPORT, Right.INSTRUCTIONS, Right.INSTRUCT, Right.PEOPLE, Right.SETTINGS, Right.APPROVE,
})  # fmt: skip
TABLE: dict[Role, frozenset[Right]] = {
    Role.MANAGER: _MANAGER,
    Role.DEPUTY: _MANAGER,  # while the manager is away; else those of nobody: `rights_of`
    Role.OPERATOR: _ALL | {
        Right.CALLS, Right.CALL, Right.LISTEN, Right.NOTICE, Right.HOLD, Right.REGISTER, Right.APPLY, Right.SETTINGS,
        Right.CASES, Right.COPIES, Right.COPY, Right.HAND_OVER, Right.COMPLAINTS, Right.EXPORT,
    },  # fmt: skip
    Role.APPLICANT: _ALL | {Right.APPLY, Right.COPIES},
    # One in force gives the rest: `INSTRUCTED`, for its calls.
    Role.CONTRACTOR: _ALL | {Right.INSTRUCTIONS, Right.COPIES},
    Role.AUDITOR: _ALL | {Right.REGISTER, Right.EXPORT},
    Role.MAINTENANCE: _ALL | {Right.MIRROR},
}
# A deputy whose manager is there: he is the second person for what the manager proposes (office/approving).
_DEPUTY = _ALL | {Right.SETTINGS, Right.APPROVE}
# What a contractor may do with the calls that an instruction in force names, and with no others.
INSTRUCTED = frozenset({Right.CALL, Right.LISTEN, Right.COPY})


def rights_of(roles: Iterable[Role], *, manager_is_away: bool) -> frozenset[Right]:
    """What somebody with these roles may do now. Without a role: his own account, to learn that."""
    found: set[Right] = {Right.OWN}
    for role in roles:
        if role is Role.DEPUTY and not manager_is_away:
            found |= _DEPUTY
        else:
            found |= TABLE[role]
    return frozenset(found)
