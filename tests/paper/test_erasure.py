from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from recorder.erasing_all.report import Device, Method, UnitErased
from recorder.paper.erasure import certificate, write
from recorder.paper.html import as_html
from recorder.problems import Unusable
from tests.packages import require

SSD = Device(
    path="/var/lib/recorder", device="/dev/sda", model="Model X", serial="S3R1AL", is_flash=True, discarded=True
)
DONE = UnitErased(
    store="3d2b0a3e-8f7d-4e1e-a0f4-1f3b0a5c9a11", software="recorder 0.1.0", who="soumu",
    begun_ns=1_795_306_502_000_000_000, ended_ns=1_795_310_102_000_000_000, calls=1234, recordings=1000, sealed=1000,
    recordings_bytes=123_456_789, keys=1000, files=1050, files_bytes=130_000_000,
    methods=(Method.KEYS, Method.OVERWRITE, Method.DISCARD), devices=(SSD,), left=(), backups_until="2026-11-29",
)  # fmt: skip


def text_of(of: UnitErased) -> str:
    return as_html(certificate(of)).decode()


def test_it_says_serials_methods_counts_and_dates() -> None:
    shown = text_of(DONE)

    for words in (
        "消去証明書", "S3R1AL", "Model X", "通話</th><td>1,234 件", "1,000 件（うち暗号化 1,000 件）", "暗号化消去",
        "上書き消去", "令和8年11月22日（日）2026-11-22 09:15:02",
        "令和8年11月29日（日）2026-11-29 までに消える", "立会人",
    ):  # fmt: skip
        assert words in shown, words


def test_of_sealed_recordings_only_the_numbers_are_left_to_worry_about() -> None:
    shown = text_of(DONE)

    assert "録音は暗号化消去した。番号などの記録は不足。" in shown
    assert "平文の録音" not in shown


def test_on_a_magnetic_disk_overwriting_reaches_everything() -> None:
    shown = text_of(replace(DONE, devices=(replace(SSD, is_flash=False),)))

    assert "予備領域" not in shown
    assert "追加で行った方法" not in shown


@pytest.mark.parametrize("is_flash", [True, None])
def test_clear_recordings_on_flash_are_said_to_need_more(is_flash: bool | None) -> None:
    """A program can't reach the blocks that flash keeps in reserve."""
    shown = text_of(replace(DONE, sealed=999, devices=(replace(SSD, is_flash=is_flash),)))

    assert "不足。平文の録音と番号などの記録が、半導体の予備領域に残り得る" in shown
    assert "追加で行った方法" in shown


def test_residents_data_always_need_destruction() -> None:
    assert "不足。物理的な破壊が別に必要。" in text_of(DONE)


def test_what_is_left_is_certified_by_nobody(tmp_path: Path) -> None:
    with pytest.raises(Unusable, match="1 files are left, the first: 2026/a.wav"):
        write(replace(DONE, left=("2026/a.wav",)), tmp_path / "certificate.pdf")

    assert not (tmp_path / "certificate.pdf").exists()


def test_it_is_printed_on_two_pages_at_most(tmp_path: Path) -> None:
    require("pdftotext")
    path = tmp_path / "certificate.pdf"
    write(DONE, path)

    shown = subprocess.run(["pdftotext", "-layout", str(path), "-"], check=True, capture_output=True, text=True).stdout

    assert shown.count("\f") <= 2
    assert "S3R1AL" in shown
    with pytest.raises(Unusable, match="is not overwritten"):
        write(DONE, path)
