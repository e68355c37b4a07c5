"""What a way of telling is."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from typing import Protocol

from recorder.alarms.board import Event

TIMEOUT_S = 20.0


class NotSent(Exception):
    """It couldn't be told. The sentence says why; no secret is in it."""


class Channel(Protocol):
    """One way of telling. `send` may take `TIMEOUT_S` and more, and is run in a thread."""

    name: str
    at_once: int  # events that one `send` takes

    def send(self, events: Sequence[Event]) -> None:
        """Deliver them. `NotSent` if that failed, or isn't certain."""


def trust(ca_file: str) -> ssl.SSLContext:
    """Whom a server must be vouched for by: those in the file, or those whom the system trusts."""
    try:
        context = ssl.create_default_context(cafile=ca_file or None)
    except (OSError, ssl.SSLError) as problem:
        raise NotSent(f"{ca_file} can't be used as certificates: {problem}") from problem
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def address(server: str) -> tuple[str, int]:
    """Name and port of "mail.example.jp:587"."""
    host, _, port = server.rpartition(":")
    return host.strip("[]"), int(port)
