"""`recorder status --watch`: what goes on now as a table that is drawn anew each second."""

from __future__ import annotations

import time
from collections.abc import Callable

from rich.console import Console, Group, RenderableType
from rich.live import Live as Screen
from rich.table import Table
from rich.text import Text

from recorder.alarms.alarm import Language
from recorder.alarms.code import Severity
from recorder.figures.values import Figures
from recorder.status.live import Live, lines
from storage.text import escape

COLOURS = {Severity.CRITICAL: "bold red", Severity.WARNING: "yellow", Severity.NOTICE: "cyan"}


def picture(now: Live, before: Figures | None, language: Language) -> RenderableType:
    """What is drawn. `before` are the figures of a moment ago, for rates."""
    ja = language == "ja"
    table = Table(show_header=False, box=None, pad_edge=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column()
    for heading, text in lines(now, language):
        table.add_row(heading, escape(text))
    if (rates := _rates(now.figures, before)) is not None:
        frames, dropped = (f"{rate:,.0f}" for rate in rates)
        if ja:
            table.add_row("毎秒", f"{frames} パケット、取りこぼし {dropped}")
        else:
            table.add_row("a second", f"{frames} frames, {dropped} dropped")
    alarms: list[RenderableType] = [
        Text(f"● {escape(one.meaning(language))} [{one.code}]", style=COLOURS[one.severity]) for one in now.alarms
    ]
    if not now.keeps:
        idle = "管理処理（recorder keep）が動いていません。" if ja else "recorder keep isn't at work."
        alarms.append(Text(idle, style="yellow"))
    elif not alarms:
        alarms.append(Text("警報なし" if ja else "no alarms", style="green"))
    return Group(table, Text(), *alarms)


def _rates(now: Figures | None, before: Figures | None) -> tuple[float, float] | None:
    if now is None or before is None or now.at_ns <= before.at_ns or now.pid != before.pid:
        return None
    seconds = (now.at_ns - before.at_ns) / 1e9
    return (now.frames - before.frames) / seconds, (now.dropped - before.dropped) / seconds


def watch(read: Callable[[], Live], language: Language, console: Console) -> None:
    """Draw until somebody interrupts."""
    before: Figures | None = None
    now = read()
    first = picture(now, before, language)
    with Screen(first, console=console, auto_refresh=False, screen=console.is_terminal) as screen:
        while True:
            time.sleep(1)
            if now.figures is not None:
                before = now.figures
            now = read()
            screen.update(picture(now, before, language), refresh=True)
