"""Applications (申請): the office's form filled in by who applies, or typed in from the paper that somebody handed in.

What it says of people and numbers is a paper (`door.papers`); the register has its digest. Calls that may be meant are
held from then on (`cases.holding`), before anybody looks.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

from recorder.dates import at
from recorder.door.cases import clocks, entries, holding, sight
from recorder.door.cases.candidates import Sought
from recorder.door.cases.grounds import ground_named, is_for
from recorder.door.cases.history import Case, State
from recorder.door.cases.receiving import WITHHELD, meant, sought_of
from recorder.door.operations import Caller, Nothing, operation
from recorder.door.refusals import Refused, Why
from recorder.door.rights import Right
from recorder.numbers.form import is_number, normalised
from recorder.policy.profile import Asks, Form, Profile
from recorder.settings.bounds import STRICT, Within

if TYPE_CHECKING:
    from recorder.door.door import Door

OLDEST = date(2000, 1, 1)  # before that nobody recorded
SHOWN = 200

Number = Annotated[int, Within(ge=1, le=2**62)]
Line = Annotated[str, Within(max_length=200)]
Text = Annotated[str, Within(max_length=2000)]
Document = Annotated[str, Within(max_length=64)]
Clock = Annotated[str, Within(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9])?$")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One call that is asked for, as far as the applicant knows it."""

    __pydantic_config__ = STRICT

    day: date
    time: Clock = ""  # about; "": he doesn't know
    length_s: Annotated[float, Within(ge=0, le=86_400)] | None = None  # about
    number: Annotated[str, Within(max_length=64)] = ""  # of the other side, in any writing; 非通知 for none
    extension: Annotated[str, Within(max_length=32)] = ""  # ours


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeApplication:
    __pydantic_config__ = STRICT

    asks: Asks
    section: Annotated[str, Within(max_length=64)] = ""  # the applicant's
    ground: Annotated[str, Within(max_length=64)] = ""  # its name in the profile; "": the form's choice says, or nobody
    document: Document = ""  # the applicant's own number, as in 税発第12号; that of the police's letter
    document_on: date | None = None
    items: Annotated[tuple[Item, ...], Within(min_length=1, max_length=20)]
    choice: Annotated[int, Within(ge=0, le=20)] = 0  # of the form, from 1; 0: none
    choice_other: Line = ""  # what stands behind その他
    purpose: Text = ""
    remarks: Text = ""
    applicant: Line = ""  # post, or agency and office, as on the paper; "" and "" below: the caller's own
    applicant_name: Line = ""
    person_in_charge: Line = ""
    on_paper: bool = False  # typed in for somebody
    received_on: date | None = None  # of a paper; None: today


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    number: int
    held: int  # calls that are kept from now on


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawApplication:
    __pydantic_config__ = STRICT

    application: Number
    reason: Annotated[str, Within(min_length=1, max_length=400)]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroundOfForm:
    name: str
    title: str
    article: str
    in_writing: bool
    asks: tuple[str, ...]  # the kinds of applications that it is for


@dataclass(frozen=True, slots=True, kw_only=True)
class FormShown:
    """The office's form, for a page to ask for what it wants."""

    name: str  # in the profile; "": the office has none
    title: str
    number: str
    article: str
    fields: tuple[str, ...]
    choices: tuple[str, ...]
    grounds: tuple[GroundOfForm, ...]
    sections: tuple[str, ...]  # that the caller may apply for
    recipient: str
    recording: str  # the office's own words
    copy: str
    on_paper: bool  # whether he may type in what others applied for


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationRow:
    """A line of the list; nothing that only the paper has."""

    number: int
    asks: Asks
    section: str
    ground_title: str
    article: str
    received_on: date
    on_paper: bool
    state: State
    is_withdrawn: bool
    outcome: str  # "" as long as nobody decided
    document: str  # of the reply
    due_on: date | None
    due_article: str
    is_overdue: bool
    by: str  # who entered it
    by_name: str
    is_own: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Applications:
    """Those that aren't done first, the soonest due at the top; then the others, the newest first."""

    applications: tuple[ApplicationRow, ...]
    open: int  # not done
    overdue: int
    is_more: bool
    works: bool  # whether the caller works on cases, or sees his own alone


@operation("applications", Right.APPLY)
async def listed(door: Door, caller: Caller, asked: Nothing) -> Applications:
    """The caller's own; for whoever works on cases, all of his sections."""
    seen = [case for case in (await sight.history(door)).cases.values() if sight.sees(caller, case)]
    names = {one.login: one.name for one in await door.people.people(caller.now_ns)}
    rows = [row(door, caller, case, names) for case in seen]
    rows.sort(key=lambda one: (one.state == "done", -one.number if one.state == "done" else 0,
                               one.due_on or date.max, one.number))  # fmt: skip
    return Applications(
        applications=tuple(rows[:SHOWN]), open=sum(one.state != "done" for one in rows),
        overdue=sum(one.is_overdue for one in rows), is_more=len(rows) > SHOWN, works=Right.CASES in caller.rights,
    )  # fmt: skip


@operation("applications.form", Right.APPLY)
async def form(door: Door, caller: Caller, asked: Nothing) -> FormShown:
    """What the office's form asks."""
    profile = door.profile
    found = form_of(profile)
    words = profile.words if profile else None
    return FormShown(
        name=found.name if found else "", title=found.title if found else "", number=found.number if found else "",
        article=found.article if found else "", fields=found.fields if found else (),
        choices=found.choices if found else (),
        grounds=tuple(
            GroundOfForm(
                name=one.name, title=one.title, article=one.article, in_writing=one.in_writing,
                asks=tuple(kind for kind in entries.ASKS if is_for(one, kind)),
            )
            for one in (profile.grounds if profile else ()) if one.copy or one.provide or one.use
        ),
        sections=_sections(door, caller), recipient=found.recipient if found else "",
        recording=words.recording if words else "通話録音データ", copy=words.copy if words else "複製データ",
        on_paper=Right.CASES in caller.rights,
    )  # fmt: skip


@operation("applications.make", Right.APPLY)
async def make(door: Door, caller: Caller, asked: MakeApplication) -> Made:
    """Received from now on. The paper is kept, then it is entered, then calls are held."""
    assert caller.person is not None
    today = at(caller.now_ns).date()
    _require_sense(door, caller, asked, today)
    section = _section(door, caller, asked)
    chosen = form_of(door.profile)
    ground = asked.ground or _ground_of_choice(chosen, asked.choice)
    sought = [_sought(item, number) for number, item in enumerate(asked.items)]
    clear, perhaps = await meant(door, sought, caller.sections(Right.APPLY))
    paper: dict[str, Any] = {
        "asks": asked.asks, "section": section, "ground": ground,
        **_applicant(caller, asked),
        "document": asked.document.strip(), "document_on": asked.document_on.isoformat() if asked.document_on else "",
        "items": [
            {
                "day": item.day.isoformat(), "time": item.time, "length_s": item.length_s,
                "number": item.number.strip(), "extension": item.extension.strip(),
            }
            for item in asked.items
        ],
        "choice": asked.choice, "choice_other": asked.choice_other.strip(), "purpose": asked.purpose.strip(),
        "remarks": asked.remarks.strip(), "person_in_charge": asked.person_in_charge.strip(),
    }  # fmt: skip
    digest = await door.papers.keep(paper, caller.now_ns)
    entry = await door.enter(caller, entries.APPLICATION, {
        "asks": asked.asks, "section": section, "ground": ground, "form": chosen.name if chosen else "",
        "received_on": (asked.received_on or today).isoformat(), "on_paper": asked.on_paper, "paper": digest,
    })  # fmt: skip
    await holding.receive(door, caller, entry.number, ground, clear, perhaps)
    return Made(number=entry.number, held=len(clear) + len(perhaps))


@operation("applications.withdraw", Right.APPLY, in_turn=True)
async def withdraw(door: Door, caller: Caller, asked: WithdrawApplication) -> Nothing:
    """It isn't asked for any more; by the applicant, or by who works on it, as long as there is no copy."""
    case = await sight.require_case(door, caller, asked.application, Right.APPLY)
    if case.withdrawn is not None or case.copies or case.state == "done":
        raise Refused(Why.CONFLICT)
    digest = await door.papers.keep({"reason": asked.reason}, caller.now_ns)
    await door.enter(caller, entries.WITHDRAWN, {"application": case.number, "paper": digest})
    await holding.release_if_done(door, caller, case.number)
    return Nothing()


def row(door: Door, caller: Caller, case: Case, names: dict[str, str]) -> ApplicationRow:
    """A case as a line of the list."""
    by = clocks.due(case, door.profile)
    fields = case.applied.fields
    ground = ground_named(door.profile, str(fields.get("ground", "")))
    return ApplicationRow(
        number=case.number, asks=case.asks, section=case.section,  # type: ignore[arg-type]
        ground_title=ground.title if ground else "", article=ground.article if ground else "",
        received_on=case.received_on, on_paper=bool(fields.get("on_paper")), state=case.state,
        is_withdrawn=case.withdrawn is not None,
        outcome=str(case.decision.fields.get("outcome", "")) if case.decision else "",
        document=str(case.reply.fields.get("document", "")) if case.reply else "",
        due_on=by.on if by else None, due_article=by.article if by else "",
        is_overdue=clocks.is_overdue(case, door.profile, at(caller.now_ns).date()), by=case.applied.who,
        by_name=names.get(case.applied.who, ""), is_own=sight.is_own(caller, case),
    )  # fmt: skip


def form_of(profile: Profile | None) -> Form | None:
    """The form with which a section applies; None if the office has none, or another way (Saitama's instruction)."""
    forms = profile.forms if profile else ()
    return next((one for one in forms if one.name in ("application", "request")), None)


def _sought(item: Item, number: int) -> Sought:
    given = item.number.strip()
    if given and given not in WITHHELD and not is_number(normalised(given)):
        raise Refused(Why.NOT_UNDERSTOOD, field="number", detail=str(number + 1))
    return sought_of({
        "day": item.day.isoformat(), "time": item.time, "length_s": item.length_s, "number": given,
        "extension": item.extension.strip(),
    })  # fmt: skip


def _require_sense(door: Door, caller: Caller, asked: MakeApplication, today: date) -> None:
    """`Refused` with the first field that makes none."""
    for number, item in enumerate(asked.items, 1):
        if not OLDEST <= item.day <= (asked.received_on or today):
            raise Refused(Why.NOT_UNDERSTOOD, field="item_day", detail=str(number))
    if asked.on_paper:
        if Right.CASES not in caller.rights:
            raise Refused(Why.NOT_ALLOWED)
        if not (asked.applicant.strip() or asked.applicant_name.strip()):
            raise Refused(Why.NOT_UNDERSTOOD, field="applicant")
    elif asked.received_on is not None and asked.received_on != today:
        raise Refused(Why.NOT_UNDERSTOOD, field="received_on")
    if asked.received_on is not None and not OLDEST <= asked.received_on <= today:
        raise Refused(Why.NOT_UNDERSTOOD, field="received_on")
    if asked.document_on is not None and not OLDEST <= asked.document_on <= today:
        raise Refused(Why.NOT_UNDERSTOOD, field="application_on")
    chosen = form_of(door.profile)
    if asked.choice > (len(chosen.choices) if chosen else 0):
        raise Refused(Why.NOT_UNDERSTOOD, field="choice")
    if asked.ground:
        found = ground_named(door.profile, asked.ground)
        if found is None or not is_for(found, asked.asks):
            raise Refused(Why.NOT_UNDERSTOOD, field="ground")
    if not asked.choice and not asked.ground and not asked.purpose.strip():
        raise Refused(Why.NOT_UNDERSTOOD, field="purpose")


def _applicant(caller: Caller, asked: MakeApplication) -> dict[str, str]:
    """Who applies."""
    given = {"applicant": asked.applicant.strip(), "applicant_name": asked.applicant_name.strip()}
    if any(given.values()) or caller.person is None:
        return given
    return {"applicant": caller.person.post, "applicant_name": caller.person.name}


def _section(door: Door, caller: Caller, asked: MakeApplication) -> str:
    """The section that applies; a caller of one section alone needn't say. A citizen or the police are of none: then it
    is the section's whose people took the paper, so that they see it again."""
    sections = caller.sections(Right.APPLY)
    if sections is None:
        if asked.section and asked.section not in _sections(door, caller):
            raise Refused(Why.NOT_UNDERSTOOD, field="section")
        return asked.section
    if not asked.section and len(sections) == 1:
        return next(iter(sections))
    if asked.section not in sections:
        raise Refused(Why.NOT_UNDERSTOOD, field="section")
    return asked.section


def _sections(door: Door, caller: Caller) -> tuple[str, ...]:
    known = {one.name for one in door.settings.sections}
    allowed = caller.sections(Right.APPLY)
    return tuple(sorted(known if allowed is None else allowed))


def _ground_of_choice(form: Form | None, choice: int) -> str:
    return form.choice_grounds[choice - 1] if form and choice and form.choice_grounds else ""
