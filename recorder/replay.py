"""Capture files as if they were live: their packets' times are the clock."""

from __future__ import annotations

import gc
import os
import stat
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from pathlib import Path

from capture.counters import Counters
from capture.files import CaptureFile, FollowedCapture, open_capture
from recorder.hearing import Hearing
from recorder.keeping import DirectKeeper
from recorder.live import follow
from recorder.notice import Prompts
from recorder.ring.who import account
from recorder.session import Session
from recorder.settings import Settings
from recorder.starts import started, stopped
from storage.store import Store


@dataclass(frozen=True, slots=True)
class ReplaySummary:
    """What a replay came to."""

    packets: int  # frames read
    calls: int
    recordings: int
    seconds: float  # it took
    warnings: list[str]
    counters: dict[str, int]


def _collect_seldom() -> None:
    """Messages and calls come and go by reference count; looking for cycles among them every 700 costs a twentieth."""
    gc.freeze()
    gc.set_threshold(20_000, 50, 50)


def _opened(name: str, block_bytes: int) -> AbstractContextManager[CaptureFile | FollowedCapture]:
    """A capture file; one that is still being written if it comes through a pipe, and nobody knows when it ends."""
    if name != "-":
        return open_capture(name, block_bytes=block_bytes)
    try:
        descriptor = sys.stdin.buffer.fileno()
    except OSError:  # a program has put something of its own in its place
        descriptor = -1
    if descriptor < 0 or stat.S_ISREG(os.fstat(descriptor).st_mode):
        return open_capture(sys.stdin.buffer, block_bytes=block_bytes)
    return closing(FollowedCapture(descriptor, block_bytes=block_bytes))


async def replay(
    captures: Sequence[str],
    store: Path,
    settings: Settings,
    *,
    progress: Callable[[int, int | None], None] | None = None,
    block_bytes: int = 8 << 20,
) -> ReplaySummary:
    """Record the calls of capture files into a store, one file after the other.

    Each file is a capture of its own: calls do not go on from one to the next. Standard input (`-`) that is no file is
    followed as a live line is: what comes is recorded as it comes. `progress` is told bytes read so far
    and in all (None if unknown). What is counted goes into the store's tallies too, by day, as a run of its own: the
    same capture again is another run, whose frames were seen again. Raises `CaptureFileError`, `StoreError`.
    """
    began = time.monotonic()
    _collect_seldom()
    warnings: list[str] = []
    counters, of_files = Counters(), Counters()
    prompts = Prompts.load(settings.notice.prompts) if settings.notice.prompts else None
    async with await Store.open(store, create=True, recipients=settings.sealing.named()) as opened:
        if settings.policy.office or settings.policy.rules:
            from recorder.ring.adoption import adopt_first

            told = await adopt_first(store, settings, at_ns=time.time_ns(), who=account())
            warnings += [told] if told else []
        what = " ".join(Path(name).name for name in captures)
        await opened.begin_run(what)
        opened.enter(started(time.time_ns(), account(), "replay", what, settings.sealing.named()))
        session = Session(
            DirectKeeper(opened), encoding=settings.recording.encoding, monotonic_s=time.monotonic, prompts=prompts
        )
        for name in captures:
            await session.settle()
            with _opened(name, block_bytes) as capture:
                hearing = Hearing(session, settings, read=capture.counters, counters=counters, put=opened.tally)
                if isinstance(capture, FollowedCapture):
                    await follow(capture, hearing, session.settle)
                else:
                    for block in capture:
                        hearing.feed(block)
                        await session.settle()
                        if progress is not None:
                            progress(capture.bytes_read, capture.bytes_total)
                hearing.finish()
                await session.settle(all_of_it=True)
                for reason, count in capture.counters.as_dict().items():
                    of_files.add(reason, count)
                warnings += [f"{'standard input' if name == '-' else name}: {text}" for text in capture.warnings]
        opened.end_run()
        opened.enter(stopped(time.time_ns(), account(), "replay"))
        warnings += [str(opened.rebuilt)] if opened.rebuilt is not None else []
        if opened.register_fault is not None:
            warnings.append(f"{opened.register_fault} {opened.register_fault.hint}")
        warnings += session.warnings + session.unmet()
        if session.already_kept:
            known = f"{session.already_kept} calls were in the store already, or erased from it,"
            warnings.append(f"{known} and were left as they are.")
        return ReplaySummary(
            packets=counters["frames"],
            calls=session.calls,
            recordings=session.recordings,
            seconds=time.monotonic() - began,
            warnings=warnings,
            counters=dict(sorted((counters.as_dict() | of_files.as_dict()).items())),
        )
