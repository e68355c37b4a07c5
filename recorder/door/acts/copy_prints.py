"""Papers about a copy: the label of its medium, the receipt, the reminder, the report of its end, the submission."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Literal

from recorder.copies import label
from recorder.copies.bundle import code_of
from recorder.copies.label import Label
from recorder.dates import at, japanese_day
from recorder.door.acts.applications import Number
from recorder.door.acts.forms import forms_of
from recorder.door.cases import copy_sight, facts, reading, words
from recorder.door.cases.history import Copy, History
from recorder.door.handing import PaperForm, give_paper
from recorder.door.operations import Audio, Caller, operation
from recorder.door.refusals import Refused, Why
from recorder.door.rights import Right
from recorder.forms import Call as FormCall
from recorder.forms import Copy as FormCopy
from recorder.forms import Facts, Paper, Person, fill
from recorder.settings.bounds import STRICT
from storage.register import Entry

if TYPE_CHECKING:
    from recorder.door.door import Door

What = Literal["label", "receipt", "reminder", "destruction", "delivery"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintOfCopy:
    __pydantic_config__ = STRICT

    copy: Number
    what: What
    form: PaperForm


@operation("copies.print", Right.COPIES)
async def give_print(door: Door, caller: Caller, asked: PrintOfCopy) -> Audio:
    """One of them, as a file."""
    history, copy = await copy_sight.require_copy(door, caller, asked.copy, Right.COPIES)
    paper = await _paper(door, history, copy, asked.what)
    return await give_paper(paper, asked.form, f"{paper.title}-{copy.number}", caller.now_ns)


async def _paper(door: Door, history: History, copy: Copy, what: What) -> Paper:
    """A receipt is signed while the copy changes hands, a submission handed in with it: both are there before that is
    entered. `Refused` if there is no such paper about this copy."""
    if what == "label":
        return label.document(_label(door, copy), at(copy.made.at_ns))
    found = (await forms_of(door)).of(what)
    is_too_early = what == "reminder" and copy.provided is None
    if found is None or is_too_early or (what == "delivery" and copy.instruction is None):
        raise Refused(Why.NOT_FOUND)
    said, made_ns = await _facts(door, history, copy, what)
    return fill(found, said, made_at=at(made_ns))


def _label(door: Door, copy: Copy) -> Label:
    profile = door.profile
    manager = next((one.post for one in (profile.roles if profile else ()) if one.role == "manager"), "")
    until, rule = copy.until, str(copy.made.fields.get("rule", ""))
    return Label(
        office=door.office_name, title=profile.words.copy if profile else "複製データ", number=f"複製No.{copy.number}",
        application=f"申請No.{copy.application}" if copy.application else f"指示No.{copy.instruction}",
        made_on=japanese_day(at(copy.made.at_ns).date()),
        medium=words.said(words.MEDIA, copy.made.fields.get("medium", "")),
        until=f"{japanese_day(until)}　{rule}" if until else rule,
        code=code_of(str(copy.made.fields.get("manifest_sha256", ""))), contact=manager,
    )  # fmt: skip


async def _facts(door: Door, history: History, copy: Copy, what: What) -> tuple[Facts, int]:
    """What the form is filled in with, and when the paper was made."""
    profile, case = door.profile, copy_sight.case_of(history, copy)
    replied = await reading.paper_of(door, case.reply) if case and case.reply else {}
    given = await _said(door, copy.provided)
    ended = await _said(door, copy.ended)
    instruction = next((one for one in await door.instructions.all() if one.number == copy.instruction), None)
    by = {"receipt": copy.provided, "destruction": copy.ended or copy.made, "delivery": copy.provided,
          "reminder": copy.reminded[-1] if copy.reminded else copy.provided}.get(what) or copy.made  # fmt: skip
    account = next((one for one in await door.people.people(by.at_ns) if one.login == by.who), None)
    who = Person(post=account.post, name=account.name) if account else Person()
    is_for_pen = what in ("receipt", "delivery") and copy.provided is None  # the day is written when it is signed
    reported = str(copy.ended.fields.get("reported_by", "")) if copy.ended else ""
    return Facts(
        case=copy.application, document_on=None if is_for_pen else at(by.at_ns).date(),
        manager=facts.manager_of(profile), operator=Person() if is_for_pen else who,
        document=str(replied.get("document", "")) if what == "receipt" else "",
        asked_on=_day(instruction.day) if instruction else case.received_on if case else None,
        asked_document=instruction.document if instruction else "",
        contractor=Person(section=account.post, name=account.name) if account and copy.instruction else Person(),
        recipient=Person(post=str(copy.provided.fields.get("to", "")), name=given.get("recipient", ""))
        if copy.provided else Person(),
        witness=Person(name=ended.get("witness", "")), calls=await _calls(door, copy, replied),
        copies=(_copy(copy),), article=str(replied.get("article", "")),
        ground_title=str(replied.get("ground_title", "")),
        are_accepted=bool(copy.provided.fields.get("conditions")) or None if copy.provided else None,
        handed_on=at(copy.provided.at_ns).date() if copy.provided else None,
        handed_how=_how(str(copy.provided.fields.get("how", ""))) if copy.provided else "",
        ended_on=_day(str(copy.ended.fields.get("on", ""))) if copy.ended else None,
        ended_how=str(copy.ended.fields.get("how", "")) if copy.ended else "",
        reported_by=(who if copy.ended and reported == copy.ended.who else Person(post=reported)),
        remarks=ended.get("remarks", "") if what == "destruction" else given.get("remarks", ""),
    ), by.at_ns  # fmt: skip


async def _said(door: Door, entry: Entry | None) -> dict[str, Any]:
    return await reading.paper_of(door, entry) if entry is not None else {}


async def _calls(door: Door, copy: Copy, replied: dict[str, Any]) -> tuple[FormCall, ...]:
    """As the reply had them; of an instruction as they are in the store, if they still are."""
    said = {one["id"]: one for one in replied.get("calls", ())}
    if said:
        return tuple(facts.found_call(said[call]) for call in copy.calls if call in said)
    records = [await door.store.get(call) for call in copy.calls]
    return tuple(facts.stored_call(record) for record in records if record is not None)


def _copy(copy: Copy) -> FormCopy:
    fields = copy.made.fields
    return FormCopy(
        number=copy.number, made_on=at(copy.made.at_ns).date(), medium=str(fields.get("medium", "")),
        packing=str(fields.get("form", "")), calls=len(copy.calls), sha256=str(fields.get("manifest_sha256", "")),
        until=copy.until, rule=str(fields.get("rule", "")),
    )  # fmt: skip


def _how(said: str) -> str:
    return {"手渡し": "by_hand", "郵送": "post"}.get(said, "other") if said else ""


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
