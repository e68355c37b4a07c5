"""recorder policy explain | expiry | offices | adopt | simulate"""

from __future__ import annotations

import json

import click

from recorder.cli import policy_adopt, policy_simulate
from recorder.cli.common import json_option, saying_problems


@click.group(help="Offices' regulations, and what follows from them.", short_help="Regulations: what is kept how long.")
def group() -> None:
    pass


group.add_command(policy_adopt.command)
group.add_command(policy_simulate.command)


@group.command("offices", short_help="List the offices whose profiles come with the program.")
@json_option
def offices_command(as_json: bool) -> int:
    """List the offices whose profiles come with the program: name, office, rule."""
    from recorder.policy import offices
    from storage.retention.words import describe

    with saying_problems():
        for name in offices.names():
            profile = offices.load(name)
            rule = profile.retention.rule()
            assert rule is not None, "Retention refuses to be without"
            if as_json:
                print(json.dumps({
                    "name": name, "office": profile.office.name, "english": profile.office.english,
                    "regulation": profile.regulation.title, "source": profile.regulation.source,
                    "rule": describe(rule), "article": profile.retention.article,
                }))  # fmt: skip
            else:
                click.echo(f"{name:<14}  {profile.office.name} ({profile.office.english}): {describe(rule)}")
    return 0


@group.command("explain", short_help="A regulation as the machine understands it, with articles.")
@click.argument("office")
@click.option("--english", is_flag=True, help="In English; what offices say in their own words stays Japanese.")
@json_option
def explain_command(office: str, english: bool, as_json: bool) -> int:
    """Say what the profile of OFFICE (a name, or a path to a profile) says: each line with its article."""
    from recorder.policy import offices
    from recorder.policy.explain import explain

    with saying_problems():
        for line in explain(offices.load(office)):
            if as_json:
                print(json.dumps(line._asdict()))
            elif english:
                click.echo(f"{line.english} [{line.article}]" if line.article else line.english)
            else:
                click.echo(f"{line.japanese}（{line.article}）" if line.article else line.japanese)
    return 0


@group.command("expiry", short_help="Through when a call of that time is kept.")
@click.option("--office", required=True, metavar="NAME", help="An office (recorder policy offices), or a path.")
@click.option("--recorded", required=True, metavar="TIME", help="When the call began; Japan time if it says no offset.")
@click.option("--copy", is_flag=True, help="Of a copy of its recording.")
@json_option
def expiry_command(office: str, recorded: str, copy: bool, as_json: bool) -> int:
    """Through when a call is kept that began at that time: the last day, or the instant for a period in hours.

    With --json one object: kept_through (null where only capacity or the purpose ends it), rule, article.
    """
    from recorder.policy.expiry import expiry

    with saying_problems():
        found = expiry(office, recorded, copy=copy)
    if as_json:
        print(json.dumps(found))
    else:
        through = found["kept_through"] or found["rule"]
        source = "; ".join(filter(None, (found["rule"] if found["kept_through"] else "", found["article"])))
        click.echo(f"{through} ({source})" if source else through)
    return 0
