"""A copy in words: for its sheet, its label, and the forms about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from recorder.copies.sheet import Sheet, SheetCall
from recorder.dates import at, japanese_day, japanese_time
from recorder.door.cases import copying, grounds
from recorder.door.cases.history import Case
from recorder.door.cases.lasting import Lasting
from recorder.door.instructions import Instruction
from recorder.evidence import words
from storage.records import CallRecord

if TYPE_CHECKING:
    from recorder.door.door import Door

DIRECTIONS = {"inbound": "着信", "outbound": "発信", "internal": "内線"}


@dataclass(frozen=True, slots=True)
class Words:
    """A sheet that lacks only the hashes."""

    sheet: Sheet

    def with_hashes(self, sums: Mapping[str, str]) -> Sheet:
        return replace(self.sheet, calls=tuple(replace(one, sha256=sums[one.name]) for one in self.sheet.calls))


async def sheet(
    door: Door, case: Case | None, instruction: Instruction | None, records: Sequence[CallRecord], how_long: Lasting
) -> Words:
    """What the recipient reads of these calls."""
    profile = door.profile
    word = profile.words.copy if profile else "複製データ"
    on_what: list[tuple[str, str]] = []
    if case is not None and case.decision is not None and case.reply is not None:
        ground = grounds.ground_named(profile, str(case.decision.fields.get("ground", "")))
        article = str(case.decision.fields.get("article", ""))
        on_what = [
            ("申請", f"No.{case.number}（{japanese_day(at(case.applied.at_ns).date())}受付）"),
            ("回答", f"{case.reply.fields.get('document', '')}　{case.reply.fields.get('document_on', '')}".strip()),
            ("根拠", f"{article}　{ground.title}" if ground else article),
        ]
    elif instruction is not None:
        on_what = [("指示書", f"{instruction.document}　{instruction.day}"), ("指示の内容", instruction.text)]
    conditions = tuple(
        f"{one.says}（{one.article}）" for one in (profile.conditions if profile else ())
    )
    return Words(Sheet(
        office=f"{door.office_name}　{profile.regulation.title}" if profile else "", title=f"{word}の内容",
        on_what=tuple(row for row in on_what if row[1]), calls=tuple(map(_call, records)), conditions=conditions,
        until=until_in_words(how_long),
    ))  # fmt: skip


def until_in_words(how_long: Lasting) -> str:
    """As in 保存期限：令和10年3月31日（金）2028-03-31（翌年度末まで、第4条第6項第2号）."""
    by = "、".join(one for one in (how_long.rule, how_long.article) if one)
    if how_long.until is not None:
        return f"保存期限：{japanese_day(how_long.until)}（{by}）"
    return f"保存期間：{by}" if how_long.article else ""


def _call(record: CallRecord) -> SheetCall:
    recording = record.recording
    assert recording is not None
    facts = [
        ("通話日時", f"{japanese_time(record.started_ns)}（{DIRECTIONS.get(record.direction, '不明')}）"),
        ("録音の長さ", in_minutes(recording.frames / recording.rate_hz)),
        ("かけた側の番号", words.caller(record)), ("受けた側の番号", words.callee(record)),
        ("内線", "、".join(dict.fromkeys(one.extension for one in record.parties)) or record.extension or ""),
    ]  # fmt: skip
    gaps = [(end - begin) / recording.rate_hz for _, begin, end in recording.gaps]
    if gaps:
        facts.append(("欠けている部分", f"{len(gaps)}か所、合わせて{in_minutes(sum(gaps))}（無音になっています）"))
    if record.flags:
        facts.append(("特記事項", "、".join(words.FLAGS.get(flag, flag) for flag in record.flags)))
    return SheetCall(name=copying.name_of(record), facts=tuple(row for row in facts if row[1]), sha256="")


def in_minutes(seconds: float) -> str:
    """As in 3分20秒."""
    minutes, second = divmod(round(seconds), 60)
    return (f"{minutes}分" if minutes else "") + f"{second}秒"
