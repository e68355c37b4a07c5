"""Turn `FrameBlock`s into `PacketBatch`es.

    decoder = NetworkDecoder(AddressBook(), counters)
    for block in capture:
        batch = decoder.decode(block)

Plain frames are decoded by the block (`capture.network.plain`), all others one by one (`capture.network.unusual`);
rows come in the order of the frames, whichever way they went. No bytes raise an exception. UDP checksums aren't
verified: mirrors show frames before the network card has filled them in. A frame that the mirror shows twice gives
two rows.

Every frame counts under `frames` and under exactly one of these names (`frames_accounted_for` adds them up):

- `udp`: became a row of the batch. `tcp`: became a segment.
- `tcp_without_payload`: TCP, but nothing except an acknowledgement. `fragment`: an IP fragment that was kept, or
  a copy of one. (The frame that completes a datagram counts as what the datagram is.)
- `not_ip`: ARP, spanning tree, ... `not_udp_or_tcp`: another protocol over IP. `icmp`: ICMP of either IP version;
  a SIP message that an ICMP error quotes is never taken for one. `encrypted`: ESP that isn't NULL-encrypted.
- `link_type`: of a kind of link that isn't known here.
- `short_ethernet`, `short_cooked`, `short_loopback`, `short_pppoe`, `short_mpls`, `short_ip`, `short_tunnel`,
  `short_udp`, `short_tcp`: ends, or was cut, within that header. `ip_version`: where IP should be, neither 4 nor 6.
  `ip_length`, `udp_length`, `tcp_length`: a length shorter than the header itself.
- `gre_version`, `erspan_version`: a variant that isn't known. `tunnel_depth`: more tunnels in each other than
  `max_depth`.
- `fragment_invalid`, `fragment_overlap`: see `capture.network.fragments`. `fragment_cut`: a fragment that a snap
  length cut, so its datagram can't be put together.

Beside them, `udp_cut` counts rows whose payload is incomplete, `datagrams_*` datagrams in fragments, and `inside_*`
frames by each tunnel that they were inside of: `erspan`, `gre`, `vxlan`, `gtp`, `ip`, `mpls`.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from capture.counters import Counters
from capture.frames import SLACK, FrameBlock
from capture.network.cursor import Datagram, Segment
from capture.network.fragments import Reassembly
from capture.network.plain import decode_plain
from capture.network.plain_ipv6 import PlainIpv6Rows, decode_plain_ipv6
from capture.network.unusual import Unwrapper
from capture.packets import HEAD, AddressBook, PacketBatch, TcpSegment

OUTCOMES = frozenset(
    "udp tcp tcp_without_payload fragment not_ip not_udp_or_tcp icmp encrypted link_type short_ethernet short_cooked "
    "short_loopback short_pppoe short_mpls short_ip short_tunnel short_udp short_tcp ip_version ip_length udp_length "
    "tcp_length gre_version erspan_version tunnel_depth fragment_invalid fragment_overlap fragment_cut".split()
)


def frames_accounted_for(counters: Counters) -> int:
    """Frames that count under an outcome; always as many as `frames`, or the decoder is wrong."""
    return sum(counters[outcome] for outcome in OUTCOMES)


class NetworkDecoder:
    """Decodes one source's blocks, in their order."""

    def __init__(
        self,
        addresses: AddressBook,
        counters: Counters,
        *,
        vxlan_ports: Iterable[int] = (4789,),
        gtp_ports: Iterable[int] = (2152,),
        max_depth: int = 8,
        max_datagrams: int = 1024,
        max_fragment_bytes: int = 4 << 20,
        fragment_timeout_ns: int = 30_000_000_000,
    ) -> None:
        self._counters = counters
        self._addresses = addresses
        vxlan, gtp = frozenset(vxlan_ports), frozenset(gtp_ports)
        self._tunnel_ports = tuple(sorted(vxlan | gtp))
        self.reassembly = Reassembly(
            counters, max_datagrams=max_datagrams, max_bytes=max_fragment_bytes, timeout_ns=fragment_timeout_ns
        )
        self._unwrapper = Unwrapper(
            addresses, self.reassembly, vxlan_ports=vxlan, gtp_ports=gtp, max_depth=max_depth
        )

    def decode(self, block: FrameBlock) -> PacketBatch:
        """The datagrams and segments of a block's frames; valid as long as the block."""
        plain = decode_plain(block, self._tunnel_ports)
        ipv6 = decode_plain_ipv6(block, plain.others, self._tunnel_ports, self._addresses)
        unusual = self._unusual(block, plain.others if ipv6 is None else ipv6.others)
        if plain.rows is None:
            frame, time_ns = np.arange(block.first, block.first + len(block)), block.time_ns
        else:
            frame, time_ns = plain.rows + block.first, block.time_ns[plain.rows]
        batch = PacketBatch(
            data=block.data,
            frame=frame,
            time_ns=time_ns,
            source=plain.source,
            destination=plain.destination,
            start=plain.start,
            length=plain.length,
            head=plain.head,
            cut=plain.cut,
            segments=unusual.segments,
        )
        if unusual.rows or ipv6 is not None:
            _merge(batch, block, unusual, ipv6)
        self._counters.add("frames", len(block))
        self._counters.add("udp", len(batch))
        self._counters.add("udp_cut", int(np.count_nonzero(batch.cut)))
        self._counters.add("tcp_without_payload", plain.tcp_without_payload)
        self._counters.add("tcp", len(unusual.segments))
        return batch

    def _unusual(self, block: FrameBlock, rows: NDArray[np.int64]) -> _Unusual:
        found = _Unusual()
        data = block.data.data
        columns = (block.start[rows], block.length[rows], block.time_ns[rows], block.link[rows])
        refused: dict[str, int] = {}
        for row, start, length, time_ns, link in zip(
            rows.tolist(), *(column.tolist() for column in columns), strict=True
        ):
            outcome = self._unwrapper.unwrap(link, bytes(data[start : start + length]), time_ns)
            for kind in self._unwrapper.tunnels:
                self._counters.add(f"inside_{kind}")
            if isinstance(outcome, str):
                refused[outcome] = refused.get(outcome, 0) + 1
            elif isinstance(outcome, Segment):
                found.segments.append(TcpSegment(block.first + row, time_ns, *outcome))
            else:
                found.add(row, outcome, start, len(block.data))
        for reason, count in refused.items():
            self._counters.add(reason, count)
        return found


class _Unusual:
    """Rows and segments of the frames that aren't plain."""

    def __init__(self) -> None:
        self.rows: list[int] = []
        self.columns: list[tuple[int, int, int, int, bool]] = []  # source, destination, start, length, cut
        self.heads = bytearray()
        self.segments: list[TcpSegment] = []
        self.reassembled: list[bytes] = []  # to follow the block's data
        self._reassembled_bytes = 0

    def add(self, row: int, datagram: Datagram, frame_start: int, data_bytes: int) -> None:
        payload = datagram.data[datagram.at : datagram.end]
        if datagram.whole:
            start = frame_start + datagram.at
        else:
            start = data_bytes + self._reassembled_bytes
            self.reassembled.append(payload)
            self._reassembled_bytes += len(payload)
        self.rows.append(row)
        self.columns.append((datagram.source, datagram.destination, start, len(payload), datagram.cut))
        self.heads += payload[:HEAD].ljust(HEAD, b"\0")


def _merge(batch: PacketBatch, block: FrameBlock, unusual: _Unusual, ipv6: PlainIpv6Rows | None) -> None:
    """Put the rows of IPv6 and of unusual frames between the plain ones."""
    rows = np.array(unusual.rows, np.int64)
    columns = np.array(unusual.columns, np.int64).reshape(-1, 5)
    heads = np.frombuffer(bytes(unusual.heads), np.uint8).reshape(-1, HEAD)
    if ipv6 is not None:
        its = np.column_stack((ipv6.source, ipv6.destination, ipv6.start, ipv6.length, ipv6.cut))
        rows, columns = np.concatenate((rows, ipv6.rows)), np.concatenate((columns, its))
        heads = np.concatenate((heads, ipv6.head))
    frame = np.concatenate((batch.frame, rows + block.first))
    order = np.argsort(frame, kind="stable")
    batch.frame = frame[order]
    batch.time_ns = block.time_ns[batch.frame - block.first]
    batch.source = np.concatenate((batch.source, columns[:, 0]))[order]
    batch.destination = np.concatenate((batch.destination, columns[:, 1]))[order]
    batch.start = np.concatenate((batch.start, columns[:, 2]))[order]
    batch.length = np.concatenate((batch.length, columns[:, 3]))[order]
    batch.cut = np.concatenate((batch.cut, columns[:, 4].astype(bool)))[order]
    batch.head = np.concatenate((batch.head, heads))[order]
    if unusual.reassembled:
        added = b"".join((*unusual.reassembled, bytes(SLACK)))
        batch.data = np.concatenate((block.data, np.frombuffer(added, np.uint8)))
