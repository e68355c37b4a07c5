"""The codes: what can be amiss, and how bad that is.

A code never changes its meaning, and is never used for another.
"""

from __future__ import annotations

from enum import StrEnum


class Severity(StrEnum):
    """How bad it is."""

    CRITICAL = "critical"  # calls aren't recorded, or recordings are lost, now
    WARNING = "warning"  # that will come to it if nobody does anything
    NOTICE = "notice"  # somebody should know


class Code(StrEnum):
    """What can be amiss."""

    NO_POLICY = "no_policy"
    NO_RULE = "no_rule"
    HOLDS_FILL = "holds_fill"
    MINIMUM_IN_DANGER = "minimum_in_danger"
    ROOM_RUNS_OUT = "room_runs_out"
    NO_ROOM = "no_room"
    DISK_NEARLY_FULL = "disk_nearly_full"
    CLOCK_NOT_PLAUSIBLE = "clock_not_plausible"
    SWEEP_OVERDUE = "sweep_overdue"
    SECOND_STORE_MISSING = "second_store_missing"
    CATALOGUE_REBUILT = "catalogue_rebuilt"
    NO_PACKETS = "no_packets"
    INTERFACE_DOWN = "interface_down"
    ONE_DIRECTION = "one_direction"
    CALLS_WITHOUT_AUDIO = "calls_without_audio"
    PACKETS_DROPPED = "packets_dropped"
    AUDIO_SHED = "audio_shed"
    DISK_FULL = "disk_full"
    INODES_FEW = "inodes_few"
    DISK_READ_ONLY = "disk_read_only"
    DISK_STALLED = "disk_stalled"
    STORE_UNREADABLE = "store_unreadable"
    CLOCK_NOT_SYNCHRONISED = "clock_not_synchronised"
    CATALOGUE_LATE = "catalogue_late"
    CAPTURE_DOWN = "capture_down"
    SWEEP_REFUSED = "sweep_refused"
    SWEEP_FAILED = "sweep_failed"
    ERASURE_LEFT = "erasure_left"
    STORE_DAMAGED = "store_damaged"
    NOTICE_NOT_HEARD = "notice_not_heard"
    NOTICE_FAILS = "notice_fails"
    KEY_DRILL_OVERDUE = "key_drill_overdue"
    KEY_IN_ONE_HAND = "key_in_one_hand"
    CHECKPOINT_FAILED = "checkpoint_failed"
    WITNESS_SILENT = "witness_silent"
    WITNESS_REFUSES = "witness_refuses"
    OFFICE_SETTINGS_BAD = "office_settings_bad"

    @property
    def severity(self) -> Severity:
        """How bad it is."""
        return _SEVERITY.get(self, Severity.WARNING)


_SEVERITY = dict.fromkeys(
    (
        Code.NO_PACKETS, Code.INTERFACE_DOWN, Code.ONE_DIRECTION, Code.CALLS_WITHOUT_AUDIO, Code.AUDIO_SHED,
        Code.DISK_FULL, Code.DISK_READ_ONLY, Code.DISK_STALLED, Code.STORE_UNREADABLE, Code.CAPTURE_DOWN,
        Code.NO_ROOM, Code.STORE_DAMAGED, Code.WITNESS_REFUSES,
    ),
    Severity.CRITICAL,
) | {Code.CATALOGUE_REBUILT: Severity.NOTICE}
