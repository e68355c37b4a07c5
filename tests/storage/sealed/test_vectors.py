"""Recordings that must open, and others that must be refused: by the recorder, and by an opener that shares no code."""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from storage.disk import Disk
from storage.errors import SealedError
from storage.sealed.reader import Reader
from tests.storage.sealed import make_vectors

VECTORS: list[dict[str, Any]] = json.loads(make_vectors.PATH.read_text())
ROOT = Path(__file__).resolve().parents[3]


def the_opener() -> ModuleType:
    spec = importlib.util.spec_from_file_location("open_sealed", ROOT / "docs" / "opener" / "open_sealed.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


OPENER = the_opener()
OPEN = [one for one in VECTORS if one["opens"] != "refused"]
REFUSED = [one for one in VECTORS if one["opens"] == "refused"]


def named(vector: dict[str, Any]) -> str:
    return str(vector["name"])


def test_there_are_enough_of_both_and_no_name_twice() -> None:
    assert len(OPEN) >= 30 and len(REFUSED) >= 50
    assert len({named(one) for one in VECTORS}) == len(VECTORS)


def test_the_file_is_what_the_maker_makes() -> None:
    """So nobody changes it to suit a program."""
    made: list[str] = []
    make_vectors.main(made.append)

    assert json.loads(made[0]) == VECTORS


@pytest.mark.parametrize("vector", OPEN, ids=named)
def test_the_recorder_opens_it(vector: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(base64.b85decode(vector["file"]))
    ciphers = {int(one): AESGCM(bytes.fromhex(key)) for one, key in vector["keys"].items()}

    with Reader.open(Disk(), str(tmp_path / "a"), ciphers) as reader:
        reader.check()
        samples = reader.read(0, 1 << 30)
        pieces = b"".join(reader.read(start, 7) for start in range(0, reader.frames, 7))

    assert (reader.frames, reader.cut is None) == (vector["frames"], vector["opens"] == "whole")
    assert hashlib.sha256(samples).hexdigest() == vector["sha256"]
    assert pieces == samples  # whatever is asked for at once


@pytest.mark.parametrize("vector", OPEN, ids=named)
def test_the_opener_opens_it(vector: dict[str, Any]) -> None:
    keys = {int(one): bytes.fromhex(key) for one, key in vector["keys"].items()}

    facts, _, _, frames, samples = OPENER.open_recording(base64.b85decode(vector["file"]), keys)

    assert (frames, facts is not None) == (vector["frames"], vector["opens"] == "whole")
    assert hashlib.sha256(samples).hexdigest() == vector["sha256"]


@pytest.mark.parametrize("vector", REFUSED, ids=named)
def test_the_recorder_refuses_it(vector: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(base64.b85decode(vector["file"]))
    ciphers = {int(one): AESGCM(bytes.fromhex(key)) for one, key in vector["keys"].items()}

    with pytest.raises(SealedError), Reader.open(Disk(), str(tmp_path / "a"), ciphers) as reader:
        reader.check()


@pytest.mark.parametrize("vector", REFUSED, ids=named)
def test_the_opener_refuses_it(vector: dict[str, Any]) -> None:
    keys = {int(one): bytes.fromhex(key) for one, key in vector["keys"].items()}

    with pytest.raises(OPENER.Refused):
        OPENER.open_recording(base64.b85decode(vector["file"]), keys)
