"""Passwords: Argon2id with 64 MiB, three passes, four lanes (RFC 9106 4, the second recommended option).

One check takes half a second and 64 MiB, so guessing must not be a way to fill the machine: two run at once, eight
wait, and whoever comes then is told to come again.
"""

from __future__ import annotations

import asyncio
import unicodedata
from collections.abc import Callable
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

Result = TypeVar("Result")

AT_ONCE = 2
WAITING = 8
SHORTEST, LONGEST = 12, 256  # characters

# What the office's people would try first; a list of the world's passwords would not know Japanese offices.
_USUAL = ("password", "passw0rd", "1234567890", "qwertyuiop", "administrator", "recorder", "shiyakusho", "yakusho")


class TooBusy(Exception):
    """More people than `WAITING` wait for their passwords to be checked."""


class WeakPassword(ValueError):
    """A password that nobody may choose; `reason` names why, as the desk's words know it."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the password can't be taken: {reason}")
        self.reason = reason


class Passwords:
    """Makes and checks hashes, a few at a time."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher(time_cost=3, memory_cost=64 * 1024, parallelism=4)
        self._at_work = asyncio.Semaphore(AT_ONCE)
        self._here = 0
        # Of nobody: so that an unknown login takes as long as a known one.
        self._nobody = self._hasher.hash("nobody has this password")

    async def hash(self, password: str) -> str:
        """What is kept of a password. WeakPassword, TooBusy."""
        return await self._work(lambda: self._hasher.hash(_canonical(password)))

    async def fits(self, password: str, kept: str | None) -> bool:
        """Whether this is the password that was kept; None: of nobody, which never fits and takes as long. TooBusy."""

        def check() -> bool:
            try:
                return self._hasher.verify(kept or self._nobody, _canonical(password)) and kept is not None
            except (VerificationError, InvalidHashError):
                return False

        return await self._work(check)

    async def _work(self, act: Callable[[], Result]) -> Result:
        if self._here >= AT_ONCE + WAITING:
            raise TooBusy
        self._here += 1
        try:
            async with self._at_work:
                return await asyncio.to_thread(act)
        finally:
            self._here -= 1


def require_strong(password: str, *, login: str) -> None:
    """WeakPassword for one that is too short, too long, or easily guessed."""
    text = _canonical(password)
    if len(text) < SHORTEST:
        raise WeakPassword("too_short")
    if len(text) > LONGEST:
        raise WeakPassword("too_long")
    small = text.casefold()
    if len(set(small)) < 5 or login.casefold() in small or any(small.startswith(word) for word in _USUAL):
        raise WeakPassword("too_easy")


def _canonical(password: str) -> str:
    """One form for what keyboards in full and half width write (RFC 8265 OpaqueString, with NFKC for width)."""
    return unicodedata.normalize("NFKC", password)
