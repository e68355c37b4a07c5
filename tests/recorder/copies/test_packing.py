"""A copy as a recipient's own tools read it: 7-Zip opens the ZIP and the image."""

from __future__ import annotations

import hashlib
import random
import subprocess
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from recorder.copies.bundle import SUMS, Bundle, put_together
from recorder.copies.content import Content, CopyFailed, of_bytes, of_file
from recorder.copies.imaging import as_iso
from recorder.copies.sheet import Sheet
from recorder.copies.zipping import as_zip, new_password
from storage.layout import JAPAN
from tests.packages import require

AT = datetime(2026, 11, 22, 10, 15, tzinfo=JAPAN)
SHEET = Sheet(office="松本市", title="複製データの内容", on_what=(), calls=(), conditions=("複製しない",), until="")


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    """One recording of 3 MB on a disk, one of an odd length in memory, one that is empty."""
    chance = random.Random(9)
    on_disk = tmp_path / "stored.wav"
    on_disk.write_bytes(chance.randbytes(3_000_001))
    recordings = (
        of_file("20261122-091502-00000001.wav", str(on_disk)), of_bytes("odd.wav", chance.randbytes(2049)),
        of_bytes("empty.wav", b""),
    )  # fmt: skip
    return put_together([(one, one.sha256()) for one in recordings], SHEET, AT)


def written(path: Path, chunks: Iterator[bytes]) -> Path:
    with path.open("wb") as file:
        file.writelines(chunks)
    return path


def unpacked(archive: Path, into: Path, *options: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [require("7zz"), "x", "-y", f"-o{into}", *options, str(archive)], stdin=subprocess.DEVNULL, capture_output=True,
        timeout=60, check=False,
    )  # fmt: skip


def are_all_there(bundle: Bundle, folder: Path) -> None:
    found = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert found == {one.name: b"".join(one.read()) for one in bundle.contents}
    for line in found[SUMS].decode("utf-8").splitlines():
        sha256, name = line.split(" *")
        assert hashlib.sha256(found[name]).hexdigest() == sha256


def test_an_encrypted_zip_opens_with_its_password_alone(bundle: Bundle, tmp_path: Path) -> None:
    password = new_password()
    archive = written(tmp_path / "copy.zip", as_zip(bundle, AT, "copy-7", password))
    wrong = unpacked(archive, tmp_path / "wrong", f"-p{new_password()}")
    assert wrong.returncode != 0
    assert not any(path.stat().st_size for path in (tmp_path / "wrong").rglob("*.wav"))
    right = unpacked(archive, tmp_path / "right", f"-p{password}")
    assert right.returncode == 0, right.stderr
    are_all_there(bundle, tmp_path / "right" / "copy-7")


def test_a_folder_comes_as_a_zip_without_a_password(bundle: Bundle, tmp_path: Path) -> None:
    archive = written(tmp_path / "copy.zip", as_zip(bundle, AT, "copy-7"))
    assert unpacked(archive, tmp_path / "out").returncode == 0
    are_all_there(bundle, tmp_path / "out" / "copy-7")


def test_an_image_has_its_japanese_names(bundle: Bundle, tmp_path: Path) -> None:
    image = written(tmp_path / "copy.iso", as_iso(bundle, "copy-7"))
    assert unpacked(image, tmp_path / "out").returncode == 0
    are_all_there(bundle, tmp_path / "out")


@pytest.mark.parametrize("now", [bytes(50_000), bytes(99_999) + b"1"], ids=["cut", "altered"])
def test_a_recording_that_was_touched_meanwhile_ends_what_is_sent(tmp_path: Path, now: bytes) -> None:
    path = tmp_path / "stored.wav"
    path.write_bytes(bytes(100_000))
    recording: Content = of_file("a.wav", str(path))
    bundle = put_together([(recording, recording.sha256())], SHEET, AT)
    path.write_bytes(now)
    for chunks in (as_zip(bundle, AT, "copy-7"), as_iso(bundle, "copy-7")):
        with pytest.raises(CopyFailed):
            b"".join(chunks)


def test_passwords_are_long_and_never_the_same() -> None:
    some = {new_password() for _ in range(1000)}
    assert len(some) == 1000
    assert all(len(one.replace("-", "")) == 20 and not set(one) & set("01OIl") for one in some)
