"""What bounds a value in a settings file, and how one of ours refuses."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, cast

if TYPE_CHECKING:
    from pydantic_core import CoreSchema

STRICT = {"extra": "forbid", "strict": True, "allow_inf_nan": False}


class Within:
    """Bounds of a value, in pydantic's names: ge, gt, le, min_length, max_length, pattern.

    (annotated-types would do, and takes 15 ms.)
    """

    def __init__(self, **bounds: float | str) -> None:
        self._bounds = bounds

    def __get_pydantic_core_schema__(self, source: Any, handler: Callable[[Any], CoreSchema]) -> CoreSchema:
        schema: dict[str, Any] = {**handler(source), **self._bounds}
        return cast("CoreSchema", schema)


class Refused(ValueError):
    """A value that a function of ours refuses, with the sentence that says why."""

    def __init__(self, what: str, *, key: tuple[str | int, ...] = ()) -> None:
        super().__init__(what)
        self.key = key  # where it stands, seen from the table that refused it; empty: the table itself


# A number, with X for any digit, and a dot at the end for any number of further ones: "21XX", "0236411212", "*8."
Pattern = Annotated[str, Within(pattern=r"^[0-9*#+Xx]+\.?$", max_length=32)]
Patterns = Annotated[tuple[Pattern, ...], Within(max_length=10_000)]
SectionName = Annotated[str, Within(min_length=1, max_length=64)]
