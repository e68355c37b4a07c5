"""`announcements/YYYY-MM-DD.jsonl`: which callers were told that their call is recorded, by who told them.

A line is `{"announcement":{...},"check":"<16 hex digits>"}`: the record as canonical JSON, and a check of it (see
`storage.lines`). The day is Japan's, of when the announcement began. The unit that plays them appends; a sweep, another
process, takes the lines of erased calls away. Who changes a file holds `announcements/lock`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, fields
from typing import Any

from storage import layout, lines
from storage.disk import Disk

_FORM = lines.Form("announcement")


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnouncementRecord:
    """One call that was to be announced, and what came of it."""

    at_ns: int  # when the exchange called, or the hook was asked; nanoseconds since 1970
    how: str  # answered or early (the unit's telephone); ari, ami, esl, command, http (the hook)
    call_id: str  # SIP Call-ID of the exchange's call to the unit; for a hook, of the caller's call
    of_call_id: str | None = None  # Call-ID of the caller's call, if the exchange told it
    caller: str | None = None  # None: withheld, not known, or of a call whose numbers aren't kept
    line: str | None = None  # which of the office's numbers was dialled
    prompt: str | None = None  # name of the file; None: none was played
    sha256: str | None = None  # of the file, in hexadecimal
    milliseconds: int = 0  # of the prompt that were sent
    of_milliseconds: int = 0  # that it has
    ended_by: str | None = None  # unit (it was played to its end), exchange (who called it hung up), fault
    reason: str | None = None  # why none was played: a rule's word, or a fault's

    @property
    def complete(self) -> bool:
        """Whether all of a prompt was sent, or the hook did what it was asked."""
        return self.ended_by == "unit" and self.milliseconds >= self.of_milliseconds


class AnnouncementBook:
    """The announcements of the store whose folder is `root`. OSError from what the disk refuses."""

    def __init__(self, root: str, disk: Disk | None = None) -> None:
        self._disk = disk or Disk()
        self._folder = os.path.join(root, layout.ANNOUNCEMENTS)
        self._lock = os.path.join(root, layout.ANNOUNCEMENTS_LOCK)

    def append(self, records: Iterable[AnnouncementRecord]) -> None:
        """Write records; they are on the disk when this returns."""
        by_day: dict[str, list[bytes]] = {}
        for record in records:
            by_day.setdefault(layout.day_of(record.at_ns), []).append(_line_of(record))
        self._disk.make_directory(self._folder)
        with lines.locked(self._lock, self._disk):
            for day, some in by_day.items():
                lines.append(self._path(day), b"".join(some), self._disk)

    def days(self) -> list[str]:
        """The days that have a file, oldest first."""
        if self._disk.status(self._folder) is None:
            return []
        names = [entry.name for entry in self._disk.list(self._folder) if entry.kind == "file"]
        days = [name.removesuffix(".jsonl") for name in names if name.endswith(".jsonl")]
        return [day for day in days if layout.is_announcements(f"{layout.ANNOUNCEMENTS}/{day}.jsonl")]

    def read(self, day: str) -> tuple[list[AnnouncementRecord], list[int]]:
        """A day's records in their order, and the numbers, from 1, of lines that aren't as they were written. A torn
        last line is neither."""
        records: list[AnnouncementRecord] = []
        damaged: list[int] = []
        *whole, _ = lines.read(self._path(day), self._disk).split(b"\n")
        for number, line in enumerate(whole, 1):
            record = _parse(line)
            if record is None:
                damaged.append(number)
            else:
                records.append(record)
        return records, damaged

    def keep(self, day: str, wanted: Callable[[AnnouncementRecord], bool]) -> int:
        """Take away a day's records that aren't wanted, and damaged lines with them; how many. The file goes with the
        last."""
        with lines.locked(self._lock, self._disk):
            records, damaged = self.read(day)
            kept = [record for record in records if wanted(record)]
            gone = len(records) - len(kept) + len(damaged)
            if not gone:
                return 0
            if kept:
                lines.rewrite(self._path(day), b"".join(map(_line_of, kept)), self._disk)
            else:
                self._disk.unlink(self._path(day))
                self._disk.sync_directory(self._folder)
        return gone

    def _path(self, day: str) -> str:
        return os.path.join(self._folder, f"{day}.jsonl")


def _line_of(record: AnnouncementRecord) -> bytes:
    return _FORM.line(json.dumps(asdict(record), sort_keys=True, separators=(",", ":")).encode("ascii"))


def _parse(line: bytes) -> AnnouncementRecord | None:
    checked = _FORM.said(line)
    if checked is None:
        return None
    try:
        said: dict[str, Any] = json.loads(checked)
        known = {field.name for field in fields(AnnouncementRecord)}
        return AnnouncementRecord(**{name: value for name, value in said.items() if name in known})
    except (ValueError, TypeError):
        return None
