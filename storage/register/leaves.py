"""The leaves of the tree over a register's entries: 32 bytes each, a million of them in 32 MB."""

from __future__ import annotations

from collections.abc import Sequence
from typing import overload

from storage.register.tree import Tree, consistency, inclusion, leaf_hash


class Leaves(Sequence[bytes]):
    """Grows by lines of the register, in their order."""

    def __init__(self) -> None:
        self._hashes = bytearray()
        self._tree = Tree()

    @property
    def size(self) -> int:
        """How many there are."""
        return self._tree.size

    def append(self, line: bytes) -> None:
        """One more entry, by its line without the newline."""
        leaf = leaf_hash(line)
        self._hashes += leaf
        self._tree.append(leaf)

    def root(self, size: int | None = None) -> bytes:
        """The root over all of them, or over the first `size`."""
        if size is None or size == self.size:
            return self._tree.root()
        if not 0 <= size < self.size:
            raise ValueError(f"{size} of {self.size} leaves")
        tree = Tree()
        for index in range(size):
            tree.append(self[index])
        return tree.root()

    def inclusion(self, index: int, size: int) -> list[bytes]:
        """See storage.register.tree."""
        return inclusion(self, index, size)

    def consistency(self, old: int, new: int) -> list[bytes]:
        """See storage.register.tree."""
        return consistency(self, old, new)

    def __len__(self) -> int:
        return self.size

    @overload
    def __getitem__(self, index: int) -> bytes: ...
    @overload
    def __getitem__(self, index: slice) -> list[bytes]: ...
    def __getitem__(self, index: int | slice) -> bytes | list[bytes]:
        if isinstance(index, slice):
            return [self[one] for one in range(*index.indices(self.size))]
        if not 0 <= index < self.size:
            raise IndexError(index)
        return bytes(self._hashes[32 * index : 32 * index + 32])
