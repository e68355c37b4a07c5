"""Clients that open many connections, say little, read nothing or say too much: all others are answered."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route

from recorder.desk.connections import Bounded
from recorder.desk.serve import patient
from recorder.serving import Server, run
from tests.recorder.desk.test_certificate import made

ROOT = Path(__file__).resolve().parents[3]
ASK = b"GET /login HTTP/1.1\r\nhost: desk\r\nconnection: close\r\n\r\n"


@pytest.fixture
def desk() -> Iterator[tuple[int, int]]:
    """A desk as it is started, on its own, without a door: its port and process."""
    with running() as found:
        yield found


@contextlib.contextmanager
def running(*options: str) -> Iterator[tuple[int, int]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "recorder", "desk", "--listen", f"127.0.0.1:{_free()}", "--socket", "/nowhere/socket",
         *options],
        cwd=ROOT, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stderr is not None
        found = re.search(r":(\d+) \(process", process.stderr.readline())
        assert found is not None
        yield int(found[1]), process.pid
    finally:
        process.terminate()
        process.communicate(timeout=30)


def _free() -> int:
    with socket.create_server(("127.0.0.1", 0)) as made:
        port: int = made.getsockname()[1]
        return port


def opened(port: int, source: str) -> socket.socket:
    made = socket.socket()
    made.settimeout(10)
    made.bind((source, 0))
    made.connect(("127.0.0.1", port))
    return made


def answer(asked: socket.socket, request: bytes) -> bytes:
    """All that is answered until the connection ends."""
    found = b""
    with contextlib.suppress(ConnectionError):
        asked.sendall(request)
    with contextlib.suppress(ConnectionError):
        while chunk := asked.recv(1 << 16):
            found += chunk
    return found


def megabytes(process: int) -> float:
    return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def test_a_thousand_sockets_that_say_little_keep_nobody_out(desk: tuple[int, int]) -> None:
    """Ten machines with a hundred each, all in the middle of a request."""
    port, process = desk
    before = megabytes(process)
    slow = [opened(port, f"127.0.0.{machine}") for machine in range(2, 12) for _ in range(100)]
    for one in slow:
        one.sendall(b"POST /login HTTP/1.1\r\nhost: desk\r\ncontent-length: 1000000\r\nx-a: ")
    took = []
    for _ in range(10):
        began = time.perf_counter()
        with opened(port, "127.0.0.99") as honest:
            assert answer(honest, ASK).startswith(b"HTTP/1.1 200")
        took.append(time.perf_counter() - began)
    during = megabytes(process)
    with opened(port, "127.0.0.2") as one_more:  # of a machine that has its hundred
        refused = answer(one_more, ASK)
    for one in slow:
        one.close()

    assert median(took) < 1
    assert during - before < 64
    assert refused == b""


def test_a_thousand_halves_of_a_handshake_take_the_memory_of_a_hundred(tmp_path: Path) -> None:
    """Of one machine: the hundred-and-first is closed before TLS."""
    certificate, key = made(tmp_path, "desk", "-nodes")
    with running("--certificate", str(certificate), "--key", str(key)) as (port, process):
        before = megabytes(process)
        halves = [opened(port, "127.0.0.2") for _ in range(1000)]
        for half in halves:
            with contextlib.suppress(ConnectionError):
                half.sendall(b"\x16\x03\x01")
        trusting = ssl.create_default_context(cafile=certificate)
        trusting.check_hostname = False
        with trusting.wrap_socket(opened(port, "127.0.0.99"), server_hostname="desk") as honest:
            assert answer(honest, ASK).startswith(b"HTTP/1.1 200")
        during = megabytes(process)
        for half in halves:
            half.close()

    assert during - before < 64


def test_too_much_is_refused_and_takes_no_memory(desk: tuple[int, int]) -> None:
    port, process = desk
    before = megabytes(process)
    form = b"POST /login HTTP/1.1\r\nhost: desk\r\ncontent-type: application/x-www-form-urlencoded\r\n"
    asked = {
        "a header of a megabyte": (b"GET /login HTTP/1.1\r\nhost: desk\r\nx-a: " + b"x" * (1 << 20), b"400"),
        "many headers": (b"GET /login HTTP/1.1\r\n" + b"x-a: b\r\n" * 20_000, b"400"),
        "a long path": (b"GET /" + b"x" * (1 << 20) + b" HTTP/1.1\r\nhost: desk\r\n\r\n", b"400"),
        "a form of a gigabyte": (form + b"content-length: 1000000000\r\nconnection: close\r\n\r\n", b"422"),
        "a form without an end": (form + b"transfer-encoding: chunked\r\nconnection: close\r\n\r\n", b"422"),
        "no HTTP at all": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", b"400"),
    }
    for what, (request, status) in asked.items():
        with opened(port, "127.0.0.3") as one:
            assert answer(one, request)[9:12] in (status, b""), what  # b"": cut before the answer could be read
    with opened(port, "127.0.0.3") as one:
        assert answer(one, ASK).startswith(b"HTTP/1.1 200")

    assert megabytes(process) - before < 64


@asynccontextmanager
async def impatient() -> AsyncIterator[int]:
    """A server with the desk's protocol and short limits; its port."""

    async def small(request: object) -> PlainTextResponse:
        return PlainTextResponse("here")

    async def endless(request: object) -> StreamingResponse:
        async def chunks() -> AsyncIterator[bytes]:
            while True:
                yield b"x" * (1 << 16)
                await asyncio.sleep(0)  # as one that reads from the door

        return StreamingResponse(chunks())

    app = Starlette(routes=[Route("/", small), Route("/endless", endless)])
    config = uvicorn.Config(app, http=patient(0.5, 1.0), log_level="error", lifespan="off", ws="none",
                            timeout_graceful_shutdown=1)  # fmt: skip
    at = Bounded(socket.create_server(("127.0.0.1", 0)), of_one=4, together=100)
    serving = asyncio.create_task(run(Server(config), at))
    try:
        await asyncio.sleep(0.2)
        yield at.getsockname()[1]
    finally:
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)


async def test_who_doesn_t_say_what_he_wants_is_cut():
    async with impatient() as port:
        form = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n"
        for said in (b"", b"G", b"GET / HTTP/1.1\r\nhost: x\r\n", form):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            began = time.perf_counter()
            writer.write(said)
            ended = asyncio.create_task(reader.read())
            while not ended.done() and time.perf_counter() - began < 10:
                await asyncio.sleep(0.1)
                with contextlib.suppress(ConnectionError):
                    writer.write(b"x" if said.startswith(b"P") and time.perf_counter() - began < 0.4 else b"")
            assert ended.done() and 0.4 < time.perf_counter() - began < 9, said
            with contextlib.suppress(ConnectionError):
                await ended
            writer.close()


async def test_who_doesn_t_take_his_answer_is_cut_and_who_takes_it_isn_t():
    async with impatient() as port:
        slow = await asyncio.open_connection("127.0.0.1", port, limit=1024)
        fast = await asyncio.open_connection("127.0.0.1", port)
        for _, writer in (slow, fast):
            writer.write(b"GET /endless HTTP/1.1\r\nhost: x\r\n\r\n")
        began, taken = time.perf_counter(), 0
        while time.perf_counter() - began < 3:
            taken += len(await asyncio.wait_for(fast[0].read(1 << 16), 10))
            await asyncio.sleep(0.01)
        with contextlib.suppress(ConnectionError):
            while await asyncio.wait_for(slow[0].read(1 << 16), 10):
                pass  # ends, although the answer wouldn't
        for _, writer in (slow, fast):
            writer.close()

    assert taken > 1 << 20


async def test_one_machine_has_so_many_connections_and_gets_new_ones_for_old():
    async with impatient() as port:
        pairs = [await asyncio.open_connection("127.0.0.1", port) for _ in range(4)]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        with contextlib.suppress(ConnectionError):
            assert await reader.read() == b""
        writer.close()
        pairs[0][1].close()
        await asyncio.sleep(0.2)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        assert (await reader.read()).endswith(b"here")
        for _, one in (*pairs, (reader, writer)):
            one.close()
