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
    lines = [*first, *_lines(of, language)]
    width = max(cell_len(heading) for heading, _ in lines) + 2
    for heading, text in lines:
        yield f"{heading}{' ' * (width - cell_len(heading))}{text}".rstrip()


def _lines(of: Status, language: Language) -> Lines:
    """Both languages beside each other, so that neither says what the other keeps to itself."""

    def say(japanese: str, english: str) -> str:
        return japanese if language == "ja" else english

    time = japanese_time if language == "ja" else english_time
    kept, ring, holds = of.kept, of.ring, of.holds
    size = bytes_in_words(kept.bytes)
    yield say("時点", "as of"), time(of.at_ns)
    yield say("保存先", "store"), escape(of.store)
    yield say("記録", "kept"), say(
        f"通話 {kept.calls:,} 件、うち録音 {kept.recordings:,} 件（{_hours_ja(kept.hours)}、{size}）",
        f"{kept.calls:,} calls, {kept.recordings:,} of them with a recording: {kept.hours:,.1f} hours, {size}",
    )
    if kept.oldest_ns is not None and kept.newest_ns is not None:
        oldest, newest = time(kept.oldest_ns), time(kept.newest_ns)
        yield "", say(f"最も古い録音 {oldest}、最も新しい録音 {newest}", f"oldest {oldest}, newest {newest}")
    yield from _rules(of, say)
    used = _share(ring.used)
    yield say("保存領域", "ring"), say(
        f"{_limit(of, '時間')} のうち {used} を使用", f"{used} of {_limit(of, 'hours')} used"
    )
    if ring.holds_days is not None:
        a_day = bytes_in_words(ring.per_day_bytes)
        yield "", say(
            f"今の通話量（1日平均 {a_day}）で{_days_ja(ring.holds_days)}",
            f"holds {_days_en(ring.holds_days)} at this traffic ({a_day} a day)",
        )
    for budget in ring.budgets:
        used, fits = _share(budget.used), ""
        if budget.holds_days is not None:
            fits = say(
                f"、今の通話量で{_days_ja(budget.holds_days)}", f", {_days_en(budget.holds_days)} at this traffic"
            )
        yield "", say(
            f"「{words.length(budget.capacity)}」のうち {used} を使用{fits}",
            f"'{describe(budget.capacity)}': {used} of it used{fits}",
        )
    free, whole = bytes_in_words(of.free_bytes), bytes_in_words(of.disk_bytes)
    yield say("ディスク", "disk"), say(f"{whole} のうち {free} が空き", f"{free} of {whole} free")
    if of.next is None:
        yield say("次の消去", "goes next"), say("今後10年の見込みなし", "nothing within ten years")
    else:
        yield say("次の移動" if of.next.moves else "次の消去", "goes next"), say(_next_ja(of.next), _next_en(of.next))
    if of.due:
        yield "", say(
            f"期限を過ぎたもの {of.due:,} 件（次の消去の処理で消去）", f"{of.due:,} are due, and go with the next sweep"
        )
    swept = say("自動では未実施", "none by the clock")
    if of.swept_ns is not None:
        swept = say(f"最後は {time(of.swept_ns)}", time(of.swept_ns))
    yield say("消去処理", "last sweep"), swept
    held = say("なし", "none")
    if holds.count:
        size, share = bytes_in_words(holds.bytes), _share(holds.share)
        held = say(
            f"{holds.count:,} 件、通話 {holds.calls:,} 件（{size}、保存領域の {share}）",
            f"{holds.count:,}, on {holds.calls:,} calls ({size}, {share} of the ring)",
        )
    yield say("延長（保全）", "holds"), held
    for hold in holds.ending:
        last = _last_day(hold.until_ns, japanese_day if language == "ja" else english_day)
        yield "", say(
            f"まもなく終了: {hold.name} {last}まで（{escape(hold.reason)}）",
            f"ends soon: {hold.name}, through {last} ({escape(hold.reason)})",
        )
    if of.checkpoint is not None:
        at = "" if of.checkpoint.at_ns is None else time(of.checkpoint.at_ns)
        yield say("管理簿", "register"), say(
            f"{of.checkpoint.entries:,} 件まで署名済み{f'（{at}）' if at else ''}",
            f"{of.checkpoint.entries:,} entries signed{f' ({at})' if at else ''}",
        )
        yield "", say(f"検証コード {of.checkpoint.code}", f"code {of.checkpoint.code}")
    yield say("警報", "alarms"), say(f"{len(of.alarms)} 件", f"{len(of.alarms)}") if of.alarms else say("なし", "none")
    for alarm in of.alarms:
        yield "", escape(f"{say('●', '*')} {alarm.meaning(language)} [{alarm.code}]")
        yield "", escape(f"{say('   →', ' ')} {alarm.remedy(language)}")


def _rules(of: Status, say: Callable[[str, str], str]) -> Lines:
    heading = say("規則", "rule")
    if of.policy is None:
        yield heading, say("定められていない", "none in force")
        return
    office, regulation = of.policy.office, of.policy.regulation
    yield heading, escape(say(f"{office}「{regulation}」", f"{office}, {regulation}"))
    others = say("その他", "all others") if len(of.policy.rules) > 1 else ""
    for rule in of.policy.rules:
        whom = rule.scope or others
        article = say(f"（{rule.article}）", f" ({rule.article})") if rule.article else ""
        yield "", escape(f"{f'{whom}: ' if whom else ''}{say(rule.japanese, rule.english)}{article}")


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
