"""Which way is outside, whose extension is whose, and what is never recorded."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from capture.packets import AddressBook
from recorder.lines import Lines, Patterns, Role
from recorder.settings import Settings, check

JAPAN = timezone(timedelta(hours=9))
CARRIER, EXCHANGE, INSIDE, PHONE, OTHER = "192.0.2.1", "192.0.2.9", "10.0.0.9", "10.0.0.21", "10.0.0.22"


def lines(text: str = "") -> tuple[Lines, AddressBook]:
    settings, faults = check(text.encode())
    assert settings is not None, faults
    book = AddressBook()
    return Lines(settings, book), book


def role(of: tuple[Lines, AddressBook], sender: str, receiver: str, caller: str, called: str) -> Role:
    named, book = of
    nodes = tuple(book.endpoint(address, 0) >> 16 for address in (sender, receiver))
    return named.role((nodes[0], nodes[1]), [caller], [called])


BY_ADDRESS = f'[lines]\ntrunks = ["{CARRIER}"]\nexchange = ["{EXCHANGE}", "{INSIDE}"]\nextensions = ["21XX"]\n'
BY_NUMBER = '[lines]\nown_numbers = ["0236411212"]\nextensions = ["21XX"]\n'


@pytest.mark.parametrize(
    ("sender", "receiver", "caller", "called", "wanted"),
    [
        (CARRIER, EXCHANGE, "0312345678", "0236411212", Role.FROM_OUTSIDE),
        (EXCHANGE, CARRIER, "0236411212", "0312345678", Role.TO_OUTSIDE),
        (INSIDE, PHONE, "0312345678", "2101", Role.TO_TELEPHONE),
        (PHONE, INSIDE, "2101", "00312345678", Role.FROM_TELEPHONE),
        (PHONE, INSIDE, "2101", "2102", Role.FROM_TELEPHONE),
        (INSIDE, OTHER, "2101", "2102", Role.TO_TELEPHONE),
    ],
)
def test_addresses_tell_between_whom_a_leg_is(
    sender: str, receiver: str, caller: str, called: str, wanted: Role
) -> None:
    assert role(lines(BY_ADDRESS), sender, receiver, caller, called) is wanted


@pytest.mark.parametrize(
    ("sender", "receiver", "caller", "called", "wanted"),
    [
        (CARRIER, EXCHANGE, "0312345678", "0236411212", Role.FROM_OUTSIDE),
        (PHONE, EXCHANGE, "2101", "0312345678", Role.FROM_TELEPHONE),
        (EXCHANGE, PHONE, "0312345678", "2101", Role.TO_TELEPHONE),
        (OTHER, PHONE, "0312345678", "0398765432", Role.UNKNOWN),
    ],
)
def test_numbers_tell_where_no_address_does(sender: str, receiver: str, caller: str, called: str, wanted: Role) -> None:
    assert role(lines(BY_NUMBER), sender, receiver, caller, called) is wanted


def test_who_stands_opposite_a_trunk_is_the_exchange() -> None:
    """Seen once, its other calls are told by it, whatever the numbers in them."""
    named = lines(f'[lines]\ntrunks = ["{CARRIER}"]\n')

    assert role(named, EXCHANGE, PHONE, "x", "y") is Role.UNKNOWN
    role(named, CARRIER, EXCHANGE, "0312345678", "0236411212")

    assert role(named, EXCHANGE, PHONE, "x", "y") is Role.TO_TELEPHONE
    assert role(named, PHONE, EXCHANGE, "y", "x") is Role.FROM_TELEPHONE


def test_without_lines_nothing_is_told() -> None:
    assert role(lines(), CARRIER, EXCHANGE, "0312345678", "2101") is Role.UNKNOWN


@pytest.mark.parametrize(
    ("patterns", "number", "found"),
    [
        (["21XX"], "2101", "21XX"),
        (["21XX"], "21012", None),
        (["21XX"], "21a1", None),
        (["0236411290"], "0236411290", "0236411290"),
        (["*8."], "*82101", "*8."),
        (["*8."], "*8", "*8."),
        (["0120."], "0120444444", "0120."),
        (["2.", "2101"], "2101", "2."),
        ([], "2101", None),
        (["21XX"], None, None),
        (["21XX"], "２１０１", None),
        (["X."], "1" * 10_000, None),
    ],
)
def test_patterns(patterns: Sequence[str], number: Any, found: str | None) -> None:
    assert Patterns(patterns).match(number) == found


def test_the_rule_that_forbids_is_named() -> None:
    named, _ = lines('[lines]\nnever_record = ["0236411290", "29XX"]\n')

    assert named.never_recorded(["0312345678", "2901"]) == "lines.never_record 29XX"
    assert named.never_recorded(["2101"]) is None


@pytest.mark.parametrize(
    ("day", "section"),
    [("2026-03-31", "税務課"), ("2026-04-01", "住民課"), ("2027-03-31", "住民課"), ("2027-04-01", None)],
)
def test_a_section_has_its_extensions_on_the_days_it_has_them(day: str, section: str | None) -> None:
    """The days are Japan's: the last hours of a day abroad are the next one's here."""
    named, _ = lines(
        '[[sections]]\nname = "税務課"\nextensions = ["2101"]\nuntil = 2026-03-31\n'
        '[[sections]]\nname = "住民課"\nextensions = ["21XX"]\nsince = 2026-04-01\nuntil = 2027-03-31\n'
    )
    for hour in (0, 23):
        at = datetime.fromisoformat(f"{day}T{hour:02}:30:00").replace(tzinfo=JAPAN)
        found = named.section("2101", int(at.timestamp()) * 1_000_000_000)
        assert (found.name if found else None) == section


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('[lines]\nextensions = ["21--"]\n', "must be a number, with X for any digit"),
        ('[lines]\nrecord = ["sideways"]\n', 'must be "inbound"'),
        ('[[sections]]\nextensions = ["2101"]\n', ""),
        ('[[sections]]\nname = "x"\nextensions = ["2101"]\nsince = "tomorrow"\n', "must be a date such as 2026-04-01"),
        ('[[sections]]\nname = "x"\nextensions = ["2101"]\nrecord = "perhaps"\n', "on_demand"),
    ],
)
def test_a_wrong_line_or_section_meets_a_sentence(text: str, fault: str) -> None:
    settings, faults = check(text.encode())

    assert settings is None
    assert fault in str(faults[0])


def test_the_settings_of_nobody_record_inbound_and_outbound() -> None:
    assert Settings().lines.record == ("inbound", "outbound")
