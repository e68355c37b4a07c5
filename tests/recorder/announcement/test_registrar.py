"""The unit as an extension: a real registrar (kamailio), a real telephone (baresip)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from capture.media.g711 import TABLE, Law
from recorder.announcement import prompts
from tests.packages import require
from tests.recorder.announcement.office import Registrar, calls_and_hears, registrar
from tests.recorder.announcement.peers import PROMPT, announcing

SHORT_S = 2.0
LEAD = 1600  # samples of silence before the prompt


@pytest.fixture
def short(tmp_path: Path) -> Path:
    samples, rate = soundfile.read(PROMPT)
    path = tmp_path / "short.wav"
    soundfile.write(path, samples[: int(SHORT_S * rate)], rate)
    return path


@pytest.fixture
def exchange(tmp_path: Path) -> Iterator[Registrar]:
    require("kamailio")
    require("baresip")
    with registrar(tmp_path) as one:
        yield one


def account(folder: Path, password: str) -> str:
    (folder / "password").write_text(f"{password}\n")
    return f'password_file = "{folder}/password"'


def is_prompt(heard: np.ndarray, short: Path) -> bool:
    wanted = TABLE[Law.MU][np.frombuffer(prompts.load(short).codes[Law.MU], np.uint8)]
    heard = np.where(heard == 2, 0, heard)  # what baresip's own table has for 0xFF, which stands for 0
    return np.array_equal(heard[LEAD : LEAD + len(wanted)], wanted)


def test_a_telephone_hears_the_prompt_and_a_restarted_exchange_finds_the_unit_again(
    tmp_path: Path, exchange: Registrar, short: Path
) -> None:
    more = {
        "prompts": f'[[announcement.prompts]]\nfile = "{short}"\n', "account": account(tmp_path, "secret"),
        "announcement": "register_s = 1.0", "ready": "is registered",
    }  # fmt: skip
    with announcing(tmp_path, exchange.address, **more) as unit:
        first = calls_and_hears(tmp_path / "first", exchange.address)
        exchange.stop()
        unit.wait_for("doesn't answer")
        exchange.start()
        unit.wait_for("is registered", times=2)
        second = calls_and_hears(tmp_path / "second", exchange.address)
        records = unit.records(2)
        assert unit.stop() == 0

    assert is_prompt(first, short) and is_prompt(second, short)
    # The line comes from the exchange's header, the caller from the telephone.
    assert [(one.caller, one.line, one.complete) for one in records] == [("0236411212", "0238201111", True)] * 2
    assert unit.errors.count("doesn't answer") == 1


def test_a_wrong_password_is_told_once_and_clearly(tmp_path: Path, exchange: Registrar, short: Path) -> None:
    more = {"account": account(tmp_path, "guess"), "announcement": "register_s = 1.0", "ready": "is refused"}
    with announcing(tmp_path, exchange.address, **more) as unit:
        time.sleep(3)
        assert unit.figures()["exchanges"] == [{"name": f"8000 at {exchange.address}", "state": "refused"}]
        assert unit.stop() == 0

    assert unit.errors.count("refused") == 1
    assert f"8000 at {exchange.address} is refused: wrong password, or no such account." in unit.errors
    assert "guess" not in unit.errors
