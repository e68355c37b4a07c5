"""The office's prompts: read once, compared with any number of calls."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recorder.notice.cells import CELL, CELL_MS, RATE, Samples, alike, energies
from recorder.notice.places import NEAR, Index
from recorder.problems import Unusable

SHORTEST_S = 1.0  # of a prompt, without the silence at its ends
LONGEST_S = 30.0
LONGEST_FILE_S = 120.0  # with it
LONGEST_ALL_S = 60.0  # of all prompts, without it: what a search costs grows with this

QUIETEST = 50  # root mean square of the loudest cells of a prompt
SOUNDING = 10**-2.6  # energy of a cell, as a part of the loudest ones', from which on it has to match: -26 dB
ENOUGH_MS = 2500
BESIDE = 5  # cells with sound on each side of a pause, one of which has to be heard if the pause is to count


class UnusablePrompt(Unusable):
    """A file that can't serve as a prompt; the sentence names it and says why."""


class Prompts:
    """The office's prompts, ready to be looked for. No call changes them."""

    def __init__(self, prompts: Sequence[Prompt]) -> None:
        """Raises `UnusablePrompt` if all together are longer than `LONGEST_ALL_S`."""
        self.all = tuple(prompts)
        length_s = sum(prompt.milliseconds for prompt in self.all) / 1000
        if length_s > LONGEST_ALL_S:
            raise UnusablePrompt(
                f"The prompts have {length_s:.1f} s of sound together; {LONGEST_ALL_S:g} s are the most.",
                hint="Name only those that say that the call is recorded.",
            )
        self.index = Index([prompt.samples for prompt in self.all])

    @classmethod
    def load(cls, paths: Sequence[Path]) -> Prompts:
        """Read files of any kind that libsndfile knows, of any rate and number of channels.

        Raises `UnusablePrompt` for a file that is missing, can't be read or is silent, that has less than `SHORTEST_S`
        or more than `LONGEST_S` of sound or lasts longer than `LONGEST_FILE_S`, and if all are too long together.
        """
        return cls([Prompt(path.name, read_samples(path)) for path in paths])


class Prompt:
    """One prompt, without the silence at its ends, cut into cells."""

    def __init__(self, name: str, samples: Samples) -> None:
        """`samples`: 8 kHz, mono. Raises `UnusablePrompt` if they are silent, too short or too long."""
        self.name = name
        samples = samples[: len(samples) // CELL * CELL]
        samples = samples - samples.mean() if len(samples) else samples
        energy = energies(samples)
        loud = float(np.quantile(energy, 0.95)) if len(energy) else 0.0
        if loud < QUIETEST**2 * CELL:
            raise UnusablePrompt(f"{name} is silent.", hint="Name the file that callers hear.")
        places = np.flatnonzero(energy >= loud * SOUNDING)
        cells = slice(int(places[0]), int(places[-1]) + 1)
        self.samples: Samples = samples[cells.start * CELL : cells.stop * CELL]
        self.sounding: NDArray[np.bool_] = energy[cells] >= loud * SOUNDING  # which cells have to match
        if not SHORTEST_S * 1000 <= self.milliseconds <= LONGEST_S * 1000:
            raise UnusablePrompt(
                f"{name} has {self.milliseconds / 1000:.1f} s of sound; a prompt has {SHORTEST_S:g} to {LONGEST_S:g} s."
            )

    @property
    def milliseconds(self) -> int:
        return len(self.sounding) * CELL_MS

    def refine(self, hop: Samples, sample: int) -> int:
        """Where in `hop` the prompt begins (perhaps before it, or behind), known to `NEAR`: about minus `sample`."""
        hop = hop[: len(hop) // 2 * 2]
        reach = NEAR + 2
        around = np.zeros(len(hop) + 2 * reach, np.float32)
        begin, end = max(0, sample - reach), min(len(self.samples), sample + reach + len(hop))
        around[begin - sample + reach : end - sample + reach] = self.samples[begin:end]
        # First with samples in twos, at a third of the cost.
        rough = 2 * int(np.correlate(around[2:-2:2] + around[3:-2:2], hop[::2] + hop[1::2], "valid").argmax())
        fine = int(np.correlate(around[rough : rough + len(hop) + 4], hop, "valid").argmax())
        return reach - sample - rough - fine

    def matches(self, audio: Samples, lies_at: int) -> tuple[int, NDArray[np.bool_], NDArray[np.bool_]]:
        """The first cell that lies wholly in `audio`; and of it and those that follow, which match and which sound.

        audio[lies_at] is the prompt's first sample, or would be: it may lie before or behind `audio`.
        """
        begin = max(0, -(lies_at // CELL))
        end = max(begin, min(len(self.sounding), (len(audio) - lies_at) // CELL))
        sounding = self.sounding[begin:end]
        same = alike(self.samples[begin * CELL : end * CELL], audio[lies_at + begin * CELL : lies_at + end * CELL])
        return begin, same & sounding, sounding

    def enough(self, heard: NDArray[np.bool_]) -> int:
        """How many cells were heard, with pauses in between, from those that matched; 0 if too few to count."""
        places = np.flatnonzero(self.sounding)
        there = heard[places]
        count = int(np.count_nonzero(there))
        if count < min(ENOUGH_MS // CELL_MS, -(-len(places) // 2)):
            return 0
        for before in np.flatnonzero(np.diff(places) > 1):
            after = before + 1
            if there[max(0, after - BESIDE) : after].any() and there[after : after + BESIDE].any():
                count += int(places[after] - places[before]) - 1
        return count


def read_samples(path: Path) -> Samples:
    """A file as mono at 8 kHz, in the range of 16 bits. Raises `UnusablePrompt` if it is missing or can't be read."""
    import soundfile

    if not path.is_file():
        raise UnusablePrompt(f"{path} is not there." if not path.exists() else f"{path} is no file.")
    try:
        # By its descriptor: given a file object, soundfile makes callbacks, which memory that the units'
        # MemoryDenyWriteExecute= protects can't hold.
        with path.open("rb") as file, soundfile.SoundFile(file.fileno(), closefd=False) as audio:
            rate = audio.samplerate
            if audio.frames > LONGEST_FILE_S * rate:
                raise UnusablePrompt(f"{path} lasts longer than {LONGEST_FILE_S:g} s.")
            samples = audio.read(dtype="float32", always_2d=True)
    except OSError as problem:
        raise UnusablePrompt(f"{path} can't be read: {problem.strerror}.") from problem
    except soundfile.LibsndfileError as problem:
        raise UnusablePrompt(f"{path} is no audio file that can be read.", hint="Save it as WAV.") from problem
    mono = samples.mean(axis=1, dtype=np.float32)
    if not np.isfinite(mono).all():
        raise UnusablePrompt(f"{path} holds samples that are no numbers.", hint="Save it as WAV of 16 bits.")
    if rate != RATE and len(mono):
        import soxr

        mono = soxr.resample(mono, rate, RATE)
    return np.asarray(mono * np.float32(32768), np.float32)
