"""The list of copies (通話記録管理簿): a row a case or a copy, for the manager and the auditor."""

from __future__ import annotations

from datetime import date
from typing import Any

from starlette.responses import Response

from recorder.dates import at
from recorder.desk import reading
from recorder.desk.files import handed
from recorder.desk.routes import page
from recorder.desk.visit import Visit
from recorder.door.cases.documents import fiscal_year
from recorder.door.refusals import Refused, Why
from recorder.door.rights import Right

FORMS = ("html", "pdf", "docx", "xlsx", "csv", "csv_sjis")
FIELDS = ("from", "to")


@page("/ledger", "ledger", Right.REGISTER, in_menu="ledger.menu")
async def listed(visit: Visit) -> Response:
    return await _show(visit)


@page("/ledger/export", "ledger.export", Right.EXPORT, method="POST")
async def export(visit: Visit) -> Response:
    form = visit.given("form")
    if form not in FORMS:
        raise Refused(Why.NOT_UNDERSTOOD)
    try:
        return await handed(visit, "ledger.export", **_asked(visit), form=form)
    except Refused as refused:
        if refused.why not in (Why.NOT_UNDERSTOOD, Why.WAIT, Why.NO_REGISTER):
            raise
        return await _show(visit, refused)


async def _show(visit: Visit, why: Refused | None = None) -> Response:
    given = {name: visit.given(name).strip()[:100] for name in FIELDS}
    today = at(visit.now_ns()).date()
    values: dict[str, Any] = {"given": given, "said": None, "spans": _spans(today)}
    try:
        values["said"] = await visit.ask("ledger", **_asked(visit))
    except Refused as refused:
        if refused.why is not Why.NOT_UNDERSTOOD:
            raise
        return visit.refused(why or refused, "ledger.html", **values)
    if why is not None:
        return visit.refused(why, "ledger.html", **values)
    return visit.page("ledger.html", refused=None, **values)


def _asked(visit: Visit) -> dict[str, str]:
    """What the door is asked. `Refused` if a day can't be read."""
    today = at(visit.now_ns()).date()
    found = {}
    for name, key in (("from", "begin"), ("to", "end")):
        if text := visit.given(name).strip()[:100]:
            try:
                found[key] = reading.day(text, today=today).isoformat()
            except ValueError:
                raise Refused(Why.NOT_UNDERSTOOD, field="day") from None
    return found


def _spans(today: date) -> list[tuple[str, str, str]]:
    """Months and fiscal years that are closed most often: the word for each, its first day, its last."""
    first = today.replace(day=1)
    before = _month_before(first)
    year = fiscal_year(today)
    return [
        ("ledger.this_month", first.isoformat(), today.isoformat()),
        ("ledger.last_month", before.isoformat(), date.fromordinal(first.toordinal() - 1).isoformat()),
        ("ledger.this_year", date(year, 4, 1).isoformat(), date(year + 1, 3, 31).isoformat()),
        ("ledger.last_year", date(year - 1, 4, 1).isoformat(), date(year, 3, 31).isoformat()),
    ]


def _month_before(first: date) -> date:
    return date.fromordinal(first.toordinal() - 1).replace(day=1)
