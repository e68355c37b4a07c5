"""What becomes of a copy: handed over, submitted by the contractor, asked after, kept longer, destroyed or returned.

Nothing is handed over before the reply. Of a disclosure somebody saw who asks, by then; police were called back. Both
are what the decision wanted already (`acts.decisions`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Annotated

from recorder.dates import at
from recorder.door.acts.applications import Line, Number, Text
from recorder.door.cases import copy_sight, entries, holding
from recorder.door.cases.entries import Ending
from recorder.door.cases.history import Copy
from recorder.door.instructions import ENDED
from recorder.door.operations import Caller, operation
from recorder.door.refusals import Refused, Why
from recorder.door.rights import Right
from recorder.settings.bounds import STRICT, Within

if TYPE_CHECKING:
    from recorder.door.door import Door

OLDEST = date(2000, 1, 1)
LATEST = date(2100, 1, 1)
Post = Annotated[str, Within(min_length=1, max_length=100)]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvideCopy:
    __pydantic_config__ = STRICT

    copy: Number
    to: Post  # a post, an authority; no citizen's name, which belongs into `recipient`
    how: Annotated[str, Within(min_length=1, max_length=100)]  # as in 手渡し
    document: Annotated[str, Within(max_length=64)] = ""  # of a letter that goes with it
    recipient: Line = ""  # who took it
    are_accepted: bool = False  # the conditions
    remarks: Text = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitCopy:
    __pydantic_config__ = STRICT

    copy: Number
    remarks: Text = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemindOfCopy:
    __pydantic_config__ = STRICT

    copy: Number
    how: Annotated[str, Within(min_length=1, max_length=100)]  # as in 文書


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtendCopy:
    __pydantic_config__ = STRICT

    copy: Number
    ground: Annotated[str, Within(min_length=1, max_length=64)]
    until: date
    reason: Annotated[str, Within(min_length=1, max_length=2000)]


@dataclass(frozen=True, slots=True, kw_only=True)
class EndCopy:
    __pydantic_config__ = STRICT

    copy: Number
    how: Ending
    on: date
    reported_by: Annotated[str, Within(max_length=100)] = ""  # a post; "": the caller
    witness: Line = ""
    remarks: Text = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    entry: int  # its number in the register


@operation("copies.provide", Right.HAND_OVER, in_turn=True)
async def provide(door: Door, caller: Caller, asked: ProvideCopy) -> Entered:
    """Handed over: from now on somebody else has it."""
    history, copy = await copy_sight.require_copy(door, caller, asked.copy, Right.HAND_OVER)
    case = copy_sight.case_of(history, copy)
    if case is None or case.reply is None or copy.provided is not None or copy.ended is not None:
        raise Refused(Why.CONFLICT)
    conditions = door.profile.conditions if door.profile else ()
    if conditions and not asked.are_accepted:
        raise Refused(Why.NOT_UNDERSTOOD, field="are_accepted")
    if case.asks == "investigation" and not asked.document.strip():
        raise Refused(Why.NOT_UNDERSTOOD, field="provision_document")
    digest = await door.papers.keep(
        {"recipient": asked.recipient, "remarks": asked.remarks, "says": _joined(asked.recipient, asked.remarks)},
        caller.now_ns,
    )  # fmt: skip
    entry = await door.enter(caller, entries.PROVISION, {
        "application": case.number, "copy": copy.number, "to": asked.to, "how": asked.how,
        "document": asked.document.strip(), "conditions": [one.article for one in conditions], "paper": digest,
    })  # fmt: skip
    return Entered(entry=entry.number)


@operation("copies.submit", Right.COPY, in_turn=True)
async def submit(door: Door, caller: Caller, asked: SubmitCopy) -> Entered:
    """The contractor hands in what he was instructed to make; with that the instruction is done, and shuts him out."""
    _, copy = await copy_sight.require_copy(door, caller, asked.copy, Right.COPIES)
    if not copy_sight.is_instructed(caller, copy):
        raise Refused(Why.NOT_FOUND)
    if copy.provided is not None or copy.ended is not None:
        raise Refused(Why.CONFLICT)
    form = next((one for one in (door.profile.forms if door.profile else ()) if one.name == "delivery"), None)
    roles = door.profile.roles if door.profile else ()
    manager = next((one.post for one in roles if one.role == "manager"), "管理責任者")
    digest = await door.papers.keep({"remarks": asked.remarks, "says": asked.remarks}, caller.now_ns)
    entry = await door.enter(caller, entries.PROVISION, {
        "instruction": copy.instruction, "copy": copy.number, "to": manager,
        "how": f"{form.title}（{form.number}）" if form else "提出", "document": "", "conditions": [],
        "form": form.name if form else "", "paper": digest,
    })  # fmt: skip
    reason = f"提出により終了（複製No.{copy.number}）"
    await door.enter(caller, ENDED, {"instruction": copy.instruction, "reason": reason})
    return Entered(entry=entry.number)


@operation("copies.remind", Right.CASES, in_turn=True)
async def remind(door: Door, caller: Caller, asked: RemindOfCopy) -> Entered:
    """Whoever has it was asked after it."""
    _, copy = await copy_sight.require_copy(door, caller, asked.copy, Right.CASES)
    if copy.provided is None or copy.ended is not None:
        raise Refused(Why.CONFLICT)
    entry = await door.enter(caller, entries.COPY_REMINDED, {"copy": copy.number, "how": asked.how})
    return Entered(entry=entry.number)


@operation("copies.extend", Right.DECIDE, in_turn=True)
async def extend(door: Door, caller: Caller, asked: ExtendCopy) -> Entered:
    """Kept longer, on a ground of the regulation."""
    _, copy = await copy_sight.require_copy(door, caller, asked.copy, Right.DECIDE)
    if copy.until is None or copy.ended is not None:
        raise Refused(Why.CONFLICT)
    grounds = [one for one in (door.profile.grounds if door.profile else ()) if one.extend_copies]
    ground = next((one for one in grounds if one.name == asked.ground), None)
    if ground is None:
        raise Refused(Why.NOT_UNDERSTOOD, field="ground")
    if not max(copy.until, at(caller.now_ns).date()) < asked.until <= LATEST:
        raise Refused(Why.NOT_UNDERSTOOD, field="until")
    digest = await door.papers.keep({"says": asked.reason}, caller.now_ns)
    entry = await door.enter(caller, entries.COPY_EXTENDED, {
        "copy": copy.number, "ground": ground.name, "article": ground.extend_copies, "until": asked.until.isoformat(),
        "paper": digest,
    })  # fmt: skip
    return Entered(entry=entry.number)


@operation("copies.end", Right.COPIES, in_turn=True)
async def end(door: Door, caller: Caller, asked: EndCopy) -> Entered:
    """Destroyed, or returned: reported by who works on the case, or by the applicant who had it."""
    history, copy = await copy_sight.require_copy(door, caller, asked.copy, Right.COPIES)
    works = await copy_sight.works_on(door, caller, history, copy)
    is_his = copy_sight.is_own(caller, history, copy) and copy.provided is not None
    if not works and not is_his:
        raise Refused(Why.NOT_FOUND)
    if copy.ended is not None:
        raise Refused(Why.CONFLICT)
    if not at(copy.made.at_ns).date() <= asked.on <= at(caller.now_ns).date():
        raise Refused(Why.NOT_UNDERSTOOD, field="ended_on")
    digest = await door.papers.keep(
        {"witness": asked.witness, "remarks": asked.remarks, "says": _joined(asked.witness, asked.remarks)},
        caller.now_ns,
    )  # fmt: skip
    entry = await door.enter(caller, entries.COPY_ENDED, {
        "copy": copy.number, "how": asked.how, "on": asked.on.isoformat(),
        "reported_by": asked.reported_by.strip() or caller.login, "paper": digest,
    })  # fmt: skip
    door.ready_copies.drop(copy.number)
    await _done(door, caller, copy)
    return Entered(entry=entry.number)


async def _done(door: Door, caller: Caller, copy: Copy) -> None:
    if copy.application is not None:
        await holding.release_if_done(door, caller, copy.application)


def _joined(*texts: str) -> str:
    return "　".join(one.strip() for one in texts if one.strip())
