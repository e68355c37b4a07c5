"""The city hall on the wire: its PBX, telephones, carrier, numbers, and which of them are busy until when.

The PBX has one address on the telephones' network and one towards the carrier, as Asterisk behind two interfaces has.
All addresses are for documentation or private; all numbers are made up.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from tests.pbx import audio

PBX_LAN: Final = ("10.20.0.5", "[2001:db8:20::5]")
PBX_TRUNK: Final = ("198.51.100.10", "[2001:db8:64::10]")
CARRIER: Final = {audio.MU: ("198.51.100.2", "[2001:db8:64::2]"), audio.A: ("198.51.100.4", "[2001:db8:64::4]")}
REALM: Final = "ims.example.jp"

MAIN: Final = "0268402000"  # the main number, with announcement
SECTION: Final = "0268402001"  # a section's number
GROUP: Final = "0268402010"
CONSULTATION: Final = "0268402090"
UNKNOWN: Final = "0268402999"
PREFIX: Final = "0"

EXTENSIONS: Final = tuple(str(1101 + n) for n in range(40))
CONSULTATION_LINES: Final = ("1900", "1901")
PARKING: Final = "700"


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """What differs from one PBX and carrier to another."""

    trunk_transport: str = "UDP"
    phone_transport: str = "UDP"
    ipv6: str = ""  # "trunk" or "phones": the legs that use it
    trunk_law: int = audio.MU
    phone_law: int = audio.MU
    challenges_phones: bool = True  # 401 to each INVITE of a telephone
    challenges_pbx: bool = False  # 407 to each INVITE to the carrier
    # What an extension's INVITE tells of an outside caller: "from" (in From), "pai" (own number in From, the caller in
    # P-Asserted-Identity), "own" (only the own number), "anonymous" (nothing)
    shows: str = "from"
    # What links the legs: "", "session-id" (RFC 7989), "icid" (P-Charging-Vector), "diversion", "history-info",
    # "x-header" (an identifier of the PBX), "x-call-id" (a header with the other leg's Call-ID)
    link: str = ""
    tells_trunk: bool = True  # UPDATE with the extension in P-Asserted-Identity on the trunk leg
    plus81: bool = False  # the carrier writes numbers as +81...
    carries_stamps: bool = True
    new_ssrc: bool = True
    moh_shared: bool = False  # everybody on hold hears the same bytes at the same time
    rtcp: bool = True
    loss: float = 0.0
    murmur: int = 12  # noise behind voices; 0: pauses are digital silence


class Busy(Exception):
    """No telephone or port is free at that time."""


class Pool:
    """Things of which each is used by one conversation at a time, such as ports."""

    def __init__(self, things: Sequence[str]) -> None:
        self._free_at: dict[str, int] = dict.fromkeys(things, 0)

    def take(self, at: int, rng: random.Random | None = None, *, name: str | None = None) -> str:
        """The first that is free at a time, or any with `rng`, or the one named; it stays taken until `give_back`."""
        free = [thing for thing, since in self._free_at.items() if since <= at and name in (None, thing)]
        if not free:
            raise Busy(f"{name or 'everything'} is busy")
        thing = free[0] if rng is None else rng.choice(free)
        self._free_at[thing] = 1 << 62
        return thing

    def give_back(self, thing: str, at: int) -> None:
        """Free again from a time on."""
        self._free_at[thing] = at

    def copy(self) -> Pool:
        """Another one in the same state."""
        other = Pool(())
        other._free_at = self._free_at.copy()
        return other


class Exchange:
    """What conversations on one mirror port share. Fewer `pbx_ports` (a host) are used again sooner."""

    def __init__(self, *, pbx_ports: int = 400) -> None:
        self._pbx_ports = pbx_ports
        self._pools: dict[str, Pool] = {
            "extensions": Pool(EXTENSIONS),
            "consultation": Pool(CONSULTATION_LINES),
            "slots": Pool([str(701 + n) for n in range(20)]),
        }

    def state(self) -> dict[str, Pool]:
        """Who is busy, for `restore`."""
        return {name: pool.copy() for name, pool in self._pools.items()}

    def restore(self, state: dict[str, Pool]) -> None:
        """Back to a state that was kept."""
        self._pools = state

    def pool(self, name: str) -> Pool:
        """Telephones and parking slots by name, RTP and TCP ports by "rtp ADDRESS" and "tcp ADDRESS"."""
        if name not in self._pools:
            kind, _, host = name.partition(" ")
            if kind == "tcp":
                ports = range(40000, 42000)
            elif host in PBX_LAN + PBX_TRUNK:
                ports = range(20000, 20000 + 2 * self._pbx_ports, 2)
            elif host in sum(CARRIER.values(), ()):
                ports = range(30000, 30400, 2)
            else:
                ports = range(16384, 16400, 2)
            self._pools[name] = Pool([str(port) for port in ports])
        return self._pools[name]


@dataclass(frozen=True, slots=True)
class Party:
    """One end of dialogs: the PBX's face, a telephone, the carrier's gateway."""

    name: str  # "pbx", "carrier", or an extension
    host: str  # as in SIP: IPv6 in brackets
    agent: str

    @property
    def sip(self) -> str:
        return f"{self.host}:5060"


def telephone_host(extension: str, *, v6: bool) -> str:
    """Where a telephone is."""
    number = int(extension) - 1000 if int(extension) < 1900 else int(extension) - 1700
    return f"[2001:db8:20::1:{number}]" if v6 else f"10.20.1.{number}"
