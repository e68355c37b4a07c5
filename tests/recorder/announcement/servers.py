"""Small servers on loopback that speak ARI, AMI and the event socket as documented, with one channel in each.

`asked` has what was asked of them. `slow_s` lets each answer wait.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

CALL_ID = "a84b4c76e66710@192.0.2.1"
Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Server:
    """What the servers share. `channels`: id -> (caller's number, SIP Call-ID)."""

    def __init__(self, *, password: str = "secret", slow_s: float = 0.0) -> None:
        self.password, self.slow_s = password, slow_s
        self.channels = {"other-1": ("0236411212", "else@192.0.2.1"), "mine-2": ("0236411212", CALL_ID)}
        self.asked: list[Any] = []
        self.port = 0
        self._serving: set[asyncio.Task[None]] = set()

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[Server]:
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            await server.wait_closed()
            for task in list(self._serving):
                task.cancel()
            await asyncio.gather(*self._serving, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                await self.serve(reader, writer)
        finally:
            writer.close()
            self._serving.discard(task)
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        raise NotImplementedError


class AriServer(Server):
    """HTTP with basic authentication: /ari/channels, .../variable, .../play."""

    in_stasis = True

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.readuntil(b"\r\n\r\n"):
            method, target, _ = head.split(b"\r\n")[0].decode().split(" ")
            headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:] if ": " in line)
            headers = {name.lower(): value for name, value in headers.items()}
            length = int(headers.get("content-length", "0"))
            body = await reader.readexactly(length) if length else b""
            await asyncio.sleep(self.slow_s)
            status, answer = self._answer(method, target, headers.get("authorization", ""), body)
            text = json.dumps(answer).encode()
            writer.write(b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n%b" % (status, len(text), text))
            await writer.drain()

    def _answer(self, method: str, target: str, given: str, body: bytes) -> tuple[int, Any]:
        if given != "Basic " + base64.b64encode(f"recorder:{self.password}".encode()).decode():
            return 401, {"message": "Authentication required"}
        parts = urlsplit(target)
        query = parse_qs(parts.query)
        names = parts.path.removeprefix("/ari/").split("/")
        if method == "GET" and names == ["channels"]:
            return 200, [
                {"id": name, "name": f"PJSIP/{name}", "state": "Up", "caller": {"name": "", "number": number}}
                for name, (number, _) in self.channels.items()
            ]
        if method == "GET" and names[2:] == ["variable"]:
            assert query["variable"] == ["CHANNEL(pjsip,call-id)"]
            return 200, {"value": self.channels[names[1]][1]}
        if method == "POST" and names[2:] == ["play"]:
            if not self.in_stasis:
                return 409, {"message": "Channel not in Stasis application"}
            self.asked.append((names[1], query["media"][0]))
            return 201, {"id": "p1", "state": "queued"}
        return 404, {"message": "Not found"}


class AmiServer(Server):
    """The Manager: actions and events as blocks of lines, with others' events in between."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        def say(**fields: str) -> None:
            writer.write("".join(f"{name}: {value}\r\n" for name, value in fields.items()).encode() + b"\r\n")

        writer.write(b"Asterisk Call Manager/7.0.3\r\n")
        while block := await reader.readuntil(b"\r\n\r\n"):
            asked = dict(line.split(": ", 1) for line in block.decode().strip().split("\r\n"))
            number = asked["ActionID"]
            await asyncio.sleep(self.slow_s)
            say(Event="FullyBooted", Privilege="system,all", Status="Fully Booted")  # nobody asked for it
            match asked["Action"]:
                case "Login" if asked["Secret"] == self.password:
                    say(Response="Success", ActionID=number, Message="Authentication accepted")
                case "Login":
                    say(Response="Error", ActionID=number, Message="Authentication failed")
                    return
                case "CoreShowChannels":
                    say(Response="Success", ActionID=number, EventList="start")
                    for name, (caller, _) in self.channels.items():
                        say(Event="CoreShowChannel", ActionID=number, Channel=f"PJSIP/{name}", CallerIDNum=caller)
                    say(Event="CoreShowChannelsComplete", ActionID=number, EventList="Complete", ListItems="2")
                case "Getvar":
                    assert asked["Variable"] == "CHANNEL(pjsip,call-id)"
                    value = self.channels[asked["Channel"].removeprefix("PJSIP/")][1]
                    say(Response="Success", ActionID=number, Variable=asked["Variable"], Value=value)
                case "Redirect":
                    self.asked.append((asked["Channel"], asked["Context"], asked["Exten"], asked["Priority"]))
                    say(Response="Success", ActionID=number, Message="Redirect successful")


class EslServer(Server):
    """FreeSWITCH's event socket."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"Content-Type: auth/request\n\n")
        while block := await reader.readuntil(b"\n\n"):
            line = block.decode().strip()
            await asyncio.sleep(self.slow_s)
            if line.startswith("auth "):
                good = line == f"auth {self.password}"
                reply = b"+OK accepted" if good else b"-ERR invalid"
                writer.write(b"Content-Type: command/reply\nReply-Text: %b\n\n" % reply)
                continue
            command = line.removeprefix("api ")
            if command == "show channels as json":
                rows = [{"uuid": name, "cid_num": caller} for name, (caller, _) in self.channels.items()]
                answer = json.dumps({"row_count": len(rows), "rows": rows})
            elif command.startswith("uuid_getvar "):
                answer = self.channels[command.split(" ")[1]][1]
            else:
                self.asked.append(command)
                answer = "+OK Message sent\n"
            text = answer.encode()
            writer.write(b"Content-Type: api/response\nContent-Length: %d\n\n%b" % (len(text), text))


class HttpServer(Server):
    """Takes a POST, keeps its JSON."""

    status = 204

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        [length] = [line for line in head.decode().lower().split("\r\n") if line.startswith("content-length")]
        self.asked.append(json.loads(await reader.readexactly(int(length.split(":")[1]))))
        await asyncio.sleep(self.slow_s)
        writer.write(b"HTTP/1.1 %d X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n" % self.status)
