"""One file of a copy."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from typing import NamedTuple

_AT_ONCE = 1 << 18


class CopyFailed(Exception):
    """What is to be copied can't be read, or isn't what it was."""


class Content(NamedTuple):
    """`read` gives its bytes from the beginning, each time it is called."""

    name: str
    size: int
    read: Callable[[], Iterator[bytes]]

    def sha256(self) -> str:
        """In hexadecimal digits. What `read` raises."""
        digest = hashlib.sha256()
        for chunk in self.read():
            digest.update(chunk)
        return digest.hexdigest()


def held_to(one: Content, sha256: str) -> Content:
    """The same; whose reading ends in `CopyFailed` if it isn't what it was when it had that SHA-256."""

    def read() -> Iterator[bytes]:
        digest = hashlib.sha256()
        for chunk in one.read():
            digest.update(chunk)
            yield chunk
        if digest.hexdigest() != sha256:
            raise CopyFailed("altered")

    return one._replace(read=read)


def of_bytes(name: str, data: bytes) -> Content:
    return Content(name, len(data), lambda: iter((data,)))


def of_file(name: str, path: str) -> Content:
    """A file as it lies on the disk. `CopyFailed` here, and when it is read, if it can't be."""
    try:
        size = os.stat(path, follow_symlinks=False).st_size
    except OSError as error:
        raise CopyFailed(type(error).__name__) from error
    return Content(name, size, lambda: _read(path, size))


def _read(path: str, size: int) -> Iterator[bytes]:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            at = 0
            while at < size:
                chunk = os.pread(descriptor, min(_AT_ONCE, size - at), at)
                if not chunk:
                    raise CopyFailed("cut")
                yield chunk
                at += len(chunk)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise CopyFailed(type(error).__name__) from error
