"""How often somebody may guess a password.

Counted are failures: of one login from one machine, of one machine, and of one login from machines that it was never
used from. So whoever guesses is slowed down wherever he sits, and the person himself, at his own desk, isn't shut out.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

MINUTE_NS = 60 * 10**9
A_MINUTE = 5  # of one login from one machine
A_SOURCE = 20  # of one machine
ELSEWHERE = 30  # of one login from all machines that it doesn't know
LONGEST_NS = 15 * MINUTE_NS  # the longest that anybody waits
REMEMBERED = 20_000  # keys; beyond, the oldest are forgotten


@dataclass(slots=True)
class _Failures:
    count: float  # falls by `limit` a minute
    at_ns: int
    in_a_row: int  # waits, since it was last quiet for as long as the longest
    until_ns: int  # nobody may try before


class Attempts:
    """Failures of late. `now_ns` never goes back."""

    def __init__(self) -> None:
        self._failures: OrderedDict[tuple[str, ...], _Failures] = OrderedDict()

    def wait_ns(self, login: str, source: str, now_ns: int, *, knows_source: bool) -> int:
        """How long this login has to wait on this machine before it is tried; 0: not at all."""
        waits = [0]
        for key, _ in _keys(login, source, knows_source):
            found = self._failures.get(key)
            waits.append(found.until_ns - now_ns if found else 0)
        return max(waits)

    def failed(self, login: str, source: str, now_ns: int, *, knows_source: bool) -> None:
        """It was tried, and wrong."""
        for key, limit in _keys(login, source, knows_source):
            found = self._failures.pop(key, None) or _Failures(0.0, now_ns, 0, 0)
            # Time in which nobody may try forgives nothing: else the waits would never grow.
            quiet_ns = max(0, now_ns - max(found.at_ns, found.until_ns))
            found.count = max(0.0, found.count - quiet_ns / MINUTE_NS * limit) + 1
            if quiet_ns > LONGEST_NS:
                found.in_a_row = 0
            found.at_ns = now_ns
            if found.count >= limit:
                found.in_a_row += 1
                found.until_ns = now_ns + min(MINUTE_NS // 4 << min(found.in_a_row, 8), LONGEST_NS)
            self._failures[key] = found
        while len(self._failures) > REMEMBERED:
            self._failures.popitem(last=False)

    def succeeded(self, login: str, source: str) -> None:
        """It was tried, and right: what this login got wrong here is forgotten, what the machine did isn't."""
        self._failures.pop(("login", login, source), None)


def _keys(login: str, source: str, knows_source: bool) -> list[tuple[tuple[str, ...], int]]:
    keys = [(("login", login, source), A_MINUTE), (("source", source), A_SOURCE)]
    return keys if knows_source else [*keys, (("elsewhere", login), ELSEWHERE)]
