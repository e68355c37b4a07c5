"""Applications: the list, and the form that an applicant fills in."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from recorder.dates import at
from recorder.desk import reading, showing
from recorder.desk.routes import page
from recorder.desk.visit import Visit
from recorder.door.cases.entries import ASKS
from recorder.door.refusals import Refused, Why
from recorder.door.rights import Right

ITEMS = 3  # calls that one form has room for
OF_ITEM = ("day", "time", "length", "number", "extension")
FIELDS = (
    "asks", "section", "ground", "document", "document_on", "choice", "choice_other", "purpose", "remarks",
    "person_in_charge", "on_paper", "applicant", "applicant_name", "received_on",
    *(f"{name}{item}" for item in range(1, ITEMS + 1) for name in OF_ITEM),
)  # fmt: skip
_LONG = ("purpose", "remarks")
# Where the door's word for a field stands on the page; {} is the call's number.
_WHERE = {"item_day": "day{}", "number": "number{}", "application_on": "document_on"}
# Words of the office's own form that stand for a field of ours.
_LABELS = {
    "number": ("相手",), "extension": ("内線", "市側"), "length": ("通話時間",), "in_charge": ("担当者",),
}  # fmt: skip


@page("/applications", "applications", Right.APPLY, in_menu="applications.menu")
async def listed(visit: Visit) -> Response:
    return visit.page("applications.html", said=await visit.ask("applications"))


@page("/applications/new", "applications.new", Right.APPLY)
async def new(visit: Visit) -> Response:
    given = dict.fromkeys(FIELDS, "")
    if (call := visit.given("call")[:64]) and visit.may(Right.CALLS):
        given |= await _of_call(visit, call)
    return await _show(visit, given, {})


@page("/applications/new", "applications.make", Right.APPLY, method="POST")
async def make(visit: Visit) -> Response:
    given = {name: visit.given(name).strip()[: 2000 if name in _LONG else 200] for name in FIELDS}
    asked, errors = _asked(visit, given)
    if not errors:
        try:
            made = await visit.ask("applications.make", **asked)
        except Refused as refused:
            if refused.why is not Why.NOT_UNDERSTOOD:
                raise
            place = _WHERE.get(refused.field, refused.field).format(refused.detail)
            errors[place] = visit.sentence(refused)
        else:
            return visit.go(f"/applications/{made['number']}", made="1", held=str(made["held"]))
    return await _show(visit, given, errors)


async def _show(visit: Visit, given: dict[str, str], errors: dict[str, str]) -> Response:
    form = await visit.ask("applications.form")
    kinds = [one for one in ASKS if any(one in ground["asks"] for ground in form["grounds"])]
    if not kinds:  # the regulation lists no grounds
        kinds = [one for one in ASKS if one != "extension"]
    if len(form["sections"]) == 1 and not form["on_paper"]:
        given = {**given, "section": given["section"] or form["sections"][0]}
    today = showing.of_day(at(visit.now_ns()).date(), visit.language)
    labels = {
        name: next((one for one in form["fields"] if any(word in one for word in words)), "")
        for name, words in _LABELS.items()
    }  # fmt: skip
    values: dict[str, Any] = {
        "form": form, "given": given, "errors": errors, "kinds": kinds, "items": range(1, ITEMS + 1), "today": today,
        "shown": [item for item in range(1, ITEMS + 1) if item == 1 or any(given[f"{name}{item}"] for name in OF_ITEM)],
        "labels": labels if visit.language == "ja" else {},
    }  # fmt: skip
    return visit.page("application_new.html", status=422 if errors else 200, **values)


async def _of_call(visit: Visit, call_id: str) -> dict[str, str]:
    """The first call of the form, from one that the caller has before him."""
    try:
        call = (await visit.ask("call", id=call_id))["call"]
    except Refused as refused:
        if refused.why in (Why.NOT_FOUND, Why.NOT_UNDERSTOOD):
            return {}
        raise
    begun = at(call["started_ns"])
    number = call["callee"] if call["direction"] == "outbound" else call["caller"]
    return {
        "day1": begun.date().isoformat(), "time1": f"{begun:%H:%M}",
        "length1": showing.length(call["duration_s"], "ja") if call["duration_s"] else "",
        "number1": number or ("非通知" if "withheld" in call["flags"] else ""), "extension1": call["extension"] or "",
    }  # fmt: skip


def _asked(visit: Visit, given: dict[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
    """What the door is asked; for each field that can't be read, why."""
    errors: dict[str, str] = {}
    today = at(visit.now_ns()).date()

    def day(name: str) -> str | None:
        if not given[name]:
            return None
        try:
            return reading.day(given[name], today=today).isoformat()
        except ValueError:
            errors[name] = visit.t("refused.not_understood.day")
            return None

    items = []
    for item in range(1, ITEMS + 1):
        said = {name: given[f"{name}{item}"] for name in OF_ITEM}
        if item > 1 and not any(said.values()):
            continue
        if not said["day"]:
            errors[f"day{item}"] = visit.t("refused.not_understood.day")
        found: dict[str, Any] = {
            "day": day(f"day{item}"), "time": "", "length_s": None, "number": reading.plain(said["number"])[:64],
            "extension": reading.plain(said["extension"])[:32],
        }  # fmt: skip
        try:
            found["time"] = f"{reading.clock(said['time']):%H:%M}" if said["time"] else ""
        except ValueError:
            errors[f"time{item}"] = visit.t("refused.not_understood.time")
        try:
            found["length_s"] = _length(said["length"]) if said["length"] else None
        except ValueError:
            errors[f"length{item}"] = visit.t("refused.not_understood.length")
        items.append(found)
    if given["asks"] not in ASKS:
        errors["asks"] = visit.t("refused.not_understood.asks")
    asked: dict[str, Any] = {
        name: given[name]
        for name in ("asks", "section", "purpose", "remarks", "person_in_charge", "applicant", "applicant_name",
                     "choice_other")
    }  # fmt: skip
    asked |= {
        "items": items, "ground": given["ground"][:64], "document": given["document"][:64],
        "document_on": day("document_on"), "received_on": day("received_on"), "on_paper": given["on_paper"] == "1",
        "choice": int(given["choice"]) if given["choice"].isascii() and given["choice"].isdigit() else 0,
    }  # fmt: skip
    asked["section"] = asked["section"][:64]
    asked["choice"] = min(asked["choice"], 20)
    return asked, errors


def _length(text: str) -> float:
    """About 3分: the word before it says nothing more."""
    found = reading.length(text.removeprefix("約"))
    if found > 86_400:
        raise ValueError(text)
    return found
