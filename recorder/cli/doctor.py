"""recorder doctor [--interface NAME ...] [--seconds N] [PCAP...] [--config FILE] [--json] [--lang ja|en]
[--report FILE.pdf]"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from recorder.cli.common import config_option, in_language, json_option, language_option, saying_problems, settings_from

if TYPE_CHECKING:
    from recorder.doctor.findings import Finding
    from recorder.doctor.seen import Seen
    from recorder.settings import Settings


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
@click.option(
    "--report", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
    help="Also write the acceptance report (検収報告書) as a PDF, to a new file.",
)  # fmt: skip
@click.argument("captures", nargs=-1, metavar="[PCAP]...")
def command(
    interfaces: tuple[str, ...], seconds: float, config: Path | None, lang: str | None, as_json: bool,
    report: Path | None, captures: tuple[str, ...],
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
        if report is not None and len(captures) > 1:
            raise Unusable("One report is of one look.", hint="Name one capture file.")
        if report is not None and report.exists():
            raise Unusable(f"{report} exists and is not overwritten.", hint="Name another file.")
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
            if not capture:
                _keep(seen, findings, settings)
            if report is not None:
                _write(report, seen, findings, settings, capture or ", ".join(names))
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


def _keep(seen: Seen, findings: Sequence[Finding], settings: Settings) -> None:
    import contextlib
    import time

    from recorder.doctor.checks import checks
    from recorder.doctor.kept import keep

    with contextlib.suppress(OSError):  # no desk, or nobody who may write there: the look itself is what was asked for
        keep(settings.status.folder, checks(seen, findings), time.time_ns())


def _write(report: Path, seen: Seen, findings: Sequence[Finding], settings: Settings, looked_at: str) -> None:
    import socket
    import time
    from importlib.metadata import version

    from recorder.doctor.acceptance import Acceptance, document
    from recorder.doctor.checks import checks
    from recorder.paper.pdf import as_pdf
    from recorder.policy import offices
    from recorder.problems import Unusable

    now_ns = time.time_ns()
    office = offices.load(settings.policy.office).office.name if settings.policy.office else ""
    of = Acceptance(
        office=office, machine=socket.gethostname(), software=f"recorder {version('recorder')}", looked_at=looked_at,
        begun_ns=now_ns - round(seen.seconds * 1e9) if seen.interfaces else seen.begun_ns or now_ns,
        ended_ns=now_ns if seen.interfaces else seen.ended_ns or now_ns, made_ns=now_ns,
        checks=checks(seen, findings),
    )  # fmt: skip
    try:
        with report.open("xb") as file:
            file.write(as_pdf(document(of)))
    except OSError as problem:
        raise Unusable(f"{report} can't be written: {problem.strerror}.") from problem
