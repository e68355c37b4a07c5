"""What is kept of a number that the network carried although its caller withheld it.

The office says which (`numbers.withheld`):

    drop     nothing
    digest   a keyed digest: calls of one caller can be told to be that, nobody reads who it is
    seal     the number, encrypted to those who hold a key (age, https://age-encryption.org)

A digest without its salt says nothing. With the salt, all ten thousand million numbers are tried in an afternoon: who
may read the salt may as well read the numbers, so it belongs where the catalogue's own account alone can read it. A
seal can be opened by no one on this machine, not even to group calls; it has no digest beside it for that reason.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field

from recorder.numbers.age_key import UnusableKey, recipient
from recorder.settings import Numbers

SALT_BYTES = 16  # at least; random, made once for a store
DIGEST_DIGITS = 16  # hexadecimal: two of a million callers share one with a probability of 1 to 37 million
_PADDED = 32  # bytes, so that the length of a seal doesn't tell a mobile from an extension


@dataclass(frozen=True, slots=True)
class Hidden:
    """What is kept; both None if nothing is."""

    digest: str | None = None  # DIGEST_DIGITS hexadecimal digits
    sealed: bytes | None = field(default=None, repr=False)  # an age file


def hide(number: str | None, numbers: Numbers, *, salt: bytes) -> Hidden:
    """What is kept of `Caller.hidden`, by the office's policy. Raises `UnusableKey` if a recipient is none."""
    if number is None or numbers.withheld == "drop":
        return Hidden()
    if numbers.withheld == "seal":
        return Hidden(sealed=sealed(number, numbers.recipients))
    return Hidden(digest=digest(number, salt))


def digest(number: str, salt: bytes) -> str:
    """The same for the same number and salt; needs a salt of at least SALT_BYTES."""
    if len(salt) < SALT_BYTES:
        raise ValueError(f"a salt has at least {SALT_BYTES} bytes")
    return hmac.digest(salt, _encoded(number), hashlib.sha256).hex()[:DIGEST_DIGITS]


def sealed(number: str, recipients: Sequence[str]) -> bytes:
    """A number that each of the recipients (age public keys) can read, and nobody else. Never twice the same."""
    import pyrage

    if not recipients:
        raise UnusableKey("There is nobody to seal a number for.", hint="Set numbers.recipients.")
    seal: bytes = pyrage.encrypt(_encoded(number).ljust(_PADDED), [recipient(text) for text in recipients])
    return seal


def unsealed(data: bytes, secret: str) -> str:
    """The number in a seal, for who holds a secret key to it. Raises `UnusableKey` if this one opens nothing."""
    import pyrage
    from pyrage import x25519

    try:
        number: bytes = pyrage.decrypt(data, [x25519.Identity.from_str(secret)])
    except (pyrage.IdentityError, pyrage.DecryptError, UnicodeError):
        raise UnusableKey("This is no secret age key, or none that opens this seal.") from None
    return number.rstrip(b" ").decode("utf-8", "surrogatepass")


def _encoded(number: str) -> bytes:
    return number.encode("utf-8", "surrogatepass")
