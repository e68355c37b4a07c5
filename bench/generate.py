"""Write a capture of many calls at once, with its truth beside it.

    python -m bench.generate --calls 1000 --seconds 20 --output bench/out/calls.pcap

Every call has its own signalling (INVITE with SDP, 100, 180, 200 with SDP, ACK, BYE, 200) and G.711 in both
directions, 20 ms a packet, all interleaved in the order of time as on a mirror port. The frames are made in
slices of time as rows of arrays, so memory doesn't grow with the length of the calls. What is in the file
follows from `bench.truth` alone.
"""

from __future__ import annotations

import argparse
import ipaddress
import struct
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.truth import (
    JITTER_US,
    LATE_US,
    PTIME_US,
    SAMPLES,
    Integers,
    Parameters,
    Plan,
    PlannedCall,
    write_truth,
)

ROWS = 100_000  # RTP packets of a slice, about; 23 MB
TWICE_US = 30  # a frame shown twice comes again after this time

_MAC_OUT, _MAC_IN = b"\x02\0\0\0\0\x01\x02\0\0\0\0\x02", b"\x02\0\0\0\0\x02\x02\0\0\0\0\x01"
_CODEC = {0: "PCMU", 8: "PCMA"}


def _sum16(data: bytes) -> int:
    data += b"\0" * (len(data) % 2)
    return sum(struct.unpack(f">{len(data) // 2}H", data))


def _checksum(total: int) -> int:
    """The Internet checksum (RFC 1071) of a sum of 16-bit words."""
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def _ethernet(*, from_caller: bool, vlan: bool) -> bytes:
    tag = struct.pack(">HH", 0x8100, 100) if vlan else b""
    return (_MAC_OUT if from_caller else _MAC_IN) + tag + b"\x08\0"


def _udp_frame(source: str, destination: str, payload: bytes, *, from_caller: bool, vlan: bool, ident: int) -> bytes:
    """A SIP message from port 5060 to port 5060."""
    ends = ipaddress.ip_address(source).packed + ipaddress.ip_address(destination).packed
    size = 8 + len(payload)
    head = struct.pack(">BBHHHBB", 0x45, 0, 20 + size, ident & 0xFFFF, 0x4000, 64, 17)
    pseudo = _sum16(ends) + 17 + size
    udp = struct.pack(">HHH", 5060, 5060, size)
    check = _checksum(pseudo + _sum16(udp) + _sum16(payload)) or 0xFFFF
    head += struct.pack(">H", _checksum(_sum16(head) + _sum16(ends)))
    return _ethernet(from_caller=from_caller, vlan=vlan) + head + ends + udp + struct.pack(">H", check) + payload


def _sdp(address: str, port: int, payload_type: int, session: int) -> str:
    """A body that offers or accepts one codec and telephone events."""
    lines = (
        "v=0",
        f"o=- {session} {session} IN IP4 {address}",
        "s=-",
        f"c=IN IP4 {address}",
        "t=0 0",
        f"m=audio {port} RTP/AVP {payload_type} 101",
        f"a=rtpmap:{payload_type} {_CODEC[payload_type]}/8000",
        "a=rtpmap:101 telephone-event/8000",
        "a=fmtp:101 0-15",
        "a=ptime:20",
        "a=sendrecv",
    )
    return "\r\n".join(lines) + "\r\n"


def _messages(plan: Plan, i: int) -> Iterator[tuple[int, bytes]]:
    """Time and frame of each SIP message of call `i`, in order of time."""
    call, vlan = plan.call(i), plan.parameters.vlan
    caller, callee = call.caller, call.callee
    to_uri = f"<sip:{callee.number}@{callee.signalling}>"
    from_line = f"<sip:{caller.number}@{caller.signalling}>;tag=c{i:x}"
    invite_via = f"SIP/2.0/UDP {caller.signalling}:5060;branch=z9hG4bKi{i:x};rport"

    def message(
        first: str,
        *,
        via: str,
        cseq: str,
        to_caller: bool,
        tagged: bool,
        swapped: bool = False,
        extra: tuple[str, ...] = (),
        body: str = "",
    ) -> bytes:
        called = to_uri + (f";tag=s{i:x}" if tagged else "")
        who = (called, from_line) if swapped else (from_line, called)
        lines = [first, f"Via: {via}", *(("Max-Forwards: 70",) if not first.startswith("SIP/2.0") else ())]
        lines += [f"From: {who[0]}", f"To: {who[1]}", f"Call-ID: {call.call_id}", f"CSeq: {cseq}", *extra]
        lines += ["Content-Type: application/sdp"] if body else []
        text = "\r\n".join([*lines, f"Content-Length: {len(body)}", "", body]).encode()
        ends = (callee.signalling, caller.signalling) if to_caller else (caller.signalling, callee.signalling)
        return _udp_frame(*ends, text, from_caller=not to_caller, vlan=vlan, ident=7 * i + len(text))

    caller_contact = f"Contact: <sip:{caller.number}@{caller.signalling}:5060>"
    callee_contact = f"Contact: <sip:{callee.number}@{callee.signalling}:5060>"
    request_uri = f"sip:{callee.number}@{callee.signalling}"
    offer = _sdp(caller.media, caller.port, call.payload_type, i + 1)
    answer = _sdp(callee.media, callee.port, call.payload_type, i + 2)
    allow = "Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE, PRACK"
    agent = "User-Agent: bench"
    at = (
        plan.invite_us,
        plan.trying_us,
        plan.ringing_us,
        plan.answer_us,
        plan.ack_us,
        plan.bye_us,
        plan.gone_us,
    )
    invite, trying, ringing, ok, ack, bye, gone = (int(times[i]) for times in at)
    reply = partial(message, via=invite_via, cseq="1 INVITE", to_caller=True)
    yield (
        invite,
        message(
            f"INVITE {request_uri} SIP/2.0",
            via=invite_via,
            cseq="1 INVITE",
            to_caller=False,
            tagged=False,
            extra=(caller_contact, allow, agent, "Supported: replaces, timer"),
            body=offer,
        ),
    )
    yield trying, reply("SIP/2.0 100 Trying", tagged=False)
    yield ringing, reply("SIP/2.0 180 Ringing", tagged=True, extra=(callee_contact,))
    yield ok, reply("SIP/2.0 200 OK", tagged=True, extra=(callee_contact, allow), body=answer)
    yield (
        ack,
        message(
            f"ACK {request_uri}:5060 SIP/2.0",
            via=f"SIP/2.0/UDP {caller.signalling}:5060;branch=z9hG4bKa{i:x}",
            cseq="1 ACK",
            to_caller=False,
            tagged=True,
        ),
    )
    by_caller = call.caller_hangs_up
    ending, other = (caller, callee) if by_caller else (callee, caller)
    bye_via = f"SIP/2.0/UDP {ending.signalling}:5060;branch=z9hG4bKb{i:x}"
    cseq = "2 BYE" if by_caller else "1 BYE"
    last = partial(message, via=bye_via, cseq=cseq, tagged=True, swapped=not by_caller)
    yield bye, last(f"BYE sip:{other.number}@{other.signalling}:5060 SIP/2.0", to_caller=not by_caller)
    yield gone, last("SIP/2.0 200 OK", to_caller=by_caller)


def _heads(plan: Plan) -> NDArray[np.uint8]:
    """Pcap record head and all headers of each stream's packets, with zeros where packets differ."""
    vlan = plan.parameters.vlan
    rows = []
    for i in range(plan.parameters.calls):
        call: PlannedCall = plan.call(i)
        for direction, (talker, listener) in enumerate(((call.caller, call.callee), (call.callee, call.caller))):
            ends = ipaddress.ip_address(talker.media).packed + ipaddress.ip_address(listener.media).packed
            size = 8 + 12 + SAMPLES
            ip = struct.pack(">BBHHHBBH", 0x45, 0xB8, 20 + size, 0, 0x4000, 64, 17, 0) + ends
            udp = struct.pack(">HHHH", talker.port, listener.port, size, 0)
            rtp = struct.pack(">BBHII", 0x80, call.payload_type, 0, 0, int(plan.ssrc[2 * i + direction]))
            frame = _ethernet(from_caller=direction == 0, vlan=vlan) + ip + udp + rtp
            rows.append(struct.pack("<IIII", 0, 0, len(frame) + SAMPLES, len(frame) + SAMPLES) + frame)
    return np.frombuffer(b"".join(rows), np.uint8).reshape(len(rows), -1)


def _fold(total: NDArray[np.uint32]) -> NDArray[np.uint16]:
    """Checksums of sums of 16-bit words; the byte order is that of the words."""
    for _ in range(2):
        total = (total & 0xFFFF) + (total >> 16)
    return (~total & 0xFFFF).astype(np.uint16)


class _Records:
    """Makes rows of finished pcap records from the heads of the streams."""

    def __init__(self, plan: Plan) -> None:
        self._plan, self._heads = plan, _heads(plan)
        self._ip = 16 + (18 if plan.parameters.vlan else 14)
        self._ip_sum = self._heads[:, self._ip : self._ip + 20].copy().view("<u2").sum(1, dtype=np.uint32)
        # The pseudo header: addresses, the protocol, and the length of the datagram.
        ends = self._heads[:, self._ip + 12 : self._ip + 20].copy().view("<u2").sum(1, dtype=np.uint32)
        datagram = 8 + 12 + SAMPLES
        self._pseudo = ends + np.uint32(17 << 8) + np.uint32((datagram & 0xFF) << 8 | datagram >> 8)

    def make(self, stream: Integers, k: Integers, time_us: Integers) -> NDArray[np.uint8]:
        """One record a row."""
        plan, ip = self._plan, self._ip
        udp, rtp = ip + 20, ip + 28
        rows = np.empty((len(k), self._heads.shape[1] + SAMPLES), np.uint8)
        rows[:, : self._heads.shape[1]] = self._heads[stream]
        rows[:, -SAMPLES:] = plan.payload(stream, k)

        def put(column: int, values: Integers | NDArray[np.uint16], kind: str) -> None:
            raw = values.astype(kind)
            rows[:, column : column + raw.itemsize] = raw.view(np.uint8).reshape(len(k), raw.itemsize)

        put(0, time_us // 1_000_000, "<u4")
        put(4, time_us % 1_000_000, "<u4")
        ident = (plan.first_seq[stream] * 3 + k) & 0xFFFF
        put(ip + 4, ident, ">u2")
        put(ip + 10, _fold(self._ip_sum[stream] + ident.astype(">u2").view("<u2")), "<u2")
        rows[:, rtp + 1] |= ((k == 0) << 7).astype(np.uint8)
        put(rtp + 2, (plan.first_seq[stream] + k) & 0xFFFF, ">u2")
        put(rtp + 4, (plan.first_timestamp[stream] + k * SAMPLES) & 0xFFFFFFFF, ">u4")
        words = np.ascontiguousarray(rows[:, udp:]).view("<u2")
        check = _fold(self._pseudo[stream] + words.sum(1, dtype=np.uint32))
        put(udp + 6, np.where(check == 0, np.uint16(0xFFFF), check), "<u2")
        return rows


def slices(plan: Plan) -> Iterator[bytes]:
    """The capture's bytes after the file header, one slice of time after the other."""
    sip = sorted((m for i in range(plan.parameters.calls) for m in _messages(plan, i)), key=lambda m: m[0])
    records = _Records(plan)
    streams = np.arange(2 * plan.parameters.calls, dtype=np.int64)
    length_us = max(PTIME_US, PTIME_US * ROWS // len(streams))
    behind_us = JITTER_US + LATE_US + TWICE_US
    begin, end = int(plan.invite_us.min()), int(plan.gone_us.max()) + 1
    done = 0
    for low in range(begin, end, length_us):
        high = low + length_us
        # Every packet whose turn is near enough to be captured in this slice; exact times choose among them.
        first = np.maximum((low - behind_us - plan.first_us) // PTIME_US, 0)
        count = np.clip((high - plan.first_us) // PTIME_US + 1, first, plan.packets) - np.minimum(first, plan.packets)
        stream = np.repeat(streams, count)
        k = np.arange(len(stream), dtype=np.int64) - np.repeat(np.cumsum(count) - count, count) + first[stream]
        time_us = plan.time_us(stream, k)
        twice = plan.twice(stream, k)
        here = ~plan.lost(stream, k)
        stream, k, time_us, twice = stream[here], k[here], time_us[here], twice[here]
        stream, k = np.concatenate((stream, stream[twice])), np.concatenate((k, k[twice]))
        time_us = np.concatenate((time_us, time_us[twice] + TWICE_US))
        order = np.flatnonzero((time_us >= low) & (time_us < high))
        order = order[np.argsort(time_us[order], kind="stable")]
        time_us = time_us[order]
        rows = records.make(stream[order], k[order], time_us)
        written = 0
        while done < len(sip) and sip[done][0] < high:
            at, frame = sip[done]
            place = int(np.searchsorted(time_us, at))
            yield rows[written:place].tobytes()
            yield struct.pack("<IIII", at // 1_000_000, at % 1_000_000, len(frame), len(frame)) + frame
            written, done = place, done + 1
        yield rows[written:].tobytes()


def write(parameters: Parameters, output: Path) -> None:
    """Write the capture and its truth; an unfinished file never bears the final name."""
    plan = Plan(parameters)
    output.parent.mkdir(parents=True, exist_ok=True)
    part = output.with_name(output.name + ".part")
    with part.open("wb", buffering=1 << 20) as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
        file.writelines(slices(plan))
    write_truth(plan, output)
    part.rename(output)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.generate", description="Write a capture with its truth.")
    parser.add_argument("--calls", type=int, default=1000, help="calls at once")
    parser.add_argument("--seconds", type=int, default=20, help="how long each call talks")
    parser.add_argument("--output", type=Path, required=True, help="the capture; its truth gets the name beside it")
    parser.add_argument("--codec", choices=("pcmu", "pcma", "mixed"), default="pcmu")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--loss", type=float, default=0.0, help="share of RTP packets that are missing")
    parser.add_argument("--reorder", type=float, default=0.0, help="share that come after their successor")
    parser.add_argument("--duplicates", type=float, default=0.0, help="share that are shown twice")
    parser.add_argument("--over", type=int, default=1, help="seconds over which the calls begin, and so end")
    parser.add_argument("--vlan", action="store_true", help="tag every frame with VLAN 100")
    args = parser.parse_args()
    try:
        parameters = Parameters(
            calls=args.calls,
            seconds=args.seconds,
            codec=args.codec,
            seed=args.seed,
            loss=args.loss,
            reorder=args.reorder,
            duplicates=args.duplicates,
            vlan=args.vlan,
            over=args.over,
        )
    except ValueError as error:
        print(f"bench.generate: {error}", file=sys.stderr)
        return 2
    write(parameters, args.output)
    return 0


if __name__ == "__main__":
    sys.exit(main())
