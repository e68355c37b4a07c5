"""FreeSWITCH: play into the caller's channel, over the event socket (mod_event_socket).

The channel is found by the SIP Call-ID, its variable sip_call_id. The client libraries that there are bring gevent, or
haven't been kept up; the protocol is a header block, a line to answer it with, and a length.
"""

from __future__ import annotations

import asyncio
import contextlib
import json

from recorder.hook.fault import HookFault
from recorder.hook.inbound import Inbound

CHANNELS = 200
LARGEST = 4 << 20  # bytes of an answer


class Esl:
    """`address` as in 127.0.0.1:8021; `file` as FreeSWITCH names it. A connection for each call."""

    def __init__(self, address: str, password: str, file: str) -> None:
        host, _, port = address.rpartition(":")
        self._host, self._port = host, int(port)
        self._password, self._file = password, file

    async def __call__(self, call: Inbound) -> None:
        reader, writer = await asyncio.open_connection(self._host, self._port)
        try:
            session = _Session(reader, writer)
            await session.log_in(self._password)
            channel = await self._channel(session, call)
            answer = await session.api(f"uuid_broadcast {channel} {self._file} aleg")
            if not answer.startswith("+OK"):
                raise HookFault("refused", f"FreeSWITCH refuses to play: {answer.strip()[:200]}")
        finally:
            writer.close()
            with contextlib.suppress(OSError):  # the other end was quicker
                await writer.wait_closed()

    async def _channel(self, session: _Session, call: Inbound) -> str:
        try:
            rows = json.loads(await session.api("show channels as json")).get("rows", [])
        except (ValueError, AttributeError) as problem:
            raise HookFault("bad_answer", "FreeSWITCH's list of channels is no JSON") from problem
        known = call.caller or ""
        rows.sort(key=lambda row: not known or str(row.get("cid_num", ""))[-9:] != known[-9:])
        for row in rows[:CHANNELS]:
            if (await session.api(f"uuid_getvar {row['uuid']} sip_call_id")).strip() == call.call_id:
                return str(row["uuid"])
        raise HookFault("no_channel", "FreeSWITCH has no channel with this Call-ID")

    async def close(self) -> None:
        """Nothing is kept open."""


class _Session:
    """Commands and their answers, one after the other."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def log_in(self, password: str) -> None:
        headers, _ = await self._read()
        if headers.get("content-type") != "auth/request":
            raise HookFault("bad_answer", "hook.url is no event socket of FreeSWITCH")
        self._say(f"auth {password}")
        headers, _ = await self._read()
        if not headers.get("reply-text", "").startswith("+OK"):
            raise HookFault("wrong_password", "FreeSWITCH refuses the password")

    async def api(self, command: str) -> str:
        self._say(f"api {command}")
        while True:
            headers, body = await self._read()
            if headers.get("content-type") == "api/response":
                return body

    def _say(self, line: str) -> None:
        if "\n" in line or "\r" in line:
            raise HookFault("bad_value", "a value for FreeSWITCH has a line break in it")
        self._writer.write(f"{line}\n\n".encode())

    async def _read(self) -> tuple[dict[str, str], str]:
        headers: dict[str, str] = {}
        while True:
            line = await self._reader.readline()
            if not line:
                raise HookFault("connection_lost", "FreeSWITCH closed the connection")
            text = line.decode("utf-8", "replace").strip()
            if text:
                name, _, value = text.partition(":")
                headers[name.lower()] = value.strip()
            elif headers:
                break
        length = headers.get("content-length", "0")
        size = int(length) if length.isdecimal() else 0
        if size > LARGEST:
            raise HookFault("bad_answer", "FreeSWITCH's answer is too long")
        body = await self._reader.readexactly(size) if size else b""
        return headers, body.decode("utf-8", "replace")
