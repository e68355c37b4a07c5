"""SIGHUP: the settings are read again. Which changes hold at once, for calls that begin; which wait for a restart."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from recorder.daemon.notify import Notifier
from recorder.problems import Unusable
from recorder.sentences import Kind, Sentence
from recorder.settings import Settings, load

# What is built once, when the daemon starts. A name is a table, or a key of one.
FIXED = (
    "capture.interfaces", "capture.processes", "capture.shares", "capture.ring_bytes", "capture.vxlan_ports",
    "capture.waiting_audio_bytes", "recording.store", "sealing.recipients", "limits.tcp_streams",
    "limits.dialogs_without_answer", "limits.reassembly_datagrams", "limits.reassembly_bytes",
    "media.early_audio_wait_s", "policy.office", "policy.rules", "status.live", "hook.kind", "hook.socket",
)  # fmt: skip


def waiting_for_restart(old: Settings, new: Settings) -> list[str]:
    """The keys that differ and that only a restart brings into force."""
    return [name for name in FIXED if _value(old, name) != _value(new, name)]


def _value(settings: Settings, name: str) -> object:
    table, key = name.split(".")
    return getattr(getattr(settings, table), key)


def read_again(
    config: Path | None, adopt: Callable[[Settings], Sequence[str]], notifier: Notifier,
    say: Callable[[Sequence[str]], None],
) -> None:  # fmt: skip
    """Reads the file again and has it adopted; says and notifies what came of it.

    `adopt` takes the settings and gives what is to be said then; it raises Unusable if the service can't do with them.
    """
    notifier.tell(RELOADING=1, MONOTONIC_USEC=time.monotonic_ns() // 1000)
    try:
        if config is None:
            raise Unusable("There is no configuration file to read again.", hint="Start with --config FILE.")
        said = adopt(load(config))
    except (Unusable, OSError) as problem:
        said = [Sentence(f"{problem}", Kind.SETTINGS_REFUSED), "The settings stay as they were."]
    say(said)
    notifier.tell(READY=1)
