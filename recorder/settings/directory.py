"""The office's directory (LDAP, Active Directory), which checks passwords instead of the door. See docs/desk.md."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated

from recorder.settings.bounds import STRICT, Refused, Within

_SERVER = re.compile(r"(ldaps?)://([A-Za-z0-9.-]{1,253})(?::([0-9]{1,5}))?/?")
Login = Annotated[str, Within(pattern=r"^[a-z][a-z0-9._-]{1,31}$")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """Where passwords are checked; without a server, at the door alone."""

    __pydantic_config__ = STRICT

    server: str = ""
    ca: str = ""
    user: str = ""
    base: str = ""
    filter: str = ""
    account: str = ""
    password_file: str = ""
    local: Annotated[tuple[Login, ...], Within(max_length=16)] = ()

    def __post_init__(self) -> None:
        if not self.server:
            return
        try:
            parse_server(self.server)
        except ValueError as problem:
            raise Refused(str(problem), key=("server",)) from problem
        if bool(self.user) == bool(self.filter):
            raise Refused(
                'either user ("{login}@city.example.jp"), or base and filter ("(sAMAccountName={login})") '
                "say who logs in; give one of the two",
                key=("filter" if self.user else "user",),
            )
        for key, text in (("user", self.user), ("filter", self.filter)):
            if text and text.count("{login}") != 1:
                raise Refused("must have {login} in it, once: where the login is put", key=(key,))
        if self.filter and not (self.filter.startswith("(") and self.filter.endswith(")")):
            raise Refused('must stand in brackets, as in "(sAMAccountName={login})"', key=("filter",))
        if self.filter:
            for key, text in (("base", self.base), ("account", self.account), ("password_file", self.password_file)):
                if not text:
                    raise Refused("is needed to look people up with filter", key=(key,))
        if not self.local:
            raise Refused(
                "must name at least one login whose password the door keeps itself: while the directory is down, "
                "nobody else can log in",
                key=("local",),
            )


def parse_server(text: str) -> tuple[str, int, bool]:
    """Host, port, and whether TLS begins at once (ldaps) or by StartTLS (ldap). ValueError with a sentence."""
    found = _SERVER.fullmatch(text)
    port = int((found and found[3]) or (636 if found and found[1] == "ldaps" else 389))
    if found is None or not 1 <= port <= 65_535:
        raise ValueError(
            f'must be a server such as "ldaps://dc1.city.example.jp", or "ldap://..." for StartTLS, not {text!a}'
        )
    return found[2], port, found[1] == "ldaps"
