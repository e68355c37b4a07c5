"""Where the fields of a grid stand, when some go over several rows or columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Generic, NamedTuple, Protocol, TypeVar


class Spanning(Protocol):
    """What has a size in rows and columns."""

    @property
    def rows(self) -> int: ...
    @property
    def columns(self) -> int: ...


Field = TypeVar("Field", bound=Spanning)


class Placed(NamedTuple, Generic[Field]):
    """A field with its upper left corner."""

    row: int
    column: int
    field: Field


def placed(rows: Sequence[Sequence[Field]], columns: int) -> Iterator[Placed[Field]]:
    """Each field with its place, as HTML fills a table: into the first free column. ValueError, a sentence, if they
    don't fill the rows exactly."""
    taken: set[tuple[int, int]] = set()
    for row, given in enumerate(rows):
        column = 0
        for field in given:
            while (row, column) in taken:
                column += 1
            found = {(row + down, column + right) for down in range(field.rows) for right in range(field.columns)}
            if found & taken or column + field.columns > columns or row + field.rows > len(rows):
                raise ValueError(f"row {row + 1} has a field that doesn't fit into the table")
            taken |= found
            yield Placed(row, column, field)
            column += field.columns
        if any((row, one) not in taken for one in range(columns)):
            raise ValueError(f"row {row + 1} doesn't fill the table's {columns} columns")
