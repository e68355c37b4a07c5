"""Asterisk: play into the caller's channel, by ARI (HTTP) or by AMI (the Manager's lines over TCP).

The channel is found by the SIP Call-ID, which chan_pjsip tells as CHANNEL(pjsip,call-id): recorder and Asterisk know
the same call by it. Only channels whose caller has the same number are asked, if Asterisk shows it.

- ARI plays into channels that are in a Stasis application alone; for others Asterisk answers 409.
- AMI redirects the channel to a place in the dialplan that plays the notice, and goes on from there.

There is no client library for either that is both kept up and light: one is from 2021, another brings a web framework.
AMI is read here line by line; for ARI, httpx does the HTTP. See "Asterisk Manager TCP/IP API" and "ARI" in Asterisk's
documentation.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import Callable, Mapping
from typing import Any

import httpx

from recorder.hook.fault import HookFault
from recorder.hook.inbound import Inbound

Message = dict[str, str]
CHANNELS = 200  # that are asked for their Call-ID, of one call
_LINE = 64 * 1024


class Ari:
    """`url` as in http://127.0.0.1:8088/ari; `media` as in sound:notice-ja."""

    def __init__(self, url: str, user: str, password: str, media: str) -> None:
        self._client = httpx.AsyncClient(base_url=url.rstrip("/"), auth=(user, password), timeout=None, trust_env=False)
        self._media = media

    async def __call__(self, call: Inbound) -> None:
        channel = await self._channel(call)
        await self._ask("POST", f"/channels/{channel}/play", {"media": self._media})

    async def _channel(self, call: Inbound) -> str:
        channels = (await self._ask("GET", "/channels", {})).json()
        for one in _likely(channels, call, lambda one: str(one.get("caller", {}).get("number", ""))):
            answer = await self._ask(
                "GET", f"/channels/{one['id']}/variable", {"variable": "CHANNEL(pjsip,call-id)"}, may_fail=True
            )
            if answer.is_success and answer.json().get("value") == call.call_id:
                return str(one["id"])
        raise HookFault("no_channel", "Asterisk has no channel with this Call-ID")

    async def _ask(
        self, method: str, path: str, parameters: Mapping[str, str], *, may_fail: bool = False
    ) -> httpx.Response:
        answer = await self._client.request(method, path, params=dict(parameters))
        if answer.status_code == 401:
            raise HookFault("wrong_password", "Asterisk refuses hook.user and its password")
        if answer.status_code == 409:
            raise HookFault("not_in_stasis", "the channel is in no Stasis application, so ARI can't play into it")
        if not answer.is_success and not may_fail:
            raise HookFault("refused", f"ARI answers {answer.status_code} to {method} {path.split('/')[1]}")
        return answer

    async def close(self) -> None:
        await self._client.aclose()


class Ami:
    """`address` as in 127.0.0.1:5038; `place` as in notice,s,1. A connection for each call."""

    def __init__(self, address: str, user: str, password: str, place: str) -> None:
        host, _, port = address.rpartition(":")
        self._host, self._port = host, int(port)
        self._user, self._password = user, password
        self._place = place

    async def __call__(self, call: Inbound) -> None:
        reader, writer = await asyncio.open_connection(self._host, self._port, limit=_LINE)
        try:
            await reader.readline()  # "Asterisk Call Manager/..."
            session = _AmiSession(reader, writer)
            answer = await session.ask(Action="Login", Username=self._user, Secret=self._password, Events="off")
            if answer.get("Response") != "Success":
                raise HookFault("wrong_password", "Asterisk refuses hook.user and its password")
            channel = await self._channel(session, call)
            context, extension, priority = self._place.split(",")
            answer = await session.ask(
                Action="Redirect", Channel=channel, Context=context, Exten=extension, Priority=priority
            )
            if answer.get("Response") != "Success":
                raise HookFault("refused", f"AMI refuses to redirect: {answer.get('Message', '')[:200]}")
        finally:
            writer.close()
            with contextlib.suppress(OSError):  # the other end was quicker
                await writer.wait_closed()

    async def _channel(self, session: _AmiSession, call: Inbound) -> str:
        channels = await session.list("CoreShowChannels", "CoreShowChannel", "CoreShowChannelsComplete")
        for one in _likely(channels, call, lambda one: one.get("CallerIDNum", "")):
            answer = await session.ask(Action="Getvar", Channel=one["Channel"], Variable="CHANNEL(pjsip,call-id)")
            if answer.get("Value") == call.call_id:
                return str(one["Channel"])
        raise HookFault("no_channel", "Asterisk has no channel with this Call-ID")

    async def close(self) -> None:
        """Nothing is kept open."""


class _AmiSession:
    """Actions and their answers, told apart by ActionID."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._numbers = itertools.count(1)

    async def ask(self, **fields: str) -> Message:
        number = await self._send(fields)
        while True:
            message = await self._read()
            if message.get("ActionID") == number:
                return message

    async def list(self, action: str, event: str, end: str) -> list[Message]:
        """The events that an action brings, up to the one that ends them."""
        number = await self._send({"Action": action})
        found: list[Message] = []
        while True:
            message = await self._read()
            if message.get("ActionID") == number:
                if message.get("Event") == event:
                    found.append(message)
                elif message.get("Event") == end or message.get("Response") == "Error":
                    return found

    async def _send(self, fields: Mapping[str, str]) -> str:
        number = f"recorder-{next(self._numbers)}"
        lines = [f"{name}: {value}" for name, value in {**fields, "ActionID": number}.items()]
        if any("\r" in line or "\n" in line for line in lines):
            raise HookFault("bad_value", "a value for AMI has a line break in it")
        self._writer.write("\r\n".join([*lines, "", ""]).encode())
        await self._writer.drain()
        return number

    async def _read(self) -> Message:
        message: Message = {}
        while True:
            line = await self._reader.readline()
            if not line:
                raise HookFault("connection_lost", "Asterisk closed the connection")
            text = line.decode("utf-8", "replace").rstrip("\r\n")
            if not text:
                if message:
                    return message
                continue
            name, _, value = text.partition(":")
            message[name] = value.strip()


def _likely(channels: list[Any], call: Inbound, number_of: Callable[[Any], str]) -> list[Any]:
    """Those with the caller's number first: one of them it is, nearly always."""
    known = call.caller or ""
    ranked = sorted(channels, key=lambda one: not known or number_of(one)[-9:] != known[-9:])
    return ranked[:CHANNELS]
