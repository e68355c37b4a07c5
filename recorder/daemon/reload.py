"""Which changes of the settings hold at once, for calls that begin, and which wait for a restart."""

from __future__ import annotations

from recorder.settings import Settings

# What is built once, when the daemon starts. A name is a table, or a key of one.
FIXED = (
    "capture.interfaces", "capture.ring_bytes", "capture.vxlan_ports", "capture.waiting_audio_bytes",
    "recording.store", "sealing.recipients", "limits.tcp_streams", "limits.dialogs_without_answer",
    "limits.reassembly_datagrams",
    "limits.reassembly_bytes", "media.early_audio_wait_s", "policy.office", "policy.rules", "status.live",
    "hook.kind", "hook.socket",
)  # fmt: skip


def waiting_for_restart(old: Settings, new: Settings) -> list[str]:
    """The keys that differ and that only a restart brings into force."""
    return [name for name in FIXED if _value(old, name) != _value(new, name)]


def _value(settings: Settings, name: str) -> object:
    table, key = name.split(".")
    return getattr(getattr(settings, table), key)
