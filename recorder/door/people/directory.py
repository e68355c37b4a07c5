"""The office's directory (LDAP version 3, RFC 4511): whether a password is the one that it knows.

    directory = Directory(settings.directory)
    if await directory.vouches_for("suzuki", password): ...

It binds as the person, over TLS whose certificate is checked, and asks for nothing else: no group of the directory
gives a right here. Referrals aren't followed: a password goes to the server that is set, and to no other.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ldap3 import NONE, SIMPLE, SUBTREE, Connection, Server, Tls
from ldap3.core.exceptions import LDAPException
from ldap3.utils.conv import escape_filter_chars
from ldap3.utils.dn import escape_rdn

from recorder.door.people.passwords import TooBusy
from recorder.problems import Unusable
from recorder.settings.directory import Directory as Settings
from recorder.settings.directory import parse_server

TIMEOUT_S = 3
AT_ONCE = 4
WAITING = 12
_RIGHT, _WRONG = 0, 49  # success, invalidCredentials (RFC 4511 appendix A)
_NO_OBJECT, _NAMING, _INAPPROPRIATE, _BAD_DN = 32, 64, 48, 34
_NOT_HIM = frozenset({_WRONG, _NO_OBJECT, _NAMING, _INAPPROPRIATE, _BAD_DN})
log = logging.getLogger(__name__)


class Unreachable(Exception):
    """The directory doesn't answer, or not as it should; the sentence says what."""


class _Tls(Tls):  # type: ignore[misc]  # ldap3 ships no types
    """Python's own check of certificate and name: ldap3's is made of functions that Python no longer has."""

    def __init__(self, context: ssl.SSLContext, host: str) -> None:
        super().__init__(validate=ssl.CERT_REQUIRED)
        self._context = context
        self._host = host

    def wrap_socket(self, connection: Connection, do_handshake: bool = False) -> None:
        """Called by ldap3 with a connected socket, for ldaps and StartTLS alike."""
        connection.socket = self._context.wrap_socket(connection.socket, server_hostname=self._host)


class Directory:
    """One directory. `Unusable` if its certificate authority or the password file can't be read."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        host, port, at_once = parse_server(settings.server)
        for path in filter(None, (settings.ca, settings.password_file)):
            try:
                Path(path).read_bytes()
            except OSError as error:
                hint = f"Let the door's user: chgrp recorder-door {path}; chmod 640 {path}"
                raise Unusable(f"{path} can't be read: {error.strerror}.", hint=hint) from error
        try:
            context = ssl.create_default_context(cafile=settings.ca or None)
        except ssl.SSLError as error:
            raise Unusable(f"{settings.ca} is no certificate in PEM.") from error
        self._tls = _Tls(context, host)
        self._at = host, port, at_once
        self._threads = ThreadPoolExecutor(AT_ONCE, "directory")
        self._here = 0

    def is_asked_for(self, login: str) -> bool:
        """Whether the directory has this login's password; else the door keeps it."""
        return login not in self._settings.local

    async def vouches_for(self, login: str, password: str) -> bool:
        """Whether the directory lets this login in with this password. Unreachable; TooBusy."""
        if not login or not password:
            # A bind with a name and no password is anonymous, and succeeds for anybody (RFC 4513 5.1.2).
            return False
        if self._here >= AT_ONCE + WAITING:
            raise TooBusy
        self._here += 1
        asked = asyncio.get_running_loop().run_in_executor(self._threads, self._vouches_for, login, password)
        asked.add_done_callback(self._left)
        try:
            async with asyncio.timeout(2 * TIMEOUT_S):  # three waits for one answer each are cut short
                return await asyncio.shield(asked)
        except TimeoutError:
            raise Unreachable(f"no answer within {2 * TIMEOUT_S} s") from None

    def close(self) -> None:
        """Nobody is asked any more."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _left(self, asked: asyncio.Future[bool]) -> None:
        self._here -= 1
        if not asked.cancelled():
            asked.exception()  # of one that nobody waits for any more

    def _vouches_for(self, login: str, password: str) -> bool:
        try:
            return self._bind(self._name_of(login), password)
        except (LDAPException, OSError, ssl.SSLError) as error:
            raise Unreachable(f"{type(error).__name__}: {error}") from error

    def _bind(self, name: str, password: str) -> bool:
        connection = self._connection(name, password)
        try:
            connection.bind()
            code = connection.result["result"]
        finally:
            connection.unbind()
        if code == _RIGHT:
            return True
        if code in _NOT_HIM:
            return False
        # 10, a referral, too: it knows somebody else who may know; we ask him nothing.
        raise Unreachable(f"result {code} ({connection.result['description']})")

    def _name_of(self, login: str) -> str:
        """As what the login binds."""
        settings = self._settings
        if settings.user:
            is_dn = "=" in settings.user
            return settings.user.replace("{login}", escape_rdn(login) if is_dn else login)
        password = Path(settings.password_file).read_text("utf-8").strip()
        if not password:
            raise Unreachable(f"{settings.password_file} is empty")
        connection = self._connection(settings.account, password)
        try:
            if not connection.bind():
                raise Unreachable(f"it doesn't let {settings.account} in: {connection.result['description']}")
            wanted = settings.filter.replace("{login}", escape_filter_chars(login))
            connection.search(settings.base, wanted, SUBTREE, attributes=["1.1"], size_limit=2, time_limit=TIMEOUT_S)
            if connection.result["result"] not in (_RIGHT, _NO_OBJECT, 4):  # 4: more than two fit
                raise Unreachable(f"looking up failed: {connection.result['description']}")
            found = [one["dn"] for one in connection.response or () if one["type"] == "searchResEntry"]
        finally:
            connection.unbind()
        if len(found) > 1:
            log.warning("The directory has several entries of one login; nobody is let in by it.")
        # Of nobody the same is asked as of somebody, so that it takes as long.
        return found[0] if len(found) == 1 else f"cn=nobody,{settings.base}"

    def _connection(self, name: str, password: str) -> Connection:
        host, port, at_once = self._at
        server = Server(host, port, use_ssl=at_once, tls=self._tls, get_info=NONE, connect_timeout=TIMEOUT_S)
        connection = Connection(
            server, name, password, authentication=SIMPLE, auto_referrals=False, receive_timeout=TIMEOUT_S,
            raise_exceptions=False, read_only=True, check_names=False,
        )  # fmt: skip
        try:
            connection.open()
            if not at_once and not connection.start_tls(read_server_info=False):
                raise Unreachable("it refuses StartTLS")
        except BaseException:
            if connection.socket is not None:
                connection.socket.close()  # one that didn't get to its end isn't closed by unbind
            raise
        return connection
