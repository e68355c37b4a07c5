"""The first page of the day: is everything well?"""

from __future__ import annotations

from starlette.responses import Response

from recorder.desk.routes import page
from recorder.desk.visit import Visit
from recorder.door.rights import Right


@page("/", "morning", Right.OWN, in_menu="morning.menu")
async def show(visit: Visit) -> Response:
    if not visit.may(Right.HEALTH):
        return visit.go("/account")
    said = await visit.ask("morning")
    notice = await visit.ask("publication.state")
    is_well = (
        said["is_recording"] and said["keeps"] and not said["yesterday"]["missing"] and not said["provisional"]
        and not said["applications_overdue"] and notice["state"] != "old"
        and all(one["severity"] == "notice" for one in said["alarms"])
    )  # fmt: skip
    return visit.page("morning.html", morning=said, notice=notice, is_well=is_well)
