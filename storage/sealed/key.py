"""The key of one recording: made here, wrapped for those who may open it, and wiped when the call is over.

It lies in one place of memory, which `wipe` overwrites. A copy that wrapping needs is overwritten at once. What the
libraries hold of it is theirs to clean: tests/storage/sealed/test_memory.py looks through the memory of the process.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from storage.errors import SealedError
from storage.sealed.form import KEY_BYTES

if TYPE_CHECKING:
    from pyrage.x25519 import Identity, Recipient

_BYTES_OFFSET = bytes.__basicsize__ - 1  # where the content of a bytes object begins


class Key:
    """256 random bits."""

    def __init__(self) -> None:
        self._bytes = bytearray(KEY_BYTES)
        with open("/dev/urandom", "rb", buffering=0) as source:  # os.urandom would leave a copy that nobody can wipe
            if source.readinto(self._bytes) != KEY_BYTES:
                raise OSError("the system gave no random bytes")
        self.cipher = AESGCM(self._bytes)

    def wrapped(self, recipients: Sequence[Recipient]) -> bytes:
        """The key as an age file that each of the recipients can open."""
        import pyrage

        copy = bytes(self._bytes)
        try:
            return bytes(pyrage.encrypt(copy, list(recipients)))
        finally:
            ctypes.memset(id(copy) + _BYTES_OFFSET, 0, len(copy))

    def wipe(self) -> None:
        """Overwrites it. Nothing can be sealed with it any more."""
        self._bytes[:] = bytes(KEY_BYTES)
        del self.cipher


def unwrapped(wrapped: bytes, identities: Sequence[Identity]) -> AESGCM:
    """The cipher of a recording, for who holds one of the keys that its own was wrapped for. SealedError else."""
    return AESGCM(_opened(wrapped, identities))


def rewrapped(wrapped: bytes, identities: Sequence[Identity], recipients: Sequence[Recipient]) -> bytes:
    """The same key wrapped for others. SealedError if none of the identities opens it."""
    import pyrage

    return bytes(pyrage.encrypt(_opened(wrapped, identities), list(recipients)))


def _opened(wrapped: bytes, identities: Sequence[Identity]) -> bytes:
    import pyrage

    try:
        key = bytes(pyrage.decrypt(wrapped, list(identities)))
    except pyrage.DecryptError:
        raise SealedError("None of the keys given opens this recording.") from None
    if len(key) != KEY_BYTES:
        raise SealedError("What is wrapped is no key of a recording.")
    return key


def recipient(text: str) -> Recipient:
    """The age public key in a text. ValueError if it is none."""
    import pyrage
    from pyrage import x25519

    try:
        return x25519.Recipient.from_str(text)
    except (pyrage.RecipientError, UnicodeError):
        raise ValueError("no age public key") from None


def identity(text: str) -> Identity:
    """The age secret key in a text. ValueError if it is none."""
    import pyrage
    from pyrage import x25519

    try:
        return x25519.Identity.from_str(text)
    except (pyrage.IdentityError, UnicodeError):
        raise ValueError("no age secret key") from None
