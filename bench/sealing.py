"""Measure what sealing costs: replays of 1,000 calls at once, plain and sealed in turn. What `make bench-sealing` runs.

    python -m bench.sealing [--runs 5] [--calls 1000] [--seconds 20] [--scratch DIR]

Counted is user plus system CPU, as in `bench.run`. A replay does in a row what a recorder does live, and cheaper: so
the share that sealing adds is larger here than on a line. The keys are made for the run and thrown away. Besides it
measures wrapping the keys of 100,000 recordings anew.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from bench.run import Case, Run, compile_ours, generate, measure, say

ASKED = 0.15  # of the CPU of recording, at most
KEYS, ASKED_S = 100_000, 60.0


def settings(folder: Path, encoding: str, *, sealed: bool) -> Path:
    from pyrage import x25519

    lines = [f'[recording]\nencoding = "{encoding}"']
    for name in ("office", "escrow") if sealed else ():
        key = x25519.Identity.generate().to_public()
        lines.append(f'[[sealing.recipients]]\nname = "{name}"\nkey = "{key}"')
    path = folder / "bench.toml"
    path.write_text("\n".join(lines) + "\n")
    return path


def replay(capture: Path, encoding: str, scratch: Path, *, sealed: bool) -> Run:
    folder = Path(tempfile.mkdtemp(prefix="sealing-", dir=scratch))
    try:
        config = settings(folder, encoding, sealed=sealed)
        command = [sys.executable, "-m", "recorder", "replay", "--config", str(config)]
        command += ["--store", str(folder / "store")]
        return measure([*command, str(capture)])
    finally:
        shutil.rmtree(folder)


def rewrapping(count: int) -> float:
    """Seconds to wrap so many keys anew, on all processors, once the key store is filled."""
    from pyrage import x25519

    from recorder.keys.rewrap import wrap_all
    from storage.disk import Disk
    from storage.sealed.key import Key, recipient
    from storage.sealed.key_store import KeyStore, Named, Wrapped

    with tempfile.TemporaryDirectory() as folder:
        keys = KeyStore.open(folder, "bench", Disk(), create=True)
        assert keys is not None
        secrets = [x25519.Identity.generate() for _ in range(3)]
        old = [Named(f"r{n}", str(one.to_public())) for n, one in enumerate(secrets[:2])]
        audience = keys.audience(old)
        wrapped = Key().wrapped([recipient(one.key) for one in old])  # one for all: opening each costs the same
        with keys.in_one_transaction():
            for number in range(count):
                keys.add(Wrapped(f"c{number}", 1, audience, wrapped), "{}")
        began = time.monotonic()
        done = wrap_all(keys, secrets[:1], [old[1], Named("new", str(secrets[2].to_public()))])
        took = time.monotonic() - began
        keys.close()
        assert done.wrapped == count
    return took


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--calls", type=int, default=1000)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--keys", type=int, default=KEYS)
    parser.add_argument("--scratch", type=Path, default=Path(tempfile.gettempdir()))
    given = parser.parse_args()
    compile_ours()
    bad = False
    print(f"{given.calls:,} calls at once for {given.seconds} s, median of {given.runs} pairs")
    print("encoding   plain CPU s   sealed CPU s   more   asked")
    for encoding in ("pcm16", "g711"):
        capture = generate(Case(calls=given.calls, seconds=given.seconds))
        pairs = []
        for number in range(given.runs):
            say(f"{encoding}: pair {number + 1} of {given.runs}")
            pairs.append([replay(capture, encoding, given.scratch, sealed=one).cpu_s for one in (False, True)])
        plain, sealed = (median(pair[side] for pair in pairs) for side in (0, 1))
        more = median(pair[1] / pair[0] for pair in pairs) - 1
        bad |= more > ASKED
        print(f"{encoding:8} {plain:13.2f} {sealed:14.2f} {more:6.1%}   {ASKED:.0%}", flush=True)
    if given.keys:
        took = rewrapping(given.keys)
        bad |= took > ASKED_S
        print(f"{given.keys:,} keys wrapped anew in {took:.1f} s (asked: {ASKED_S:.0f})")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
