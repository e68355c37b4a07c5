"""What a layout (layouts/OFFICE/NAME.toml) may say: blocks from top to bottom, with placeholders for facts.

Every fault is a `Refused` with the key where it is, so that `recorder config check` can name file and line.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal

from recorder.paper.document import Align
from recorder.paper.places import placed
from recorder.settings.bounds import STRICT, Refused, Within

Text = Annotated[str, Within(max_length=2000)]
Kind = Literal[
    "application", "reply", "instruction", "delivery", "receipt", "reminder", "destruction", "identity",
    "investigation", "register", "other",
]  # fmt: skip
Each = Literal["", "call", "copy"]
# Facts of which a choice can be made.
Of = Literal[
    "", "choice", "ground", "outcome", "is_stored", "medium", "handed_how", "ended_how", "are_accepted",
    "call.is_stored", "copy.medium", "copy.packing", "identity.means", "identity.is_agent", "identity.is_identified",
    "agency.was_confirmed",
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One of several things that may be marked. `when`: what the fact is then, "yes" and "no" of one that is so or
    not; the text itself if it isn't given."""

    __pydantic_config__ = STRICT

    text: Text
    mark: Text = ""  # what the ring goes round: a number before the text; the text itself if there is none
    when: Text = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What both a line and a field can have besides text."""

    __pydantic_config__ = STRICT

    of: Of = ""
    choices: tuple[Choice, ...] = ()
    between: Text = "\n"
    ticked: bool = False  # a square that is filled, instead of a ring: several may be
    after: Text = ""  # behind the choices

    def check(self) -> None:
        """`Refused` if half of it is missing."""
        if bool(self.of) != bool(self.choices):
            raise Refused("of and choices belong together", key=("of" if self.of else "choices",))


@dataclass(frozen=True, slots=True, kw_only=True)
class Field(Choices):
    """A field of a table."""

    __pydantic_config__ = STRICT

    head: Text = ""  # a label, with a ground of its own; or
    text: Text = ""
    rows: Annotated[int, Within(ge=1, le=100)] = 1
    columns: Annotated[int, Within(ge=1, le=12)] = 1
    align: Align = "left"

    def __post_init__(self) -> None:
        self.check()
        if self.head and (self.text or self.choices):
            raise Refused("a field has a head, or text and choices", key=("head",))


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a list: its head, and what each row has in it."""

    __pydantic_config__ = STRICT

    head: Text
    text: Text
    width: Annotated[int, Within(ge=1, le=100)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Block(Choices):
    """One of: a title, a line, a table, a list, boxes for seals."""

    __pydantic_config__ = STRICT

    title: Text = ""
    line: Text = ""
    table: tuple[tuple[Field, ...], ...] = ()
    list: tuple[Column, ...] = ()  # a row for each `row` of the facts
    stamps: tuple[Text, ...] = ()
    each: Each = ""  # blocks that follow each other are repeated together
    only_with: tuple[Text, ...] = ()  # stands there only if one of these facts is known, or is this: "outcome=refused"
    # of a line
    align: Align = "left"
    indent: Annotated[int, Within(ge=0, le=30)] = 0
    gap: Annotated[int, Within(ge=0, le=10)] = 0
    small: bool = False
    # of a table
    widths: tuple[Annotated[int, Within(ge=1, le=100)], ...] = ()
    row_mm: Annotated[float, Within(ge=4, le=100)] = 9.0
    blank_rows: Annotated[int, Within(ge=0, le=100)] = 10  # of a list without rows

    def __post_init__(self) -> None:
        self.check()
        given = [name for name in ("title", "line", "table", "list", "stamps") if getattr(self, name)]
        if len(given) > 1 or (not given and not self.choices):
            raise Refused("a block has one of: title, line, table, list, stamps")
        if self.choices and given not in ([], ["line"]):
            raise Refused("choices stand in a line, or in a field of a table", key=("choices",))
        if bool(self.table) != bool(self.widths):
            raise Refused("table and widths belong together", key=("widths",) if self.widths else ("table",))
        try:
            list_ = tuple(placed(self.table, len(self.widths)))
        except ValueError as problem:
            raise Refused(str(problem), key=("table",)) from problem
        assert len(list_) == sum(map(len, self.table))


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """One form."""

    __pydantic_config__ = STRICT

    title: Annotated[str, Within(min_length=1, max_length=200)]
    kind: Kind
    number: Text = ""  # as in 様式第1号; shown in lists, and on the paper where a block says so
    article: Text = ""
    digits: Literal["half", "full"] = "half"
    landscape: bool = False
    blocks: tuple[Block, ...]

    def conditions(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """Each fact on which a block depends, with the key where it stands."""
        for number, block in enumerate(self.blocks):
            for at, one in enumerate(block.only_with):
                yield ("blocks", number, "only_with", at), one.partition("=")[0]

    def texts(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """Each text that may hold placeholders, with the key where it stands."""
        yield ("title",), self.title
        for number, block in enumerate(self.blocks):
            here: tuple[str | int, ...] = ("blocks", number)
            yield (*here, "title"), block.title
            yield (*here, "line"), block.line
            yield from _of_choices(here, block)
            for at, row in enumerate(block.table):
                for column, field in enumerate(row):
                    there = (*here, "table", at, column)
                    yield (*there, "head"), field.head
                    yield (*there, "text"), field.text
                    yield from _of_choices(there, field)
            for at, name in enumerate(block.stamps):
                yield (*here, "stamps", at), name
            for at, one in enumerate(block.list):
                yield (*here, "list", at, "head"), one.head
                yield (*here, "list", at, "text"), one.text


def _of_choices(here: tuple[str | int, ...], given: Choices) -> Iterator[tuple[tuple[str | int, ...], str]]:
    yield (*here, "after"), given.after
    for number, one in enumerate(given.choices):
        yield (*here, "choices", number, "text"), one.text
