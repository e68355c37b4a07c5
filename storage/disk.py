"""The only place that touches the file system.

Everything a store does to a disk is one call of `Disk`, so that a test can put a twin in its place which fails at any
step, or loses at a crash whatever was not synced. Paths are absolute; errors are plain `OSError`. SQLite alone goes
to the disk on its own.

Nothing is ever written through a symbolic link (O_NOFOLLOW), over an existing file (O_EXCL, RENAME_NOREPLACE) or
with rights for anybody but the owner (0600, directories 0700).

Only in a shared directory, one whose mode is exactly 2770, what is made has the same rights for the group (0660,
directories 2770). That is how the units share a store: capture and housekeeping are two accounts of one group.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import stat
from typing import Literal, NamedTuple

Kind = Literal["file", "directory", "other"]

_RENAME_NOREPLACE = 1  # <linux/fs.h>
_AT_FDCWD = -100  # <fcntl.h>
_SHARED = 0o2770  # set-group-id: what is made in there belongs to the directory's group, too
_SAFE = os.O_CLOEXEC | os.O_NOFOLLOW


class Entry(NamedTuple):
    """One name in a directory; a symbolic link, a pipe, a device and a socket are "other"."""

    name: str
    kind: Kind


class Status(NamedTuple):
    """What the file system says of a name itself (links are not followed)."""

    kind: Kind
    size: int  # bytes
    mode: int  # the permission bits
    owner: int  # user id
    group: int  # group id
    file_id: tuple[int, int]  # device and inode: equal for two names of one file
    changed_ns: int  # ctime, nanoseconds since 1970

    @property
    def is_shared(self) -> bool:
        """Whether this is a directory that is deliberately its group's as much as its owner's."""
        return self.kind == "directory" and self.mode == _SHARED


class Space(NamedTuple):
    """Room on the file system, as an ordinary account sees it."""

    total_bytes: int
    free_bytes: int
    total_inodes: int  # 0 where the file system doesn't count them
    free_inodes: int
    read_only: bool = False  # mounted so


class Disk:
    """The real disk. A file descriptor is an int that belongs to the caller until `close`."""

    def __init__(self) -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        self._syncfs = getattr(libc, "syncfs", None)
        self._renameat2 = getattr(libc, "renameat2", None)

    # Files

    def create(self, path: str) -> int:
        """A new, empty file, open for reading and writing. FileExistsError if the name is taken by anything."""
        return _create(path, os.O_EXCL)

    def open(self, path: str, *, write: bool = False) -> int:
        """An existing regular file. OSError if it is a link, a pipe or a device: opening one never blocks. Nor is
        a file written to that has another name (EMLINK): that may lie anywhere."""
        fd = os.open(path, (os.O_RDWR if write else os.O_RDONLY) | os.O_NONBLOCK | _SAFE)
        found = os.fstat(fd)
        if not stat.S_ISREG(found.st_mode):
            os.close(fd)
            raise OSError(errno.EINVAL, "not a regular file", path)
        if write and found.st_nlink > 1:
            os.close(fd)
            raise OSError(errno.EMLINK, "the file has another name", path)
        return fd

    def close(self, fd: int) -> None:
        os.close(fd)

    def write(self, fd: int, data: memoryview, offset: int) -> None:
        """All of `data` (contiguous, any item type) at `offset`; beyond the end it leaves a hole of zeros."""
        written = os.pwrite(fd, data, offset)
        if written == data.nbytes:
            return
        rest = data.cast("B")  # a short write: the disk is nearly full, or a signal came
        while True:
            if written <= 0:
                raise OSError(errno.EIO, "the disk took none of the bytes")
            rest, offset = rest[written:], offset + written
            if not rest.nbytes:
                return
            written = os.pwrite(fd, rest, offset)

    def read_into(self, fd: int, buffer: memoryview, offset: int) -> int:
        """Fills `buffer` (writable bytes) from `offset`; how many bytes came, 0 at the end of the file."""
        return os.preadv(fd, [buffer], offset)

    def size(self, fd: int) -> int:
        return os.fstat(fd).st_size

    def truncate(self, fd: int, size: int) -> None:
        os.ftruncate(fd, size)

    def holes(self, fd: int, start: int, end: int) -> list[tuple[int, int]]:
        """The (first byte, byte after the last) between `start` and `end` that were never written and read as 0."""
        found: list[tuple[int, int]] = []
        while start < end:
            hole = os.lseek(fd, start, os.SEEK_HOLE)
            if hole >= end:
                break
            try:
                start = min(os.lseek(fd, hole, os.SEEK_DATA), end)
            except OSError as error:
                if error.errno != errno.ENXIO:  # ENXIO: no data up to the end
                    raise
                start = end
            found.append((hole, start))
        return found

    # Making it last

    def sync_file(self, fd: int) -> None:
        """The file's bytes and size are on the disk. Once this has failed, what it was to write may be lost."""
        os.fdatasync(fd)

    @property
    def has_sync_all(self) -> bool:
        """Whether this system can do `sync_all`."""
        return self._syncfs is not None

    def sync_all(self, directory: int) -> None:
        """Everything on the file system of the open `directory` is on the disk (syncfs).

        Keep `directory` open for as long as the store is: the kernel tells a write-back error once to each
        descriptor that was open before it.
        """
        assert self._syncfs is not None
        if self._syncfs(directory) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))

    def sync_directory(self, path: str) -> None:
        """The names in the directory are on the disk."""
        fd = self.open_directory(path)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)

    # Names

    def open_directory(self, path: str) -> int:
        return os.open(path, os.O_RDONLY | os.O_DIRECTORY | _SAFE)

    def make_directory(self, path: str, *, below: str | None = None) -> None:
        """The directory with all that lead to it; the parent of each new one is synced. NotADirectoryError if a
        link or a file is in the way of the last name, or of any name after the folder `below`."""
        if below is not None and path != below:
            self.make_directory(os.path.dirname(path), below=below)
        try:
            _make_directory(path)
        except FileExistsError:
            if not stat.S_ISDIR(os.lstat(path).st_mode):
                raise NotADirectoryError(errno.ENOTDIR, "not a directory", path) from None
            return
        except FileNotFoundError:
            self.make_directory(os.path.dirname(path))
            _make_directory(path)
        self.sync_directory(os.path.dirname(path))

    def make_private(self, path: str) -> None:
        """Takes away from a directory all rights of group and others."""
        os.chmod(path, 0o700)

    def rename_new(self, old: str, new: str) -> None:
        """Moves a file to a name that is free, in one step. FileExistsError if it isn't; nothing is overwritten."""
        if self._renameat2 is not None:
            done = self._renameat2(
                _AT_FDCWD, os.fsencode(old), _AT_FDCWD, os.fsencode(new), ctypes.c_uint(_RENAME_NOREPLACE)
            )
            if done == 0:
                return
            number = ctypes.get_errno()
            if number not in (errno.EINVAL, errno.ENOSYS):  # a file system that can't tell: two steps, as safe
                raise OSError(number, os.strerror(number), old, None, new)
        os.link(old, new, follow_symlinks=False)
        os.unlink(old)

    def replace(self, old: str, new: str) -> None:
        """Moves a file to a name, in one step, in place of whatever file has it."""
        os.replace(old, new)

    def unlink(self, path: str) -> None:
        os.unlink(path)

    def remove_directory(self, path: str) -> None:
        """Takes away an empty directory. OSError (ENOTEMPTY) if it isn't."""
        os.rmdir(path)

    def sizes(self, path: str) -> list[tuple[str, int]]:
        """(name, bytes) of all in a directory, -1 for what is no regular file; links are not followed."""
        with os.scandir(path) as entries:
            return [
                (entry.name, entry.stat(follow_symlinks=False).st_size if _kind_of(entry) == "file" else -1)
                for entry in entries
            ]

    def list(self, path: str) -> list[Entry]:
        """The names in a directory, sorted."""
        with os.scandir(path) as entries:
            return sorted(Entry(e.name, _kind_of(e)) for e in entries)

    def status(self, path: str) -> Status | None:
        """None if there is nothing by that name."""
        try:
            found = os.lstat(path)
        except (FileNotFoundError, NotADirectoryError):
            return None
        kind: Kind = "file" if stat.S_ISREG(found.st_mode) else "other"
        return Status(
            "directory" if stat.S_ISDIR(found.st_mode) else kind,
            found.st_size,
            stat.S_IMODE(found.st_mode),
            found.st_uid,
            found.st_gid,
            (found.st_dev, found.st_ino),
            found.st_ctime_ns,
        )

    def space(self, path: str) -> Space:
        found = os.statvfs(path)
        return Space(
            found.f_blocks * found.f_frsize, found.f_bavail * found.f_frsize, found.f_files, found.f_favail,
            bool(found.f_flag & os.ST_RDONLY),
        )  # fmt: skip

    # One writer

    def lock(self, path: str) -> int:
        """Holds the lock file until the descriptor is closed, be it by a crash. BlockingIOError if it is held."""
        try:
            fd = os.open(path, os.O_RDWR | _SAFE)
        except FileNotFoundError:
            fd = _create(path)
        return _locked(fd)

    def hold(self, path: str) -> int:
        """The same, without being able to write to it: the disk may be made read-only meanwhile."""
        try:
            fd = os.open(path, os.O_RDONLY | _SAFE)
        except FileNotFoundError:
            os.close(_create(path))
            fd = os.open(path, os.O_RDONLY | _SAFE)
        return _locked(fd)

    def is_locked(self, path: str) -> bool:
        """Whether somebody holds the lock file."""
        try:
            fd = os.open(path, os.O_RDONLY | _SAFE)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(fd)
        return False


def _kind_of(entry: os.DirEntry[str]) -> Kind:
    if entry.is_file(follow_symlinks=False):
        return "file"
    return "directory" if entry.is_dir(follow_symlinks=False) else "other"


def _is_in_shared(path: str) -> bool:
    return stat.S_IMODE(os.stat(os.path.dirname(path)).st_mode) == _SHARED


def _locked(fd: int) -> int:
    """The open file, with a lock on it that is nobody else's; closed if somebody has one (BlockingIOError)."""
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BaseException:
        os.close(fd)
        raise
    return fd


def _create(path: str, flags: int = 0) -> int:
    if not _is_in_shared(path):
        return os.open(path, os.O_RDWR | os.O_CREAT | flags | _SAFE, 0o600)
    fd = os.open(path, os.O_RDWR | os.O_CREAT | flags | _SAFE, 0o660)
    if stat.S_IMODE(os.fstat(fd).st_mode) != 0o660:  # the umask of somebody's shell
        os.fchmod(fd, 0o660)
    return fd


def _make_directory(path: str) -> None:
    if not _is_in_shared(path):
        os.mkdir(path, 0o700)
        return
    # Set-group-id is inherited. To ask for it is what RestrictSUIDSGID= of the units forbids.
    os.mkdir(path, 0o770)
    if stat.S_IMODE(os.stat(path).st_mode) != _SHARED:  # the umask of somebody's shell
        os.chmod(path, _SHARED)
