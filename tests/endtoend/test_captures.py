"""Each capture that can be sent over Ethernet gives the daemon the calls and the audio that `replay` makes of it.

Each is sent in real time, several at once. `make test` takes those that last a few seconds and have calls; all of them,
which takes half an hour, with RECORDER_RELIABILITY=nightly.
"""

from __future__ import annotations

import queue
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from capture.files import open_capture
from tests.capture.wire.cables import Cable
from tests.conftest import needs_root
from tests.endtoend.live import ETHERNET, differences, frames_of, lasts_s, replayed, sent
from tests.reliability.promises import cycles
from tests.wire import write_pcap

pytestmark = pytest.mark.long

LONGEST_S = cycles(quick=7, nightly=3600)
ALL = LONGEST_S > 60
# Single packets that come minutes after each other: in a file they move no clock (`capture.clock`), on a line the
# machine's own does, so what waits in vain is given up in time.
NO_CLOCK = {"pp-sip_reqs.pcap"}
AT_ONCE = 6


@dataclass
class Result:
    name: str
    calls: int
    faults: list[str]


def ethernet(folder: Path) -> list[Path]:
    found = []
    for path in sorted((*folder.glob("*.pcap"), *folder.glob("*.pcapng"))):
        with open_capture(path) as reader:
            first = next(iter(reader), None)
        if first is not None and (first.link == ETHERNET).all():
            found.append(path)
    return found


def both_ways(path: Path, folder: Path, cable: Cable) -> Result:
    """Replay a capture, send it, and compare."""
    folder.mkdir()
    copy = write_pcap(folder / "sent.pcap", frames_of(path))
    file = replayed(copy, folder / "file")
    if not (file.calls or ALL):
        return Result(path.name, 0, [])
    live, said = sent(copy, folder / "live", cable)
    faults = differences(file, live, said["late_ms"][2] / 1000, shift_s=said["shift_us"] / 1e6)
    if said["refused"]:
        faults.append(f"{said['refused']} frames could not be sent")
    return Result(path.name, len(file.calls), faults)


def test_the_daemon_makes_of_a_cable_what_replay_makes_of_the_file(shared_folder: Path, tmp_path: Path) -> None:
    needs_root()
    found = [path for path in ethernet(shared_folder / "pcaps") if path.name not in NO_CLOCK]
    last_s = {path: lasts_s(frames_of(path)) for path in found}
    captures = sorted((path for path in last_s if last_s[path] <= LONGEST_S), key=lambda path: -last_s[path])
    assert captures
    cables: list[Cable] = []
    free: queue.Queue[Cable] = queue.Queue()

    def on_a_free_cable(path: Path) -> Result:
        cable = free.get()
        try:
            return both_ways(path, tmp_path / path.name, cable)
        finally:
            free.put(cable)

    try:
        for _ in range(AT_ONCE):
            cables.append(Cable())
            free.put(cables[-1])
        with ThreadPoolExecutor(AT_ONCE) as pool:
            results = list(pool.map(on_a_free_cable, captures))
    finally:
        for cable in cables:
            cable.remove()

    print(f"{len(results)} captures, {sum(one.calls for one in results)} calls")
    assert sum(one.calls for one in results) > 5
    assert not [one for one in results if one.faults], "\n".join(
        f"{one.name}: {fault}" for one in results for fault in one.faults
    )
