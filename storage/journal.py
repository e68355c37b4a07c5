"""What must be remembered of calls under way, so that a recorder that starts again goes on with them.

One file a name in the folder `live/` of the store, of lines that are appended, and removed when the call is over. What
the lines say is not known here. They are not synced by themselves: the page cache outlives a process that is
killed, and after a power cut there is no call to go on with. A last line that a crash cut off is left out.
"""

from __future__ import annotations

import contextlib
import os

from storage import layout
from storage.disk import Disk

LONGEST = 1 << 20  # bytes of one file; a call that says more isn't remembered further


class Journal:
    """The journal of the store whose folder is `root`. OSError from what the disk refuses."""

    def __init__(self, root: str, disk: Disk) -> None:
        self._root = root
        self._folder = os.path.join(root, layout.LIVE)
        self._disk = disk
        self._sizes: dict[str, int] = {}

    def append(self, name: str, lines: bytes) -> None:
        """Write lines, each with its line break, behind those that are there."""
        path = os.path.join(self._folder, name)
        if name not in self._sizes:
            self._disk.make_directory(self._folder, below=self._root)
            found = self._disk.status(path)
            fd = self._disk.create(path) if found is None else self._disk.open(path, write=True)
            self._sizes[name] = 0 if found is None else found.size
        else:
            fd = self._disk.open(path, write=True)
        try:
            if self._sizes[name] + len(lines) <= LONGEST:
                self._disk.write(fd, memoryview(lines), self._sizes[name])
                self._sizes[name] += len(lines)
        finally:
            self._disk.close(fd)

    def remove(self, name: str) -> None:
        """Nothing is to be remembered under that name any more."""
        self._sizes.pop(name, None)
        with contextlib.suppress(FileNotFoundError):
            self._disk.unlink(os.path.join(self._folder, name))

    def read(self) -> dict[str, list[bytes]]:
        """The whole lines by name, as they were written."""
        found: dict[str, list[bytes]] = {}
        if self._disk.status(self._folder) is None:
            return found
        for entry in self._disk.list(self._folder):
            if entry.kind != "file":
                continue
            fd = self._disk.open(os.path.join(self._folder, entry.name))
            try:
                buffer = bytearray(min(self._disk.size(fd), LONGEST))
                size = self._disk.read_into(fd, memoryview(buffer), 0)
            finally:
                self._disk.close(fd)
            found[entry.name] = bytes(buffer[:size]).split(b"\n")[:-1]
        return found
