"""A checkpoint as a short code for paper: eight groups of four digits, of which the last is a check digit.

Whoever has an old report in hand can prove with it that the register went through exactly that state:
`recorder verify --code CODE`. 24 digits are of the SHA-256 of origin, number of entries and root: 80 bits.
"""

from __future__ import annotations

import hashlib
import re

from storage.register.checkpoint import Checkpoint

GROUPS = 8
_WEIGHTS = (3, 7, 9)  # each has an inverse modulo 10: any one wrong digit is noticed
_DOMAIN = b"recorder code/v1\n"


class WrongCode(ValueError):
    """It can't be a code: a digit is missing or wrong. The sentence says which group."""


def code_of(checkpoint: Checkpoint) -> str:
    """As it is printed: 1234-5678-..."""
    head = Checkpoint(checkpoint.origin, checkpoint.size, checkpoint.root).text.encode()
    value = int.from_bytes(hashlib.sha256(_DOMAIN + head).digest(), "big") % 1000**GROUPS
    digits = f"{value:0{3 * GROUPS}d}"
    return "-".join(_group(digits[start : start + 3]) for start in range(0, len(digits), 3))


def normal(text: str) -> str:
    """A code as somebody typed it, as `code_of` writes it. WrongCode if it can't be one."""
    digits = re.sub(r"[\s\-ー－‐]", "", text).translate(str.maketrans("０１２３４５６７８９", "0123456789"))
    if not re.fullmatch(rf"[0-9]{{{4 * GROUPS}}}", digits):
        raise WrongCode(f"A code has {GROUPS} groups of 4 digits.")
    groups = [digits[start : start + 4] for start in range(0, len(digits), 4)]
    for number, group in enumerate(groups, 1):
        if _group(group[:3]) != group:
            raise WrongCode(f"Group {number} of the code ({group}) has a wrong digit.")
    return "-".join(groups)


def _group(three: str) -> str:
    check = sum(int(digit) * weight for digit, weight in zip(three, _WEIGHTS, strict=True)) % 10
    return f"{three}{check}"
