"""A form and facts to a paper; a fact that is missing stays blank for the pen."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any

from recorder.forms.facts import Call, Copy, Facts, Row
from recorder.forms.layout import Block, Choices, Field, Layout
from recorder.forms.loading import Form
from recorder.forms.vocabulary import PLACEHOLDER, REPEATED, SPACE, written
from recorder.paper import document as paper
from recorder.paper.document import Cell, Document, Grid, Line, Span, Stamps, Title
from storage.layout import JAPAN

NO_DATE = datetime(2000, 1, 1, tzinfo=JAPAN)  # what a file carries that was made at no particular time
_EMPTY = {"call": Call(), "copy": Copy(), "row": Row()}
Current = Mapping[str, object]  # what {call...}, {copy...}, {row...} stand for


def blank(form: Form, *, made_at: datetime = NO_DATE) -> Document:
    """The form as it is printed for the pen."""
    return fill(form, Facts(), made_at=made_at)


def fill(form: Form, facts: Facts, *, made_at: datetime = NO_DATE) -> Document:
    """The form with what is known. `made_at` is the date that the file itself carries, for nobody to read."""
    if not facts.conditions:
        facts = replace(facts, conditions=form.conditions)
    filler = _Filler(form, facts)
    first = {name: next(iter(getattr(facts, many)), _EMPTY[name]) for name, many in REPEATED.items()}
    blocks: list[paper.Block] = []
    for each, group in groupby(form.layout.blocks, key=attrgetter("each")):
        given = list(group)
        of_each: Sequence[object] = getattr(facts, REPEATED[each]) if each else ()
        for one in of_each or (None,):
            current = first if one is None else {**first, each: one}
            for block in filter(lambda one: filler.stands(one, current), given):
                _append(blocks, filler.block(block, current))
    return Document(
        title=filler.text(form.layout.title, first), made_at=made_at, blocks=tuple(blocks), is_form=True,
        is_landscape=form.layout.landscape,
    )  # fmt: skip


def _append(blocks: list[paper.Block], block: paper.Block) -> None:
    """Tables of the same columns that follow each other become one."""
    before = blocks[-1] if blocks else None
    if (
        isinstance(before, Grid) and isinstance(block, Grid)
        and (before.widths, before.is_small, block.head_rows) == (block.widths, block.is_small, 0)
    ):  # fmt: skip
        block = replace(before, rows=before.rows + block.rows, heights_mm=before.heights_mm + block.heights_mm)
        blocks.pop()
    blocks.append(block)


class _Filler:
    """Puts facts into the texts of one form."""

    def __init__(self, form: Form, facts: Facts) -> None:
        self._words = form.words
        self._layout: Layout = form.layout
        self._facts = facts

    def text(self, text: str, current: Current) -> str:
        """The text with facts for placeholders."""
        return PLACEHOLDER.sub(lambda found: self._written(found[1], found[2] or "", found[3], current), text)

    def stands(self, block: Block, current: Current) -> bool:
        """Whether the facts that the block depends on are so."""
        return not block.only_with or any(self._is(one, current) for one in block.only_with)

    def _is(self, condition: str, current: Current) -> bool:
        name, _, value = condition.partition("=")
        known = _words_of(self._fact(name, current))
        return _same(value) in known if value else bool(known)

    def block(self, block: Block, current: Current) -> paper.Block:
        if block.title:
            return Title(self.text(block.title, current))
        if block.stamps:
            return Stamps(tuple(self.text(one, current) for one in block.stamps))
        if block.list:
            return self._list(block, current)
        if block.table:
            rows = tuple(tuple(self._cell(field, current) for field in row) for row in block.table)
            return Grid(widths=block.widths, rows=rows, heights_mm=(block.row_mm,) * len(rows), is_small=block.small)
        return Line(
            spans=tuple(self._spans(block.line, block, current)), align=block.align, indent=block.indent,
            gap=block.gap, is_small=block.small,
        )  # fmt: skip

    def _cell(self, field: Field, current: Current) -> Cell:
        return Cell(
            spans=tuple(self._spans(field.head or field.text, field, current)), rows=field.rows,
            columns=field.columns, is_head=bool(field.head), align=field.align,
        )  # fmt: skip

    def _list(self, block: Block, current: Current) -> Grid:
        def row(of: Row) -> tuple[Cell, ...]:
            here = {**current, "row": of}
            return tuple(Cell(spans=(Span(self.text(one.text, here)),)) for one in block.list)

        head = tuple(
            Cell(spans=(Span(self.text(one.head, current)),), is_head=True, align="center") for one in block.list
        )  # fmt: skip
        rows = self._facts.rows or (Row(),) * block.blank_rows
        return Grid(
            widths=tuple(one.width for one in block.list), rows=(head, *map(row, rows)),
            heights_mm=(8.0, *(block.row_mm,) * len(rows)), head_rows=1, is_small=block.small,
        )  # fmt: skip

    def _spans(self, text: str, given: Choices, current: Current) -> Iterator[Span]:
        if text:
            yield Span(self.text(text, current))
        chosen = _words_of(self._fact(given.of, current)) if given.of else frozenset()
        is_list = given.between == "\n"
        for number, one in enumerate(given.choices):
            before = given.between if number or (text and is_list) else ""
            before += SPACE if is_list else ""  # a ring is wider than what it goes round
            is_chosen = bool({_same(one.when or one.text)} & chosen)
            if given.ticked:
                yield Span(f"{before}{'■' if is_chosen else '□'}　{self.text(one.text, current)}")
                continue
            if before:
                yield Span(before)
            yield Span(one.mark or self.text(one.text, current), is_ringed=is_chosen)
            if one.mark:
                yield Span(f"　{self.text(one.text, current)}")
        if given.after:
            yield Span(self.text(given.after, current))

    def _written(self, name: str, form: str, instead: str | None, current: Current) -> str:
        if name in self._words:
            return self._words[name]
        return written(self._fact(name, current), name, form, instead, full_width=self._layout.digits == "full")

    def _fact(self, name: str, current: Current) -> object:
        first, _, rest = name.partition(".")
        found: Any = current[first] if first in current and rest else getattr(self._facts, first)
        for part in rest.split(".") if rest else ():
            found = getattr(found, part)
        return found


def _words_of(fact: object) -> frozenset[str]:
    match fact:
        case None | "":
            return frozenset()
        case bool():
            return frozenset({"yes" if fact else "no"})
        case tuple():
            return frozenset(map(_same, fact))
    return frozenset({_same(str(fact))})


def _same(text: str) -> str:
    """Texts that differ in width alone are one."""
    return unicodedata.normalize("NFKC", text).strip()
