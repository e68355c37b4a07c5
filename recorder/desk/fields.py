"""What a form or an address gives, read as what it should be; and the one way in which most forms are acted on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from starlette.responses import Response

from recorder.dates import at
from recorder.desk import reading
from recorder.desk.visit import Visit
from recorder.door.refusals import Refused, Why

# Why a page is shown again with what is wrong, rather than a page that says so alone.
SHOWN_AGAIN = (Why.NOT_UNDERSTOOD, Why.FORBIDDEN_BY_RULE, Why.CONFLICT, Why.NO_REGISTER)


def number(visit: Visit) -> int:
    """The number in the page's address. `Refused` if no entry can have it."""
    found: int = visit.request.path_params["number"]
    if not 0 < found < 2**62:
        raise Refused(Why.NOT_FOUND)
    return found


def text(visit: Visit, name: str, most: int) -> str:
    """A field, without spaces around it, and cut."""
    return visit.given(name).strip()[:most]


def texts(visit: Visit, most: int, *names: str) -> dict[str, str]:
    """The same of several, by their names."""
    return {name: text(visit, name, most) for name in names}


def several(visit: Visit, name: str) -> list[str]:
    """All that a field of the form was given."""
    return [one for one in visit.form.getlist(name) if isinstance(one, str)]


def day(visit: Visit, written: str, *, is_to_come: bool = False) -> str:
    """A day in any writing, as the door takes it; one without a year is the last one, or the next. `Refused`."""
    try:
        return reading.day(written.strip(), today=at(visit.now_ns()).date(), is_to_come=is_to_come).isoformat()
    except ValueError:
        raise Refused(Why.NOT_UNDERSTOOD, field="day") from None


async def act(
    visit: Visit, show: Callable[[Visit, Refused | None], Awaitable[Response]], path: str, operation: str,
    *, days: Sequence[str] = (), days_if_any: Sequence[str] = (), is_to_come: bool = False, **asked: Any,
) -> Response:  # fmt: skip
    """Asks the door and goes to `path`, or shows the page again with what is wrong. `days` are fields that are read as
    days; `days_if_any` may stay empty."""
    wanted = [*days, *(name for name in days_if_any if visit.given(name).strip())]
    try:
        read = {name: day(visit, visit.given(name), is_to_come=is_to_come) for name in wanted}
        await visit.ask(operation, **asked, **read)
    except Refused as refused:
        if refused.why not in SHOWN_AGAIN:
            raise
        return await show(visit, refused)
    return visit.go(path, done="1")
