"""recorder replay --store DIR [--config FILE] PCAP..."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click

from recorder.cli.common import config_option, json_option, saying_problems, settings_from, store_option
from recorder.problems import Unusable

Progress = Callable[[int, int | None], None]  # bytes read, and in all if that is known


@click.command("replay", short_help="Record the calls in capture files.")
@store_option
@config_option
@json_option
@click.argument("captures", nargs=-1, required=True, metavar="PCAP...")
def command(store: Path, config: Path | None, as_json: bool, captures: tuple[str, ...]) -> int:
    """Record the calls in capture files as if they were live, their timestamps being the clock.

    PCAP is a file as tcpdump or Wireshark write it (pcap or pcapng, gzip too), or - for standard input. DIR is made
    if it isn't there. The last line is a summary.
    """
    with saying_problems():
        settings = settings_from(config)

        import asyncio

        from capture.files import CaptureFileError
        from recorder.replay import replay

        try:
            with _progress_bar() as progress:
                summary = asyncio.run(replay(captures, store, settings, progress=progress))
        except CaptureFileError as problem:
            raise Unusable(str(problem)) from problem
    for warning in summary.warnings:
        click.echo(f"recorder: {warning}", err=True)
    if as_json:
        names = ("packets", "calls", "recordings", "seconds", "counters")
        click.echo(json.dumps({name: getattr(summary, name) for name in names}))
    else:
        click.echo(
            f"{_count(summary.calls, 'call')}, {summary.recordings} recorded, "
            f"from {_count(summary.packets, 'packet')} in {summary.seconds:.2f} s"
        )
    return 0


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


@contextlib.contextmanager
def _progress_bar() -> Iterator[Progress | None]:
    """A bar on a terminal, nothing elsewhere: a log has no use for one."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn, TransferSpeedColumn

    columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)

        def progress(done: int, total: int | None) -> None:
            bar.update(task, completed=done, total=total)

        yield progress
