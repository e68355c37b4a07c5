"""A small line on a mirror port, well as it is: a telephone, an exchange, calls with audio and RTCP. Tests spoil it.

A `Packet` knows what it is, so that a test can say which ones the mirror loses, and how it wraps the others.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from recorder.doctor.findings import Code, Finding, Severity
from recorder.doctor.judge import judge
from recorder.doctor.seen import Seen
from recorder.doctor.watching import Watcher
from recorder.settings import Capture, Settings
from tests import wire
from tests.capture.blocks import block_of
from tests.sip_text import request, response, sdp

BEGIN = 1_795_306_500 * wire.SECOND  # 2026-11-22 09:15:00 in Japan
MS = wire.SECOND // 1000

PHONE, EXCHANGE = "192.0.2.10", "192.0.2.20"


@dataclass(frozen=True, slots=True)
class Packet:
    """A datagram on the line."""

    at_ns: int
    kind: str  # sip, rtp or rtcp
    outward: bool  # from the telephone to the exchange
    source: str
    destination: str
    payload: bytes
    number: int = 0  # of an audio packet

    def frame(self, *, vlans: Sequence[int] = (), ident: int = 0) -> bytes:
        return wire.udp(self.source, self.destination, self.payload, vlans=vlans, ident=ident)


def call(
    number: int = 1, *, at_s: float = 0.0, talk_s: float = 8.0, payload_type: int = 0, lost: float = 0.0,
    **description: Any,
) -> list[Packet]:
    """A call from the telephone to the exchange. `lost` is what receivers say by RTCP that they lack; `description`
    goes into both session descriptions."""  # fmt: skip
    names = {"call_id": f"call-{number}@{PHONE}", "from_user": "2101", "to_user": "0312345678"}
    ports = 40000 + 4 * number
    form = {"codecs": (payload_type, 101), **description}
    begin = BEGIN + round(at_s * wire.SECOND)
    answered, ended = begin + 900 * MS, begin + 900 * MS + round(talk_s * wire.SECOND)

    def sip(at_ns: int, outward: bool, text: bytes) -> Packet:
        ends = f"{PHONE}:5060", f"{EXCHANGE}:5060"
        return Packet(at_ns, "sip", outward, *(ends if outward else ends[::-1]), text)

    packets = [
        sip(begin, True, request("INVITE", sdp=sdp(PHONE, ports, **form), **names)),
        sip(begin + 100 * MS, False, response(180, **names)),
        sip(answered, False, response(200, sdp=sdp(EXCHANGE, ports, **form), **names)),
        sip(answered + MS, True, request("ACK", to_tag="b1", **names)),
        sip(ended, True, request("BYE", cseq=2, to_tag="b1", **names)),
        sip(ended + MS, False, response(200, method="BYE", cseq=2, **names)),
    ]
    for outward in (True, False):
        packets += _audio(number, outward, ports, answered + 10 * MS, ended - 10 * MS, payload_type, lost)
    return sorted(packets, key=lambda packet: packet.at_ns)


def _audio(
    number: int, outward: bool, port: int, begin: int, end: int, payload_type: int, lost: float
) -> Iterable[Packet]:
    hosts = (PHONE, EXCHANGE) if outward else (EXCHANGE, PHONE)
    ends = [f"{host}:{port}" for host in hosts]
    controls = [f"{host}:{port + 1}" for host in hosts]
    ssrc, theirs = 2 * number + outward, 2 * number + (not outward)
    for n in range((end - begin) // (20 * MS)):
        at = begin + n * 20 * MS
        body = wire.rtp(bytes([n % 251]) * 160, seq=n, timestamp=160 * n, ssrc=ssrc, payload_type=payload_type)
        yield Packet(at, "rtp", outward, *ends, body, n)
        if n % 100 == 99:  # a receiver report of what comes the other way
            yield Packet(at + MS, "rtcp", outward, *controls, receiver_report(ssrc, theirs, round(lost * n), n))


def receiver_report(reporter: int, ssrc: int, lost: int, highest: int) -> bytes:
    """RFC 3550 §6.4.2 with one block."""
    block = struct.pack(">IB3sIIII", ssrc, 0, lost.to_bytes(3, "big"), highest, 0, 0, 0)
    return struct.pack(">BBHI", 0x81, 201, 7, reporter) + block


def framed(packets: Iterable[Packet], wrap: Callable[[bytes], bytes] = lambda frame: frame) -> list[wire.Frame]:
    """As frames, each wrapped."""
    return [(packet.at_ns, wrap(packet.frame())) for packet in packets]


def look(frames: Sequence[wire.Frame], *, vxlan_ports: tuple[int, ...] = (4789,), **more: Any) -> Seen:
    """What is seen of frames."""
    watcher = Watcher(replace(Settings(), capture=Capture(vxlan_ports=vxlan_ports)))
    for first in range(0, len(frames), 1000):
        part = frames[first : first + 1000]
        watcher.feed(block_of([frame for _, frame in part], first=first, times=[at for at, _ in part]))
    return watcher.seen(**more)


def diagnose(frames: Sequence[wire.Frame], **more: Any) -> dict[Code, Finding]:
    """What is found in frames."""
    return {finding.code: finding for finding in judge(look(frames, **more))}


def wrong(found: dict[Code, Finding]) -> set[Code]:
    """Without the notes."""
    return {code for code, finding in found.items() if finding.severity is not Severity.NOTE}


def write(path: Path, packets: Iterable[Packet]) -> Path:
    return wire.write_pcap(path, framed(packets))
