"""RTP headers read as columns, held against RFC 3550 §5.1 read byte by byte."""

from __future__ import annotations

import random
import struct
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.counters import Counters
from capture.media.rtp import MediaRows, RtpRows, parse
from tests import wire
from tests.fuzz import fuzz_rtp
from tests.fuzz.fuzz_rtp import batch_of

SPEECH = bytes(range(160))


class Rtp(NamedTuple):
    """What RFC 3550 §5.1 says of a packet."""

    payload_type: int
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes


def slow(packet: bytes) -> Rtp | str | None:
    """One packet, field by field: RTP, or under which name it is counted; None if it is something else."""
    if len(packet) < 8 or packet[0] >> 6 != 2:  # V
        return None
    if 192 <= packet[1] <= 223:  # RFC 5761 §4: payload types 64 to 95 are not used beside RTCP
        return "rtcp"
    if len(packet) < 12:
        return None
    padding, extension, csrc_count = packet[0] & 32, packet[0] & 16, packet[0] & 15  # P, X, CC
    sequence, timestamp, ssrc = struct.unpack(">HII", packet[2:12])
    rest = packet[12:]
    if len(rest) < 4 * csrc_count:
        return "rtp_malformed"
    rest = rest[4 * csrc_count :]
    if extension:
        if len(rest) < 4:
            return "rtp_malformed"
        words = 256 * rest[2] + rest[3]
        if len(rest) < 4 + 4 * words:
            return "rtp_malformed"
        rest = rest[4 + 4 * words :]
    if padding:  # its last octet counts the padding, itself among it
        count = packet[-1]
        if count == 0 or count > len(rest):
            return "rtp_malformed"
        rest = rest[: len(rest) - count]
    return Rtp(packet[1] & 127, sequence, timestamp, ssrc, rest)


def packets_in(rows: RtpRows, data: np.ndarray) -> list[Rtp]:
    columns = (rows.payload_type, rows.sequence, rows.timestamp, rows.ssrc, rows.start, rows.length)
    return [
        Rtp(payload_type, sequence, timestamp, ssrc, data[start : start + length].tobytes())
        for payload_type, sequence, timestamp, ssrc, start, length in zip(
            *(column.tolist() for column in columns), strict=True
        )
    ]


class Parsed(NamedTuple):
    media: MediaRows
    packets: list[Rtp]
    counters: dict[str, int]


def parsed(*payloads: bytes, cut: list[bool] | None = None) -> Parsed:
    batch, counters = batch_of(list(payloads), cut=cut), Counters()
    media = parse(batch, counters)
    return Parsed(media, packets_in(media.rtp, batch.data), counters.as_dict())


def packet(
    payload: bytes = SPEECH, *, csrcs: int = 0, extension: bytes | None = None, padding: int | None = None,
    version: int = 2, second: int = 0, count_csrcs: int | None = None, extension_words: int | None = None,
) -> bytes:  # fmt: skip
    """An RTP packet; `padding` is what its last octet says, as many octets being there if the payload has room."""
    csrc_count = csrcs if count_csrcs is None else count_csrcs
    first = version << 6 | (padding is not None) << 5 | (extension is not None) << 4 | csrc_count
    made = struct.pack(">BBHII", first, second, 0x1234, 0x89ABCDEF, 0xCAFEBABE) + b"".join(
        struct.pack(">I", number) for number in range(csrcs)
    )
    if extension is not None:
        words = len(extension) // 4 if extension_words is None else extension_words
        made += struct.pack(">HH", 0xBEDE, words) + extension
    made += payload
    if padding is not None:
        made += bytes(max(0, padding - 1)) + bytes([padding])
    return made


shaped = st.builds(
    packet,
    st.binary(max_size=40),
    csrcs=st.integers(0, 15),
    extension=st.none() | st.integers(0, 4).map(lambda words: bytes(4 * words)),
    padding=st.none() | st.integers(0, 60),
    version=st.sampled_from([2, 2, 2, 0, 1, 3]),
    second=st.integers(0, 255),
    count_csrcs=st.none() | st.integers(0, 15),
    extension_words=st.none() | st.sampled_from([0, 1, 100, 65_535]),
)
usual = st.builds(packet, st.binary(max_size=200), second=st.sampled_from([0, 8, 0x80, 0x88, 101]))
broken = st.tuples(shaped, st.integers(0, 60)).map(lambda pair: pair[0][: pair[1]])


@given(st.lists(st.one_of(usual, usual, shaped, broken, st.binary(max_size=40)), max_size=12), st.randoms())
def test_columns_say_what_the_rfc_says(payloads: list[bytes], chance: random.Random) -> None:
    cut = [chance.random() < 0.2 for _ in payloads]

    found = parsed(*payloads, cut=cut)

    told = [slow(payload) for payload in payloads]
    expected = [(row, what) for row, what in enumerate(told) if isinstance(what, Rtp) and not cut[row]]
    assert found.packets == [what for _, what in expected]
    assert (found.media.rtp.frame - 10).tolist() == [row for row, _ in expected]
    assert found.media.control.tolist() == [row for row, what in enumerate(told) if what == "rtcp"]
    rtp = [isinstance(what, Rtp) or what == "rtp_malformed" for what in told]
    assert found.counters.get("rtp_malformed", 0) == sum(
        what == "rtp_malformed" and not cut[row] for row, what in enumerate(told)
    )
    assert found.counters.get("rtp_cut", 0) == sum(one and cut[row] for row, one in enumerate(rtp))
    assert found.counters.get("rtcp", 0) == len(found.media.control)


@given(st.lists(usual, min_size=1, max_size=12), st.booleans())
def test_a_batch_of_nothing_else_gives_every_row(payloads: list[bytes], other: bool) -> None:
    """The usual batch takes a way of its own; times and endpoints go with their rows."""
    payloads = [*payloads, b"\r\n\r\n"] if other else payloads

    found = parsed(*payloads)

    count = len(payloads) - other
    rows = found.media.rtp
    assert found.packets == [slow(payload) for payload in payloads[:count]]
    assert rows.source.tolist() == list(range(100, 100 + count))
    assert rows.destination.tolist() == list(range(200, 200 + count))
    assert rows.time_ns.tolist() == [1000 * row for row in range(count)]


def test_the_header_of_a_plain_packet() -> None:
    made = wire.rtp(SPEECH, seq=0xFFFE, timestamp=0xFFFFFFF0, ssrc=0x80000001, payload_type=8, marker=True)

    found = parsed(made)

    assert found.packets == [Rtp(8, 0xFFFE, 0xFFFFFFF0, 0x80000001, SPEECH)]
    assert found.counters == {}


def test_columns_have_the_width_of_the_fields() -> None:
    """The placing counts on numbers that wrap as they do on the wire."""
    rows = parsed(packet()).media.rtp

    assert [column.dtype for column in (rows.payload_type, rows.sequence, rows.timestamp, rows.ssrc)] == [
        np.dtype(name) for name in ("uint8", "uint16", "uint32", "uint32")
    ]


@pytest.mark.parametrize("csrcs", [1, 15])
@pytest.mark.parametrize("extension", [None, b"", bytes(8)])
@pytest.mark.parametrize("padding", [None, 1, 4, 200])
def test_what_surrounds_the_payload_is_no_payload(csrcs: int, extension: bytes | None, padding: int | None) -> None:
    found = parsed(packet(csrcs=csrcs, extension=extension, padding=padding))

    assert [rtp.payload for rtp in found.packets] == [SPEECH]


@pytest.mark.parametrize(
    "made",
    [
        packet(b"", padding=0),
        packet(SPEECH[1:], padding=0),
        packet(b"\xff" * 20)[:1].replace(b"\x80", b"\xa0") + packet(b"\xff" * 20)[1:],
        packet(b"", csrcs=3, count_csrcs=15),
        packet(b"", extension=b"", extension_words=1),
        packet(b"1234", extension=bytes(8), extension_words=65_535),
        packet(b"", extension=b"")[:14],
        packet(b"", csrcs=2, padding=8)[:-4],
    ],
)  # fmt: skip
def test_lengths_that_lead_beyond_the_packet_are_malformed(made: bytes) -> None:
    found = parsed(packet(), made, packet())

    assert slow(made) == "rtp_malformed"
    assert [rtp.payload for rtp in found.packets] == [SPEECH, SPEECH]
    assert found.counters == {"rtp_malformed": 1}


def test_padding_may_be_all_there_is() -> None:
    """A keep-alive of some telephones: a packet without a sample."""
    found = parsed(packet(b"", padding=20))

    assert [rtp.payload for rtp in found.packets] == [b""]


@pytest.mark.parametrize("second", [192, 200, 201, 202, 203, 204, 205, 206, 207, 223])
def test_rtcp_on_the_same_port_is_control(second: int) -> None:
    found = parsed(packet(), packet(second=second), packet())

    assert found.media.control.tolist() == [1]
    assert len(found.packets) == 2
    assert found.counters == {"rtcp": 1}


@pytest.mark.parametrize("second", [191, 224, 0x80 | 101, 0x80, 0x88])
def test_a_marked_packet_of_another_type_is_no_rtcp(second: int) -> None:
    [found] = parsed(packet(second=second)).packets

    assert found.payload_type == second & 127


@pytest.mark.parametrize("length", range(12))
def test_what_is_shorter_than_a_header_is_no_rtp(length: int) -> None:
    assert parsed(packet()[:length]).packets == []


def test_a_header_alone_is_rtp_without_a_sample() -> None:
    assert [rtp.payload for rtp in parsed(packet(b"")).packets] == [b""]


def test_a_packet_cut_by_the_snap_length_is_counted_and_left_out() -> None:
    """Its samples aren't there, and its padding can't be read."""
    found = parsed(packet(), packet(), packet(second=200), cut=[False, True, True])

    assert len(found.packets) == 1
    assert found.counters == {"rtp_cut": 1, "rtcp": 1}


@pytest.mark.parametrize(
    "made, keys",
    [
        (b"\0\1\0\0\x21\x12\xa4\x42" + bytes(12), False),  # STUN binding request
        (b"\x16\xfe\xff" + bytes(30), True),  # DTLS 1.0 handshake
        (b"\x14\xfe\xfd" + bytes(11), True),  # DTLS 1.2, change cipher spec
        (b"\x10\0\0\1ZRTP" + bytes(20), True),
        (b"\x10\0\0\1ZRTQ" + bytes(20), False),
        (b"\x16\x03\x01" + bytes(30), False),  # TLS: on no UDP port
        (b"INVITE sip:1@192.0.2.1 SIP/2.0\r\n", False),
        (b"\r\n\r\n", False),
        (b"\0", False),
        (b"", False),
    ],
)
def test_what_else_comes_on_a_media_port_is_no_rtp(made: bytes, keys: bool) -> None:
    found = parsed(packet(), made)

    assert len(found.packets) == 1
    assert found.media.keying.tolist() == ([1] if keys else [])
    assert found.counters == {}


def test_an_empty_batch_holds_nothing() -> None:
    found = parsed()

    assert (found.packets, found.counters) == ([], {})


def test_rows_are_taken_by_number_and_by_range() -> None:
    rows = parsed(*(packet(bytes([number])) for number in range(5))).media.rtp

    assert rows.take(np.array([4, 0, 0])).frame.tolist() == [14, 10, 10]
    assert rows.slice(1, 3).source.tolist() == [101, 102]
    assert len(rows.slice(2, 2)) == 0


def test_mutated_inputs_find_no_fault() -> None:
    """A short run of the fuzz target with a fixed seed; the long one is a step of CI."""
    chance = random.Random(20_241_122)

    for _ in range(1500):
        data = bytearray(chance.choice(fuzz_rtp.SEEDS))
        for _ in range(chance.randint(1, 8)):
            place = chance.randrange(len(data) + 1)
            data[place : place + chance.choice((0, 1, 4))] = chance.choice(
                (b"", chance.randbytes(2), chance.choice(fuzz_rtp.DICTIONARY))
            )
        try:
            fuzz_rtp.one_input(bytes(data))
        except Exception as fault:
            pytest.fail(f"{fault!r} on {data.hex()}")
