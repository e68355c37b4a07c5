"""The fuzzer finds what it is there to find."""

from __future__ import annotations

import random
import time
import types
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fuzz import run
from tests.fuzz.run import LONGEST, Mutator, Target, fuzz


@pytest.fixture(autouse=True)
def found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(run, "FOUND", tmp_path / "found")
    return tmp_path / "found"


def target(one_input: Callable[[bytes], None], seeds: list[bytes]) -> Target:
    module = types.ModuleType("tests.fuzz.fuzz_example")
    module.SEEDS, module.one_input = seeds, one_input  # type: ignore[attr-defined]
    return module


def test_the_same_seed_gives_the_same_inputs() -> None:
    one, other = (Mutator([b"INVITE sip:a", b"\r\n"], [b"SIP/2.0"], random.Random(7)) for _ in range(2))

    assert [one.next() for _ in range(500)] == [other.next() for _ in range(500)]


def test_inputs_differ_and_have_a_bounded_length() -> None:
    mutator = Mutator([b"x" * 1000], [], random.Random(1))

    made = [mutator.next() for _ in range(3000)]

    assert len(set(made)) > 2000
    assert max(map(len, made)) <= LONGEST


def test_a_parser_that_raises_is_found_and_its_input_kept(found: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def one_input(data: bytes) -> None:
        if len(data) > 4 and data[4] & 0x80:
            raise IndexError("beyond the end")

    fault = fuzz(target(one_input, [b"abcdefgh"]), seconds=20, seed=3)

    assert fault is not None and "raised IndexError: beyond the end" in fault
    [saved] = found.iterdir()
    with pytest.raises(IndexError):
        one_input(bytes.fromhex(saved.read_text()))
    assert "seed 3" in capsys.readouterr().out


def test_a_parser_that_is_slow_is_found(found: Path) -> None:
    def one_input(data: bytes) -> None:
        end = time.process_time() + (0.06 if len(data) > 20 else 0)
        while time.process_time() < end:
            pass

    fault = fuzz(target(one_input, [b"abcdefgh"]), seconds=20, seed=3)

    assert fault is not None and " ms" in fault
    assert len(list(found.iterdir())) == 1


def test_a_parser_that_holds_runs_till_the_time_is_up(found: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert fuzz(target(lambda data: None, [b"a"]), seconds=0.1, seed=3) is None

    assert "executions" in capsys.readouterr().out
    assert not found.exists()
