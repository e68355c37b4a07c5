"""What the register says when recording begins and ends. A start without a stop before it was a kill or a power cut."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

from storage import text
from storage.register import Draft

START, STOP = "start", "stop"


def started(at_ns: int, who: str, command: str, what: str) -> Draft:
    """`command` (run, replay) begins to read `what`."""
    return Draft(at_ns, START, who, {"command": command, "reads": text.escape(what)[:1000], "version": _version()})


def stopped(at_ns: int, who: str, command: str) -> Draft:
    """It ends, as it was told to or because there is nothing more to read."""
    return Draft(at_ns, STOP, who, {"command": command})


def _version() -> str:
    try:
        return version("recorder")
    except PackageNotFoundError:  # run from its source tree
        return "not installed"
