"""Marks name the second in which a file was altered first, and cost no second reading."""

import hashlib

import pytest

from storage import marks
from storage.disk import Disk

SECOND = marks.second_bytes("pcm16", 2)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "a.wav"
    path.write_bytes(bytes(4096) + bytes(range(256)) * (20 * SECOND // 256) + b"end")
    return path


def read(path):
    disk = Disk()
    fd = disk.open(str(path))
    try:
        return marks.hash_marking(disk, fd, SECOND)
    finally:
        disk.close(fd)


def test_it_is_the_hash_of_the_file(file):
    found = read(file)

    assert found.sha256 == hashlib.sha256(file.read_bytes()).digest()
    assert found.size == 4096 + 20 * SECOND + 3
    assert len(found.marks) == 4 * 22  # the head, twenty seconds, and what is left
    assert found.marks[:4] == hashlib.sha256(bytes(4096)).digest()[:4]
    assert found.marks[-4:] == found.sha256[:4]


@pytest.mark.parametrize("second", [1, 2, 8, 9, 20])
def test_an_altered_second_is_named(file, second):
    before = read(file).marks
    data = bytearray(file.read_bytes())
    data[4096 + second * SECOND - 1] ^= 1
    file.write_bytes(data)

    assert marks.first_difference(before, read(file).marks) == second


def test_an_altered_head_and_a_cut_are_named(file):
    before, data = read(file).marks, file.read_bytes()

    file.write_bytes(b"?" + data[1:])
    assert marks.first_difference(before, read(file).marks) == 0
    file.write_bytes(data[: 4096 + 5 * SECOND])
    assert marks.first_difference(before, read(file).marks) == 6
    file.write_bytes(data)
    assert marks.first_difference(before, read(file).marks) is None


def test_an_empty_file_and_a_head_alone(tmp_path):
    (tmp_path / "a.wav").write_bytes(b"")
    assert read(tmp_path / "a.wav").marks == b""
    (tmp_path / "a.wav").write_bytes(bytes(4096))
    assert len(read(tmp_path / "a.wav").marks) == 4
