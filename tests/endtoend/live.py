"""A capture as a file, and frame by frame over a virtual cable: what the recorder makes of it, both ways."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from capture.clock import MIRRORED_WITHIN_NS
from capture.files import CaptureFileError, open_capture
from tests import wire
from tests.capture.wire.cables import Cable
from tests.hostile.good import nanoseconds
from tests.recorder.daemon.runs import ROOT, Run, calls, running
from tests.wire import Frame

ETHERNET = 1
LEAP_NS = 3600 * wire.SECOND  # between captures that somebody put together: nothing goes on for so long
SHORT_NS = 70 * wire.SECOND  # and what is made of it: longer than the silence that ends a call
NEAR_SAMPLES = 800  # a busy machine sends 0.1 s late at times
NEAR_S = 0.05


@dataclass
class Outcome:
    """What came of a capture."""

    calls: list[dict[str, Any]]
    store: Path

    def sides(self, number: int) -> NDArray[np.int16] | None:
        """A call's recording, both sides."""
        recording = self.calls[number]["recording"]
        if recording is None:
            return None
        samples, _ = soundfile.read(self.store / recording["path"], dtype="int16", always_2d=True)
        return samples


def frames_of(capture: Path) -> list[Frame]:
    """What is readable of it, without leaps of hours or backwards, which can't be sent in real time."""
    rows: list[Frame] = []
    shift = 0
    try:
        with open_capture(capture) as reader:
            for block in reader:
                for start, length, time_ns in zip(block.start, block.length, block.time_ns, strict=True):
                    data = block.data[int(start) : int(start + length)].tobytes()
                    at = int(time_ns) + shift
                    if rows and at - rows[-1][0] > LEAP_NS:
                        shift -= at - rows[-1][0] - SHORT_NS
                    elif rows and at < rows[-1][0]:
                        shift += rows[-1][0] - at
                    rows.append((int(time_ns) + shift, data))
    except CaptureFileError:
        pass  # cut in the middle of a frame: the ones before are good
    return rows


def lasts_s(rows: list[Frame]) -> float:
    return (rows[-1][0] - rows[0][0]) / wire.SECOND


def replayed(capture: Path, store: Path) -> Outcome:
    """As a file."""
    command = [sys.executable, "-m", "recorder", "replay", "--store", str(store), str(capture)]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return Outcome(calls(store), store)


def sent(capture: Path, store: Path, cable: Cable) -> tuple[Outcome, dict[str, Any]]:
    """Over the cable in real time, to `recorder run`; and what the sender says of it.

    What still goes on when the daemon is stopped is taken up by one on standard input, where nothing more comes. So
    it ends as it does when a file ends.
    """
    sender = [sys.executable, "-m", "bench.sender", str(capture), "--interface", cable.far]
    with running(store, "--interface", cable.near) as run:
        said = subprocess.run(sender, cwd=ROOT, check=True, capture_output=True, text=True)
        run.stop()
    last = Run(store)
    assert last.process.stdin is not None
    last.process.stdin.write(wire.pcap([]))
    assert last.end() == 0, last.errors
    return Outcome(calls(store), store), json.loads(said.stdout.splitlines()[-1])


def differences(file: Outcome, live: Outcome, late_s: float, *, shift_s: float | None = None) -> list[str]:
    """What the two don't agree in; times are later by `shift_s`, if that is known, give or take what was sent late."""
    one, other = ([_without_times(call) for call in outcome.calls] for outcome in (file, live))
    if late_s > MIRRORED_WITHIN_NS / 1e9:  # so a mirror's second copy of a packet came as late as the network's would
        for call in (*one, *other):
            for stream in call["streams"] or ():
                stream.pop("duplicates", None)
    if sorted(map(str, one)) != sorted(map(str, other)):
        return [f"file: {one}", f"live: {other}"]
    found = []
    match = {str(call): number for number, call in enumerate(other)}
    numbers = {str(call): number for number, call in enumerate(map(_without_times, file.calls))}
    for call in one:
        number, again = numbers[str(call)], match[str(call)]
        found += [f"{call['call_ids']}: {text}" for text in _audio(file.sides(number), live.sides(again), late_s)]
        pair = file.calls[number], live.calls[again]
        found += [f"{call['call_ids']}: {text}" for text in _times(*pair, shift_s, NEAR_S + late_s)]
    return found


def _times(file: dict[str, Any], live: dict[str, Any], shift_s: float | None, near_s: float) -> Iterator[str]:
    """Which times of a call differ by more than the shift."""
    if abs(file["duration_s"] - live["duration_s"]) > near_s:
        yield f"lasts {file['duration_s']} and {live['duration_s']}"
    if shift_s is None:
        return
    recordings = (file["recording"] or {}), (live["recording"] or {})
    times = [(key, file[key], live[key]) for key in ("started_at", "answered_at", "talk_at", "ended_at")]
    times.append(("recording.starts_at", *(recording.get("starts_at") for recording in recordings)))
    for key, at, later in times:
        if (at is None) != (later is None):
            yield f"{key}: {at} and {later}"
        elif at is not None and abs((nanoseconds(later) - nanoseconds(at)) / 1e9 - shift_s) > near_s:
            yield f"{key}: {at} and {later}, the shift being {shift_s:.3f} s"
    frames = [recording.get("frames", 0) for recording in recordings]
    if abs(frames[0] - frames[1]) > near_s * 8000:
        yield f"{frames[0]} and {frames[1]} frames"


def _without_times(call: dict[str, Any]) -> dict[str, Any]:
    """A call without what differs from run to run: its id and path, its times."""
    kept = ("direction", "outcome", "caller", "callee", "extension", "call_ids", "excluded_by")
    plain: dict[str, Any] = {key: call[key] for key in kept}
    # What goes on when a file ends is called another name than what goes on when a daemon is stopped.
    plain["end_reason"] = {"interrupted": "capture_end"}.get(call["end_reason"], call["end_reason"])
    plain["flags"] = sorted(set(call["flags"]) - {"recording_gap"})
    for key in ("encoding", "rate_hz", "channels", "streams"):
        plain[key] = call["recording"] and call["recording"][key]
    return plain


def _audio(file: NDArray[np.int16] | None, live: NDArray[np.int16] | None, late_s: float) -> list[str]:
    """The same samples in the same order, each near its place."""
    if file is None or live is None:
        return [] if file is live else ["recorded only once"]
    found = []
    late = round(late_s * 8000)
    for channel in range(2):
        one, other = file[:, channel], live[:, channel]
        places = np.flatnonzero(one), np.flatnonzero(other)
        if not alike(one[places[0]], other[places[1]], late + 16):
            found.append(f"channel {channel}: other samples ({len(places[0])} and {len(places[1])} that aren't zero)")
        elif len(places[0]) == len(places[1]) and np.abs(places[0] - places[1]).max(initial=0) > NEAR_SAMPLES + late:
            found.append(f"channel {channel}: samples lie elsewhere, by {np.abs(places[0] - places[1]).max()}")
    return found


def alike(one: NDArray[np.int16], other: NDArray[np.int16], near: int) -> bool:
    """The same samples; but where a stream begins behind another, at the time at which its first packet was captured,
    either may have up to `near` samples more of the one before."""
    while len(one) and len(other):
        both = min(len(one), len(other))
        differ = np.flatnonzero(one[:both] != other[:both])
        at = int(differ[0]) if len(differ) else both
        one, other = one[at:], other[at:]
        if len(one) == 0 or len(other) == 0:
            break
        for skipped in range(1, near + 1):
            if np.array_equal(one[skipped:][:80], other[:80]):
                one = one[skipped:]
                break
            if np.array_equal(one[:80], other[skipped:][:80]):
                other = other[skipped:]
                break
        else:
            return False
    return len(one) <= near and len(other) <= near
