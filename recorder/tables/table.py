"""What a table is, apart from its rows."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Literal, Self, get_args

from recorder.paper.text import printable

Form = Literal["xlsx", "csv", "csv_sjis", "html", "pdf"]
FORMS: tuple[Form, ...] = get_args(Form)
Row = tuple[str, ...]

LONGEST = 32_000  # characters of a cell: a workbook takes 32,767 (ECMA-376 18.4.12, as Excel reads it)
_CUT = "……（以下略）"


class TooLong(Exception):
    """More rows than this form takes; `most` is how many that are."""

    def __init__(self, most: int) -> None:
        super().__init__(f"more than {most} rows")
        self.most = most


@dataclass(frozen=True, slots=True)
class Column:
    """`width` is that of so many characters of full width."""

    title: str
    width: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table. `made_at` is the date that a file itself carries. `stamps` are boxes for the seals of those who
    approve (決裁欄); a CSV has neither them nor `lines`."""

    title: str
    lines: tuple[str, ...] = ()  # between title and rows: what the table is of
    columns: tuple[Column, ...]
    made_at: datetime
    stamps: tuple[str, ...] = ()
    foot: str = ""


class Writer(ABC):
    """Writes one table. Leaving the `with` completes the file; after an exception it is worth nothing."""

    replaced = 0  # characters that the file can't have, and what stands there says so

    @abstractmethod
    def add(self, rows: Iterable[Row]) -> None:
        """Further rows, of as many texts as there are columns. `TooLong`."""

    @abstractmethod
    def complete(self) -> None:
        """Nothing comes any more."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.complete()


def fit(text: str) -> str:
    """The text as a cell has it: nothing that moves or hides what stands beside it, and no endless one."""
    shown = printable(text)
    return shown if len(shown) <= LONGEST else shown[:LONGEST] + _CUT
