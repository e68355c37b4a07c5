"""Why there is no recording of a call that was asked for, each reason with what proves it. The best proven first.

| reason | proven by |
| --- | --- |
| `unanswered`, `no_audio` | the entry of a call that fits |
| `excluded` | the rule by which the number or extension asked for wasn't recorded then; excluded calls of that time |
| `erased` | the entries that erased calls of that time; the register has no numbers, so nobody knows which one it was |
| `not_recording` | starts, stops and gaps of that time |
| `never_seen` | the recorder was at work all the while and dropped nothing, and none of its calls fits or may fit |
| `not_identified` | nothing: it needs no proof, and can always be said |
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from recorder.account.balance import KERNEL_DROPPED
from recorder.dates import at, in_era
from recorder.door.cases.candidates import Sought, judge
from recorder.door.cases.entries import Absence
from recorder.door.cases.rules import Excluding, excluding_then, rule_in_japanese
from recorder.door.cases.watching import Missing, watch
from recorder.door.ledger.index import RECORDED, Wanted
from recorder.door.ledger.ledger import Unread
from recorder.door.refusals import Refused, Why
from recorder.policy.profile import Words
from storage.records import CallRecord
from storage.ring.apply import ERASED
from storage.search import PAGE
from storage.search import Wanted as WantedCalls

if TYPE_CHECKING:
    from recorder.door.door import Door

AROUND_MIN = 60  # of the time that was given
MOST_ENTRIES = 50  # that a reason names
_GAP_WORDS = {
    "before": "録音装置の使用を始める前",
    "stopped": "録音装置が停止していた時間",
    "killed": "録音装置が予期せず止まっていた時間",
}


@dataclass(frozen=True, slots=True)
class Proof:
    """A reason, and what proves it."""

    why: Absence
    rule: str  # in the office's words, without a number
    article: str
    entries: tuple[int, ...]  # of the register
    sentence: str  # for the reply, in Japanese


async def proofs(door: Door, sought: Sought, now_ns: int) -> list[Proof]:
    """The reasons that hold, `not_identified` last; that alone if there may be a recording. `Refused` if the register
    can't be read."""
    begin_ns, end_ns = sought.within(AROUND_MIN)
    words = door.profile.words if door.profile else Words()
    when = span(begin_ns, end_ns, whole_day=sought.at_ns is None)
    calls, is_more = await _calls(door, begin_ns, end_ns)
    fitting = [call for call in calls if _fits(call, sought)]
    if any(call.outcome == "recorded" for call in fitting):
        return [_not_identified(when)]
    try:
        found = [*await _outcomes(door, fitting, when), *await _excluded(door, sought, calls, when)]
        erased = await _erased(door, begin_ns, end_ns, when, words, bool(calls))
        seen = await watch(door.ledger, begin_ns, min(end_ns, now_ns), now_ns)  # of what is to come, nobody knows
    except Unread as error:
        raise Refused(Why.NOT_NOW, field="register", detail=str(error)) from error
    found += erased
    drops = await _drops(door, sought.day.isoformat())
    if seen.missing or drops:
        found.append(_not_recording(seen.missing, drops, when))
    may_be = [call for call in calls if _may_be(call, sought)]
    if not (found or fitting or may_be or is_more) and seen.is_whole:
        said = f"{when}は、録音装置が動作しており、取りこぼしもありませんでしたが、該当する通話の記録はありません。"
        found.append(Proof("never_seen", "", "", seen.entries[:MOST_ENTRIES], said))
    return [*found, _not_identified(when)]


def span(begin_ns: int, end_ns: int, *, whole_day: bool) -> str:
    """As in 令和8年11月22日の13時0分から15時0分まで."""
    begin, end = at(begin_ns), at(end_ns)
    if whole_day:
        return f"{in_era(begin.date())}"
    behind = "" if end.date() == begin.date() else f"{in_era(end.date())}の"
    return f"{in_era(begin.date())}の{begin.hour}時{begin.minute}分から{behind}{end.hour}時{end.minute}分まで"


async def _calls(door: Door, begin_ns: int, end_ns: int) -> tuple[list[CallRecord], bool]:
    """All calls of that time; whether there are so many that some weren't looked at."""
    found: list[CallRecord] = []
    while len(found) < 20 * PAGE:
        page = await door.store.search(WantedCalls(begin_ns=begin_ns, end_ns=end_ns), limit=PAGE, offset=len(found))
        found += page.calls
        if len(page.calls) < PAGE:
            return found, False
    return found, True


def _fits(call: CallRecord, sought: Sought) -> bool:
    """Whether all that is known of the call is what was asked for."""
    one = judge(call, sought)
    if (sought.number or sought.is_withheld) and not one.number:
        return False
    return one.has_extension or not sought.extension


def _may_be(call: CallRecord, sought: Sought) -> bool:
    """Whether too little is known of the call to say that it isn't the one."""
    has_no_number = (call.caller is None or call.callee is None) and bool(sought.number)
    has_no_extension = call.extension is None and not call.parties and bool(sought.extension)
    return has_no_number or has_no_extension


async def _outcomes(door: Door, fitting: Sequence[CallRecord], when: str) -> list[Proof]:
    found = []
    for outcome, said in (
        ("unanswered", "に該当する通話がありましたが、応答がないまま終わり、会話はありませんでした。"),
        ("no_audio", "に該当する通話がありましたが、音声が録音装置に届かず、録音されていません。"),
    ):
        some = [call for call in fitting if call.outcome == outcome]
        if some:
            entries = await _entries_of(door, some)
            found.append(Proof(outcome, "", "", entries, f"{when}{said}"))  # type: ignore[arg-type]
    return found


async def _excluded(door: Door, sought: Sought, calls: Sequence[CallRecord], when: str) -> list[Proof]:
    scope = door.profile.scope if door.profile else None
    article = "" if scope is None else (scope.never[0].article if scope.never else scope.article)
    rule: Excluding | None = await excluding_then(door, sought)
    some = [call for call in calls if call.outcome == "excluded"]
    if rule is not None:
        said = f"お尋ねの{rule.what}は、当時の定めにより録音しないものとしていたため、{when}の録音はありません。"
        return [Proof("excluded", rule.rule, article, rule.entries, said)]
    if some and not sought.is_withheld:
        said = f"{when}には、録音しない定めの通話が{len(some)}件あります。その録音はなく、番号も残していません。"
        return [Proof("excluded", "録音しないもの", article, await _entries_of(door, some), said)]
    return []


async def _erased(
    door: Door, begin_ns: int, end_ns: int, when: str, words: Words, is_some_left: bool
) -> list[Proof]:
    rows = await door.store.catalogue.query(
        "select entry, erased_ns, count(*) from erasure where started_ns >= ? and started_ns < ? "
        "group by entry, erased_ns order by entry",
        (begin_ns, end_ns),
    )
    if not rows:
        return []
    rules: dict[str, None] = {}
    articles: dict[str, None] = {}
    for erased_ns in {row[1] for row in rows[:MOST_ENTRIES]}:
        entries = await door.ledger.find(Wanted(kind=ERASED, begin_ns=erased_ns, end_ns=erased_ns + 1), None, 1000)
        for one in entries:
            if one.number in {row[0] for row in rows}:
                rules[rule_in_japanese(door, str(one.fields.get("rule", "")))] = None
                articles[str(one.fields.get("article", ""))] = None
    rule, article = ("、".join(one for one in some if one) for some in (rules, articles))
    days = sorted({at(row[1]).date() for row in rows})
    on = in_era(days[0]) if len(days) == 1 else f"{in_era(days[0])}から{in_era(days[-1])}までの間"
    count = sum(row[2] for row in rows)
    ground = f"保存期間（{rule}）の定め" if rule else "保存期間の定め"
    ground += f"（{article}）" if article else ""
    said = (
        f"{when}の{words.recording}は、{count}件を{ground}により{on}に{words.erasing}しており、残っていません。"
        if not is_some_left
        else f"{when}の{words.recording}のうち{count}件は、{ground}により{on}に{words.erasing}しました。"
        "残っているものの中に、該当する通話はありません。"
    )
    said += f"{words.erasing}したものの番号は残していないため、お尋ねの通話がその中にあったかは確かめられません。"
    return [Proof("erased", rule, article, tuple(row[0] for row in rows)[:MOST_ENTRIES], said)]


def _not_recording(missing: Sequence[Missing], drops: int, when: str) -> Proof:
    parts: dict[str, None] = {}
    for one in missing:
        parts[_GAP_WORDS.get(one.why, "通話の音声を取り込めない時間")] = None
    if drops:
        parts["取り込みが一部失われた時間"] = None
    proof = tuple(dict.fromkeys(number for one in missing for number in one.entries))
    said = f"{when}には、{'、'.join(parts)}があり、その間の通話は録音されていません。"
    return Proof("not_recording", "、".join(parts), "", proof[:MOST_ENTRIES], said)


def _not_identified(when: str) -> Proof:
    said = f"{when}の通話の中から、お尋ねの通話を特定することができませんでした。"
    return Proof("not_identified", "", "", (), said)


async def _drops(door: Door, day: str) -> int:
    [(count,)] = await door.store.catalogue.query(
        "select coalesce(sum(count), 0) from tally where day = ? and reason = ?", (day, KERNEL_DROPPED)
    )
    return int(count)


async def _entries_of(door: Door, calls: Sequence[CallRecord]) -> tuple[int, ...]:
    found = []
    for call in calls[:MOST_ENTRIES]:
        found += [one.number for one in await door.ledger.find(Wanted(kind=RECORDED, call=call.id), None, 1)]
    return tuple(sorted(found))
