"""A growing recording as the writer has it: its file, what the disk refused, what an earlier process wrote.

Frames are the session's: frame 0 is the first of this process. `offset` says where it lies in the file.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from capture.media.erasable import copied
from storage.going_on import Growing
from storage.parts import PartFile
from storage.records import CallRecord
from storage.wav import PCM16, RATE_HZ, Encoding


@dataclass(slots=True, eq=False)
class OnDisk:
    """For the writer's thread alone."""

    call: CallRecord  # as it was known when the recording began
    encoding: Encoding
    starts_ns: int
    file: PartFile | None = None
    created_s: float = 0.0  # when that was last tried
    known: bool = False  # the store had this recording already
    packets_missing: bool = False
    lost: list[tuple[int, int]] = field(default_factory=list)  # frames that the disk refused
    why_lost: set[str] = field(default_factory=set)
    earlier: Growing | None = None  # what an earlier process had recorded of it
    offset: int = 0  # frames in the file before frame 0
    gap_from: int = 0  # the file's first frame that nobody recorded

    def write(self, frame: int, data: memoryview) -> None:
        """Whole frames; where an earlier process has written, each side only from its first sound on."""
        if self.file is None:
            return
        frame += self.offset
        width = 2 * self.encoding.sample_bytes
        both = min(max(0, self.gap_from - frame), len(data) // width)
        if both and self.earlier is not None:
            form = np.int16 if self.encoding is PCM16 else np.uint8
            silence = int.from_bytes(self.encoding.silence, "little")
            samples = np.frombuffer(data, form, 2 * both).reshape(-1, 2)
            for side in (0, 1):
                sounds = np.flatnonzero(samples[:, side] != silence)
                if len(sounds):
                    self.file.write_channel(frame + int(sounds[0]), side, copied(samples[int(sounds[0]) :, side]))
        if len(data) > both * width:
            self.file.write(frame + both, data[both * width :])

    def insert(self, frames: int) -> None:
        """Room for so many before frame 0."""
        self.lost = [(lo + frames, hi + frames) for lo, hi in self.lost]
        self.starts_ns -= frames * 1_000_000_000 // RATE_HZ
        if self.offset >= frames:
            self.offset -= frames  # it lies in the gap, or where the earlier process heard it too
        elif self.file is not None:
            self.file.insert(frames)

    def write_packets(self, records: memoryview) -> None:
        """More of the call's packets; what an earlier process kept of them is gone."""
        if self.file is None or self.earlier is not None:
            self.packets_missing = True
        else:
            self.file.write_packets(records)
