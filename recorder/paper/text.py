"""What of a text can be printed."""

from __future__ import annotations

import unicodedata


def printable(text: str) -> str:
    """The text without control characters, which would move or hide what stands beside them; a line break stays."""
    return "".join(
        one if one == "\n" or unicodedata.category(one) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") else "□"
        for one in text
    )
