"""Real servers on this machine, with certificates of an authority of their own."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import ssl
import subprocess
import threading
from collections.abc import Callable, Coroutine, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]]


class Authority:
    """A certificate authority in a folder, and a server's certificate for localhost from it."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.ca, self._key, self._certificate = (folder / name for name in ("ca.pem", "server.key", "server.pem"))
        ca_key, request, names = folder / "ca.key", folder / "server.csr", folder / "names"
        names.write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\nbasicConstraints=CA:FALSE\n")
        new = ["openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        for command in (
            [*new, "-x509", "-keyout", ca_key, "-out", self.ca, "-subj", "/CN=test authority", "-days", "3650",
             "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign"],
            [*new, "-keyout", self._key, "-out", request, "-subj", "/CN=localhost"],
            ["openssl", "x509", "-req", "-in", request, "-CA", self.ca, "-CAkey", ca_key, "-CAcreateserial",
             "-out", self._certificate, "-days", "3650", "-extfile", names],
        ):  # fmt: skip
            subprocess.run([str(part) for part in command], check=True, capture_output=True)

    def of_server(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self._certificate, self._key)
        return context


@contextlib.contextmanager
def listening(serve: Serve, context: ssl.SSLContext | None) -> Iterator[int]:
    """An asyncio server in a thread of its own; its port."""
    loop = asyncio.new_event_loop()
    ready = threading.Event()
    ports: list[int] = []

    async def main() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
        ports.append(server.sockets[0].getsockname()[1])
        ready.set()
        async with server:
            await stop.wait()

    stop = asyncio.Event()
    thread = threading.Thread(target=lambda: loop.run_until_complete(main()))
    thread.start()
    ready.wait(10)
    try:
        yield ports[0]
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0.1))
        loop.close()


class MailServer:
    """SMTP as far as a client needs it (RFC 5321, 4954); `refuses` makes it answer 451 to each recipient."""

    def __init__(self) -> None:
        self.mails: list[bytes] = []
        self.logins: list[str] = []
        self.refuses = False

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        def say(*lines: str) -> None:
            writer.write("".join(f"{line}\r\n" for line in lines).encode())

        say("220 localhost ESMTP")
        while line := (await reader.readline()).decode().strip():
            verb = line.split(" ")[0].upper()
            if verb == "EHLO":
                say("250-localhost", "250-8BITMIME", "250 AUTH PLAIN")
            elif verb == "AUTH":
                self.logins.append(base64.b64decode(line.split(" ")[2]).decode())
                say("235 ok")
            elif verb == "RCPT" and self.refuses:
                say("451 not now")
            elif verb == "DATA":
                say("354 go on")
                self.mails.append(await reader.readuntil(b"\r\n.\r\n"))
                say("250 ok")
            elif verb == "QUIT":
                say("221 bye")
                break
            else:
                say("250 ok")
            await writer.drain()
        writer.close()


class SyslogServer:
    """RFC 5425: takes messages apart by their lengths."""

    def __init__(self) -> None:
        self.messages: list[bytes] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError):
            while True:
                length = int(await reader.readuntil(b" "))
                self.messages.append(await reader.readexactly(length))
        writer.close()


class Hook:
    """An HTTPS server that takes what is posted, and answers with `status`."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self.posted: list[dict[str, Any]] = []
        self.tokens: list[str | None] = []
        self.status = 200
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                text = self.rfile.read(int(self.headers["Content-Length"]))
                if outer.status == 200:
                    outer.posted.append(json.loads(text))
                    outer.tokens.append(self.headers["Authorization"])
                self.send_response(outer.status)
                self.send_header("Location", "http://192.0.2.1/")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)
