"""The desk at its address, under uvicorn: HTTPS, and no client that keeps the others out.

A connection that doesn't say what it wants within `REQUEST_S`, or doesn't take what it is given within `STALLED_S`, is
cut; one machine has at most `A_SOURCE` of them. A player that was paused for longer asks again for the rest.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Any

import h11
import uvicorn
from starlette.applications import Starlette
from uvicorn.protocols.http.h11_impl import H11Protocol

from recorder.desk.connections import Bounded
from recorder.problems import Unusable
from recorder.serving import Server, run

REQUEST_S = 20.0  # for a request to come in whole
STALLED_S = 60.0  # in which somebody takes some 50 kB of an answer
IDLE_S = 15  # between two requests
A_SOURCE = 100  # connections of one machine; browsers open six
TOGETHER = 2000  # of all: at worst 0.6 GB, and the unit has 1
HEADERS_BYTES = 32 << 10


async def serve(
    app: Starlette, at: socket.socket, *, certificate: str = "", key: str = "",
    ready: Callable[[], None] = lambda: None,
) -> None:  # fmt: skip
    """Answers until it is cancelled."""
    config = uvicorn.Config(
        app, http=patient(REQUEST_S, STALLED_S), ws="none", lifespan="off", log_level="warning",
        access_log=False, server_header=False, timeout_keep_alive=IDLE_S,
        timeout_graceful_shutdown=5, h11_max_incomplete_event_size=HEADERS_BYTES, proxy_headers=False,
        ssl_certfile=certificate or None, ssl_keyfile=key or None,
    )  # fmt: skip
    await run(Server(config, ready), at)


def bound(address: IPv4Address | IPv6Address, port: int) -> Bounded:
    """A listening socket with those bounds. `Unusable` if it can't be."""
    family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
    try:
        made = socket.create_server((str(address), port), family=family, backlog=512)
    except OSError as error:
        hint = "Another program listens there, or the address isn't one of this machine (ip -br address)."
        if isinstance(error, PermissionError):
            hint = "Ports below 1024 need a right of their own: docs/desk.md, Units."
        raise Unusable(f"{address} port {port} can't be listened at: {error.strerror}.", hint=hint) from error
    bounded = Bounded(made, of_one=A_SOURCE, together=TOGETHER)
    bounded.setblocking(False)
    # Linux hands it on to each connection. asyncio sets it only on sockets that name TCP as their protocol, which
    # `create_server` doesn't; without it the end of a page waits up to 40 ms for the browser's acknowledgement.
    bounded.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return bounded


def check_certificate(certificate: str, key: str) -> None:
    """`Unusable` if the two can't be read, or don't belong together."""
    for path in (certificate, key):
        try:
            with Path(path).open("rb"):
                pass
        except OSError as error:
            hint = f"Let the desk's user: chgrp recorder-desk {path}" if isinstance(error, PermissionError) else ""
            raise Unusable(f"{path} can't be read: {error.strerror}.", hint=hint) from error
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password=_no_password)
    except (ssl.SSLError, ValueError) as error:
        raise Unusable(
            f"{certificate} and {key} are no certificate and its key: {error}.",
            hint="Both are PEM; the certificate comes first, those above it behind; the key has no passphrase.",
        ) from error


def _no_password() -> str:
    raise ValueError("the key has a passphrase")


def patient(request_s: float, stalled_s: float) -> type[H11Protocol]:
    """uvicorn's protocol with these limits."""

    class Patient(H11Protocol):
        _until: asyncio.TimerHandle | None = None  # the request has to be whole
        _stalled: asyncio.TimerHandle | None = None  # it has to take some of the answer

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self._wait()

        def connection_lost(self, exc: Exception | None) -> None:
            self._waited()
            self.resume_writing()
            super().connection_lost(exc)

        def data_received(self, data: bytes) -> None:
            if self._until is None:
                self._wait()
            super().data_received(data)
            if self.conn.their_state not in (h11.IDLE, h11.SEND_BODY):
                self._waited()

        def pause_writing(self) -> None:
            self._stalled = self.loop.call_later(stalled_s, self.transport.abort)
            super().pause_writing()

        def resume_writing(self) -> None:
            if self._stalled is not None:
                self._stalled.cancel()
                self._stalled = None
            super().resume_writing()

        def _wait(self) -> None:
            self._until = self.loop.call_later(request_s, self.transport.abort)

        def _waited(self) -> None:
            if self._until is not None:
                self._until.cancel()
                self._until = None

    return Patient
