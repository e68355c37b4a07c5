"""Placing all common packets at once gives what the whole rule gives one by one, and that is where samples lie."""

from __future__ import annotations

import random
import tracemalloc
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.counters import Counters
from capture.media.buffers import AudioBuffers, AudioSink
from capture.media.careful import CarefulPlacer, Source
from capture.media.negotiation import CallMedia, Declaration
from capture.media.placing import AT_ONCE, _copy, place
from capture.media.router import MediaRouter, Point
from capture.media.state import StreamColumns
from tests.capture.slow_timeline import (
    COMFORT_NOISE,
    DTMF,
    LAWS,
    MS,
    SAMPLE_NS,
    TIME,
    Packet,
    Recordings,
    Sender,
    differences,
    rows_of,
    timeline,
)

BATCH_NS = 2_000_000_000  # no batch is longer: the listener cuts its slices so


class Placer:
    """Both ways of placing behind one door: sources are numbered, the call is source // 2, the side source % 2."""

    def __init__(self, sources: int, *, all_at_once: bool, sink: AudioSink | None = None) -> None:
        self.counters = Counters()
        self.streams = StreamColumns()
        self.recordings = Recordings()
        self.buffers = AudioBuffers(sink or self.recordings, calls=(sources + 1) // 2)
        self.careful = CarefulPlacer(self.streams, self.buffers, self.counters)
        self.all_at_once = all_at_once
        self.at_once = 0  # packets that were placed so
        calls = [self.buffers.open(call, TIME) for call in range((sources + 1) // 2)]
        self.sources: list[Source] = []
        for number in range(sources):
            audio = calls[number // 2]
            assert audio is not None
            self.sources.append(Source(audio, number % 2, LAWS, frozenset({DTMF, COMFORT_NOISE}), 1, 2))

    def feed(self, batch: Sequence[Sequence[Packet]]) -> None:
        """Packets of each source, in the order of capture."""
        rows, data = rows_of([packet for packets in batch for packet in packets])
        ends = np.cumsum([len(packets) for packets in batch]).tolist()
        pieces = []
        for source, packets, hi in zip(self.sources, batch, ends, strict=True):
            lo = hi - len(packets)
            if self.all_at_once and lo < hi and not source.held and not source.leapt:
                if source.stream < 0:
                    self.careful.place(source, rows, data, lo, lo + 1)
                    lo += 1
                if lo < hi:
                    pieces.append((source, lo, hi))
            else:
                self.careful.place(source, rows, data, lo, hi)
        if pieces:
            stream, lows, highs = np.array([(source.stream, lo, hi) for source, lo, hi in pieces], np.int64).T
            refused = place(self.streams, self.buffers, self.counters, rows, data, stream, lows, highs).tolist()
            for index, (source, lo, hi) in enumerate(pieces):
                if index in refused:
                    self.careful.place(source, rows, data, lo, hi)
                else:
                    self.at_once += hi - lo

    def end(self) -> None:
        """The calls are over."""
        for source in self.sources:
            self.careful.settle(source)
        for audio in {id(source.audio): source.audio for source in self.sources}.values():
            self.buffers.close(audio)

    def columns(self) -> list[dict[int, dict[str, int]]]:
        """What is remembered of each source's streams."""
        names = [name for name, column in vars(self.streams).items() if isinstance(column, np.ndarray)]
        return [
            {
                ssrc: {name: int(getattr(self.streams, name)[row]) for name in names}
                for ssrc, row in source.known.items()
            }
            for source in self.sources
        ]


def cut(streams: Sequence[Sequence[Packet]], edges_ns: Sequence[int]) -> list[list[list[Packet]]]:
    """Batches: what all streams bring between two moments."""
    bounds = [-(1 << 62), *sorted(edges_ns), 1 << 62]
    return [
        [[packet for packet in packets if lo <= packet.at_ns < hi] for packets in streams]
        for lo, hi in zip(bounds, bounds[1:], strict=False)
    ]


def edges(streams: Sequence[Sequence[Packet]], chance: random.Random) -> list[int]:
    """Moments at which a capture may be cut into batches: some, and none further apart than a slice."""
    newest = max((packets[-1].at_ns for packets in streams if packets), default=TIME)
    found, at = [], TIME
    while at < newest:
        at += chance.choice((20 * MS, 90 * MS, 500 * MS, BATCH_NS))
        found.append(at)
    return found


def place_all(
    streams: Sequence[Sequence[Packet]], edges_ns: Sequence[int], *, all_at_once: bool, flush: int = 16000
) -> Placer:
    placer = Placer(len(streams), all_at_once=all_at_once)
    for batch in cut(streams, edges_ns):
        placer.feed(batch)
        placer.buffers.flush_due(flush)
    placer.end()
    return placer


def both_agree(streams: Sequence[Sequence[Packet]], edges_ns: Sequence[int]) -> Placer:
    """Places both ways, and in one go without batches; all give the same."""
    fast = place_all(streams, edges_ns, all_at_once=True)
    slow = place_all(streams, edges_ns, all_at_once=False)
    other = place_all(streams, edges_ns, all_at_once=False, flush=30000)

    assert fast.columns() == slow.columns() == other.columns()
    assert fast.counters.as_dict() == slow.counters.as_dict()
    for call in range((len(streams) + 1) // 2):
        one, two, three = (placer.recordings[call] for placer in (fast, slow, other))
        assert one.starts_ns == two.starts_ns == three.starts_ns
        assert np.array_equal(one.pcm, two.pcm) and np.array_equal(one.heard, two.heard)
        assert np.array_equal(one.pcm, three.pcm) and np.array_equal(one.heard, three.heard)
    return fast


def gaps(placer: Placer) -> list[list[tuple[int, int]]]:
    """The silent stretches of each side as the call's audio tells them, those that touch joined."""
    audio = placer.sources[0].audio
    assert audio.zero is not None
    joined: list[list[tuple[int, int]]] = [[], []]
    for side, lo, hi in sorted(audio.told_gaps):
        lo, hi = lo - audio.zero, hi - audio.zero
        if joined[side] and joined[side][-1][1] == lo:
            lo = joined[side].pop()[0]
        joined[side].append((lo, hi))
    return joined


def lies_as_the_contract_says(placer: Placer, streams: Sequence[Sequence[Packet]]) -> None:
    for number, packets in enumerate(streams):
        found = placer.recordings[number // 2].positions(number % 2)
        assert not differences(timeline(packets), found), f"stream {number}: {differences(timeline(packets), found)}"


# --- what a stream may go through ----------------------------------------------------------------------------

Step = tuple[str, int]

PLAIN: dict[str, tuple[int, int]] = {  # nothing in these leaves a doubt where samples lie
    "speak": (1, 70),
    "lose": (1, 40),
    "double": (1, 1),
    "late": (1, 950),  # ms
    "pause": (1, 60_000),  # samples
    "stall": (2, 250),  # packets
    "length": (0, 5),
    "odd": (1, 400),
    "codec": (0, 1),
    "press": (1, 12),
    "noise": (1, 1),
}
WILD: dict[str, tuple[int, int]] = {
    **PLAIN,
    "jitter": (0, 150),  # ms
    "jump": (-30_000, 200_000),
    "restart": (1, 5),
    "stray": (1, 12),
    "sequence": (-5000, 5000),
    "foreign": (1, 4),
}


# After the others a packet has to arrive in time: who pauses and is then held up may as well have jumped.
UNDOUBTED = {"speak", "double", "late", "jitter", "lose", "stall", "press", "noise"}


def do(sender: Sender, step: Step) -> None:
    """One thing that happens to a stream."""
    name, amount = step
    actions: dict[str, Callable[[], object]] = {
        "speak": lambda: sender.speak(amount),
        "lose": lambda: sender.lose(amount),
        "double": sender.double,
        "late": lambda: sender.delay_last(amount * MS),
        "pause": lambda: sender.pause(amount),
        "stall": lambda: sender.stall(amount),
        "length": lambda: setattr(sender, "length", (80, 160, 240, 160, 480, 37)[amount]),
        "odd": lambda: sender.sent.append(sender.packet(length=amount)),
        "codec": lambda: setattr(sender, "payload_type", 8 * amount),
        "press": lambda: sender.press(amount),
        "noise": sender.comfort_noise,
        "jitter": lambda: setattr(sender, "jitter_ns", amount * MS),
        "jump": lambda: sender.jump(amount),
        "restart": lambda: sender.restart(amount),
        "sequence": lambda: setattr(sender, "sequence", sender.sequence + amount),
        "stray": lambda: sender.sent.append(sender.packet()._replace(ssrc=99, sequence=amount)),
        "foreign": lambda: sender.sent.extend(sender.packet()._replace(ssrc=n) for n in range(amount)),
    }
    actions[name]()


def packets_of(steps: Sequence[Step], *, seed: int, sequence: int = 100, timestamp: int = 8000) -> list[Packet]:
    sender = Sender(seed=seed, sequence=sequence, timestamp=timestamp)
    sender.speak(12)
    for step in steps:
        do(sender, step)
        if step[0] not in UNDOUBTED:
            sender.speak(2)  # two, for the next step may delay the last of them
    sender.speak(12)
    return sender.arrived()


def steps_of(kinds: dict[str, tuple[int, int]], *, most: int) -> st.SearchStrategy[list[Step]]:
    one = st.one_of(*[st.tuples(st.just(name), st.integers(*span)) for name, span in kinds.items()])
    return st.lists(one, max_size=most)


def random_steps(kinds: dict[str, tuple[int, int]], chance: random.Random, count: int) -> list[Step]:
    names = chance.choices(list(kinds), k=count)
    return [step for name in names for step in ((name, chance.randint(*kinds[name])), ("speak", 20))]


# --- properties ----------------------------------------------------------------------------------------------


@given(
    streams=st.lists(steps_of(WILD, most=8), min_size=1, max_size=3),
    seed=st.integers(0, 1 << 32),
    sequence=st.sampled_from([0, 100, 65_500]),
    timestamp=st.sampled_from([8000, 2**32 - 5000, 2**31 - 3000]),
)
def test_whatever_streams_go_through_both_ways_agree(
    streams: list[list[Step]], seed: int, sequence: int, timestamp: int
) -> None:
    """`place` gives back what it can't know; what it takes lies where the whole rule puts it, books included."""
    packets = [
        packets_of(steps, seed=seed + number, sequence=sequence, timestamp=timestamp)
        for number, steps in enumerate(streams)
    ]

    both_agree(packets, edges(packets, random.Random(seed)))


@pytest.mark.parametrize("seed", range(12))
def test_many_long_streams_at_once_agree(seed: int) -> None:
    """Calls beside each other, one of them wild, disturb none of the others."""
    chance = random.Random(seed)
    packets = [
        packets_of(
            random_steps(WILD if number == 0 else PLAIN, chance, 3 if number % 2 else 12),
            seed=seed * 100 + number,
            sequence=chance.choice((0, 65_400, 30_000)),
            timestamp=chance.choice((8000, 2**32 - 20_000)),
        )
        for number in range(6)
    ]

    placer = both_agree(packets, edges(packets, chance))

    assert placer.at_once > 100


@given(steps=steps_of(PLAIN, most=8), seed=st.integers(0, 1 << 32), timestamp=st.sampled_from([8000, 2**32 - 5000]))
def test_samples_lie_where_the_contract_says(steps: list[Step], seed: int, timestamp: int) -> None:
    """The first at its capture time, the others where their timestamps put them; the rest is silence."""
    packets = [packets_of(steps, seed=seed, sequence=65_500, timestamp=timestamp)]

    placer = both_agree(packets, edges(packets, random.Random(seed)))

    lies_as_the_contract_says(placer, packets)


@given(
    streams=st.lists(steps_of(WILD, most=6), min_size=1, max_size=2), seed=st.integers(0, 1 << 32), both=st.booleans()
)
def test_the_gaps_told_are_the_frames_that_no_packet_brought(
    streams: list[list[Step]], seed: int, both: bool
) -> None:
    packets = [packets_of(steps, seed=seed + number) for number, steps in enumerate(streams)]

    placer = place_all(packets, edges(packets, random.Random(seed)), all_at_once=both)

    recording = placer.recordings[0]
    assert gaps(placer) == [recording.silences(side) for side in (0, 1)]


@pytest.mark.parametrize("jump", [10**9, -(10**9), 2**31 - 1, 40_000, -40_000, 2000])
@pytest.mark.parametrize("pause_before", [0, 1000])
def test_a_jump_begins_again_at_the_capture_time(jump: int, pause_before: int) -> None:
    sender = Sender()
    sender.speak(50)
    sender.now_ns += pause_before * SAMPLE_NS
    sender.jump(jump)
    sender.speak(50)
    packets = [sender.arrived()]

    placer = both_agree(packets, edges(packets, random.Random(1)))

    lies_as_the_contract_says(placer, packets)


@pytest.mark.parametrize("seed", range(6))
def test_a_new_ssrc_begins_again_at_the_capture_time(seed: int) -> None:
    """Two and more of them in turn, each with numbers of its own; not a packet of theirs is lost."""
    sender = Sender(seed=seed)
    for ssrc in (1, 2, 3, 4):
        sender.restart(ssrc)
        sender.payload_type = 8 * (ssrc % 2)
        sender.speak(30)
        sender.now_ns += 90 * MS * (ssrc % 2)
    packets = [sender.arrived()]

    placer = both_agree(packets, edges(packets, random.Random(seed)))

    lies_as_the_contract_says(placer, packets)


# --- cases ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("length", [80, 160, 240, 480, 37])
def test_nothing_but_common_packets_are_all_placed_at_once(length: int) -> None:
    """The fast way is in fact taken: a placer that gives all back would agree too."""
    streams = []
    for number in range(4):
        sender = Sender(seed=number, sequence=65_530, timestamp=2**32 - 900)
        sender.length, sender.jitter_ns = length, (length - 1) * SAMPLE_NS
        sender.speak(100)
        streams.append(sender.arrived())

    placer = both_agree(streams, edges(streams, random.Random(1)))

    assert placer.at_once == 4 * 100 - 4
    lies_as_the_contract_says(placer, streams)


def test_lost_packets_and_pauses_are_placed_at_once_too() -> None:
    """A hole of up to 64 numbers, or in the timestamps, is nothing to be careful about."""
    sender = Sender()
    sender.speak(5)
    sender.lose(10)
    sender.speak(5)
    sender.pause(4000)
    sender.speak(5)
    packets = [sender.arrived()]

    placer = both_agree(packets, [])

    assert placer.at_once == 14
    assert placer.sources[0].audio.told_gaps[0] == (0, 5 * 160, 15 * 160)
    lies_as_the_contract_says(placer, packets)


def test_one_unusual_piece_does_not_hold_up_the_others() -> None:
    streams = []
    for number in range(3):
        sender = Sender(seed=number)
        sender.speak(20)
        if number == 1:
            sender.delay_last(50 * MS)
        sender.speak(20)
        streams.append(sender.arrived())

    placer = both_agree(streams, [])

    assert placer.at_once == 2 * 39


def test_after_a_late_packet_of_the_law_before_the_stream_goes_on_in_its_own() -> None:
    """PCMU became PCMA; a last PCMU packet comes late, and with it the batch ends."""
    sender = Sender()
    sender.speak(20)
    sender.delay_last(50 * MS)
    sender.payload_type = 8
    sender.speak(20)
    packets = [sender.arrived()]
    late = packets[0].index(next(packet for packet in packets[0] if packet.sequence == 119))

    placer = both_agree(packets, [packets[0][late].at_ns + 1])

    lies_as_the_contract_says(placer, packets)


# --- where the router chooses which way ----------------------------------------------------------------------

SPEAKER, SPEAKER_2, LISTENER, LISTENER_2 = range(1 << 16, 5 << 16, 1 << 16)


class Router:
    """A router with one call; what is said to a listener is the caller's side."""

    def __init__(self, *hops: tuple[int, int]) -> None:
        self.counters, self.recordings = Counters(), Recordings()
        self.router = MediaRouter(self.recordings, self.counters, wait_ns=0, calls=2)
        self.media = CallMedia(0, TIME)
        for number, ends in enumerate(hops):
            for party, endpoint in enumerate(ends):
                declared = Declaration(
                    party=party, endpoint=endpoint, laws=LAWS, not_audio=frozenset(), encrypted=False, keyed=False,
                    node=7 + number, hop=(7, 8 + number), round=0,
                )  # fmt: skip
                self.router.declare(self.media, declared, TIME)

    def feed(self, packets: Sequence[Packet], *, hop: tuple[int, int]) -> None:
        rows, data = rows_of(packets)
        rows.source[:], rows.destination[:] = hop
        self.router.process(rows, data, [])

    def end(self) -> dict[int, int]:
        """The caller's samples."""
        rows, data = rows_of([])
        over = Point(1 << 40, lambda: self.router.end(self.media, lambda media: None), self.media)
        self.router.process(rows, data, [over])
        return self.recordings[0].positions(0)


@pytest.mark.parametrize("together", [1, 2, 3, 50])
def test_foreign_packets_between_the_true_ones_change_nothing(together: int) -> None:
    """Three packets of an SSRC with none of the present one between them take over; these have, in whatever batches."""
    hop = SPEAKER, LISTENER
    sender, router = Sender(), Router(hop)
    packets: list[Packet] = []
    for number in range(100):
        sender.speak(1)
        stray = Packet(sender.now_ns - 5 * MS, number, 160 * number, b"\x11" * 160, ssrc=99)
        packets += [sender.sent[-1], stray] if 10 <= number < 90 else [sender.sent[-1]]

    for lo in range(0, len(packets), together):
        router.feed(packets[lo : lo + together], hop=hop)
    found = router.end()

    assert router.counters.as_dict() == {"rtp_other_ssrc": 80}
    assert not differences(timeline(sender.sent), found), differences(timeline(sender.sent), found)


@pytest.mark.parametrize("together", [1, 2, 3, 50])
def test_single_packets_with_wild_numbers_change_nothing_in_whatever_batches(together: int) -> None:
    """Of the true SSRC, each alone, with the true ones between: no new numbering."""
    hop = SPEAKER, LISTENER
    sender, router = Sender(), Router(hop)
    packets: list[Packet] = []
    for number in range(100):
        sender.speak(1)
        stray = Packet(sender.now_ns - 5 * MS, 30_000 + number, 10**8 + 160 * number, b"\x11" * 160)
        packets += [sender.sent[-1], stray] if 10 <= number < 90 else [sender.sent[-1]]

    for lo in range(0, len(packets), together):
        router.feed(packets[lo : lo + together], hop=hop)
    found = router.end()

    assert not differences(timeline(sender.sent), found), differences(timeline(sender.sent), found)


def test_a_flow_that_returns_after_one_with_the_other_law_is_heard_in_its_own() -> None:
    """Two hops carry one side (a PBX that transcodes between them): each packet keeps its own law."""
    hops = (SPEAKER, LISTENER), (SPEAKER_2, LISTENER_2)
    first, second, router = Sender(seed=1), Sender(seed=2, at_ns=TIME + 2 * 10**9), Router(*hops)
    second.ssrc, second.payload_type = 2, 8
    first.speak(50)
    second.speak(50)
    first.pause(4 * 8000 - 50 * 160)
    first.speak(50)

    for hop, part in ((hops[0], first.sent[:50]), (hops[1], second.sent), (hops[0], first.sent[50:])):
        router.feed(part, hop=hop)
    found = router.end()

    expected = timeline([*first.sent, *second.sent])
    assert not differences(expected, found), differences(expected, found)


@pytest.mark.parametrize("lengths", [(160,), (80, 160, 240)])
def test_payloads_lie_where_they_belong_however_many_they_are(lengths: Sequence[int]) -> None:
    chosen, count = random.Random(7), 2 * AT_ONCE + 3
    data = np.frombuffer(chosen.randbytes(100_000), np.uint8)
    length = np.array([chosen.choice(lengths) for _ in range(count)])
    start = np.array([chosen.randrange(len(data) - 240) for _ in range(count)])
    to = 250 * np.array(chosen.sample(range(count), count))
    pool, expected = np.zeros(250 * count, np.uint8), np.zeros(250 * count, np.uint8)

    _copy(pool, to, data, start, length)

    for where, first, size in zip(to.tolist(), start.tolist(), length.tolist(), strict=True):
        expected[where : where + size] = data[first : first + size]
    assert np.array_equal(pool, expected)


@pytest.mark.parametrize("count", [1, 7, 8])
def test_few_payloads_of_a_large_batch_take_little_memory(count: int) -> None:
    """numpy's `take` would copy all the overlapping payloads that a batch could hold: 160 times its bytes."""
    data, pool = np.ones(1 << 20, np.uint8), np.zeros(1 << 12, np.uint8)
    length, start = np.full(count, 160), 500 * np.arange(count)

    tracemalloc.start()
    _copy(pool, 160 * np.arange(count), data, start, length)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert pool.sum() == 160 * count
    assert peak < 50_000
