"""The desk: where browsers reach it, how long people stay logged in, and what plays sealed recordings."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Annotated

from recorder.settings.bounds import STRICT, Refused, Within


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The desk (操作卓) and its door. Who records reads `changes` of it, and nothing else."""

    __pydantic_config__ = STRICT

    listen: str = "127.0.0.1:8443"
    certificate: str = ""
    key: str = ""
    idle_minutes: Annotated[int, Within(ge=1, le=60)] = 15
    longest_hours: Annotated[int, Within(ge=1, le=12)] = 8
    sitting_minutes: Annotated[int, Within(ge=1, le=240)] = 30
    identity: str = ""
    forms: Annotated[str, Within(pattern=r"^(/.*)?$")] = ""
    changes: Annotated[str, Within(pattern=r"^(/.*)?$")] = ""

    def __post_init__(self) -> None:
        try:
            address, _ = parse_listen(self.listen)
        except ValueError as problem:
            raise Refused(str(problem), key=("listen",)) from problem
        if bool(self.certificate) != bool(self.key):
            missing = "key" if self.certificate else "certificate"
            raise Refused("certificate and key belong together; one of them is missing", key=(missing,))
        if not self.certificate and not address.is_loopback:
            raise Refused(
                f"without certificate and key nobody else's machine is answered, and {address} isn't this one",
                key=("listen",),
            )


def parse_listen(text: str) -> tuple[IPv4Address | IPv6Address, int]:
    """Address and port of "192.0.2.30:443" or "[2001:db8::1]:443". ValueError with a sentence, else."""
    host, _, port = text.rpartition(":")
    try:
        address = ip_address(host.removeprefix("[").removesuffix("]"))
        number = int(port) if port.isascii() and port.isdigit() else 0
    except ValueError:
        number = 0
    if not 1 <= number <= 65_535 or (address.version == 6) != host.startswith("["):
        raise ValueError(f'must be an address of this machine with a port, such as "192.0.2.30:443", not {text!a}')
    return address, number
