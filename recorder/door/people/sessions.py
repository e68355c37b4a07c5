"""Who is logged in: tokens of 256 random bits, of which only digests are kept."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass

PROVED_NS = 5 * 60 * 10**9  # for so long after a second factor, acts that ask for one again are let through


def new_token() -> str:
    """What the browser keeps."""
    return secrets.token_urlsafe(32)


def digest(token: str) -> bytes:
    """What is kept of it."""
    return hashlib.sha256(b"session:" + token.encode("utf-8", "surrogatepass")).digest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Lasting:
    """How long a session lasts: unused, and at all."""

    idle_ns: int = 15 * 60 * 10**9
    longest_ns: int = 8 * 3600 * 10**9

    def is_over(self, begun_ns: int, seen_ns: int, now_ns: int) -> bool:
        """Whether a session has ended by itself."""
        return (
            now_ns - seen_ns > self.idle_ns or now_ns - begun_ns > self.longest_ns or now_ns < seen_ns - self.idle_ns
        )
