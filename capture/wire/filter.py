"""The program that the kernel runs on each frame before it goes into the ring (classic BPF).

It leaves out copies of what this machine itself sends, and cuts frames at the snap length. It leaves out nothing by
content: spanning tree and ARP are a few frames a second, and counted here they tell that a mirror is alive. Every
frame that reaches the machine is so either given, counted as `kernel_dropped`, or the interface's own loss.

Where one core isn't enough, several processes share a line, and to the one that follows only signalling no audio is
given: see `recorder.shares`.

Once attached it is locked: even who takes over the process can't have frames told apart in another way.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

WHOLE = 0x40000  # bytes; no frame is longer

# Instructions, as <linux/bpf_common.h> numbers them. A is the register that most of them work on, X the other.
WORD, HALF, BYTE = 0x20, 0x28, 0x30  # A is the word, half-word or octet at this offset of the frame
BYTE_X = 0x50  # the octet at X and this offset
LENGTH = 0x80  # A is the length of the frame
IP_HEADER_X = 0xB1  # X is four times the low half of the octet at this offset: the length of an IPv4 header
MINUS_X, AND = 0x1C, 0x54  # A minus X; A and
EQUAL, MORE, AT_LEAST, ANY_BIT = 0x15, 0x25, 0x35, 0x45  # compare A; go on where `yes` or `no` says
ACCEPT = 0x06  # so many bytes of the frame; 0: leave it out

PACKET_TYPE = 0xFFFFF000 + 4  # SKF_AD_OFF + SKF_AD_PKTTYPE: what a WORD at this "offset" tells
OUTGOING = 4  # PACKET_OUTGOING

IPV4, IPV6, TAGS = 0x0800, 0x86DD, (0x8100, 0x88A8, 0x9100)
UDP = 17
FRAGMENT = 0x3FFF  # more fragments, or an offset (RFC 791)
VERSION, RTP_VERSION = 0xC0, 0x80  # of RTP and RTCP, in the first two bits (RFC 3550 §5.1)


class Step(NamedTuple):
    """One instruction; comparisons name the label to go on at, "" being the next step."""

    code: int
    operand: int = 0
    yes: str = ""
    no: str = ""


def program(*, snap_length: int = WHOLE, outgoing: bool = False, audio: bool = True) -> list[Step | str]:
    """Steps and, before the step that it names, each label.

    Cuts at `snap_length` bytes. `outgoing` takes in what this machine sends, too. Without `audio`, what looks like RTP
    or RTCP is left out, in Ethernet with up to two tags; what is deeper comes all the same.
    """
    lines: list[Step | str] = []
    if not outgoing:
        lines += [Step(WORD, PACKET_TYPE), Step(EQUAL, OUTGOING, yes="leave")]
    if not audio:
        lines += _but_audio()
    return [*lines, "take", Step(ACCEPT, snap_length), "leave", Step(ACCEPT, 0)]


def _but_audio() -> Iterator[Step | str]:
    """Go to `leave` with what looks like RTP, and to `take` with all else."""
    yield from (Step(LENGTH), Step(AT_LEAST, 14 + 8 + 2, no="take"), Step(HALF, 12))
    for tags in range(3):
        kind, ip = 12 + 4 * tags, 14 + 4 * tags
        yield from (Step(HALF, kind), Step(EQUAL, IPV4, yes=f"ipv4 at {ip}"), Step(EQUAL, IPV6, yes=f"ipv6 at {ip}"))
        if tags < 2:
            for tag in TAGS[:-1]:
                yield Step(EQUAL, tag, yes=f"tag {tags}")
            yield from (Step(EQUAL, TAGS[-1], no="take"), f"tag {tags}")
    yield _go("take")
    for ip in (14, 18, 22):
        yield from _ipv4(ip)
        yield from _ipv6(ip)


def _ipv4(ip: int) -> Iterator[Step | str]:
    """A packet of IPv4 that begins at `ip`."""
    yield from (f"ipv4 at {ip}", Step(LENGTH), Step(AT_LEAST, ip + 28, no="take"))
    yield from (Step(BYTE, ip + 9), Step(EQUAL, UDP, no="take"))
    yield from (Step(HALF, ip + 6), Step(ANY_BIT, FRAGMENT, yes="take"), Step(IP_HEADER_X, ip))
    yield from (Step(LENGTH), Step(MINUS_X), Step(MORE, ip + 8, no="take"))  # a first octet of payload is there
    yield from (Step(BYTE_X, ip + 8), Step(AND, VERSION), Step(EQUAL, RTP_VERSION, yes="leave", no="take"))


def _ipv6(ip: int) -> Iterator[Step | str]:
    """The same of IPv6 without extension headers."""
    yield from (f"ipv6 at {ip}", Step(LENGTH), Step(AT_LEAST, ip + 49, no="take"))
    yield from (Step(BYTE, ip + 6), Step(EQUAL, UDP, no="take"))
    yield from (Step(BYTE, ip + 48), Step(AND, VERSION), Step(EQUAL, RTP_VERSION, yes="leave", no="take"))


def _go(label: str) -> Step:
    """Go on at the label, whatever A is."""
    return Step(AT_LEAST, 0, yes=label)


def assemble(lines: list[Step | str]) -> bytes:
    """The program as the kernel reads it: `struct sock_filter`, 8 bytes a step."""
    places: dict[str, int] = {}
    steps: list[Step] = []
    for line in lines:
        if isinstance(line, str):
            places[line] = len(steps)
        else:
            steps.append(line)
    code = b""
    for at, step in enumerate(steps):
        skipped = [places[label] - at - 1 if label else 0 for label in (step.yes, step.no)]
        code += struct.pack("=HBBI", step.code, *skipped, step.operand)
    return code
