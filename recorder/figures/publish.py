"""The recorder writes its figures to a file once a second: whole under its name, or as it was.

The file lies in memory (/run), so that a disk that hangs holds nobody up. If its folder isn't there, there are no
figures: a recorder that somebody starts by hand needs none.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from capture.wire.wire import InterfaceStats
from recorder.figures import calls, values
from recorder.figures.values import Figures, InterfaceFigures
from recorder.session import Session

EVERY_S = 1.0
MODE = 0o640  # the recorder's group reads it


class FigureFile:
    """The file. Its folder is looked for once."""

    def __init__(self, path: Path) -> None:
        self._path = path if path.parent.is_dir() else None
        self._is_faulty = False

    @property
    def is_wanted(self) -> bool:
        """Whether there is a folder for it."""
        return self._path is not None

    def put(self, figures: Figures) -> list[str]:
        """Write it. What has to be said: that it can't be written, once."""
        if self._path is None:
            return []
        new = self._path.with_name(f"{self._path.name}.{os.getpid()}")
        try:
            fd = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, MODE)
            try:
                os.write(fd, json.dumps(values.to_dict(figures)).encode())
            finally:
                os.close(fd)
            os.replace(new, self._path)
        except OSError as problem:
            was_told, self._is_faulty = self._is_faulty, True
            return [] if was_told else [f"The figures can't be written to {self._path}: {problem.strerror}."]
        self._is_faulty = False
        return []

    def close(self) -> None:
        """Nobody is at work any more: the file goes, so that its age needs no guessing."""
        if self._path is not None:
            with contextlib.suppress(OSError):  # then its age has to tell, after all
                self._path.unlink(missing_ok=True)


class Backlogged(Protocol):
    """Whatever audio waits in."""

    @property
    def waiting_bytes(self) -> int: ...

    @property
    def shed_bytes(self) -> int: ...


class Lateness:
    """Since when the oldest call that has ended waits to be entered."""

    def __init__(self) -> None:
        self._handed: deque[tuple[int, float]] = deque()  # calls handed over in all, and when they had been

    def look(self, now_s: float, *, handed_over: int, done: int) -> float:
        """Seconds, given how many calls had been handed over and were entered, in all."""
        if not self._handed or self._handed[-1][0] != handed_over:
            self._handed.append((handed_over, now_s))
        while self._handed and self._handed[0][0] <= done:
            self._handed.popleft()
        return now_s - self._handed[0][1] if self._handed else 0.0


class Publisher:
    """Asked often with `turn`, has `put` take the figures once a second."""

    def __init__(
        self, put: Callable[[Figures], list[str]], *, store: Path, session: Session, keeper: Backlogged,
        started_ns: int, interfaces: Callable[[], Sequence[InterfaceStats]], counts: Callable[[], Mapping[str, int]],
    ) -> None:
        self._put = put
        self._store = os.path.abspath(store)
        self._session, self._keeper = session, keeper
        self._interfaces, self._counts = interfaces, counts
        self._started_ns = started_ns
        self._told_s = -EVERY_S
        self._seen: dict[str, tuple[int, int | None]] = {}  # by interface: frames, and when they last became more
        self._late = Lateness()

    def turn(self, now_s: float, now_ns: int, capture_ns: int) -> list[str]:
        """It is `now_s` (monotonic) and `now_ns`; the capture's own clock says `capture_ns`. What has to be said."""
        if now_s - self._told_s < EVERY_S:
            return []
        self._told_s = now_s
        return self._put(self._figures(now_s, now_ns, capture_ns))

    def _figures(self, now_s: float, now_ns: int, capture_ns: int) -> Figures:
        return Figures(
            at_ns=now_ns,
            started_ns=self._started_ns,
            pid=os.getpid(),
            store=self._store,
            calls=calls.count(self._session.under_way, capture_ns),
            entered=self._session.calls,
            recordings=self._session.recordings,
            late_s=round(self._late.look(
                now_s, handed_over=self._session.handed_over, done=self._session.calls + self._session.already_kept
            ), 1),
            waiting_bytes=self._keeper.waiting_bytes,
            shed_bytes=self._keeper.shed_bytes,
            interfaces=tuple(self._interface(one, now_ns) for one in self._interfaces()),
            counts=self._counts(),
        )

    def _interface(self, one: InterfaceStats, now_ns: int) -> InterfaceFigures:
        frames, last_ns = self._seen.get(one.interface, (0, None))
        if one.frames != frames:
            self._seen[one.interface] = frames, last_ns = one.frames, now_ns
        return InterfaceFigures(
            name=one.interface, state=str(one.state), frames=one.frames, dropped=one.dropped, last_frame_ns=last_ns
        )
