"""What the office changed at the desk reaches a unit that runs: looked at once a second, read beside the audio.

Reading a prompt and making G.711 of it takes some 50 ms, and packets are due each 20: so a thread does it.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from recorder.announcement.choice import Choice
from recorder.announcement.prompts import Prompt
from recorder.daemon.office import EVERY_S, OfficeFile
from recorder.problems import Unusable
from recorder.settings import Settings, load


@dataclass(frozen=True, slots=True)
class Changed:
    """Other settings, and what they have callers hear."""

    settings: Settings
    choice: Choice


class Following:
    """Until `close`. `config` is the engineer's file; without one, or where the office changes nothing, it is idle."""

    def __init__(self, config: Path | None, changes: str, load_prompt: Callable[[Path], Prompt]) -> None:
        self._config = config
        self._file = OfficeFile(changes)
        self._load = load_prompt
        self._found: queue.SimpleQueue[Changed | str] = queue.SimpleQueue()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="office settings", daemon=True)
        if config is not None and changes:
            self._thread.start()

    def news(self) -> list[Changed | str]:
        """What changed since this was last asked, or a sentence of why it can't be read; never waits."""
        found = []
        while not self._found.empty():
            found.append(self._found.get_nowait())
        return found

    def close(self) -> None:
        """Look no more."""
        self._closed.set()
        if self._thread.is_alive():
            self._thread.join(EVERY_S)

    def _watch(self) -> None:
        while not self._closed.wait(EVERY_S / 4):
            if self._file.changed(time.monotonic()):
                self._found.put(self._read())

    def _read(self) -> Changed | str:
        assert self._config is not None
        try:
            settings = load(self._config)
            return Changed(settings, Choice(settings.announcement, self._load))
        except (Unusable, OSError) as problem:
            return f"{problem} What is announced stays as it was."
