"""The mirror port, for the engineer, and the acceptance report to print."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from recorder.desk.routes import page
from recorder.desk.visit import Visit
from recorder.doctor.acceptance import NAMES, NOTE, RESULTS, SUBTITLE, TITLE, VERDICTS
from recorder.door.rights import Right

HOURS = (1, 24, 168, 720)


@page("/mirror", "mirror", Right.MIRROR, in_menu="mirror.menu")
async def show(visit: Visit) -> Response:
    return visit.page("mirror.html", said=await _ask(visit), all_hours=HOURS)


@page("/mirror/report", "mirror.report", Right.MIRROR)
async def report(visit: Visit) -> Response:
    """In Japanese, whatever the screen speaks: it goes into the office's files."""
    return visit.page(
        "acceptance.html", said=await _ask(visit), title=TITLE, subtitle=SUBTITLE, names=NAMES, note=NOTE,
        results={str(one): text for one, text in RESULTS.items()},
        verdicts={str(one): text for one, text in VERDICTS.items()},
    )  # fmt: skip


async def _ask(visit: Visit) -> dict[str, Any]:
    given = visit.given("hours")
    hours = int(given) if given in map(str, HOURS) else HOURS[1]
    return await visit.ask("mirror", hours=hours)
