"""Measure what sealing costs. What `make bench-sealing` runs.

    sudo python -m bench.sealing [--runs 3] [--calls 1000] [--seconds 60] [--keys 100000] [--first] [--scratch DIR]

A line with so many calls at once is recorded in real time, plain and sealed in turn, as `bench.live` does it; what
sealing costs is the CPU of the recorder while all calls talk, sealed against plain, the median of the pairs. Every
sample of both is looked at. The keys are made for the run and thrown away. What the register costs besides is in
`bench.evidence`, which also has both for replays. Last, the keys of 100,000 recordings are wrapped anew.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from bench.line import laid
from bench.live import measure
from bench.unsealing import Recipients

ASKED = 0.15  # of the CPU of recording, at most
KEYS, ASKED_S = 100_000, 60.0


def pairs(calls: int, seconds: int, runs: int, scratch: Path, *, first: bool) -> bool:
    """Whether sealing costs less than asked, every sample right; each run is printed."""
    shares, good = list[float](), True
    print(f"{calls:,} calls at once for {seconds} s, share of one core:\n  plain  sealed    more", flush=True)
    with laid("seal") as line:
        for _ in range(runs):
            plain, sealed = (
                measure(line, calls, seconds, scratch, first=first, sealed=one) for one in (None, Recipients.made())
            )
            shares.append(sealed.core / plain.core - 1)
            faults = [*plain.faults, *sealed.faults]
            good &= not faults
            print(f"{plain.core:6.1%}  {sealed.core:6.1%}  {shares[-1]:6.1%}  {faults[:1] or 'all right'}", flush=True)
    print(f"sealing: {median(shares):.1%} more; asked: {ASKED:.0%} with the register")
    return good and median(shares) < ASKED


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
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--calls", type=int, default=1000)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--keys", type=int, default=KEYS)
    parser.add_argument("--first", action="store_true", help="before all other work of this machine")
    parser.add_argument("--scratch", type=Path, default=Path(tempfile.gettempdir()))
    given = parser.parse_args()
    good = pairs(given.calls, given.seconds, given.runs, given.scratch, first=given.first) if given.runs else True
    if given.keys:
        took = rewrapping(given.keys)
        good &= took <= ASKED_S
        print(f"{given.keys:,} keys wrapped anew in {took:.1f} s (asked: {ASKED_S:.0f})")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
