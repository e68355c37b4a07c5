"""What a writer has still to do: operations in their order, the audio among them bounded in bytes."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from recorder.keeping.on_disk import OnDisk


@dataclass(slots=True)
class Operation:
    """Something to do to a store, by the writer's thread. What it raises is a DiskFailed, or a mistake of ours."""

    do: Callable[[], None]
    part: OnDisk | None = None  # the recording that it is about
    frames: tuple[int, int] | None = None  # audio: from this frame up to that one
    size: int = 0  # bytes of audio
    again: bool = True  # whether it may be done again after it has failed


class Backlog:
    """Filled by one thread, emptied by another. `most_bytes` is for audio alone."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._operations: deque[Operation] = deque()
        self._lock = threading.Lock()
        self._bytes = 0
        self.turned_away = 0  # bytes of audio for which there was no room, so far

    @property
    def waiting_bytes(self) -> int:
        """Bytes of audio that wait."""
        return self._bytes

    def __len__(self) -> int:
        return len(self._operations)

    def put(self, operation: Operation) -> bool:
        """Whether there was room; there always is for what isn't audio."""
        with self._lock:
            if operation.size and self._bytes + operation.size > self._most_bytes:
                self.turned_away += operation.size
                return False
            self._bytes += operation.size
        self._operations.append(operation)
        return True

    def first(self) -> Operation | None:
        """What is to be done now; it stays, and counts, until `done` is said."""
        return self._operations[0] if self._operations else None

    def done(self) -> None:
        """The first one is done, or given up."""
        operation = self._operations.popleft()
        with self._lock:
            self._bytes -= operation.size
