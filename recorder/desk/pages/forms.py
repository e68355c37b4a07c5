"""The office's forms, blank."""

from __future__ import annotations

from urllib.parse import quote

from starlette.responses import Response

from recorder.desk.routes import page
from recorder.desk.visit import Visit
from recorder.door.refusals import Refused, Why
from recorder.door.rights import Right
from recorder.paper.html import policy_of

ENDINGS = ("html", "pdf", "docx")


@page("/forms", "forms", Right.APPLY, in_menu="forms.menu")
async def listed(visit: Visit) -> Response:
    return visit.page("forms.html", said=await visit.ask("forms"), endings=ENDINGS)


@page("/forms/{form}/{ending}", "forms.blank", Right.APPLY)
async def blank(visit: Visit) -> Response:
    """The form itself: HTML to print from the browser, PDF and docx to take along."""
    name, ending = visit.request.path_params["form"], visit.request.path_params["ending"]
    shown = {one["name"]: one for one in (await visit.ask("forms"))["forms"]}
    if name not in shown or ending not in ENDINGS:
        raise Refused(Why.NOT_FOUND)
    played = await visit.ask.audio("forms.blank", name=name, form=ending)
    data = b"".join([chunk async for chunk in played.chunks])
    headers = {"content-type": played.headers["content-type"]}
    if ending == "html":
        headers["content-security-policy"] = policy_of(data)
    else:
        headers["content-disposition"] = f"attachment; filename*=UTF-8''{quote(shown[name]['title'], safe='')}.{ending}"
    return Response(data, headers=headers)
