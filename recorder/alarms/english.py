"""What each alarm means, and what to do: in English.

Values in braces come with the alarm; what each language says differently has that language's name behind it.
"""

from __future__ import annotations

from recorder.alarms.code import Code

MEANING_AND_REMEDY: dict[Code, tuple[str, str]] = {
    Code.NO_POLICY: (
        "No rule of retention is in force: nothing is ever erased, and the disk will fill.",
        "Adopt one of recorder policy offices: recorder policy adopt --store {store} NAME --old-recordings follow "
        "--reason TEXT",
    ),
    Code.NO_RULE: (
        "No rule is for {count} recordings: they are never erased.",
        "Add a rule for these sections, extensions or lines, or one for all others, to [[policy.rules]].",
    ),
    Code.HOLDS_FILL: (
        "Recordings that are held fill {share} of the ring; {allowed} is set as the most.",
        "End holds that aren't needed any more, or add disk: recorder holds --store {store}",
    ),
    Code.MINIMUM_IN_DANGER: (
        "Room for the minimum ({rule_en}) is down to {days} days more than it needs.",
        "Add disk, raise the limit in [ring], or end holds that aren't needed.",
    ),
    Code.ROOM_RUNS_OUT: (
        "At this traffic, room runs out on {when_en}: what is left then is held, or its period runs.",
        "Before that day add disk, raise the limit in [ring], or end holds that aren't needed.",
    ),
    Code.NO_ROOM: (
        "The ring is exceeded by {short}, and nothing that is left may go.",
        "Add disk now, or end holds that aren't needed.",
    ),
    Code.DISK_NEARLY_FULL: (
        "Only {free} ({share}) of the disk are free. Once it is full, no new call can be recorded.",
        "Move away what isn't recordings, and look at the limit in [ring].",
    ),
    Code.CLOCK_NOT_PLAUSIBLE: (
        "The clock may be wrong: it says {now_en}, and the newest recording is of {newest_en}. As long as it does,"
        " nothing is erased by itself.",
        "See that the time is synchronised. If it is right: recorder sweep --store {store} --confirm-clock",
    ),
    Code.SWEEP_OVERDUE: (
        "{count} calls are past their time and not erased; the oldest was to be kept through {since_en}.",
        "Run it, and see why it didn't run by itself: recorder sweep --store {store}",
    ),
    Code.SECOND_STORE_MISSING: (
        "The second store ({path_en}) isn't there: what should move to it stays where it is.",
        "Connect the medium, and look at second_store in [ring].",
    ),
    Code.CATALOGUE_REBUILT: (
        "The catalogue was damaged, and made anew from the recordings on {when_en}. The old one is {file}.",
        "See that everything is there (recorder verify --store {store}), and look after the disk. The alarm ends "
        "when {file} is moved elsewhere.",
    ),
    Code.NO_PACKETS: (
        "No packet has come from {interface} for {seconds} s; in the last hour there were about {usual} a minute. "
        "No call is recorded.",
        "Look at the mirror port of the switch, the cable, and the exchange: recorder status",
    ),
    Code.INTERFACE_DOWN: (
        "{interface} can't be read ({state}): calls that pass there are not recorded.",
        "Look at the cable and at the interface: ip link",
    ),
    Code.ONE_DIRECTION: (
        "Of {calls} calls going on now only one side is heard.",
        "See that the switch mirrors both directions of the port (rx and tx).",
    ),
    Code.CALLS_WITHOUT_AUDIO: (
        "{calls} calls are answered, and no audio of them is heard.",
        "See that the mirror includes the way that audio takes, and that it isn't encrypted (SRTP).",
    ),
    Code.PACKETS_DROPPED: (
        "{count} packets were lost before they could be read, within a minute. Calls of that time are flagged.",
        "See what else keeps the machine busy, and raise ring_bytes in [capture].",
    ),
    Code.AUDIO_SHED: (
        "The disk doesn't keep up: {size} of audio were lost. The calls that this hurts are flagged.",
        "Look for a fault of the disk, and for what else keeps it busy: journalctl -k",
    ),
    Code.DISK_FULL: (
        "The disk is full ({free} are free). No new call can be recorded.",
        "Move away what isn't recordings, or end holds that aren't needed: recorder holds --store {store}",
    ),
    Code.INODES_FEW: (
        "Only {count} more files can be made on the disk. Then no new call can be recorded.",
        "Find what makes so many small files: df -i {store}",
    ),
    Code.DISK_READ_ONLY: (
        "The disk is mounted read-only. No call is recorded.",
        "Look for its fault, mend it, and mount it for writing again: journalctl -k",
    ),
    Code.DISK_STALLED: (
        "The disk hasn't answered for {seconds} s.",
        "Look at the disk and its connection: journalctl -k",
    ),
    Code.STORE_UNREADABLE: (
        "The store {store} can't be read: {reason}",
        "See that its disk is mounted, and then: recorder verify --store {store}",
    ),
    Code.CLOCK_NOT_SYNCHRONISED: (
        "The clock isn't synchronised: recordings get wrong times, and periods may end wrongly.",
        "Set up time synchronisation (NTP): timedatectl, chronyc tracking",
    ),
    Code.CATALOGUE_LATE: (
        "Calls that ended {seconds} s ago aren't in the catalogue yet.",
        "Look for what else uses the catalogue, and for room on the disk: recorder status",
    ),
    Code.CAPTURE_DOWN: (
        "Nobody has been recording for {seconds} s. No call is recorded.",
        "See why, and start it: systemctl status recorder-capture",
    ),
    Code.SWEEP_REFUSED: (
        "Nothing is erased by itself for now. {reason}",
        "See that the time is synchronised. If it is right: recorder sweep --store {store} --confirm-clock",
    ),
    Code.SWEEP_FAILED: (
        "A sweep broke off: {reason}",
        "See why: recorder sweep --store {store} --dry-run",
    ),
    Code.ERASURE_LEFT: (
        "{count} files of erased recordings are still on the disk.",
        "Look after the disk; the next sweep tries again: recorder verify --store {store}",
    ),
    Code.STORE_DAMAGED: (
        "The nightly check found {count} things that aren't as they were left, the first: {first}",
        "See all: recorder verify --store {store}",
    ),
    Code.NOTICE_NOT_HEARD: (
        "In {count} of {of} calls from outside within the last hour, the notice was not heard.",
        "Look at the exchange's announcement, and at the files in [notice] prompts.",
    ),
    Code.NOTICE_FAILS: (
        "{count} of {of} announcements within the last hour failed; the last one: {reason}.",
        "Look at what the announcement unit says (journalctl -u recorder-announce), and at docs/announcement.md.",
    ),
    Code.KEY_DRILL_OVERDUE: (
        "The key of {name} was not tried for {days} days: nobody knows whether it still opens recordings.",
        "Try it, with the key from the safe: recorder key drill --store {store} --identity FILE",
    ),
    Code.KEY_IN_ONE_HAND: (
        "{count} recordings can be opened by one recipient alone: if that key is lost, they are.",
        "Wrap their keys for all recipients: recorder key rewrap --store {store} --config FILE --identity FILE",
    ),
    Code.CHECKPOINT_FAILED: (
        "No checkpoint of the register can be made: {reason}. As long as that is so, who alters the store now may not "
        "be found.",
        "Look at [evidence], and at the folder for the keys: docs/register.md.",
    ),
    Code.WITNESS_SILENT: (
        "No witness has signed a checkpoint for {minutes} minutes.",
        "See that it runs on its machine, and can be reached from here: systemctl status recorder-witness",
    ),
    Code.WITNESS_REFUSES: (
        "The witness {witness} refuses to sign: {reason}. The register isn't what it saw before, or the key "
        "is another.",
        "Find out why, and keep the witness's folder: recorder verify --witness {witness}",
    ),
    Code.OFFICE_SETTINGS_BAD: (
        "What the office changed at the desk can't be used ({reason}); older settings are in force.",
        "See all faults with recorder config check {config}; restarting recorder-door writes the file anew.",
    ),
}
