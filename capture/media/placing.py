"""Placing the common packets of all streams at once.

A *piece* is a run of rows of one stream. `place` puts down every piece in which all packets are what the stream's
last one led to expect: the same SSRC and G.711 payload type, sequence numbers going up, each packet's place (by its
timestamp) behind the one before it, and within 100 ms of its capture time or as far off it as the one before. The
others it gives back, untouched, for `careful`, which knows the whole rule. For the pieces it takes, the two agree
sample for sample; the tests hold one against the other.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from capture.clock import MIRRORED_WITHIN_NS
from capture.counters import Counters
from capture.media.buffers import AudioBuffers
from capture.media.erasable import LEAST
from capture.media.rtp import RtpRows
from capture.media.state import StreamColumns

NEAR = 800  # samples: 100 ms. Within this of its capture time a packet's timestamp is never doubted.
STEP = 64  # sequence numbers that may be missing between two packets of a piece
SAMPLE_NS = 125_000
AT_ONCE = 4096  # payloads copied at once: between gathering and laying down they fit a processor's cache
FAR = 1 << 30  # samples: a stream this far from its row isn't placed here, where differences have 32 bits


def place(
    streams: StreamColumns,
    buffers: AudioBuffers,
    counters: Counters,
    rows: RtpRows,
    data: NDArray[np.uint8],
    stream: NDArray[np.int64],
    lo: NDArray[np.int64],
    hi: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Place the pieces `stream[i]`, rows `lo[i]` up to `hi[i]`; no stream and no channel twice.

    Pieces may not be empty. Returns the indices of the pieces that were not placed. Counts `rtp_mirrored_twice`.
    """
    count = hi - lo
    total = int(count.sum())
    first = np.cumsum(count) - count  # of each piece, in the rows as gathered below
    if total == len(rows) and np.array_equal(first, lo):
        r = rows
    else:
        r = rows.take(np.repeat(lo - first, count) + np.arange(total))
    last = first + count - 1
    channel = streams.channel[stream]
    base = buffers.base[channel]

    before = np.empty(total, np.uint16)
    before[1:] = r.sequence[:-1]
    before[first] = streams.sequence[stream].astype(np.uint16)
    step = r.sequence - before  # modulo 2**16, as the numbers are
    good = step - np.uint16(1) < STEP
    if not good.all() and (step == 0).any():
        kept = _once(streams, r, stream, first, step)
        if kept is not None:
            edges = np.searchsorted(kept, np.append(first, total))
            left = np.diff(edges)
            some = np.flatnonzero(left)
            refused = some[
                place(streams, buffers, counters, r.take(kept), data, stream[some], edges[some], edges[some + 1])
            ] if len(some) else some  # fmt: skip
            copies = count - left
            counters.add("rtp_mirrored_twice", int(copies.sum() - copies[refused].sum()))
            return refused

    # Where each packet lies in its row, and how much has to be there before it.
    behind = streams.base_position[stream] - base
    at = (r.timestamp - np.repeat(streams.base_timestamp[stream] - behind.astype(np.uint32), count)).view(np.int32)
    shortest, longest = int(r.length.min()), int(r.length.max())
    room = buffers.window - longest
    good &= at.view(np.uint32) <= np.uint32(room) if room >= 0 else np.False_
    end = at + (np.int32(longest) if shortest == longest else r.length.astype(np.int32))
    reached = np.empty(total, np.int32)
    reached[1:] = end[:-1]
    reached[first] = np.maximum(buffers.end[channel] - base, -1)
    good &= at >= reached
    _continue(good, r.ssrc, streams.ssrc[stream], first)
    _continue(good, r.payload_type, streams.payload_type[stream], first)

    # How far before its capture time each lies, and NEAR more: in nanoseconds, since dividing takes longest.
    place_in_row = at.astype(np.int64)
    slack = place_in_row * -SAMPLE_NS
    slack += r.time_ns
    slack -= np.repeat(buffers.origin_ns[channel] + (base - NEAR) * SAMPLE_NS, count)
    near = slack.view(np.uint64) < np.uint64((2 * NEAR + 1) * SAMPLE_NS)
    if not near.all():
        # What was more than 100 ms off before, and keeps the clock's pace since, is no jump either (a drifting clock).
        ahead = NEAR - slack // SAMPLE_NS
        before_ahead = np.empty(total, np.int64)
        before_ahead[1:] = ahead[:-1]
        captured = (streams.base_time_ns[stream] - buffers.origin_ns[channel]) // SAMPLE_NS
        before_ahead[first] = streams.base_position[stream] - captured
        near |= np.abs(ahead - before_ahead) < NEAR
        good &= near
    fits = (streams.law[stream] == buffers.law[channel]) & (np.abs(behind) < FAR)
    if not (good.all() and fits.all() and shortest > 0):
        good &= r.length > 0
        taken = np.logical_and.reduceat(good, first) & fits
        refused = np.flatnonzero(~taken)
        if len(refused) < len(stream):
            kept = np.flatnonzero(taken)
            place(streams, buffers, counters, rows, data, stream[kept], lo[kept], hi[kept])
        return refused

    place_in_row += np.repeat(channel * buffers.window, count)
    _copy(buffers.pool, place_in_row, data, r.start, r.length)

    buffers.pace.note(channel, np.minimum.reduceat(slack, first) - NEAR * SAMPLE_NS)

    gaps = np.flatnonzero(at > reached)
    for row, piece in zip(gaps.tolist(), (np.searchsorted(first, gaps, side="right") - 1).tolist(), strict=True):
        number, left_edge = int(channel[piece]), int(base[piece])
        since = int(buffers.end[number]) if row == first[piece] else left_edge + int(reached[row])
        buffers.gap(number, since, left_edge + int(at[row]))

    steady = bool((step == 1).all())
    streams.sequence[stream] += count if steady else np.add.reduceat(step.astype(np.int64), first)
    streams.packets[stream] += count
    streams.arrived[stream] += count
    streams.base_timestamp[stream] = r.timestamp[last]
    streams.base_position[stream] = base + at[last]
    streams.base_length[stream] = r.length[last]
    streams.base_sequence[stream] = streams.sequence[stream]
    streams.base_time_ns[stream] = streams.time_ns[stream] = r.time_ns[last]
    buffers.end[channel] = base + end[last]
    _remember_seen(streams, stream, count, None if steady else step, first)
    return np.empty(0, np.int64)


def _continue(
    good: NDArray[np.bool_], values: NDArray[np.generic], known: NDArray[np.generic], first: NDArray[np.int64]
) -> None:
    """Clear `good` where a row's value isn't that of the row before, or that known of its stream."""
    same = np.empty(len(values), np.bool_)
    np.equal(values[1:], values[:-1], out=same[1:])
    same[first] = values[first] == known
    good &= same


def _once(
    streams: StreamColumns,
    r: RtpRows,
    stream: NDArray[np.int64],
    first: NDArray[np.int64],
    step: NDArray[np.uint16],
) -> NDArray[np.int64] | None:
    """The rows without second copies that a mirror made: the whole header is that of the packet before, which came
    a moment ago. None if there are no such copies."""
    again = np.flatnonzero(step == 0)
    piece = np.searchsorted(first, again, side="right") - 1
    original = np.maximum.accumulate(np.where(step != 0, np.arange(len(r)), -1))[again]
    before = original < first[piece]  # the original came in an earlier batch
    row = stream[piece]
    timestamp = np.where(before, streams.base_timestamp[row], r.timestamp[original])
    ssrc = np.where(before, streams.ssrc[row], r.ssrc[original])
    time_ns = np.where(before, streams.time_ns[row], r.time_ns[original])
    alike = (r.timestamp[again] == timestamp) & (r.ssrc[again] == ssrc)
    copies = again[alike & (r.time_ns[again] - time_ns <= MIRRORED_WITHIN_NS)]
    return np.delete(np.arange(len(r)), copies) if len(copies) else None


def _copy(
    pool: NDArray[np.uint8],
    to: NDArray[np.int64],
    data: NDArray[np.uint8],
    start: NDArray[np.int64],
    length: NDArray[np.int64],
) -> None:
    """Copy payloads as whole items, one kind of length after the other."""
    shortest, longest = int(length.min()), int(length.max())
    sizes = [shortest] if shortest == longest else np.unique(length).tolist()
    for size in sizes:
        these = slice(None) if len(sizes) == 1 else np.flatnonzero(length == size)
        here, there = start[these], to[these]
        for lo in range(0, len(here), AT_ONCE):
            _copy_alike(pool, there[lo : lo + AT_ONCE], data, here[lo : lo + AT_ONCE], size)


def _copy_alike(
    pool: NDArray[np.uint8], to: NDArray[np.int64], data: NDArray[np.uint8], start: NDArray[np.int64], size: int
) -> None:
    if len(start) * size < LEAST:  # an array so small would keep what it held: see capture.media.erasable
        for source, target in zip(start.tolist(), to.tolist(), strict=True):
            pool[target : target + size] = data[source : source + size]
        return
    # Views of overlapping items, one beginning at each byte: a gather or scatter then moves whole payloads.
    items = np.ndarray((len(data) - size + 1,), f"V{size}", data, strides=(1,))
    places = np.ndarray((len(pool) - size + 1,), f"V{size}", pool, strides=(1,))
    places[to] = items[start]


def _remember_seen(
    streams: StreamColumns,
    stream: NDArray[np.int64],
    count: NDArray[np.int64],
    step: NDArray[np.uint16] | None,
    first: NDArray[np.int64],
) -> None:
    """Bring the bit masks of arrived sequence numbers up to date. `step` None: every step is 1."""
    seen = streams.seen[stream]
    small = np.minimum(count, 63).astype(np.uint64)
    one = np.uint64(1)
    seen = (seen << small) | ((one << small) - one)
    seen[count >= 64] = ~np.uint64(0)
    if step is not None:
        gaps = np.maximum.reduceat(step, first) > 1
        for piece in np.flatnonzero(gaps).tolist():
            mask = int(streams.seen[stream[piece]])
            for one_step in step[first[piece] : first[piece] + count[piece]].tolist():
                mask = (mask << one_step | 1) & 0xFFFFFFFFFFFFFFFF
            seen[piece] = mask
    streams.seen[stream] = seen
