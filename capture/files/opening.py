"""Open a capture file, whatever of the known forms it has, and read it block by block.

    with open_capture("mirror.pcapng.gz") as capture:
        for block in capture:
            ...
    print(capture.warnings)

The form is told by the first bytes, never by the name. A file that gives nothing raises `CaptureFileError`, and
nothing else is raised for what is in a file: one that breaks off or is damaged gives what comes before, and a
sentence in `warnings`.

`counters` holds `file_frames` (frames given), `file_frames_cut` (those of them that a snap length cut) and, for
pcapng, what could not be given: see `capture.files.pcapng`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from types import TracebackType
from typing import BinaryIO, Self

from capture.counters import Counters
from capture.files import pcap, pcapng
from capture.files.source import CaptureFileError, Source, open_source
from capture.files.window import Window
from capture.frames import FrameBlock

__all__ = ["BLOCK_BYTES", "CaptureFile", "CaptureFileError", "open_capture"]

BLOCK_BYTES = 16 << 20

# What people hand over instead of a capture, by its first bytes.
STRANGERS = {
    b"RIFF": "is a sound file",
    b"PK\x03\x04": "is a zip archive: unpack it first",
    b"\xfd7zX": "is compressed with xz: unpack it first",
    b"BZh": "is compressed with bzip2: unpack it first",
    b"\x28\xb5\x2f\xfd": "is compressed with zstd: unpack it first",
    b"snoop\0": "is a snoop capture: convert it with editcap -F pcapng",
}


class CaptureFile:
    """Frames of one capture file, in blocks; a block is valid until the next one is asked for."""

    def __init__(self, source: Source, name: str, total: int | None, block_bytes: int, follow: bool) -> None:
        self.name = name
        self.bytes_total = total  # None: unknown (standard input, a pipe)
        self.counters = Counters()
        self.warnings: list[str] = []
        self._source = source
        self._window = Window(source, block_bytes, follow=follow)
        self._blocks = self._recognise()

    @property
    def bytes_read(self) -> int:
        """Bytes of the file used so far, compressed ones if it is compressed: for showing progress."""
        return self._source.position

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file, if it was opened here."""
        self._source.close()

    def __iter__(self) -> Iterator[FrameBlock]:
        for block in self._blocks:
            self.counters.add("file_frames", len(block))
            self.counters.add("file_frames_cut", int((block.length < block.wire_length).sum()))
            yield block
        if self._source.fault is not None:
            self.warnings.append(f"{self.name} {self._source.fault}; what came before was read.")
            self._source.fault = None

    def _recognise(self) -> Iterator[FrameBlock]:
        window = self._window
        window.refill(max(pcap.FILE_HEADER, pcapng.SECTION_HEADER))
        start = bytes(window.data[window.begin : window.begin + min(len(window), 8)])
        if not start:
            fault = self._source.fault
            raise CaptureFileError(f"{self.name} {fault}." if fault else f"{self.name} is empty.")
        form = pcap.FORMS.get(start[:4])
        if form is None and start[:4] != pcapng.MAGIC:
            what = next((what for magic, what in STRANGERS.items() if start.startswith(magic)), None)
            raise CaptureFileError(f"{self.name} {what or 'is neither pcap nor pcapng'}.")
        if len(window) < (pcap.FILE_HEADER if form else pcapng.SECTION_HEADER):
            raise CaptureFileError(f"{self.name} ends within its file header.")
        if form is not None:
            return pcap.read_pcap(window, form, self.warnings)
        try:
            return pcapng.read_pcapng(window, self.counters, self.warnings)
        except pcapng.NotASection as error:
            raise CaptureFileError(f"{self.name} {error}.") from error


def open_capture(
    source: str | os.PathLike[str] | BinaryIO, *, block_bytes: int = BLOCK_BYTES, follow: bool = False
) -> CaptureFile:
    """Open a path, `-` for standard input, or a binary file object (which stays the caller's to close).

    `block_bytes` bounds the buffer, and so a block; only a single record larger than it makes it grow.
    With `follow`, blocks hold what is there instead of waiting for a full buffer; the source must be one that can be
    polled, without a buffer of its own.
    """
    opened, name, total = open_source(source)
    try:
        return CaptureFile(opened, name, total, block_bytes, follow)
    except BaseException:
        opened.close()
        raise
