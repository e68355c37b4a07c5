"""Compare a store with the truth of a generated capture, sample by sample.

    python -m bench.check --store DIR --capture-truth FILE

Every call has to be there once, with its numbers and times, and its WAV has to hold exactly what each party
said, where the timestamps put it from the capture time of the first packet, and silence everywhere else. The
WAV is read here by hand: nothing of the recorder's own code takes part except `recorder calls`, which says
what it claims.
"""

from __future__ import annotations

import argparse
import json
import struct
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.truth import RATE, SAMPLES, Plan, alaw_table, mulaw_table, read_truth

NEAR_US = 2_000  # how far a time may be off
PLACE = 1  # samples: a capture time between two samples may be rounded either way
SHOWN = 20  # faults printed
_PCM, _ALAW, _MULAW, _EXTENSIBLE = 1, 6, 7, 0xFFFE

_TABLE = {"PCMU": mulaw_table(), "PCMA": alaw_table()}
# What stands for silence where a payload byte has to stand: the smallest values G.711 has.
_SILENT = {_MULAW: (0xFF, 0x7F), _ALAW: (0xD5, 0x55)}
_KIND = {"PCMU": _MULAW, "PCMA": _ALAW}


def read_wav(path: Path) -> tuple[int, NDArray[Any]]:
    """Format tag and frames (one row each) of a stereo WAV at 8000 Hz."""
    data = path.read_bytes()
    if data[:4] not in (b"RIFF", b"RF64") or data[8:12] != b"WAVE":
        raise ValueError("not a WAV file")
    at, tag = 12, 0
    while at + 8 <= len(data):
        name, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        at += 8
        if name == b"fmt ":
            tag, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", data, at)
            if tag == _EXTENSIBLE:
                (tag,) = struct.unpack_from("<H", data, at + 24)
            if (channels, rate, bits) != (2, RATE, 16 if tag == _PCM else 8):
                raise ValueError(f"WAV has {channels} channels, {rate} Hz, {bits} bits")
        if name == b"data":
            if size > len(data) - at:
                raise ValueError(f"WAV says {size} bytes of audio and has {len(data) - at}")
            kind = {_PCM: "<i2", _ALAW: "u1", _MULAW: "u1"}.get(tag)
            if kind is None:
                raise ValueError(f"WAV has format tag {tag}")
            return tag, np.frombuffer(data, kind, size // np.dtype(kind).itemsize, at).reshape(-1, 2)
        at += size + size % 2
    raise ValueError("WAV has no data")


def _microseconds(text: str | None) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1e6) if text else 0


def _channel_fault(
    heard: NDArray[Any],
    tag: int,
    codec: str,
    start: int,
    said: NDArray[np.uint8],
    arrived: NDArray[np.bool_],
    place: int,
) -> str | None:
    """What is wrong with one channel, if anything: `said` begins at frame `start`, give or take `place`."""
    silent: tuple[int, ...]
    if tag == _PCM:
        silent = (0,)
    elif tag == _KIND[codec]:
        silent = _SILENT[tag]
    else:
        return f"format tag {tag} for {codec}"
    there = np.repeat(arrived, SAMPLES)
    wanted: NDArray[Any] = (_TABLE[codec][said] if tag == _PCM else said).reshape(-1)
    quiet = np.isin(heard, silent)
    worst = f"{len(heard)} frames are too few"
    for at in sorted(range(start - place, start + place + 1), key=lambda place: abs(place - start)):
        if at < 0 or at + len(wanted) > len(heard):
            continue
        if at != start and not np.array_equal(heard[at : at + SAMPLES], wanted[:SAMPLES]):
            continue
        middle = slice(at, at + len(wanted))
        same = np.where(there, heard[middle] == wanted, quiet[middle])
        wrong = (
            int(np.count_nonzero(~same))
            + int(np.count_nonzero(~quiet[:at]))
            + int(np.count_nonzero(~quiet[middle.stop :]))
        )
        if not wrong:
            return None
        if at == start:
            worst = f"{wrong} samples wrong of {len(heard)}"
    return worst


def _call_faults(
    store: Path, plan: Plan, i: int, truth: dict[str, Any], seen: dict[str, Any], shift_us: int, near_us: int
) -> list[str]:
    """Each fault of one call as a sentence."""
    faults = []
    place = max(PLACE, (near_us - NEAR_US) * RATE // 1_000_000)
    for key in ("caller", "callee"):
        if seen[key] != truth[key]:
            faults.append(f"{key} is {seen[key]}, not {truth[key]}")
    for key, wanted in (("started_at", "invite_us"), ("answered_at", "answer_us"), ("ended_at", "bye_us")):
        if abs(_microseconds(seen[key]) - truth[wanted] - shift_us) > near_us:
            faults.append(f"{key} is {seen[key]}")
    recording = seen["recording"]
    if seen["outcome"] != "recorded" or recording is None:
        return [*faults, f"outcome is {seen['outcome']}"]
    tag, frames = read_wav(store / recording["path"])
    if len(frames) != recording["frames"]:
        faults.append(f"{len(frames)} frames in the file, {recording['frames']} claimed")
    zero_us = _microseconds(recording["starts_at"]) - shift_us
    if abs(zero_us - min(truth["audio_us"])) > place * 1_000_000 // RATE:
        faults.append(f"starts_at is {recording['starts_at']}")
    if len(frames) > (truth["bye_us"] + near_us - zero_us) * RATE // 1_000_000:
        faults.append(f"{len(frames)} frames last longer than the call")
    for direction, party in enumerate(("caller", "callee")):
        first_us, said, arrived = plan.said(i, direction)
        start = round((first_us - zero_us) * RATE / 1_000_000)
        fault = _channel_fault(frames[:, direction], tag, truth["codec"], start, said, arrived, place)
        if fault:
            faults.append(f"{party}: {fault}")
    return faults


def check(
    store: Path, truth: Path, listing: list[dict[str, Any]], *, shift_us: int = 0, near_us: int = NEAR_US
) -> list[str]:
    """All faults of a store; `listing` is what `recorder calls --json` printed.

    If the capture was sent on a line instead of read from its file, `shift_us` is how much later, and `near_us` how
    far times may be off: each side of a call then lies where its first packet came, but every sample counts.
    """
    plan, calls = read_truth(truth)
    faults = []
    if len(listing) != len(calls):
        faults.append(f"{len(listing)} calls instead of {len(calls)}")
    by_id: dict[str, list[dict[str, Any]]] = {}
    for seen in listing:
        for call_id in seen["call_ids"]:
            by_id.setdefault(call_id, []).append(seen)
    for i, call in enumerate(calls):
        found = by_id.get(call["call_id"], [])
        if len(found) != 1 or found[0]["call_ids"] != [call["call_id"]]:
            faults.append(f"{call['call_id']}: in {len(found)} objects, or joined with another")
            continue
        try:
            found_of_it = _call_faults(store, plan, i, call, found[0], shift_us, near_us)
            faults += [f"{call['call_id']}: {fault}" for fault in found_of_it]
        except (OSError, ValueError, KeyError, TypeError) as error:
            faults.append(f"{call['call_id']}: {error!r}")
    named = {seen["recording"]["path"] for seen in listing if seen.get("recording")}
    files = {p.relative_to(store).as_posix() for p in store.rglob("*") if p.suffix in (".wav", ".part")}
    faults += [f"{path} belongs to no call" for path in sorted(files - named)]
    return faults


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.check", description="Compare a store with the truth.")
    parser.add_argument("--store", type=Path, required=True)
    parser.add_argument("--capture-truth", type=Path, required=True, help="the .truth.json beside the capture")
    args = parser.parse_args()
    command = [sys.executable, "-m", "recorder", "calls", "--store", str(args.store), "--json"]
    listed = subprocess.run(command, capture_output=True, text=True)
    if listed.returncode:
        print(f"recorder calls: exit {listed.returncode}: {listed.stderr.strip()[-300:]}", file=sys.stderr)
        return 1
    listing = [json.loads(line) for line in listed.stdout.splitlines() if line.strip()]
    faults = check(args.store, args.capture_truth, listing)
    for fault in faults[:SHOWN]:
        print(fault)
    print(f"{len(faults)} faults" if faults else f"{len(listing)} calls, every sample right")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
