"""Telling by webhook: each event as one JSON object, posted. Redirections aren't followed: they could lead anywhere."""

from __future__ import annotations

import http.client
from collections.abc import Sequence
from urllib.parse import urlsplit

from recorder.alarms.board import Event
from recorder.settings.models import Tell
from recorder.telling import message, secret
from recorder.telling.channel import TIMEOUT_S, NotSent, trust


class Webhook:
    """See `recorder.telling.channel.Channel`."""

    name = "webhook"
    at_once = 1

    def __init__(self, settings: Tell, host: str) -> None:
        self._settings, self._host = settings, host

    def send(self, events: Sequence[Event]) -> None:
        for event in events:
            self._post(message.as_json(event, self._host))

    def _post(self, data: bytes) -> None:
        of = self._settings
        url = urlsplit(of.webhook_url)
        server = url.hostname or ""
        headers = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "recorder"}
        if of.webhook_token_file:
            headers["Authorization"] = f"Bearer {secret.read(of.webhook_token_file)}"
        connection: http.client.HTTPConnection
        if url.scheme == "https":
            connection = http.client.HTTPSConnection(
                server, url.port or 443, timeout=TIMEOUT_S, context=trust(of.ca_file)
            )
        else:
            connection = http.client.HTTPConnection(server, url.port or 80, timeout=TIMEOUT_S)
        try:
            connection.request("POST", (url.path or "/") + (f"?{url.query}" if url.query else ""), data, headers)
            status = connection.getresponse().status
        except (OSError, http.client.HTTPException, ValueError) as problem:
            # Of a header that can't be sent, the library's words would show the token.
            words = "" if isinstance(problem, ValueError) else f": {problem}"
            raise NotSent(f"{server}: {type(problem).__name__}{words}") from None
        finally:
            connection.close()
        if not 200 <= status < 300:
            raise NotSent(f"{server} answered {status}")
