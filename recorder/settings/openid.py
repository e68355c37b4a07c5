"""The office's OpenID provider (Entra ID, Keycloak), which says who somebody is. See docs/desk.md."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlsplit

from recorder.settings.bounds import STRICT, Refused, Within
from recorder.settings.directory import Login

RETURN = "/login/openid/return"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenId:
    """Who vouches for people; without an issuer, nobody does."""

    __pydantic_config__ = STRICT

    issuer: str = ""
    client: str = ""
    secret_file: str = ""
    desk: str = ""
    ca: str = ""
    claim: str = "preferred_username"
    domain: str = ""
    local: Annotated[tuple[Login, ...], Within(max_length=16)] = ()

    def __post_init__(self) -> None:
        if not self.issuer:
            return
        for key, text in (("client", self.client), ("secret_file", self.secret_file), ("claim", self.claim)):
            if not text:
                raise Refused("is needed with an issuer", key=(key,))
        if not is_safe(self.issuer):
            raise Refused("must begin with https:// and be what the provider calls itself", key=("issuer",))
        desk = urlsplit(self.desk)
        if not is_safe(self.desk) or desk.path or desk.query:
            sentence = 'must be where browsers reach the desk, such as "https://desk.city.example.jp"'
            raise Refused(sentence, key=("desk",))
        if not self.local:
            raise Refused(
                "must name at least one login whose password the door keeps itself: while the provider is down, "
                "nobody else can log in",
                key=("local",),
            )


def is_safe(url: str) -> bool:
    """Whether what is sent there is read by nobody on the way: HTTPS, or this machine."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return False
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and host in ("localhost", "127.0.0.1")))
