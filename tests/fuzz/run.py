"""Feed parsers with broken input until the time is up.

    python -m tests.fuzz.run [--seconds 20] [--seed N] [NAME ...]

A target is a module tests/fuzz/fuzz_NAME.py with `SEEDS`, a list of valid inputs, and `one_input(data)`, which
raises if the parser does anything but parse or refuse in its own words. Optional are `DICTIONARY`, a list of byte
strings that mean something to the parser, and `LONGEST`, the most bytes that an input may have.

What an input is made of: seeds and inputs that came before, with bits flipped, pieces cut out, doubled, moved or
taken from another, numbers set to their extremes, words of the dictionary put in. Where atheris is installed it
guides the choice by coverage (`--atheris`); the mutator here needs nothing.

A fault is an exception, or an input that takes more than 50 ms of processor time four times. It is saved in hexadecimal
as tests/fuzz/found/NAME-….hex, and the run ends with status 1; `--again FILE NAME` feeds it once more.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import os
import random
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol, cast

HERE = Path(__file__).resolve().parent
FOUND = HERE / "found"
SLOW_S = 0.050
LONGEST = 1 << 17  # bytes, where a target names no limit; beyond this a fuzzer measures memcpy
POOL = 512  # inputs kept to make others from

INTERESTING = [
    *(value.to_bytes(1, "big") for value in (0, 1, 0x7F, 0x80, 0xFF)),
    *(value.to_bytes(2, order) for value in (0, 1, 0x7FFF, 0x8000, 0xFFFF) for order in ("big", "little")),
    *(value.to_bytes(4, order) for value in (0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF) for order in ("big", "little")),
    *(value.to_bytes(8, order) for value in (1 << 63, (1 << 64) - 1) for order in ("big", "little")),
    b"-1", b"0", b"+5", b"1_0", b"4294967296", b"9" * 40, "٣".encode(), b"\r\n", b"\n", b"\r", b"\0", b"\x85",
    b"\x0b", b"\x0c", b"\x1c", "\u2028".encode(), b"\xff\xfe", b"%00", b"%s", b"../", b"\"", b"\\", b"<", b">", b";",
    b":", b"=", b",", b"@", b"[", b"]", b" ", b"\t",
]  # fmt: skip


class Target(Protocol):
    """What a fuzz module offers."""

    __name__: str
    SEEDS: list[bytes]

    def one_input(self, data: bytes) -> None: ...


def names_of(names: Sequence[str]) -> list[str]:
    """The names asked for, or all there are."""
    known = sorted(path.stem.removeprefix("fuzz_") for path in HERE.glob("fuzz_*.py"))
    unknown = [name for name in names if name not in known]
    if unknown:
        sys.exit(f"There is no fuzz target {unknown[0]}; there are: {', '.join(known)}.")
    return list(names) or known


def targets(names: Sequence[str]) -> list[Target]:
    """The modules of these names."""
    return [cast(Target, importlib.import_module(f"tests.fuzz.fuzz_{name}")) for name in names]


class Mutator:
    """Makes inputs from inputs. The same seed gives the same sequence."""

    def __init__(
        self, seeds: Sequence[bytes], words: Sequence[bytes], rng: random.Random, longest: int = LONGEST
    ) -> None:
        self.rng = rng
        self.longest = longest
        self.seeds = list(seeds) or [b""]
        self.pool = list(self.seeds)
        self.words = [*INTERESTING, *words]

    def next(self) -> bytes:
        """One new input."""
        rng = self.rng
        data = bytearray(rng.choice(self.seeds if rng.random() < 0.3 else self.pool))
        for _ in range(1 << rng.randrange(5)):
            rng.choice(_CHANGES)(self, data)
        made = bytes(data[: self.longest])
        if len(self.pool) < POOL:
            self.pool.append(made)
        elif rng.random() < 0.05:
            self.pool[rng.randrange(POOL)] = made
        return made

    def _span(self, data: bytearray, longest: int) -> tuple[int, int]:
        start = self.rng.randrange(len(data) + 1)
        return start, min(len(data), start + self.rng.randrange(1, longest + 1))

    def flip(self, data: bytearray) -> None:
        if data:
            data[self.rng.randrange(len(data))] ^= 1 << self.rng.randrange(8)

    def set_byte(self, data: bytearray) -> None:
        if data:
            data[self.rng.randrange(len(data))] = self.rng.randrange(256)

    def overwrite(self, data: bytearray) -> None:
        word = self.rng.choice(self.words)
        at = self.rng.randrange(len(data) + 1)
        data[at : at + len(word)] = word

    def insert(self, data: bytearray) -> None:
        at = self.rng.randrange(len(data) + 1)
        data[at:at] = self.rng.choice(self.words)

    def remove(self, data: bytearray) -> None:
        start, end = self._span(data, 64)
        del data[start:end]

    def double(self, data: bytearray) -> None:
        start, end = self._span(data, 256)
        at = self.rng.randrange(len(data) + 1)
        data[at:at] = data[start:end] * self.rng.choice((1, 1, 1, 2, 8, 64))

    def truncate(self, data: bytearray) -> None:
        if self.rng.random() < 0.3:
            del data[self.rng.randrange(len(data) + 1) :]

    def splice(self, data: bytearray) -> None:
        other = self.rng.choice(self.seeds if self.rng.random() < 0.5 else self.pool)
        cut = self.rng.randrange(len(other) + 1)
        data[self.rng.randrange(len(data) + 1) :] = other[cut:]


_CHANGES: list[Callable[[Mutator, bytearray], None]] = [
    Mutator.flip, Mutator.flip, Mutator.set_byte, Mutator.overwrite, Mutator.insert, Mutator.remove, Mutator.double,
    Mutator.truncate, Mutator.splice,
]  # fmt: skip


def name_of(target: Target) -> str:
    return target.__name__.rpartition(".")[2].removeprefix("fuzz_")


def save(name: str, data: bytes) -> Path:
    """Keep a failing input."""
    FOUND.mkdir(exist_ok=True)
    path = FOUND / f"{name}-{hashlib.sha256(data).hexdigest()[:12]}.hex"
    path.write_text(data.hex() + "\n")
    return path


def timed(target: Target, data: bytes) -> float:
    """Processor seconds that an input takes; raises what the target raises. Not by the clock: others run here too."""
    start = time.process_time()
    target.one_input(data)
    return time.process_time() - start


def fuzz(target: Target, seconds: float, seed: int) -> str | None:
    """Run a target; gives back what was wrong, None if nothing."""
    name = name_of(target)
    rng = random.Random(f"{seed} {name}")
    mutator = Mutator(target.SEEDS, getattr(target, "DICTIONARY", []), rng, getattr(target, "LONGEST", LONGEST))
    executions, slowest, start = 0, 0.0, time.monotonic()
    fault = None
    seeds = list(target.SEEDS)
    while fault is None and (seeds or time.monotonic() - start < seconds):
        data = seeds.pop() if seeds else mutator.next()
        executions += 1
        try:
            took = timed(target, data)
            if took > SLOW_S and executions > 1:  # the very first pays for imports, others for what else goes on here
                took = min(took, *(timed(target, data) for _ in range(3)))
                if took > SLOW_S:
                    fault = f"took {took * 1000:.0f} ms"
            slowest = max(slowest, took) if executions > 1 else slowest
        except Exception as problem:
            traceback.print_exc()
            fault = f"raised {type(problem).__name__}: {problem}"
    rate = executions / max(time.monotonic() - start, 1e-9)
    print(f"{name}: {executions:,} executions, {rate:,.0f}/s, slowest {slowest * 1000:.1f} ms, seed {seed}", flush=True)
    if fault is None:
        return None
    return f"{name}: an input of {len(data):,} bytes {fault}; it is in {save(name, data)}"


def fuzz_with_atheris(name: str, seconds: float, seed: int) -> None:
    """Coverage-guided; ends the process."""
    import atheris

    with atheris.instrument_imports(include=["capture", "storage", "recorder"]):
        [target] = targets([name])
    corpus = HERE / "corpus" / name
    corpus.mkdir(parents=True, exist_ok=True)
    for number, data in enumerate(target.SEEDS):
        (corpus / f"seed-{number}").write_bytes(data)

    def one_input(data: bytes) -> None:
        try:
            target.one_input(data)
        except Exception:
            print(f"{name}: the failing input is in {save(name, data)}", file=sys.stderr)
            raise

    longest = getattr(target, "LONGEST", LONGEST)
    options = [f"-max_total_time={max(1, int(seconds))}", f"-seed={seed}", f"-max_len={longest}", "-timeout=1"]
    atheris.Setup([sys.argv[0], *options, str(corpus)], one_input)
    atheris.Fuzz()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.run", description="Feed parsers with broken input.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="targets; all if none is named")
    parser.add_argument("--seconds", type=float, default=20, help="for each target (20)")
    parser.add_argument("--seed", type=int, help="to repeat a run; random if not given")
    parser.add_argument("--atheris", action="store_true", help="let atheris guide by coverage: pip install -e .[fuzz]")
    parser.add_argument("--again", type=Path, metavar="FILE", help="feed a saved input to the one NAME, and no more")
    options = parser.parse_args()
    seed = options.seed if options.seed is not None else int.from_bytes(os.urandom(4), "big")
    names = names_of(options.names)
    if not names:
        sys.exit("There is no fuzz target yet: tests/fuzz/fuzz_*.py")

    if options.again:
        if len(names) != 1:
            parser.error("--again needs exactly one NAME")
        took = timed(targets(names)[0], bytes.fromhex(options.again.read_text()))
        print(f"{names[0]}: {took * 1000:.1f} ms")
        return int(took > SLOW_S)
    if len(names) > 1:  # each in a process of its own, as many at once as there are processors
        again = [sys.executable, "-m", "tests.fuzz.run", f"--seconds={options.seconds}", f"--seed={seed}"]
        again += ["--atheris"] if options.atheris else []
        with ThreadPoolExecutor(os.cpu_count()) as processes:
            ended = processes.map(lambda name: subprocess.run([*again, name]).returncode, names)
        return int(any(list(ended)))
    if options.atheris:
        fuzz_with_atheris(names[0], options.seconds, seed)

    fault = fuzz(targets(names)[0], options.seconds, seed)
    if fault:
        print(fault, file=sys.stderr)
    return int(fault is not None)


if __name__ == "__main__":
    sys.exit(main())
