"""recorder verify --store DIR"""

from __future__ import annotations

import json
from pathlib import Path

import click

from recorder.cli.common import json_option, saying_problems, store_option


@click.command("verify", short_help="Prove that nothing was altered, lost or added.")
@store_option
@json_option
@click.option("--quick", is_flag=True, help="Only whether each file is there with its size: seconds, not hours.")
def command(store: Path, as_json: bool, quick: bool) -> int:
    """Prove that nothing in the store was altered, lost or added.

    Prints a line for each finding. Exit status 0: nothing found. 1: something was. 2: DIR is no store that can be
    read.
    """
    import asyncio

    with saying_problems():
        findings = asyncio.run(_verify(store, as_json, quick))
    if findings:
        return 1
    if not as_json:
        click.echo(
            f"Every recording in {store} is there, with its size, and none too many."
            if quick
            else f"Nothing in {store} was altered, lost or added."
        )
    return 0


async def _verify(store: Path, as_json: bool, quick: bool) -> int:
    """Prints each finding as it is found; gives back how many there were."""
    from storage.presence import verify_presence
    from storage.text import escape
    from storage.verification import verify

    findings = 0
    async for finding in verify_presence(store) if quick else verify(store):
        findings += 1
        if as_json:
            click.echo(json.dumps({"kind": finding.kind, "where": finding.where, "text": finding.text}))
        else:
            click.echo(escape(str(finding)))
    return findings
