"""Looks for candidates in the store, in the sections that somebody may look in."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from recorder.door.cases.candidates import Candidates, Sought, look_for
from storage.search import PAGE, Found, Wanted

if TYPE_CHECKING:
    from recorder.door.door import Door


async def look(
    door: Door, sought: Sought, sections: frozenset[str] | None, *, with_unknown: bool = False
) -> Candidates:
    """The calls of these sections (None: of all) that may be meant; `with_unknown`: also those of no known section."""

    async def search(wanted: Wanted) -> Found:
        if sections is None or with_unknown:
            found = await door.store.search(wanted, limit=PAGE)
            if sections is None:
                return found
            calls = [one for one in found.calls if one.section is None or one.section in sections]
            return found._replace(calls=calls)
        return await door.store.search(replace(wanted, sections=tuple(sorted(sections))), limit=PAGE)

    return await look_for(sought, search)
