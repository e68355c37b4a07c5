"""Logging in by the office's OpenID provider: authorization code flow with PKCE (OpenID Connect Core 3.1, RFC 7636).

    openid = OpenId(settings.openid)
    begun = await openid.begin(source, now_ns)         # where the browser is sent, and what it keeps meanwhile
    login = await openid.finish(code, state, begun.binding, now_ns)

Tokens come from the provider to the door, and go no further. What the provider signs says who somebody is; what he may
is the door's to know.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import secrets
import ssl
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from recorder.problems import Unusable
from recorder.settings.openid import RETURN, is_safe
from recorder.settings.openid import OpenId as Settings

ALGORITHMS = ["RS256", "ES256"]  # no "none", and nothing that is signed with what everybody knows
TIMEOUT_S = 5.0
BEGUN_NS = 10 * 60 * 10**9  # for so long somebody may take at the provider
KEPT_NS = 3600 * 10**9  # what the provider says of itself
AGAIN_NS = 60 * 10**9  # a key that nobody knows makes us ask for the keys at most so often
DRIFT_S = 60  # the provider's clock may be off by so much
_MOST_BEGUN = 1000  # the oldest go first
_MOST_BEGUN_BY_ONE = 30  # machine: one alone can't crowd out the others
_MOST_BYTES = 1 << 20
log = logging.getLogger(__name__)


class Unreachable(Exception):
    """The provider doesn't answer, or not as it should."""


class NotVouchedFor(Exception):
    """What came back proves nobody; the sentence says why, for the journal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A login that has begun."""

    url: str  # where the browser is sent
    binding: str  # which it keeps, and nobody else knows


@dataclass(frozen=True, slots=True)
class _Waiting:
    binding: bytes  # its digest
    nonce: str
    verifier: str
    begun_ns: int
    source: str


class OpenId:
    """One provider. `Unusable` if a file that the settings name can't be read."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        for path in filter(None, (settings.ca, settings.secret_file)):
            try:
                Path(path).read_bytes()
            except OSError as error:
                hint = f"Let the door's user: chgrp recorder-door {path}; chmod 640 {path}"
                raise Unusable(f"{path} can't be read: {error.strerror}.", hint=hint) from error
        try:
            trusted = ssl.create_default_context(cafile=settings.ca or None)
        except ssl.SSLError as error:
            raise Unusable(f"{settings.ca} is no certificate in PEM.") from error
        self._http = httpx.AsyncClient(verify=trusted, timeout=TIMEOUT_S, follow_redirects=False, trust_env=False)
        self._secret = Path(settings.secret_file).read_text("utf-8").strip()
        self._waiting: dict[str, _Waiting] = {}
        self._about: tuple[int, dict[str, str]] | None = None
        self._keys: tuple[int, KeySet] | None = None

    def is_asked_for(self, login: str) -> bool:
        """Whether this login comes in by the provider alone; else by a password of the door's."""
        return login not in self._settings.local

    async def begin(self, source: str, now_ns: int) -> Begun:
        """Where to send the browser at the address `source`. Unreachable."""
        about = await self._endpoints(now_ns)
        state, binding, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(4))
        self._make_room(source, now_ns)
        self._waiting[state] = _Waiting(_digest(binding), nonce, verifier, now_ns, source)
        challenge = urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        query = urlencode({
            "response_type": "code", "client_id": self._settings.client, "redirect_uri": self._settings.desk + RETURN,
            "scope": "openid profile email", "state": state, "nonce": nonce, "code_challenge": challenge,
            "code_challenge_method": "S256",
        })  # fmt: skip
        at = about["authorization_endpoint"]
        return Begun(url=f"{at}{'&' if '?' in at else '?'}{query}", binding=binding)

    async def finish(self, code: str, state: str, binding: str, now_ns: int) -> str:
        """The login of whom the provider vouches for. Unreachable, NotVouchedFor; either way the state is used up."""
        waits = self._waiting.pop(state, None)
        if waits is None or not 0 <= now_ns - waits.begun_ns <= BEGUN_NS:
            raise NotVouchedFor("nobody began this login here, or long ago, or it was used")
        if not hmac.compare_digest(waits.binding, _digest(binding)):
            raise NotVouchedFor("another browser began this login")
        token = await self._exchange(code, waits.verifier, now_ns)
        claims = await self._claims(token, now_ns)
        self._check(claims, waits.nonce, now_ns)
        return self._login(claims)

    async def close(self) -> None:
        await self._http.aclose()

    def _make_room(self, source: str, now_ns: int) -> None:
        """Forgets logins that nobody finished: old ones, this machine's oldest, the oldest of all."""
        open_ones = {one: waits for one, waits in self._waiting.items() if 0 <= now_ns - waits.begun_ns <= BEGUN_NS}
        for state in [one for one, waits in open_ones.items() if waits.source == source][: 1 - _MOST_BEGUN_BY_ONE]:
            del open_ones[state]
        self._waiting = dict(list(open_ones.items())[1 - _MOST_BEGUN :])

    async def _exchange(self, code: str, verifier: str, now_ns: int) -> str:
        """The identity token for a code (OpenID Connect Core 3.1.3)."""
        about = await self._endpoints(now_ns)
        given = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": self._settings.desk + RETURN,
            "client_id": self._settings.client, "client_secret": self._secret, "code_verifier": verifier,
        }  # fmt: skip
        said = await self._ask("POST", about["token_endpoint"], given)
        if not isinstance(token := said.get("id_token"), str):
            raise NotVouchedFor(f"no identity token for the code: {str(said.get('error', ''))[:40]!a}")
        return token

    async def _claims(self, token: str, now_ns: int) -> dict[str, Any]:
        """What the provider signed, once with the keys that are known, and once more if it has others by now."""
        for is_fresh in (False, True):
            asked_ns, keys = await self._key_set(now_ns, is_fresh=is_fresh)
            try:
                return dict(jwt.decode(token, keys, algorithms=ALGORITHMS).claims)
            except (JoseError, ValueError) as error:
                if is_fresh or now_ns - asked_ns < AGAIN_NS:
                    raise NotVouchedFor(f"its signature doesn't hold: {type(error).__name__}") from error
        raise AssertionError

    def _check(self, claims: dict[str, Any], nonce: str, now_ns: int) -> None:
        """OpenID Connect Core 3.1.3.7."""
        now = now_ns / 1e9
        audience = claims.get("aud")
        named = audience if isinstance(audience, list) else [audience]
        if claims.get("iss") != self._settings.issuer:
            raise NotVouchedFor("it is of another issuer")
        if self._settings.client not in named or (
            (len(named) > 1 or "azp" in claims) and claims.get("azp") != self._settings.client
        ):
            raise NotVouchedFor("it is for somebody else")
        if not (_is_number(claims.get("exp")) and now < claims["exp"] + DRIFT_S):
            raise NotVouchedFor("it has expired")
        if not (_is_number(claims.get("iat")) and claims["iat"] < now + DRIFT_S):
            raise NotVouchedFor("it was made in the future; are both clocks right?")
        if not (isinstance(claims.get("nonce"), str) and hmac.compare_digest(claims["nonce"].encode(), nonce.encode())):
            raise NotVouchedFor("it belongs to another login")

    def _login(self, claims: dict[str, Any]) -> str:
        said = claims.get(self._settings.claim)
        if not isinstance(said, str) or not said:
            raise NotVouchedFor(f"it doesn't say {self._settings.claim}")
        if self._settings.claim == "email" and claims.get("email_verified") is not True:
            raise NotVouchedFor("nobody has checked that the address is his")
        if not said.isascii():
            # Logins here are ASCII. Folding would make "suzuki" of a name that begins with a long s (U+017F).
            raise NotVouchedFor(f"its {self._settings.claim} has letters that no login here has")
        login = said.lower()
        if self._settings.domain:
            login, at, domain = login.rpartition("@")
            if not at or domain != self._settings.domain.lower():
                raise NotVouchedFor("he is of another domain")
        return login

    async def _endpoints(self, now_ns: int) -> dict[str, str]:
        """What the provider says of itself (OpenID Connect Discovery 4)."""
        if self._about is None or now_ns - self._about[0] > KEPT_NS:
            said = await self._ask("GET", f"{self._settings.issuer.rstrip('/')}/.well-known/openid-configuration")
            if said.get("issuer") != self._settings.issuer:
                raise Unreachable(f"it calls itself {str(said.get('issuer'))[:100]!a}, which isn't the issuer")
            about = {}
            for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
                if not isinstance(at := said.get(name), str) or not is_safe(at):
                    raise Unreachable(f"its {name} isn't https")
                about[name] = at
            self._about = now_ns, about
        return self._about[1]

    async def _key_set(self, now_ns: int, *, is_fresh: bool) -> tuple[int, KeySet]:
        if is_fresh or self._keys is None or now_ns - self._keys[0] > KEPT_NS:
            said = await self._ask("GET", (await self._endpoints(now_ns))["jwks_uri"])
            try:
                # Others may stand beside ours, such as those for encryption.
                usable = [one for one in said["keys"] if one["kty"] in ("RSA", "EC") and one.get("use", "sig") == "sig"]
                self._keys = now_ns, KeySet.import_key_set({"keys": usable})
            except (JoseError, KeyError, TypeError, ValueError) as error:
                raise Unreachable("its keys can't be read") from error
        return self._keys

    async def _ask(self, method: str, at: str, given: dict[str, str] | None = None) -> dict[str, Any]:
        try:
            answer = await self._http.request(method, at, data=given)
            said = answer.json() if len(answer.content) <= _MOST_BYTES else None
        except (httpx.HTTPError, ValueError) as error:
            raise Unreachable(f"{at}: {type(error).__name__}") from error
        if answer.status_code >= 500 or (method == "GET" and answer.status_code != 200) or not isinstance(said, dict):
            raise Unreachable(f"{at}: status {answer.status_code}")
        return said


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _digest(text: str) -> bytes:
    return hashlib.sha256(b"openid:" + text.encode("utf-8", "surrogatepass")).digest()
