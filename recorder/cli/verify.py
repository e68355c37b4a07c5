"""recorder verify --store DIR"""

from __future__ import annotations

import json
import os
from pathlib import Path

import click

from recorder.cli.common import json_option, saying_problems


@click.command("verify", short_help="Prove that nothing was altered, lost or added.")
@click.option("--store", type=click.Path(path_type=Path), metavar="DIR", help="Folder of the recordings.")
@click.option(
    "--package", type=click.Path(path_type=Path), metavar="DIR_OR_ZIP",
    help="Instead of a store: an evidence package, by itself.",
)  # fmt: skip
@click.option("--key", metavar="KEY", help="With --package: the public key that the office made known.")
@click.option(
    "--timestamp-ca", type=click.Path(path_type=Path), metavar="FILE",
    help="With --package: the root certificate of the time-stamp authority, in PEM.",
)  # fmt: skip
@json_option
@click.option("--quick", is_flag=True, help="Only whether each file is there with its size: seconds, not hours.")
@click.option(
    "--remake", is_flag=True,
    help="Also make each recording again whose packets are kept ([recording] packets), and compare the samples.",
)
@click.option(
    "--config", type=click.Path(path_type=Path), metavar="FILE",
    help="With --remake: the settings of the recorder, of which [media] matters here.",
)
@click.option("--no-audio", is_flag=True, help="Everything but the recordings' bytes: a minute for 100,000 calls.")
@click.option(
    "--witness", "witnesses", multiple=True, metavar="URL_OR_FILE",
    help="Ask this witness what it saw last of the register; or a file of its folder.",
)
@click.option(
    "--checkpoint", "checkpoints", multiple=True, metavar="FILE",
    help="Hold the register against a checkpoint kept elsewhere: a file on the second path, or one of its own.",
)
@click.option("--code", "codes", multiple=True, metavar="CODE", help="Hold the register against a code on paper.")
def command(
    store: Path | None, package: Path | None, key: str | None, timestamp_ca: Path | None, as_json: bool, quick: bool,
    remake: bool, config: Path | None, no_audio: bool, witnesses: tuple[str, ...], checkpoints: tuple[str, ...],
    codes: tuple[str, ...],
) -> int:  # fmt: skip
    """Prove that nothing in the store was altered, lost or added.

    Prints a line for each finding. Exit status 0: nothing found. 1: something was. 2: DIR is no store that can be
    read. What somebody could have put back as a whole, as it was yesterday, is found by what lies elsewhere:
    --witness, --checkpoint, --code.

    With --package: whether what `recorder export --evidence` made is still what was recorded, from its files and the
    office's public key alone.
    """
    import asyncio

    with saying_problems():
        if (store is None) == (package is None):
            raise click.UsageError("Name --store or --package.")
        if package is not None:
            from recorder.cli.verify_package import verify_package

            return verify_package(package, key, timestamp_ca, as_json=as_json)
        assert store is not None
        if quick and (witnesses or checkpoints or codes):
            raise click.UsageError("--quick looks at no register.")
        if remake and (quick or no_audio):
            raise click.UsageError("--remake compares audio: leave out --quick and --no-audio.")
        places = (*witnesses, *checkpoints)
        findings = asyncio.run(_verify(store, as_json, quick, places, codes, not no_audio))
        if remake:
            findings += asyncio.run(_remake(store, config, as_json))
    if findings:
        return 1
    if not as_json:
        click.echo(
            f"Every recording in {store} is there, with its size, and none too many."
            if quick
            else f"Nothing in {store} was altered, lost or added{' (recordings were not read)' if no_audio else ''}."
        )
    return 0


async def _verify(
    store: Path, as_json: bool, quick: bool, places: tuple[str, ...], codes: tuple[str, ...], audio: bool
) -> int:
    """Prints each finding as it is found; gives back how many there were that no entry of the register explains."""
    from recorder.problems import Unusable
    from recorder.witness.asking import ask
    from storage import meta
    from storage.disk import Disk
    from storage.presence import verify_presence
    from storage.register.checkpoint import ORIGIN
    from storage.register.code import WrongCode, normal
    from storage.text import escape
    from storage.verification import verify

    said = meta.read(os.path.abspath(store), Disk())  # noqa: ASYNC240 (looks at no disk)
    if said is None:
        raise meta.no_store(str(store))
    try:
        typed = [normal(code) for code in codes]
    except WrongCode as problem:
        raise Unusable(str(problem)) from problem
    outside = [ask(place, ORIGIN + said.uuid) for place in places]
    findings = 0
    looking = verify_presence(store) if quick else verify(store, outside=outside, codes=typed, audio=audio)
    async for finding in looking:
        findings += not finding.is_known
        if as_json:
            fields = {"kind": finding.kind, "where": finding.where, "text": finding.text}
            click.echo(json.dumps(fields | ({"known": True} if finding.is_known else {})))
        else:
            click.echo(escape(str(finding)) + (" (known)" if finding.is_known else ""))
    return findings


async def _remake(store: Path, config: Path | None, as_json: bool) -> int:
    """Prints what became of each recording that was made again; how many differ."""
    from recorder.remaking import remake
    from recorder.settings import Media, load
    from storage.text import escape

    differ = 0
    async for one in remake(store, load(config).media if config is not None else Media()):
        differ += not one.is_same
        text = one.differs or f"{one.where} is the same, made again from its packets."
        kind = "remade_same" if one.is_same else "remade_differs"
        if as_json:
            click.echo(json.dumps({"kind": kind, "where": one.where, "text": text}))
        else:
            click.echo(escape(text if one.is_same else f"{kind}: {text}"))
    return differ
