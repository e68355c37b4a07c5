"""What can't be captured from, and why."""

from __future__ import annotations


class WireError(Exception):
    """An interface can't be read: one sentence naming it, with the command that mends it where there is one."""
