"""Looks at capture files, or at interfaces for a while, and says what was seen."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from capture.files import CaptureFileError, open_capture
from recorder.daemon.source import Interfaces, open_interfaces
from recorder.doctor.seen import InterfaceSeen, Seen
from recorder.doctor.watching import Watcher
from recorder.problems import Unusable
from recorder.ring.clock import is_synchronised
from recorder.settings import Settings

STATISTICS = Path("/sys/class/net")
# What a card had no room for, or found damaged. `rx_dropped` isn't among them: it also counts what nobody asked for.
CARD_LOSSES = ("rx_missed_errors", "rx_fifo_errors", "rx_over_errors", "rx_crc_errors", "rx_frame_errors")
READ_S = 0.2


def examine_file(name: str, settings: Settings, *, block_bytes: int = 8 << 20) -> Seen:
    """What a capture file shows; `-` is standard input. Raises `Unusable`."""
    watcher = Watcher(settings)
    try:
        with open_capture(name, block_bytes=block_bytes) as capture:
            for block in capture:
                watcher.feed(block)
            warnings = tuple(capture.warnings)
    except CaptureFileError as problem:
        raise Unusable(str(problem)) from problem
    return watcher.seen(warnings=warnings)


def examine_interfaces(
    names: Sequence[str],
    settings: Settings,
    seconds: float,
    *,
    progress: Callable[[float], None] | None = None,
    monotonic_s: Callable[[], float] = time.monotonic,
) -> Seen:
    """What interfaces show in so many seconds; an interrupt (Ctrl-C) ends it sooner, with what was seen until then.

    `progress` is told how many seconds are over. Raises `Unusable`.
    """
    watcher = Watcher(settings)
    source = open_interfaces(names, settings)
    try:
        lost_before = {name: _lost_by_card(name) for name in names}
        changes = dict.fromkeys(names, 0)
        began_s = monotonic_s()
        with contextlib.suppress(KeyboardInterrupt):  # then this is all there is to be seen
            while (left_s := began_s + seconds - monotonic_s()) > 0:
                for block in source.read(min(READ_S, left_s)):
                    watcher.feed(block)
                for change in source.changes():
                    changes[change.interface] = changes.get(change.interface, 0) + 1
                if progress is not None:
                    progress(monotonic_s() - began_s)
        took_s = monotonic_s() - began_s
        for block in source.read(READ_S):
            watcher.feed(block)
        interfaces = _interfaces(source, names, lost_before, changes)
    finally:
        source.close()
    return watcher.seen(seconds=took_s, interfaces=interfaces, synchronised=is_synchronised())


def _interfaces(
    source: Interfaces, names: Sequence[str], lost_before: dict[str, int], changes: dict[str, int]
) -> tuple[InterfaceSeen, ...]:
    return tuple(
        InterfaceSeen(
            name=name,
            state=stats.state.value,
            frames=stats.frames,
            dropped=stats.dropped,
            dropped_by_card=max(0, _lost_by_card(name) - lost_before[name]),
            changes=changes.get(stats.interface, 0),
        )
        for name, stats in zip(names, source.stats(), strict=True)
    )


def _lost_by_card(name: str) -> int:
    """What the card has lost since the machine was started; 0 if the driver doesn't say."""
    lost = 0
    for counter in CARD_LOSSES:
        with contextlib.suppress(OSError, ValueError):  # the interface has gone, or isn't a card
            lost += int((STATISTICS / name / "statistics" / counter).read_text())
    return lost
