"""The office's lines: which way is outside, whose extension is whose, and what is never recorded.

A leg's *role* says between whom it is: the outside (a trunk's far end), the exchange, a telephone. It is read from
the addresses that the settings name; where they name none, from the numbers. What has been seen of the exchange is
remembered: the node at the near end of a trunk is one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from enum import Enum
from ipaddress import IPv4Network, IPv6Network, ip_address

from capture.dialogs.call import Call
from capture.packets import AddressBook
from capture.sip.address import parse_uri
from recorder import numbers, settings
from storage.layout import JAPAN

ADDRESSES_REMEMBERED = 65536


class Role(Enum):
    """Between whom a leg is, in the direction of its first INVITE."""

    FROM_OUTSIDE = "from outside"
    TO_OUTSIDE = "to outside"
    FROM_TELEPHONE = "from a telephone"
    TO_TELEPHONE = "to a telephone"
    UNKNOWN = "unknown"

    @property
    def is_outside(self) -> bool:
        """Whether one end is outside the house."""
        return self in (Role.FROM_OUTSIDE, Role.TO_OUTSIDE)

    @property
    def is_of_exchange(self) -> bool:
        """Whether the exchange sent the INVITE: then there was, as a rule, one that made it do so."""
        return self in (Role.TO_OUTSIDE, Role.TO_TELEPHONE)


class Patterns:
    """Numbers as the settings write them: X is any digit, a dot at the end any further ones."""

    def __init__(self, patterns: Iterable[str]) -> None:
        self._rules = [(pattern, re.compile(_expression(pattern))) for pattern in patterns]

    def __bool__(self) -> bool:
        return bool(self._rules)

    def match(self, number: str | None) -> str | None:
        """The first pattern that the number fits, None if it fits none."""
        if not number or len(number) > 64:
            return None
        return next((pattern for pattern, rule in self._rules if rule.fullmatch(number)), None)

    def any(self, numbers: Iterable[str]) -> str | None:
        """The pattern that one of the numbers fits."""
        return next((found for found in map(self.match, sorted(numbers)) if found), None)


class Lines:
    """What the settings say of lines, asked by address and number."""

    def __init__(self, of: settings.Settings, book: AddressBook) -> None:
        self.settings = of.lines
        self._book = book
        self._outside: dict[int, bool] = {}
        self._inside: dict[int, bool] = {}
        self._exchanges: set[int] = set()  # nodes that behaved as one
        self.own = Patterns(of.lines.own_numbers)
        self.extensions = Patterns(of.lines.extensions)
        self._prefixes = of.numbers.outside_prefixes
        self.numbers = of.numbers
        self.notice = of.notice
        self.never = Patterns(of.lines.never_record)
        self.sections = [(section, Patterns(section.extensions)) for section in of.sections]
        # Who answers decides whether an inbound call is recorded:
        self.answer_matters = bool(self.never) or any(section.record != "always" for section in of.sections)
        self.has_demands = any(section.record == "on_demand" for section in of.sections)
        self.are_named = any(
            (of.lines.trunks, of.lines.exchange, of.lines.own_numbers, of.lines.extensions, of.lines.never_record,
             of.sections)
        )  # fmt: skip

    def remember(self, before: Lines) -> None:
        """What was seen of the exchange while other settings held is still so."""
        self._exchanges |= before._exchanges

    def role(self, nodes: tuple[int, int], callers: Iterable[str], called: Iterable[str]) -> Role:
        """The role of a leg, from the nodes of its first INVITE and the numbers in it."""
        if not self.are_named:
            return Role.UNKNOWN
        sender, receiver = nodes
        if self._is_outside(sender):
            self._learn(receiver)
            return Role.FROM_OUTSIDE
        if self._is_outside(receiver):
            self._learn(sender)
            return Role.TO_OUTSIDE
        callers, called = list(callers), list(called)
        from_extension, to_extension = self.extensions.any(callers), self.extensions.any(called)
        if self.is_exchange(sender):
            return Role.TO_TELEPHONE if to_extension or not self.is_outside_number(called) else Role.TO_OUTSIDE
        if self.is_exchange(receiver):
            inbound = self.own.any(called) and not from_extension and not to_extension
            return Role.FROM_OUTSIDE if inbound else Role.FROM_TELEPHONE
        if not from_extension and not to_extension and self.own.any(called):
            self._learn(receiver)
            return Role.FROM_OUTSIDE
        if from_extension:
            self._learn(receiver)
            return Role.FROM_TELEPHONE
        return Role.TO_TELEPHONE if to_extension else Role.UNKNOWN

    def is_exchange(self, node: int) -> bool:
        """Whether the node is the exchange, as the settings say or as it has been seen to be."""
        return node in self._exchanges or self._among(node, self.settings.exchange, self._inside)

    def never_recorded(self, numbers: Iterable[str]) -> str | None:
        """The rule by which one of these numbers is never recorded, None if there is none."""
        found = self.never.any(numbers)
        return f"lines.never_record {found}" if found else None

    def never_recorded_by(self, extension: str | None) -> str | None:
        """The same of one extension, or of nobody."""
        return None if extension is None else self.never_recorded((extension,))

    def dialled(self, number: str) -> str:
        """What a telephone dialled, without the digits that get it a line to the outside."""
        return numbers.dialled(number, self._prefixes)

    def is_outside_number(self, called: Iterable[str]) -> bool:
        """Whether somebody outside is called, by one of these numbers."""
        return any(
            not self.extensions.match(number) and (len(self.dialled(number)) >= 9 or self.dialled(number) != number)
            for number in called
        )

    def reached(self, call: Call) -> str | None:
        """The extension that took a call, or was called last, where proxies pass on one dialog. None where none did, or
        where the exchange itself took it."""
        end = call.reached
        if end is None or self.is_exchange(end.node):
            return None
        users = (numbers.number_of(parse_uri(uri)) for uri in end.uris)
        return next((number for number in users if self.extensions.match(number)), None)

    def section(self, extension: str | None, at_ns: int) -> settings.Section | None:
        """The section that has the extension on that day."""
        if not self.sections or extension is None:
            return None
        day = datetime.fromtimestamp(at_ns // 1_000_000_000, JAPAN).date()
        for section, patterns in self.sections:
            if patterns.match(extension) and (section.since or date.min) <= day <= (section.until or date.max):
                return section
        return None

    def _is_outside(self, node: int) -> bool:
        return self._among(node, self.settings.trunks, self._outside)

    def _learn(self, node: int) -> None:
        if len(self._exchanges) < 64:
            self._exchanges.add(node)

    def _among(
        self, node: int, networks: Sequence[IPv4Network | IPv6Network], known: dict[int, bool]
    ) -> bool:
        answer = known.get(node)
        if answer is None:
            text = self._book.text(node << 16).rpartition(":")[0].strip("[]")
            address = ip_address(text) if text != "unknown" else None
            answer = address is not None and any(address in network for network in networks)
            if len(known) < ADDRESSES_REMEMBERED:
                known[node] = answer
        return answer


def _expression(pattern: str) -> str:
    body, further = (pattern[:-1], "[0-9*#]*") if pattern.endswith(".") else (pattern, "")
    return re.escape(body).replace("X", "[0-9]").replace("x", "[0-9]") + further
