"""Whatever is done to a package, the check names the file, and for audio the second."""

from __future__ import annotations

import json
import random

import pytest

from recorder.evidence import names
from recorder.evidence.checking import check
from tests.evidence.conftest import Made
from tests.evidence.tampering import KINDS, WAV, Tampering, flipped, refit


def test_an_untouched_package_is_proved(made: Made) -> None:
    remarks = check(made.files, published=made.published, root=made.root)

    assert [one.text("en") for one in remarks if one.kind == "fault"] == []
    assert {one.code for one in remarks if one.kind == "proved"} == {
        "signed", "published", "cosigned", "included", "stamped", "stamp_vouched", "facts_proved", "audio_proved",
        "files_whole",
    }  # fmt: skip
    assert {one.code for one in remarks if one.kind == "open"} == {"witness_unknown", "papers", "people", "before"}


def test_without_anything_from_elsewhere_the_check_says_what_is_to_be_compared(made: Made) -> None:
    remarks = check(made.files)

    keys = {one.values["key"] for one in remarks if one.code in ("key_unknown", "witness_unknown")}
    assert keys == {made.published, made.witness}
    assert "stamp_unchecked" in {one.code for one in remarks}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_each_tampering_is_found_and_named(made: Made, kind: Tampering) -> None:
    files = dict(made.files)
    kind.act(files)

    remarks = check(files, published=made.published, root=made.root)

    faults = [(one.code, one.values["file"]) for one in remarks if one.kind == "fault"]
    assert (kind.code, kind.file) in faults, faults
    [found] = [one for one in remarks if (one.code, one.values.get("file")) == (kind.code, kind.file)]
    assert {name: found.values[name] for name in kind.values} == dict(kind.values)
    assert not any(one.code == "files_whole" for one in remarks)


def test_the_recording_of_another_call_is_named_with_that_call(made: Made) -> None:
    remarks = check({**made.files, WAV: made.other["091502-2.wav"]}, published=made.published, root=made.root)

    [fault] = [one for one in remarks if one.kind == "fault"]
    assert (fault.code, fault.values) == ("other_call", {"file": WAV, "call": "2"})


@pytest.mark.parametrize("name", [names.FACTS, names.REGISTER, names.SECONDS])
def test_a_file_of_another_call_of_the_same_register_proves_nothing(made: Made, name: str) -> None:

    remarks = check({**made.files, name: made.other[name]}, published=made.published, root=made.root)

    assert name in {one.values["file"] for one in remarks if one.kind == "fault"}


def test_any_flipped_bit_anywhere_names_its_file(made: Made) -> None:
    seed = random.randrange(1 << 32)
    luck = random.Random(seed)
    for _ in range(150):
        name = luck.choice(sorted(made.files))
        at, bit = luck.randrange(len(made.files[name])), 1 << luck.randrange(8)

        remarks = check({**made.files, name: flipped(made.files[name], at, bit)}, published=made.published)

        named = {one.values["file"] for one in remarks if one.kind == "fault"}
        of_sums = name == names.SUMS and bool(named)  # a hash and its file differ: the one or the other
        assert name in named or of_sums, f"seed {seed}: bit {bit} of byte {at} of {name}: {named}"




def bent(value: object, luck: random.Random) -> object:
    """JSON with one part of another kind."""
    others = [None, True, -1, 2**70, 1.5, "", "x", [], {}, [[]], {"a": 1}]
    if isinstance(value, dict) and value and luck.random() < 0.8:
        name = luck.choice(sorted(value))
        return {**value, name: bent(value[name], luck)}
    if isinstance(value, list) and value and luck.random() < 0.8:
        at = luck.randrange(len(value))
        return [*value[:at], bent(value[at], luck), *value[at + 1 :]]
    return luck.choice(others)


def test_whatever_strangers_put_into_a_package_the_check_answers(made: Made) -> None:
    """Also where they made every hash fit."""
    seed = random.randrange(1 << 32)
    luck = random.Random(seed)
    ours = (names.MANIFEST, names.FACTS, names.REGISTER, names.KEYS, names.CUSTODY)
    for _ in range(200):
        files, name = dict(made.files), luck.choice(ours)
        said = json.loads(files[name])
        if name == names.REGISTER and luck.random() < 0.5:
            said["entry"] = json.dumps(bent(json.loads(said["entry"]), luck))
        files[name] = json.dumps(bent(said, luck)).encode()
        if name != names.MANIFEST:
            refit(files)

        remarks = check(files, published=made.published, root=made.root)

        is_told = any(one.kind == "fault" for one in remarks)
        assert is_told or json.loads(files[name]) == json.loads(made.files[name]) or name == names.CUSTODY, (seed, name)
