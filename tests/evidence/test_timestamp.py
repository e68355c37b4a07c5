from __future__ import annotations

import hashlib
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from recorder.evidence.timestamp import UnusableStamp, ask, read
from recorder.problems import Unusable
from tests.evidence.authority import Authority, authority

DATA = b"recorder/1f0a\n17\nroot\n"


@pytest.fixture
def tsa(tmp_path: Path) -> Iterator[Authority]:
    with authority(tmp_path / "tsa") as one:
        yield one


def test_a_stamp_says_when_and_for_what(tsa: Authority) -> None:
    before_ns = time.time_ns()

    said = read(ask(tsa.url, DATA, tsa.root), DATA, tsa.root)

    assert said.sha256 == hashlib.sha256(DATA).digest()
    assert abs(said.at_ns - before_ns) < 60e9
    assert said.policy == "1.2.3.4.1"


def test_openssl_believes_the_stamp_that_we_believe(tsa: Authority, tmp_path: Path) -> None:
    """An expert checks it with a tool of his own (openssl-ts(1))."""
    (tmp_path / "stamp.tsr").write_bytes(ask(tsa.url, DATA, tsa.root))
    (tmp_path / "data").write_bytes(DATA)

    subprocess.run(
        ["openssl", "ts", "-verify", "-data", "data", "-in", "stamp.tsr", "-CAfile", str(tsa.folder / "root.pem")],
        cwd=tmp_path, check=True, capture_output=True,
    )  # fmt: skip


def test_only_a_hash_leaves_the_house(tsa: Authority) -> None:
    ask(tsa.url, DATA, tsa.root)

    [query] = tsa.asked
    assert hashlib.sha256(DATA).digest() in query
    assert b"recorder" not in query


def test_a_stamp_for_something_else_is_refused(tsa: Authority) -> None:
    stamp = ask(tsa.url, DATA, tsa.root)

    with pytest.raises(UnusableStamp):
        read(stamp, DATA + b" ", tsa.root)
    with pytest.raises(UnusableStamp, match="for something else"):
        read(stamp, DATA + b" ", None)


def test_a_stamp_of_an_authority_that_nobody_vouches_for_is_refused(tsa: Authority, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = Authority(tmp_path / "other")
    other.make()

    with pytest.raises(Unusable, match="gave no usable stamp"):
        ask(tsa.url, DATA, other.root)


def test_a_certificate_for_another_purpose_makes_no_stamp(tsa: Authority) -> None:
    """RFC 3161 2.3: extendedKeyUsage must be timeStamping."""
    tsa.make(purpose="other")

    with pytest.raises(Unusable):
        ask(tsa.url, DATA, tsa.root)


@pytest.mark.parametrize("kind", ["page", "other", "long", "error"])
def test_an_answer_that_is_no_stamp_is_one_sentence(tsa: Authority, kind: str) -> None:
    tsa.spoil = kind

    with pytest.raises(Unusable, match=r"gave no usable stamp: .*--no-timestamp"):
        ask(tsa.url, DATA, tsa.root)


def test_an_authority_that_is_not_there_is_one_sentence() -> None:
    with pytest.raises(Unusable, match="gave no usable stamp"):
        ask("http://127.0.0.1:9/", DATA, b"")


def test_every_flipped_byte_of_a_stamp_is_noticed(tsa: Authority) -> None:
    """What it says is signed, and the certificate with it; what isn't (the status, say) can be read as granted only."""
    stamp = ask(tsa.url, DATA, tsa.root)
    said = read(stamp, DATA, tsa.root)

    for at in range(0, len(stamp), 7):
        touched = bytearray(stamp)
        touched[at] ^= 1
        try:
            assert read(bytes(touched), DATA, tsa.root) == said
        except UnusableStamp:
            continue
