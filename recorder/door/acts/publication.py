"""The notice that calls are recorded (公表): drafted, gone over by a person, published, and out of date as soon as the
settings or the regulation say something else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Annotated, Literal

from recorder.dates import at
from recorder.door.acts.report import require_whole
from recorder.door.cases.entries import PUBLISHED
from recorder.door.cases.reading import paper_of
from recorder.door.handing import PaperForm, give_paper
from recorder.door.ledger.index import Wanted
from recorder.door.ledger.ledger import Unread
from recorder.door.operations import Audio, Caller, Nothing, operation
from recorder.door.refusals import Refused, Why
from recorder.door.rights import Right
from recorder.reports import publication as notice
from recorder.settings.bounds import STRICT, Within
from storage.register import Entry

if TYPE_CHECKING:
    from recorder.door.door import Door

OLDEST = date(2000, 1, 1)
SHOWN = 50
LONGEST = 20_000
Text = Annotated[str, Within(min_length=1, max_length=LONGEST)]
State = Literal["never", "old", "current", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicationState:
    """Whether what was published still fits; unknown if the register can't be read now."""

    state: State
    on: date | None  # when it was published last


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """One that was published."""

    number: int
    on: date
    where: str
    by_name: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    state: State
    draft: str  # as the settings make it now
    text: str  # as it was published last; "" if it never was, or isn't kept
    article: str  # by which it has to be published
    says: str
    published: tuple[Published, ...]  # newest first


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeAsFile:
    __pydantic_config__ = STRICT

    text: Text
    form: PaperForm


@dataclass(frozen=True, slots=True, kw_only=True)
class Publish:
    __pydantic_config__ = STRICT

    text: Text
    on: date
    where: Annotated[str, Within(min_length=1, max_length=400)]  # the web page, the paper


@operation("publication", Right.PUBLISH)
async def shown(door: Door, caller: Caller, asked: Nothing) -> Publication:
    """The draft, and what was published."""
    require_whole(caller)
    try:
        found = await _published(door, SHOWN)
    except Unread as error:
        raise Refused(Why.NOT_NOW, field="register", detail=str(error)) from error
    names = {one.login: one.name for one in await door.people.people(caller.now_ns)}
    duty = next((one for one in (door.profile.duties if door.profile else ()) if one.duty == "publish"), None)
    draft = notice.draft(door.settings, door.profile)
    return Publication(
        state=_state(found, draft), draft=draft, article=duty.article if duty else "", says=duty.says if duty else "",
        text=str((await paper_of(door, found[0])).get("text", "")) if found else "",
        published=tuple(
            Published(
                number=one.number, on=date.fromisoformat(one.fields["on"]), where=str(one.fields.get("where", "")),
                by_name=names.get(one.who, one.who), sha256=str(one.fields.get("sha256", "")),
            )
            for one in found
        ),
    )  # fmt: skip


@operation("publication.state", Right.HEALTH)
async def state(door: Door, caller: Caller, asked: Nothing) -> PublicationState:
    """For the morning page."""
    try:
        found = await _published(door, 1)
    except Unread:  # the register's own page says why
        return PublicationState(state="unknown", on=None)
    draft = notice.draft(door.settings, door.profile)
    return PublicationState(
        state=_state(found, draft), on=date.fromisoformat(found[0].fields["on"]) if found else None
    )


@operation("publication.file", Right.PUBLISH)
async def file(door: Door, caller: Caller, asked: NoticeAsFile) -> Audio:
    """The text as somebody left it, as a file; nothing is published by that."""
    require_whole(caller)
    paper = notice.document(asked.text, at(caller.now_ns))
    return await give_paper(paper, asked.form, "公表文", caller.now_ns)


@operation("publication.publish", Right.PUBLISH)
async def publish(door: Door, caller: Caller, asked: Publish) -> Nothing:
    """It was published there, with this text."""
    require_whole(caller)
    if not OLDEST <= asked.on <= at(caller.now_ns).date():
        raise Refused(Why.NOT_UNDERSTOOD, field="on")
    if not asked.where.strip():
        raise Refused(Why.NOT_UNDERSTOOD, field="where")
    text = notice.canonical(asked.text)
    if not text.strip():
        raise Refused(Why.NOT_UNDERSTOOD, field="text")
    digest = await door.papers.keep({"text": text}, caller.now_ns)
    await door.enter(caller, PUBLISHED, {
        "on": asked.on.isoformat(), "where": asked.where.strip(), "sha256": notice.digest(text),
        "basis": notice.digest(notice.draft(door.settings, door.profile)), "paper": digest,
    })  # fmt: skip
    return Nothing()


async def _published(door: Door, count: int) -> list[Entry]:
    if not await door.ledger.keep_up():
        raise Unread("The register is still being read.")
    return await door.ledger.find(Wanted(kind=PUBLISHED), None, count)


def _state(found: list[Entry], draft: str) -> State:
    if not found:
        return "never"
    return "current" if found[0].fields.get("basis") == notice.digest(draft) else "old"
