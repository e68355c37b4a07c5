"""Telling by syslog over TLS (RFC 5425): messages of RFC 5424, each with its length before it."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Sequence

from recorder.alarms.board import Event
from recorder.settings.models import Tell
from recorder.telling import message
from recorder.telling.channel import TIMEOUT_S, NotSent, address, trust


class Syslog:
    """See `recorder.telling.channel.Channel`."""

    name = "syslog"
    at_once = 50

    def __init__(self, settings: Tell, host: str) -> None:
        self._settings, self._host = settings, host

    def send(self, events: Sequence[Event]) -> None:
        self._send([message.as_syslog(event, self._host, self._settings.language) for event in events])

    def send_text(self, text: str) -> None:
        """One line that is no alarm. `NotSent` as for `send`."""
        self._send([message.line_as_syslog(text, self._host, time.time_ns())])

    def _send(self, messages: Sequence[bytes]) -> None:
        host, port = address(self._settings.syslog_server)
        try:
            with (
                socket.create_connection((host, port), TIMEOUT_S) as plain,
                trust(self._settings.ca_file).wrap_socket(plain, server_hostname=host) as secured,
            ):
                secured.sendall(b"".join(b"%d %s" % (len(one), one) for one in messages))
                # The closing alert is the only answer that there is in this protocol, and many servers don't give it:
                # without it, nothing is known, and nothing better can be done than to believe it came.
                with contextlib.suppress(OSError):
                    secured.unwrap()
        except OSError as problem:
            raise NotSent(f"{host}: {type(problem).__name__}: {problem}") from None
