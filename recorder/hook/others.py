"""A program of the office's own, or an HTTP call: both are given the call's facts as JSON."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Sequence
from dataclasses import asdict

import httpx

from recorder.hook.fault import HookFault
from recorder.hook.inbound import Inbound


class Command:
    """Runs a program without a shell; the facts come on its standard input. It has failed unless it ends with 0."""

    def __init__(self, arguments: Sequence[str]) -> None:
        self._arguments = arguments

    async def __call__(self, call: Inbound) -> None:
        try:
            process = await asyncio.create_subprocess_exec(
                *self._arguments, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
            )  # fmt: skip
        except OSError as problem:
            raise HookFault("no_program", f"{self._arguments[0]} can't be started: {problem.strerror}") from problem
        try:
            await process.communicate(json.dumps(asdict(call)).encode())
        finally:
            if process.returncode is None:  # its time is over
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        if process.returncode:
            raise HookFault("exit_status", f"{self._arguments[0]} ended with status {process.returncode}")

    async def close(self) -> None:
        """Nothing is kept open."""


class Http:
    """POSTs the facts. It has failed unless the answer is 2xx. `user` may be empty: then nobody logs in."""

    def __init__(self, url: str, user: str, password: str) -> None:
        self._url = url
        self._client = httpx.AsyncClient(auth=(user, password) if user else None, timeout=None, trust_env=False)

    async def __call__(self, call: Inbound) -> None:
        answer = await self._client.post(self._url, json=asdict(call))
        if not answer.is_success:
            raise HookFault("refused", f"{httpx.URL(self._url).host} answers {answer.status_code}")

    async def close(self) -> None:
        await self._client.aclose()
