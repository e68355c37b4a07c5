"""A capture through the daemon, which is stopped between two frames and started again: what comes of it.

The frames wait while nobody listens, as in a pipe, so nothing is missing: whatever differs from the file was forgotten.
The daemon is the real one, in this process, with its store and its writer's thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from capture.counters import Counters
from capture.files import open_capture
from capture.frames import FrameBlock
from capture.wire.wire import InterfaceStats
from recorder.daemon.run import Daemon
from recorder.daemon.signals import Signals
from recorder.daemon.source import Alone
from recorder.keeping import DeferredKeeper
from recorder.settings import Settings
from tests.wire import Frame, write_pcap


class Stretch(Alone):
    """A source of the daemon's: the frames of a file, and then the signal that stops it, or the end."""

    frames = "file_frames"
    clock_is_ours = False

    def __init__(self, file: Path, signals: Signals, *, last: bool) -> None:
        self.ended = False
        self._signals = signals
        self._last = last
        self._capture = open_capture(file)
        self.counters: Counters = self._capture.counters
        self._blocks = iter(self._capture)

    def read(self, timeout_s: float) -> list[FrameBlock]:
        block = next(self._blocks, None)
        if block is None:
            self.ended, self._signals.stopping = self._last, not self._last
        return [] if block is None else [block]

    def lost(self) -> int:
        return 0

    def close(self) -> None:
        self._capture.close()

    def news(self) -> list[str]:
        return []

    def status(self) -> str:
        return ""

    def stats(self) -> list[InterfaceStats]:
        return []


async def resumed(frames: Sequence[Frame], stops: Sequence[int], folder: Path, name: str = "store") -> Path:
    """Feed frames to a daemon that is stopped before the frames of these numbers; the store."""
    store = folder / name
    edges = [0, *stops, len(frames)]
    for number, (lo, hi) in enumerate(zip(edges, edges[1:], strict=False)):
        file = write_pcap(folder / f"{name}-{number}.pcap", frames[lo:hi])
        await _run(file, store, last=number == len(stops))
    return store


async def _run(file: Path, store: Path, *, last: bool) -> None:
    signals = Signals()
    source = Stretch(file, signals, last=last)
    keeper = DeferredKeeper.open(store, run="-", go_on=True)
    try:
        daemon = Daemon(source, keeper, Settings(), None, signals, store, put_figures=None)
        daemon.go_on()
        await daemon.run([])
    except BaseException:
        keeper.abandon(timeout_s=8)
        raise
    finally:
        source.close()
