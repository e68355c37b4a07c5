"""What a whole register says, read once, whatever state it is in: for `storage.verification`.

Lines that can't be read count as leaves all the same: so what was signed is compared with what lies there.
"""

from __future__ import annotations

import os
from typing import NamedTuple

from storage.disk import Disk
from storage.register import segments
from storage.register.checkpoint import Vkey, parse_vkey
from storage.register.entry import Entry, parse
from storage.register.leaves import Leaves


class Told(NamedTuple):
    """What the last `recorded` entry of a call says."""

    number: int
    row: bytes  # storage.records.row_digest
    audio: bytes  # storage.records.audio_digest


class Epoch(NamedTuple):
    """A key for checkpoints, from this entry on."""

    number: int  # of the entry
    epoch: int
    key: Vkey
    at_ns: int
    is_anew: bool  # no key before vouches for it


class Survey:
    """`update` reads what came since the last time."""

    def __init__(self, root: str, disk: Disk) -> None:
        self._folder, self._disk = os.path.join(root, segments.FOLDER), disk
        self.leaves = Leaves()
        self.recorded: dict[str, Told] = {}
        self.erased: set[str] = set()
        self.epochs: list[Epoch] = []
        self.clock_steps: list[int] = []  # numbers of entries
        self.replaced: list[tuple[str, int, int]] = []  # calls entered with one recording, and later with another
        self.events: list[Entry] = []  # that verify repeats each time
        self.mended: list[range] = []  # sizes of which no checkpoint fits any more, by the word of an event
        self._first = self._offset = 0  # the file that was read last, and how far

    def update(self) -> None:
        """Reads on. OSError if the register can't be read."""
        for first in segments.firsts(self._folder, self._disk):
            if first < self._first:
                continue
            start = self._offset if first == self._first else 0
            data = segments.read(self._folder, first, self._disk)
            for line in data[start:].split(b"\n")[:-1]:
                self._take(line)
            self._first, self._offset = first, data.rfind(b"\n") + 1

    def _take(self, line: bytes) -> None:
        self.leaves.append(line)
        try:
            entry = parse(line)
            self._note(entry)
        except (ValueError, KeyError, TypeError, AttributeError):
            return  # `Register.check` names it

    def _note(self, entry: Entry) -> None:
        fields = entry.fields
        if entry.kind == "recorded":
            told = Told(entry.number, bytes.fromhex(fields["row"]), bytes.fromhex(fields.get("audio", "")))
            before = self.recorded.get(fields["call"])
            if before is not None and before.audio and before.audio != told.audio:
                self.replaced.append((fields["call"], before.number, told.number))
            self.recorded[fields["call"]] = told
        elif entry.kind == "erased":
            for call in fields["calls"]:
                self.erased.add(call["id"])
                self.recorded.pop(call["id"], None)
        elif entry.kind == "epoch":
            anew = bool(fields.get("anew", False))
            self.epochs.append(Epoch(entry.number, fields["epoch"], parse_vkey(fields["key"]), entry.at_ns, anew))
        elif entry.kind == "clock_step":
            self.clock_steps.append(entry.number)
        elif entry.kind == "mended":
            self.events.append(entry)
            self.mended.append(range(int(fields["first"]), entry.number))
