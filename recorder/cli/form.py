"""recorder form list | show"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from recorder.cli.common import config_option, json_option, saying_problems, settings_from

if TYPE_CHECKING:
    from recorder.forms import Forms


@click.group(help="The office's forms.", short_help="The office's forms: list them, try one.")
def group() -> None:
    pass


office_option = click.option("--office", metavar="NAME", help="Another office than the settings name.")
folder_option = click.option(
    "--forms", type=click.Path(path_type=Path), metavar="DIR", help="Another folder than [desk] forms of the settings."
)


@group.command("list", short_help="List the forms that the office has.")
@config_option
@office_option
@folder_option
@json_option
def list_command(config: Path | None, office: str | None, forms: Path | None, as_json: bool) -> int:
    """List the forms: name, what it is for, title. A * marks the office's own, as against a general one."""
    import json

    with saying_problems():
        for one in _forms(config, office, forms).values():
            if as_json:
                print(json.dumps({
                    "name": one.name, "kind": one.kind, "title": one.title, "number": one.layout.number,
                    "article": one.layout.article, "own": one.is_own,
                }))  # fmt: skip
            else:
                click.echo(f"{'*' if one.is_own else ' '} {one.name:<16} {one.kind:<14} {one.title}")
    return 0


@group.command("show", short_help="Make one form, blank or with facts.")
@click.argument("name")
@config_option
@office_option
@folder_option
@click.option("--format", "form", type=click.Choice(("html", "pdf", "docx")), help="By --out's ending, else html.")
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE", help="Where to; standard output if not given.")
@click.option("--set", "given", multiple=True, metavar="KEY=VALUE", help="A fact, such as call.day=R8.11.20.")
@click.option("--blank", is_flag=True, help="For the pen, without facts.")
def show_command(
    name: str, config: Path | None, office: str | None, forms: Path | None, form: str | None, out: Path | None,
    given: tuple[str, ...], blank: bool,
) -> int:  # fmt: skip
    """Make the form NAME: HTML, PDF or docx. Facts that aren't given stay blank for the pen.

    docs/forms.md has the names of all facts. An existing FILE is overwritten.
    """
    import time

    from recorder.dates import at
    from recorder.forms import Facts, Paper, as_docx, as_html, as_pdf, fill
    from recorder.forms.given import facts_from
    from recorder.problems import Unusable

    writers: dict[str, Callable[[Paper], bytes]] = {"html": as_html, "pdf": as_pdf, "docx": as_docx}
    with saying_problems():
        if blank and given:
            raise Unusable("--blank and --set don't go together.")
        found = _forms(config, office, forms)
        if name not in found:
            raise Unusable(f"There is no form {name!r}.", hint="List all with: recorder form list")
        kind = form or (out.suffix.removeprefix(".") if out else "html")
        if kind not in writers:
            raise Unusable(f"{out} isn't .html, .pdf or .docx.", hint="Say which with --format.")
        facts = Facts() if blank else facts_from(given, today=at(time.time_ns()).date())
        data = writers[kind](fill(found[name], facts))
        if out:
            out.write_bytes(data)
        else:
            sys.stdout.buffer.write(data)
    return 0


def _forms(config: Path | None, office: str | None, folder: Path | None) -> Forms:
    """Those that the settings name, or the options. `Unusable` if one of the office's own is faulty."""
    from recorder.forms import load_forms
    from recorder.problems import Unusable

    settings = settings_from(config)
    where = str(folder) if folder else settings.desk.forms
    found = load_forms(settings.policy.office if office is None else office, where)
    if found.faults:
        more = len(found.faults) - 1
        said = found.faults[0] + (f" ({more} more)" if more else "")
        raise Unusable(said, hint="See all with: recorder config check")
    return found
