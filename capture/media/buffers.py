"""Audio on its way from packets to blocks: for each call two rows of code words, the last seconds of each side.

Whoever places packets writes code words into the rows by position. `flush` hands what is complete to the sink as
an `AudioBlock` and moves the window on. What arrives for a place that was already handed over goes to the sink as
`late`; audio that turns out to lie before the recording's first frame makes it `prepend`.

One large array holds the rows of all calls, so that packets of many calls can be placed at once. It is reserved,
not touched: memory is used by calls that are there. What a row holds is good from its side's first audio up to
`end`; gaps in between are filled with silence when they arise, what lies before and behind when it is handed over.
"""

from __future__ import annotations

import mmap
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from capture.media.g711 import SILENCE, AudioBlock, Law
from capture.media.pace import Pace

RATE_HZ = 8000
SAMPLE_NS = 125_000
WINDOW = 131072  # samples a row holds: 8 s, a slice of 2 s and what may wait before it
# Samples of a call that are gathered before they are handed over, if there is memory for it. Each hand-over has its
# price, and so has each page of memory that is touched; and 8 s as PCM still fit a processor's cache.
GATHERED = 64_000
GATHERED_BYTES = 200_000_000  # of all calls together
HEADROOM = 8000  # room before a call's first audio, for audio that is found to be a little earlier
LAG = 8000  # a side that is silent holds the other back by no more than this
LONGEST_BLOCK = 1 << 20  # frames
# While calls are live, a crash takes what was not handed over. Few calls are handed over often; of many, each the more
# seldom the more there are, for a hand-over costs the same however little it brings.
LIVE_LAG = 640  # a silent side holds the other back by 80 ms: telephones and networks delay by less, mostly
LIVE_LEAST = 400  # samples that must wait for a hand-over
LIVE_LEAST_A_CALL = 1.4  # or so many for each call there is: at 1,000 calls 0.18 s, at 2,000 0.35 s
LIVE_LEAST_OF_MANY = 9600  # but no more
NO_LAW = 255
GAPS_KEPT = 1000  # of each call; further ones are counted


class AudioSink(Protocol):
    """Takes a call's audio. `call` is what `AudioBuffers.open` was given."""

    def audio(self, call: Any, block: AudioBlock) -> None:
        """The next block; blocks follow each other without a hole."""

    def late(self, call: Any, channel: int, frame: int, codes: NDArray[np.uint8], law: Law) -> None:
        """Code words for frames that a block brought earlier as silence (or as something else)."""

    def prepend(self, call: Any, frames: int) -> None:
        """The recording begins so many frames earlier: silence for now, all earlier frames move back."""


@dataclass(slots=True, eq=False)
class CallAudio:
    """What is known of one call's audio as a whole."""

    slot: int
    call: Any
    origin_ns: int  # capture time of position 0
    zero: int | None = None  # position of the recording's frame 0; None until the first flush
    laws: list[Law] = field(default_factory=lambda: [Law.MU, Law.MU])
    first: list[int | None] = field(default_factory=lambda: [None, None])  # position of each side's first audio
    gaps: tuple[list[tuple[int, int]], list[tuple[int, int]]] = field(default_factory=lambda: ([], []))
    told_gaps: list[tuple[int, int, int]] = field(default_factory=list)  # (channel, position, position), handed over
    gaps_not_kept: int = 0

    @property
    def has_audio(self) -> bool:
        """Whether any packet brought a sample."""
        return self.first[0] is not None or self.first[1] is not None


class AudioBuffers:
    """The rows of all calls. Channel `2 * slot + side` is one side of the call in that slot."""

    def __init__(self, sink: AudioSink, *, calls: int = 16384, window: int = WINDOW) -> None:
        self._sink = sink
        self.window = window
        self._memory = _reserve(2 * calls * window + 256)
        self.pool = np.frombuffer(self._memory, np.uint8)
        self._free = list(range(calls - 1, -1, -1))
        self.calls: list[CallAudio | None] = [None] * calls
        self.base = np.zeros(2 * calls, np.int64)  # position of the row's first code word
        self.end = np.zeros(2 * calls, np.int64)  # position behind the newest sample
        self.origin_ns = np.zeros(2 * calls, np.int64)
        self.law = np.full(2 * calls, NO_LAW, np.uint8)  # of the row's code words
        self.pace = Pace(2 * calls)
        self._pairs = np.empty(window, np.dtype("<u2"))  # of the block that is being handed over

    def open(self, call: Any, origin_ns: int) -> CallAudio | None:
        """A slot for a call, position 0 at capture time `origin_ns`; None when all are taken."""
        if not self._free:
            return None
        slot = self._free.pop()
        audio = self.calls[slot] = CallAudio(slot, call, origin_ns)
        for channel in (2 * slot, 2 * slot + 1):
            self.origin_ns[channel], self.base[channel], self.end[channel] = origin_ns, -HEADROOM, -HEADROOM
            self.law[channel] = NO_LAW
            self.pace.forget(channel)
        return audio

    def begin_earlier(self, audio: CallAudio, at_ns: int) -> None:
        """Position 0 is at this time, if that is earlier: an earlier packet was found before any was placed."""
        audio.origin_ns = min(audio.origin_ns, at_ns)
        for channel in (2 * audio.slot, 2 * audio.slot + 1):
            self.origin_ns[channel] = audio.origin_ns

    def close(self, audio: CallAudio) -> None:
        """Hand over all that is left, and take the slot back."""
        if audio.has_audio:
            self.flush(audio, int(max(self.end[2 * audio.slot : 2 * audio.slot + 2])))
        self.drop(audio)

    def drop(self, audio: CallAudio) -> None:
        """Take the slot back and forget what is in it."""
        self.calls[audio.slot] = None
        self._free.append(audio.slot)
        self._wipe(2 * audio.slot * self.window, 2 * self.window)
        self.end[2 * audio.slot : 2 * audio.slot + 2] = self.base[2 * audio.slot : 2 * audio.slot + 2]

    def _wipe(self, start: int, size: int) -> None:
        """Nothing of a call stays in memory: whole pages are given back, the rest is written over."""
        first, end = -(-start // mmap.PAGESIZE) * mmap.PAGESIZE, (start + size) // mmap.PAGESIZE * mmap.PAGESIZE
        if first < end:
            self._memory.madvise(mmap.MADV_DONTNEED, first, end - first)
        self.pool[start:first] = 0
        self.pool[max(first, end) : start + size] = 0
        self._pairs.fill(0)

    def begin_law(self, audio: CallAudio, side: int, position: int, law: Law) -> None:
        """Prepare a side for code words of a law, the first of them at `position`."""
        channel = 2 * audio.slot + side
        if audio.first[side] is None:
            audio.first[side] = position
            self.end[channel] = position
        else:
            self.flush(audio, int(max(self.end[channel], self.end[channel ^ 1])))
        audio.laws[side] = law
        self.law[channel] = law

    def gap(self, channel: int, start: int, stop: int) -> None:
        """No packet brought the samples from `start` up to `stop`, though later ones are there."""
        audio = self.calls[channel >> 1]
        assert audio is not None
        side, base = channel & 1, int(self.base[channel])
        audio.gaps[side].append((start, stop))
        lo, hi = max(start - base, 0), min(stop - base, self.window)
        if lo < hi:
            self._row(channel)[lo:hi] = SILENCE[audio.laws[side]]

    def put(self, audio: CallAudio, side: int, position: int, codes: NDArray[np.uint8]) -> None:
        """Place code words of the side's present law, wherever that is."""
        piece = self.window // 4
        if len(codes) > piece:
            for start in range(0, len(codes), piece):
                self.put(audio, side, position + start, codes[start : start + piece])
            return
        channel = 2 * audio.slot + side
        stop = position + len(codes)
        first, end = audio.first[side], int(self.end[channel])
        if first is None or position < first:
            audio.first[side] = position
            if first is not None and stop < first:
                self.gap(channel, stop, first)
        if stop - int(self.base[channel]) > self.window:
            self.flush(audio, stop - self.window // 2)
        if position > end:
            self.gap(channel, end, position)
        elif position < end and audio.gaps[side]:
            self._fill_gap(audio, side, position, stop)
        base = int(self.base[channel])
        if position < base:
            before = codes[: base - position]
            self._put_behind(audio, side, position, before)
            codes, position, base = codes[len(before) :], position + len(before), int(self.base[channel])
        if len(codes):
            self._row(channel)[position - base : stop - base] = codes
        if stop > end:
            self.end[channel] = stop

    def flush(self, audio: CallAudio, upto: int) -> None:
        """Hand over everything before position `upto`."""
        row = 2 * audio.slot
        base = int(self.base[row])
        if upto <= base:
            return
        while upto - base > self.window:  # a long silence
            self.flush(audio, base + self.window)
            base = int(self.base[row])
        if audio.zero is None:
            zero = min(first for first in audio.first if first is not None)
            if upto > zero:  # else there is nothing yet to begin with
                audio.zero = zero
        if audio.zero is not None:
            lo = max(base, audio.zero)
            silent = [] if self._whole(audio, lo, upto) else [*self._silence(audio, 0, lo, upto),
                                                              *self._silence(audio, 1, lo, upto)]  # fmt: skip
            codes = self._interleave(row, lo - base, upto - base)
            laws = [audio.laws[side if audio.first[side] is not None else 1 - side] for side in (0, 1)]
            block = AudioBlock(lo - audio.zero, codes, (laws[0], laws[1]), self.starts_ns(audio), silent)
            self._sink.audio(audio.call, block)
        shift = upto - base
        for channel, end in enumerate(self.end[row : row + 2].tolist(), row):
            used = min(self.window, end - base)
            if used > shift:
                content = self._row(channel)
                content[: used - shift] = content[shift:used]
        self.base[row : row + 2] = upto

    def flush_due(self, threshold: int | None = None) -> None:
        """Hand over what is complete, for every call with at least `threshold` samples waiting.

        Without a threshold, as many as memory allows: few large blocks cost less than many small ones.
        """
        if threshold is None:
            calls = len(self.calls) - len(self._free)
            threshold = max(LAG, min(GATHERED, GATHERED_BYTES // (2 * calls + 1)))
        newest = np.maximum(self.end[0::2], self.end[1::2])
        due = np.flatnonzero(newest - self.base[0::2] >= threshold)
        upto = np.maximum(np.minimum(self.end[2 * due], self.end[2 * due + 1]), newest[due] - LAG)
        for slot, position in zip(due.tolist(), upto.tolist(), strict=True):
            audio = self.calls[slot]
            if audio is not None and audio.has_audio:
                self.flush(audio, position)

    def hand_over(self, at_ns: int) -> None:
        """Hand over what came until now, the present being `at_ns`, so that it is out of this process's memory soon.

        Called several times a second, it keeps a sample back by no more than `LIVE_LAG` of capture time, and of
        hundreds of calls by `LIVE_LEAST_A_CALL`.
        """
        base, end = self.base[0::2], self.end
        calls = len(self.calls) - len(self._free)
        least = min(max(LIVE_LEAST, LIVE_LEAST_A_CALL * calls), LIVE_LEAST_OF_MANY)
        newest = np.maximum(end[0::2], end[1::2])
        late = (at_ns - self.origin_ns[0::2]) // SAMPLE_NS - LIVE_LAG  # whoever speaks there has been heard by now
        due = np.flatnonzero((newest - base >= least) | (newest > base) & (newest <= late))
        both = np.minimum(end[2 * due], end[2 * due + 1])
        upto = np.maximum.reduce((both, newest[due] - LIVE_LAG, np.minimum(newest[due], late[due])))
        for slot, position in zip(due.tolist(), upto.tolist(), strict=True):
            audio = self.calls[slot]
            if audio is not None and audio.has_audio:
                self.flush(audio, position)

    def starts_ns(self, audio: CallAudio) -> int:
        """Capture time of the recording's frame 0."""
        return audio.origin_ns + (audio.zero or 0) * SAMPLE_NS

    def _row(self, channel: int) -> NDArray[np.uint8]:
        return self.pool[channel * self.window : (channel + 1) * self.window]

    def _whole(self, audio: CallAudio, lo: int, upto: int) -> bool:
        """Whether both sides brought every sample of a block."""
        row, (left, right) = 2 * audio.slot, audio.first
        if audio.gaps[0] or audio.gaps[1] or left is None or right is None or left > lo or right > lo:
            return False
        nearest: int = min(self.end[row : row + 2].tolist())
        return upto <= nearest

    def _interleave(self, row: int, start: int, stop: int) -> NDArray[np.uint8]:
        """Both rows of a call as pairs of bytes: shifted and joined as 16-bit numbers, which is quickest. Valid until
        the next ones are asked for."""
        pairs = self._pairs[: stop - start]
        np.left_shift(self._row(row + 1)[start:stop], np.uint16(8), out=pairs)
        np.bitwise_or(pairs, self._row(row)[start:stop], out=pairs)
        return pairs.view(np.uint8).reshape(-1, 2)

    def _silence(self, audio: CallAudio, side: int, lo: int, upto: int) -> list[tuple[int, int, int]]:
        """Fill what no packet brought of a side with silence, in its row; gives back, and tells, where that is.
        Forgets gaps that end in it. `lo` and `upto` lie in the window."""
        channel, first = 2 * audio.slot + side, audio.first[side]
        row, base = self._row(channel), int(self.base[channel])
        if first is None:  # no audio, no law: silence in the other side's
            row[lo - base : upto - base] = SILENCE[audio.laws[1 - side]]
            self._tell_gap(audio, side, lo, upto)
            return [(side, 0, upto - lo)]
        start, stop = max(lo, first), min(upto, int(self.end[channel]))
        gaps = audio.gaps[side]
        if not gaps and start == lo and stop == upto:
            return []
        quiet = [(max(lo, begin), min(upto, end)) for begin, end in sorted(gaps) if begin < upto and end > lo]
        gaps[:] = [gap for gap in gaps if gap[1] > upto]
        quiet += [(lo, min(start, upto)), (max(stop, lo), upto)]
        silent, reached = [], lo
        for begin, end in sorted(quiet):
            begin, reached = max(begin, reached), max(end, reached)
            if begin < end:
                row[begin - base : end - base] = SILENCE[audio.laws[side]]
                silent.append((side, begin - lo, end - lo))
                self._tell_gap(audio, side, begin, end)
        return silent

    def _tell_gap(self, audio: CallAudio, side: int, start: int, stop: int) -> None:
        told = audio.told_gaps
        for index in range(len(told) - 1, max(-1, len(told) - 5), -1):
            if told[index][0] == side and told[index][2] == start:
                told[index] = side, told[index][1], stop
                return
        if len(told) < GAPS_KEPT:
            told.append((side, start, stop))
        else:
            audio.gaps_not_kept += 1

    def _untell(self, audio: CallAudio, side: int, start: int, stop: int) -> None:
        """What was told to be a gap has been brought after all."""
        left: list[tuple[int, int, int]] = []
        for gap in audio.told_gaps:
            if gap[0] == side:
                left += [(side, lo, hi) for lo, hi in _without(gap[1], gap[2], start, stop)]
            else:
                left.append(gap)
        audio.told_gaps[:] = left

    def _fill_gap(self, audio: CallAudio, side: int, start: int, stop: int) -> None:
        left: list[tuple[int, int]] = []
        for lo, hi in audio.gaps[side]:
            left += _without(lo, hi, start, stop)
        audio.gaps[side][:] = left

    def _put_behind(self, audio: CallAudio, side: int, position: int, codes: NDArray[np.uint8]) -> None:
        """Place code words before the window: it has been handed over, or the recording begins earlier."""
        rows = 2 * audio.slot, 2 * audio.slot + 1
        if audio.zero is None:
            shift = int(self.base[rows[0]]) - position
            used = max(int(self.end[row]) for row in rows) - int(self.base[rows[0]])
            if shift + max(used, len(codes)) <= self.window:  # nothing has left yet: make room
                for row in rows:
                    content = self._row(row)
                    content[shift : shift + used] = content[:used].copy()
                    self.base[row] = position
                for start, stop in audio.gaps[side]:  # the part of a new gap that lay before the window
                    content = self._row(rows[side])
                    content[max(start - position, 0) : max(stop - position, 0)] = SILENCE[audio.laws[side]]
                self._row(rows[side])[: len(codes)] = codes
                return
            self._begin_with(audio, side, position, codes)
            return
        zero = audio.zero
        if position < zero:
            self._sink.prepend(audio.call, zero - position)
            audio.told_gaps[:0] = [(0, position, zero), (1, position, zero)]
            audio.zero = zero = position
        self._sink.late(audio.call, side, position - zero, codes, audio.laws[side])
        self._untell(audio, side, position, position + len(codes))

    def _begin_with(self, audio: CallAudio, side: int, position: int, codes: NDArray[np.uint8]) -> None:
        """The first frames are these code words, far before the window: hand over all up to there."""
        base = int(self.base[2 * audio.slot])
        audio.zero = position
        laws = audio.laws[side], audio.laws[side]
        for start in range(position, base, LONGEST_BLOCK):
            frames = np.full((min(base - start, LONGEST_BLOCK), 2), SILENCE[audio.laws[side]], np.uint8)
            said = len(codes) if start == position else 0
            frames[:said, side] = codes[:said]
            silent = [(1 - side, 0, len(frames)), (side, said, len(frames))]
            for channel, lo, hi in silent:
                self._tell_gap(audio, channel, start + lo, start + hi)
            self._sink.audio(audio.call, AudioBlock(start - position, frames, laws, self.starts_ns(audio), silent))


def _reserve(size: int) -> mmap.mmap:
    """Memory that costs nothing until it is touched, and then in small pages: calls use the beginnings of rows."""
    # Private: the first touch of a page of shared memory, which mmap gives otherwise, costs half as much again.
    memory = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    memory.madvise(mmap.MADV_NOHUGEPAGE)
    return memory


def _without(lo: int, hi: int, start: int, stop: int) -> list[tuple[int, int]]:
    """What is left of lo to hi without start to stop."""
    if stop <= lo or start >= hi:
        return [(lo, hi)]
    return [part for part in ((lo, start), (stop, hi)) if part[0] < part[1]]
