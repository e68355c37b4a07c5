"""The packets of a call that is being recorded, on their way into a pcap file beside its recording.

Records are gathered and written seldom. Nothing is synced before the call ends: what a crash leaves is erased by the
next start, since a recording that was cut off has no use for them. So a call has all of its packets, or none.
"""

from __future__ import annotations

from storage.disk import Disk
from storage.errors import disk_failed
from storage.layout import PACKETS, PART, WAV

MISSING = "packets_missing"  # the flag of a call whose packets were to be kept and aren't
# https://www.ietf.org/archive/id/draft-ietf-opsawg-pcap: nanoseconds, 2.4, whole packets, LINKTYPE_RAW.
HEAD = bytes.fromhex("4d3cb2a1 02000400 00000000 00000000 27000100 65000000")
_AT_ONCE = 64 << 10


def path_of(recording: str) -> str:
    """Where the packets of a recording lie, beside it."""
    return recording.removesuffix(WAV) + PACKETS


class PacketFile:
    """A growing pcap file. `path` is absolute and ends in `.part`. `is_missing`: it came to nothing, and is no more."""

    def __init__(self, disk: Disk, recording: str) -> None:
        """`recording`: the absolute path of the finished recording."""
        self.path = path_of(recording) + PART
        self.is_missing = False
        self.size = 0  # bytes, with those that still wait
        self._disk = disk
        self._waiting = bytearray(HEAD)
        self._written = 0
        self._is_made = False

    def write(self, records: memoryview) -> None:
        """More records. What the disk refuses makes it missing as a whole."""
        if self.is_missing:
            return
        self._waiting += records
        if len(self._waiting) >= _AT_ONCE:
            self.flush()

    def flush(self, *, sync: bool = False) -> None:
        """Everything is written, and synced if so asked; or it is missing."""
        if self.is_missing:
            return
        try:
            self._flush(sync)
        except OSError:  # told by the flag of the call
            self.lack()

    def _flush(self, sync: bool) -> None:
        fd = self._disk.open(self.path, write=True) if self._is_made else self._disk.create(self.path)
        self._is_made = True
        try:
            self._disk.write(fd, memoryview(bytes(self._waiting)), self._written)
            self._written += len(self._waiting)
            self._waiting.clear()
            if sync:
                self._disk.sync_file(fd)
        finally:
            self._disk.close(fd)

    @property
    def written(self) -> int:
        """Bytes of the file."""
        return self._written

    def lack(self) -> None:
        """Some are missing: keep none."""
        self.is_missing = True
        self._waiting.clear()
        self._unlink()

    def discard(self) -> None:
        """Erase it. DiskFailed."""
        self._waiting.clear()
        try:
            self._unlink(told=True)
        except OSError as error:
            raise disk_failed(f"{self.path} could not be erased", error) from error

    def _unlink(self, *, told: bool = False) -> None:
        if not self._is_made:
            return
        try:
            self._disk.unlink(self.path)
        except FileNotFoundError:
            pass
        except OSError:
            if told:
                raise
            return  # the next start erases it
        self._is_made = False
