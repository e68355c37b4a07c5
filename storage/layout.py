"""Where things lie in a store, and what a name tells.

A recording is `YYYY/MM/DD/HHMMSS-<id>.wav`, or `.sealed` if it is, day and time those of the call's start in Japan;
while it grows, `.part` is added. `.broken` is added to what a power cut left without a readable head: nobody's audio is
thrown away unheard.
"""

from __future__ import annotations

import os
import re
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from typing import NamedTuple

CATALOGUE = "catalogue.sqlite"
META = "store.json"
META_NEW = "store.json.new"
LOCK = "lock"
LIVE = "live"  # folder: storage.journal
DAY_FILE = "calls.jsonl"  # in the folder of a day: storage.rebuild.dayfile
DAY_FILES_LOCK = "calls.lock"
ANNOUNCEMENTS = "announcements"  # folder: storage.announcements
ANNOUNCEMENTS_LOCK = f"{ANNOUNCEMENTS}/lock"
HOUSEKEEPING = "housekeeping.json"  # what the housekeeping remembers: recorder.housekeeping
HOUSEKEEPING_NEW = "housekeeping.json.new"
HOUSEKEEPING_LOCK = "housekeeping.lock"
KEYS = "keys.sqlite"  # storage.sealed.key_store
CATALOGUE_NEW = f"{CATALOGUE}.new"  # while it is made anew
CATALOGUE_BEFORE = f"{CATALOGUE}.before"  # as it was before its schema was changed: storage.upgrading
CATALOGUE_BEFORE_NEW = f"{CATALOGUE_BEFORE}.new"
SQLITE_FILES = ("", "-wal", "-shm")
ROOT_FILES = frozenset(
    {META, META_NEW, LOCK, DAY_FILES_LOCK, HOUSEKEEPING, HOUSEKEEPING_NEW, HOUSEKEEPING_LOCK}
    | {CATALOGUE_BEFORE, CATALOGUE_BEFORE_NEW}
    | {name + ending for name in (CATALOGUE, CATALOGUE_NEW, KEYS) for ending in SQLITE_FILES}
)
WAV, SEALED = ".wav", ".sealed"
PACKETS = ".pcap"  # beside a recording: storage.packet_file
PART = ".part"
BROKEN = ".broken"

JAPAN = timezone(timedelta(hours=9))  # no summer time since 1951
_EPOCH = datetime(1970, 1, 1, tzinfo=JAPAN) + JAPAN.utcoffset(None)
_ID = re.compile(r"[0-9A-Za-z-]{1,128}")
_FOLDERS = (re.compile(r"\d{4}"), re.compile(r"0[1-9]|1[0-2]"), re.compile(r"0[1-9]|[12]\d|3[01]"))
_REQUEST = re.compile(r"request-\d{20}-[0-9a-f]{8}\.json")
_ANNOUNCED = re.compile(rf"{ANNOUNCEMENTS}/\d{{4}}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])\.jsonl(\.new)?")
_SET_ASIDE = re.compile(r"catalogue\.sqlite\.damaged-\d+(-wal|-shm)?")
_NAME = re.compile(r"([0-9]{6})-([0-9A-Za-z-]{1,128})\.(?:wav|sealed)(\.part|\.broken)?")


def root_of(path: str | os.PathLike[str]) -> str:
    """The absolute path of a store's folder, named in any way."""
    return os.path.abspath(os.fspath(path))


class Name(NamedTuple):
    """What a file's path says of it."""

    recording: str  # the path of the finished recording, relative to the store
    id: str
    started_ns: int  # to the second
    ending: str  # "", ".part" or ".broken"

    @property
    def is_sealed(self) -> bool:
        """Whether what lies there is a sealed recording."""
        return self.recording.endswith(SEALED)


def is_id(value: str) -> bool:
    """Whether this may be the id of a call: it becomes part of a file's name."""
    return _ID.fullmatch(value) is not None


def recording_path(started_ns: int, call_id: str, *, sealed: bool = False) -> str:
    """Where the finished recording of a call lies, relative to the store."""
    return f"{_time_path(started_ns // 1_000_000_000)}-{call_id}{SEALED if sealed else WAV}"


@lru_cache(maxsize=64)  # each is asked for twice, and by all calls of the same second
def _time_path(seconds: int) -> str:
    return f"{_EPOCH + timedelta(seconds=seconds):%Y/%m/%d/%H%M%S}"


def day_of(time_ns: int) -> str:
    """The day in Japan, as in 2026-11-22."""
    return f"{_EPOCH + timedelta(seconds=time_ns // 1_000_000_000):%Y-%m-%d}"


def day_begins_ns(day: str) -> int:
    """When a day of Japan begins. ValueError if it isn't written as 2026-11-22."""
    if len(day) != 10:
        raise ValueError("not a day")
    since = datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=JAPAN) - _EPOCH
    return (since // timedelta(seconds=1)) * 1_000_000_000


def is_day_file(path: str) -> bool:
    """Whether a path relative to the store is that of a day's file of calls, or of one that is being rewritten."""
    folder, _, name = path.rpartition("/")
    return name.removesuffix(".new") == DAY_FILE and folder.count("/") == 2 and is_folder(tuple(folder.split("/")))


def is_set_aside(name: str) -> bool:
    """Whether a file at the store's root is a damaged catalogue that a start has set aside."""
    return _SET_ASIDE.fullmatch(name) is not None


def is_request(name: str) -> bool:
    """Whether a file at the store's root is what a command asks of the recorder (storage.requests)."""
    return _REQUEST.fullmatch(name) is not None


def is_announcements(where: str) -> bool:
    """Whether a path relative to the store is a day's file of announcements, or one that is being rewritten."""
    return _ANNOUNCED.fullmatch(where) is not None


def packets_of(path: str) -> Name | None:
    """Of which recording a path relative to the store has the packets; None if it is no such file."""
    ending = PART if path.endswith(PART) else ""
    finished = path.removesuffix(PART)
    name = parse(finished.removesuffix(PACKETS) + WAV) if finished.endswith(PACKETS) else None
    return None if name is None else name._replace(ending=ending)


def is_folder(names: tuple[str, ...]) -> bool:
    """Whether folders of these names, from the store down, are ours: year, month, day."""
    return len(names) <= 3 and all(form.fullmatch(name) for form, name in zip(_FOLDERS, names, strict=False))


def parse(path: str) -> Name | None:
    """What a path relative to the store says; None if it isn't one of ours."""
    folder, _, name = path.rpartition("/")
    match = _NAME.fullmatch(name)
    if match is None or folder.count("/") != 2:
        return None
    begin_s, clock = _day_begins_s(folder), match[1]
    hours, minutes, seconds = int(clock[:2]), int(clock[2:4]), int(clock[4:])
    if begin_s is None or hours > 23 or minutes > 59 or seconds > 59:
        return None
    started_s = begin_s + 3600 * hours + 60 * minutes + seconds
    ending = match[3] or ""
    return Name(path[: len(path) - len(ending)], match[2], started_s * 1_000_000_000, ending)


@lru_cache(maxsize=64)  # files come by the folder, a day's thousands one after the other
def _day_begins_s(folder: str) -> int | None:
    """When the day of a folder begins, in seconds since 1970; None if it is no day's."""
    try:
        day = datetime.strptime(folder, "%Y/%m/%d").replace(tzinfo=JAPAN)
    except ValueError:
        return None
    return (day - _EPOCH) // timedelta(seconds=1)
