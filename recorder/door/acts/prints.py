"""The office's forms, filled in from a case: the application, the reply, and what was seen to before.

The applicant gets his own form and the reply; the records of checks are for whoever works on cases.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from recorder.dates import at
from recorder.door.acts.applications import Number, form_of
from recorder.door.acts.forms import forms_of
from recorder.door.cases import facts, reading, sight
from recorder.door.cases.history import Case
from recorder.door.handing import PaperForm, give_paper
from recorder.door.operations import Audio, Caller, operation
from recorder.door.refusals import Refused, Why
from recorder.door.rights import Right
from recorder.forms import Facts, fill
from recorder.settings.bounds import STRICT
from storage.register import Entry

if TYPE_CHECKING:
    from recorder.door.door import Door

What = Literal["application", "reply", "identity", "investigation"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintForm:
    __pydantic_config__ = STRICT

    application: Number
    what: What
    form: PaperForm


@operation("applications.print", Right.APPLY)
async def give_print(door: Door, caller: Caller, asked: PrintForm) -> Audio:
    """One form, filled in, as a file."""
    case = await sight.require_case(door, caller, asked.application, Right.APPLY)
    if asked.what in ("identity", "investigation") and not sight.works_on(caller, case):
        raise Refused(Why.NOT_FOUND)
    found = (await forms_of(door)).of(asked.what)
    if found is None:
        raise Refused(Why.NOT_FOUND)
    said, made_ns = await _facts(door, case, asked.what)
    paper = await asyncio.to_thread(fill, found, said, made_at=at(made_ns))
    return await give_paper(paper, asked.form, f"{paper.title}-{case.number}", caller.now_ns)


async def _facts(door: Door, case: Case, what: What) -> tuple[Facts, int]:
    """What the form is filled in with, and when the paper was made. `Refused` if there is none yet."""
    paper = await reading.paper_of(door, case.applied)
    if not paper:
        raise Refused(Why.NOT_FOUND)
    replied = await reading.paper_of(door, case.reply) if case.reply else {}
    profile = door.profile
    if what == "application":
        return facts.of_application(case, paper, profile, form_of(profile)), case.applied.at_ns
    if what == "reply":
        if case.reply is None:
            raise Refused(Why.NOT_FOUND)
        return facts.of_reply(case, paper, replied, profile), case.reply.at_ns
    checks: list[Entry] = case.identity if what == "identity" else case.called_back
    if not checks:
        raise Refused(Why.NOT_FOUND)
    check = await reading.paper_of(door, checks[-1])
    by = next(
        (one for one in await door.people.people(checks[-1].at_ns) if one.login == checks[-1].who), None
    )
    if what == "identity":
        return facts.of_identity(case, paper, check, checks[-1].at_ns, by, profile), checks[-1].at_ns
    return facts.of_investigation(case, paper, check, replied, checks[-1].at_ns, by, profile), checks[-1].at_ns
