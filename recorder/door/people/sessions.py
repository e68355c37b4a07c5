"""Who is logged in: tokens of 256 random bits, of which only digests are kept."""

from __future__ import annotations

import hashlib
import secrets

IDLE_NS = 15 * 60 * 10**9
LONGEST_NS = 8 * 3600 * 10**9
PROVED_NS = 5 * 60 * 10**9  # for so long after a second factor, acts that ask for one again are let through


def new_token() -> str:
    """What the browser keeps."""
    return secrets.token_urlsafe(32)


def digest(token: str) -> bytes:
    """What is kept of it."""
    return hashlib.sha256(b"session:" + token.encode("utf-8", "surrogatepass")).digest()


def is_over(begun_ns: int, seen_ns: int, now_ns: int) -> bool:
    """Whether a session has ended by itself."""
    return now_ns - seen_ns > IDLE_NS or now_ns - begun_ns > LONGEST_NS or now_ns < seen_ns - IDLE_NS
