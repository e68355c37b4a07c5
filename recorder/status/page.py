"""A status as a page for people, in Japanese or English."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta

from rich.cells import cell_len

from recorder.alarms.alarm import Language
from recorder.dates import at, english_day, english_time, japanese_day, japanese_time
from recorder.policy import words
from recorder.status.assess import bytes_in_words
from recorder.status.values import Next, Status
from storage.retention.forecast import Why
from storage.retention.words import describe
from storage.text import escape

MANY_DAYS = 3652
Lines = Iterator[tuple[str, str]]  # a heading, "" to go on under the one before; and what is said


def page(of: Status, language: Language, live: Iterable[tuple[str, str]] = ()) -> Iterator[str]:
    """The page, line by line; `live` comes first (recorder.status.live). What operators wrote is escaped: it may hold
    a terminal's control codes."""
    first = [(heading, escape(text)) for heading, text in live]
    lines = [*first, *(_japanese if language == "ja" else _english)(of)]
    width = max(cell_len(heading) for heading, _ in lines) + 2
    for heading, text in lines:
        yield f"{heading}{' ' * (width - cell_len(heading))}{text}".rstrip()


def _japanese(of: Status) -> Lines:
    kept, ring = of.kept, of.ring
    yield "時点", japanese_time(of.at_ns)
    yield "保存先", escape(of.store)
    size = f"{_hours_ja(kept.hours)}、{bytes_in_words(kept.bytes)}"
    yield "記録", f"通話 {kept.calls:,} 件、うち録音 {kept.recordings:,} 件（{size}）"
    if kept.oldest_ns is not None and kept.newest_ns is not None:
        yield "", f"最も古い録音 {japanese_time(kept.oldest_ns)}"
        yield "", f"最も新しい録音 {japanese_time(kept.newest_ns)}"
    if of.policy is None:
        yield "規則", "定められていない"
    else:
        yield "規則", escape(f"{of.policy.office}「{of.policy.regulation}」")
        for rule in of.policy.rules:
            whom = f"{rule.scope}: " if rule.scope else "その他: " if len(of.policy.rules) > 1 else ""
            yield "", escape(f"{whom}{rule.japanese}（{rule.article}）" if rule.article else f"{whom}{rule.japanese}")
    yield "保存領域", f"{_limit(of, '時間')} のうち {_share(ring.used)} を使用"
    if ring.holds_days is not None:
        yield "", f"今の通話量（1日平均 {bytes_in_words(ring.per_day_bytes)}）で{_days_ja(ring.holds_days)}"
    for budget in ring.budgets:
        fits = "" if budget.holds_days is None else f"、今の通話量で{_days_ja(budget.holds_days)}"
        yield "", f"「{words.length(budget.capacity)}」のうち {_share(budget.used)} を使用{fits}"
    yield "ディスク", f"{bytes_in_words(of.disk_bytes)} のうち {bytes_in_words(of.free_bytes)} が空き"
    if of.next is None:
        yield "次の消去", "今後10年の見込みなし"
    else:
        yield "次の移動" if of.next.moves else "次の消去", _next_ja(of.next)
    if of.due:
        yield "", f"期限を過ぎたもの {of.due:,} 件（次の消去の処理で消去）"
    yield "消去処理", "自動では未実施" if of.swept_ns is None else f"最後は {japanese_time(of.swept_ns)}"
    if of.holds.count:
        size = f"{bytes_in_words(of.holds.bytes)}、保存領域の {_share(of.holds.share)}"
        yield "延長（保全）", f"{of.holds.count:,} 件、通話 {of.holds.calls:,} 件（{size}）"
    else:
        yield "延長（保全）", "なし"
    for hold in of.holds.ending:
        yield "", f"まもなく終了: {hold.name} {_last_day(hold.until_ns, japanese_day)}まで（{escape(hold.reason)}）"
    if of.checkpoint is not None:
        when = "" if of.checkpoint.at_ns is None else f"（{japanese_time(of.checkpoint.at_ns)}）"
        yield "管理簿", f"{of.checkpoint.entries:,} 件まで署名済み{when}"
        yield "", f"検証コード {of.checkpoint.code}"
    yield "警報", "なし" if not of.alarms else f"{len(of.alarms)} 件"
    for alarm in of.alarms:
        yield "", escape(f"● {alarm.meaning('ja')} [{alarm.code}]")
        yield "", escape(f"   → {alarm.remedy('ja')}")


def _english(of: Status) -> Lines:
    kept, ring = of.kept, of.ring
    yield "as of", english_time(of.at_ns)
    yield "store", escape(of.store)
    size = f"{kept.hours:,.1f} hours, {bytes_in_words(kept.bytes)}"
    yield "kept", f"{kept.calls:,} calls, {kept.recordings:,} of them with a recording: {size}"
    if kept.oldest_ns is not None and kept.newest_ns is not None:
        yield "", f"oldest {english_time(kept.oldest_ns)}, newest {english_time(kept.newest_ns)}"
    if of.policy is None:
        yield "rule", "none in force"
    else:
        yield "rule", escape(f"{of.policy.office}, {of.policy.regulation}")
        for rule in of.policy.rules:
            whom = f"{rule.scope}: " if rule.scope else "all others: " if len(of.policy.rules) > 1 else ""
            yield "", escape(f"{whom}{rule.english} ({rule.article})" if rule.article else f"{whom}{rule.english}")
    yield "ring", f"{_share(ring.used)} of {_limit(of, 'hours')} used"
    if ring.holds_days is not None:
        a_day = bytes_in_words(ring.per_day_bytes)
        yield "", f"holds {_days_en(ring.holds_days)} at this traffic ({a_day} a day)"
    for budget in ring.budgets:
        fits = "" if budget.holds_days is None else f", {_days_en(budget.holds_days)} at this traffic"
        yield "", f"'{describe(budget.capacity)}': {_share(budget.used)} of it used{fits}"
    yield "disk", f"{bytes_in_words(of.free_bytes)} of {bytes_in_words(of.disk_bytes)} free"
    yield "goes next", "nothing within ten years" if of.next is None else _next_en(of.next)
    if of.due:
        yield "", f"{of.due:,} are due, and go with the next sweep"
    yield "last sweep", "none by the clock" if of.swept_ns is None else english_time(of.swept_ns)
    if of.holds.count:
        size = f"{bytes_in_words(of.holds.bytes)}, {_share(of.holds.share)} of the ring"
        yield "holds", f"{of.holds.count:,}, on {of.holds.calls:,} calls ({size})"
    else:
        yield "holds", "none"
    for hold in of.holds.ending:
        yield "", f"ends soon: {hold.name}, through {_last_day(hold.until_ns, english_day)} ({escape(hold.reason)})"
    if of.checkpoint is not None:
        when = "" if of.checkpoint.at_ns is None else f" ({english_time(of.checkpoint.at_ns)})"
        yield "register", f"{of.checkpoint.entries:,} entries signed{when}"
        yield "", f"code {of.checkpoint.code}"
    yield "alarms", "none" if not of.alarms else f"{len(of.alarms)}"
    for alarm in of.alarms:
        yield "", escape(f"* {alarm.meaning('en')} [{alarm.code}]")
        yield "", escape(f"  {alarm.remedy('en')}")


def _next_ja(one: Next) -> str:
    if one.moves:
        how = "第二の保存先へ移動"
    else:
        how = "上書き見込み" if one.why is Why.CAPACITY else "保存期間の満了"
    return f"{japanese_day(at(one.goes_ns).date())} {how}（{japanese_time(one.started_ns)}の録音）"


def _next_en(one: Next) -> str:
    if one.moves:
        how = "moves to the second store"
    else:
        how = "overwritten" if one.why is Why.CAPACITY else "its period is over"
    return f"{english_day(at(one.goes_ns).date())}: {how} (recording of {english_time(one.started_ns)}, {one.id})"


def _last_day(until_ns: int, form: Callable[..., str]) -> str:
    """The last day of what ends at an instant: that of the moment before."""
    return form((at(until_ns) - timedelta(microseconds=1)).date())


def _limit(of: Status, hours: str) -> str:
    if of.ring.limit_hours != float("inf"):
        return f"{of.ring.limit_hours:,.0f} {hours}"
    return bytes_in_words(of.ring.limit_bytes)


def _share(share: float) -> str:
    """As in 12.3 %; what is there but less than a thousandth isn't called nothing."""
    return "< 0.1 %" if 0 < share < 0.001 else f"{100 * share:.1f} %"


def _days_ja(days: float) -> str:
    if days > MANY_DAYS:
        return "10年分を超える"
    return f"約 {days:,.0f} 日分" if days >= 10 else f"約 {days:.1f} 日分"


def _days_en(days: float) -> str:
    if days > MANY_DAYS:
        return "more than ten years"
    return f"about {days:,.0f} days" if days >= 10 else f"about {days:.1f} days"


def _hours_ja(hours: float) -> str:
    whole, minutes = divmod(round(hours * 60), 60)
    return f"{whole:,} 時間 {minutes} 分" if whole else f"{minutes} 分"
