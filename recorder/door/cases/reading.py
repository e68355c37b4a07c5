"""Reads the paper that an entry names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from recorder.door.cases.papers import PaperAltered
from recorder.door.refusals import Refused, Why
from storage.register import Entry

if TYPE_CHECKING:
    from recorder.door.door import Door


async def paper_of(door: Door, entry: Entry) -> dict[str, Any]:
    """What it says; nothing if there is none, or it was destroyed. `Refused` if it isn't what it was."""
    digest = entry.fields.get("paper", "")
    if not digest:
        return {}
    try:
        return await door.papers.read(digest) or {}
    except PaperAltered as error:
        raise Refused(Why.NOT_NOW, field="paper", detail=str(entry.number)) from error
