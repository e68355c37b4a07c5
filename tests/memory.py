"""What lies in the memory of another process: for tests that look for what should be gone from it."""

from __future__ import annotations

import mmap
import re
from collections.abc import Collection, Iterator

import numpy as np

_LINE = re.compile(r"([0-9a-f]+)-([0-9a-f]+) (r\S+) \S+ \S+ \S+\s*(.*)")


_PAGE = mmap.PAGESIZE
_THERE = np.uint64(3 << 62)  # in memory, or swapped out (Documentation/admin-guide/mm/pagemap.rst)


def regions(pid: int) -> Iterator[tuple[str, bytes]]:
    """(name, bytes) of each stretch of memory that was ever touched, as `gcore` would write it. PermissionError if the
    process isn't ours to look at."""
    with (
        open(f"/proc/{pid}/maps") as maps,
        open(f"/proc/{pid}/mem", "rb", 0) as memory,
        open(f"/proc/{pid}/pagemap", "rb", 0) as pages,
    ):
        for line in maps:
            match = _LINE.match(line)
            if match is None or match[4].startswith("[v"):  # vvar, vsyscall: the kernel's
                continue
            begin, end = int(match[1], 16), int(match[2], 16)
            pages.seek(8 * (begin // _PAGE))
            flags = np.frombuffer(pages.read(8 * ((end - begin) // _PAGE)), "<u8")
            edges = np.flatnonzero(np.diff((flags & _THERE) != 0, prepend=False, append=False))
            for first, after in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
                memory.seek(begin + first * _PAGE)
                try:
                    data = memory.read((after - first) * _PAGE)
                except OSError:
                    continue  # of a device, or given back meanwhile
                yield match[4] or "anonymous", data


def found_in(data: bytes, probes: Collection[bytes]) -> set[bytes]:
    """Those of the probes (each of the same length, at least 8 bytes) that lie anywhere in the data."""
    found: set[bytes] = set()
    by_beginning: dict[int, list[bytes]] = {}
    for probe in probes:
        by_beginning.setdefault(int.from_bytes(probe[:8], "little"), []).append(probe)
    wanted = np.array(sorted(by_beginning), np.uint64)
    # Nearly everything is told apart by two bytes already: a look-up, instead of a search for each place.
    likely = np.zeros(1 << 16, bool)
    likely[wanted & np.uint64(0xFFFF)] = True
    for shift in range(8):
        count = (len(data) - shift) // 8
        if count <= 0:
            break
        words = np.frombuffer(data, "<u8", count, shift)
        places = np.flatnonzero(likely[words.view("<u2")[::4]])
        for at in places[np.isin(words[places], wanted)].tolist():
            offset = 8 * at + shift
            found |= {one for one in by_beginning[int(words[at])] if data[offset : offset + len(one)] == one}
    return found
