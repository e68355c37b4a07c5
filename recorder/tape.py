"""One leg's audio between the listener and the disk: it waits in memory until it may be written, or is forgotten.

A `Tape` waits at first. `write` hands all that waits to a part and goes on writing; `wait` lets it wait again;
`forget` leaves nothing of it anywhere, in memory or on the disk. What waits never reaches a disk.
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from capture.media.erasable import copied
from capture.media.g711 import TABLE, AudioBlock, Law
from capture.media.records import Records
from recorder.keeping.keeper import Decode, Part
from storage.errors import DiskFailed
from storage.wav import ALAW, PCM16, ULAW, Encoding

FRAME_NS = 125_000
SOUNDLESS_BYTES = 1 << 20  # of packets that wait without any audio
ENCODING = {Law.MU: ULAW, Law.A: ALAW}


@dataclass(frozen=True, slots=True)
class _Late:
    """Code words for frames that came before."""

    channel: int
    frame: int
    codes: NDArray[np.uint8]
    law: Law


@dataclass(frozen=True, slots=True)
class _Prepended:
    """All frames move back by so many."""

    frames: int


@dataclass(frozen=True, slots=True)
class CodeWords:
    """Decodes a part's code words: a `recorder.keeping.keeper.Decode` that can be sent to another process."""

    law: Law
    silent: tuple[tuple[int, int, int], ...]  # (channel, from, to): no code word of A-law is 0

    def __call__(self, words: bytes, first: int) -> NDArray[np.int16]:
        frames = TABLE[self.law][np.frombuffer(words, np.uint8)].reshape(-1, 2)
        for side, lo, hi in self.silent:
            frames[max(lo - first, 0) : max(hi - first, 0), side] = 0
        return frames


class Tape:
    """The audio of one leg. Frames count from the leg's first audio.

    `begin` makes a part for (encoding, time of its first frame in ns), None if the recording exists already; `as_pcm`
    makes one of 16-bit samples from one of G.711.
    `failed` is told, once, of a disk that refuses something: what it refused is `lost`, and silence in the recording.
    """

    def __init__(
        self,
        begin: Callable[[Encoding, int], Part | None],
        as_pcm: Callable[[Part, Decode], Part],
        failed: Callable[[DiskFailed], None],
        *,
        g711: bool,
    ) -> None:
        self._begin = begin
        self._as_pcm = as_pcm
        self._failed = failed
        self._g711 = g711
        self._waiting: list[AudioBlock | _Late | _Prepended] | None = []  # None: nothing waits any more
        self.waiting_bytes = 0
        self._packets: list[Records] = []  # that wait
        self._packets_missing = False
        self.is_recalled = False  # an earlier process heard its beginning
        self.part: Part | None = None
        self.has_audio = False  # some was heard, kept or not
        self.is_broken = False  # the disk refused some of it
        self.is_full = False  # for want of room
        self.lost: list[tuple[int, int]] = []  # frames of the part that it refused
        self._is_stopped = False  # a refusal left what is there in disorder: nothing more is written
        self.is_known = False  # the store has this recording already
        self.is_forgotten = False
        self._from_ns: int | None = None  # what was captured earlier isn't wanted
        self._until_ns: int | None = None  # nor what was captured later
        self._skipped = 0  # frames before the part's first
        self._silent: list[tuple[int, int, int]] = []  # (channel, from, to) in a part of A-law

    @property
    def is_written(self) -> bool:
        """Whether it goes to the disk, as soon as there is any."""
        return self._waiting is None and not self.is_forgotten

    @property
    def skipped(self) -> int:
        """Frames at the beginning of the leg's audio that the part does not have."""
        return self._skipped

    # --- what becomes of it ---------------------------------------------------------------------------------

    def write(self, from_ns: int | None = None) -> None:
        """Write what waits, as far as it was captured at `from_ns` or later, and go on writing."""
        if self.is_forgotten or self._waiting is None:
            return
        waiting, self._waiting, self.waiting_bytes = self._waiting, None, 0
        if self.part is None:
            self._from_ns = from_ns
        for one in waiting:
            if isinstance(one, AudioBlock):
                self.audio(one)
            elif isinstance(one, _Late):
                self.late(one.channel, one.frame, one.codes, one.law)
            else:
                self.prepend(one.frames)
        self._write_packets()

    def wait(self) -> None:
        """Write nothing more for now: what comes waits, until `write` or `forget` is said."""
        if self._waiting is None and not self.is_forgotten:
            self._waiting = []

    def forget(self) -> None:
        """Keep nothing of it: what is on the disk is erased, what waits is dropped, what comes is not taken."""
        self.is_forgotten = True
        self._waiting, self._packets, self.waiting_bytes = None, [], 0
        part, self.part = self.part, None
        if part is not None:
            try:
                part.discard()
            except DiskFailed as error:
                self._failed(error)

    def keep_newest(self, seconds: float) -> bool:
        """Of what waits, keep the blocks that reach into the last seconds; whether any audio was dropped."""
        if not self._waiting:
            return False
        blocks = [one for one in self._waiting if isinstance(one, AudioBlock)]
        if not blocks:
            return False
        before = self.waiting_bytes
        oldest = blocks[-1].start + len(blocks[-1].codes) - int(seconds / FRAME_NS * 1e9)
        self._waiting = [
            one
            for one in self._waiting
            if not (isinstance(one, AudioBlock) and one.start + len(one.codes) <= oldest)
            and not (isinstance(one, _Late) and one.frame < oldest)
        ]
        self.waiting_bytes = sum(one.codes.nbytes for one in self._waiting if isinstance(one, AudioBlock))
        self._packets, self._packets_missing = [], True  # without its beginning, no recording is made again from them
        self._from_ns = None
        return self.waiting_bytes < before

    def stop(self, at_ns: int) -> None:
        """Take nothing that was captured at `at_ns` or later, not even late. Since then it must have waited."""
        self._until_ns = at_ns if self._until_ns is None else min(self._until_ns, at_ns)

    # --- what comes from the listener -----------------------------------------------------------------------

    def audio(self, block: AudioBlock) -> None:
        """Take the next block."""
        self.has_audio = True
        if self._waiting is not None:
            codes = copied(block.codes)
            self.waiting_bytes += codes.nbytes
            self._waiting.append(AudioBlock(block.start, codes, block.laws, block.starts_ns, list(block.silent)))
            return
        if self.is_forgotten or self.is_known or self._is_stopped:
            return
        wanted = self._cut(block)
        if wanted is None:
            return
        try:
            self._write(wanted)
        except DiskFailed as error:
            self.lost.append((wanted.start, wanted.start + len(wanted.codes)))
            self._break(error)

    def late(self, channel: int, frame: int, codes: NDArray[np.uint8], law: Law) -> None:
        """Put code words into frames that came before."""
        if self._waiting is not None:
            self._waiting.append(_Late(channel, frame, copied(codes), law))
            self.waiting_bytes += codes.nbytes
            return
        frame -= self._skipped
        if frame < 0:
            codes, frame = codes[-frame:], 0
        part = self.part
        if part is None or self._is_stopped:
            return
        if self._until_ns is not None:
            codes = codes[: max(0, (self._until_ns - part.starts_ns) // FRAME_NS - frame)]
        try:
            if len(codes):
                self._write_late(channel, frame, codes, law)
        except DiskFailed as error:
            self._break(error)

    def prepend(self, frames: int) -> None:
        """The leg's audio began so many frames earlier."""
        if self._waiting is not None:
            self._waiting.append(_Prepended(frames))
            return
        if self._skipped or self._from_ns is not None:
            self._skipped += frames  # what came before isn't wanted
            return
        part = self.part
        if part is None or self._is_stopped:
            return
        self._is_stopped = True
        try:
            part.insert(frames)
            self._is_stopped = False
            self.lost = [(lo + frames, hi + frames) for lo, hi in self.lost]
            self._silent = [(side, lo + frames, hi + frames) for side, lo, hi in self._silent]
            self._silent += [(side, 0, frames) for side in (0, 1) if part.encoding is ALAW]
        except DiskFailed as error:
            self._break(error)

    def packets(self, records: Records) -> None:
        """Keep these packets beside the audio. Those that came before there is any wait in memory."""
        if self.is_forgotten or self.is_known or self._packets_missing:
            return
        if self.is_recalled:
            self._packets_missing = True
            self._write_packets()
            return
        self._packets.append(records)
        if not self.has_audio and sum(one.data.nbytes for one in self._packets) > SOUNDLESS_BYTES:
            self._packets, self._packets_missing = [], True  # RTP that is no audio of ours: who knows for how long
        if self._waiting is None and self.part is not None:
            self._write_packets()
        else:
            self.waiting_bytes += records.data.nbytes

    # --- in detail ------------------------------------------------------------------------------------------

    def _cut(self, block: AudioBlock) -> AudioBlock | None:
        """The part of a block that was captured while it was wanted."""
        lo, hi = 0, len(block.codes)
        starts_ns = block.starts_ns
        if self._from_ns is not None:
            lo = max(lo, -(-(self._from_ns - starts_ns) // FRAME_NS) - block.start)
        if self._until_ns is not None:
            hi = min(hi, (self._until_ns - starts_ns) // FRAME_NS - block.start)
        if lo >= hi:
            return None
        if self.part is None and not self._skipped and not self.lost:
            self._skipped = lo + block.start
        if lo == 0 and hi == len(block.codes) and not self._skipped:
            return block
        silent = [
            (side, max(start, lo) - lo, min(stop, hi) - lo)
            for side, start, stop in block.silent
            if start < hi and stop > lo
        ]
        begins_ns = starts_ns + self._skipped * FRAME_NS
        return AudioBlock(block.start + lo - self._skipped, block.codes[lo:hi], block.laws, begins_ns, silent)

    def _write(self, block: AudioBlock) -> None:
        if self.part is None:
            alike = block.laws[0] is block.laws[1]
            encoding = ENCODING[block.laws[0]] if self._g711 and alike else PCM16
            self.part = self._begin(encoding, block.starts_ns)
            if self.part is None:
                self.is_known, self._packets = True, []
                return
            if self._packets or self._packets_missing:
                self._write_packets()
        part = self.part
        if part.encoding is not PCM16 and any(ENCODING[law] is not part.encoding for law in block.laws):
            part = self._go_on_as_pcm(part)
        if part.encoding is PCM16:
            part.write(block.start, block.pcm16().data)
        else:
            part.write(block.start, np.ascontiguousarray(block.codes).data)
            if part.encoding is ALAW:
                self._silent += [(side, block.start + lo, block.start + hi) for side, lo, hi in block.silent]

    def _write_late(self, channel: int, frame: int, codes: NDArray[np.uint8], law: Law) -> None:
        part = self.part
        assert part is not None
        if part.encoding is not PCM16 and ENCODING[law] is not part.encoding:
            part = self._go_on_as_pcm(part)
        codes = codes[: max(0, part.frames - frame)]
        part.write_channel(frame, channel, TABLE[law][codes] if part.encoding is PCM16 else codes)
        if self._silent:
            self._silent = without(self._silent, channel, frame, frame + len(codes))

    def _write_packets(self) -> None:
        """Hand over those that wait; what the disk refuses, the part remembers as missing."""
        if self.part is None or self._waiting is not None:
            return
        waiting, self._packets, self.waiting_bytes = self._packets, [], 0
        for one in waiting:
            if self._until_ns is not None:
                one = one.before(self._until_ns)
            if len(one):
                self.part.write_packets(one.data.data)
        if self._packets_missing:
            self.part.lack_packets()

    def _go_on_as_pcm(self, old: Part) -> Part:
        """One file has one format tag: when the sides' laws differ, what is there becomes PCM, and so on."""
        decode = CodeWords(Law.A if old.encoding is ALAW else Law.MU, tuple(self._silent))
        self._is_stopped = True
        part = self.part = self._as_pcm(old, decode)
        self._is_stopped = False
        return part

    def _break(self, error: DiskFailed) -> None:
        """What comes is tried again, since a disk may be full for a while only; it is told once."""
        self.is_full |= error.errno in (errno.ENOSPC, errno.EDQUOT)
        if not self.is_broken:
            self._failed(error)
        self.is_broken = True


def without(
    silent: list[tuple[int, int, int]], side: int, start: int, stop: int
) -> list[tuple[int, int, int]]:
    """Silent stretches (channel, from, to) without one that audio has come for."""
    left = []
    for channel, lo, hi in silent:
        if channel != side or stop <= lo or start >= hi:
            left.append((channel, lo, hi))
        else:
            left += [(channel, a, b) for a, b in ((lo, start), (stop, hi)) if a < b]
    return left
