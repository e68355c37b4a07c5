"""recorder calls --store DIR [--json]"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from recorder.cli.common import json_option, saying_problems, store_option

if TYPE_CHECKING:
    from storage.records import CallRecord

WIDEST = 1000  # columns; a narrow terminal breaks the lines itself, so that what is copied from them is whole


@click.command("calls", short_help="List every call ever seen, oldest first.")
@store_option
@json_option
def command(store: Path, as_json: bool) -> int:
    """List every call ever seen, recorded or not, oldest first.

    With --json, one object a line, in the form of docs/formats.md; else a table for people, times in Japan time.
    """
    import asyncio

    with saying_problems():
        asyncio.run(_print_json(store) if as_json else _print_table(store))
    return 0


async def _print_json(path: Path) -> None:
    from recorder.contract_form import call_as_json
    from storage.store import Store

    async with await Store.open_read_only(path) as store:
        async for call in store.calls():
            print(json.dumps(call_as_json(call)))  # not click.echo, which flushes each line


async def _print_table(path: Path) -> None:
    from storage.store import Store

    async with await Store.open_read_only(path) as store:
        show([call async for call in store.calls()])


def show(calls: Sequence[CallRecord]) -> None:
    """Print a table of calls. What strangers sent is escaped: a name may hold a terminal's control codes."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from recorder.contract_form import rfc3339
    from storage.text import escape

    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for heading in ("started", "from", "to", "ext.", "length", "outcome", "recording", "id"):
        table.add_column(heading, justify="right" if heading == "length" else "left", overflow="fold")
    for call in calls:
        cells = (
            rfc3339(call.started_ns)[:19].replace("T", " "),
            call.caller if call.caller is not None else _why_no_number(call),
            call.callee or "",
            call.extension or "",
            length(call.duration_s),
            " ".join((call.outcome, *call.flags)),
            call.recording.path if call.recording else "",
            call.id,
        )
        table.add_row(*(Text(escape(cell)) for cell in cells))
    console = Console(width=WIDEST)
    with console.capture() as printed:
        console.print(table)
    for line in printed.get().splitlines():  # rich fills up each line with spaces
        click.echo(line.rstrip())
    click.echo(f"{len(calls):,} call{'' if len(calls) == 1 else 's'}")


def _why_no_number(call: CallRecord) -> str:
    """The reasons that a caller's number may be missing for, as docs/glossary.md has them."""
    return next((flag for flag in ("withheld", "payphone", "unavailable") if flag in call.flags), "")


def length(seconds: float) -> str:
    """Minutes and seconds, with hours where there are any."""
    minutes, second = divmod(round(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02d}:{second:02d}" if hours else f"{minute}:{second:02d}"
