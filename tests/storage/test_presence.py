
"""What names and sizes tell: files that are missing, cut, exchanged, added; links, pipes."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from storage.presence import verify_presence
from storage.store import Finished, Store
from storage.wav import PCM16, ULAW
from tests.storage.build import FOLDER, SECOND, START, a_call, audio, unanswered

ONE, TWO = f"{FOLDER}/091502-c1.wav", f"{FOLDER}/091503-c2.wav"


@pytest.fixture
async def store(tmp_path: Path) -> Path:
    root = tmp_path / "s"
    async with await Store.open(root, create=True) as opened:
        group = []
        for number, encoding, frames in ((1, PCM16, 100), (2, ULAW, 333)):
            call = a_call(f"c{number}", started_ns=START + (number - 1) * SECOND)
            part = opened.begin(call, encoding=encoding, channels=number)
            part.write(0, audio(frames, encoding=encoding, channels=number))
            group.append(Finished(call, part))
        await opened.finish([*group, Finished(unanswered("u1"))])
    return root


async def quick(root: Path) -> set[tuple[str, str]]:
    return {(found.kind, found.where) async for found in verify_presence(root)}


async def test_nothing_is_found_in_an_untouched_store(store: Path) -> None:
    assert await quick(store) == set()


def exchange(root: Path) -> None:
    os.rename(root / ONE, root / "aside")
    os.rename(root / TWO, root / ONE)
    os.rename(root / "aside", root / TWO)


@pytest.mark.parametrize(
    "tamper, expected",
    [
        (lambda root: (root / ONE).unlink(), {("file_missing", ONE)}),
        (lambda root: os.truncate(root / ONE, 4100), {("size_wrong", ONE)}),
        (lambda root: os.truncate(root / TWO, 0), {("size_wrong", TWO)}),
        (exchange, {("size_wrong", ONE), ("size_wrong", TWO)}),
        (lambda root: (root / f"{FOLDER}/091504-c3.wav").touch(), {("row_missing", f"{FOLDER}/091504-c3.wav")}),
        (lambda root: (root / f"{FOLDER}/notes.txt").touch(), {("unexpected_file", f"{FOLDER}/notes.txt")}),
        (lambda root: os.mkfifo(root / f"{FOLDER}/pipe"), {("not_a_file", f"{FOLDER}/pipe")}),
        (
            lambda root: ((root / ONE).unlink(), (root / ONE).symlink_to(root / TWO)),
            {("not_a_file", ONE)},
        ),
        (lambda root: os.rename(root / "2026", root / "2025"), None),
    ],
    ids=["missing", "cut", "empty", "exchanged", "added", "stray", "pipe", "link", "a year renamed"],
)  # fmt: skip
async def test_each_is_named(
    store: Path, tamper: Callable[[Path], object], expected: set[tuple[str, str]] | None
) -> None:
    tamper(store)

    found = await quick(store)

    if expected is None:
        expected = {("file_missing", ONE), ("file_missing", TWO)}
        expected |= {("row_missing", where.replace("2026", "2025")) for where in (ONE, TWO)}
    assert found == expected


async def test_a_running_recorder_is_no_finding(store: Path) -> None:
    async with await Store.open(store) as opened:
        part = opened.begin(a_call("c9"), encoding=PCM16)
        part.write(0, audio(10))
        assert await quick(store) == set()
