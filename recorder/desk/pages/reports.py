"""The notice that calls are recorded, and the yearly report: by whoever is responsible for the whole office."""

from __future__ import annotations

from datetime import date
from typing import Any

from starlette.responses import Response

from recorder.dates import at, in_era
from recorder.desk import fields
from recorder.desk.files import handed
from recorder.desk.routes import page
from recorder.desk.visit import Visit
from recorder.door.cases.documents import fiscal_year
from recorder.door.refusals import Refused, Why
from recorder.door.rights import Right
from recorder.tables.table import FORMS

YEARS = 5  # offered
NOTICE_FORMS = ("html", "docx", "pdf")
_LONGEST = 20_000
_SHOWN_AGAIN = (Why.NOT_UNDERSTOOD, Why.NO_REGISTER)


@page("/publication", "publication", Right.PUBLISH, in_menu="publication.menu", of_whole_office=True)
async def notice(visit: Visit) -> Response:
    return await _notice(visit)


@page("/publication/file", "publication.file", Right.PUBLISH, method="POST")
async def notice_file(visit: Visit) -> Response:
    """The text as it stands in the field, as a file."""
    form, text = visit.given("form"), visit.given("text")[:_LONGEST]
    if form not in NOTICE_FORMS or not text.strip():
        raise Refused(Why.NOT_UNDERSTOOD, field="text")
    return await handed(visit, "publication.file", text=text, form=form)


@page("/publication", "publication.publish", Right.PUBLISH, method="POST")
async def publish(visit: Visit) -> Response:
    given = {name: visit.given(name)[:_LONGEST] for name in ("text", "on", "where")}
    try:
        for name in ("text", "where"):
            if not given[name].strip():
                raise Refused(Why.NOT_UNDERSTOOD, field=name)
        await visit.ask(
            "publication.publish", text=given["text"], on=fields.day(visit, given["on"]),
            where=given["where"].strip()[:400],
        )  # fmt: skip
    except Refused as refused:
        if refused.why not in _SHOWN_AGAIN:
            raise
        return await _notice(visit, given, refused)
    return visit.go("/publication", done="1")


@page("/reports", "reports", Right.PUBLISH, in_menu="reports.menu", of_whole_office=True)
async def this_year(visit: Visit) -> Response:
    return visit.go(f"/reports/{fiscal_year(at(visit.now_ns()).date())}")


@page("/reports/{number:int}", "report", Right.PUBLISH)
async def report(visit: Visit) -> Response:
    return await _report(visit)


@page("/reports/{number:int}/file", "report.file", Right.PUBLISH, method="POST")
async def report_file(visit: Visit) -> Response:
    form = visit.given("form")
    if form not in FORMS:
        raise Refused(Why.NOT_UNDERSTOOD)
    try:
        return await handed(visit, "report.file", fiscal_year=visit.request.path_params["number"], form=form)
    except Refused as refused:
        if refused.why is not Why.WAIT:
            raise
        return await _report(visit, refused)


async def _notice(visit: Visit, given: dict[str, str] | None = None, refused: Refused | None = None) -> Response:
    said = await visit.ask("publication")
    text = said["text"] if visit.given("begin") == "last" and said["text"] else said["draft"]
    values: dict[str, Any] = {
        "said": said, "given": {"text": text, "on": "", "where": "", **(given or {})}, "forms": NOTICE_FORMS,
        "done": visit.request.query_params.get("done") == "1", "today": at(visit.now_ns()).date(),
        "rows": min(40, max(12, text.count("\n") + 3)),
    }  # fmt: skip
    if refused is not None:
        return visit.refused(refused, "publication.html", **values)
    return visit.page("publication.html", refused=None, **values)


async def _report(visit: Visit, refused: Refused | None = None) -> Response:
    year = visit.request.path_params["number"]
    said = await visit.ask("report", fiscal_year=year)
    now = fiscal_year(at(visit.now_ns()).date())
    years = sorted({year, *range(now - YEARS + 1, now + 1)}, reverse=True)
    values = {
        "said": said, "year": year, "forms": FORMS,
        "years": [(one, in_era(date(one, 4, 1)).split("年")[0]) for one in years],
    }
    if refused is not None:
        return visit.refused(refused, "report.html", **values)
    return visit.page("report.html", refused=None, **values)
