"""`recorder run` begins: the line is opened before anything else is even imported.

What comes from then on waits in the ring, so after a restart nobody listens only for as long as this much of Python
takes to start: half of what all of the program takes.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from recorder.daemon.signals import Signals
from recorder.daemon.source import Source, open_source
from recorder.settings import Settings, load_anyway


def run(config: Path | None, store: Path | None, interfaces: Sequence[str]) -> bool:
    """Record until SIGTERM, SIGINT, or the end of standard input; whether all was written that was captured.
    Raises `Unusable`, `StoreError`."""
    settings, said = load_anyway(config) if config is not None else (Settings(), "")
    if said:
        print(f"recorder: {said}", file=sys.stderr, flush=True)
    folder = store or settings.recording.store
    if not interfaces and len(settings.capture.processes) > 1:
        from recorder.processes.parent import run_several

        return run_several(config, folder, settings)
    names = tuple(interfaces) or settings.capture.named
    with Signals() as signals:
        source: Source = open_source(names, settings, config)
        try:
            from recorder.daemon.run import record

            return record(source, names, settings, config, folder, signals)
        finally:
            source.close()
