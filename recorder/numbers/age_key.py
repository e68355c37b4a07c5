"""An age public key (https://age-encryption.org), as a person writes it into the settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recorder.problems import Unusable

if TYPE_CHECKING:
    from pyrage.x25519 import Recipient


class UnusableKey(Unusable):
    """No age key. The text is left out: it may be the secret half, pasted by mistake."""


def recipient(text: str) -> Recipient:
    """The age public key in a text. Raises `UnusableKey`."""
    import pyrage
    from pyrage import x25519

    try:
        return x25519.Recipient.from_str(text)
    except (pyrage.RecipientError, UnicodeError):
        raise UnusableKey("This is no age public key; one begins with age1 and has 62 characters.") from None
