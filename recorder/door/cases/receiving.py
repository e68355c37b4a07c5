"""What happens at the receipt of an application: calls that may be meant are held, before anybody looks.

Between its entry and the holds the power may fail. So the door's start does for each open case without a hold what its
receipt should have done.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import date, time
from typing import TYPE_CHECKING, Any

from recorder.door.cases import holding, reading, sight
from recorder.door.cases.candidates import Sought
from recorder.door.cases.searching import look
from recorder.door.ledger.index import Wanted
from recorder.door.ledger.ledger import Unread
from recorder.door.operations import Caller
from recorder.door.refusals import Refused, Why
from recorder.numbers.form import normalised
from storage.ring.apply import HOLD

if TYPE_CHECKING:
    from recorder.door.door import Door

AGAIN_S = 5.0
WITHHELD = ("非通知", "ヒツウチ", "withheld")
_MOST = 100_000  # holds that there ever were
log = logging.getLogger(__name__)


def sought_of(item: dict[str, Any]) -> Sought:
    """What a paper's item says, for a search."""
    number = normalised(item["number"])
    is_withheld = item["number"] in WITHHELD
    return Sought(
        day=date.fromisoformat(item["day"]), time=time.fromisoformat(item["time"]) if item["time"] else None,
        number=number if number and not is_withheld else "", is_withheld=is_withheld, extension=item["extension"],
        length_s=item["length_s"],
    )  # fmt: skip


async def meant(
    door: Door, sought: Sequence[Sought], sections: frozenset[str] | None
) -> tuple[list[str], list[str]]:
    """The calls that are meant for sure, and the best few of those that may be, in these sections (None: in all)."""
    clear: dict[str, None] = {}
    perhaps: dict[str, None] = {}
    for one in sought:
        found = await look(door, one, sections, with_unknown=True)
        if found.clear is not None:
            clear[found.clear.call.id] = None
        else:
            some = [each.call.id for each in found.found if each.call.outcome == "recorded"]
            perhaps |= dict.fromkeys(some[: holding.FEW])
    return list(clear), [one for one in perhaps if one not in clear]


async def make_good(door: Door, now_ns: int) -> None:
    """Holds what the receipt of open cases should have held. `Refused`."""
    cases = [one for one in (await sight.history(door)).cases.values() if one.state == "open"]
    try:
        reasons = [str(one.fields.get("reason", "")) for one in await door.ledger.find(Wanted(kind=HOLD), None, _MOST)]
    except Unread as error:
        raise Refused(Why.NOT_NOW, field="register", detail=str(error)) from error
    for case in cases:
        if any(reason.startswith(holding.named(case.number)) for reason in reasons):
            continue
        items = (await reading.paper_of(door, case.applied)).get("items", [])
        sections = frozenset({case.section}) if case.section else None
        clear, perhaps = await meant(door, [sought_of(one) for one in items], sections)
        caller = Caller(now_ns=now_ns, source="", unnamed="recorder")
        await holding.receive(door, caller, case.number, str(case.applied.fields.get("ground", "")), clear, perhaps)


async def make_good_at_start(door: Door, now_ns: int) -> None:
    """The same once the register is read, however long that takes."""
    while True:
        try:
            return await make_good(door, now_ns)
        except Refused as refused:
            log.warning("Calls of applications can't be held yet: %s", refused)
            await asyncio.sleep(AGAIN_S)
