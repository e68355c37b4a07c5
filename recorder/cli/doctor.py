"""recorder doctor [--interface NAME ...] [--seconds N] [PCAP...] [--config FILE] [--json] [--lang ja|en]"""

from __future__ import annotations

import json
from pathlib import Path

import click

from recorder.cli.common import config_option, in_language, json_option, language_option, saying_problems, settings_from


@click.command("doctor", short_help="Say what a mirror port shows, and what it lacks.")
@click.option(
    "--interface", "interfaces", multiple=True, metavar="NAME",
    help="Interface to look at, once or several times; capture.interfaces of the settings if nothing is named.",
)  # fmt: skip
@click.option(
    "--seconds", type=click.FloatRange(min=1, max=86400), default=30, show_default=True, metavar="N",
    help="How long interfaces are looked at; Ctrl-C ends it sooner.",
)  # fmt: skip
@config_option
@language_option
@json_option
@click.argument("captures", nargs=-1, metavar="[PCAP]...")
def command(
    interfaces: tuple[str, ...], seconds: float, config: Path | None, lang: str | None, as_json: bool,
    captures: tuple[str, ...],
) -> int:  # fmt: skip
    """Say in plain words what a mirror (SPAN) port shows, what it lacks, and what to do about it.

    Looks at interfaces for some seconds, or at capture files, each of which has a report of its own. Nothing is
    recorded. Status 0: all is well; 1: something is wrong, or couldn't be judged for want of a call.
    """
    with saying_problems():
        from recorder.doctor.examine import examine_file, examine_interfaces
        from recorder.doctor.judge import is_well, judge
        from recorder.problems import Unusable

        settings = settings_from(config)
        if captures and interfaces:
            raise Unusable("Interfaces and capture files can't be looked at together.", hint="Name one or the other.")
        names = interfaces or settings.capture.named
        if not captures and not names:
            raise Unusable("Nothing to look at is named.", hint="Name an interface (--interface eth1) or a file.")
        well = True
        for capture in captures or ("",):
            if capture:
                seen = examine_file(capture, settings)
            else:
                if not as_json:
                    click.echo(f"recorder: {', '.join(names)} is looked at for {seconds:g} s.", err=True)
                seen = examine_interfaces(names, settings, seconds)
            findings = judge(seen)
            well &= is_well(findings)
            if as_json:
                from recorder.doctor.as_json import findings_as_json

                print(json.dumps({"of": capture or " ".join(names), **findings_as_json(seen, findings)}))
                continue
            from recorder.doctor.page import page
            from storage.text import escape

            if len(captures) > 1:
                click.echo(f"== {escape(capture)}")
            for line in page(seen, findings, in_language(lang)):
                click.echo(line)
    return 0 if well else 1
