"""Write a capture of signalling that leads nowhere, and of audio that belongs to nobody: a flood for a recorder.

    python -m bench.flood --output flood.pcap [--seconds 10] [--invites 5000] [--strays 10000]

INVITEs come from 250 addresses, each with a Call-ID of its own and SDP; nobody answers one. Stray RTP comes in flows of
100 packets to ports that nobody declared. None of the addresses is one of `bench.generate`.
"""

from __future__ import annotations

import argparse
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

from bench.truth import EPOCH_US

FLOW = 100  # packets of a stray flow
_INVITE = (
    "INVITE sip:{number}@10.66.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP {source}:5060;branch=z9hG4bK{number}\r\n"
    "Max-Forwards: 70\r\nFrom: <sip:{number}@{source}>;tag=f{number}\r\nTo: <sip:{number}@10.66.0.1>\r\n"
    "Call-ID: flood-{number}@{source}\r\nCSeq: 1 INVITE\r\nContact: <sip:{number}@{source}>\r\n"
    "Content-Type: application/sdp\r\nContent-Length: {length}\r\n\r\n{sdp}"
)
_SDP = (
    "v=0\r\no=- {number} 1 IN IP4 {source}\r\ns=-\r\nc=IN IP4 {source}\r\nt=0 0\r\n"
    "m=audio {port} RTP/AVP 0 8\r\na=sendrecv\r\n"
)


def frame(source: str, sport: int, destination: str, dport: int, payload: bytes) -> bytes:
    """An Ethernet frame with one UDP datagram, checksums left at 0."""
    ends = bytes(map(int, (*source.split("."), *destination.split("."))))
    ip = struct.pack(">BBHHHBBH", 0x45, 0, 28 + len(payload), 0, 0, 64, 17, 0) + ends
    return bytes.fromhex("020000000003020000000004") + b"\x08\0" + ip + struct.pack(
        ">HHHH", sport, dport, 8 + len(payload), 0
    ) + payload  # fmt: skip


def frames(seconds: float, invites: int, strays: int) -> Iterator[tuple[int, bytes]]:
    """Microseconds from the start, and a frame; INVITEs and strays a second."""
    rate = invites + strays
    sent = {"invite": 0, "stray": 0}
    for number in range(int(seconds * rate)):
        at_us = number * 1_000_000 // rate
        if sent["invite"] * rate <= number * invites and invites:
            sent["invite"] += 1
            source, one = f"10.66.{sent['invite'] % 250}.7", sent["invite"]
            sdp = _SDP.format(number=one, source=source, port=10_000 + one % 20_000 * 2)
            text = _INVITE.format(number=one, source=source, length=len(sdp), sdp=sdp)
            yield at_us, frame(source, 5060, "10.66.0.1", 5060, text.encode())
        else:
            flow, k = divmod(sent["stray"], FLOW)
            sent["stray"] += 1
            rtp = struct.pack(">BBHII", 0x80, 0, k, k * 160, flow) + bytes(160)
            yield at_us, frame("10.77.0.2", 1024 + flow % 60_000, f"10.77.1.{flow % 250}", 20_000, rtp)


def write(output: Path, seconds: float, invites: int, strays: int) -> None:
    """The capture; frames come in the order of their times."""
    with output.open("wb", buffering=1 << 20) as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
        for at_us, data in frames(seconds, invites, strays):
            at = EPOCH_US + at_us
            file.write(struct.pack("<IIII", at // 1_000_000, at % 1_000_000, len(data), len(data)) + data)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.flood", description="Write a flood as a capture.")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--invites", type=int, default=5000, help="a second")
    parser.add_argument("--strays", type=int, default=10_000, help="RTP packets a second that belong to nobody")
    args = parser.parse_args()
    write(args.output, args.seconds, args.invites, args.strays)
    return 0


if __name__ == "__main__":
    sys.exit(main())
