"""Growing files: samples go where they belong, whatever the order and however many files there are."""

from __future__ import annotations

import errno
import os
import resource
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage import parts, wav
from storage.disk import Disk
from storage.errors import DiskFailed
from storage.parts import FilePool, PartFile
from storage.wav import ALAW, HEADER_BYTES, PCM16, ULAW, Encoding
from tests.storage.build import audio
from tests.storage.fragile_disk import FragileDisk

ENCODINGS = {"pcm16": PCM16, "ulaw": ULAW, "alaw": ALAW}


def a_part(pool: FilePool, path: Path, *, encoding: Encoding = PCM16, channels: int = 2) -> PartFile:
    part = PartFile(
        pool, str(path), path.name, encoding=encoding, channels=channels, starts_ns=0, frames=0
    )  # fmt: skip
    pool.create(part)
    return part


@pytest.fixture
def pool(tmp_path: Path):  # type: ignore[no-untyped-def]
    pool = FilePool(Disk(), limit=8)
    yield pool
    pool.close()


@given(
    st.sampled_from(sorted(ENCODINGS)),
    st.integers(1, 2),
    st.lists(st.tuples(st.integers(0, 60), st.integers(0, 20)), max_size=12),
)
def test_writes_in_any_order_are_a_buffer_of_silence_written_over(
    name: str, channels: int, writes: list[tuple[int, int]]
) -> None:
    """The same as the slow twin: a list of frames that starts as silence and grows."""
    encoding = ENCODINGS[name]
    silent = encoding.silence * channels
    expected: list[bytes] = []
    disk = FragileDisk()
    path = f"/dev/shm/recorder-test-parts-{os.getpid()}.part"
    if os.path.exists(path):
        os.unlink(path)
    part = a_part(FilePool(disk, limit=1), Path(path), encoding=encoding, channels=channels)

    for seed, (frame, count) in enumerate(writes):
        data = audio(count, seed, encoding=encoding, channels=channels)
        part.write(frame, data)
        if count or encoding.law:
            expected += [silent] * (frame - len(expected))
        for at in range(count):
            expected[frame + at : frame + at + 1] = [data[at * len(silent) : (at + 1) * len(silent)]]
        expected += [silent] * (part.frames - len(expected))

    assert part.read(0, 1000) == b"".join(expected)
    part.discard()


def test_a_gap_reads_as_silence(pool: FilePool, tmp_path: Path) -> None:
    """A hole reads as 0, which is silence for linear samples and the loudest there is in µ-law."""
    for name, encoding in ENCODINGS.items():
        part = a_part(pool, tmp_path / name, encoding=encoding)
        part.write(50_000, audio(1, encoding=encoding))

        assert part.read(0, 50_000) == encoding.silence * 100_000
        assert part.frames == 50_001


def test_what_numpy_holds_is_written_as_it_lies(pool: FilePool, tmp_path: Path) -> None:
    """Two-dimensional, of any item size, without a copy; what doesn't lie in one piece is refused."""
    part = a_part(pool, tmp_path / "a.part")
    samples = np.arange(20, dtype=np.int16).reshape(10, 2)

    part.write(0, samples)
    part.write(10, memoryview(samples.tobytes()))

    assert part.read(0, 20) == samples.tobytes() * 2
    with pytest.raises((ValueError, BufferError)):
        part.write(0, samples[:, :1])


def test_half_a_frame_is_refused(pool: FilePool, tmp_path: Path) -> None:
    part = a_part(pool, tmp_path / "a.part")

    for frame, data in ((0, b"abc"), (-1, b"abcd")):
        with pytest.raises(ValueError):
            part.write(frame, data)


def test_a_short_write_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel may take less than it was given, when the disk is nearly full or a signal comes."""
    real, pool = os.pwrite, FilePool(Disk(), limit=8)
    part = a_part(pool, tmp_path / "a.part")
    monkeypatch.setattr(os, "pwrite", lambda fd, data, offset: real(fd, memoryview(data).cast("B")[:7], offset))

    part.write(3, np.frombuffer(audio(10), np.int16))

    assert part.read(3, 10) == audio(10)
    pool.close()


def test_a_disk_that_takes_nothing_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pool = FilePool(Disk(), limit=8)
    part = a_part(pool, tmp_path / "a.part")
    monkeypatch.setattr(os, "pwrite", lambda fd, data, offset: 0)

    with pytest.raises(DiskFailed):
        part.write(0, audio(10))
    pool.close()


def test_thousands_may_grow_with_a_few_descriptors(tmp_path: Path) -> None:
    pool = FilePool(Disk(), limit=8)
    growing = [a_part(pool, tmp_path / f"{number}.part") for number in range(100)]

    most = 0
    for block in range(3):
        for seed, part in enumerate(growing):
            part.write(block * 5, audio(15, seed)[block * 20 : block * 20 + 20])
            most = max(most, len(pool))

    assert most == 8
    assert all(part.read(0, 15) == audio(15, seed) for seed, part in enumerate(growing))
    pool.close()
    assert len(pool) == 0


def test_the_descriptor_used_longest_ago_is_closed_first(tmp_path: Path) -> None:
    opened: list[str] = []

    class Watched(Disk):
        def open(self, path: str, *, write: bool = False) -> int:
            opened.append(os.path.basename(path))
            return super().open(path, write=write)

    pool = FilePool(Watched(), limit=2)
    first, second = (a_part(pool, tmp_path / name) for name in ("first", "second"))
    first.write(0, audio(1))
    third = a_part(pool, tmp_path / "third")  # second goes
    first.write(1, audio(1))
    third.write(0, audio(1))

    assert opened == []
    second.write(0, audio(1))
    assert opened == ["second"]
    pool.close()


def test_lent_descriptors_count(tmp_path: Path) -> None:
    pool = FilePool(Disk(), limit=3)
    lent = [a_part(pool, tmp_path / f"lent-{number}").detach() for number in range(2)]
    a_part(pool, tmp_path / "a")
    a_part(pool, tmp_path / "b")

    assert len(pool) == 3
    for fd in lent:
        assert fd is not None
        os.close(fd)
    pool.returned(2)
    pool.close()


def test_the_limit_is_raised_as_far_as_allowed() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))

        assert parts.raise_descriptor_limit() >= 256
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] > 256
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_failed_write_makes_the_part_suspect_and_names_it(tmp_path: Path) -> None:
    """It may be written to again: the disk may have room by then."""
    disk = FragileDisk(fail_before=1, error=errno.ENOSPC, only="write")
    pool = FilePool(disk, limit=8)
    part = a_part(pool, tmp_path / "a.wav.part")
    part.write(0, audio(10))

    with pytest.raises(DiskFailed) as failed:
        part.write(10, audio(10))
    part.write(20, audio(10))

    assert str(failed.value).endswith("could not be written: No space left on device.")
    assert failed.value.errno == errno.ENOSPC
    assert "df -h" in failed.value.hint
    assert part.suspect
    assert part.read(0, 30) == audio(10) + bytes(40) + audio(10)
    pool.close()


def test_a_planted_link_or_pipe_is_not_written_through(tmp_path: Path) -> None:
    """Not when the file is made, and not when its descriptor is opened again."""
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    pool = FilePool(Disk(), limit=1)
    (tmp_path / "link.part").symlink_to(victim)
    with pytest.raises(FileExistsError):
        a_part(pool, tmp_path / "link.part")
    for plant in (lambda path: path.symlink_to(victim), lambda path: os.mkfifo(path)):
        part = a_part(pool, tmp_path / "a.part")
        a_part(pool, tmp_path / "b.part")  # a's descriptor is closed
        (tmp_path / "a.part").unlink()
        plant(tmp_path / "a.part")

        with pytest.raises(DiskFailed):
            part.write(0, audio(1))
        (tmp_path / "a.part").unlink()
        (tmp_path / "b.part").unlink()

    assert victim.read_bytes() == b"precious"
    pool.close()


def test_discarding_leaves_nothing_and_may_be_repeated(pool: FilePool, tmp_path: Path) -> None:
    part = a_part(pool, tmp_path / "a.part")
    part.write(0, audio(10))

    part.discard()
    part.discard()

    assert not os.listdir(tmp_path)
    assert len(pool) == 0
    with pytest.raises(ValueError):
        part.write(0, audio(1))


def test_the_head_is_written_for_the_length_so_far(pool: FilePool, tmp_path: Path) -> None:
    part = a_part(pool, tmp_path / "a.part")
    part.write(0, audio(10))

    part.write_head(b"facts")

    head = (tmp_path / "a.part").read_bytes()[:HEADER_BYTES]
    assert wav.parse_header(head) == wav.Header(PCM16, 2, 10, b"facts")
