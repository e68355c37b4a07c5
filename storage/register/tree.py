"""The Merkle tree over the register's entries, as RFC 9162 2.1 has it.

Leaf n is the hash of the line of entry n + 1, without its newline. A root tells of all leaves and their order; a proof
of inclusion shows that one leaf is below a root, a proof of consistency that a smaller tree is the beginning of a
larger one. Pure: bytes in, bytes out. Hashes are SHA-256, 32 bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

EMPTY_ROOT = hashlib.sha256().digest()  # RFC 9162 2.1.1


def leaf_hash(line: bytes) -> bytes:
    """The hash of an entry's line, without its newline."""
    return hashlib.sha256(b"\0" + line).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of the node above two."""
    return hashlib.sha256(b"\1" + left + right).digest()


class Tree:
    """A tree that grows. It keeps one hash for each whole subtree on its right edge, whatever its size."""

    def __init__(self) -> None:
        self.size = 0
        self._edge: list[bytes] = []  # from the largest whole subtree to the smallest

    @classmethod
    def resumed(cls, size: int, edge: Sequence[bytes]) -> Tree:
        """A tree that had this size and `edge`. ValueError if no tree has both."""
        if size < 0 or len(edge) != size.bit_count():
            raise ValueError(f"no tree of {size} leaves has {len(edge)} whole subtrees on its edge")
        tree = cls()
        tree.size, tree._edge = size, list(reversed(edge))
        return tree

    def append(self, leaf: bytes) -> None:
        """One more leaf, by its hash."""
        self._edge.append(leaf)
        self.size += 1
        size = self.size
        while size & 1 == 0:  # two whole subtrees of the same size are one
            right = self._edge.pop()
            self._edge[-1] = node_hash(self._edge[-1], right)
            size >>= 1

    @property
    def edge(self) -> tuple[bytes, ...]:
        """The roots of the whole subtrees on the right edge, from the smallest to the largest: the proof of inclusion
        of the leaf that comes next, as the last one."""
        return tuple(reversed(self._edge))

    def root(self) -> bytes:
        """The root over all leaves so far."""
        if not self._edge:
            return EMPTY_ROOT
        root = self._edge[-1]
        for left in reversed(self._edge[:-1]):
            root = node_hash(left, root)
        return root


def root_of(leaves: Sequence[bytes]) -> bytes:
    """The root over these leaves, by their hashes."""
    tree = Tree()
    for leaf in leaves:
        tree.append(leaf)
    return tree.root()


def inclusion(leaves: Sequence[bytes], index: int, size: int) -> list[bytes]:
    """The proof that leaf `index` is in the tree of the first `size` leaves (2.1.3.1). ValueError if it isn't."""
    if not 0 <= index < size <= len(leaves):
        raise ValueError(f"leaf {index} isn't among {size} of {len(leaves)}")
    proof: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        split = start + _below(end - start)
        if index < split:
            proof.append(root_of(leaves[split:end]))
            end = split
        else:
            proof.append(root_of(leaves[start:split]))
            start = split
    proof.reverse()
    return proof


def consistency(leaves: Sequence[bytes], old: int, new: int) -> list[bytes]:
    """The proof that the tree of the first `old` leaves is the beginning of that of the first `new` (2.1.4.1); empty
    if `old` is 0 or `new`. ValueError if `old` is more."""
    if not 0 <= old <= new <= len(leaves):
        raise ValueError(f"{old} of {new} of {len(leaves)} leaves")
    if old in (0, new):
        return []
    proof: list[bytes] = []
    start, end, is_whole = 0, new, True
    while old != end:
        split = start + _below(end - start)
        if old <= split:
            proof.append(root_of(leaves[split:end]))
            end = split
        else:
            proof.append(root_of(leaves[start:split]))
            start, is_whole = split, False
    if not is_whole:
        proof.append(root_of(leaves[start:end]))
    proof.reverse()
    return proof


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether the proof shows that the leaf is number `index` (from 0) of `size` below this root (2.1.3.2)."""
    if not 0 <= index < size:
        return False
    number, last, found = index, size - 1, leaf
    for one in proof:
        if last == 0:
            return False
        if number & 1 or number == last:
            found = node_hash(one, found)
            while not number & 1 and number:
                number, last = number >> 1, last >> 1
        else:
            found = node_hash(found, one)
        number, last = number >> 1, last >> 1
    return last == 0 and found == root


def verify_consistency(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the proof shows that the tree of `old` leaves is the beginning of the one of `new` (2.1.4.2)."""
    if not 0 <= old <= new:
        return False
    if old == new:
        return not proof and old_root == new_root
    if old == 0:
        return not proof and old_root == EMPTY_ROOT
    path = list(proof)
    if old & (old - 1) == 0:  # a whole tree is a node of the larger one
        path.insert(0, old_root)
    if not path:
        return False
    number, last = old - 1, new - 1
    while number & 1:
        number, last = number >> 1, last >> 1
    first = second = path[0]
    for one in path[1:]:
        if last == 0:
            return False
        if number & 1 or number == last:
            first, second = node_hash(one, first), node_hash(one, second)
            while not number & 1 and number:
                number, last = number >> 1, last >> 1
        else:
            second = node_hash(second, one)
        number, last = number >> 1, last >> 1
    return last == 0 and first == old_root and second == new_root


def _below(size: int) -> int:
    """The largest power of two that is smaller than `size`."""
    return 1 << ((size - 1).bit_length() - 1)
