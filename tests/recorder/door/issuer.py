"""An OpenID provider of our own, on loopback. It signs what it is told to, and takes each code once."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import secrets
import socket
import time
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import uvicorn
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from recorder.serving import run

CLIENT, SECRET = "recorder-desk", "a secret of the client"


@dataclass
class Issuer:
    """What it says can be bent before each login."""

    address: str = ""
    user: str = "suzuki@city.example.jp"
    clock: Callable[[], float] = time.time
    key: Any = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one", "use": "sig"}, auto_kid=False))
    alg: str = "RS256"
    claims: dict[str, Any] = field(default_factory=dict)  # other than they should be
    token: Callable[[dict[str, Any]], str] | None = None  # made otherwise
    keys_asked: int = 0
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    task: asyncio.Task[None] | None = None

    async def stop(self) -> None:
        assert self.task is not None
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)

    def rotate(self) -> None:
        self.key = ECKey.generate_key("P-256", {"kid": "two", "use": "sig"}, auto_kid=False)
        self.alg = "ES256"

    def signed(self, claims: dict[str, Any]) -> str:
        return jwt.encode({"alg": self.alg, "kid": self.key.kid}, claims, self.key, algorithms=[self.alg])

    def app(self) -> Starlette:
        async def about(request: Request) -> Response:
            at = self.address
            return JSONResponse({"issuer": at, "authorization_endpoint": f"{at}/authorize",
                                 "token_endpoint": f"{at}/token", "jwks_uri": f"{at}/keys"})  # fmt: skip

        async def keys(request: Request) -> Response:
            self.keys_asked += 1
            return JSONResponse({"keys": [self.key.as_dict(private=False)]})

        async def authorize(request: Request) -> Response:
            asked = dict(request.query_params)
            code = secrets.token_urlsafe(8)
            self.codes[code] = asked
            back = urlencode({"code": code, "state": asked["state"]})
            return RedirectResponse(f"{asked['redirect_uri']}?{back}", 303)

        async def token(request: Request) -> Response:
            form = await request.form()
            asked = self.codes.pop(str(form["code"]), None)
            if asked is None or form["client_secret"] != SECRET or form["redirect_uri"] != asked["redirect_uri"]:
                return JSONResponse({"error": "invalid_grant"}, 400)
            digest = hashlib.sha256(str(form["code_verifier"]).encode()).digest()
            if urlsafe_b64encode(digest).rstrip(b"=").decode() != asked["code_challenge"]:
                return JSONResponse({"error": "invalid_grant"}, 400)
            now = int(self.clock())
            claims = {"iss": self.address, "aud": CLIENT, "sub": "0001", "preferred_username": self.user,
                      "iat": now, "exp": now + 300, "nonce": asked["nonce"], **self.claims}  # fmt: skip
            made = (self.token or self.signed)(claims)
            return JSONResponse({"id_token": made, "access_token": "none of ours", "token_type": "Bearer"})

        return Starlette(routes=[
            Route("/.well-known/openid-configuration", about), Route("/keys", keys), Route("/authorize", authorize),
            Route("/token", token, methods=["POST"]),
        ])  # fmt: skip


@contextlib.asynccontextmanager
async def issuing(issuer: Issuer) -> AsyncIterator[Issuer]:
    """Until the block ends it answers."""
    listening = socket.create_server(("127.0.0.1", 0))
    issuer.address = f"http://127.0.0.1:{listening.getsockname()[1]}"
    config = uvicorn.Config(issuer.app(), log_level="warning", access_log=False, ws="none", lifespan="off")
    issuer.task = asyncio.create_task(run(uvicorn.Server(config), listening))
    try:
        yield issuer
    finally:
        await issuer.stop()


def unsigned(claims: dict[str, Any]) -> str:
    """alg none (RFC 7515 appendix A.5)."""
    parts = ({"alg": "none"}, claims)
    return ".".join(urlsafe_b64encode(json.dumps(one).encode()).rstrip(b"=").decode() for one in parts) + "."
