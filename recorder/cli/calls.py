"""recorder calls --store DIR [--from TIME] [--to TIME] [--number PART] [--extension E] ... [--limit N] [--json]"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from recorder.cli.common import json_option, saying_problems, store_option

if TYPE_CHECKING:
    from storage.records import CallRecord
    from storage.search import Wanted
    from storage.store import StoreReader

WIDEST = 1000  # columns; a narrow terminal breaks the lines itself, so that what is copied from them is whole


@click.command("calls", short_help="List calls, oldest first: all there ever were, or those looked for.")
@store_option
@click.option("--from", "since", metavar="TIME", help="Calls that started then or later; a day alone is its beginning.")
@click.option("--to", "until", metavar="TIME", help="Calls that started before then.")
@click.option("--number", metavar="PART", help="Calls whose caller or callee has these digits somewhere in the number.")
@click.option("--extension", metavar="E", help="Calls that this extension took part in; 21* and *01 are many.")
@click.option("--direction", type=click.Choice(["inbound", "outbound", "internal", "unknown"]))
@click.option("--outcome", type=click.Choice(["recorded", "no_audio", "unanswered", "excluded"]))
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Only the newest N of them.")
@json_option
def command(
    store: Path, since: str | None, until: str | None, number: str | None, extension: str | None,
    direction: str | None, outcome: str | None, limit: int | None, as_json: bool,
) -> int:  # fmt: skip
    """List every call ever seen, recorded or not, oldest first; or those that all of the options fit.

    With --json, one object a line, in the form of docs/formats.md; else a table for people, times in Japan time.
    """
    import asyncio

    with saying_problems():
        wanted = _wanted(since, until, number, extension, direction, outcome)
        asyncio.run((_print_json if as_json else _print_table)(store, wanted, limit))
    return 0


def _wanted(
    since: str | None, until: str | None, number: str | None, extension: str | None, direction: str | None,
    outcome: str | None,
) -> Wanted:  # fmt: skip
    """What the options ask for. `Unusable` if nothing can fit them."""
    from recorder.numbers.form import is_number, normalised
    from recorder.problems import Unusable
    from recorder.times import time_ns
    from storage.search import Wanted

    begin_ns = None if since is None else time_ns(since)
    end_ns = None if until is None else time_ns(until)
    if begin_ns is not None and end_ns is not None and begin_ns >= end_ns:
        raise Unusable("The time asked for ends before it begins.", hint="--from must be before --to.")
    part = None if number is None else normalised(number)
    if part is not None and not is_number(part):
        raise Unusable(f"{ascii(number)} is no part of a number.", hint="Write some of its digits, such as 6411212.")
    return Wanted(
        begin_ns=begin_ns, end_ns=end_ns, number=part, extension=extension, direction=direction, outcome=outcome
    )


async def _print_json(path: Path, wanted: Wanted, limit: int | None) -> None:
    from recorder.announcement.told import Announcements, with_announcements
    from recorder.contract_form import call_as_json
    from storage.announcements import AnnouncementBook
    from storage.store import Store

    async with await Store.open_read_only(path) as store:
        announcements = Announcements(AnnouncementBook(store.root, store.disk))
        async for call, announcement, told in with_announcements(_found(store, wanted, limit), announcements):
            print(json.dumps(call_as_json(call, announcement, told)))  # not click.echo, which flushes each line


async def _print_table(path: Path, wanted: Wanted, limit: int | None) -> None:
    from storage.store import Store

    async with await Store.open_read_only(path) as store:
        show([call async for call in _found(store, wanted, limit)])


async def _found(store: StoreReader, wanted: Wanted, limit: int | None) -> AsyncIterator[CallRecord]:
    """The calls, or the newest of them, oldest first."""
    if limit is None:
        async for call in store.matching(wanted):
            yield call
        return
    newest: list[CallRecord] = []
    async with aclosing(store.matching(wanted, newest_first=True)) as calls:
        async for call in calls:
            newest.append(call)
            if len(newest) == limit:
                break
    for call in reversed(newest):
        yield call


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
