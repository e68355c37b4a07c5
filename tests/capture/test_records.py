"""Datagrams as records of a pcap file, read back by a reader that isn't ours and by our own."""

from __future__ import annotations

import io
import random

import dpkt
import numpy as np
import pytest

from capture.counters import Counters
from capture.files import open_capture
from capture.media.records import FILE_HEAD, Records, records
from capture.network.decoder import NetworkDecoder
from capture.packets import AddressBook
from storage.packet_file import HEAD

V4 = ["192.0.2.1", "10.255.0.9"]
V6 = ["2001:db8::1", "fe80::ffff:1"]


Datagram = tuple[int, int, int, bytes]  # time, source, destination, payload


def some(addresses: list[str], lengths: list[int], book: AddressBook) -> tuple[Records, list[Datagram]]:
    """Datagrams of these lengths between these addresses; and what each is."""
    chance, data, start, expected = random.Random(repr(lengths)), b"", [], []
    for number, length in enumerate(lengths):
        ends = [book.endpoint(chance.choice(addresses), chance.randrange(1, 65536)) for _ in range(2)]
        payload = chance.randbytes(length)
        data += chance.randbytes(3)
        start.append(len(data))
        data += payload
        expected.append((1_795_306_500_123_456_789 + number, ends[0], ends[1], payload))
    time_ns, source, destination = np.array([one[:3] for one in expected], np.int64).T
    octets = np.frombuffer(data, np.uint8)
    made = records(book, time_ns, source, destination, octets, np.array(start), np.array(lengths))
    return made, expected


@pytest.mark.parametrize("addresses", [V4, V6, V4 + V6])
@pytest.mark.parametrize("lengths", [[172], [172] * 7, [172, 0, 33, 1400, 172], [65_507 - 20], [0, 0]])
def test_what_was_captured_is_read_back(addresses: list[str], lengths: list[int]) -> None:
    """Times, addresses, ports and payloads, of IPv4, IPv6 and both, of one length or of several."""
    book = AddressBook()
    made, expected = some(addresses, lengths, book)

    with open_capture(io.BytesIO(FILE_HEAD + made.data.tobytes())) as capture:
        batches = [NetworkDecoder(book, Counters()).decode(block) for block in capture]

    found = []
    for batch in batches:
        for row in range(len(batch)):
            at = int(batch.start[row])
            payload = batch.data[at : at + int(batch.length[row])].tobytes()
            found.append((int(batch.time_ns[row]), int(batch.source[row]), int(batch.destination[row]), payload))
    assert found == expected


def test_another_reader_agrees() -> None:
    """dpkt finds whole packets with a right checksum; the store writes the same head as the capture side."""
    made, expected = some(V4, [172, 20, 172], AddressBook())

    packets = [dpkt.ip.IP(data) for _, data in dpkt.pcap.Reader(io.BytesIO(HEAD + made.data.tobytes()))]

    assert HEAD == FILE_HEAD
    for packet, (_, source, destination, payload) in zip(packets, expected, strict=True):
        assert (packet.udp.sport, packet.udp.dport, packet.udp.data) == (source & 0xFFFF, destination & 0xFFFF, payload)
        assert int.from_bytes(packet.src, "big") == source >> 16
        assert dpkt.in_cksum(bytes(packet)[:20]) == 0


def test_records_can_be_taken_apart() -> None:
    made, _ = some(V4, [172, 20, 30], AddressBook())

    back = made.take(np.array([2, 0]))
    early = made.before(int(made.time_ns[1]))

    assert back.size.tolist() == [16 + 28 + 30, 16 + 28 + 172] and len(back.data) == int(back.size.sum())
    assert early.data.tobytes() == made.data[: 16 + 28 + 172].tobytes()
