"""Every page: its path, its name, the right without which nobody sees it, and who answers.

A path that isn't here doesn't exist. The door asks for rights again, whatever is written here: this table says what is
shown, the door's what is given.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from recorder.door.rights import Right

if TYPE_CHECKING:
    from starlette.responses import Response

    from recorder.desk.visit import Visit

MOST_BYTES = 1 << 20
Answer = Callable[["Visit"], Awaitable["Response"]]


@dataclass(frozen=True, slots=True)
class Route:
    """One row of the table."""

    path: str  # as Starlette writes it
    name: str
    right: Right
    answer: Answer
    method: str = "GET"
    in_menu: str = ""  # the word for it in the menu; "" if it isn't there
    most_bytes: int = MOST_BYTES  # of a form
    takes_file: bool = False  # one, among the form's fields
    while_setting_up: bool = False  # also for who has a first password, or no second factor yet
    of_whole_office: bool = False  # not for who is appointed to sections


ROUTES: list[Route] = []


def page(
    path: str, name: str, right: Right, *, method: str = "GET", in_menu: str = "", while_setting_up: bool = False,
    most_bytes: int = MOST_BYTES, takes_file: bool = False, of_whole_office: bool = False,
) -> Callable[[Answer], Answer]:
    """Puts a function into the table. ValueError if there is one of that name, or of that path and method."""

    def enter(answer: Answer) -> Answer:
        if any(one.name == name or (one.path, one.method) == (path, method) for one in ROUTES):
            raise ValueError(f"there are two pages {name}, or two at {path}")
        ROUTES.append(Route(
            path, name, right, answer, method, in_menu, most_bytes, takes_file, while_setting_up, of_whole_office
        ))  # fmt: skip
        return answer

    return enter
