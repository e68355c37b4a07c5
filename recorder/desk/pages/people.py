"""People: appointing and dismissing."""

from __future__ import annotations

from datetime import date
from typing import Any

from starlette.responses import Response

from recorder.dates import at
from recorder.desk import fields
from recorder.desk.routes import page
from recorder.desk.visit import Visit
from recorder.door.refusals import Refused, Why
from recorder.door.rights import Right, Role

_SHOWN_AGAIN = (Why.NOT_UNDERSTOOD, Why.CONFLICT, Why.NO_REGISTER)


@page("/people", "people", Right.PEOPLE, in_menu="people.menu")
async def listed(visit: Visit) -> Response:
    return await _list(visit)


@page("/people", "people.add", Right.PEOPLE, method="POST")
async def add(visit: Visit) -> Response:
    names = ("login", "name", "post", "role", "section")
    asked = {name: visit.given(name).strip()[:100] for name in names}
    try:
        said = await visit.ask("people.add", **asked, ends_on=_ends_on(visit))
    except Refused as refused:
        if refused.why not in _SHOWN_AGAIN:
            raise
        return await _list(visit, refused)
    return visit.page("first_password.html", password=said["password"], login=asked["login"], name=asked["name"])


@page("/people/{account}", "person", Right.PEOPLE)
async def one(visit: Visit) -> Response:
    return await _show(visit)


@page("/people/{account}/change", "people.change", Right.PEOPLE, method="POST")
async def change(visit: Visit) -> Response:
    asked = {name: visit.given(name).strip()[:100] for name in ("name", "post")}
    return await _act(visit, "people.change", **asked, ends_on=_ends_on(visit))


@page("/people/{account}/appoint", "people.appoint", Right.PEOPLE, method="POST")
async def appoint(visit: Visit) -> Response:
    return await _act(visit, "people.appoint", role=visit.given("role"), section=visit.given("section")[:64])


@page("/people/{account}/dismiss/{number:int}", "people.dismiss", Right.PEOPLE, method="POST")
async def dismiss(visit: Visit) -> Response:
    try:
        await visit.ask(
            "people.dismiss", appointment=visit.request.path_params["number"],
            reason=visit.given("reason").strip()[:100],
        )
    except Refused as refused:
        if refused.why not in _SHOWN_AGAIN:
            raise
        return await _show(visit, refused)
    return visit.go(f"/people/{visit.request.path_params['account']}")


@page("/people/{account}/close", "people.close", Right.PEOPLE, method="POST")
async def close(visit: Visit) -> Response:
    return await _act(visit, "people.close")


@page("/people/{account}/reset", "people.reset", Right.PEOPLE, method="POST")
async def reset(visit: Visit) -> Response:
    person = await _person(visit)
    said = await visit.ask("people.reset", account=person["id"])
    return visit.page("first_password.html", password=said["password"], login=person["login"], name=person["name"])


@page("/people/absence", "people.absent", Right.PEOPLE, method="POST")
async def set_absent(visit: Visit) -> Response:
    await visit.ask("people.absent", section=visit.given("section")[:64], is_away=visit.given("is_away") == "1")
    return visit.go("/people")


async def _act(visit: Visit, operation: str, **asked: object) -> Response:
    account = visit.request.path_params["account"]
    try:
        await visit.ask(operation, account=account, **asked)
    except Refused as refused:
        if refused.why not in _SHOWN_AGAIN:
            raise
        return await _show(visit, refused)
    return visit.go(f"/people/{account}")


async def _list(visit: Visit, refused: Refused | None = None) -> Response:
    said = await visit.ask("people")
    values: dict[str, Any] = {
        "said": said, "roles": list(Role), "today": at(visit.now_ns()).date(), "year_end": _year_end(visit),
    }  # fmt: skip
    if refused is not None:
        return visit.refused(refused, "people.html", **values)
    return visit.page("people.html", refused=None, **values)


async def _show(visit: Visit, refused: Refused | None = None) -> Response:
    person = await _person(visit)
    said = await visit.ask("people")
    values: dict[str, Any] = {"person": person, "roles": list(Role), "sections": said["sections"]}
    if refused is not None:
        return visit.refused(refused, "person.html", **values)
    return visit.page("person.html", refused=None, **values)


async def _person(visit: Visit) -> dict[str, Any]:
    found: list[dict[str, Any]] = (await visit.ask("people"))["people"]
    for one in found:
        if one["id"] == visit.request.path_params["account"]:
            return one
    raise Refused(Why.NOT_FOUND)


def _ends_on(visit: Visit) -> str:
    return fields.day(visit, visit.given("ends_on"), is_to_come=True)


def _year_end(visit: Visit) -> date:
    """The last day of this fiscal year: people move on 1 April."""
    today = at(visit.now_ns()).date()
    return date(today.year + (today.month > 3), 3, 31)
