"""Times as people write them on a command line."""

from __future__ import annotations

from datetime import datetime, timedelta

from recorder.problems import Unusable
from storage.layout import JAPAN

_EPOCH = datetime(1970, 1, 1, 9, tzinfo=JAPAN)


def parse_time(text: str) -> int:
    """Nanoseconds since 1970, UTC, of a time such as 2026-11-22T09:15:02+09:00, 2026-11-22 09:15 or 2026-11-22.

    Without an offset it is Japan time; a day alone is its first instant. Raises `Unusable` on anything else.
    """
    try:
        given = datetime.fromisoformat(text.strip().replace("/", "-"))
        if given.tzinfo is None:
            given = given.replace(tzinfo=JAPAN)
        since = given - _EPOCH
    except (ValueError, OverflowError) as problem:
        raise Unusable(f"{ascii(text)} is no time.", hint="Write it as 2026-11-22 or 2026-11-22T09:15:02.") from problem
    time_ns = since // timedelta(microseconds=1) * 1000
    if not -(2**63) <= time_ns < 2**63:
        raise Unusable(f"{ascii(text)} is too far away.")
    return time_ns
