"""Rules in an office's Japanese: what is said of them on screens and in answers."""

from __future__ import annotations

from storage.retention.rules import (
    Capacity,
    Days,
    EarlierOf,
    FiscalYearEnd,
    Hours,
    LaterOf,
    Minimum,
    MonthEnd,
    Months,
    Rule,
    Tiers,
)


def length(rule: Rule) -> str:
    """A rule as how long, as in 90日間 or 翌月末まで."""
    match rule:
        case Capacity(bytes=int(size)):
            return f"合計{size:,}バイトを超えて上書きされるまで"
        case Capacity(hours=float(hours)):
            return f"合計{hours:,g}時間を超えて上書きされるまで"
        case Capacity(share=float(share)):
            return f"ディスクの{share:.4g}を超えて上書きされるまで"
        case Capacity():
            return "容量が足りなくなり上書きされるまで"
        case Hours(n=n):
            return f"{n}時間"
        case Days(n=n):
            return f"{n}日間"
        case Months(n=n):
            return f"{n // 12}年間" if n % 12 == 0 else f"{n}か月間"
        case MonthEnd(n=n):
            return {0: "その月の末日まで", 1: "翌月末まで"}.get(n, f"{n}か月後の月末まで")
        case FiscalYearEnd(n=n):
            return {0: "その年度の末日まで", 1: "翌年度末まで"}.get(n, f"{n}年度後の年度末まで")
        case EarlierOf(rules=rules):
            return f"{'、'.join(map(length, rules))}のいずれか早い方"
        case LaterOf(rules=rules):
            return f"{'、'.join(map(length, rules))}のいずれか遅い方"
        case Minimum(period=period, then=then):
            return f"少なくとも{length(period)}、その後は{length(then)}"
        case Tiers(first=first, second=second):
            return f"{length(first)}、その後は第二の保存先で{length(second)}"


def sentence(rule: Rule, what: str, erasing: str = "消去") -> str:
    """A rule as a sentence about recordings or copies."""
    match rule:
        case Capacity():
            return f"{what}は、{length(rule)}保存する。古いものから順に上書きする。"
        case EarlierOf(rules=(period, Capacity())):
            return (
                f"{what}は、{length(period)}保存し、その後{erasing}する。"
                "ただし、容量が足りなくなったときは、それより前でも古いものから順に上書きする。"
            )
        case Minimum(period=period, then=then):
            return (
                f"{what}は、少なくとも{length(period)}保存し、その間は容量が足りなくなっても上書きせず、警報を出す。"
                f"その後は、{length(then)}保存する。"
            )
        case Tiers(first=first, second=second):
            return (
                f"{what}は、{length(first)}保存した後、第二の保存先に移して{length(second)}保存し、その後{erasing}する。"
            )
    return f"{what}は、{length(rule)}保存し、その後{erasing}する。"
