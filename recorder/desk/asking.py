"""Asks the door. One `Asker` belongs to one request of a browser: its session, its address."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from recorder.door.refusals import Refused, Why

_TIMEOUT_S = 30.0
_FILE_TIMEOUT_S = 600.0
_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,128}")
_CONNECTIONS = 180  # fewer than the door answers at once


@dataclass(frozen=True, slots=True)
class Played:
    """Audio on its way."""

    status: int
    headers: Mapping[str, str]
    chunks: AsyncIterator[bytes]


def door_at(socket: str) -> httpx.AsyncClient:
    """A client of the door's Unix socket."""
    limits = httpx.Limits(max_connections=_CONNECTIONS, max_keepalive_connections=20)
    return httpx.AsyncClient(
        transport=httpx.AsyncHTTPTransport(uds=socket, limits=limits), base_url="http://door", timeout=_TIMEOUT_S,
        trust_env=False,
    )  # fmt: skip


class Asker:
    """Whoever sits at the browser, as far as the door can tell."""

    def __init__(self, door: httpx.AsyncClient, token: str, source: str) -> None:
        self._door = door
        # What can't be a token of ours (`secrets.token_urlsafe`) isn't passed on: whoever sends it isn't logged in.
        self.token = token if _TOKEN.fullmatch(token) else ""
        self._headers = {"x-token": self.token, "x-source": source}

    async def __call__(self, operation: str, **asked: object) -> dict[str, Any]:
        """What the door answers. `Refused` if it doesn't."""
        return await self._answer(operation, asked, _TIMEOUT_S)

    async def patiently(self, operation: str, **asked: object) -> dict[str, Any]:
        """The same of what may take minutes: many hours of audio are read and hashed first."""
        return await self._answer(operation, asked, _FILE_TIMEOUT_S)

    async def _answer(self, operation: str, asked: Mapping[str, object], timeout_s: float) -> dict[str, Any]:
        try:
            answer = await self._door.post(
                f"/{operation}", content=_json(asked), headers=self._headers, timeout=timeout_s
            )
        except httpx.TransportError as error:
            raise Refused(Why.NOT_NOW, detail="door") from error
        return _said(answer.status_code, answer.content)

    async def audio(self, operation: str, **asked: object) -> Played:
        """Audio, as it comes. `Refused`."""
        return await self._bytes(operation, asked, _TIMEOUT_S)

    async def file(self, operation: str, **asked: object) -> Played:
        """A file that the door writes first, which may take minutes; then its bytes, as they come. `Refused`."""
        return await self._bytes(operation, asked, _FILE_TIMEOUT_S)

    async def _bytes(self, operation: str, asked: Mapping[str, object], timeout_s: float) -> Played:
        request = self._door.build_request(
            "POST", f"/{operation}", content=_json(asked), headers=self._headers, timeout=timeout_s
        )
        try:
            answer = await self._door.send(request, stream=True)
        except httpx.TransportError as error:
            raise Refused(Why.NOT_NOW, detail="door") from error
        if answer.status_code >= 300:
            try:
                _said(answer.status_code, await answer.aread())
            finally:
                await answer.aclose()
        return Played(answer.status_code, dict(answer.headers), _chunks(answer))


def _json(asked: Mapping[str, object]) -> bytes:
    return json.dumps(asked).encode()


def _said(status: int, content: bytes) -> dict[str, Any]:
    try:
        said: dict[str, Any] = json.loads(content)
    except ValueError:  # the door is overrun: 503 in plain words
        raise Refused(Why.NOT_NOW, detail="door") from None
    if status >= 300:
        raise Refused(Why(said["why"]), field=said["field"], detail=said["detail"])
    return said


async def _chunks(answer: httpx.Response) -> AsyncIterator[bytes]:
    try:
        async for chunk in answer.aiter_bytes():
            yield chunk
    finally:
        await answer.aclose()
