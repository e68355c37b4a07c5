"""The second factor: six digits that change each half minute (TOTP, RFC 6238), and recovery codes for a lost telephone.

Secrets are kept sealed (AES-256-GCM) with a key that doesn't lie in the database, so that a copy of the database alone
makes no codes. A code counts once: its step is remembered (RFC 6238 5.2).
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import unicodedata

import pyotp
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

STEP_S = 30
DRIFT_STEPS = 1  # a telephone's clock may be off by so many steps
RECOVERY_CODES = 10
KEY_BYTES = 32
_NONCE_BYTES = 12


class Sealed:
    """Seals secrets of accounts with the door's key; what was sealed for one account opens for no other."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError(f"a key of {len(key)} bytes instead of {KEY_BYTES}")
        self._aead = AESGCM(key)

    def seal(self, secret: str, account: str) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._aead.encrypt(nonce, secret.encode(), account.encode())

    def open(self, sealed: bytes, account: str) -> str:
        """ValueError if it wasn't sealed with this key for this account."""
        try:
            return self._aead.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], account.encode()).decode()
        except InvalidTag as error:
            raise ValueError("the second factor was sealed with another key") from error


def new_secret() -> str:
    """160 random bits in base 32."""
    return pyotp.random_base32()


def uri(secret: str, login: str, issuer: str) -> str:
    """What a telephone reads from the picture: otpauth://..."""
    return pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=issuer)


def step_of(secret: str, code: str, now_ns: int, *, after: int) -> int | None:
    """The time step that a code is of, if it is one of now and later than the step `after`; else None."""
    digits = "".join(unicodedata.normalize("NFKC", code).split())
    if len(digits) != 6 or not digits.isascii() or not digits.isdigit():
        return None
    totp = pyotp.TOTP(secret, interval=STEP_S)
    now = now_ns // 10**9 // STEP_S
    found = None
    for step in range(now - DRIFT_STEPS, now + DRIFT_STEPS + 1):
        # All are compared: how long it takes says nothing.
        if hmac.compare_digest(totp.generate_otp(step), digits) and step > after:
            found = step
    return found


def new_recovery_codes() -> list[str]:
    """Codes of 80 random bits, in groups that people can copy from paper."""
    codes = []
    for _ in range(RECOVERY_CODES):
        text = secrets.token_hex(10)
        codes.append("-".join(text[at : at + 5] for at in range(0, 20, 5)))
    return codes


def recovery_digest(code: str) -> bytes:
    """What is kept of a recovery code: 80 random bits need no slow hash."""
    plain = "".join(one for one in unicodedata.normalize("NFKC", code).casefold() if one.isalnum())
    return hashlib.sha256(b"recovery code:" + plain.encode()).digest()
