"""What a recorder must be told of this exchange, in the form of its settings file.

The keys stand in this one place, so that a change of their names or forms is made here only.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from tests.pbx import exchange


def lines() -> Mapping[str, object]:
    """The `[lines]` table: hosts of the carrier and of the PBX, and patterns of numbers (`?` is one digit, `*` any)."""
    return {
        "trunks": [host.strip("[]") for pair in exchange.CARRIER.values() for host in pair],
        "exchange": [host.strip("[]") for host in exchange.PBX_LAN + exchange.PBX_TRUNK],
        "own_numbers": ["026840????"],
        "extensions": ["11??", "19??"],
        "never_record": [*exchange.CONSULTATION_LINES, exchange.CONSULTATION],
        "outside_prefix": exchange.PREFIX,
    }


def toml(*keys: str) -> str:
    """The settings file; only some keys of the table if they are named."""
    rows = [f"{key} = {json.dumps(value)}" for key, value in lines().items() if not keys or key in keys]
    return "\n".join(["[lines]", *rows, ""])
