"""The office's forms: which there are, and each of them blank for the pen."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from recorder.door.handing import PaperForm, give_paper
from recorder.door.operations import Audio, Caller, Nothing, operation
from recorder.door.refusals import Refused, Why
from recorder.door.rights import Right
from recorder.forms import Forms, blank, load_forms
from recorder.settings.bounds import STRICT, Within

if TYPE_CHECKING:
    from recorder.door.door import Door

@dataclass(frozen=True, slots=True, kw_only=True)
class FormShown:
    name: str
    kind: str
    title: str
    number: str  # as in 様式第1号; "" of a general one
    article: str
    is_own: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FormsShown:
    forms: tuple[FormShown, ...]
    faults: tuple[str, ...]  # of the office's own layouts that were left out, with file and line


@dataclass(frozen=True, slots=True, kw_only=True)
class BlankForm:
    __pydantic_config__ = STRICT

    name: Annotated[str, Within(pattern="^[a-z][a-z0-9-]{0,31}$")]
    form: PaperForm


@operation("forms", Right.APPLY)
async def listed(door: Door, caller: Caller, asked: Nothing) -> FormsShown:
    """The office's forms; the faults only for who can have them mended."""
    found = await forms_of(door)
    shown = tuple(
        FormShown(
            name=one.name, kind=one.kind, title=one.title, number=one.layout.number, article=one.layout.article,
            is_own=one.is_own,
        )
        for one in found.values()
    )  # fmt: skip
    return FormsShown(forms=shown, faults=found.faults if Right.SETTINGS in caller.rights else ())


@operation("forms.blank", Right.APPLY)
async def give_blank(door: Door, caller: Caller, asked: BlankForm) -> Audio:
    """One form as a file. It says nothing of anybody, so it isn't entered."""
    found = (await forms_of(door)).get(asked.name)
    if found is None:
        raise Refused(Why.NOT_FOUND)
    paper = blank(found)
    return await give_paper(paper, asked.form, paper.title, caller.now_ns)


async def forms_of(door: Door) -> Forms:
    """The forms as they are now: the office's folder is read each time, so that a mended one counts at once."""
    return await asyncio.to_thread(load_forms, door.settings.policy.office, door.settings.desk.forms)
