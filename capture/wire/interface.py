"""What the kernel says of network interfaces: index, name, kind of link, whether up."""

from __future__ import annotations

import contextlib
import enum
import fcntl
import os
import socket
import struct
from dataclasses import dataclass

from capture.wire import kernel
from capture.wire.errors import WireError

# Kinds of interface (ARPHRD_*, <linux/if_arp.h>) whose frames the decoder knows, and their LINKTYPE_ numbers.
ETHERNET, RAW_IP = 1, 101
LINKS = {
    1: ETHERNET,
    772: ETHERNET,  # loopback
    768: RAW_IP,  # IPv4 in IP
    769: RAW_IP,  # IPv6 in IP
    776: RAW_IP,  # IPv6 in IPv4
    778: RAW_IP,  # GRE
    519: RAW_IP,  # mobile networks' modems
    0xFFFE: RAW_IP,  # no link header: tun, WireGuard
}


class State(enum.StrEnum):
    """Whether frames can come."""

    UP = "up"
    NO_CARRIER = "no_carrier"  # the cable isn't plugged in, or the other end is off
    DOWN = "down"  # switched off on this machine
    GONE = "gone"  # there is no such interface


@dataclass(frozen=True, slots=True)
class Interface:
    """An interface as it is now; the index stays the same when it is renamed."""

    name: str
    index: int
    link: int  # LINKTYPE_*
    loopback: bool


def find(name: str) -> Interface:
    """The interface of this name. Raises `WireError` if there is none, or none whose frames can be read."""
    try:
        index = socket.if_nametoindex(name)
        kind = _ask(kernel.SIOCGIFHWADDR, name, "H")
        flags = _ask(kernel.SIOCGIFFLAGS, name, "H")
    except OSError as error:
        names = ", ".join(sorted(os.listdir("/sys/class/net")))
        raise WireError(f"there is no interface {name}; these are there: {names}.") from error
    link = LINKS.get(kind)
    if link is None:
        raise WireError(f"{name} is no Ethernet interface (its kind is ARPHRD {kind}), so it can't be read.")
    return Interface(name, index, link, bool(flags & kernel.IFF_LOOPBACK))


def name_of(index: int) -> str | None:
    """The present name of an interface; None: it is gone."""
    with contextlib.suppress(OSError):  # ENXIO is the answer
        return socket.if_indextoname(index)
    return None


def index_of(name: str) -> int | None:
    """The index of the interface of this name; None: there is none."""
    with contextlib.suppress(OSError):  # ENODEV is the answer
        return socket.if_nametoindex(name)
    return None


def state_of(index: int) -> tuple[State, str]:
    """The state of an interface, and its name now ("" if it is gone)."""
    name = name_of(index)
    if name is None:
        return State.GONE, ""
    try:
        flags = _ask(kernel.SIOCGIFFLAGS, name, "H")
    except OSError:  # gone, or renamed, in this very moment: the next look tells
        return State.GONE if name_of(index) is None else State.DOWN, name
    if not flags & kernel.IFF_UP:
        return State.DOWN, name
    return (State.UP if flags & kernel.IFF_RUNNING else State.NO_CARRIER), name


def _ask(request: int, name: str, form: str) -> int:
    """An answer of `netdevice`(7) about an interface. Raises OSError."""
    # Any kind of socket answers; this is one that a hardened unit still allows.
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as any_socket:
        answer = fcntl.ioctl(any_socket, request, struct.pack("16s24x", name.encode()))
    value: int = struct.unpack_from(form, answer, 16)[0]
    return value
