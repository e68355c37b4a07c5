"""SIP over TCP (RFC 3261 §18.3), as somebody beside the connection sees it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.counters import Counters
from capture.packets import TcpSegment
from capture.sip.message import parse
from capture.sip.stream import HELD_CAP, HOLE_NS, TcpStreams
from tests.sip_text import request, response, sdp

FIN, SYN, RST, ACK = 1, 2, 4, 16
MESSAGES = [
    request("INVITE", call_id="c1", transport="TCP", sdp=sdp("192.0.2.10", 40000)),
    request("ACK", call_id="c1", transport="TCP", to_tag="b1"),
    response(200, method="OPTIONS", call_id="c2", transport="TCP"),
    # A start line within a body is no start line.
    request("NOTIFY", call_id="c3", body=b"SIP/2.0 200 OK\r\n", content_type="message/sipfrag"),
    request("BYE", call_id="c1", transport="TCP", to_tag="b1", cseq=2),
]
WIRE = b"".join(MESSAGES)


class Connection:
    """One direction of a connection: makes segments, feeds them, and keeps what came out."""

    def __init__(self, *, isn: int = 1000, source: int = 1, streams: TcpStreams | None = None) -> None:
        self.counters = Counters()
        self.streams = TcpStreams(self.counters) if streams is None else streams
        self.isn = isn
        self.source = source
        self.frame = 0
        self.got: list[bytes] = []
        self.frames: list[int] = []

    def send(self, at: int, octets: bytes = b"", *, flags: int = ACK, time_ns: int | None = None) -> list[bytes]:
        """A segment with octets at a position of the stream; the SYN is at -1."""
        self.frame += 1
        seq = (self.isn + 1 + at) % 2**32
        moment = self.frame * 1_000_000 if time_ns is None else time_ns
        pairs = self.streams.feed(TcpSegment(self.frame, moment, self.source, 2, seq, flags, octets))
        assert all(segment.frame == self.frame for segment, _ in pairs)
        self.got += [message for _, message in pairs]
        self.frames += [self.frame] * len(pairs)
        return [message for _, message in pairs]


def cut(octets: bytes, places: Iterable[int]) -> list[tuple[int, bytes]]:
    edges = sorted({0, len(octets), *[place % (len(octets) + 1) for place in places]})
    return [(a, octets[a:b]) for a, b in zip(edges, edges[1:], strict=False)]


@pytest.mark.parametrize("isn", [0, 1000, 2**32 - 700, 2**32 - 1])
@pytest.mark.parametrize("size", [1, 7, 100, 1460, 100_000])
@pytest.mark.parametrize("syn", [True, False])
def test_messages_come_out_whole_however_they_were_cut(isn, size, syn):
    connection = Connection(isn=isn)
    if syn:
        connection.send(-1, flags=SYN)

    for at in range(0, len(WIRE), size):
        connection.send(at, WIRE[at : at + size])

    assert connection.got == MESSAGES
    assert connection.counters.as_dict() == {}


@given(
    places=st.lists(st.integers(0, 10_000), max_size=30),
    order=st.randoms(use_true_random=False),
    isn=st.integers(0, 2**32 - 1),
    repeat=st.lists(st.integers(0, 100), max_size=5),
)
def test_any_segmentation_and_order_gives_the_same_messages(places, order, isn, repeat):
    connection = Connection(isn=isn)
    segments = cut(WIRE, places)
    for again in repeat:
        at, octets = segments[again % len(segments)]
        segments.append((max(at - 5, 0), WIRE[max(at - 5, 0) : at + len(octets) + 5]))
    order.shuffle(segments)

    connection.send(-1, flags=SYN)
    for at, octets in segments:
        connection.send(at, octets)

    assert connection.got == MESSAGES
    assert connection.counters.as_dict() == {}


def test_a_message_comes_with_the_segment_that_completed_it():
    connection = Connection()

    connection.send(0, MESSAGES[0][:100])
    connection.send(100, MESSAGES[0][100:] + MESSAGES[1][:10])
    connection.send(len(MESSAGES[0]) + 10, MESSAGES[1][10:])

    assert connection.got == MESSAGES[:2]
    assert connection.frames == [2, 3]


def test_of_overlapping_segments_the_first_captured_counts():
    connection = Connection()
    connection.send(-1, flags=SYN)
    forged = b"X" * len(WIRE)

    connection.send(0, WIRE[:300])
    connection.send(0, forged[:300])
    connection.send(450, WIRE[450:700])
    connection.send(400, forged[400:600])  # of which 400 to 450 is new, and wrong
    connection.send(300, WIRE[300:])

    expected = WIRE[:400] + forged[400:450] + WIRE[450:]
    assert connection.got[0] == expected[: len(MESSAGES[0])]
    assert connection.got[1:] == MESSAGES[1:]


def test_after_a_hole_it_goes_on_at_the_next_start_line():
    connection = Connection()
    first, second = len(MESSAGES[0]), len(MESSAGES[0]) + len(MESSAGES[1])
    connection.send(0, MESSAGES[0])

    connection.send(first + 50, WIRE[first + 50 : second])
    assert connection.send(second, MESSAGES[2], time_ns=HOLE_NS) == []
    late = connection.send(second + len(MESSAGES[2]), MESSAGES[3], time_ns=2 * HOLE_NS + 1)

    assert late == [MESSAGES[2], MESSAGES[3]]
    assert connection.counters.as_dict() == {"tcp_gap": 1}


def test_a_hole_in_a_body_gives_what_there_is():
    """The header of an INVITE names the call, whatever is missing of its body."""
    connection = Connection()
    connection.send(0, WIRE[: len(MESSAGES[0]) - 40])

    connection.send(len(MESSAGES[0]), MESSAGES[1])
    connection.send(len(MESSAGES[0] + MESSAGES[1]), MESSAGES[2], time_ns=2 * HOLE_NS)

    assert connection.got == [MESSAGES[0][:-40], *MESSAGES[1:3]]
    assert parse(connection.got[0]).truncated
    assert connection.counters.as_dict() == {"tcp_gap": 1, "tcp_unfinished_message": 1}


def test_more_than_the_cap_does_not_wait_behind_a_hole():
    connection = Connection()
    connection.send(0, MESSAGES[0])
    filler = request("MESSAGE", body=b"x" * 30_000)

    at = len(MESSAGES[0]) + 10
    for _ in range(HELD_CAP // len(filler) + 1):
        connection.send(at, filler)
        at += len(filler)

    assert connection.got == [MESSAGES[0]] + [filler] * (HELD_CAP // len(filler) + 1)
    assert connection.counters.as_dict() == {"tcp_gap": 1}


def test_a_capture_that_begins_within_a_message_waits_for_the_next():
    connection = Connection()

    connection.send(200, WIRE[200:])

    assert connection.got == MESSAGES[1:]


def test_a_wrong_content_length_costs_no_more_than_its_message():
    connection = Connection()
    wrong = MESSAGES[0].replace(b"Content-Length: 180", b"Content-Length: 100")
    assert wrong != MESSAGES[0]

    connection.send(0, wrong + MESSAGES[1] + MESSAGES[2])

    assert connection.got == [wrong[:-80], MESSAGES[1], MESSAGES[2]]
    assert connection.counters.as_dict() == {"tcp_lost_framing": 1}


@pytest.mark.parametrize("size", [1, 33, 100_000])
def test_without_content_length_a_body_goes_on_to_the_next_start_line(size):
    connection = Connection()
    bare = MESSAGES[0].replace(b"Content-Length: 180\r\n", b"")
    nothing = MESSAGES[1].replace(b"Content-Length: 0\r\n", b"")
    wire = bare + nothing + MESSAGES[2] + bare

    for at in range(0, len(wire), size):
        connection.send(at, wire[at : at + size])
    connection.send(len(wire), flags=FIN)

    assert connection.got == [bare, nothing, MESSAGES[2], bare]
    assert connection.counters.as_dict() == {"tcp_no_content_length": 3}


def test_keep_alives_between_messages_are_skipped():
    connection = Connection()
    wire = b"\r\n\r\n" + MESSAGES[0] + b"\r\n\r\n" + MESSAGES[1] + b"\r\n"

    for at in range(len(wire)):
        connection.send(at, wire[at : at + 1])

    assert connection.got == MESSAGES[:2]


@pytest.mark.parametrize(
    "octets, reason",
    [
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "tls"),
        (b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n", "tcp_not_sip"),
        (b"\x03\x00\x00\x0b\x06\xe0", "tcp_not_sip"),
    ],
)
@pytest.mark.parametrize("size", [1, 4, 1000])
def test_connections_that_are_not_sip_are_counted_once_and_left_alone(octets, reason, size):
    connection = Connection()
    connection.send(-1, flags=SYN)

    for at in range(0, len(octets), size):
        connection.send(at, octets[at : at + size])
    connection.send(len(octets), WIRE)

    assert connection.got == []
    assert connection.counters.as_dict() == {reason: 1}

    connection.isn += 10_000_000
    connection.send(-1, flags=SYN)
    connection.send(0, WIRE)
    assert connection.got == MESSAGES


def test_an_unknown_stream_without_its_beginning_is_not_searched_for_ever():
    connection = Connection()

    for at in range(0, 40_000, 1000):
        connection.send(at, b"some lines\r\nof text\r\n".ljust(1000, b"x"))

    assert connection.counters.as_dict() == {"tcp_not_sip": 1}


def test_a_repeated_syn_and_repeated_data_after_the_end_give_nothing_twice():
    connection = Connection()

    for _ in range(2):
        connection.send(-1, flags=SYN)
        connection.send(0, MESSAGES[0])
        connection.send(len(MESSAGES[0]), MESSAGES[1], flags=ACK | FIN)
        connection.send(len(MESSAGES[0]), MESSAGES[1], flags=ACK | FIN)

    assert connection.got == MESSAGES[:2]


def test_a_fin_that_overtakes_data_ends_the_stream_only_after_it():
    connection = Connection()
    connection.send(-1, flags=SYN)

    connection.send(len(MESSAGES[0]), MESSAGES[1], flags=ACK | FIN)
    connection.send(0, MESSAGES[0])

    assert connection.got == MESSAGES[:2]


def test_a_reset_gives_what_there_is_and_a_forged_one_does_nothing():
    connection = Connection()
    connection.send(-1, flags=SYN)
    connection.send(0, MESSAGES[0][:-10])

    assert connection.send(500_000_000, flags=RST) == []
    assert connection.send(len(MESSAGES[0]) - 10, flags=RST) == [MESSAGES[0][:-10]]


def test_a_connection_on_the_same_ports_begins_anew():
    connection = Connection()
    connection.send(-1, flags=SYN)
    connection.send(0, WIRE + MESSAGES[0][:50])

    connection.isn = 3_000_000_000
    connection.send(-1, flags=SYN)
    connection.send(0, WIRE)

    connection.isn = 77  # and once more, without a SYN that was captured
    connection.send(0, WIRE)

    assert connection.got == MESSAGES * 3


def test_what_is_unfinished_at_the_end_of_the_capture_is_given_by_finish():
    connection = Connection()
    connection.send(0, MESSAGES[0][:-10])

    rest = connection.streams.finish()

    assert [(segment.frame, message) for segment, message in rest] == [(1, MESSAGES[0][:-10])]
    assert connection.streams.finish() == []


def test_hundreds_of_idle_connections_lose_nothing():
    """A telephone's connection is idle most of its life: forgetting it must cost no message."""
    counters = Counters()
    streams = TcpStreams(counters, streams_cap=4)
    phones = [Connection(isn=source * 7919, source=source, streams=streams) for source in range(10, 60)]

    at = 0
    for message in MESSAGES:
        for phone in phones:
            phone.send(at, message)
        at += len(message)

    assert all(phone.got == MESSAGES for phone in phones)
    assert counters.as_dict() == {}


def test_a_flood_of_half_messages_is_bounded_and_counted():
    counters = Counters()
    streams = TcpStreams(counters, streams_cap=16, known_cap=32)

    for source in range(10, 1010):
        Connection(source=source, streams=streams).send(0, MESSAGES[0][:200])
        Connection(source=-source, streams=streams).send(-1, flags=SYN)

    assert counters.as_dict() == {"tcp_evicted": 1000 - 16}
    assert (len(streams._streams), len(streams._known)) == (16, 32)


@pytest.mark.parametrize("length", [70_000, 900_000, 10**12])
def test_a_message_beyond_the_cap_is_left_out(length):
    connection = Connection()
    head = MESSAGES[1].replace(b"Content-Length: 0", b"Content-Length: %d" % length)
    body = b"x" * min(length, 200_000)
    wire = head + body + (b"x" * (length - len(body)) if length < 10**6 else b"\r\n")

    at = 0
    for piece in (wire[place : place + 1400] for place in range(0, len(wire), 1400)):
        connection.send(at, piece)
        at += len(piece)
    connection.send(at, MESSAGES[0])

    assert connection.got == [MESSAGES[0]]
    assert connection.counters.as_dict() == {"tcp_message_too_large": 1}


@given(st.lists(st.tuples(st.integers(0, 3000), st.binary(max_size=50), st.integers(0, 31)), max_size=30))
def test_any_segments_at_all_raise_nothing(segments: Sequence[tuple[int, bytes, int]]) -> None:
    connection = Connection()

    for at, octets, flags in segments:
        connection.send(at, octets + WIRE[at : at + 40], flags=flags)

    connection.streams.finish()
