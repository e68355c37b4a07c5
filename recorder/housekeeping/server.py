"""Answers two questions over HTTP, to who may ask: /metrics, and /health.

It listens on a UNIX socket in the folder that [status] names, which the recorder's group may enter, or on an address
of this machine alone. /health is 200 as long as no critical alarm stands, and 503 otherwise; its body is one JSON
object either way. A request is one line and headers that nobody reads, 8 KiB within 5 s; then the connection ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import Callable
from pathlib import Path

from recorder.alarms.alarm import Alarm
from recorder.alarms.code import Severity
from recorder.housekeeping import metrics
from recorder.problems import Unusable

NAME = "status.sock"
MOST_BYTES = 8192
PATIENCE_S = 5.0
MOST_AT_ONCE = 32


class Server:
    """`ask_metrics` and `ask_alarms` are asked for each answer."""

    def __init__(self, ask_metrics: Callable[[], bytes], ask_alarms: Callable[[], list[Alarm]]) -> None:
        self._metrics, self._alarms = ask_metrics, ask_alarms
        self._server: asyncio.Server | None = None
        self._path: Path | None = None
        self._at_once = 0

    async def open(self, listen: str, folder: Path) -> str:
        """Begin to answer; where, "" if nowhere. `Unusable` if that address can't be had."""
        try:
            if listen:
                host, _, port = listen.rpartition(":")
                self._server = await asyncio.start_server(
                    self._serve, host.strip("[]"), int(port), limit=MOST_BYTES
                )
                return f"http://{listen}"
            if not folder.is_dir():  # noqa: ASYNC240 (in memory, and once)
                return ""
            self._path = folder / NAME
            self._path.unlink(missing_ok=True)  # of an earlier process
            self._server = await asyncio.start_unix_server(self._serve, self._path, limit=MOST_BYTES)
            self._path.chmod(0o660)  # the folder says who may come this far
            return str(self._path)
        except (OSError, OverflowError, socket.gaierror) as problem:
            raise Unusable(
                f"{listen or self._path} can't be listened on: {problem}.", hint="Choose another: [status] listen."
            ) from problem

    async def close(self) -> None:
        """Answer no more."""
        if self._server is not None:
            self._server.close()
            self._server = None
        if self._path is not None:
            self._path.unlink(missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._at_once += 1
        try:
            if self._at_once <= MOST_AT_ONCE:
                async with asyncio.timeout(PATIENCE_S):
                    head = await reader.readuntil(b"\r\n\r\n")
                    writer.write(self._answer(head))
                    await writer.drain()
        except (TimeoutError, ValueError, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # whoever asks so badly, or goes away, gets no answer
        finally:
            self._at_once -= 1
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    def _answer(self, head: bytes) -> bytes:
        method, _, rest = head.partition(b"\r\n")[0].partition(b" ")
        path = rest.partition(b" ")[0].partition(b"?")[0]
        if method not in (b"GET", b"HEAD"):
            return _response("405 Method Not Allowed", "text/plain", b"Only GET.\n", method)
        if path == b"/metrics":
            return _response("200 OK", metrics.CONTENT_TYPE, self._metrics(), method)
        if path == b"/health":
            alarms = self._alarms()
            critical = any(one.severity is Severity.CRITICAL for one in alarms)
            body = {
                "ok": not critical,
                "alarms": [
                    {"code": one.code, "severity": one.severity, "about": one.about, "meaning": one.meaning("en")}
                    for one in alarms
                ],
            }
            status = "503 Service Unavailable" if critical else "200 OK"
            return _response(status, "application/json", json.dumps(body).encode() + b"\n", method)
        return _response("404 Not Found", "text/plain", b"There are /metrics and /health.\n", method)


def _response(status: str, kind: str, body: bytes, method: bytes) -> bytes:
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
        "Cache-Control: no-store\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + (b"" if method == b"HEAD" else body)
