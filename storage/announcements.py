"""`announcements/YYYY-MM-DD.jsonl`: which callers were told that their call is recorded, by who told them.

A line is `{"announcement":{...},"check":"<16 hex digits>"}`: the record as canonical JSON, and the first half of its
SHA-256. The day is Japan's, of when the announcement began. The unit that plays them appends; a sweep, another process,
takes the lines of erased calls away. Who changes a file holds `announcements/lock`. A crash may tear the last line;
nobody was promised that one, and the next append cuts it off.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, fields
from typing import Any

from storage import layout
from storage.disk import Disk

_LOCK_TRIES, _LOCK_PAUSE_S = 100, 0.05  # a sweep holds it for as long as one file takes to be written
_CHECK_DIGITS = 16
_LINE = re.compile(rb'\{"announcement":(\{.*\}),"check":"([0-9a-f]{16})"\}')


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
        self._root = root
        self._disk = disk or Disk()
        self._folder = os.path.join(root, layout.ANNOUNCEMENTS)

    def append(self, records: Iterable[AnnouncementRecord]) -> None:
        """Write records; they are on the disk when this returns."""
        by_day: dict[str, list[bytes]] = {}
        for record in records:
            by_day.setdefault(layout.day_of(record.at_ns), []).append(_line_of(record))
        self._disk.make_directory(self._folder)
        with self._locked():
            for day, lines in by_day.items():
                self._append(self._path(day), b"".join(lines))

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
        *lines, _ = self._read(self._path(day)).split(b"\n")
        for number, line in enumerate(lines, 1):
            record = _parse(line)
            if record is None:
                damaged.append(number)
            else:
                records.append(record)
        return records, damaged

    def keep(self, day: str, wanted: Callable[[AnnouncementRecord], bool]) -> int:
        """Take away a day's records that aren't wanted, and damaged lines with them; how many. The file goes with the
        last."""
        with self._locked():
            records, damaged = self.read(day)
            kept = [record for record in records if wanted(record)]
            gone = len(records) - len(kept) + len(damaged)
            if not gone:
                return 0
            path, new = self._path(day), self._path(day) + ".new"
            if kept:
                with contextlib.suppress(FileNotFoundError):  # left by a crash
                    self._disk.unlink(new)
                self._append(new, b"".join(map(_line_of, kept)))
                self._disk.replace(new, path)
            else:
                self._disk.unlink(path)
            self._disk.sync_directory(self._folder)
        return gone

    def _path(self, day: str) -> str:
        return os.path.join(self._folder, f"{day}.jsonl")

    def _append(self, path: str, data: bytes) -> None:
        is_new = self._disk.status(path) is None
        fd = self._disk.create(path) if is_new else self._disk.open(path, write=True)
        try:
            end = self._whole(fd)
            self._disk.truncate(fd, end)
            self._disk.write(fd, memoryview(data), end)
            self._disk.sync_file(fd)
        finally:
            self._disk.close(fd)
        if is_new:
            self._disk.sync_directory(self._folder)

    def _whole(self, fd: int) -> int:
        """Where the last whole line ends: what is behind it, a crash tore."""
        size = self._disk.size(fd)
        tail = bytearray(min(size, 1 << 16))
        count = self._disk.read_into(fd, memoryview(tail), size - len(tail)) if tail else 0
        end = bytes(tail[:count]).rfind(b"\n")
        return size - len(tail) + end + 1

    def _read(self, path: str) -> bytes:
        if self._disk.status(path) is None:
            return b""
        fd = self._disk.open(path)
        try:
            data = bytearray(self._disk.size(fd))
            count = self._disk.read_into(fd, memoryview(data), 0) if data else 0
            return bytes(data[:count])
        finally:
            self._disk.close(fd)

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        path = os.path.join(self._root, layout.ANNOUNCEMENTS_LOCK)
        for tried in range(_LOCK_TRIES):
            try:
                fd = self._disk.lock(path)
                break
            except BlockingIOError:
                if tried == _LOCK_TRIES - 1:
                    raise
                time.sleep(_LOCK_PAUSE_S)
        try:
            yield
        finally:
            self._disk.close(fd)


def _line_of(record: AnnouncementRecord) -> bytes:
    said = json.dumps(asdict(record), sort_keys=True, separators=(",", ":")).encode("ascii")
    return b'{"announcement":%b,"check":"%b"}\n' % (said, _check(said))


def _check(said: bytes) -> bytes:
    return hashlib.sha256(said).hexdigest()[:_CHECK_DIGITS].encode("ascii")


def _parse(line: bytes) -> AnnouncementRecord | None:
    match = _LINE.fullmatch(line)
    if match is None or _check(match[1]) != match[2]:
        return None
    try:
        said: dict[str, Any] = json.loads(match[1])
        known = {field.name for field in fields(AnnouncementRecord)}
        return AnnouncementRecord(**{name: value for name, value in said.items() if name in known})
    except (ValueError, TypeError):
        return None
