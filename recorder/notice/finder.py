"""What one call has heard of the prompts."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from recorder.notice.cells import CELL, CELL_MS, RATE, Samples
from recorder.notice.places import HOP, TAPS
from recorder.notice.prompts import LONGEST_S, Prompts

BEFORE = RATE * 3 // 2  # samples kept of what was looked at already
QUIETEST = 20**2 * HOP  # energy of a second that is worth a search: a root mean square of 20
ENOUGH_TO_FOLLOW = 12  # cells that match, before a shift is believed
FOLLOWED = 0.8  # of the cells with sound in a second: if so many match, nothing is searched for
ENOUGH_TO_JUDGE = 5  # cells with sound in a second, for that
WHOLE = 0.95  # of a prompt's cells with sound: it was heard wholly
ROUNDS = 3  # of a search in one second: more shifts than that are not found in it


@dataclass(frozen=True, slots=True)
class Heard:
    """A prompt that a caller heard, or a part of it."""

    prompt: str  # the name of its file, without folder
    milliseconds: int  # how much of it
    of_milliseconds: int  # how long it is, without the silence at its ends
    start_frame: int  # the frame of the call where the first heard part of it lies


class NoticeFinder:
    """Looks for prompts in the audio of one call: at most `search_s` seconds of it, from the first frame fed.

    What is being heard when that time has passed is followed to its end. A finder holds 2.5 s of audio at most (40 kB)
    and eight bytes a cell of each prompt; once it is `done`, no audio.
    """

    def __init__(self, prompts: Prompts, *, search_s: float = 60) -> None:
        self.done = not prompts.all  # nothing that is fed from now on matters
        self._prompts = prompts
        self._search = int(search_s * RATE)
        self._until: int | None = None  # the frame where searching ends
        self._audio = np.zeros(0, np.int16)  # what was looked at and is kept, then what waits for a full second
        self._looked = 0  # samples of `_audio` that were looked at
        self._end = 0  # the frame behind `_audio`
        self._in_vain = False  # the second before was searched, and has no prompt
        self._tracks = [_Track(np.full(len(prompt.sounding), -1, np.int64)) for prompt in prompts.all]

    def feed(self, start_frame: int, pcm: NDArray[np.int16]) -> None:
        """Take audio of the exchange's side, shape (frames,), dtype int16, that begins at a frame of the call.

        Blocks come in order. Between two of them silence is assumed; frames that were there before are ignored.
        """
        if self.done:
            return
        if self._until is None:
            self._until = start_frame + self._search
            self._end = start_frame
        missing = start_frame - self._end
        if missing > 0:
            # Silence beyond the end of the search and of what is being heard makes no difference.
            most = max(0, self._until - self._end) + int(LONGEST_S + 2) * RATE
            self._take(np.zeros(min(missing, most), np.int16))
        fresh = pcm[max(0, -missing) :]
        if not self.done and len(fresh):
            self._take(fresh)

    def heard(self) -> Heard | None:
        """What was heard until now: the prompt of which it was most. May be asked at any time, and changes nothing."""
        if self.done or not len(self._audio):
            return self._verdict()
        kept = self._tracks, self._in_vain
        self._tracks, self._in_vain = [replace(track, frames=track.frames.copy()) for track in self._tracks], False
        try:
            # The last second, though some of it may have been looked at.
            self._look(self._audio, max(0, len(self._audio) - HOP), self._end - len(self._audio))
            return self._verdict()
        finally:
            self._tracks, self._in_vain = kept

    def _take(self, fresh: NDArray[np.int16]) -> None:
        audio = np.concatenate((self._audio, fresh))
        self._end += len(fresh)
        first = self._end - len(audio)  # the frame of audio[0]
        at = self._looked
        while len(audio) - at >= HOP and not self.done:
            begin = max(0, at - BEFORE)
            self._look(audio[begin : at + HOP], at - begin, first + begin)
            at += HOP
            self.done = self._finished(first + at)
        begin = len(audio) if self.done else max(0, at - BEFORE)
        self._audio = audio[begin:].copy()
        self._looked = at - begin

    def _look(self, pcm: NDArray[np.int16], looked: int, first: int) -> None:
        """Look at the samples from number `looked` on, `HOP` at most; pcm[0] is frame `first`."""
        assert self._until is not None
        pass_over, self._in_vain = self._in_vain or first + looked >= self._until, False
        followed = any(track.lies_at is not None for track in self._tracks)
        if not followed and (pass_over or _energy(pcm[looked:].astype(np.float32)) < QUIETEST):
            return
        audio = pcm.astype(np.float32)
        rest = audio.copy()  # what no prompt explains
        if not self._follow(audio, rest, looked, first) and not pass_over and len(audio) - looked >= 2 * TAPS:
            self._search_for(audio, rest, looked, first)

    def _follow(self, audio: Samples, rest: Samples, looked: int, first: int) -> bool:
        """Look at prompts where they are expected; whether one of them is there."""
        since = max(0, looked - 2 * CELL)  # a cell is judged with its neighbours
        there = False
        for prompt, track in zip(self._prompts.all, self._tracks, strict=True):
            if track.lies_at is not None:
                cell, alike, sounding = prompt.matches(audio[since:], track.lies_at - first - since)
                track.enter(track.lies_at, cell, alike, rest, first)
                judged = np.count_nonzero(sounding)
                there |= bool(judged >= ENOUGH_TO_JUDGE and np.count_nonzero(alike) >= FOLLOWED * judged)
        return there

    def _search_for(self, audio: Samples, rest: Samples, looked: int, first: int) -> None:
        """Look for prompts anywhere in `rest` from number `looked` on."""
        for round_ in range(ROUNDS):
            hop = rest[looked:].copy()  # what one prompt explains, another that begins alike may explain too
            if _energy(hop) < QUIETEST:
                return
            found = False
            for number, sample in self._prompts.index.candidates(hop, beside=round_ > 0):
                prompt = self._prompts.all[number]
                lies_at = looked + prompt.refine(hop, sample)
                cell, alike, _ = prompt.matches(audio, lies_at)
                if np.count_nonzero(alike) >= ENOUGH_TO_FOLLOW:
                    self._tracks[number].enter(first + lies_at, cell, alike, rest, first)
                    found = True
            if not found:
                # If sound has only just begun, it may be too little of a prompt to be found.
                self._in_vain = round_ == 0 and _energy(hop[: HOP // 2]) >= QUIETEST / 2
                return

    def _finished(self, frame: int) -> bool:
        """Whether nothing is left to do from this frame on; also lets go of prompts that are over."""
        assert self._until is not None
        for prompt, track in zip(self._prompts.all, self._tracks, strict=True):
            if track.lies_at is not None and track.lies_at + len(prompt.samples) <= frame:
                track.lies_at = None
                if np.count_nonzero(track.frames >= 0) >= WHOLE * np.count_nonzero(prompt.sounding):
                    return True
        return frame >= self._until and all(track.lies_at is None for track in self._tracks)

    def _verdict(self) -> Heard | None:
        found = []
        for prompt, track in zip(self._prompts.all, self._tracks, strict=True):
            if cells := prompt.enough(track.frames >= 0):
                start = int(track.frames[track.frames >= 0].min())
                found.append(Heard(prompt.name, cells * CELL_MS, prompt.milliseconds, start))
        return max(found, key=lambda heard: heard.milliseconds, default=None)


@dataclass(slots=True)
class _Track:
    """What a call has heard of one prompt."""

    frames: NDArray[np.int64]  # shape (cells,): at which frame each cell was heard first, or -1
    lies_at: int | None = None  # the frame where its first sample lies or would lie, while it is being heard
    last: int = -1  # the frame of the last cell heard

    def enter(self, lies_at: int, cell: int, alike: NDArray[np.bool_], rest: Samples, first: int) -> None:
        """Enter which cells from number `cell` on were heard, and mute them in `rest`; rest[0] is frame `first`."""
        cells = cell + np.flatnonzero(alike)
        if not len(cells):
            return
        frames = lies_at + CELL * cells
        new = self.frames[cells] < 0
        self.frames[cells[new]] = frames[new]
        rest[(frames[:, None] - first) + np.arange(CELL)] = 0
        if frames[-1] >= self.last:  # of two shifts in a second the later one goes on
            self.last, self.lies_at = int(frames[-1]), lies_at


def _energy(samples: Samples) -> float:
    return float(samples @ samples)
