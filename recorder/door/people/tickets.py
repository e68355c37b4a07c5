"""Between the password and the code: who has given the one and not yet the other."""

from __future__ import annotations

import secrets

TICKET_NS = 2 * 60 * 10**9
_TICKETS = 1000  # the oldest go first


class Tickets:
    """Who has given his password and not yet his code."""

    def __init__(self) -> None:
        self._of: dict[str, tuple[str, str, int, str]] = {}

    def give(self, account: str, source: str, now_ns: int, how: str) -> str:
        """A ticket; `how` is what he has proved himself by so far."""
        ticket = secrets.token_urlsafe(32)
        self._of = {
            one: given for one, given in list(self._of.items())[-_TICKETS:] if now_ns - given[2] <= TICKET_NS
        }
        self._of[ticket] = account, source, now_ns, how
        return ticket

    def holder(self, ticket: str, source: str, now_ns: int) -> str | None:
        """The account of a ticket that is good here and now."""
        account, of, given_ns, _ = self._of.get(ticket, ("", "", -TICKET_NS, ""))
        return account if of == source and 0 <= now_ns - given_ns <= TICKET_NS else None

    def how(self, ticket: str) -> str:
        """What its holder has proved himself by; "" of none."""
        return self._of[ticket][3] if ticket in self._of else ""

    def drop(self, ticket: str) -> None:
        self._of.pop(ticket, None)
