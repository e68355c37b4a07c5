"""Whether frames and calls add up.

Frames: seen = used + left out for a named reason + dropped by the kernel. Calls: seen = recorded + excluded +
unanswered + damaged, with a cause.

The names of reasons are those of `capture.network.decoder`, `capture.media` and `capture.listener`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from capture.network.decoder import OUTCOMES
from storage.records import CallRecord

# Frames that a reader of files, or of interfaces, saw and handed on.
HANDED_ON = ("file_frames", "wire_frames")
# Records of a capture file that are no frame one could hand on.
UNREADABLE = ("file_no_interface", "file_packet_too_long")
# What the kernel says it dropped before we could read it. Capture files can't lack what they hold: it stays 0.
KERNEL_DROPPED = "kernel_dropped"

_LOOKED_INTO = frozenset({"udp", "tcp", "fragment"})  # outcomes of the decoder that are no end
# Why an answered call has no audio, the first that its flags name.
CAUSES = ("encrypted", "unsupported_codec", "over_capacity", "disk_error", "signalling_missing", "second_source")
NO_PACKETS = "no packets were seen"


@dataclass(frozen=True, slots=True)
class Frames:
    """The account of frames."""

    seen: int
    used: int
    left_out: dict[str, int]  # by reason
    dropped: int  # by the kernel
    faults: list[str]  # why it doesn't add up, a sentence each

    @property
    def balanced(self) -> bool:
        return not self.faults


def frames(counts: Mapping[str, int]) -> Frames:
    """The account of frames from counters, each reason's sum."""
    handed_on = sum(counts.get(reason, 0) for reason in HANDED_ON)
    unreadable = {reason: counts[reason] for reason in UNREADABLE if counts.get(reason)}
    dropped = counts.get(KERNEL_DROPPED, 0)
    at_once = {reason: counts[reason] for reason in sorted(OUTCOMES - _LOOKED_INTO) if counts.get(reason)}
    later = {reason: count for reason, count in sorted(counts.items()) if count and _is_later(reason)}
    left_out = unreadable | at_once | later
    decided = sum(counts.get(outcome, 0) for outcome in OUTCOMES)
    used = sum(counts.get(outcome, 0) for outcome in _LOOKED_INTO) - sum(later.values())
    faults = []
    if handed_on != counts.get("frames", 0):
        faults.append(f"{handed_on:,} frames were read, and {counts.get('frames', 0):,} reached the decoder")
    if decided != counts.get("frames", 0):
        faults.append(f"{counts.get('frames', 0):,} frames reached the decoder, and {decided:,} have an outcome")
    if used < 0:
        faults.append(f"{-used:,} more datagrams were left out than there were")
    return Frames(handed_on + sum(unreadable.values()) + dropped, used, left_out, dropped, faults)


def _is_later(reason: str) -> bool:
    """Whether a datagram that was looked into counts under this when it is left out after all, and under no other."""
    return reason == "udp_not_media" or reason.startswith("rtp_")


@dataclass(frozen=True, slots=True)
class Damaged:
    """A call that should have a recording, and has none."""

    call: CallRecord
    cause: str


@dataclass(slots=True)
class Calls:
    """The account of calls; feed it with `add`."""

    seen: int = 0
    recorded: int = 0
    excluded: int = 0
    unanswered: Counter[str] = field(default_factory=Counter)  # by end_reason
    damaged: list[Damaged] = field(default_factory=list)
    unexplained: list[CallRecord] = field(default_factory=list)  # whose row fits none of these

    def add(self, call: CallRecord) -> None:
        """Take one more call into the account."""
        self.seen += 1
        if call.outcome == "recorded" and call.recording is not None:
            self.recorded += 1
        elif call.outcome == "no_audio" or (call.outcome == "recorded" and "disk_error" in call.flags):
            self.damaged.append(Damaged(call, cause(call)))
        elif call.outcome == "excluded":
            self.excluded += 1
        elif call.outcome == "unanswered":
            self.unanswered[call.end_reason] += 1
        else:
            self.unexplained.append(call)

    @property
    def balanced(self) -> bool:
        return not self.unexplained


def cause(call: CallRecord) -> str:
    """Why an answered call has no audio."""
    return next((flag for flag in CAUSES if flag in call.flags), NO_PACKETS)


def under_way(counts: Mapping[str, int]) -> int:
    """Dialogs of a run, of all its days, that began, came to no end and were not left to the next run: 0 when it is
    complete."""
    over = sum(counts.get(f"dialogs_{how}", 0) for how in ("ended", "dropped", "left"))
    return counts.get("dialogs_begun", 0) - over
