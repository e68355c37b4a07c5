"""Opening: a capture file is known by its first bytes, and what is none is told in one sentence."""

from __future__ import annotations

import gzip
import io
import subprocess
import sys
from pathlib import Path

import pytest

from capture.files import CaptureFileError, open_capture
from tests import wire
from tests.capture.blocks import TIME, frames_of, read, warnings_of

FRAMES = [(TIME + n, bytes([n]) * 200) for n in range(100)]
PCAP = wire.pcap(FRAMES)


def payloads(data: bytes, block_bytes: int = 1 << 20) -> list[bytes]:
    return [frame.data for frame in read(data, block_bytes=block_bytes)]


def test_a_path_is_opened_and_closed_and_its_progress_known(tmp_path: Path) -> None:
    path = wire.write_pcap(tmp_path / "two.pcap", FRAMES)

    with open_capture(path, block_bytes=1000) as capture:
        assert capture.bytes_total == len(PCAP)
        assert capture.bytes_read < len(PCAP)
        assert len(frames_of(capture)) == 100
        assert capture.bytes_read == len(PCAP)


@pytest.mark.parametrize("members", [1, 2, 5])
def test_gzip_is_known_by_its_content_and_may_have_several_members(tmp_path: Path, members: int) -> None:
    cuts = [len(PCAP) * n // members for n in range(members + 1)]
    parts = [gzip.compress(PCAP[low:high]) for low, high in zip(cuts, cuts[1:], strict=False)]
    path = tmp_path / "no-such-suffix"
    path.write_bytes(b"".join(parts))

    with open_capture(path) as capture:
        assert [frame.data for frame in frames_of(capture)] == [data for _, data in FRAMES]
        assert capture.bytes_read == capture.bytes_total == path.stat().st_size
        assert capture.warnings == []


def test_a_cut_gzip_file_gives_what_can_be_inflated_and_a_warning() -> None:
    packed = gzip.compress(wire.pcap(FRAMES, order=">"), compresslevel=0)

    count, warnings = warnings_of(packed[: len(packed) // 2])

    assert 40 < count < 60
    assert any("its gzip data ends too early" in warning for warning in warnings)


def test_a_damaged_gzip_file_gives_what_comes_before_the_damage() -> None:
    packed = gzip.compress(PCAP) + b"\x1f\x8b\x08\x00nonsense that is no member at all"

    count, [warning] = warnings_of(packed)

    assert count == 100
    assert "is damaged" in warning


def test_zeros_behind_a_gzip_member_are_padding() -> None:
    assert warnings_of(gzip.compress(PCAP) + bytes(5000)) == (100, [])


def test_a_gzip_bomb_needs_no_more_memory_than_a_block() -> None:
    """20 MB of zeros: a record of length 0 after the other, of which no more than a block is held."""
    with open_capture(io.BytesIO(gzip.compress(PCAP[:24] + bytes(20_000_000), 9)), block_bytes=1 << 20) as capture:
        sizes = [len(block.data) for block in capture]

    assert max(sizes) < 2 << 20


def test_standard_input_is_a_capture_file() -> None:
    program = (
        "from capture.files import open_capture\n"
        "with open_capture('-') as capture:\n"
        "    assert capture.bytes_total is None\n"
        "    print(sum(len(block) for block in capture))\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], input=gzip.compress(PCAP), capture_output=True, check=True,
        cwd=Path(__file__).parents[2],
    )  # fmt: skip

    assert done.stdout == b"100\n"


def test_a_file_object_stays_open() -> None:
    file = io.BytesIO(PCAP)

    with open_capture(file) as capture:
        frames_of(capture)

    assert not file.closed


def test_a_reader_that_gives_a_byte_at_a_time_is_enough() -> None:
    class Trickle(io.RawIOBase):
        def __init__(self) -> None:
            self.left = PCAP[:700]

        def readable(self) -> bool:
            return True

        def readinto(self, room: memoryview) -> int:  # type: ignore[override]
            size = min(1, len(self.left))
            room[:size] = self.left[:size]
            self.left = self.left[size:]
            return size

    with open_capture(Trickle()) as capture:  # type: ignore[arg-type]
        assert len(frames_of(capture)) == 3


@pytest.mark.parametrize(
    "data, sentence",
    [
        (b"", "{} is empty."),
        (b"\xd4\xc3\xb2\xa1\x02\0", "{} ends within its file header."),
        (b"\xd4\xc3", "{} is neither pcap nor pcapng."),
        (b"\x0a\x0d\x0d\x0a\x1c\0\0\0", "{} ends within its file header."),
        (b"\x0a\x0d\x0d\x0a" + bytes(40), "{} looks like pcapng, but has no valid byte-order magic."),
        (b"RIFF1234WAVEfmt ", "{} is a sound file."),
        (b"PK\x03\x04 and so on", "{} is a zip archive: unpack it first."),
        (b"INVITE sip:a@b SIP/2.0\r\n", "{} is neither pcap nor pcapng."),
        (gzip.compress(b"", mtime=0), "{} is empty."),
        (gzip.compress(b"hello, world", mtime=0), "{} is neither pcap nor pcapng."),
        (b"\x1f\x8b", "{} is cut: its gzip data ends too early."),
        (b"\x1f\x8bnothing of gzip", "{} is damaged: its gzip data can't be decompressed further."),
    ],
)
def test_what_is_no_capture_is_refused_with_one_sentence_that_names_it(
    tmp_path: Path, data: bytes, sentence: str
) -> None:
    path = tmp_path / "odd"
    path.write_bytes(data)

    with pytest.raises(CaptureFileError) as refused:
        open_capture(path)

    assert str(refused.value) == sentence.format(path)


def test_a_file_that_is_not_there_and_a_folder_are_refused_alike(tmp_path: Path) -> None:
    with pytest.raises(CaptureFileError, match="can't be opened: No such file or directory"):
        open_capture(tmp_path / "nothing")
    with pytest.raises(CaptureFileError, match="Is a directory"):
        open_capture(tmp_path)
    with pytest.raises(CaptureFileError, match="can't be opened"):
        open_capture("a\0b")


def test_a_block_is_bounded_whatever_the_size_of_the_file() -> None:
    with open_capture(io.BytesIO(wire.pcap(FRAMES * 100)), block_bytes=50_000) as capture:
        assert max(len(block.data) for block in capture) <= 51_000


def test_payloads_are_the_same_in_any_block_size() -> None:
    assert payloads(gzip.compress(PCAP), 333) == [data for _, data in FRAMES]
