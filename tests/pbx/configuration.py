"""What a recorder must be told of this exchange, in the form of its settings file.

The keys stand in this one place, so that a change of their names or forms is made here only.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from tests.pbx import exchange


def lines() -> Mapping[str, object]:
    """The `[lines]` table: hosts of the carrier and of the PBX, and patterns of numbers (X is one digit)."""
    return {
        "trunks": [host.strip("[]") for pair in exchange.CARRIER.values() for host in pair],
        "exchange": [host.strip("[]") for host in exchange.PBX_LAN + exchange.PBX_TRUNK],
        "own_numbers": ["026840XXXX"],
        "extensions": ["11XX", "19XX"],
        "never_record": [*exchange.CONSULTATION_LINES, exchange.CONSULTATION],
        "telephones_seen": True,
        "joining_headers": ["X-Linked-ID", "X-Original-Call-ID"],
        "record": ["inbound", "outbound", "internal"],
    }


def toml(*keys: str) -> str:
    """The settings file; only some keys of the table if they are named."""
    rows = [f"{key} = {json.dumps(value)}" for key, value in lines().items() if not keys or key in keys]
    numbers = [] if keys else ["[numbers]", f'outside_prefixes = ["{exchange.PREFIX}"]']
    return "\n".join(["[lines]", *rows, *numbers, ""])
