"""The office's forms, blank."""

from __future__ import annotations

from starlette.responses import Response

from recorder.desk.files import WRITTEN_AS, handed
from recorder.desk.routes import page
from recorder.desk.visit import Visit
from recorder.door.refusals import Refused, Why
from recorder.door.rights import Right


@page("/forms", "forms", Right.APPLY, in_menu="forms.menu")
async def listed(visit: Visit) -> Response:
    return visit.page("forms.html", said=await visit.ask("forms"), endings=WRITTEN_AS)


@page("/forms/{form}/{ending}", "forms.blank", Right.APPLY)
async def blank(visit: Visit) -> Response:
    """The form itself: HTML to print from the browser, PDF and docx to take along."""
    name, ending = visit.request.path_params["form"], visit.request.path_params["ending"]
    shown = {one["name"]: one for one in (await visit.ask("forms"))["forms"]}
    if name not in shown or ending not in WRITTEN_AS:
        raise Refused(Why.NOT_FOUND)
    return await handed(visit, "forms.blank", name=name, form=ending)
