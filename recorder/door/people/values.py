"""A person, his appointments, and that he is logged in. Times are nanoseconds since 1970, UTC; days are Japan's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from recorder.door.rights import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Appointment:
    """That somebody was given a role (任命)."""

    number: int
    role: Role
    section: str  # the section that it is for; "" for the whole office
    since_ns: int
    until_ns: int | None  # None: until he is dismissed, or his account ends
    by: str  # the login of who appointed him; "console" for the first manager


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """An account, and what it was appointed to by now."""

    id: str  # of the account; never used again
    login: str
    name: str  # 氏名
    post: str  # 職, as in 管財課 主査
    ends_on: date | None  # the last day on which he may log in; None only for the first manager
    is_closed: bool
    has_second_factor: bool
    must_change_password: bool
    appointments: tuple[Appointment, ...]  # those in force

    @property
    def roles(self) -> frozenset[Role]:
        return frozenset(one.role for one in self.appointments)

    def sections(self, roles: frozenset[Role]) -> frozenset[str] | None:
        """The sections that these roles of his are for; None: the whole office."""
        found = {one.section for one in self.appointments if one.role in roles}
        return None if "" in found else frozenset(found)


@dataclass(frozen=True, slots=True)
class Session:
    """That somebody is logged in."""

    number: int
    person: str  # id of his account
    begun_ns: int
    seen_ns: int
    proved_ns: int  # when he last gave his second factor
    source: str  # the address of his machine
