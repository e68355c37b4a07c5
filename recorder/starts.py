"""What the register says when recording begins and ends. A start without a stop before it was a kill or a power cut."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version

from storage import text
from storage.register import Draft
from storage.sealed.key_store import Named

START, STOP = "start", "stop"


def started(at_ns: int, who: str, command: str, what: str, recipients: Sequence[Named]) -> Draft:
    """`command` (run, replay) begins to read `what`, and seals for these recipients: they change with a start alone."""
    said: dict[str, object] = {"command": command, "reads": text.escape(what)[:1000], "version": _version()}
    if recipients:
        said["sealed_for"] = [[text.escape(one.name), one.key] for one in recipients]
    return Draft(at_ns, START, who, said)


def stopped(at_ns: int, who: str, command: str) -> Draft:
    """It ends, as it was told to or because there is nothing more to read."""
    return Draft(at_ns, STOP, who, {"command": command})


def _version() -> str:
    try:
        return version("recorder")
    except PackageNotFoundError:  # run from its source tree
        return "not installed"
