"""Capture files that end or lie in the midst of a record."""

from __future__ import annotations

import random
import struct

from tests import wire
from tests.hostile.casebook import add, case, nothing
from tests.hostile.good import (
    END,
    SECOND,
    Good,
    Sent,
)
from tests.hostile.parts import evil, spread, to_exchange
from tests.hostile.pcapng import _HEAD, _INTERFACE, _enhanced, block

# --- the pcap file's end, and its records ------------------------------------------------------------------------


def _record(
    caplen: int, wirelen: int, data: bytes, *, seconds: int = END // SECOND, fraction: int = 999_999_999
) -> bytes:
    return struct.pack("<IIII", seconds, fraction, caplen, wirelen) + data


for _name, _bytes in {
    "with_a_record_of_four_gigabytes": _record(0xFFFFFFFF, 0xFFFFFFFF, b"x" * 100),
    "with_a_record_of_two_gigabytes": _record(0x7FFFFFFF, 60, b"x" * 100),
    "with_a_record_longer_than_the_file": _record(5000, 5000, b"x" * 100),
    "in_the_middle_of_a_record": _record(60, 60, b"x" * 30),
    "in_the_middle_of_a_records_head": _record(60, 60, b"")[:9],
    "with_zeros": bytes(5000),
    "with_rubbish": random.Random(1).randbytes(5000),
    "with_another_file": wire.pcap([(END + SECOND, b"x" * 60)]),
    "with_more_captured_than_sent": _record(60, 20, b"x" * 60) * 5,
    "with_empty_frames": _record(0, 0, b"") * 500 + _record(0, 1500, b"") * 500,
    "with_a_fraction_of_four_seconds": _record(60, 60, b"x" * 60, fraction=0xFFFFFFFF) * 3,
}.items():
    add("pcap", f"pcap_ends_{_name}", nothing, finish=lambda data, tail=_bytes: data + tail)


@case("pcap")
def pcap_with_frames_of_every_length(good: Good, rng: random.Random) -> list[Sent]:
    """Each beginning of a good frame, from no byte on."""
    frame = to_exchange(good, evil(good))
    return [Sent(at, frame[:n]) for n, at in enumerate(spread(len(frame)))]


@case("pcap")
def pcap_with_frames_of_rubbish(good: Good, rng: random.Random) -> list[Sent]:
    return [Sent(at, rng.randbytes(rng.randrange(1, 1600))) for at in spread(2000)]


# --- pcapng ------------------------------------------------------------------------------------------------------


for _name, _bytes in {
    "with_a_block_of_no_length": struct.pack("<II", 6, 0) + bytes(40),
    "with_a_block_shorter_than_its_head": struct.pack("<II", 6, 8) + bytes(40),
    "with_a_block_of_an_odd_length": struct.pack("<II", 6, 35) + bytes(40),
    "with_a_block_of_four_gigabytes": struct.pack("<II", 6, 0xFFFFFFFC) + bytes(40),
    "with_lengths_that_differ": block(6, bytes(40))[:-4] + struct.pack("<I", 16),
    "with_a_packet_longer_than_its_block": _enhanced(END, b"x" * 60, captured=0x7FFFFFFF),
    "with_a_packet_of_an_unknown_interface": _enhanced(END, b"x" * 60, interface=77),
    "with_a_section_of_no_byte_order": block(0x0A0D0D0A, struct.pack("<IHHq", 0x12345678, 1, 0, -1)),
    "with_an_interface_of_a_mad_resolution": block(
        1, struct.pack("<HHI", 1, 0, 0) + struct.pack("<HHB3xHH", 9, 1, 255, 0, 0)
    )
    + _enhanced(END, b"x" * 60, interface=1),
    "with_options_without_end": block(
        6, struct.pack("<IIIII", 0, END >> 32, END & 0xFFFFFFFF, 4, 4) + b"xxxx" + b"\1\0\xff\xff"
    ),
    "with_ten_thousand_interfaces": _INTERFACE * 10_000,
    "with_unknown_blocks": block(0x80000BAD, b"x" * 100) * 500 + block(5, bytes(8)) + block(4, b"\1\0\xff\xff"),
    "in_the_middle_of_a_block": _enhanced(END, b"x" * 60)[:30],
    "with_rubbish": random.Random(2).randbytes(5000),
}.items():
    add("pcapng", f"pcapng_ends_{_name}", nothing, ending="pcapng", finish=lambda data, tail=_bytes: data + tail)

add(
    "pcapng",
    "pcapng_with_unknown_blocks_among_the_packets",
    nothing,
    ending="pcapng",
    finish=lambda data: data[:_HEAD] + block(0x0BAD, b"x" * 1000) * 50 + data[_HEAD:],
)
