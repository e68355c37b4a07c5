"""Why the other party was not told that a call is recorded (Shinagawa 5): which exceptions of the regulation applied.

Whoever spoke tells the other party himself where the regulation says so. If he didn't, one of the listed reasons has to
apply, and is entered for that call. The register has the articles; what happened, in words, stands in a paper.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from recorder.door.acts.calls import CallId, OneCall, require_call
from recorder.door.cases.reading import paper_of
from recorder.door.ledger.index import Wanted
from recorder.door.ledger.ledger import Unread
from recorder.door.operations import Caller, operation
from recorder.door.refusals import Refused, Why
from recorder.door.rights import Right
from recorder.settings.bounds import STRICT, Within
from storage.records import CallRecord
from storage.text import escape

if TYPE_CHECKING:
    from recorder.door.door import Door

NOTICE_OMITTED = "notice_omitted"
HEARD = "announced"  # the flag of a call in which the spoken notice was heard


@dataclass(frozen=True, slots=True, kw_only=True)
class ExceptionShown:
    """A case in which the regulation lets the other party not be told."""

    item: int  # from 1, as the profile lists them
    says: str
    article: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Omission:
    """That it was left out, as it was entered last."""

    number: int  # of the entry
    at_ns: int
    name: str  # who entered it
    article: str
    text: str
    is_corrected: bool  # there was another before


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeOfCall:
    article: str  # that wants the other party told; "" if the regulation lists no exceptions
    exceptions: tuple[ExceptionShown, ...]
    can_be_omitted: bool  # it is recorded, and no spoken notice was heard in it
    omitted: Omission | None  # None: nobody said that it was


@dataclass(frozen=True, slots=True, kw_only=True)
class OmitNotice:
    __pydantic_config__ = STRICT

    id: CallId
    exceptions: Annotated[tuple[Annotated[int, Within(ge=1, le=99)], ...], Within(min_length=1, max_length=20)]
    text: Annotated[str, Within(max_length=2000)] = ""  # what happened


@operation("call.notice", Right.NOTICE)
async def of_call(door: Door, caller: Caller, asked: OneCall) -> NoticeOfCall:
    """Which exceptions there are, and which was entered for this call."""
    record = await require_call(door, caller, asked.id, Right.NOTICE)
    listed = _exceptions(door)
    return NoticeOfCall(
        article=_article(door) if listed else "", exceptions=listed, can_be_omitted=_can_be(record),
        omitted=await _omitted(door, caller, record) if listed else None,
    )  # fmt: skip


@operation("call.notice_omitted", Right.NOTICE, in_turn=True)
async def omit(door: Door, caller: Caller, asked: OmitNotice) -> NoticeOfCall:
    """Enters which applied; entered again, the last one counts."""
    record = await require_call(door, caller, asked.id, Right.NOTICE)
    listed = {one.item: one for one in _exceptions(door)}
    if not listed:
        raise Refused(Why.CONFLICT, field="notice_exceptions")
    if not _can_be(record):
        raise Refused(Why.CONFLICT, field="notice_call")
    if not set(asked.exceptions) <= listed.keys():
        raise Refused(Why.NOT_UNDERSTOOD, field="exceptions")
    text = asked.text.strip()
    digest = await door.papers.keep({"text": text}, caller.now_ns) if text else ""
    await door.enter(caller, NOTICE_OMITTED, {
        "call": record.id, "article": "、".join(listed[one].article for one in sorted(set(asked.exceptions))),
        "paper": digest,
    })  # fmt: skip
    return await of_call(door, caller, OneCall(id=record.id))


async def _omitted(door: Door, caller: Caller, record: CallRecord) -> Omission | None:
    try:
        await door.ledger.keep_up()
        found = await door.ledger.find(Wanted(kind=NOTICE_OMITTED, call=record.id), None, 2)
    except Unread as error:
        raise Refused(Why.NOT_NOW, field="register", detail=str(error)) from error
    if not found:
        return None
    last = found[0]
    names = {one.login: one.name for one in await door.people.people(caller.now_ns)}
    return Omission(
        number=last.number, at_ns=last.at_ns, name=names.get(last.who, escape(last.who)),
        article=escape(str(last.fields.get("article", ""))),
        text=str((await paper_of(door, last)).get("text", "")), is_corrected=len(found) > 1,
    )  # fmt: skip


def _exceptions(door: Door) -> tuple[ExceptionShown, ...]:
    notice = door.profile.notice if door.profile else None
    said = notice.exceptions if notice else ()
    return tuple(ExceptionShown(item=item, says=one.says, article=one.article) for item, one in enumerate(said, 1))


def _article(door: Door) -> str:
    return door.profile.notice.article if door.profile and door.profile.notice else ""


def _can_be(record: CallRecord) -> bool:
    return record.recording is not None and HEARD not in record.flags
