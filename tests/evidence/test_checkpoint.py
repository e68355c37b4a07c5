"""Checkpoints in C2SP's forms: what is written is read back, and nothing else is."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from storage.register import checkpoint
from storage.register.checkpoint import Checkpoint, Note

ORIGIN = "recorder/6f0d2a8e-8f0a-4f1e-9f5e-0d8a5a3c1b2d"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(32))
HEAD = Checkpoint(ORIGIN, 42, bytes(range(32)))


def test_the_text_is_that_of_tlog_checkpoint():
    assert HEAD.text == f"{ORIGIN}\n42\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"
    assert Checkpoint.parse(HEAD.text) == HEAD


def test_a_signed_note_comes_back_and_verifies():
    note = checkpoint.sign(Note(HEAD.text), ORIGIN, KEY)

    read = Note.parse(note.encoded)

    assert read == note
    assert checkpoint.verify(read, ORIGIN, KEY.public_key())
    assert not checkpoint.verify(read, ORIGIN, OTHER.public_key())
    assert not checkpoint.verify(read, "recorder/another", KEY.public_key())


def test_the_example_of_the_specification_is_read():
    """signed-note's own example, with its key."""
    example = (
        "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito sera.\n\n"
        "— quasimodo.example/salvatore "
        "NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n"
    )

    note = Note.parse(example.encode())

    assert note.text.endswith("sera.\n") and note.encoded.decode() == example
    assert note.signatures[0].name == "quasimodo.example/salvatore"


@pytest.mark.parametrize("bit", range(0, 8 * len(HEAD.text), 7))
def test_no_bit_of_the_text_can_be_changed(bit):
    note = checkpoint.sign(Note(HEAD.text), ORIGIN, KEY)
    text = bytearray(note.text.encode())
    text[bit // 8] ^= 1 << bit % 8

    changed = Note(text.decode("latin-1"), note.signatures)

    assert not checkpoint.verify(changed, ORIGIN, KEY.public_key())


def test_a_witness_says_when():
    note = checkpoint.sign(Note(HEAD.text), ORIGIN, KEY)

    signed = note.with_signatures((checkpoint.cosignature(note.text, "witness/1", OTHER, 1_800_000_000),))

    assert checkpoint.cosigned_at(signed, "witness/1", OTHER.public_key()) == 1_800_000_000
    assert checkpoint.cosigned_at(note, "witness/1", OTHER.public_key()) is None
    assert checkpoint.cosigned_at(signed, "witness/1", KEY.public_key()) is None
    assert not checkpoint.verify(signed, "witness/1", OTHER.public_key())  # it is no log


def test_a_key_is_one_line_and_a_wrong_letter_is_noticed():
    line = checkpoint.vkey(ORIGIN, KEY.public_key())

    name, key, kind = checkpoint.parse_vkey(line)

    assert (name, checkpoint.raw_key(key), kind) == (ORIGIN, KEY.public_key().public_bytes_raw(), checkpoint.LOG)
    with pytest.raises(ValueError, match="wrong id"):
        checkpoint.parse_vkey(line.replace("recorder", "rec0rder"))


@pytest.mark.parametrize(
    "text",
    [
        "", "\n", f"{ORIGIN}\n42\n", HEAD.text + "\n", HEAD.text.replace("42", "042"), HEAD.text.replace("42", "-1"),
        HEAD.text.replace("42", "٤٢"), HEAD.text.replace("8=", "9="), HEAD.text.replace("AAEC", ""), HEAD.text[:-1],
    ],
)  # fmt: skip
def test_what_is_no_checkpoint_is_refused(text):
    with pytest.raises(ValueError):
        Checkpoint.parse(text)


@given(st.binary(max_size=300) | st.builds(lambda junk, at: HEAD.text.encode()[:at] + junk, st.binary(), st.integers()))
def test_notes_of_strangers_raise_value_error_and_nothing_else(data):
    try:
        note = Note.parse(data)
    except ValueError:
        return
    assert Note.parse(note.encoded) == note


def test_signatures_of_several_stand_one_below_the_other():
    note = checkpoint.sign(checkpoint.sign(Note(HEAD.text), ORIGIN, KEY), ORIGIN, OTHER)

    assert len({one.key_id for one in note.signatures}) == 2
    assert all(checkpoint.verify(note, ORIGIN, one.public_key()) for one in (KEY, OTHER))
