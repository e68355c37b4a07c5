"""The command line: one module a command, imported when that command is asked for.

Nothing here decides anything: a command turns arguments into a call, and what comes back into lines and an exit
status. stdout is for results, stderr for what a person should know besides.
"""

from __future__ import annotations

import importlib

import click

COMMANDS = {
    "replay": "recorder.cli.replay:command",
    "run": "recorder.cli.run:command",
    "announce": "recorder.cli.announce:command",
    "doctor": "recorder.cli.doctor:command",
    "keep": "recorder.cli.keep:command",
    "tell": "recorder.cli.tell:command",
    "calls": "recorder.cli.calls:command",
    "export": "recorder.cli.export:command",
    "key": "recorder.cli.key:group",
    "verify": "recorder.cli.verify:command",
    "checkpoint": "recorder.cli.checkpoint:command",
    "witness": "recorder.cli.witness:command",
    "sweep": "recorder.cli.sweep:command",
    "erase": "recorder.cli.erase:command",
    "hold": "recorder.cli.hold:command",
    "release": "recorder.cli.hold:release",
    "holds": "recorder.cli.hold:holds_command",
    "repair": "recorder.cli.repair:command",
    "demand": "recorder.cli.demand:command",
    "account": "recorder.cli.account:command",
    "policy": "recorder.cli.policy:group",
    "demo-store": "recorder.cli.demo_store:command",
    "door": "recorder.cli.door:command",
    "first-manager": "recorder.cli.door:first_manager",
    "desk": "recorder.cli.desk:command",
    "status": "recorder.cli.status:command",
    "config": "recorder.cli.config:group",
    "form": "recorder.cli.form:group",
    "install": "recorder.cli.install:command",
    "uninstall": "recorder.cli.install:uninstall",
}


class _Commands(click.Group):
    """A group that imports a command's module when the command is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        command = getattr(importlib.import_module(module), name)
        assert isinstance(command, click.Command)
        return command


@click.group(cls=_Commands)
@click.version_option(package_name="recorder", message="%(prog)s %(version)s")
def program() -> None:
    """Call recorder: reads SIP and RTP, keeps each call."""
