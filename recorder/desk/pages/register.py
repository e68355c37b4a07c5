"""The register, as the auditor reads it."""

from __future__ import annotations

import re
from typing import Any

from starlette.responses import Response

from recorder.dates import at
from recorder.desk import reading, words
from recorder.desk.entries import row
from recorder.desk.files import handed
from recorder.desk.routes import page
from recorder.desk.visit import Visit
from recorder.door.refusals import Refused, Why
from recorder.door.rights import Right
from recorder.tables.table import FORMS

AT_ONCE = 50
FIELDS = ("from", "to", "kind", "who", "call")
ALL = "all"
_BEFORE = re.compile(r"(-?[0-9]{1,19})\.([0-9]{1,18})", re.A)


@page("/register", "register", Right.REGISTER, in_menu="register.menu")
async def listed(visit: Visit) -> Response:
    return await _show(visit)


@page("/register/export", "register.export", Right.EXPORT, method="POST")
async def export(visit: Visit) -> Response:
    """What the filter shows, as a file."""
    form = visit.given("form")
    if form not in FORMS:
        raise Refused(Why.NOT_UNDERSTOOD)
    given = {name: visit.given(name).strip()[:100] for name in FIELDS}
    try:
        asked = _asked(given, visit)
        asked.pop("before", None)
        return await handed(visit, "register.export", **asked, form=form)
    except Refused as refused:
        if refused.why not in (Why.NOT_UNDERSTOOD, Why.WAIT, Why.NO_REGISTER):
            raise
        return await _show(visit, refused)


async def _show(visit: Visit, why: Refused | None = None) -> Response:
    given = {name: visit.given(name).strip()[:100] for name in FIELDS}
    state = await visit.ask("register.state")
    values: dict[str, Any] = {"given": given, "state": state, "found": None, "older": "", "rows": []}
    if why is not None:
        return visit.refused(why, "register.html", **values)
    try:
        found = await visit.ask("register", **_asked(given, visit), limit=AT_ONCE)
    except Refused as refused:
        if refused.why is not Why.NOT_UNDERSTOOD and refused.field != "register":
            raise
        return visit.refused(refused, "register.html", **values)
    if found["is_more"]:
        last = found["entries"][-1]
        values["older"] = f"{last['at_ns']}.{last['number']}"
    rows = [row(visit, one) for one in found["entries"]]
    return visit.page("register.html", refused=None, **{**values, "found": found, "rows": rows})


def _asked(given: dict[str, str], visit: Visit) -> dict[str, Any]:
    """What the door is asked. `Refused` if a day can't be read."""
    asked: dict[str, Any] = {"who": given["who"], "call": given["call"]}
    if given["kind"] == ALL:
        asked["with_recorded"] = True
    elif words.knows(f"kind.{given['kind']}") or re.fullmatch("[a-z_]{1,32}", given["kind"]):
        asked["kind"] = given["kind"]
    if not re.fullmatch(r"[0-9A-Za-z-]{0,64}", given["call"]):
        raise Refused(Why.NOT_UNDERSTOOD, field="call")
    today = at(visit.now_ns()).date()
    for name, key in (("from", "begin_ns"), ("to", "end_ns")):
        if given[name]:
            try:
                begin_ns, end_ns = reading.about(reading.day(given[name], today=today), None, 0)
            except ValueError:
                raise Refused(Why.NOT_UNDERSTOOD, field="day") from None
            asked[key] = begin_ns if name == "from" else end_ns
    if found := _BEFORE.fullmatch(visit.given("before")):
        asked["before"] = {"at_ns": int(found[1]), "number": int(found[2])}
    return asked
