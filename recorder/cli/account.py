"""recorder account --store DIR [--day D] [--cdr FILE --config FILE] [--json]"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from recorder.cli.common import config_option, json_option, saying_problems, settings_from, store_option

if TYPE_CHECKING:
    from recorder.account.gather import Account

Row = tuple[str, str, str, str, str]  # time, from, to, what, why


@click.command("account", short_help="Whether frames and calls add up, and agree with the exchange's list.")
@store_option
@click.option("--day", metavar="DATE", help="One Japanese day, as in 2026-11-22; everything if not given.")
@click.option(
    "--cdr", type=click.Path(path_type=Path), metavar="FILE",
    help="The exchange's own list of calls (CSV), its columns named under [cdr] in the settings.",
)  # fmt: skip
@config_option
@json_option
def command(store: Path, day: str | None, cdr: Path | None, config: Path | None, as_json: bool) -> int:
    """Balance what was seen: frames used, left out for a reason or dropped; calls recorded, excluded, unanswered or
    damaged. With --cdr, compare with the exchange's own list of calls, and tell what either side lacks.

    Exit status 0: everything adds up, and nothing is lacking. 1: something was found. 2: unusable input.
    """
    with saying_problems():
        account = _take(store, day, cdr, config)
    if as_json:
        for told in as_objects(account):
            print(json.dumps(told))
    else:
        show(account)
    return 0 if account.agrees else 1


def _take(path: Path, day: str | None, cdr: Path | None, config: Path | None) -> Account:
    import asyncio

    from recorder.account.cdr import Line, read
    from recorder.account.gather import gather
    from recorder.problems import Unusable
    from storage.layout import day_begins_ns
    from storage.store import Store

    if day is not None:
        try:
            day_begins_ns(day)
        except ValueError as problem:
            raise Unusable(f"{ascii(day)} is no day.", hint="Write it as 2026-11-22.") from problem
    settings = settings_from(config)
    lines: list[Line] | None = None if cdr is None else read(cdr.read_bytes(), str(cdr), settings.cdr)

    async def take() -> Account:
        async with await Store.open_read_only(path) as store:
            return await gather(store, day=day, lines=lines, cdr=settings.cdr)

    return asyncio.run(take())


def as_objects(account: Account) -> Iterator[dict[str, Any]]:
    """The account as `--json` prints it, in the form of docs/formats.md."""
    from recorder.contract_form import rfc3339

    frames, calls = account.frames, account.calls
    yield {
        "kind": "frames", "day": account.day, "seen": frames.seen, "used": frames.used, "left_out": frames.left_out,
        "kernel_dropped": frames.dropped, "balanced": frames.balanced, "faults": frames.faults,
    }  # fmt: skip
    for one in account.runs:
        yield {
            "kind": "run", "number": one.run.number, "what": _readable(one.run.what), "complete": one.run.complete,
            "frames": one.frames, "dialogs_under_way": one.under_way, "fault": one.fault or None,
            "not_listening": None if one.deaf_ns is None else [rfc3339(at_ns) for at_ns in one.deaf_ns],
        }  # fmt: skip
    yield {
        "kind": "calls", "day": account.day, "seen": calls.seen, "recorded": calls.recorded,
        "excluded": calls.excluded, "unanswered": dict(sorted(calls.unanswered.items())),
        "damaged": len(calls.damaged), "balanced": calls.balanced,
    }  # fmt: skip
    for damaged in calls.damaged:
        call = damaged.call
        yield {
            "kind": "damaged", "at": rfc3339(call.started_ns), "caller": _or_none(call.caller),
            "callee": _or_none(call.callee), "call": call.id, "text": damaged.cause,
        }  # fmt: skip
    for call in calls.unexplained:
        yield {
            "kind": "unexplained", "at": rfc3339(call.started_ns), "caller": _or_none(call.caller),
            "callee": _or_none(call.callee), "call": call.id, "text": f"outcome {_readable(call.outcome)}",
        }  # fmt: skip
    if (cdr := account.cdr) is not None:
        yield {
            "kind": "cdr", "days": cdr.days, "lines": cdr.lines, "calls": cdr.calls, "findings": len(cdr.findings),
            "clock_offset_s": cdr.offset_s,
        }  # fmt: skip
        for finding in cdr.findings:
            yield {
                "kind": finding.kind, "at": rfc3339(finding.at_ns), "caller": _or_none(finding.caller),
                "callee": _or_none(finding.callee), "lines": list(finding.lines), "call": finding.call,
                "text": finding.text,
            }  # fmt: skip
    for note in account.notes:
        yield {"kind": "note", "text": _readable(note)}


def show(account: Account) -> None:
    """Print the account for people: sums, then a line for each thing that is worth one."""
    for line in _sums(account):
        click.echo(line)
    rows = list(_rows(account))
    if not rows:
        return
    click.echo()
    if sys.stdout.isatty():
        print_table(rows)
    else:
        for at, caller, callee, what, why in rows:
            click.echo(f"{at}  {caller} -> {callee}  {what}: {why}")


def _sums(account: Account) -> Iterator[str]:
    from recorder.contract_form import rfc3339
    from storage.text import escape

    frames, calls = account.frames, account.calls
    yield (
        f"Frames{_of(account.day)}: {frames.seen:,} seen = {frames.used:,} used + "
        f"{sum(frames.left_out.values()):,} left out + {frames.dropped:,} dropped by the kernel. "
        + ("Balanced." if frames.balanced else "NOT BALANCED.")
    )
    yield from (f"  {fault}" for fault in frames.faults)
    yield from (f"  left out: {count:,} {reason}" for reason, count in frames.left_out.items())
    for one in account.runs:
        state = "" if one.run.complete else ", not complete"
        yield f"  run {one.run.number}: {one.frames:,} frames of {escape(one.run.what)}{state}"
        if one.deaf_ns is not None:
            since, until = (rfc3339(at_ns)[11:23] for at_ns in one.deaf_ns)
            lasted_s = (one.deaf_ns[1] - one.deaf_ns[0]) / 1e9
            yield f"  run {one.run.number}: before it nobody counted from {since} to {until} ({lasted_s:,.2f} s)"
        if one.fault:
            yield f"  run {one.run.number}: {one.fault}"
    yield (
        f"Calls{_of(account.day)}: {calls.seen:,} seen = {calls.recorded:,} recorded + {calls.excluded:,} excluded + "
        f"{calls.unanswered.total():,} unanswered + {len(calls.damaged):,} damaged. "
        + ("Balanced." if calls.balanced else "NOT BALANCED.")
    )
    yield from (f"  unanswered: {count:,} {escape(reason)}" for reason, count in sorted(calls.unanswered.items()))
    if (cdr := account.cdr) is not None:
        days = f"{cdr.days[0]} to {cdr.days[-1]}" if len(cdr.days) > 1 else "".join(cdr.days) or "all days"
        found = f"{_count(len(cdr.findings), 'finding')}." if cdr.findings else "Both sides agree."
        yield f"Exchange's list, {days}: {_count(cdr.lines, 'line')}, {_count(cdr.calls, 'call')} compared. {found}"
        if cdr.offset_s is not None:
            ahead = "ahead of" if cdr.offset_s > 0 else "behind"
            yield f"  its clock is {abs(cdr.offset_s):,.1f} s {ahead} the capture's; times below are the capture's"
    yield from (f"Note: {escape(note)}." for note in account.notes)


def _rows(account: Account) -> Iterator[Row]:
    """What is worth a line of its own."""
    for damaged in account.calls.damaged:
        call = damaged.call
        yield _row(call.started_ns, call.caller, call.callee, f"damaged, call {call.id}", damaged.cause)
    for call in account.calls.unexplained:
        yield _row(call.started_ns, call.caller, call.callee, f"unexplained, call {call.id}", f"outcome {call.outcome}")
    for finding in account.cdr.findings if account.cdr is not None else ():
        what = [finding.kind]
        if finding.lines:
            numbers = ", ".join(map(str, finding.lines))
            what.append(f"line{'s' if len(finding.lines) > 1 else ''} {numbers}")
        if finding.call is not None:
            what.append(f"call {finding.call}")
        yield _row(finding.at_ns, finding.caller, finding.callee, ", ".join(what), finding.text)


def _row(at_ns: int, caller: str | None, callee: str | None, what: str, why: str) -> Row:
    from recorder.contract_form import rfc3339
    from storage.text import escape

    at = rfc3339(at_ns)[:19].replace("T", " ")
    return at, escape(caller or "?"), escape(callee or "?"), escape(what), escape(why)


def print_table(rows: list[Row]) -> None:
    """A table for a terminal, folded to its width."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for heading in ("time", "from", "to", "what", "why"):
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    Console().print(table)


def _of(day: str | None) -> str:
    return "" if day is None else f" of {day}"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _or_none(text: str | None) -> str | None:
    return None if text is None else _readable(text)


def _readable(text: str) -> str:
    """Valid Unicode, whatever strangers sent."""
    return text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
