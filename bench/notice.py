"""Measure what looking for the notice costs, and print a table.

    python -m bench.notice [--runs 9] [--calls 20]

Counted is the CPU time of this process between the first block and the last verdict, over calls of a minute that
come in blocks of two seconds, turn by turn; a call-second is a second of one call's audio on the side of the exchange.
Each kind of call is measured once a run, so that a machine that slows down slows all. The prompts and the speech are
those of tests/captures/notice, as µ-law gives them back.

  silence   nothing to hear
  ringing   the ringing tone, all the time
  speech    other announcements by the same voices without any pause, so that every second is worth a search: the
            most that a call costs
  notice    ten seconds of speech, the notice, then speech: it is heard, and the rest of the call is not looked at
"""

from __future__ import annotations

import argparse
import platform
import time
from importlib.metadata import version
from pathlib import Path
from statistics import median

import numpy as np
from numpy.typing import NDArray

from bench.truth import RATE, mulaw_table
from recorder.notice import NoticeFinder, Prompts

FOLDER = Path(__file__).resolve().parent.parent / "tests" / "captures" / "notice"
SECONDS = 60
BLOCK = 2 * RATE
AT_ONCE = 100  # calls, for the share of a core
ASKED_SHARE = 0.01  # of a core, at most
NOTICES = {"one prompt": ["recorded-ja"], "two prompts": ["recorded-ja", "recorded-en"]}

Pcm = NDArray[np.int16]


def said(*names: str) -> Pcm:
    """The samples of some files, one after the other, as µ-law has them."""
    import soundfile

    linear = np.concatenate([soundfile.read(FOLDER / f"{name}.flac", dtype="int16")[0] for name in names])
    values = np.unique(mulaw_table())
    return values[np.searchsorted((values[1:].astype(float) + values[:-1]) / 2, linear)].astype(np.int16)


def lines() -> dict[str, Pcm]:
    """The audio of each kind of call, `SECONDS` long."""
    samples = SECONDS * RATE
    speech = said("closed-ja", "closed-en")
    cells = speech[: len(speech) // 160 * 160].reshape(-1, 160)
    speech = np.resize(cells[np.abs(cells).max(axis=1) > 300].ravel(), samples)
    t = np.arange(samples) / RATE
    ringing = 6000 * (t % 3 < 1) * np.cos(np.pi * 16 * t) * np.sin(2 * np.pi * 400 * t)
    return {
        "silence": np.zeros(samples, np.int16),
        "ringing": ringing.astype(np.int16),
        "speech": speech,
        "notice": np.concatenate((speech[: 10 * RATE], said("recorded-ja"), speech))[:samples],
    }


def cpu_s(prompts: Prompts, line: Pcm, calls: int) -> tuple[float, bool]:
    """CPU seconds that so many calls take, and whether the notice was heard in them."""
    began = time.process_time()
    finders = [NoticeFinder(prompts) for _ in range(calls)]
    for at in range(0, len(line), BLOCK):
        for finder in finders:
            finder.feed(at, line[at : at + BLOCK])
    heard = {finder.heard() is not None for finder in finders}
    return time.process_time() - began, heard == {True}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.notice", description="What looking for the notice costs.")
    parser.add_argument("--runs", type=int, default=9, help="of which the median counts (%(default)s)")
    parser.add_argument("--calls", type=int, default=20, help="at once in a run (%(default)s)")
    args = parser.parse_args()
    wanted = {name: Prompts.load([FOLDER / f"{file}.flac" for file in files]) for name, files in NOTICES.items()}
    kinds = lines()
    taken: dict[tuple[str, str], list[float]] = {(name, kind): [] for name in wanted for kind in kinds}
    for _ in range(args.runs):
        for name, prompts in wanted.items():
            for kind, line in kinds.items():
                seconds, heard = cpu_s(prompts, line, args.calls)
                if heard != (kind == "notice"):
                    raise SystemExit(f"{kind}, {name}: heard is {heard}")
                taken[name, kind].append(seconds / (args.calls * SECONDS))
    print(f"Python {platform.python_version()}, numpy {version('numpy')}; {args.runs} runs of {args.calls} calls")
    print(f"{'':12} {'':8} {'µs CPU a call-second':>26} {f'share of a core at {AT_ONCE} calls':>34}")
    print(f"{'':12} {'':8} {'median':>12} {'least':>6} {'most':>6} {'median':>34}")
    for name, prompts in wanted.items():
        length_s = sum(prompt.milliseconds for prompt in prompts.all) / 1000
        for kind in kinds:
            each = [seconds * 1e6 for seconds in taken[name, kind]]
            share = median(taken[name, kind]) * AT_ONCE
            verdict = "" if share <= ASKED_SHARE else f"  more than the {ASKED_SHARE:.0%} asked"
            print(
                f"{f'{length_s:.1f} s' if kind == 'silence' else '':>12} {kind:8} "
                f"{median(each):12.1f} {min(each):6.1f} {max(each):6.1f} {share:34.2%}{verdict}"
            )


if __name__ == "__main__":
    main()
