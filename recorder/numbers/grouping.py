"""Hyphens, for people: 03-1234-5678.

Where an area code ends is in no digit of a number: it takes the ministry's table, which changes several times a year.
It comes with the library `phonenumbers` (Google's libphonenumber); `table()` says as of when. The library costs some
50 ms to import, so it is imported when somebody wants to see a number.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

# Releases of the library carry no date in themselves. A test holds the last line to the pinned version.
_RELEASED = {"9.0.43": "2026-11-06"}

_GROUPABLE = re.compile(r"0[1-9][0-9]{8,9}")


class Table(NamedTuple):
    """The table of area codes in use."""

    version: str  # of the library
    date: str | None  # its release, YYYY-MM-DD; None: another version than the one this program was made with


def table() -> Table:
    """Version and date of the table."""
    import phonenumbers

    return Table(phonenumbers.__version__, _RELEASED.get(phonenumbers.__version__))


@lru_cache(maxsize=4096)
def grouped(number: str) -> str:
    """A number in the register's form with hyphens; unchanged unless the table is sure.

    Unchanged are extensions and short numbers, numbers that nobody has, carriers' codes, and other countries' numbers,
    whose customs this table doesn't have. Takes any text.
    """
    if _GROUPABLE.fullmatch(number) is None:
        return number
    import phonenumbers

    try:
        parsed = phonenumbers.parse(number, "JP")
    except phonenumbers.NumberParseException:
        return number
    if not phonenumbers.is_valid_number_for_region(parsed, "JP"):
        return number
    shown = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL)
    return shown if shown.replace("-", "") == number else number
