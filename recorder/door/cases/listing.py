"""通話記録管理簿 as Matsumoto's article 10 wants it: copying, providing, disposal and whatever else is necessary, a row
a case, or a row a copy where there are copies. It follows from the cases' history; papers and the catalogue add who
asked and when the call was, as far as they still say so and the reader may know.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from recorder.dates import at, short_in_era
from recorder.door.cases import grounds, sight, words
from recorder.door.cases.history import Case, Copy, History
from recorder.door.cases.reading import paper_of
from recorder.door.operations import Caller
from recorder.door.rights import Right
from recorder.forms import Row
from recorder.numbers.grouping import grouped
from storage.register import Entry

if TYPE_CHECKING:
    from recorder.door.door import Door

GONE = "録音は消去済み"
_BY_PAPER = "（書面のとおり）"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A row, and whose it is."""

    row: Row
    case: int | None  # the application's number
    copy: int | None
    is_out: bool  # the copy is with somebody


async def rows(door: Door, caller: Caller, begin: date | None, end: date | None) -> list[Listed]:
    """What was received from `begin` to `end`, the oldest first: of the sections that the caller may read the register
    of. A copy that no application asked for counts by the day on which it was made. `Refused`."""
    reads = caller.sections(Right.REGISTER)
    history = await sight.history(door)
    found: list[Listed] = []
    for case in history.cases.values():
        if _is_between(case.received_on, begin, end) and (reads is None or case.section in reads):
            found += await _of_case(door, caller, case)
    for copy in history.copies.values():
        is_case_s = copy.application in history.cases
        if not is_case_s and _is_between(at(copy.made.at_ns).date(), begin, end):
            found += await _of_no_case(door, caller, copy, reads)
    return sorted(found, key=lambda one: (one.row.on or date.min, one.case or one.copy or 0, one.copy or 0))


def spans(history: History) -> tuple[date | None, date | None]:
    """From which day to which there are any."""
    days = [case.received_on for case in history.cases.values()]
    days += [at(copy.made.at_ns).date() for copy in history.copies.values()]
    return min(days, default=None), max(days, default=None)


async def _of_case(door: Door, caller: Caller, case: Case) -> list[Listed]:
    applied = await paper_of(door, case.applied)
    works = sight.works_on(caller, case)
    asked_for = "\n".join(_asked(item, works) for item in applied.get("items", ()))
    common: dict[str, Any] = {
        "on": case.received_on, "ground": _ground(door, case), "decided": _decided(case),
        "applicant": str(applied.get("applicant", "")) if works else case.section or _BY_PAPER,
    }  # fmt: skip
    told = [one for one in case.provisions if not one.fields.get("copy")]  # knowledge alone
    if not case.copies:
        called = await _calls(door, caller, case.granted) if case.granted else asked_for
        row = Row(
            number=str(case.number), call=called or _BY_PAPER, provided="\n".join(map(_provided, told)),
            remarks="\n".join(_remarks(case)), **common,
        )  # fmt: skip
        return [Listed(row=row, case=case.number, copy=None, is_out=False)]
    found = []
    for index, copy in enumerate(case.copies, 1):
        row = Row(
            number=str(case.number) if len(case.copies) == 1 else f"{case.number}の{index}",
            call=await _calls(door, caller, copy.calls), copied=_copied(copy), ended=_ended(copy),
            provided="\n".join(map(_provided, [*([copy.provided] if copy.provided else []), *told])),
            remarks="\n".join([*_remarks(case), *_remarks_of_copy(copy)]), **common,
        )  # fmt: skip
        found.append(Listed(row=row, case=case.number, copy=copy.number, is_out=_is_out(copy)))
    return found


async def _of_no_case(door: Door, caller: Caller, copy: Copy, reads: frozenset[str] | None) -> list[Listed]:
    """A copy that was made on an instruction."""
    records = [await door.store.get(one) for one in copy.calls]
    if reads is not None and not any(record is not None and record.section in reads for record in records):
        return []
    instruction = copy.instruction
    row = Row(
        number=str(copy.number), on=at(copy.made.at_ns).date(), call=await _calls(door, caller, copy.calls),
        ground=f"作成の指示（No.{instruction}）" if instruction else "", copied=_copied(copy), ended=_ended(copy),
        provided=_provided(copy.provided) if copy.provided else "", remarks="\n".join(_remarks_of_copy(copy)),
    )  # fmt: skip
    return [Listed(row=row, case=None, copy=copy.number, is_out=_is_out(copy))]


async def _calls(door: Door, caller: Caller, ids: tuple[str, ...]) -> str:
    """Day and time of each; the number for who may see the call."""
    found = []
    for one in ids:
        record = await door.store.get(one)
        if record is None:
            found.append(GONE)
            continue
        time = at(record.started_ns)
        said = f"{short_in_era(time.date())} {time:%H:%M}"
        sections = caller.sections(Right.CALLS)
        if Right.CALLS in caller.rights and (sections is None or record.section in sections):
            number = record.callee if record.direction == "outbound" else record.caller
            said += f"\n{grouped(number)}" if number else ""
        found.append(said)
    return "\n".join(found)


def _asked(item: Mapping[str, Any], works: bool) -> str:
    """What an application says of a call that nobody has found (yet)."""
    day = short_in_era(date.fromisoformat(item["day"]))
    said = f"{day} {item['time']}頃" if item.get("time") else day
    return f"{said}\n{item['number']}" if works and item.get("number") else said


def _ground(door: Door, case: Case) -> str:
    decision = case.decision
    fields = decision.fields if decision else case.applied.fields
    ground = grounds.ground_named(door.profile, str(fields.get("ground", "")))
    article = str(fields.get("article", "")) or (ground.article if ground else "")
    kind = words.said(words.ASKS, case.asks)
    title = ground.title if ground else ""
    return "\n".join(filter(None, (kind if case.asks != "copy" or not title else "", title, article)))


def _decided(case: Case) -> str:
    if case.withdrawn is not None:
        return f"取下げ\n{_day(case.withdrawn)}"
    if case.decision is None:
        return ""
    found = [f"{words.said(words.OUTCOMES, case.decision.fields.get('outcome', ''))}\n{_day(case.decision)}"]
    absent = case.decision.fields.get("absent") or ()
    found += dict.fromkeys(words.said(words.ABSENCES, one.get("why", "")) for one in absent if isinstance(one, dict))
    if case.reply is not None:
        document, on = case.reply.fields.get("document", ""), case.reply.fields.get("document_on", "")
        found.append(f"{document or '回答'}\n{short_in_era(date.fromisoformat(on)) if on else _day(case.reply)}")
    return "\n".join(found)


def _copied(copy: Copy) -> str:
    medium = words.said(words.MEDIA, copy.made.fields.get("medium", ""))
    return f"{_day(copy.made)}\n{medium}　{len(copy.calls)}件"


def _provided(entry: Entry) -> str:
    fields = entry.fields
    conditions = fields.get("conditions")
    count = len(conditions) if isinstance(conditions, list) else int(bool(conditions))
    return "\n".join(filter(None, (
        f"{_day(entry)}　{fields.get('to', '')}", str(fields.get("how", "")), str(fields.get("document", "")),
        f"条件{count}項目" if isinstance(conditions, list) and count else str(conditions or ""),
    )))  # fmt: skip


def _ended(copy: Copy) -> str:
    if copy.ended is None:
        return ""
    fields = copy.ended.fields
    on = fields.get("on", "")
    how = words.said(words.ENDINGS, fields.get("how", ""))
    return f"{short_in_era(date.fromisoformat(on)) if on else _day(copy.ended)}\n{how}"


def _remarks(case: Case) -> list[str]:
    found = [f"本人確認 {_day(one)}" for one in case.identity]
    return found + [f"照会元に確認 {_day(one)}" for one in case.called_back]


def _remarks_of_copy(copy: Copy) -> list[str]:
    found = [
        f"延長 {short_in_era(date.fromisoformat(one.fields['until']))}まで（{one.fields.get('article', '')}）"
        for one in copy.extended if one.fields.get("until")
    ]  # fmt: skip
    found += [f"督促 {_day(one)}" for one in copy.reminded]
    if copy.ended is None:
        found.append(f"保存 {short_in_era(copy.until)}まで" if copy.until else "保存 目的を達するまで")
    return found


def _is_out(copy: Copy) -> bool:
    return copy.provided is not None and copy.ended is None


def _is_between(day: date, begin: date | None, end: date | None) -> bool:
    return (begin is None or begin <= day) and (end is None or day <= end)


def _day(entry: Entry) -> str:
    return short_in_era(at(entry.at_ns).date())
