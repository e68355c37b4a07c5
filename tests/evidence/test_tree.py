"""RFC 9162 2.1: roots and proofs, against the definitions written out."""

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.register import tree

LEAVES = [tree.leaf_hash(b"entry %d" % number) for number in range(70)]


def root_by_definition(leaves):
    """MTH of RFC 9162 2.1.1, as it stands there."""
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return hashlib.sha256(b"\1" + root_by_definition(leaves[:split]) + root_by_definition(leaves[split:])).digest()


def test_roots_are_those_of_the_definition():
    grown = tree.Tree()
    for size, leaf in enumerate(LEAVES):
        assert grown.root() == root_by_definition(LEAVES[:size])
        grown.append(leaf)
    assert grown.size == len(LEAVES)


def test_known_roots():
    """The vectors that implementations of RFC 6962 share: seven leaves, of which the first is empty."""
    inputs = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
    leaves = [tree.leaf_hash(bytes.fromhex(one)) for one in inputs]

    assert tree.root_of(leaves[:1]).hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert tree.root_of(leaves).hex() == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"


@pytest.mark.parametrize("size", [1, 2, 3, 4, 7, 8, 9, 31, 33, 64, 70])
def test_every_leaf_is_proven_and_no_other_in_its_place(size):
    root = tree.root_of(LEAVES[:size])
    for index in range(size):
        proof = tree.inclusion(LEAVES, index, size)

        assert tree.verify_inclusion(LEAVES[index], index, size, proof, root)
        assert not tree.verify_inclusion(LEAVES[(index + 1) % 70], index, size, proof, root)
        assert size == 1 or not tree.verify_inclusion(LEAVES[index], (index + 1) % size, size, proof, root)
        assert not tree.verify_inclusion(LEAVES[index], index, size, [*proof, root], root)


def test_every_beginning_is_proven():
    for new in range(1, 40):
        new_root = tree.root_of(LEAVES[:new])
        for old in range(new + 1):
            proof = tree.consistency(LEAVES, old, new)
            old_root = tree.root_of(LEAVES[:old])

            assert tree.verify_consistency(old, new, old_root, new_root, proof)
            assert not tree.verify_consistency(old, new, tree.leaf_hash(b"?"), new_root, proof)
            assert not old or not tree.verify_consistency(old, new, old_root, tree.leaf_hash(b"?"), proof)


@given(st.integers(1, 60), st.data())
@settings(max_examples=200)
def test_another_past_has_no_proof(old, data):
    """A log that changed an entry can't show that it grew out of what was seen."""
    new = data.draw(st.integers(old, 69))
    changed = list(LEAVES)
    changed[data.draw(st.integers(0, old - 1))] = tree.leaf_hash(b"changed")

    proof = tree.consistency(changed, old, new)

    roots = tree.root_of(LEAVES[:old]), tree.root_of(changed[:new])
    assert not tree.verify_consistency(old, new, *roots, proof)


@given(st.integers(-3, 9), st.integers(-3, 9), st.lists(st.binary(min_size=32, max_size=32), max_size=6))
def test_proofs_of_strangers_are_refused_and_raise_nothing(old, new, proof):
    if 0 < old < new:
        assert not tree.verify_consistency(old, new, LEAVES[0], LEAVES[1], proof)
    assert not tree.verify_inclusion(LEAVES[0], old, new, proof, LEAVES[1])
